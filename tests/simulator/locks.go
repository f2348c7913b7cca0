// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
	"esx-simulator/internal/filelocks"
	"esx-simulator/internal/vmdk"
)

// locksOf are the files that a domain holds while it runs.
func (s *server) locksOf(vm *simulator.VirtualMachine) map[string]filelocks.Mode {
	files := map[string]filelocks.Mode{}
	hold := func(name string, mode filelocks.Mode) {
		if file, fault := s.localFile(name); fault == nil {
			files[file] = max(files[file], mode)
		}
	}
	for _, dev := range vm.Config.Hardware.Device {
		switch d := dev.(type) {
		case *types.VirtualDisk:
			s.holdDisk(vm, d, hold)
		case *types.VirtualCdrom:
			if b, ok := d.Backing.(*types.VirtualCdromIsoBackingInfo); ok && d.Connectable != nil && d.Connectable.Connected {
				hold(b.FileName, filelocks.Read)
			}
		case *types.VirtualFloppy:
			if b, ok := d.Backing.(*types.VirtualFloppyImageBackingInfo); ok && d.Connectable != nil && d.Connectable.Connected {
				hold(b.FileName, filelocks.Write)
			}
		}
	}
	return files
}

// holdDisk holds the files of a disk: the uppermost of its chain for writing.
func (s *server) holdDisk(vm *simulator.VirtualMachine, d *types.VirtualDisk, hold func(string, filelocks.Mode)) {
	b, ok := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	mode := filelocks.Write
	if ok && (b.Sharing == string(types.VirtualDiskSharingSharingMultiWriter) || busIsShared(vm, d.ControllerKey)) {
		mode = filelocks.Shared
	}
	for ; ok && b != nil; b = b.Parent {
		file, fault := s.localFile(b.FileName)
		if fault != nil {
			return
		}
		hold(b.FileName, min(mode, filelocks.Read))
		for _, extent := range vmdk.FilesOf(file)[1:] {
			hold(dspath.Join(dspath.Dir(b.FileName), extent[strings.LastIndex(extent, "/")+1:]), mode)
		}
		mode = filelocks.Read
	}
}

// busIsShared tells whether the disks of a SCSI controller are shared.
func busIsShared(vm *simulator.VirtualMachine, key int32) bool {
	for _, dev := range vm.Config.Hardware.Device {
		if c, ok := dev.(types.BaseVirtualSCSIController); ok && dev.GetVirtualDevice().Key == key {
			return c.GetVirtualSCSIController().SharedBus != types.VirtualSCSISharingNoSharing
		}
	}
	return false
}

// lockFiles brings the locks up to date with a domain. The caller holds its lock.
func (s *server) lockFiles(vm *simulator.VirtualMachine) {
	if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
		s.locks.Set(vm.Self, s.locksOf(vm))
	} else {
		s.locks.Set(vm.Self, nil)
	}
}

// locked is the fault of something that would change a file that is in use.
func (s *server) locked(name, file string) types.BaseMethodFault {
	if s.locks.Below(file) {
		return &types.FileLocked{FileFault: types.FileFault{File: name}}
	}
	return nil
}
