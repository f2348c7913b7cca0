// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// hostSystem is a host with what the library's lacks.
type hostSystem struct {
	*simulator.HostSystem
	s *server
}

// Entity see domain.
func (*hostSystem) Entity() {}

const drained = 50 * time.Millisecond // so often a host looks whether it is empty

// EnterMaintenanceModeTask waits until nothing runs on the host. Where DRS is on
// (-drs full) it moves the domains itself.
func (h *hostSystem) EnterMaintenanceModeTask(ctx *simulator.Context, req *types.EnterMaintenanceMode_Task) soap.HasFault {
	p := new(pending)
	ref := h.s.background(ctx, h.HostSystem, "EnterMaintenanceMode_Task", true, p,
		func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			if h.Runtime.InMaintenanceMode {
				return nil, new(types.InvalidState)
			}
			if fault := h.drain(ctx, p, req); fault != nil {
				return nil, fault
			}
			h.setMaintenance(ctx, true)
			return nil, nil
		})
	return &methods.EnterMaintenanceMode_TaskBody{Res: &types.EnterMaintenanceMode_TaskResponse{Returnval: ref}}
}

// drain waits until no domain runs on the host.
func (h *hostSystem) drain(ctx *simulator.Context, p *pending, req *types.EnterMaintenanceMode_Task) types.BaseMethodFault {
	var over <-chan time.Time
	if req.Timeout > 0 {
		over = time.After(time.Duration(req.Timeout) * time.Second)
	}
	all := req.EvacuatePoweredOffVms != nil && *req.EvacuatePoweredOffVms && h.s.options.Kind == "vcenter"
	for {
		left := 0
		for _, d := range h.domains(ctx) {
			if d.isAgent() || !all && !d.running() {
				continue
			}
			if !h.s.moveAway(ctx, d, h.HostSystem) {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		select {
		case <-time.After(drained):
		case <-over:
			return new(types.Timedout)
		case <-p.cancel:
			return new(types.RequestCanceled)
		}
	}
}

// moveAway is DRS: it takes a domain to another host of the cluster, if it can.
func (s *server) moveAway(ctx *simulator.Context, d *domain, from *simulator.HostSystem) (done bool) {
	cluster, ok := s.registry.Get(*from.Parent).(*simulator.ClusterComputeResource)
	if !ok || s.options.DRS != "full" {
		return false
	}
	ctx.WithLock(d.VirtualMachine, func() {
		if to := s.bestHost(cluster, d, from); to != nil && d.ResourcePool != nil {
			d.place(ctx, place{host: to, pool: *d.ResourcePool})
			done = true
		}
	})
	return done
}

// domains are those of the host.
func (h *hostSystem) domains(ctx *simulator.Context) (list []*domain) {
	var refs []types.ManagedObjectReference
	ctx.WithLock(h.HostSystem, func() { refs = append(refs, h.Vm...) })
	for _, ref := range refs {
		if vm, ok := h.s.registry.Get(ref).(*simulator.VirtualMachine); ok {
			list = append(list, &domain{vm, h.s})
		}
	}
	return list
}

func (h *hostSystem) setMaintenance(ctx *simulator.Context, on bool) {
	ctx.WithLock(h.HostSystem, func() {
		ctx.Update(h.HostSystem, []types.PropertyChange{
			{Name: "runtime.inMaintenanceMode", Val: on}, {Name: "summary.runtime.inMaintenanceMode", Val: on}})
	})
}

// ExitMaintenanceModeTask refuses a host that is not in maintenance mode.
func (h *hostSystem) ExitMaintenanceModeTask(ctx *simulator.Context, _ *types.ExitMaintenanceMode_Task) soap.HasFault {
	ref := h.s.background(ctx, h.HostSystem, "ExitMaintenanceMode_Task", false, new(pending),
		func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			if !h.Runtime.InMaintenanceMode {
				return nil, new(types.InvalidState)
			}
			h.setMaintenance(ctx, false)
			return nil, nil
		})
	return &methods.ExitMaintenanceMode_TaskBody{Res: &types.ExitMaintenanceMode_TaskResponse{Returnval: ref}}
}

// DisconnectHostTask is one of a vCenter.
func (h *hostSystem) DisconnectHostTask(ctx *simulator.Context, _ *types.DisconnectHost_Task) soap.HasFault {
	ref := h.s.background(ctx, h.HostSystem, "DisconnectHost_Task", false, new(pending), h.connect("disconnected"))
	return &methods.DisconnectHost_TaskBody{Res: &types.DisconnectHost_TaskResponse{Returnval: ref}}
}

// ReconnectHostTask is one of a vCenter.
func (h *hostSystem) ReconnectHostTask(ctx *simulator.Context, _ *types.ReconnectHost_Task) soap.HasFault {
	ref := h.s.background(ctx, h.HostSystem, "ReconnectHost_Task", false, new(pending), h.connect("connected"))
	return &methods.ReconnectHost_TaskBody{Res: &types.ReconnectHost_TaskResponse{Returnval: ref}}
}

func (h *hostSystem) connect(state types.HostSystemConnectionState) func(*simulator.Context) (types.AnyType, types.BaseMethodFault) {
	return func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if h.s.registry.IsESX() {
			return nil, new(types.NotSupported)
		}
		if h.Runtime.ConnectionState == state {
			return nil, new(types.InvalidState)
		}
		h.setConnection(ctx, state)
		return nil, nil
	}
}

// setConnection shows whether the vCenter reaches the host: in the host, in its
// domains, and in the datastores that no other host has.
func (h *hostSystem) setConnection(ctx *simulator.Context, state types.HostSystemConnectionState) {
	ctx.WithLock(h.HostSystem, func() {
		ctx.Update(h.HostSystem, []types.PropertyChange{
			{Name: "runtime.connectionState", Val: state}, {Name: "summary.runtime.connectionState", Val: state}})
	})
	of := types.VirtualMachineConnectionStateConnected
	if state != types.HostSystemConnectionStateConnected {
		of = types.VirtualMachineConnectionStateDisconnected
	}
	for _, d := range h.domains(ctx) {
		ctx.WithLock(d.VirtualMachine, func() {
			ctx.Update(d.VirtualMachine, []types.PropertyChange{
				{Name: "runtime.connectionState", Val: of}, {Name: "summary.runtime.connectionState", Val: of}})
		})
	}
	for _, ref := range h.Datastore {
		if ds, ok := h.s.registry.Get(ref).(*simulator.Datastore); ok {
			h.s.showAccess(ctx, ds)
		}
	}
}

// showAccess shows whether any host reaches a datastore.
func (s *server) showAccess(ctx *simulator.Context, ds *simulator.Datastore) {
	reached := false
	for _, mount := range ds.Host {
		if h, ok := s.registry.Get(mount.Key).(*simulator.HostSystem); ok {
			reached = reached || h.Runtime.ConnectionState == types.HostSystemConnectionStateConnected
		}
	}
	ctx.WithLock(ds, func() {
		ctx.Update(ds, []types.PropertyChange{{Name: "summary.accessible", Val: reached}})
	})
}

// withoutHost are methods of a host that need no connection to it.
var withoutHost = map[string]bool{"ReconnectHost_Task": true, "DisconnectHost_Task": true, "Destroy_Task": true}

// notConnected is the fault of a call for which a vCenter has to reach a host
// that it does not reach. Everything that it knows already can be read.
func (s *server) notConnected(m *simulator.Method) types.BaseMethodFault {
	h := s.hostOf(m)
	if h == nil || h.Runtime.ConnectionState == types.HostSystemConnectionStateConnected || withoutHost[m.Name] {
		return nil
	}
	return new(types.HostNotConnected)
}

// hostOf is the host that a call has to reach, or nil.
func (s *server) hostOf(m *simulator.Method) *simulator.HostSystem {
	ref := hostArgument(m)
	switch o := s.registry.Get(m.This).(type) {
	case *simulator.HostSystem:
		return o
	case *simulator.VirtualMachine:
		ref = o.Runtime.Host
	case *simulator.HostNetworkSystem:
		ref = &o.Host.Self
	case *simulator.HostDatastoreSystem:
		ref = &o.Host.Self
	case *simulator.HostStorageSystem:
		ref = &o.Host.Self
	case *autoStart:
		return o.host
	}
	if ref == nil {
		return nil
	}
	h, _ := s.registry.Get(*ref).(*simulator.HostSystem)
	return h
}

// hostArgument is the host on which a call registers or makes a domain, or nil.
func hostArgument(m *simulator.Method) *types.ManagedObjectReference {
	switch r := m.Body.(type) {
	case *types.RegisterVM_Task:
		return r.Host
	case *types.CreateVM_Task:
		return r.Host
	case *types.ImportVApp:
		return r.Host
	}
	return nil
}

// lockedDown is the fault of a login at a host that only its vCenter may use.
func (s *server) lockedDown(m *simulator.Method, view *hostView) types.BaseMethodFault {
	if m.Name != "Login" || view == nil && s.options.Kind != "esx" {
		return nil
	}
	var h *simulator.HostSystem
	if view != nil {
		h = view.host
	} else {
		h = s.hosts()[0]
	}
	if h.Config.LockdownMode == types.HostLockdownModeLockdownDisabled {
		return nil
	}
	return &types.NoPermission{Object: &h.Self, PrivilegeId: "System.View"}
}

// EnterLockdownMode leaves the host to its vCenter.
func (h *hostSystem) EnterLockdownMode(ctx *simulator.Context, _ *types.EnterLockdownMode) soap.HasFault {
	return &methods.EnterLockdownModeBody{
		Res: new(types.EnterLockdownModeResponse), Fault_: h.setLockdown(ctx, types.HostLockdownModeLockdownNormal)}
}

// ExitLockdownMode lets users log in at the host again.
func (h *hostSystem) ExitLockdownMode(ctx *simulator.Context, _ *types.ExitLockdownMode) soap.HasFault {
	return &methods.ExitLockdownModeBody{
		Res: new(types.ExitLockdownModeResponse), Fault_: h.setLockdown(ctx, types.HostLockdownModeLockdownDisabled)}
}

func (h *hostSystem) setLockdown(ctx *simulator.Context, mode types.HostLockdownMode) *soap.Fault {
	if (h.Config.LockdownMode == types.HostLockdownModeLockdownDisabled) == (mode == types.HostLockdownModeLockdownDisabled) {
		return simulator.Fault("", new(types.InvalidState))
	}
	ctx.Update(h.HostSystem, []types.PropertyChange{
		{Name: "config.lockdownMode", Val: mode},
		{Name: "config.adminDisabled", Val: mode != types.HostLockdownModeLockdownDisabled}})
	return nil
}
