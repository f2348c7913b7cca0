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
)

// A move is where a migration takes a domain.
type move struct {
	host, pool *types.ManagedObjectReference
	state      types.VirtualMachinePowerState // the domain must be in, or ""
}

// MigrateVMTask takes a domain to another host.
func (d *domain) MigrateVMTask(ctx *simulator.Context, req *types.MigrateVM_Task) soap.HasFault {
	if d.s.registry.IsESX() {
		return &methods.MigrateVM_TaskBody{Fault_: simulator.Fault("", new(types.NotSupported))}
	}
	m := move{req.Host, req.Pool, req.State}
	return &methods.MigrateVM_TaskBody{Res: &types.MigrateVM_TaskResponse{
		Returnval: d.ask(ctx, "MigrateVM_Task", func(ctx *simulator.Context) soap.HasFault {
			return &methods.MigrateVM_TaskBody{Res: &types.MigrateVM_TaskResponse{
				Returnval: d.migrate(ctx, "MigrateVM_Task", m, nil)}}
		})}}
}

// RelocateVMTask takes a domain to another host; what else a specification may
// say the library does.
func (d *domain) RelocateVMTask(ctx *simulator.Context, req *types.RelocateVM_Task) soap.HasFault {
	if d.s.registry.IsESX() {
		return &methods.RelocateVM_TaskBody{Fault_: simulator.Fault("", new(types.NotSupported))}
	}
	m := move{host: req.Spec.Host, pool: req.Spec.Pool}
	return &methods.RelocateVM_TaskBody{Res: &types.RelocateVM_TaskResponse{
		Returnval: d.ask(ctx, "RelocateVM_Task", func(ctx *simulator.Context) soap.HasFault {
			return &methods.RelocateVM_TaskBody{Res: &types.RelocateVM_TaskResponse{
				Returnval: d.migrate(ctx, "RelocateVM_Task", m, req)}}
		})}}
}

// migrate starts the task. It checks, takes its time, checks again (another task
// may have changed things), and moves the domain.
func (d *domain) migrate(ctx *simulator.Context, method string, m move, relocate *types.RelocateVM_Task) types.ManagedObjectReference {
	p := new(pending)
	return d.background(ctx, method, true, p, func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if m.host != nil || m.pool != nil || relocate == nil {
			if _, faults := d.target(ctx, m); len(faults) > 0 {
				return nil, faults[0]
			}
			if fault := p.progress(ctx, d.s.options.migrationDelay); fault != nil {
				return nil, fault
			}
			at, faults := d.target(ctx, m)
			if len(faults) > 0 {
				return nil, faults[0]
			}
			d.place(ctx, at)
		}
		if relocate == nil {
			return nil, nil
		}
		rest := *relocate
		rest.Spec.Host, rest.Spec.Pool = nil, nil
		var body soap.HasFault
		ctx.WithLock(d.VirtualMachine, func() { body = d.VirtualMachine.RelocateVMTask(ctx, &rest) })
		return d.s.finished(body)
	})
}

// target is where a move leads, and every fault that stands against it.
func (d *domain) target(ctx *simulator.Context, m move) (at place, faults []types.BaseMethodFault) {
	ctx.WithLock(d.VirtualMachine, func() {
		var fault types.BaseMethodFault
		if at, fault = d.destination(m); fault != nil {
			faults = append(faults, fault)
			return
		}
		ctx.WithLock(at.host, func() { faults = d.obstacles(at.host) })
	})
	return at, faults
}

// destination is the place that a move names.
func (d *domain) destination(m move) (place, types.BaseMethodFault) {
	if m.state != "" && m.state != d.Runtime.PowerState {
		return place{}, &types.InvalidPowerState{RequestedState: m.state, ExistingState: d.Runtime.PowerState}
	}
	if m.host == nil && m.pool == nil {
		return place{}, &types.InvalidArgument{InvalidProperty: "host"}
	}
	pool := m.pool
	if pool == nil {
		pool = d.ResourcePool // as the API says
	}
	at, fault := d.s.placeFor(pool, m.host)
	if fault != nil {
		return at, fault
	}
	if p, ok := d.s.registry.Get(at.pool).(*simulator.ResourcePool); !ok || p.Owner != *at.host.Parent {
		return at, &types.InvalidArgument{InvalidProperty: "pool"}
	}
	return at, nil
}

// obstacles are what stands against a move to a host.
func (d *domain) obstacles(host *simulator.HostSystem) (faults []types.BaseMethodFault) {
	running := d.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	if host.Runtime.InMaintenanceMode {
		faults = append(faults, new(types.InvalidState))
	}
	if host.Runtime.ConnectionState != types.HostSystemConnectionStateConnected {
		faults = append(faults, new(types.HostNotConnected))
	}
	if running && !host.Capability.VmotionSupported {
		faults = append(faults, &types.MigrationFeatureNotSupported{FailedHostName: host.Name, FailedHost: host.Self})
	}
	for _, ds := range d.Datastore {
		if !slices.Contains(host.Datastore, ds) {
			faults = append(faults, new(types.CannotAccessVmDisk))
		}
	}
	for _, dev := range d.Config.Hardware.Device {
		b := dev.GetVirtualDevice()
		if nic, ok := b.Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok && !hasPortGroup(host, nic.DeviceName) {
			fault := new(types.CannotAccessNetwork)
			fault.Device, fault.Backing = b.DeviceInfo.GetDescription().Label, nic.DeviceName
			faults = append(faults, fault)
		}
		_, atapi := b.Backing.(*types.VirtualCdromAtapiBackingInfo)
		if running && atapi && b.Connectable != nil && b.Connectable.Connected {
			faults = append(faults, &types.DisallowedMigrationDeviceAttached{Fault: types.LocalizedMethodFault{
				Fault: new(types.DeviceNotSupported), LocalizedMessage: "A device of the host is connected."}})
		}
	}
	if name := extra(d.VirtualMachine, migrationErrorKey); name != "" {
		faults = append(faults, faultNamed(name))
	}
	return faults
}

// Entries of a VMX file that stand against a migration, or warn of it: names of
// faults, as "NoGuestHeartbeat".
const (
	migrationErrorKey   = "simulator.migration.error"
	migrationWarningKey = "simulator.migration.warning"
)

// warnings are what a check says and a migration does not mind.
func (d *domain) warnings() (faults []types.BaseMethodFault) {
	if d.Snapshot != nil && d.Snapshot.CurrentSnapshot != nil {
		faults = append(faults, new(types.SnapshotMoveNotSupported))
	}
	if name := extra(d.VirtualMachine, migrationWarningKey); name != "" {
		faults = append(faults, faultNamed(name))
	}
	return faults
}

func faultNamed(name string) types.BaseMethodFault {
	fault, err := (&rule{Fault: name}).fault(call{})
	if err != nil {
		return &types.SystemErrorFault{Reason: err.Error()}
	}
	return fault
}

func hasPortGroup(host *simulator.HostSystem, name string) bool {
	return slices.ContainsFunc(host.Config.Network.Portgroup, func(p types.HostPortGroup) bool { return p.Spec.Name == name })
}

// place moves the domain in the lists of hosts and pools.
func (d *domain) place(ctx *simulator.Context, at place) {
	ctx.WithLock(d.VirtualMachine, func() {
		if old, ok := d.s.registry.Get(*d.Runtime.Host).(*simulator.HostSystem); ok {
			d.listIn(ctx, old, "vm", &old.Vm, false)
		}
		d.listIn(ctx, at.host, "vm", &at.host.Vm, true)
		if old, ok := d.s.registry.Get(*d.ResourcePool).(*simulator.ResourcePool); ok {
			d.listIn(ctx, old, "vm", &old.Vm, false)
		}
		if pool, ok := d.s.registry.Get(at.pool).(*simulator.ResourcePool); ok {
			d.listIn(ctx, pool, "vm", &pool.Vm, true)
		}
		ctx.Update(d.VirtualMachine, []types.PropertyChange{
			{Name: "runtime.host", Val: at.host.Self}, {Name: "summary.runtime.host", Val: at.host.Self},
			{Name: "resourcePool", Val: at.pool}})
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
