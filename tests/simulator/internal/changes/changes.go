// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package changes tells how a property has changed, as a property collector reports it.
package changes

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// Between are the changes between two states of an object's properties, by the
// properties' paths: of those that a filter names, or with partial updates of
// what has changed inside of them ("runtime.question.text").
func Between(old, now map[string]types.AnyType, partial bool) (list []types.PropertyChange) {
	names := slices.Collect(maps.Keys(now))
	for name := range old {
		if _, there := now[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if partial {
			list = partialChanges(list, name, reflect.ValueOf(old[name]), reflect.ValueOf(now[name]))
		} else if !reflect.DeepEqual(old[name], now[name]) {
			list = append(list, assigned(name, now[name]))
		}
	}
	return list
}

// assigned is a change to a value, or to none.
func assigned(name string, value types.AnyType) types.PropertyChange {
	return types.PropertyChange{Name: name, Op: types.PropertyChangeOpAssign, Val: value}
}

// Opaque are structs that are one value.
var Opaque = []reflect.Type{reflect.TypeFor[time.Time](), reflect.TypeFor[types.ManagedObjectReference]()}

func partialChanges(list []types.PropertyChange, path string, old, now reflect.Value) []types.PropertyChange {
	old, now = target(old), target(now)
	if !now.IsValid() || !old.IsValid() || old.Type() != now.Type() || now.Kind() != reflect.Struct ||
		slices.Contains(Opaque, now.Type()) || strings.HasPrefix(now.Type().Name(), "ArrayOf") {
		if value := valueOf(now); !reflect.DeepEqual(valueOf(old), value) {
			list = append(list, assigned(path, value))
		}
		return list
	}
	for i := range now.NumField() {
		field := now.Type().Field(i)
		if field.Anonymous {
			list = partialChanges(list, path, old.Field(i), now.Field(i))
			continue
		}
		tag, _, _ := strings.Cut(field.Tag.Get("xml"), ",")
		list = partialChanges(list, path+"."+tag, old.Field(i), now.Field(i))
	}
	return list
}

// target follows pointers and interfaces; it is invalid for nil.
func target(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		v = v.Elem()
	}
	return v
}

// valueOf is a value as an answer has it: lists are of their ArrayOf type, and
// what the API leaves out is nil.
func valueOf(v reflect.Value) types.AnyType {
	if !v.IsValid() || v.Kind() == reflect.String && v.Len() == 0 || v.Kind() == reflect.Slice && v.IsNil() {
		return nil
	}
	if v.Kind() != reflect.Slice {
		return v.Interface()
	}
	kind, known := types.TypeFunc()("ArrayOf" + itemName(v.Type().Elem()))
	if !known {
		return v.Interface()
	}
	array := reflect.New(kind).Elem()
	array.Field(0).Set(v)
	return array.Interface()
}

// itemName is the API's name of the type of a list's items.
func itemName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Interface:
		return strings.TrimPrefix(t.Name(), "Base")
	case reflect.String:
		return "String"
	case reflect.Int32:
		return "Int"
	case reflect.Int64:
		return "Long"
	case reflect.Int16:
		return "Short"
	case reflect.Uint8:
		return "Byte"
	case reflect.Bool:
		return "Boolean"
	}
	return t.Name()
}
