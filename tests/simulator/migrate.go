// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
)

// A move is where a migration takes a domain. Anything unset stays as it is.
type move struct {
	host, pool *types.ManagedObjectReference
	state      types.VirtualMachinePowerState // the domain must be in, or ""
	relocate   *types.VirtualMachineRelocateSpec
}

// relocation is the move of a specification.
func relocation(spec *types.VirtualMachineRelocateSpec) move {
	return move{host: spec.Host, pool: spec.Pool, relocate: spec}
}

// MigrateVMTask takes a domain to another host.
func (d *domain) MigrateVMTask(ctx *simulator.Context, req *types.MigrateVM_Task) soap.HasFault {
	if d.s.registry.IsESX() {
		return &methods.MigrateVM_TaskBody{Fault_: simulator.Fault("", new(types.NotSupported))}
	}
	m := move{host: req.Host, pool: req.Pool, state: req.State}
	return &methods.MigrateVM_TaskBody{Res: &types.MigrateVM_TaskResponse{
		Returnval: d.ask(ctx, "MigrateVM_Task", func(ctx *simulator.Context) soap.HasFault {
			return &methods.MigrateVM_TaskBody{Res: &types.MigrateVM_TaskResponse{
				Returnval: d.migrate(ctx, "MigrateVM_Task", m)}}
		})}}
}

// RelocateVMTask takes a domain to another host, its files to another datastore,
// and itself into another folder or pool.
func (d *domain) RelocateVMTask(ctx *simulator.Context, req *types.RelocateVM_Task) soap.HasFault {
	if d.s.registry.IsESX() {
		return &methods.RelocateVM_TaskBody{Fault_: simulator.Fault("", new(types.NotSupported))}
	}
	m := relocation(&req.Spec)
	return &methods.RelocateVM_TaskBody{Res: &types.RelocateVM_TaskResponse{
		Returnval: d.ask(ctx, "RelocateVM_Task", func(ctx *simulator.Context) soap.HasFault {
			return &methods.RelocateVM_TaskBody{Res: &types.RelocateVM_TaskResponse{
				Returnval: d.migrate(ctx, "RelocateVM_Task", m)}}
		})}}
}

// migrate starts the task. It checks, takes its time, checks again (another task
// may have changed things), and moves the domain.
func (d *domain) migrate(ctx *simulator.Context, method string, m move) types.ManagedObjectReference {
	p := new(pending)
	return d.background(ctx, method, true, p, func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if _, faults := d.target(ctx, m); len(faults) > 0 {
			return nil, faults[0]
		}
		if fault := p.progress(ctx, d.s.options.MigrationDelay); fault != nil {
			return nil, fault
		}
		at, faults := d.target(ctx, m)
		if len(faults) > 0 {
			return nil, faults[0]
		}
		return nil, d.carryOut(ctx, m, at)
	})
}

// carryOut moves the domain and its files.
func (d *domain) carryOut(ctx *simulator.Context, m move, at place) (fault types.BaseMethodFault) {
	center := d.s.datacenterOf(&at.host.HostSystem)
	folder := m.folder()
	if folder == nil && center != d.center() {
		folder = &center.VmFolder
	}
	ctx.WithLock(d.VirtualMachine, func() {
		if fault = d.moveStorage(ctx, m, at); fault == nil {
			d.place(ctx, at)
		}
	})
	if fault == nil && folder != nil && *folder != *d.Parent {
		d.moveInto(ctx, *folder)
	}
	return fault
}

// target is where a move leads, and every fault that stands against it.
func (d *domain) target(ctx *simulator.Context, m move) (at place, faults []types.BaseMethodFault) {
	ctx.WithLock(d.VirtualMachine, func() {
		var fault types.BaseMethodFault
		if at, fault = d.destination(m); fault != nil {
			faults = append(faults, fault)
			return
		}
		ctx.WithLock(at.host, func() { faults = d.obstacles(m, at) })
	})
	return at, faults
}

// destination is the place that a move names.
func (d *domain) destination(m move) (place, types.BaseMethodFault) {
	if m.state != "" && m.state != d.Runtime.PowerState {
		return place{}, &types.InvalidPowerState{RequestedState: m.state, ExistingState: d.Runtime.PowerState}
	}
	host, pool := m.host, m.pool
	if host == nil && pool == nil {
		if m.relocate == nil {
			return place{}, &types.InvalidArgument{InvalidProperty: "host"}
		}
		host, pool = d.Runtime.Host, d.ResourcePool // only the files move, or the folder changes
	}
	if pool == nil {
		pool = d.ResourcePool // as the API says; a template has none
	}
	at, fault := d.s.placeFor(pool, host)
	if fault != nil {
		return at, fault
	}
	if p, ok := d.s.registry.Get(at.pool).(*simulator.ResourcePool); !ok || p.Owner != *at.host.Parent {
		return at, &types.InvalidArgument{InvalidProperty: "pool"}
	}
	if folder := m.folder(); folder != nil {
		if _, ok := d.s.registry.Get(*folder).(*simulator.Folder); !ok {
			return at, &types.ManagedObjectNotFound{Obj: *folder}
		}
	}
	return at, nil
}

// folder is where a relocation takes the domain in the inventory, or nil.
func (m move) folder() *types.ManagedObjectReference {
	if m.relocate == nil {
		return nil
	}
	return m.relocate.Folder
}

// center is the domain's datacenter.
func (d *domain) center() *simulator.Datacenter {
	if host, ok := d.s.registry.Get(*d.Runtime.Host).(*simulator.HostSystem); ok {
		return d.s.datacenterOf(&host.HostSystem)
	}
	return nil
}

// place moves the domain in the lists of hosts and pools. The caller holds the
// domain's lock. A template has no pool.
func (d *domain) place(ctx *simulator.Context, at place) {
	changes := []types.PropertyChange{
		{Name: "runtime.host", Val: at.host.Self}, {Name: "summary.runtime.host", Val: at.host.Self}}
	if old, ok := d.s.registry.Get(*d.Runtime.Host).(*simulator.HostSystem); ok {
		d.listIn(ctx, old, "vm", &old.Vm, false)
	}
	d.listIn(ctx, at.host, "vm", &at.host.Vm, true)
	if d.ResourcePool != nil {
		if old, ok := d.s.registry.Get(*d.ResourcePool).(*simulator.ResourcePool); ok {
			d.listIn(ctx, old, "vm", &old.Vm, false)
		}
		if pool, ok := d.s.registry.Get(at.pool).(*simulator.ResourcePool); ok {
			d.listIn(ctx, pool, "vm", &pool.Vm, true)
		}
		changes = append(changes, types.PropertyChange{Name: "resourcePool", Val: at.pool})
	}
	ctx.Update(d.VirtualMachine, changes)
	d.joinNetworks(ctx, at.host)
}

// joinNetworks makes the networks of the domain those of its host; an entry of
// the domain names them, and each datacenter has its own.
func (d *domain) joinNetworks(ctx *simulator.Context, host *simulator.HostSystem) {
	var refs []types.ManagedObjectReference
	for _, dev := range d.Config.Hardware.Device {
		switch b := dev.GetVirtualDevice().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			b.Network = nil
			if e := d.s.registry.FindByName(b.DeviceName, host.Network); e != nil {
				ref := e.Reference()
				b.Network, refs = &ref, append(refs, ref)
			}
		case *vmx.DistributedBacking:
			if n := d.s.distributedNetwork(b); n != nil {
				refs = append(refs, n.Self)
			}
		}
	}
	ctx.Update(d.VirtualMachine, []types.PropertyChange{{Name: "network", Val: refs}})
}

// moveInto moves the domain in the inventory.
func (d *domain) moveInto(ctx *simulator.Context, ref types.ManagedObjectReference) {
	if old, ok := d.s.registry.Get(*d.Parent).(*simulator.Folder); ok {
		d.listIn(ctx, old, "childEntity", &old.ChildEntity, false)
	}
	if now, ok := d.s.registry.Get(ref).(*simulator.Folder); ok {
		d.listIn(ctx, now, "childEntity", &now.ChildEntity, true)
	}
	ctx.WithLock(d.VirtualMachine, func() {
		ctx.Update(d.VirtualMachine, []types.PropertyChange{{Name: "parent", Val: ref}})
	})
}

// listIn adds the domain to a list of an object, or takes it out.
func (d *domain) listIn(ctx *simulator.Context, o mo.Reference, property string, list *[]types.ManagedObjectReference, add bool) {
	ctx.WithLock(o, func() {
		now := slices.DeleteFunc(slices.Clone(*list), func(r types.ManagedObjectReference) bool { return r == d.Self })
		if add {
			now = append(now, d.Self)
		}
		ctx.Update(o, []types.PropertyChange{{Name: property, Val: now}})
	})
}
