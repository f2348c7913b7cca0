// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// A deviceEdit is the device changes of one call. It works on a list of devices
// made of the VMX file; nothing is done to files before all changes are known to be right.
type deviceEdit struct {
	d       *domain
	ctx     *simulator.Context
	devices object.VirtualDeviceList
	running bool
	limits  vmx.Limits

	before, after []func() types.BaseMethodFault // what is done to files before and after the VMX file is written
	made          []string                       // disks that were made, for the way back
}

func (d *domain) newDeviceEdit(ctx *simulator.Context, f *vmx.File, version string) *deviceEdit {
	read := vmx.ReadDevices(f, d.s.namesIn(d.Config.Files.VmPathName).Read)
	d.s.completeDisks(read)
	keepConnections(d.VirtualMachine, read)
	e := &deviceEdit{d: d, ctx: ctx, limits: vmx.LimitsOf(version),
		running: d.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff}
	for _, dev := range d.Config.Hardware.Device {
		if standing[dev.GetVirtualDevice().Key] {
			e.devices = append(e.devices, dev)
		}
	}
	e.devices = append(e.devices, read...)
	return e
}

// apply makes the changes in the list of devices, or tells which of them is wrong.
func (e *deviceEdit) apply(changes []types.BaseVirtualDeviceConfigSpec) types.BaseMethodFault {
	seen := map[int32]bool{}
	for i, change := range changes {
		spec := change.GetVirtualDeviceConfigSpec()
		if spec.Device == nil {
			return invalidDevice(i, "virtualDeviceSpec.device")
		}
		key := spec.Device.GetVirtualDevice().Key
		if seen[key] && key != 0 {
			return invalidDevice(i, "virtualDeviceSpec.device.key")
		}
		seen[key] = true
		var fault types.BaseMethodFault
		switch spec.Operation {
		case types.VirtualDeviceConfigSpecOperationAdd:
			fault = e.add(i, spec)
		case types.VirtualDeviceConfigSpecOperationEdit:
			fault = e.edit(i, spec)
		case types.VirtualDeviceConfigSpecOperationRemove:
			fault = e.remove(i, spec)
		}
		if fault != nil {
			return fault
		}
	}
	return e.tooMany()
}

func invalidDevice(i int, property string) types.BaseMethodFault {
	f := &types.InvalidDeviceSpec{DeviceIndex: int32(i)}
	f.Property = property
	return f
}

// tooMany is the fault of more devices of a kind than a domain can have.
func (e *deviceEdit) tooMany() types.BaseMethodFault {
	if vmx.TooMany(e.devices, e.limits) {
		f := new(types.TooManyDevices)
		f.Property = "virtualDeviceSpec.device"
		return f
	}
	return nil
}

// needsOff is the fault of a change that cannot be made while the domain runs.
func (e *deviceEdit) needsOff() types.BaseMethodFault {
	return &types.InvalidPowerState{
		RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: e.d.Runtime.PowerState}
}

// hotPluggable tells whether a device can come and go while the domain runs.
func (e *deviceEdit) hotPluggable(dev types.BaseVirtualDevice) bool {
	switch dev.(type) {
	case *types.VirtualDisk:
		return !vmx.DeviceIs[*types.VirtualIDEController](e.devices.FindByKey(dev.GetVirtualDevice().ControllerKey))
	case types.BaseVirtualSCSIController, types.BaseVirtualEthernetCard, *types.VirtualUSB:
		return e.limits.Version >= 7
	}
	return false
}

func (e *deviceEdit) add(i int, spec *types.VirtualDeviceConfigSpec) types.BaseMethodFault {
	dev := spec.Device
	v := dev.GetVirtualDevice()
	if vmx.DeviceIs[*types.VirtualIDEController](dev) || vmx.DeviceIs[*types.VirtualPCIController](dev) ||
		vmx.DeviceIs[*types.VirtualPS2Controller](dev) || vmx.DeviceIs[*types.VirtualSIOController](dev) ||
		vmx.DeviceIs[*types.VirtualKeyboard](dev) || vmx.DeviceIs[*types.VirtualPointingDevice](dev) ||
		vmx.DeviceIs[*types.VirtualMachineVideoCard](dev) || vmx.DeviceIs[*types.VirtualMachineVMCIDevice](dev) {
		return nil // each domain has them: nothing happens, and nothing is said
	}
	if v.Key >= 0 { // a client's own keys are negative
		v.Key = -1000 - int32(i)
	}
	if e.devices.FindByKey(v.Key) != nil {
		return invalidDevice(i, "virtualDeviceSpec.device.key")
	}
	if e.running && !e.hotPluggable(dev) {
		return e.needsOff()
	}
	var fault types.BaseMethodFault
	switch x := dev.(type) {
	case types.BaseVirtualController:
		fault = e.addController(i, x)
	case *types.VirtualDisk:
		if fault = e.place(i, v); fault == nil {
			fault = e.addDisk(i, spec, x)
		}
	case *types.VirtualCdrom:
		if fault = e.place(i, v); fault == nil {
			fault = e.refuseImage(i, v)
		}
	case types.BaseVirtualEthernetCard:
		fault = e.addCard(i, x)
	case *types.VirtualUSB:
		fault = e.addUSB(i, x)
	}
	if fault != nil {
		return fault
	}
	if v.Connectable == nil && needsConnection(dev) {
		v.Connectable = &types.VirtualDeviceConnectInfo{StartConnected: true, AllowGuestControl: true}
	}
	e.devices = append(e.devices, dev)
	return nil
}

// addUSB gives a USB device of the host a controller of the domain.
func (e *deviceEdit) addUSB(i int, d *types.VirtualUSB) types.BaseMethodFault {
	controllers := vmx.USBControllers(e.devices)
	b, ok := d.Backing.(types.BaseVirtualDeviceDeviceBackingInfo)
	switch {
	case !ok || b.GetVirtualDeviceDeviceBackingInfo().DeviceName == "":
		return invalidDevice(i, "virtualDeviceSpec.device.backing")
	case len(controllers) == 0 || d.ControllerKey != 0 && !slices.Contains(controllers, d.ControllerKey):
		return invalidDevice(i, "virtualDeviceSpec.device.controllerKey")
	case d.ControllerKey == 0:
		d.ControllerKey = controllers[0]
	}
	return nil
}

func needsConnection(dev types.BaseVirtualDevice) bool {
	switch dev.(type) {
	case *types.VirtualCdrom, *types.VirtualFloppy, *types.VirtualSerialPort, *types.VirtualParallelPort,
		types.BaseVirtualEthernetCard, types.BaseVirtualSoundCard:
		return true
	}
	return false
}

// refuseImage wants the image of a connected drive of a running domain to be there.
func (e *deviceEdit) refuseImage(_ int, v *types.VirtualDevice) types.BaseMethodFault {
	b, ok := v.Backing.(*types.VirtualCdromIsoBackingInfo)
	if !ok || b.FileName == "" || v.Connectable == nil || !v.Connectable.Connected || !e.running {
		return nil
	}
	file, fault := e.d.s.localFile(b.FileName)
	if fault == nil && !exists(file) {
		fault = &types.FileNotFound{FileFault: types.FileFault{File: b.FileName}}
	}
	return fault
}

func (e *deviceEdit) edit(i int, spec *types.VirtualDeviceConfigSpec) types.BaseMethodFault {
	v := spec.Device.GetVirtualDevice()
	old := e.devices.FindByKey(v.Key)
	if old == nil || !vmx.SameType(old, spec.Device) {
		return invalidDevice(i, "virtualDeviceSpec.device.key")
	}
	if v.ControllerKey == 0 {
		v.ControllerKey = old.GetVirtualDevice().ControllerKey
	}
	if v.UnitNumber == nil {
		v.UnitNumber = old.GetVirtualDevice().UnitNumber
	}
	if v.Backing == nil {
		v.Backing = old.GetVirtualDevice().Backing
	}
	if v.Connectable == nil {
		v.Connectable = old.GetVirtualDevice().Connectable
	}
	var fault types.BaseMethodFault
	switch x := spec.Device.(type) {
	case *types.VirtualDisk:
		if fault = e.place(i, v); fault == nil {
			fault = e.editDisk(i, x, old.(*types.VirtualDisk))
		}
	case *types.VirtualCdrom:
		if fault = e.place(i, v); fault == nil {
			fault = e.refuseImage(i, v)
		}
	case types.BaseVirtualEthernetCard:
		fault = e.editCard(i, x.GetVirtualEthernetCard(), old)
	}
	if fault != nil {
		return fault
	}
	for n := range e.devices {
		if e.devices[n].GetVirtualDevice().Key == v.Key {
			e.devices[n] = spec.Device
		}
	}
	return nil
}

func (e *deviceEdit) remove(i int, spec *types.VirtualDeviceConfigSpec) types.BaseMethodFault {
	key := spec.Device.GetVirtualDevice().Key
	old := e.devices.FindByKey(key)
	if old == nil || standing[key] {
		return invalidDevice(i, "virtualDeviceSpec.device.key")
	}
	if e.running && !e.hotPluggable(old) {
		return e.needsOff()
	}
	if _, ok := old.(types.BaseVirtualController); ok {
		for _, dev := range e.devices {
			if dev.GetVirtualDevice().ControllerKey == key {
				return invalidDevice(i, "virtualDeviceSpec.device.key")
			}
		}
	}
	if disk, ok := old.(*types.VirtualDisk); ok && spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationDestroy {
		if b, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			e.destroyLater(chainOf(b))
		}
	}
	var kept object.VirtualDeviceList
	for _, dev := range e.devices {
		if dev.GetVirtualDevice().Key != key {
			kept = append(kept, dev)
		}
	}
	e.devices = kept
	return nil
}

// destroyLater deletes disks when the domain does not have them any more.
func (e *deviceEdit) destroyLater(names []string) {
	e.after = append(e.after, func() types.BaseMethodFault {
		for _, name := range names {
			if file, fault := e.d.s.localFile(name); fault == nil {
				_ = e.d.s.changing(e.ctx, func() types.BaseMethodFault { return fileFault(name, vmdk.Remove(file)) }, vmdk.FilesOf(file)...)
			}
		}
		return nil
	})
}
