// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
	"esx-simulator/internal/filelocks"
	"esx-simulator/internal/lenient"
	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// addDisk attaches a disk that is there, or makes one.
func (e *deviceEdit) addDisk(i int, spec *types.VirtualDeviceConfigSpec, disk *types.VirtualDisk) types.BaseMethodFault {
	b, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if !ok {
		return &types.DeviceUnsupportedForVmPlatform{InvalidDeviceSpec: types.InvalidDeviceSpec{DeviceIndex: int32(i)}}
	}
	if b.DiskMode == "" {
		return invalidDevice(i, "virtualDeviceSpec.device.backing.diskMode")
	}
	if spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationCreate ||
		spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationReplace {
		return e.createDisk(i, disk, b, spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationReplace)
	}
	return e.attachDisk(i, b)
}

// attachDisk requires that the disk's file exists and that no other domain uses it.
func (e *deviceEdit) attachDisk(i int, b *types.VirtualDiskFlatVer2BackingInfo) types.BaseMethodFault {
	file, fault := e.d.s.localFile(b.FileName)
	if fault != nil {
		return fault
	}
	if _, err := vmdk.Read(file); err != nil {
		return fileFault(b.FileName, err)
	}
	for _, dev := range e.devices {
		if other, ok := dev.(*types.VirtualDisk); ok {
			if o, ok := other.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok && e.sameFile(o.FileName, file) {
				return invalidDevice(i, "virtualDeviceSpec.device.backing.fileName")
			}
		}
	}
	if !e.running {
		return nil
	}
	mode := filelocks.Write
	if b.Sharing == string(types.VirtualDiskSharingSharingMultiWriter) {
		mode = filelocks.Shared
	}
	for _, extent := range vmdk.FilesOf(file)[1:] {
		if e.d.s.locks.Refuses(e.d.Self, extent, mode) {
			return &types.FileLocked{FileFault: types.FileFault{File: b.FileName}}
		}
	}
	return nil
}

func (e *deviceEdit) sameFile(name, file string) bool {
	other, fault := e.d.s.localFile(name)
	return fault == nil && other == file
}

// vmdk.Create plans a new disk: of a size, or a delta of another one.
func (e *deviceEdit) createDisk(i int, disk *types.VirtualDisk, b *types.VirtualDiskFlatVer2BackingInfo, replace bool) types.BaseMethodFault {
	capacity := disk.CapacityInBytes
	if capacity == 0 {
		capacity = disk.CapacityInKB * 1024
	}
	if b.Parent == nil && (capacity <= 0 || capacity > vmdk.MaxCapacity) {
		return invalidDevice(i, "virtualDeviceSpec.device.capacityInKB")
	}
	var p object.DatastorePath
	if !p.FromString(b.FileName) || p.Path == "" {
		b.FileName = e.newDiskName(b.FileName)
	}
	file, fault := e.d.s.localFile(b.FileName)
	switch {
	case fault != nil:
		return fault
	case !strings.HasSuffix(b.FileName, ".vmdk"):
		return invalidDevice(i, "virtualDeviceSpec.device.backing.fileName")
	case exists(file) && !replace:
		return &types.FileAlreadyExists{FileFault: types.FileFault{File: b.FileName}}
	case !exists(filepath.Dir(file)):
		return &types.FileNotFound{FileFault: types.FileFault{File: b.FileName}}
	}
	kind := "preallocated"
	if lenient.IsTrue(b.ThinProvisioned) {
		kind = "thin"
	} else if lenient.IsTrue(b.EagerlyScrub) {
		kind = "eagerZeroedThick"
	}
	if kind, fault = e.d.s.kindOn(b.FileName, file, kind); fault != nil {
		return fault
	}
	if fault := e.d.s.noSpace(b.FileName, file, capacity); fault != nil && kind != "thin" && b.Parent == nil {
		return fault
	}
	name, parent := b.FileName, b.Parent
	e.made = append(e.made, name)
	e.before = append(e.before, func() types.BaseMethodFault {
		if replace && exists(file) {
			if err := vmdk.Remove(file); err != nil {
				return fileFault(name, err)
			}
		}
		if parent != nil {
			return e.createChild(name, file, parent.FileName)
		}
		return e.d.s.makeDisk(e.ctx, name, capacity, kind, "lsilogic")
	})
	return nil
}

// createChild makes a disk that is a delta of another one.
func (e *deviceEdit) createChild(name, file, parent string) types.BaseMethodFault {
	base, fault := e.d.s.localFile(parent)
	if fault != nil {
		return fault
	}
	return fileFault(parent, vmdk.CreateDelta(file, base, e.d.s.namesIn(name).Write(parent)))
}

// editDisk grows a disk, changes its mode, or puts another file in its place.
func (e *deviceEdit) editDisk(i int, now, old *types.VirtualDisk) types.BaseMethodFault {
	b, ok := now.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	was, _ := old.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if !ok || was == nil {
		return invalidDevice(i, "virtualDeviceSpec.device.backing")
	}
	if b.FileName == "" {
		b.FileName = was.FileName
	}
	if file, fault := e.d.s.localFile(b.FileName); fault != nil {
		return fault
	} else if !e.sameFile(was.FileName, file) {
		if e.running {
			return e.needsOff()
		}
		return e.attachDisk(i, b)
	}
	if e.running && b.DiskMode != "" && b.DiskMode != was.DiskMode {
		return e.needsOff()
	}
	wanted := now.CapacityInBytes
	if wanted == 0 || wanted == old.CapacityInBytes && now.CapacityInKB != old.CapacityInKB {
		wanted = max(wanted, 0)
		if wanted == 0 {
			wanted = now.CapacityInKB * 1024
		}
	}
	if wanted == 0 || wanted == old.CapacityInBytes {
		return nil
	}
	return e.growLater(i, was, old, wanted)
}

// growLater grows a disk, if that can be.
func (e *deviceEdit) growLater(i int, b *types.VirtualDiskFlatVer2BackingInfo, old *types.VirtualDisk, wanted int64) types.BaseMethodFault {
	onIDE := vmx.DeviceIs[*types.VirtualIDEController](e.devices.FindByKey(old.ControllerKey))
	switch {
	case wanted < old.CapacityInBytes || wanted > vmdk.MaxCapacity:
		return invalidDevice(i, "virtualDeviceSpec.device.capacityInKB")
	case b.Parent != nil || e.d.Snapshot != nil:
		return &types.GenericVmConfigFault{Reason: "Disks with parents cannot be expanded."}
	case e.running && onIDE:
		return e.needsOff()
	}
	file, fault := e.d.s.localFile(b.FileName)
	if fault != nil {
		return fault
	}
	disk, err := vmdk.Read(file)
	if err != nil {
		return fileFault(b.FileName, err)
	}
	if fault := e.d.s.noSpace(b.FileName, file, wanted-disk.Capacity()); fault != nil && !disk.Thin() {
		return fault
	}
	e.before = append(e.before, func() types.BaseMethodFault { return e.d.s.grow(e.ctx, b.FileName, file, disk, wanted) })
	return nil
}

// undo deletes the disks that were made.
func (e *deviceEdit) undo() {
	for _, name := range e.made {
		if file, fault := e.d.s.localFile(name); fault == nil {
			_ = e.d.s.changing(e.ctx, func() types.BaseMethodFault { return fileFault(name, vmdk.Remove(file)) }, vmdk.FilesOf(file)...)
			_ = os.Remove(file)
		}
	}
}

// newDiskName is the name that a host gives to a disk of which only the datastore
// is said: "web.vmdk", "web_1.vmdk" ... beside the VMX file.
func (e *deviceEdit) newDiskName(given string) string {
	vmxPath := e.d.Config.Files.VmPathName
	var p object.DatastorePath
	dir := dspath.Dir(vmxPath)
	if p.FromString(given) && p.Datastore != "" {
		var own object.DatastorePath
		own.FromString(vmxPath)
		dir = strings.TrimSuffix(fmt.Sprintf("[%s] %s", p.Datastore, path.Dir(own.Path)), " .")
	}
	stem := strings.TrimSuffix(path.Base(vmxPath[strings.Index(vmxPath, "]")+1:]), path.Ext(vmxPath))
	for n := 0; ; n++ {
		name := dspath.Join(dir, strings.TrimSpace(stem)+".vmdk")
		if n > 0 {
			name = dspath.Join(dir, fmt.Sprintf("%s_%d.vmdk", strings.TrimSpace(stem), n))
		}
		file, fault := e.d.s.localFile(name)
		taken := false
		for _, made := range e.made {
			taken = taken || made == name
		}
		if fault != nil || !exists(file) && !taken {
			return name
		}
	}
}
