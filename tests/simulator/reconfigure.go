// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"fmt"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
	"esx-simulator/internal/wire"
)

// ReconfigVMTask changes the VMX file of a domain, which then is what the file says:
// all of a specification, or nothing.
func (d *domain) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	if len(d.questions("ReconfigVM_Task")) > 0 { // it is refused before anything is asked
		if _, _, fault := d.plan(ctx, &req.Spec); fault != nil {
			return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{
				Returnval: d.domainTask(ctx, "reconfigVm", func() (types.AnyType, types.BaseMethodFault) { return nil, fault })}}
		}
	}
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{
		Returnval: d.ask(ctx, "ReconfigVM_Task", func(ctx *simulator.Context) soap.HasFault {
			return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{
				Returnval: d.domainTask(ctx, "reconfigVm", func() (types.AnyType, types.BaseMethodFault) {
					return nil, d.reconfigure(ctx, &req.Spec)
				})}}
		})}}
}

// reconfigure carries out a specification. The caller holds the domain's lock.
func (d *domain) reconfigure(ctx *simulator.Context, spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	f, edit, fault := d.plan(ctx, spec)
	if fault != nil {
		return fault
	}
	for _, work := range edit.before {
		if fault := work(); fault != nil {
			edit.undo()
			return fault
		}
	}
	if spec.Annotation == wire.Cleared {
		spec.Annotation = ""
		f.Set("annotation", "")
	}
	vmx.WriteSpec(f, spec, d.Config, edit.devices, d.s.namesIn(d.Config.Files.VmPathName))
	if fault := d.adopt(ctx, f, func() { d.applyRest(spec, edit.devices) }); fault != nil {
		edit.undo()
		return fault
	}
	for _, work := range edit.after {
		_ = work()
	}
	d.s.post(ctx, &types.VmReconfiguredEvent{VmEvent: d.vmEvent(), ConfigSpec: *spec})
	return nil
}

// plan checks a specification as a whole; nothing is changed yet.
func (d *domain) plan(ctx *simulator.Context, spec *types.VirtualMachineConfigSpec) (*vmx.File, *deviceEdit, types.BaseMethodFault) {
	vmx.MergeAllocations(spec, d.Config)
	if fault := d.refuseSpec(spec); fault != nil {
		return nil, nil, fault
	}
	f, fault := d.s.openVMX(d.Config.Files.VmPathName)
	if fault != nil {
		return nil, nil, fault
	}
	edit := d.newDeviceEdit(ctx, f, cmp.Or(spec.Version, d.Config.Version))
	return f, edit, edit.apply(spec.DeviceChange)
}

// applyRest sets what a VMX file does not say, and how devices of a running domain
// are connected now.
func (d *domain) applyRest(spec *types.VirtualMachineConfigSpec, devices []types.BaseVirtualDevice) {
	if m := spec.ManagedBy; m != nil {
		if m.ExtensionKey == "" {
			m = nil
		}
		d.Config.ManagedBy, d.Summary.Config.ManagedBy = m, m
	}
	if spec.InstanceUuid != "" {
		d.Config.InstanceUuid, d.Summary.Config.InstanceUuid = spec.InstanceUuid, spec.InstanceUuid
	}
	running := d.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	for _, dev := range d.Config.Hardware.Device {
		c := dev.GetVirtualDevice().Connectable
		sent := object.VirtualDeviceList(devices).FindByKey(dev.GetVirtualDevice().Key)
		if c == nil || sent == nil {
			continue
		}
		if s := sent.GetVirtualDevice().Connectable; s != nil {
			c.Connected = running && s.Connected
		}
	}
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
		name := vmx.EscapeName(vmx.UnescapeName(req.NewName))
		if len(req.NewName) > maxName || req.NewName == "" {
			return nil, &types.InvalidName{Name: req.NewName}
		}
		if taken := d.s.siblingNamed(d.VirtualMachine, name); taken != nil && taken.Reference() != d.Self {
			return nil, &types.DuplicateName{Name: name, Object: taken.Reference()}
		}
		ctx.Update(d.VirtualMachine, []types.PropertyChange{
			{Name: "config.name", Val: name}, {Name: "summary.config.name", Val: name}, {Name: "name", Val: name}})
		return nil, nil
	})
	return &methods.Rename_TaskBody{Res: &types.Rename_TaskResponse{Returnval: t.Run(ctx)}}
}

// UpgradeVMTask raises the version of the virtual hardware of a domain that is off: to
// the one that is asked for, or to the newest of the host.
func (d *domain) UpgradeVMTask(ctx *simulator.Context, req *types.UpgradeVM_Task) soap.HasFault {
	return &methods.UpgradeVM_TaskBody{Res: &types.UpgradeVM_TaskResponse{
		Returnval: d.domainTask(ctx, "upgradeVm", func() (types.AnyType, types.BaseMethodFault) {
			version := cmp.Or(req.Version, fmt.Sprintf("vmx-%02d", d.s.version.Hardware))
			switch {
			case d.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff:
				return nil, &types.InvalidPowerState{
					RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: d.Runtime.PowerState}
			case !d.s.hasHardware(version):
				return nil, new(types.NotSupported)
			case hardwareNumber(version) <= hardwareNumber(d.Config.Version):
				return nil, new(types.AlreadyUpgraded)
			}
			return nil, d.reconfigure(ctx, &types.VirtualMachineConfigSpec{Version: version})
		})}}
}
