// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
)

// addController gives a controller of drives a free bus number.
func (e *deviceEdit) addController(i int, c types.BaseVirtualController) types.BaseMethodFault {
	bus := busOf(c.(types.BaseVirtualDevice))
	if bus == nil {
		return nil
	}
	if bus.Prefix == "sata" && !e.limits.SATA || bus.Prefix == "nvme" && !e.limits.NVMe {
		return &types.DeviceUnsupportedForVmVersion{InvalidDeviceSpec: types.InvalidDeviceSpec{DeviceIndex: int32(i)}}
	}
	taken := map[int32]bool{}
	for _, dev := range e.devices {
		if other := busOf(dev); other != nil && other.Prefix == bus.Prefix {
			taken[dev.(types.BaseVirtualController).GetVirtualController().BusNumber] = true
		}
	}
	v := c.GetVirtualController()
	if v.BusNumber < 0 || int(v.BusNumber) >= bus.Buses || len(taken) >= bus.Buses || taken[v.BusNumber] {
		return invalidDevice(i, "virtualDeviceSpec.device.busNumber")
	}
	return nil
}

// busOf is the bus of a controller of drives, or nil.
func busOf(dev types.BaseVirtualDevice) *vmx.DiskBus {
	prefix := ""
	switch dev.(type) {
	case types.BaseVirtualSCSIController:
		prefix = "scsi"
	case *types.VirtualIDEController:
		prefix = "ide"
	case types.BaseVirtualSATAController:
		prefix = "sata"
	case *types.VirtualNVMEController:
		prefix = "nvme"
	}
	for n := range vmx.DiskBuses {
		if vmx.DiskBuses[n].Prefix == prefix {
			return &vmx.DiskBuses[n]
		}
	}
	return nil
}

// ownUnit is the unit of a SCSI controller that is the controller's own.
const ownUnit = 7

// place gives a drive a unit of its controller.
func (e *deviceEdit) place(i int, v *types.VirtualDevice) types.BaseMethodFault {
	bus := busOf(e.devices.FindByKey(v.ControllerKey))
	if bus == nil {
		return invalidDevice(i, "virtualDeviceSpec.device.controllerKey")
	}
	taken := map[int32]bool{}
	if bus.Prefix == "scsi" {
		taken[ownUnit] = true
	}
	for _, dev := range e.devices {
		if o := dev.GetVirtualDevice(); o.ControllerKey == v.ControllerKey && o.UnitNumber != nil && o.Key != v.Key {
			taken[*o.UnitNumber] = true
		}
	}
	if v.UnitNumber == nil || *v.UnitNumber == -1 {
		for unit := range int32(bus.Units) {
			if !taken[unit] {
				v.UnitNumber = &unit
				return nil
			}
		}
		return invalidDevice(i, "virtualDeviceSpec.device.unitNumber")
	}
	if *v.UnitNumber < 0 || int(*v.UnitNumber) >= bus.Units || taken[*v.UnitNumber] {
		return invalidDevice(i, "virtualDeviceSpec.device.unitNumber")
	}
	return nil
}
