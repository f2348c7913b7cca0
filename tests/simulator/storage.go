// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// disks is the virtual disk manager.
type disks struct {
	*simulator.VirtualDiskManager
	s *server
}

// ZeroFillVirtualDiskTask wants the disk to be there; its extent is empty anyway.
func (d *disks) ZeroFillVirtualDiskTask(ctx *simulator.Context, req *types.ZeroFillVirtualDisk_Task) soap.HasFault {
	t := simulator.CreateTask(d.VirtualDiskManager, "zeroFillVirtualDisk", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		_, _, fault := ctx.Map.FileManager().DiskDescriptor(ctx, req.Datacenter, req.Name)
		return nil, fault
	})
	return &methods.ZeroFillVirtualDisk_TaskBody{Res: &types.ZeroFillVirtualDisk_TaskResponse{Returnval: t.Run(ctx)}}
}

// DeleteVirtualDiskTask deletes a descriptor, and its extent if it has one: one
// that was uploaded has none.
func (d *disks) DeleteVirtualDiskTask(ctx *simulator.Context, req *types.DeleteVirtualDisk_Task) soap.HasFault {
	t := simulator.CreateTask(d.VirtualDiskManager, "deleteVirtualDisk", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		file, fault := d.s.localFile(req.Name)
		if fault != nil {
			return nil, fault
		}
		if err := os.Remove(file); err != nil {
			return nil, &types.FileNotFound{FileFault: types.FileFault{File: req.Name}}
		}
		_ = os.Remove(simulator.VirtualDiskBackingFileName(file))
		return nil, nil
	})
	return &methods.DeleteVirtualDisk_TaskBody{Res: &types.DeleteVirtualDisk_TaskResponse{Returnval: t.Run(ctx)}}
}

// storage is a host's storage system.
type storage struct{ *simulator.HostStorageSystem }

// RescanHba finds nothing new.
func (*storage) RescanHba(*simulator.Context, *types.RescanHba) soap.HasFault {
	return &methods.RescanHbaBody{Res: new(types.RescanHbaResponse)}
}
