// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// WriteSpec writes what a specification says into a VMX file.
//
// The configuration is that of the domain so far; the devices are all that it has then.
func WriteSpec(f *File, spec *configSpec, c *configInfo, devices []types.BaseVirtualDevice, names FileNames) {
	for _, e := range []Line{
		{key: "displayName", value: EscapeText.Replace(UnescapeName(spec.Name))},
		{key: "annotation", value: EscapeText.Replace(spec.Annotation)},
		{key: "uuid.bios", value: SpacedUUID(spec.Uuid)},
		{key: "virtualHW.version", value: strings.TrimLeft(strings.TrimPrefix(spec.Version, "vmx-"), "0")},
	} {
		if was, ok := f.Lookup(e.key); e.value != "" && (!ok || was != e.value) {
			f.Set(e.key, e.value)
		}
	}
	if spec.GuestId != "" && GuestID(f.Get("guestOS", "other")) != spec.GuestId {
		f.Set("guestOS", GuestOS(spec.GuestId))
	}
	if spec.Firmware != "" && strings.ToLower(f.Get("firmware", "bios")) != spec.Firmware {
		f.Set("firmware", spec.Firmware)
	}
	writeSpecHardware(f, spec)
	CPUAllocation.write(f, c.CpuAllocation, spec.CpuAllocation)
	memoryAllocation.write(f, c.MemoryAllocation, spec.MemoryAllocation)
	writeTyped(f, spec)
	if len(spec.DeviceChange) > 0 {
		writeDrives(f, devices, names)
		writeNICs(f, devices)
		writeOthers(f, devices, names)
		writeUSBDevices(f, devices)
		writeVideo(f, devices)
	}
	writeOptions(f, spec.ExtraConfig)
}

// writeSpecHardware writes memory and CPUs.
func writeSpecHardware(f *File, spec *configSpec) {
	if spec.MemoryMB != 0 {
		setNumber(f, "memsize", f.Integer("memsize", 32), spec.MemoryMB)
	}
	if spec.NumCPUs != 0 {
		setNumber(f, "numvcpus", f.Integer("numvcpus", 1), int64(spec.NumCPUs))
	}
	if n := spec.NumCoresPerSocket; n != nil && *n > 0 {
		setNumber(f, "cpuid.coresPerSocket", f.Integer("cpuid.coresPerSocket", 1), int64(*n))
	}
	if now := spec.CpuHotAddEnabled; now != nil && *now != f.Flag("vcpu.hotadd") {
		setFlag(f, "vcpu.hotadd", *now)
	}
	if now := spec.MemoryHotAddEnabled; now != nil && *now != f.Flag("mem.hotadd") {
		setFlag(f, "mem.hotadd", *now)
	}
}

// writeOptions writes entries that have no place of their own in the API; an empty
// value removes an entry.
func writeOptions(f *File, options []types.BaseOptionValue) {
	for _, option := range options {
		o := option.GetOptionValue()
		text, ok := o.Value.(string)
		if !ok && o.Value != nil {
			text = fmt.Sprint(o.Value)
		}
		if own := ownPlace.MatchString(o.Key); own || strings.HasPrefix(o.Key, "SET.") {
			continue
		}
		if have, ok := f.Lookup(o.Key); text == "" || !ok || UnescapeText(have) != text {
			f.Edit(map[string]string{o.Key: EscapeText.Replace(text)})
		}
	}
}

// MergeAllocations completes the allocations: parts that the client leaves out stay,
// and levels of shares have numbers.
func MergeAllocations(spec *configSpec, c *configInfo) {
	units := int64(c.Hardware.NumCPU)
	if spec.NumCPUs != 0 {
		units = int64(spec.NumCPUs)
	}
	CPUAllocation.merge(spec.CpuAllocation, c.CpuAllocation, units)
	units = int64(c.Hardware.MemoryMB)
	if spec.MemoryMB != 0 {
		units = spec.MemoryMB
	}
	memoryAllocation.merge(spec.MemoryAllocation, c.MemoryAllocation, units)
}

// merge completes what a client sets with what is there.
func (a allocation) merge(now, old *types.ResourceAllocationInfo, units int64) {
	if now == nil || old == nil {
		return
	}
	if now.Reservation == nil {
		now.Reservation = old.Reservation
	}
	if now.Limit == nil {
		now.Limit = old.Limit
	}
	if now.Shares == nil {
		now.Shares = old.Shares
	}
	if now.Shares != nil && levels[now.Shares.Level] != 0 {
		now.Shares.Shares = a.number(now.Shares.Level, units)
	}
}
