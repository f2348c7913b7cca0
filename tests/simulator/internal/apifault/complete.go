// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package apifault

import (
	"reflect"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/changes"
)

// Complete sets each member of a fault that the API requires and that is unset:
// clients cannot read an answer without them. An object is used
// as a missing reference.
func Complete(f types.BaseMethodFault, object types.ManagedObjectReference) types.BaseMethodFault {
	if v := reflect.ValueOf(f); v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().Kind() == reflect.Struct {
		completeStruct(v.Elem(), object)
	}
	return f
}

func completeStruct(v reflect.Value, object types.ManagedObjectReference) {
	for i := range v.NumField() {
		field, kind := v.Field(i), v.Type().Field(i)
		if kind.Anonymous && field.Kind() == reflect.Struct {
			completeStruct(field, object)
			continue
		}
		required := !strings.Contains(kind.Tag.Get("xml"), "omitempty")
		switch value := field.Addr().Interface().(type) {
		case *types.LocalizedMethodFault:
			completeCause(value, object)
		case **types.LocalizedMethodFault:
			if *value != nil {
				completeCause(*value, object)
			}
		case *types.ManagedObjectReference:
			if required && value.Value == "" {
				*value = object
			}
		default:
			completeField(field, required, object)
		}
	}
}

// completeField sets an enumeration to its first value.
func completeField(field reflect.Value, required bool, object types.ManagedObjectReference) {
	switch {
	case field.Kind() == reflect.Struct && !slices.Contains(changes.Opaque, field.Type()):
		completeStruct(field, object)
	case required && field.Kind() == reflect.String && field.Len() == 0:
		if values := field.MethodByName("Values"); values.IsValid() {
			if list := values.Call(nil)[0]; list.Len() > 0 {
				field.Set(list.Index(0))
			}
		}
	}
}

// completeCause names a cause where none is named.
func completeCause(f *types.LocalizedMethodFault, object types.ManagedObjectReference) {
	if f.Fault == nil {
		f.Fault = &types.SystemErrorFault{Reason: "simulated"}
	}
	Complete(f.Fault, object)
	if f.LocalizedMessage == "" {
		f.LocalizedMessage = Text(f.Fault)
	}
}
