// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmdk"
)

// disks is the virtual disk manager: it works on disks that no domain holds.
type disks struct {
	*simulator.VirtualDiskManager
	s *server
}

var (
	createKinds  = []string{"thin", "preallocated", "eagerZeroedThick"}
	copyKinds    = append([]string{"thick"}, createKinds...)
	adapterKinds = []string{"ide", "busLogic", "lsiLogic"}
)

func invalidArgument(property string) types.BaseMethodFault {
	return &types.InvalidArgument{InvalidProperty: property}
}

// existing is the descriptor of a disk that is there.
func (d *disks) existing(name string) (string, *vmdk.Descriptor, types.BaseMethodFault) {
	file, fault := d.s.localFile(name)
	if fault != nil {
		return "", nil, fault
	}
	disk, err := vmdk.Read(file)
	return file, disk, fileFault(name, err)
}

// writable is the same for a disk that will be changed.
func (d *disks) writable(name string) (string, *vmdk.Descriptor, types.BaseMethodFault) {
	file, disk, fault := d.existing(name)
	for _, f := range vmdk.FilesOf(file) {
		if fault == nil {
			fault = d.s.locked(name, f)
		}
	}
	return file, disk, fault
}

// newFile is where a new disk goes: in a directory that is there, under a free name.
func (d *disks) newFile(name string) (string, types.BaseMethodFault) {
	file, fault := d.s.localFile(name)
	switch {
	case fault != nil:
		return "", fault
	case !strings.EqualFold(filepath.Ext(file), ".vmdk"):
		return "", invalidArgument("name")
	case !exists(filepath.Dir(file)):
		return "", &types.FileNotFound{FileFault: types.FileFault{File: name}}
	case exists(file):
		return "", &types.FileAlreadyExists{FileFault: types.FileFault{File: name}}
	}
	return file, nil
}

// CreateVirtualDiskTask makes a disk; it makes no directories.
func (d *disks) CreateVirtualDiskTask(ctx *simulator.Context, req *types.CreateVirtualDisk_Task) soap.HasFault {
	return &methods.CreateVirtualDisk_TaskBody{Res: &types.CreateVirtualDisk_TaskResponse{
		Returnval: d.s.longTask(ctx, req.Name, "CreateVirtualDisk_Task", func(j *job) types.BaseMethodFault {
			spec, ok := req.Spec.(types.BaseFileBackedVirtualDiskSpec)
			switch {
			case !ok:
				return new(types.NotSupported)
			case !slices.Contains(createKinds, spec.GetFileBackedVirtualDiskSpec().DiskType):
				return invalidArgument("spec.diskType")
			case !slices.Contains(adapterKinds, spec.GetFileBackedVirtualDiskSpec().AdapterType):
				return invalidArgument("spec.adapterType")
			}
			b := spec.GetFileBackedVirtualDiskSpec()
			return d.s.makeDisk(j.ctx, req.Name, b.CapacityKb*1024, b.DiskType, b.AdapterType)
		})}}
}

// makeDisk makes a disk of a size that can be, where there is room for it.
func (s *server) makeDisk(ctx *simulator.Context, name string, capacity int64, kind, adapter string) types.BaseMethodFault {
	file, fault := (&disks{s: s}).newFile(name)
	if fault == nil && (capacity <= 0 || capacity > vmdk.MaxCapacity) {
		fault = invalidArgument("spec.capacityKb")
	}
	if fault == nil {
		kind, fault = s.kindOn(name, file, kind)
	}
	if fault == nil && kind != "thin" {
		fault = s.noSpace(name, file, capacity)
	}
	if fault != nil {
		return fault
	}
	return s.changing(ctx, func() types.BaseMethodFault {
		return fileFault(name, vmdk.Create(file, capacity, kind, adapter))
	}, file, vmdk.ExtentFile(file, "flat"))
}

// kindOn is the kind that a disk gets on its datastore: on NFS the server decides
// and makes thin ones.
func (s *server) kindOn(name, file, kind string) (string, types.BaseMethodFault) {
	if v := s.volumeOfFile(file); v == nil || v.kind != "nfs" {
		return kind, nil
	}
	if kind == "eagerZeroedThick" {
		return "", &types.CannotCreateFile{FileFault: types.FileFault{File: name}}
	}
	return "thin", nil
}

// ExtendVirtualDiskTask grows a disk that has no parent.
func (d *disks) ExtendVirtualDiskTask(ctx *simulator.Context, req *types.ExtendVirtualDisk_Task) soap.HasFault {
	return &methods.ExtendVirtualDisk_TaskBody{Res: &types.ExtendVirtualDisk_TaskResponse{
		Returnval: d.s.longTask(ctx, req.Name, "ExtendVirtualDisk_Task", func(j *job) types.BaseMethodFault {
			file, disk, fault := d.writable(req.Name)
			if fault != nil {
				return fault
			}
			return d.s.grow(j.ctx, req.Name, file, disk, req.NewCapacityKb*1024)
		})}}
}

// grow extends a base disk, and its extent.
func (s *server) grow(ctx *simulator.Context, name, file string, disk *vmdk.Descriptor, capacity int64) types.BaseMethodFault {
	more := capacity - disk.Capacity()
	switch {
	case more < 0 || capacity > vmdk.MaxCapacity:
		return invalidArgument("newCapacityKb")
	case disk.IsDelta() || len(disk.Extents) != 1 || disk.Extents[0].Kind != "VMFS":
		return new(types.InvalidDiskFormat)
	}
	if !disk.Thin() {
		if fault := s.noSpace(name, file, more); fault != nil {
			return fault
		}
	}
	flat := vmdk.FilesOf(file)[1]
	return s.changing(ctx, func() types.BaseMethodFault {
		disk.Extents[0].Sectors = (capacity + vmdk.SectorSize - 1) / vmdk.SectorSize
		if err := os.Truncate(flat, disk.Capacity()); err != nil {
			return fileFault(name, err)
		}
		return fileFault(name, disk.Write(file))
	}, file, flat)
}

// DeleteVirtualDiskTask deletes a descriptor and its extents, unless it says
// that it may not be deleted.
func (d *disks) DeleteVirtualDiskTask(ctx *simulator.Context, req *types.DeleteVirtualDisk_Task) soap.HasFault {
	return &methods.DeleteVirtualDisk_TaskBody{Res: &types.DeleteVirtualDisk_TaskResponse{
		Returnval: d.s.longTask(ctx, req.Name, "DeleteVirtualDisk_Task", func(j *job) types.BaseMethodFault {
			file, disk, fault := d.writable(req.Name)
			if fault != nil {
				return fault
			}
			if disk.DDB["deletable"] == "false" {
				return &types.CannotDeleteFile{FileFault: types.FileFault{File: req.Name}}
			}
			return d.s.changing(j.ctx, func() types.BaseMethodFault { return fileFault(req.Name, vmdk.Remove(file)) }, vmdk.FilesOf(file)...)
		})}}
}

// MoveVirtualDiskTask renames a disk and its extents.
func (d *disks) MoveVirtualDiskTask(ctx *simulator.Context, req *types.MoveVirtualDisk_Task) soap.HasFault {
	return &methods.MoveVirtualDisk_TaskBody{Res: &types.MoveVirtualDisk_TaskResponse{
		Returnval: d.s.longTask(ctx, req.SourceName, "MoveVirtualDisk_Task", func(j *job) types.BaseMethodFault {
			t, fault := d.s.newTransfer(req.SourceName, req.DestName, req.Force)
			if fault != nil || t.from == t.to {
				return fault
			}
			file, disk, fault := d.writable(req.SourceName)
			if fault == nil && (len(disk.Extents) != 1 || disk.Extents[0].File == "") {
				fault = new(types.InvalidDiskFormat)
			}
			if fault == nil && exists(t.to) {
				if _, _, fault = d.writable(req.DestName); fault == nil {
					fault = fileFault(req.DestName, vmdk.Remove(t.to))
				}
			}
			if fault != nil {
				return fault
			}
			old, now := vmdk.FilesOf(file)[1], vmdk.ExtentFile(t.to, strings.TrimSuffix(extentEnd(disk.Extents[0].File), ".vmdk"))
			return d.s.changing(j.ctx, func() types.BaseMethodFault {
				disk.Extents[0].File = filepath.Base(now)
				if err := os.Rename(old, now); err != nil {
					return fileFault(req.SourceName, err)
				}
				if err := disk.Write(t.to); err != nil {
					return fileFault(req.DestName, err)
				}
				return fileFault(req.SourceName, os.Remove(file))
			}, file, old, t.to, now)
		})}}
}

// extentEnd is the end of an extent's name: "flat.vmdk".
func extentEnd(name string) string { return name[strings.LastIndex(name, "-")+1:] }

// InflateVirtualDiskTask makes a thin disk a thick one.
func (d *disks) InflateVirtualDiskTask(ctx *simulator.Context, req *types.InflateVirtualDisk_Task) soap.HasFault {
	return &methods.InflateVirtualDisk_TaskBody{Res: &types.InflateVirtualDisk_TaskResponse{
		Returnval: d.rewrite(ctx, req.Name, "InflateVirtualDisk_Task", func(file string, disk *vmdk.Descriptor) types.BaseMethodFault {
			if !disk.Thin() {
				return nil
			}
			if fault := d.s.noSpace(req.Name, file, disk.Capacity()-allocated(vmdk.FilesOf(file)[1])); fault != nil {
				return fault
			}
			delete(disk.DDB, vmdk.ThinKey)
			return fileFault(req.Name, disk.Write(file))
		})}}
}

// EagerZeroVirtualDiskTask writes the zeros of a thick disk: nothing that can be seen.
func (d *disks) EagerZeroVirtualDiskTask(ctx *simulator.Context, req *types.EagerZeroVirtualDisk_Task) soap.HasFault {
	return &methods.EagerZeroVirtualDisk_TaskBody{Res: &types.EagerZeroVirtualDisk_TaskResponse{
		Returnval: d.rewrite(ctx, req.Name, "EagerZeroVirtualDisk_Task", func(_ string, disk *vmdk.Descriptor) types.BaseMethodFault {
			if disk.Thin() {
				return new(types.InvalidDiskFormat)
			}
			return nil
		})}}
}

// ShrinkVirtualDiskTask gives nothing back: a thin disk here has no blocks of zeros.
func (d *disks) ShrinkVirtualDiskTask(ctx *simulator.Context, req *types.ShrinkVirtualDisk_Task) soap.HasFault {
	return &methods.ShrinkVirtualDisk_TaskBody{Res: &types.ShrinkVirtualDisk_TaskResponse{
		Returnval: d.rewrite(ctx, req.Name, "ShrinkVirtualDisk_Task", func(string, *vmdk.Descriptor) types.BaseMethodFault { return nil })}}
}

// ZeroFillVirtualDiskTask overwrites all data.
func (d *disks) ZeroFillVirtualDiskTask(ctx *simulator.Context, req *types.ZeroFillVirtualDisk_Task) soap.HasFault {
	return &methods.ZeroFillVirtualDisk_TaskBody{Res: &types.ZeroFillVirtualDisk_TaskResponse{
		Returnval: d.rewrite(ctx, req.Name, "ZeroFillVirtualDisk_Task", func(file string, disk *vmdk.Descriptor) types.BaseMethodFault {
			for _, extent := range vmdk.FilesOf(file)[1:] {
				if err := vmdk.MakeSparse(extent, disk.Capacity()); err != nil {
					return fileFault(req.Name, err)
				}
			}
			return nil
		})}}
}

// rewrite is a task that changes a disk in its place.
func (d *disks) rewrite(ctx *simulator.Context, name, method string,
	work func(string, *vmdk.Descriptor) types.BaseMethodFault) types.ManagedObjectReference {
	return d.s.longTask(ctx, name, method, func(j *job) types.BaseMethodFault {
		file, disk, fault := d.writable(name)
		if fault != nil {
			return fault
		}
		return d.s.changing(j.ctx, func() types.BaseMethodFault { return work(file, disk) }, vmdk.FilesOf(file)...)
	})
}

// storage is a host's storage system.
type storage struct{ *simulator.HostStorageSystem }

// RescanHba finds nothing new.
func (*storage) RescanHba(*simulator.Context, *types.RescanHba) soap.HasFault {
	return &methods.RescanHbaBody{Res: new(types.RescanHbaResponse)}
}
