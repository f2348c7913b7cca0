// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strconv"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// QueryVirtualDiskUuid is ddb.uuid; a disk without one gets none by asking.
func (d *disks) QueryVirtualDiskUuid(_ *simulator.Context, req *types.QueryVirtualDiskUuid) soap.HasFault {
	file, disk, fault := d.existing(req.Name)
	if fault != nil {
		return &methods.QueryVirtualDiskUuidBody{Fault_: simulator.Fault(apifault.Text(fault), fault)}
	}
	text := disk.UUID()
	if text == "" {
		text = vmdk.FormatUUID(uuid.NewSHA1(uuid.NameSpaceURL, []byte(file)))
	}
	return &methods.QueryVirtualDiskUuidBody{Res: &types.QueryVirtualDiskUuidResponse{Returnval: text}}
}

// SetVirtualDiskUuid changes it.
func (d *disks) SetVirtualDiskUuid(_ *simulator.Context, req *types.SetVirtualDiskUuid) soap.HasFault {
	file, disk, fault := d.writable(req.Name)
	if fault == nil {
		if u, ok := vmx.ParseUUID(req.Uuid); ok {
			disk.DDB["uuid"] = vmdk.FormatUUID(u)
			fault = fileFault(req.Name, disk.Write(file))
		} else {
			fault = invalidArgument("uuid")
		}
	}
	if fault != nil {
		return &methods.SetVirtualDiskUuidBody{Fault_: simulator.Fault(apifault.Text(fault), fault)}
	}
	return &methods.SetVirtualDiskUuidBody{Res: new(types.SetVirtualDiskUuidResponse)}
}

// QueryVirtualDiskGeometry is what the descriptor says.
func (d *disks) QueryVirtualDiskGeometry(_ *simulator.Context, req *types.QueryVirtualDiskGeometry) soap.HasFault {
	_, disk, fault := d.existing(req.Name)
	if fault != nil {
		return &methods.QueryVirtualDiskGeometryBody{Fault_: simulator.Fault(apifault.Text(fault), fault)}
	}
	number := func(key string) int32 { n, _ := strconv.Atoi(disk.DDB["geometry."+key]); return int32(n) }
	return &methods.QueryVirtualDiskGeometryBody{Res: &types.QueryVirtualDiskGeometryResponse{
		Returnval: types.HostDiskDimensionsChs{
			Cylinder: int64(number("cylinders")), Head: number("heads"), Sector: number("sectors")}}}
}
