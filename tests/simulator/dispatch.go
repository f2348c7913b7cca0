// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// dispatch is the library's Registry.Handler hook: it may refuse a call with a
// fault, or serve it by an object of ours instead of the registered one. Ours
// embed the registered object, so that they have all of its methods, and add or
// replace some. The registered object itself keeps its type, because the library
// asserts the types of its objects everywhere.
//
// The library uses the object that the hook returns only for calls without a
// session; for others it asks the session, which falls back to session.Map. It
// has taken hold of ctx.Session before the hook runs, and that is a copy made
// for this one request: so our object goes into a map of that copy, and
// ctx.Session becomes another, unchanged copy for everything that follows.
func (s *server) dispatch(ctx *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	return s.dispatchAt(ctx, m, nil)
}

// dispatchAt is dispatch for a call at the endpoint of a host, which needs no
// connection of a vCenter.
func (s *server) dispatchAt(ctx *simulator.Context, m *simulator.Method, view *hostView) (mo.Reference, types.BaseMethodFault) {
	if fault := s.refuse(ctx, m); fault != nil {
		return nil, fault
	}
	if fault := s.lockedDown(m, view); fault != nil {
		return nil, fault
	}
	if ctx.Session != nil && view == nil {
		if fault := s.notConnected(m); fault != nil {
			return nil, fault
		}
	}
	if o := s.extension(ctx, m); o != nil {
		return serve(ctx, o), nil
	}
	return nil, nil
}

// serve makes an object of ours the one that serves this call.
func serve(ctx *simulator.Context, o mo.Reference) mo.Reference {
	if ctx.Session != nil {
		taken, kept := ctx.Session, *ctx.Session
		taken.Map = simulator.NewRegistry()
		taken.Map.Put(o)
		ctx.Session = &kept
	}
	return o
}

// refuse is the fault of a call that must not reach its object.
func (s *server) refuse(ctx *simulator.Context, m *simulator.Method) types.BaseMethodFault {
	if m.This.Type == "VirtualMachine" && strings.HasSuffix(m.Name, "_Task") {
		if p := s.pending.of(m.This); p != nil && p.task != nil {
			return &types.TaskInProgress{Task: p.task.Self}
		}
	}
	if fault := s.injected(m); fault != nil {
		return fault
	}
	if ctx.Session == nil {
		return nil // whoever has not logged in hears just that
	}
	if fault := s.unknownProperty(m); fault != nil {
		return fault
	}
	if fault := s.unknownDatacenter(m); fault != nil {
		return fault
	}
	if fault := s.ofAgent(m); fault != nil {
		return fault
	}
	if fault := s.ofLease(m); fault != nil {
		return fault
	}
	if fault := s.denied(ctx, m); fault != nil {
		return fault
	}
	if fault := leavingPath(m); fault != nil {
		return fault
	}
	return s.unlicensed(m)
}

// extension is our object for a registered one, or nil.
func (s *server) extension(ctx *simulator.Context, m *simulator.Method) mo.Reference {
	switch o := s.registry.Get(m.This).(type) {
	case *collector:
		if ctx.Session == nil && asksForSession(m.Body) {
			return &anonymousCollector{o.PropertyCollector.PropertyCollector}
		}
		if ctx.Session != nil {
			if own, ok := ctx.Session.Get(m.This).(*collector); ok {
				own.attach(s)
			}
		}
		return nil
	case *simulator.SearchIndex:
		return &searchIndex{o, s, nil}
	case *simulator.VirtualMachine:
		return &domain{o, s}
	case *simulator.Folder:
		return &folder{o, s}
	case *simulator.Task:
		return &task{o, s}
	case *simulator.ServiceInstance:
		return &instance{o, s}
	case *simulator.VmProvisioningChecker:
		return &checker{o, s}
	case *simulator.VirtualMachineSnapshot:
		return &snapshot{o, s}
	case *simulator.HostSystem:
		return &hostSystem{o, s}
	case *simulator.HostNetworkSystem:
		return &network{o, s}
	case *simulator.ResourcePool:
		return &pool{o, s}
	case *simulator.CustomFieldsManager:
		return &customFields{o, s}
	case *simulator.OvfManager:
		return &ovfManager{o, s}
	case *simulator.HostDatastoreBrowser:
		return &browser{o, s}
	case *simulator.VirtualDiskManager:
		return &disks{o, s}
	case *simulator.FileManager:
		return &fileManager{o, s}
	case *simulator.Datastore:
		return &datastore{o, s}
	case *simulator.EnvironmentBrowser:
		return &environment{o, s}
	case *simulator.HostStorageSystem:
		return &storage{o}
	}
	return nil
}

// Entity hides the library's method of this name: a registry changes each entity
// that is put into it, without a lock, and serve puts one into a registry for
// each call.
func (*domain) Entity() {}

// Entity see domain.
func (*folder) Entity() {}

// Entity see domain.
func (*datastore) Entity() {}
