// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// layoutTypes are the types of files in layoutEx by their ends.
var layoutTypes = map[string]types.VirtualMachineFileLayoutExFileType{
	".vmx": types.VirtualMachineFileLayoutExFileTypeConfig, ".vmxf": types.VirtualMachineFileLayoutExFileTypeExtendedConfig,
	".nvram": types.VirtualMachineFileLayoutExFileTypeNvram, ".vmsd": types.VirtualMachineFileLayoutExFileTypeSnapshotList,
	".vmsn": types.VirtualMachineFileLayoutExFileTypeSnapshotData, ".vmem": types.VirtualMachineFileLayoutExFileTypeSnapshotMemory,
	".vmss": types.VirtualMachineFileLayoutExFileTypeSuspend, ".vswp": types.VirtualMachineFileLayoutExFileTypeSwap,
	".log": types.VirtualMachineFileLayoutExFileTypeLog,
}

// A layout is the files of a domain while they are collected.
type layout struct {
	s    *server
	ex   *types.VirtualMachineFileLayoutEx
	keys map[string]int32
}

// add adds a file that is there, and returns its key; -1 for one that is not.
func (l *layout) add(name string, kind types.VirtualMachineFileLayoutExFileType) int32 {
	if key, known := l.keys[name]; known {
		return key
	}
	file, fault := l.s.localFile(name)
	if fault != nil {
		return -1
	}
	info, err := os.Stat(file)
	if err != nil || info.IsDir() {
		return -1
	}
	key, size := int32(len(l.ex.File)), allocatedBy(file, info)
	l.keys[name] = key
	l.ex.File = append(l.ex.File, types.VirtualMachineFileLayoutExFileInfo{
		Key: key, Name: name, Type: string(kind), Size: size, UniqueSize: size, Accessible: types.NewBool(true)})
	return key
}

// disk adds the files of a disk and of its parents.
func (l *layout) disk(key int32, name string) types.VirtualMachineFileLayoutExDiskLayout {
	shown := types.VirtualMachineFileLayoutExDiskLayout{Key: key}
	for _, name := range l.s.chain(name) {
		file, fault := l.s.localFile(name)
		if fault != nil {
			continue
		}
		unit := types.VirtualMachineFileLayoutExDiskUnit{}
		for i, f := range vmdk.FilesOf(file) {
			kind := types.VirtualMachineFileLayoutExFileTypeDiskExtent
			if i == 0 {
				kind = types.VirtualMachineFileLayoutExFileTypeDiskDescriptor
			}
			if added := l.add(dspath.Join(dspath.Dir(name), filepath.Base(f)), kind); added >= 0 {
				unit.FileKey = append(unit.FileKey, added)
			}
		}
		shown.Chain = slices.Insert(shown.Chain, 0, unit) // from the base upwards
	}
	return shown
}

// layOut brings layoutEx and the older layout up to date with the files of a
// domain. The caller holds its lock, and tells of the change.
func (s *server) layOut(vm *simulator.VirtualMachine, h *history) {
	l := &layout{s, &types.VirtualMachineFileLayoutEx{Timestamp: time.Now()}, map[string]int32{}}
	old := &types.VirtualMachineFileLayout{}
	vmxPath := vm.Config.Files.VmPathName
	for _, end := range []string{".vmx", ".vmxf", ".nvram", ".vmsd", ".vmss", ".vswp"} {
		if l.add(beside(vmxPath, end), layoutTypes[end]) >= 0 && end != ".vswp" {
			old.ConfigFile = append(old.ConfigFile, dspath.Base(beside(vmxPath, end)))
		}
	}
	if log := dspath.Join(dspath.Dir(vmxPath), "vmware.log"); l.add(log, layoutTypes[".log"]) >= 0 {
		old.LogFile = []string{"vmware.log"}
	}
	for _, dev := range vm.Config.Hardware.Device {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		if b, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
			name := b.GetVirtualDeviceFileBackingInfo().FileName
			l.ex.Disk = append(l.ex.Disk, l.disk(disk.Key, name))
			old.Disk = append(old.Disk, types.VirtualMachineFileLayoutDiskLayout{Key: disk.Key, DiskFile: s.chain(name)})
		}
	}
	names := s.namesIn(vmxPath)
	for _, state := range h.states {
		shown := types.VirtualMachineFileLayoutExSnapshotLayout{
			Key: snapshotRef(vm.Self, state.id), DataKey: l.add(state.file(vmxPath), layoutTypes[".vmsn"]),
			MemoryKey: l.add(state.memoryFile(vmxPath), layoutTypes[".vmem"])}
		files := []string{state.file(vmxPath)}
		for slot, name := range state.disks(names) {
			shown.Disk = append(shown.Disk, l.disk(vmx.KeyOf(slot), name))
			files = append(files, name)
		}
		l.ex.Snapshot = append(l.ex.Snapshot, shown)
		old.Snapshot = append(old.Snapshot, types.VirtualMachineFileLayoutSnapshotLayout{Key: shown.Key, SnapshotFile: files})
	}
	vm.LayoutEx, vm.Layout = l.ex, old
	s.sumUp(vm)
}

// sumUp tells how much space the files of a domain take.
func (s *server) sumUp(vm *simulator.VirtualMachine) {
	sum := &types.VirtualMachineStorageSummary{Timestamp: time.Now()}
	use := map[string]*types.VirtualMachineUsageOnDatastore{}
	for _, f := range vm.LayoutEx.File {
		sum.Committed += f.Size
		sum.Unshared += f.UniqueSize
		name := f.Name[1:strings.Index(f.Name, "]")]
		if v := s.volumeNamed(name); v != nil {
			if use[name] == nil {
				use[name] = &types.VirtualMachineUsageOnDatastore{Datastore: v.ref}
			}
			use[name].Committed += f.Size
			use[name].Unshared += f.UniqueSize
		}
	}
	for _, dev := range vm.Config.Hardware.Device {
		if disk, ok := dev.(*types.VirtualDisk); ok {
			sum.Uncommitted += disk.CapacityInBytes
		}
	}
	sum.Uncommitted = max(0, sum.Uncommitted-sum.Committed)
	vm.Storage = &types.VirtualMachineStorageInfo{Timestamp: sum.Timestamp}
	for _, v := range s.volumes {
		if u := use[v.name]; u != nil {
			vm.Storage.PerDatastoreUsage = append(vm.Storage.PerDatastoreUsage, *u)
		}
	}
	vm.Summary.Storage = sum
}
