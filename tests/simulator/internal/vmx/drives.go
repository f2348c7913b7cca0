// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/lenient"
)

// writeDrives writes controllers and drives, and drops those that are gone.
func writeDrives(f *File, list object.VirtualDeviceList, files FileNames) {
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
	for _, b := range DiskBuses {
		for n := range b.Buses * b.Units {
			slot := fmt.Sprintf("%s%d:%d", b.Prefix, n/b.Units, n%b.Units)
			if f.Flag(slot+".present") && !have[slot] {
				removeSlot(f, slot)
			}
		}
		for n := range b.Buses {
			if name := fmt.Sprintf("%s%d", b.Prefix, n); b.Prefix != "ide" && f.Flag(name+".present") && !controllers[name] {
				removeSlot(f, name)
			}
		}
	}
}

// writeSharedBus leaves out what a controller needs not say.
func writeSharedBus(f *File, name string, now types.VirtualSCSISharing) {
	if now != "" && sharedBus(f.Get(name+".sharedBus", "")) != now {
		f.Set(name+".sharedBus", strings.TrimSuffix(string(now), "Sharing"))
	}
}

// writeDiskMode writes the mode and the sharing of a disk.
func writeDiskMode(f *File, slot string, backing types.BaseVirtualDeviceBackingInfo) {
	b, ok := backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if !ok {
		return
	}
	if b.DiskMode != "" && !strings.EqualFold(f.Get(slot+".mode", "persistent"), b.DiskMode) {
		f.Set(slot+".mode", b.DiskMode)
	}
	if lenient.IsTrue(b.WriteThrough) != f.Flag(slot+".writeThrough") {
		setFlag(f, slot+".writeThrough", lenient.IsTrue(b.WriteThrough))
	}
	multi := b.Sharing == string(types.VirtualDiskSharingSharingMultiWriter)
	if multi != strings.EqualFold(f.Get(slot+".sharing", ""), "multi-writer") {
		f.Edit(map[string]string{slot + ".sharing": map[bool]string{true: "multi-writer"}[multi]})
	}
}

func writeDrive(f *File, slot string, d types.BaseVirtualDevice, files FileNames) {
	setFlag(f, slot+".present", true)
	backing := d.GetVirtualDevice().Backing
	if b, ok := backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
		file := b.GetVirtualDeviceFileBackingInfo().FileName
		if file == "" {
			f.Set(slot+".fileName", emptyBacking)
		} else if files.Read(f.Get(slot+".fileName", "")) != file {
			f.Set(slot+".fileName", files.Write(file))
		}
	}
	writeClientDevice(f, slot, backing)
	writeDriveType(f, slot, backing)
	writeDiskMode(f, slot, backing)
	writeConnection(f, slot, d.GetVirtualDevice().Connectable)
}

// writeClientDevice says whether a CD-ROM is the client's: what a host makes of a
// drive that is emptied.
func writeClientDevice(f *File, slot string, backing types.BaseVirtualDeviceBackingInfo) {
	remote := backingIs[*types.VirtualCdromRemotePassthroughBackingInfo](backing)
	if remote == f.Flag(slot+".clientDevice") {
		return
	}
	setFlag(f, slot+".clientDevice", remote)
	if remote {
		f.Set(slot+".fileName", emptyBacking)
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
func writeDriveType(f *File, slot string, backing types.BaseVirtualDeviceBackingInfo) {
	was, given := f.Lookup(slot + ".deviceType")
	for _, t := range driveTypes {
		if t.is(backing) {
			if was = strings.ToLower(was); was != t.name && !slices.Contains(t.alike, was) {
				f.Set(slot+".deviceType", t.name)
			}
			return
		}
	}
	if given && strings.Contains(strings.ToLower(was), "cdrom") {
		f.remove(func(key string) bool { return strings.EqualFold(key, slot+".deviceType") })
	}
}

func writeConnection(f *File, slot string, c *types.VirtualDeviceConnectInfo) {
	if c != nil && c.AllowGuestControl == strings.EqualFold(f.Get(slot+".allowGuestConnectionControl", "true"), "false") {
		setFlag(f, slot+".allowGuestConnectionControl", c.AllowGuestControl)
	}
	if c != nil && c.StartConnected == strings.EqualFold(f.Get(slot+".startConnected", "true"), "false") {
		f.Set(slot+".startConnected", strings.ToUpper(strconv.FormatBool(c.StartConnected)))
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
