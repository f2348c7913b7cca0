// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
)

// A lockMode is how a running domain holds a file.
type lockMode int

const (
	lockRead   lockMode = iota + 1 // others may read: an ISO image, the parent of a delta, a descriptor
	lockShared                     // others may write, too, if they all share it
	lockWrite                      // no other domain may even read
)

// fileLocks are the files that running domains hold. They have a mutex of their
// own, so that no domain needs the lock of another to look at them.
type fileLocks struct {
	mutex sync.Mutex
	held  map[types.ManagedObjectReference]map[string]lockMode // by domain, then by file here
	other map[string]bool                                      // files that a test has locked
}

// set replaces what a domain holds.
func (l *fileLocks) set(domain types.ManagedObjectReference, files map[string]lockMode) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(files) == 0 {
		delete(l.held, domain)
		return
	}
	l.held[domain] = files
}

// refuses tells whether a domain (or none: the zero reference) cannot open a
// file so, because of another domain.
func (l *fileLocks) refuses(domain types.ManagedObjectReference, file string, wanted lockMode) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.other[file] {
		return true
	}
	for holder, files := range l.held {
		have := files[file]
		if holder == domain || have == 0 || have == lockRead && wanted == lockRead || have == lockShared && wanted == lockShared {
			continue
		}
		return true
	}
	return false
}

// below tells whether a file is held, or one in the directory of that name.
func (l *fileLocks) below(file string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	within := func(name string) bool { return name == file || strings.HasPrefix(name, file+"/") }
	for name := range l.other {
		if within(name) {
			return true
		}
	}
	for _, files := range l.held {
		for name := range files {
			if within(name) {
				return true
			}
		}
	}
	return false
}

// locksOf are the files that a domain holds while it runs.
func (s *server) locksOf(vm *simulator.VirtualMachine) map[string]lockMode {
	files := map[string]lockMode{}
	hold := func(name string, mode lockMode) {
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
				hold(b.FileName, lockRead)
			}
		case *types.VirtualFloppy:
			if b, ok := d.Backing.(*types.VirtualFloppyImageBackingInfo); ok && d.Connectable != nil && d.Connectable.Connected {
				hold(b.FileName, lockWrite)
			}
		}
	}
	return files
}

// holdDisk holds the files of a disk: the uppermost of its chain for writing.
func (s *server) holdDisk(vm *simulator.VirtualMachine, d *types.VirtualDisk, hold func(string, lockMode)) {
	b, ok := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	mode := lockWrite
	if ok && (b.Sharing == string(types.VirtualDiskSharingSharingMultiWriter) || busIsShared(vm, d.ControllerKey)) {
		mode = lockShared
	}
	for ; ok && b != nil; b = b.Parent {
		file, fault := s.localFile(b.FileName)
		if fault != nil {
			return
		}
		hold(b.FileName, min(mode, lockRead))
		for _, extent := range filesOf(file)[1:] {
			hold(dspath.Join(dspath.Dir(b.FileName), extent[strings.LastIndex(extent, "/")+1:]), mode)
		}
		mode = lockRead
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
		s.locks.set(vm.Self, s.locksOf(vm))
	} else {
		s.locks.set(vm.Self, nil)
	}
}

// locked is the fault of something that would change a file that is in use.
func (s *server) locked(name, file string) types.BaseMethodFault {
	if s.locks.below(file) {
		return &types.FileLocked{FileFault: types.FileFault{File: name}}
	}
	return nil
}
