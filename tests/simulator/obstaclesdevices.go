// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
)

// findingsOfDevices are devices that the destination has not, or that tie a running domain to
// its host. By the API's reference, a standard network, an image and an affinity are errors where
// they are in use (a device is connected, the domain runs), and warnings where they are not.
func (d *domain) findingsOfDevices(m move, host *simulator.HostSystem) (faults, warnings []types.BaseMethodFault) {
	if host.Self == *d.Runtime.Host && m.relocate == nil {
		return nil, nil
	}
	report := func(inUse bool, f types.BaseMethodFault) {
		if inUse {
			faults = append(faults, f)
		} else {
			warnings = append(warnings, f)
		}
	}
	for _, dev := range d.Config.Hardware.Device {
		changed := m.changed(dev)
		connected := d.running() && isConnected(changed.GetVirtualDevice())
		if f := d.inaccessible(changed, host, connected); f != nil {
			_, distributed := changed.GetVirtualDevice().Backing.(*vmx.DistributedBacking)
			report(connected || distributed, f)
		}
		if reason := ties(dev); reason != nil && d.running() && host.Self != *d.Runtime.Host {
			if _, drive := dev.(*types.VirtualCdrom); !drive || connected {
				faults = append(faults, &types.DisallowedMigrationDeviceAttached{Fault: types.LocalizedMethodFault{
					Fault: reason, LocalizedMessage: "A device of the host is connected."}})
			}
		}
	}
	if a := d.Config.CpuAffinity; a != nil && len(a.AffinitySet) > 0 && host.Self != *d.Runtime.Host {
		report(d.running(), &types.AffinityConfigured{ConfiguredAffinity: []string{string(types.AffinityTypeCpu)}})
	}
	return faults, warnings
}

func isConnected(v *types.VirtualDevice) bool {
	return v.Connectable == nil || v.Connectable.Connected
}

// inaccessible is the fault of a device whose backing a host has not, or nil.
func (d *domain) inaccessible(dev types.BaseVirtualDevice, host *simulator.HostSystem, connected bool) types.BaseMethodFault {
	device := types.CannotAccessVmDevice{Connected: connected}
	if description := dev.GetVirtualDevice().DeviceInfo; description != nil {
		device.Device = description.GetDescription().Label
	}
	switch b := dev.GetVirtualDevice().Backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		if !hasPortGroup(host, b.DeviceName) {
			device.Backing = b.DeviceName
			return &types.CannotAccessNetwork{CannotAccessVmDevice: device}
		}
	case *vmx.DistributedBacking:
		if !d.s.onSwitch(host, b.Port.SwitchUuid) {
			device.Backing = b.Port.PortgroupKey
			return &types.CannotAccessNetwork{CannotAccessVmDevice: device}
		}
	default:
		if image := imageOf(dev); image != "" && !d.s.reaches(host, image) {
			device.Backing = image
			return &device
		}
	}
	return nil
}

// imageOf is the image in a drive; "" where there is none, or one of the host's own ("[] /usr/lib/...").
func imageOf(dev types.BaseVirtualDevice) (file string) {
	switch b := dev.GetVirtualDevice().Backing.(type) {
	case *types.VirtualCdromIsoBackingInfo:
		file = b.FileName
	case *types.VirtualFloppyImageBackingInfo:
		file = b.FileName
	}
	if strings.HasPrefix(file, "[]") {
		return ""
	}
	return file
}

// ties is why a device keeps a running domain on its host, or nil.
func ties(dev types.BaseVirtualDevice) types.BaseMethodFault {
	switch x := dev.(type) {
	case *types.VirtualPCIPassthrough:
		return new(types.DeviceNotSupported)
	case types.BaseVirtualSCSIController:
		if bus := x.GetVirtualSCSIController().SharedBus; bus != "" && bus != types.VirtualSCSISharingNoSharing {
			return new(types.SharedBusControllerNotSupported)
		}
	case *types.VirtualCdrom:
		if _, physical := x.Backing.(*types.VirtualCdromAtapiBackingInfo); physical {
			return new(types.DeviceNotSupported)
		}
	}
	return nil
}
