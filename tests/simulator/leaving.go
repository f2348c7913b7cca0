// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"reflect"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
)

// proseFields are the texts of a call in which users write what they like.
var proseFields = map[string]bool{"Annotation": true, "Description": true, "ExtraConfig": true, "VAppConfig": true}

// leavingPath is the fault of a call with a path that leads out of its datastore,
// wherever in the call it stands.
func leavingPath(m *simulator.Method) types.BaseMethodFault {
	if text := findLeaving(reflect.ValueOf(m.Body)); text != "" {
		return &types.InvalidDatastorePath{DatastorePath: text}
	}
	return nil
}

// findLeaving is the first such path in a value, or "".
func findLeaving(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return findLeaving(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			if found := findLeaving(v.Index(i)); found != "" {
				return found
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); !f.IsExported() || proseFields[f.Name] {
				continue
			}
			if found := findLeaving(v.Field(i)); found != "" {
				return found
			}
		}
	case reflect.String:
		var p object.DatastorePath
		if text := v.String(); strings.HasPrefix(text, "[") && p.FromString(text) {
			if _, ok := dspath.Inside(p.Path); !ok {
				return text
			}
		}
	}
	return ""
}
