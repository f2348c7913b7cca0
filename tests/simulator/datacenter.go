// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// datacentersOf are the datacenters that a method of a manager of files or
// disks is told, or not told.
func datacentersOf(m *simulator.Method) (refs []**types.ManagedObjectReference) {
	if m.This.Type != "FileManager" && m.This.Type != "VirtualDiskManager" {
		return nil
	}
	body := reflect.ValueOf(m.Body).Elem()
	for i := range body.NumField() {
		ref, ok := body.Field(i).Addr().Interface().(**types.ManagedObjectReference)
		if ok && strings.HasSuffix(body.Type().Field(i).Name, "Datacenter") {
			refs = append(refs, ref)
		}
	}
	return refs
}

// unknownDatacenter is the fault for a datacenter that is not there; the library
// crashes on it.
func (s *server) unknownDatacenter(m *simulator.Method) types.BaseMethodFault {
	for _, ref := range datacentersOf(m) {
		if *ref == nil {
			continue
		}
		if _, ok := s.registry.Get(**ref).(*simulator.Datacenter); !ok {
			return &types.ManagedObjectNotFound{Obj: **ref}
		}
	}
	return nil
}
