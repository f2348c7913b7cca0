// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// updateVMX brings a VMX file up to date with a domain's configuration. Only
// lines whose meaning differs are changed; it returns whether any was.
func updateVMX(f *vmxFile, name string, c *types.VirtualMachineConfigInfo, files fileNames) bool {
	before := f.String()
	old, fault := readVMX(f, c.Files.VmPathName, files.read)
	if fault != nil { // a file that API clients made: it is still empty
		old = &settings{cpus: 1, coresPerSocket: 1, firmware: "bios"}
		f.set(".encoding", "UTF-8")
		f.set("config.version", "8")
	}
	writeIdentity(f, old, name, c)
	writeHardware(f, old, c)
	writeExtra(f, old, c.ExtraConfig)
	writeDrives(f, object.VirtualDeviceList(c.Hardware.Device), files)
	writeNICs(f, c.Hardware.Device)
	writeOthers(f, c.Hardware.Device, files)
	return f.String() != before
}

func writeIdentity(f *vmxFile, old *settings, name string, c *types.VirtualMachineConfigInfo) {
	if _, named := f.lookup("displayName"); old.name != name || !named {
		f.set("displayName", escapeText.Replace(unescapeName(name)))
	}
	if version := strings.TrimPrefix(c.Version, "vmx-"); old.version != c.Version {
		f.set("virtualHW.version", strings.TrimLeft(version, "0"))
	}
	if old.guestID != c.GuestId {
		f.set("guestOS", guestOS(c.GuestId))
	}
	if old.annotation != c.Annotation {
		f.set("annotation", escapeText.Replace(c.Annotation))
	}
	if u, ok := parseUUID(c.Uuid); ok && old.uuid != u.String() {
		f.set("uuid.bios", formatUUID(u))
	}
}

func writeHardware(f *vmxFile, old *settings, c *types.VirtualMachineConfigInfo) {
	setNumber(f, "memsize", old.memoryMB, int64(c.Hardware.MemoryMB))
	setNumber(f, "numvcpus", int64(old.cpus), int64(c.Hardware.NumCPU))
	if cores := c.Hardware.NumCoresPerSocket; cores != nil {
		setNumber(f, "cpuid.coresPerSocket", int64(old.coresPerSocket), int64(*cores))
	}
	if c.Firmware != "" && old.firmware != c.Firmware {
		f.set("firmware", c.Firmware)
	}
	cpuAllocation.write(f, old.cpuAllocation, c.CpuAllocation)
	memoryAllocation.write(f, old.memoryAllocation, c.MemoryAllocation)
}

func setNumber(f *vmxFile, key string, old, now int64) {
	if old != now {
		f.set(key, strconv.FormatInt(now, 10))
	}
}

func (a allocation) write(f *vmxFile, old, now *types.ResourceAllocationInfo) {
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
		f.set(a.max, strconv.FormatInt(*l, 10))
		if *l < 0 {
			f.set(a.max, "unlimited")
		}
	}
	if s := now.Shares; s != nil && (s.Level != old.Shares.Level || s.Level == types.SharesLevelCustom) {
		text := string(s.Level)
		if s.Level == types.SharesLevelCustom {
			text = strconv.Itoa(int(s.Shares))
		}
		if f.get(a.shares, "") != text {
			f.set(a.shares, text)
		}
	}
}

// writeExtra writes the entries that the API sees as extraConfig: those that
// differ are set, those that a client has removed are dropped.
func writeExtra(f *vmxFile, old *settings, extra []types.BaseOptionValue) {
	now := map[string]bool{}
	for _, o := range extra {
		v := o.GetOptionValue()
		text, ok := v.Value.(string)
		if !ok || modelled.MatchString(v.Key) || v.Key == "govcsim" {
			continue
		}
		now[strings.ToLower(v.Key)] = true
		if have, ok := f.lookup(v.Key); !ok || have != text && unescapeText(have) != text {
			f.set(v.Key, escapeText.Replace(text))
		}
	}
	gone := map[string]bool{}
	for _, o := range old.extraConfig {
		if key := strings.ToLower(o.GetOptionValue().Key); !now[key] {
			gone[key] = true
		}
	}
	if len(gone) > 0 {
		f.remove(func(key string) bool { return gone[key] })
	}
}

// writeDrives writes controllers and drives, and drops those that are gone.
func writeDrives(f *vmxFile, list object.VirtualDeviceList, files fileNames) {
	have, controllers := map[string]bool{}, map[string]bool{}
	for _, d := range list {
		switch x := d.(type) {
		case types.BaseVirtualSCSIController:
			c := x.GetVirtualSCSIController()
			name := fmt.Sprintf("scsi%d", c.BusNumber)
			setFlag(f, name+".present", true)
			setModel(f, name+".virtualDev", scsiName(d))
			writeSharedBus(f, name, c.SharedBus)
			controllers[name] = true
		case *types.VirtualAHCIController:
			name := fmt.Sprintf("sata%d", x.BusNumber)
			setFlag(f, name+".present", true)
			controllers[name] = true
		case *types.VirtualNVMEController:
			name := fmt.Sprintf("nvme%d", x.BusNumber)
			setFlag(f, name+".present", true)
			controllers[name] = true
		case *types.VirtualDisk, *types.VirtualCdrom:
			if slot := driveSlot(list, d.GetVirtualDevice()); slot != "" {
				have[slot] = true
				writeDrive(f, slot, d, files)
			}
		}
	}
	for _, b := range diskBuses {
		for n := range b.buses * b.units {
			slot := fmt.Sprintf("%s%d:%d", b.prefix, n/b.units, n%b.units)
			if f.flag(slot+".present") && !have[slot] {
				removeSlot(f, slot)
			}
		}
		for n := range b.buses {
			if name := fmt.Sprintf("%s%d", b.prefix, n); b.prefix != "ide" && f.flag(name+".present") && !controllers[name] {
				removeSlot(f, name)
			}
		}
	}
}

// writeSharedBus leaves out what a controller needs not say.
func writeSharedBus(f *vmxFile, name string, now types.VirtualSCSISharing) {
	if now != "" && sharedBus(f.get(name+".sharedBus", "")) != now {
		f.set(name+".sharedBus", strings.TrimSuffix(string(now), "Sharing"))
	}
}

// writeDiskMode writes the mode and the sharing of a disk.
func writeDiskMode(f *vmxFile, slot string, backing types.BaseVirtualDeviceBackingInfo) {
	b, ok := backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if !ok {
		return
	}
	if b.DiskMode != "" && !strings.EqualFold(f.get(slot+".mode", "persistent"), b.DiskMode) {
		f.set(slot+".mode", b.DiskMode)
	}
	if isTrue(b.WriteThrough) != f.flag(slot+".writeThrough") {
		setFlag(f, slot+".writeThrough", isTrue(b.WriteThrough))
	}
	multi := b.Sharing == string(types.VirtualDiskSharingSharingMultiWriter)
	if multi != strings.EqualFold(f.get(slot+".sharing", ""), "multi-writer") {
		f.edit(map[string]string{slot + ".sharing": map[bool]string{true: "multi-writer"}[multi]})
	}
}

func writeDrive(f *vmxFile, slot string, d types.BaseVirtualDevice, files fileNames) {
	setFlag(f, slot+".present", true)
	backing := d.GetVirtualDevice().Backing
	if b, ok := backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
		file := b.GetVirtualDeviceFileBackingInfo().FileName
		if file == "" {
			f.set(slot+".fileName", emptyBacking)
		} else if files.read(f.get(slot+".fileName", "")) != file {
			f.set(slot+".fileName", files.write(file))
		}
	}
	writeClientDevice(f, slot, backing)
	writeDriveType(f, slot, backing)
	writeDiskMode(f, slot, backing)
	writeConnection(f, slot, d.GetVirtualDevice().Connectable)
}

// writeClientDevice says whether a CD-ROM is the client's: what a host makes of a
// drive that is emptied.
func writeClientDevice(f *vmxFile, slot string, backing types.BaseVirtualDeviceBackingInfo) {
	remote := backingIs[*types.VirtualCdromRemotePassthroughBackingInfo](backing)
	if remote == f.flag(slot+".clientDevice") {
		return
	}
	setFlag(f, slot+".clientDevice", remote)
	if remote {
		f.set(slot+".fileName", emptyBacking)
	}
}

// driveTypes are the values of deviceType by the backings of CD-ROMs, and the
// other values that say the same in a file.
var driveTypes = []struct {
	is    func(types.BaseVirtualDeviceBackingInfo) bool
	name  string
	alike []string
}{
	{backingIs[*types.VirtualCdromIsoBackingInfo], "cdrom-image", nil},
	{backingIs[*types.VirtualCdromAtapiBackingInfo], "atapi-cdrom", []string{"cdrom-raw", "scsi-passthru"}},
	{backingIs[*types.VirtualCdromRemotePassthroughBackingInfo], "cdrom-raw", []string{"atapi-cdrom"}},
}

func backingIs[T types.BaseVirtualDeviceBackingInfo](b types.BaseVirtualDeviceBackingInfo) bool {
	_, ok := b.(T)
	return ok
}

// writeDriveType leaves out what a hard disk needs not say.
func writeDriveType(f *vmxFile, slot string, backing types.BaseVirtualDeviceBackingInfo) {
	was, given := f.lookup(slot + ".deviceType")
	for _, t := range driveTypes {
		if t.is(backing) {
			if was = strings.ToLower(was); was != t.name && !slices.Contains(t.alike, was) {
				f.set(slot+".deviceType", t.name)
			}
			return
		}
	}
	if given && strings.Contains(strings.ToLower(was), "cdrom") {
		f.remove(func(key string) bool { return strings.EqualFold(key, slot+".deviceType") })
	}
}

func writeConnection(f *vmxFile, slot string, c *types.VirtualDeviceConnectInfo) {
	if c != nil && c.AllowGuestControl == strings.EqualFold(f.get(slot+".allowGuestConnectionControl", "true"), "false") {
		setFlag(f, slot+".allowGuestConnectionControl", c.AllowGuestControl)
	}
	if c != nil && c.StartConnected == strings.EqualFold(f.get(slot+".startConnected", "true"), "false") {
		f.set(slot+".startConnected", strings.ToUpper(strconv.FormatBool(c.StartConnected)))
	}
}

// driveSlot is the name of a drive in the file: "scsi0:1".
func driveSlot(list object.VirtualDeviceList, d *types.VirtualDevice) string {
	if d.UnitNumber == nil {
		return ""
	}
	prefix, bus := "", int32(0)
	switch c := list.FindByKey(d.ControllerKey).(type) {
	case types.BaseVirtualSCSIController:
		prefix, bus = "scsi", c.GetVirtualSCSIController().BusNumber
	case *types.VirtualIDEController:
		prefix, bus = "ide", c.BusNumber
	case *types.VirtualAHCIController:
		prefix, bus = "sata", c.BusNumber
	case *types.VirtualNVMEController:
		prefix, bus = "nvme", c.BusNumber
	default:
		return ""
	}
	return fmt.Sprintf("%s%d:%d", prefix, bus, *d.UnitNumber)
}

// setFlag leaves a value that means the same as it is spelled.
func setFlag(f *vmxFile, key string, value bool) {
	if _, ok := f.lookup(key); !ok || f.flag(key) != value {
		f.set(key, strings.ToUpper(strconv.FormatBool(value)))
	}
}

// setModel writes a model, unless the file says the same or leaves it out and
// the model is the one that then holds (the first of its table).
func setModel(f *vmxFile, key, model string) {
	if have, ok := f.lookup(key); ok && strings.EqualFold(have, model) ||
		!ok && (model == scsiModels[0].name || model == nicModels[0].name || model == "") {
		return
	}
	f.set(key, model)
}

func scsiName(d types.BaseVirtualDevice) string {
	for _, m := range scsiModels {
		if sameType(m.make(types.VirtualSCSIController{}), d) {
			return m.name
		}
	}
	return ""
}

func nicName(d types.BaseVirtualEthernetCard) string {
	for _, m := range nicModels {
		if sameType(m.make(types.VirtualEthernetCard{}), d) {
			return m.name
		}
	}
	return ""
}

func sameType(a, b any) bool { return fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b) }
