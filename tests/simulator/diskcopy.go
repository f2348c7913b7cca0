// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"os"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/filelocks"
	"esx-simulator/internal/vmdk"
)

var errCancelled = errors.New("the task was cancelled")

// CopyVirtualDiskTask copies a disk, or the whole chain of a delta into one disk,
// and converts it on the way. It never overwrites, whatever force says.
func (d *disks) CopyVirtualDiskTask(ctx *simulator.Context, req *types.CopyVirtualDisk_Task) soap.HasFault {
	return &methods.CopyVirtualDisk_TaskBody{Res: &types.CopyVirtualDisk_TaskResponse{
		Returnval: d.s.longTask(ctx, req.DestName, "CopyVirtualDisk_Task", func(j *job) types.BaseMethodFault {
			kind, adapter := "preallocated", "busLogic"
			if req.DestSpec != nil {
				if d.s.registry.IsVPX() && !d.s.sessions.atHost(j.ctx) {
					return new(types.NotImplemented)
				}
				spec := req.DestSpec.GetVirtualDiskSpec()
				kind, adapter = spec.DiskType, spec.AdapterType
			}
			if !slices.Contains(copyKinds, kind) {
				return invalidArgument("destSpec.diskType")
			}
			if !slices.Contains(adapterKinds, adapter) {
				return invalidArgument("destSpec.adapterType")
			}
			return d.copy(j, req.SourceName, req.DestName, kind, adapter)
		})}}
}

// source is the base disk whose data a copy takes, and its descriptor.
func (d *disks) source(name string) (string, *vmdk.Descriptor, types.BaseMethodFault) {
	file, disk, fault := d.existing(name)
	for fault == nil && disk.IsDelta() {
		name = d.s.namesIn(name).Read(disk.ParentHint)
		file, disk, fault = d.existing(name)
	}
	if fault != nil {
		return "", nil, fault
	}
	if disk.CreateType == "streamOptimized" { // it has to be imported
		return "", nil, new(types.InvalidDiskFormat)
	}
	return file, disk, nil
}

func (d *disks) copy(j *job, sourceName, targetName, kind, adapter string) types.BaseMethodFault {
	file, fault := d.s.localFile(sourceName)
	if fault != nil {
		return fault
	}
	if target, fault := d.s.localFile(targetName); fault == nil && target == file {
		return nil
	}
	for _, f := range vmdk.FilesOf(file) {
		if d.s.locks.Refuses(types.ManagedObjectReference{}, f, filelocks.Read) {
			return &types.FileLocked{FileFault: types.FileFault{File: sourceName}}
		}
	}
	base, disk, fault := d.source(sourceName)
	if fault != nil {
		return fault
	}
	if fault := d.s.makeDisk(j.ctx, targetName, disk.Capacity(), kind, adapter); fault != nil {
		return fault
	}
	target, _ := d.s.localFile(targetName)
	for _, f := range vmdk.FilesOf(target) { // nobody else deletes or moves it meanwhile
		d.s.locks.Lock(f)
		defer d.s.locks.Unlock(f)
	}
	fault = d.s.changing(j.ctx, func() types.BaseMethodFault {
		return d.fill(j, base, disk, vmdk.ExtentFile(target, "flat"), sourceName)
	}, vmdk.ExtentFile(target, "flat"))
	if fault != nil {
		_ = d.s.changing(j.ctx, func() types.BaseMethodFault { return fileFault(targetName, vmdk.Remove(target)) }, vmdk.FilesOf(target)...)
	}
	return fault
}

// fill writes the data of a disk into an extent. The job can be cancelled while it runs.
func (d *disks) fill(j *job, file string, disk *vmdk.Descriptor, extent, name string) types.BaseMethodFault {
	if fault := j.pass(d.s.options.CopyDelay); fault != nil {
		return fault
	}
	parts, done, err := vmdk.Open(file, disk)
	if err != nil {
		return fileFault(name, err)
	}
	defer done()
	to, err := os.OpenFile(extent, os.O_WRONLY, 0o600)
	if err != nil {
		return fileFault(name, err)
	}
	err = vmdk.Copy(to, parts, disk.Capacity(), func(n int64) error {
		if j.cancelled() {
			return errCancelled
		}
		j.show(n, disk.Capacity())
		return nil
	})
	if err = errors.Join(err, to.Close()); errors.Is(err, errCancelled) {
		return new(types.RequestCanceled)
	}
	return fileFault(name, err)
}
