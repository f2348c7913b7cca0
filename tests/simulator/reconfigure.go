// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ReconfigVMTask adds to the library's: parts of an allocation that the client
// leaves out stay, levels of shares have numbers, a running domain's memory and
// CPUs stay as they are, and a change by somebody else is noticed.
func (d *domain) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	spec := &req.Spec
	units := int64(d.Config.Hardware.NumCPU)
	if spec.NumCPUs != 0 {
		units = int64(spec.NumCPUs)
	}
	cpuAllocation.merge(spec.CpuAllocation, d.Config.CpuAllocation, units)
	units = int64(d.Config.Hardware.MemoryMB)
	if spec.MemoryMB != 0 {
		units = spec.MemoryMB
	}
	memoryAllocation.merge(spec.MemoryAllocation, d.Config.MemoryAllocation, units)

	if fault := d.refuseSpec(spec); fault != nil {
		t := simulator.CreateTask(d.VirtualMachine, "reconfigVm",
			func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return nil, fault })
		return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: t.Run(ctx)}}
	}
	if spec.Name != "" {
		spec.Name = escapeName(spec.Name)
	}
	annotation := spec.Annotation
	if annotation == cleared {
		spec.Annotation = ""
	}
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{
		Returnval: d.ask(ctx, "ReconfigVM_Task", func(ctx *simulator.Context) soap.HasFault {
			d.annotate(ctx, annotation)
			d.completeCards(ctx, spec)
			return d.VirtualMachine.ReconfigVMTask(ctx, req)
		})}}
}

// annotate sets or clears the annotation; the library does only the one, and
// forgets the summary.
func (d *domain) annotate(ctx *simulator.Context, text string) {
	if text == "" { // it was not sent
		return
	}
	text = strings.TrimSuffix(text, cleared)
	ctx.WithLock(d.VirtualMachine, func() {
		ctx.Update(d.VirtualMachine, []types.PropertyChange{
			{Name: "config.annotation", Val: text}, {Name: "summary.config.annotation", Val: text}})
	})
}

// completeCards gives the cards that are changed or removed a network where they
// have none: the library follows the pointer. A card has none when its domain was
// registered with a network that the host does not have.
func (d *domain) completeCards(ctx *simulator.Context, spec *types.VirtualMachineConfigSpec) {
	complete := func(device types.BaseVirtualDevice) {
		if device == nil {
			return
		}
		if b, ok := device.GetVirtualDevice().Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok && b.Network == nil {
			b.Network = &types.ManagedObjectReference{Type: "Network", Value: "HaNetwork-" + b.DeviceName}
		}
	}
	ctx.WithLock(d.VirtualMachine, func() {
		devices := object.VirtualDeviceList(d.Config.Hardware.Device)
		for _, change := range spec.DeviceChange {
			switch c := change.GetVirtualDeviceConfigSpec(); c.Operation {
			case types.VirtualDeviceConfigSpecOperationEdit:
				complete(devices.FindByKey(c.Device.GetVirtualDevice().Key))
			case types.VirtualDeviceConfigSpecOperationRemove:
				complete(c.Device)
			}
		}
	})
}

// merge completes what a client sets with what is there.
func (a allocation) merge(now, old *types.ResourceAllocationInfo, units int64) {
	if now == nil || old == nil {
		return
	}
	if now.Reservation == nil {
		now.Reservation = old.Reservation
	}
	if now.Limit == nil {
		now.Limit = old.Limit
	}
	if now.Shares == nil {
		now.Shares = old.Shares
	}
	if now.Shares != nil && levels[now.Shares.Level] != 0 {
		now.Shares.Shares = a.number(now.Shares.Level, units)
	}
}

// refuseSpec is the fault of a configuration that a host would not take.
func (d *domain) refuseSpec(spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	running := d.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff
	switch {
	case spec.ChangeVersion != "" && spec.ChangeVersion != d.Config.ChangeVersion:
		return new(types.ConcurrentAccess)
	case spec.MemoryMB%4 != 0 || spec.MemoryMB < 0:
		return &types.InvalidArgument{InvalidProperty: "configSpec.memoryMB"}
	case limitBelowReservation(spec.CpuAllocation):
		return &types.InvalidArgument{InvalidProperty: "configSpec.cpuAllocation.limit"}
	case limitBelowReservation(spec.MemoryAllocation):
		return &types.InvalidArgument{InvalidProperty: "configSpec.memoryAllocation.limit"}
	case running && changes(spec.MemoryMB, d.Config.Hardware.MemoryMB) && !isTrue(d.Config.MemoryHotAddEnabled),
		running && changes(int64(spec.NumCPUs), d.Config.Hardware.NumCPU) && !isTrue(d.Config.CpuHotAddEnabled):
		return &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: d.Runtime.PowerState}
	}
	if spec.Name != "" && escapeName(spec.Name) != d.Name {
		if taken := d.s.siblingNamed(d.VirtualMachine, escapeName(spec.Name)); taken != nil {
			return &types.DuplicateName{Name: spec.Name, Object: taken.Reference()}
		}
	}
	return d.refuseDevices(spec)
}

func changes(wanted int64, present int32) bool { return wanted != 0 && wanted != int64(present) }

func limitBelowReservation(a *types.ResourceAllocationInfo) bool {
	return a != nil && a.Limit != nil && a.Reservation != nil && *a.Limit >= 0 && *a.Limit < *a.Reservation
}

// refuseDevices looks at what the library takes for granted: a card's network.
func (d *domain) refuseDevices(spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	host, ok := d.s.registry.Get(*d.Runtime.Host).(*simulator.HostSystem)
	if !ok {
		return nil
	}
	compute := d.s.computeResource(*host.Parent)
	for i, change := range spec.DeviceChange {
		dev := change.GetVirtualDeviceConfigSpec()
		if dev.Device == nil {
			return &types.InvalidDeviceSpec{DeviceIndex: int32(i)}
		}
		b, ok := dev.Device.GetVirtualDevice().Backing.(*types.VirtualEthernetCardNetworkBackingInfo)
		if ok && dev.Operation != types.VirtualDeviceConfigSpecOperationRemove &&
			d.s.registry.FindByName(b.DeviceName, compute.Network) == nil {
			return &types.InvalidDeviceBacking{InvalidDeviceSpec: types.InvalidDeviceSpec{DeviceIndex: int32(i)}}
		}
	}
	return nil
}

// siblingNamed is what has a name in the folder of a domain.
func (s *server) siblingNamed(vm *simulator.VirtualMachine, name string) mo.Entity {
	if f, ok := s.registry.Get(*vm.Parent).(*simulator.Folder); ok {
		return s.registry.FindByName(name, f.ChildEntity)
	}
	return nil
}

// RenameTask renames a domain everywhere it has its name.
func (d *domain) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	t := simulator.CreateTask(d.VirtualMachine, "rename", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		name := escapeName(unescapeName(req.NewName))
		if taken := d.s.siblingNamed(d.VirtualMachine, name); taken != nil && taken.Reference() != d.Self {
			return nil, &types.DuplicateName{Name: name, Object: taken.Reference()}
		}
		ctx.Update(d.VirtualMachine, []types.PropertyChange{
			{Name: "config.name", Val: name}, {Name: "summary.config.name", Val: name}, {Name: "name", Val: name}})
		return nil, nil
	})
	return &methods.Rename_TaskBody{Res: &types.Rename_TaskResponse{Returnval: t.Run(ctx)}}
}

func isTrue(b *bool) bool { return b != nil && *b }
