// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// completeDisks sets what the files of disks say: size, kind, UUID, and the chain
// of parents of a snapshot's delta.
func (s *server) completeDisks(devices []types.BaseVirtualDevice) {
	n := 0
	for _, dev := range devices {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		n++
		disk.DeviceInfo.GetDescription().Label = fmt.Sprintf("Hard disk %d", n)
		b, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if !ok {
			continue
		}
		if top := s.completeBacking(b, 0); top != nil {
			disk.CapacityInBytes = top.Capacity()
			disk.CapacityInKB = disk.CapacityInBytes / 1024
			disk.DeviceInfo.GetDescription().Summary = fmt.Sprintf("%d KB", disk.CapacityInKB)
		}
	}
}

const maxChain = 255 // of disks, against one that leads back to itself

// completeBacking completes a backing and its parents; it returns the descriptor,
// or nil where there is none.
func (s *server) completeBacking(b *types.VirtualDiskFlatVer2BackingInfo, depth int) *vmdk.Descriptor {
	file, fault := s.localFile(b.FileName)
	if fault != nil {
		return nil
	}
	if v := s.volumeOfFile(file); v != nil {
		b.Datastore = &v.ref
	}
	d, err := vmdk.Read(file)
	if err != nil {
		return nil
	}
	b.ThinProvisioned, b.ContentId = types.NewBool(d.Thin()), fmt.Sprintf("%08x", d.CID)
	if u, ok := vmx.ParseUUID(d.UUID()); ok {
		b.Uuid = u.String()
	}
	if d.IsDelta() && depth < maxChain {
		b.DeltaDiskFormat = "redoLogFormat"
		if d.CreateType == "seSparse" {
			b.DeltaDiskFormat = "seSparseFormat"
		}
		parent := &types.VirtualDiskFlatVer2BackingInfo{DiskMode: b.DiskMode}
		parent.FileName = s.namesIn(b.FileName).Read(d.ParentHint)
		parent.Uuid = uuid.NewSHA1(uuid.NameSpaceURL, []byte(parent.FileName)).String()
		s.completeBacking(parent, depth+1)
		b.Parent, b.Uuid = parent, parent.Uuid
	}
	return d
}

// chainOf are the datastore paths of a disk and of its parents.
func chainOf(b *types.VirtualDiskFlatVer2BackingInfo) (paths []string) {
	for ; b != nil; b = b.Parent {
		paths = append(paths, b.FileName)
	}
	return paths
}

// chain reads the same from the files.
func (s *server) chain(name string) (paths []string) {
	b := &types.VirtualDiskFlatVer2BackingInfo{}
	b.FileName = name
	s.completeBacking(b, 0)
	return chainOf(b)
}

var deltaNumber = regexp.MustCompile(`-\d{6}$`)

// nextDelta is the first free name for a delta of a disk, beside the VMX file.
func (s *server) nextDelta(vmxPath, disk string) string {
	stem := deltaNumber.ReplaceAllString(strings.TrimSuffix(dspath.Base(disk), ".vmdk"), "")
	for n := 1; ; n++ {
		name := dspath.Join(dspath.Dir(vmxPath), fmt.Sprintf("%s-%06d.vmdk", stem, n))
		if file, fault := s.localFile(name); fault != nil || !exists(file) {
			return name
		}
	}
}

// addDelta makes a delta of a disk and returns its path.
func (s *server) addDelta(vmxPath, disk string) (string, types.BaseMethodFault) {
	parent, fault := s.localFile(disk)
	if fault != nil {
		return "", fault
	}
	name := s.nextDelta(vmxPath, disk)
	file, fault := s.localFile(name)
	if fault != nil {
		return "", fault
	}
	return name, fileFault(disk, vmdk.CreateDelta(file, parent, s.namesIn(name).Write(disk)))
}

// reparent makes a delta one of another disk.
func (s *server) reparent(name, parent string) {
	file, fault := s.localFile(name)
	if fault != nil {
		return
	}
	if d, err := vmdk.Read(file); err == nil {
		d.ParentHint = s.namesIn(name).Write(parent)
		_ = d.Write(file)
	}
}

// removeNamed deletes a disk by its path.
func (s *server) removeNamed(name string) {
	if file, fault := s.localFile(name); fault == nil {
		_ = vmdk.Remove(file)
	}
}
