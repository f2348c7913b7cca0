// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// Update brings a VMX file up to date with a domain's configuration. Only
// lines whose meaning differs are changed; it returns whether any was.
func Update(f *File, name string, c *types.VirtualMachineConfigInfo, files FileNames) bool {
	before := f.String()
	old, fault := Read(f, c.Files.VmPathName, files.Read)
	if fault != nil { // a file that API clients made: it is still empty
		old = &Settings{CPUs: 1, CoresPerSocket: 1, Firmware: "bios"}
		f.Set(".encoding", "UTF-8")
		f.Set("config.version", "8")
	}
	writeIdentity(f, old, name, c)
	writeHardware(f, old, c)
	writeExtra(f, old, c.ExtraConfig)
	writeDrives(f, object.VirtualDeviceList(c.Hardware.Device), files)
	writeNICs(f, c.Hardware.Device)
	writeOthers(f, c.Hardware.Device, files)
	writeUSBDevices(f, c.Hardware.Device)
	return f.String() != before
}

func writeIdentity(f *File, old *Settings, name string, c *types.VirtualMachineConfigInfo) {
	if _, named := f.Lookup("displayName"); old.Name != name || !named {
		f.Set("displayName", EscapeText.Replace(UnescapeName(name)))
	}
	if version := strings.TrimPrefix(c.Version, "vmx-"); old.Version != c.Version {
		f.Set("virtualHW.version", strings.TrimLeft(version, "0"))
	}
	if old.GuestID != c.GuestId {
		f.Set("guestOS", GuestOS(c.GuestId))
	}
	if old.Annotation != c.Annotation {
		f.Set("annotation", EscapeText.Replace(c.Annotation))
	}
	if u, ok := ParseUUID(c.Uuid); ok && old.UUID != u.String() {
		f.Set("uuid.bios", FormatUUID(u))
	}
}

func writeHardware(f *File, old *Settings, c *types.VirtualMachineConfigInfo) {
	setNumber(f, "memsize", old.MemoryMB, int64(c.Hardware.MemoryMB))
	setNumber(f, "numvcpus", int64(old.CPUs), int64(c.Hardware.NumCPU))
	if cores := c.Hardware.NumCoresPerSocket; cores != nil {
		setNumber(f, "cpuid.coresPerSocket", int64(old.CoresPerSocket), int64(*cores))
	}
	if c.Firmware != "" && old.Firmware != c.Firmware {
		f.Set("firmware", c.Firmware)
	}
	CPUAllocation.write(f, old.CPUAllocation, c.CpuAllocation)
	memoryAllocation.write(f, old.MemoryAllocation, c.MemoryAllocation)
}

func setNumber(f *File, key string, old, now int64) {
	if old != now {
		f.Set(key, strconv.FormatInt(now, 10))
	}
}

func (a allocation) write(f *File, old, now *types.ResourceAllocationInfo) {
	if now == nil {
		return
	}
	if old == nil {
		old = &types.ResourceAllocationInfo{
			Reservation: types.NewInt64(0), Limit: types.NewInt64(-1),
			Shares: &types.SharesInfo{Level: types.SharesLevelNormal}}
	}
	if r := now.Reservation; r != nil {
		setNumber(f, a.min, *old.Reservation, *r)
	}
	if l := now.Limit; l != nil && *l != *old.Limit {
		f.Set(a.max, strconv.FormatInt(*l, 10))
		if *l < 0 {
			f.Set(a.max, "unlimited")
		}
	}
	if s := now.Shares; s != nil && (s.Level != old.Shares.Level || s.Level == types.SharesLevelCustom) {
		text := string(s.Level)
		if s.Level == types.SharesLevelCustom {
			text = strconv.Itoa(int(s.Shares))
		}
		if f.Get(a.shares, "") != text {
			f.Set(a.shares, text)
		}
	}
}

// writeExtra writes the entries that the API sees as extraConfig: those that
// differ are set, those that a client has removed are dropped.
func writeExtra(f *File, old *Settings, extra []types.BaseOptionValue) {
	now := map[string]bool{}
	for _, o := range extra {
		v := o.GetOptionValue()
		text, ok := v.Value.(string)
		if !ok || modelled.MatchString(v.Key) || v.Key == "govcsim" {
			continue
		}
		now[strings.ToLower(v.Key)] = true
		if have, ok := f.Lookup(v.Key); !ok || have != text && UnescapeText(have) != text {
			f.Set(v.Key, EscapeText.Replace(text))
		}
	}
	gone := map[string]bool{}
	for _, o := range old.ExtraConfig {
		if key := strings.ToLower(o.GetOptionValue().Key); !now[key] {
			gone[key] = true
		}
	}
	if len(gone) > 0 {
		f.remove(func(key string) bool { return gone[key] })
	}
}

// setFlag leaves a value that means the same as it is spelled.
func setFlag(f *File, key string, value bool) {
	if _, ok := f.Lookup(key); !ok || f.Flag(key) != value {
		f.Set(key, strings.ToUpper(strconv.FormatBool(value)))
	}
}

// setModel writes a model, unless the file says the same or leaves it out and
// the model is the one that then holds (the first of its table).
func setModel(f *File, key, model string) {
	if have, ok := f.Lookup(key); ok && strings.EqualFold(have, model) ||
		!ok && (model == scsiModels[0].name || model == nicModels[0].name || model == "") {
		return
	}
	f.Set(key, model)
}

func scsiName(d types.BaseVirtualDevice) string {
	for _, m := range scsiModels {
		if SameType(m.make(types.VirtualSCSIController{}), d) {
			return m.name
		}
	}
	return ""
}

func nicName(d types.BaseVirtualEthernetCard) string {
	for _, m := range nicModels {
		if SameType(m.make(types.VirtualEthernetCard{}), d) {
			return m.name
		}
	}
	return ""
}

// SameType is whether two devices are of the same type.
func SameType(a, b any) bool { return fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b) }
