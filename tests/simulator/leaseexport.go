// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
)

// ExportVm makes a lease by which the disks of a domain that is off can be fetched.
func (d *domain) ExportVm(ctx *simulator.Context, _ *types.ExportVm) soap.HasFault {
	off := types.VirtualMachinePowerStatePoweredOff
	if d.Runtime.PowerState != off {
		return &methods.ExportVmBody{Fault_: simulator.Fault("", &types.InvalidPowerState{
			RequestedState: off, ExistingState: d.Runtime.PowerState})}
	}
	l := d.export(ctx, d.Config.Hardware.Device)
	return &methods.ExportVmBody{Res: &types.ExportVmResponse{Returnval: l.Self}}
}

// ExportSnapshot makes a lease for the disks of a snapshot; the domain may run.
func (s *snapshot) ExportSnapshot(ctx *simulator.Context, _ *types.ExportSnapshot) soap.HasFault {
	vm, ok := s.s.registry.Get(s.Vm).(*simulator.VirtualMachine)
	if !ok {
		return &methods.ExportSnapshotBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: s.Vm})}
	}
	l := (&domain{vm, s.s}).export(ctx, s.Config.Hardware.Device)
	return &methods.ExportSnapshotBody{Res: &types.ExportSnapshotResponse{Returnval: l.Self}}
}

// export makes the lease for the disks of some devices. Guests do not run: the
// data of a disk with a chain is that of its base.
func (d *domain) export(ctx *simulator.Context, devices []types.BaseVirtualDevice) *lease {
	l := d.s.newLease(true)
	l.vm = d
	list := object.VirtualDeviceList(devices)
	for _, dev := range list {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		backing, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if !ok {
			continue
		}
		chain := chainOf(backing)
		l.files = append(l.files, &leaseFile{
			name: fmt.Sprintf("disk-%d.vmdk", len(l.files)), key: deviceID(list, dev, d.Self.Value),
			importKey: deviceID(list, dev, d.Name), path: chain[len(chain)-1], disk: true, capacity: disk.CapacityInKB * 1024})
	}
	if name := extra(d.VirtualMachine, "nvram"); name != "" && d.Config.Firmware == string(types.GuestOsDescriptorFirmwareTypeEfi) {
		path := dspath.Join(dspath.Dir(d.Config.Files.VmPathName), name)
		if d.s.exists(path) {
			l.files = append(l.files, &leaseFile{
				name: name, key: "/" + d.Self.Value + "/nvram", importKey: "/" + d.Name + "/nvram", path: path})
		}
	}
	view, own := d.s.sessions.viewOf(ctx.Session.Key), *ctx
	go l.ready(&own, view)
	return l
}
