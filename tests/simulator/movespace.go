// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmdk"
)

// movedSpace is what the disks of a move take from datastores (positive) and give back, by name.
func (d *domain) movedSpace(m move) map[string]int64 {
	bytes := map[string]int64{}
	for _, dev := range d.Config.Hardware.Device {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok || m.datastoreOf(disk) == nil {
			continue
		}
		flat, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if !ok {
			continue
		}
		to := d.s.nameOf(*m.datastoreOf(disk))
		for _, file := range chainOf(flat) {
			var p object.DatastorePath
			if !p.FromString(file) || p.Datastore == to {
				continue
			}
			for _, part := range []string{file, vmdk.ExtentFile(file, "flat"), vmdk.ExtentFile(file, "delta"), vmdk.ExtentFile(file, "sesparse")} {
				if local, fault := d.s.localFile(part); fault == nil {
					size := allocated(local)
					bytes[to] += size
					bytes[p.Datastore] -= size
				}
			}
		}
	}
	return bytes
}

// obstaclesOfSpace are datastores that cannot be reached, and those that are too full for the disks.
func (d *domain) obstaclesOfSpace(m move) (faults []types.BaseMethodFault) {
	bytes := d.movedSpace(m)
	for _, ref := range m.datastores() {
		name := d.s.nameOf(ref)
		file, fault := d.s.localFile("[" + name + "] disk.vmdk")
		if fault == nil {
			fault = d.s.noSpace("["+name+"]", file, bytes[name])
		}
		if fault != nil {
			faults = append(faults, fault)
		}
	}
	return faults
}

// bookMove changes the free space of datastores between which disks were moved.
func (d *domain) bookMove(ctx *simulator.Context, bytes map[string]int64) {
	for name, n := range bytes {
		if v := d.s.volumeNamed(name); v != nil {
			d.s.book(ctx, v, n)
		}
	}
}
