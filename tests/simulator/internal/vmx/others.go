// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/lenient"
)

// A deviceKind is a kind of device that is no drive and no network card: its
// slots in a VMX file, the keys that a host gives, and how it is read and written.
type deviceKind struct {
	prefix string
	count  int // 1: the slot has no number
	key    int32
	is     func(types.BaseVirtualDevice) bool
	read   func(f *File, slot string, d types.VirtualDevice, files fileNamer) types.BaseVirtualDevice
	write  func(f *File, slot string, d types.BaseVirtualDevice, files FileNames)
	label  string
}

// DeviceIs is whether a device is of one type of the API.
func DeviceIs[T types.BaseVirtualDevice](d types.BaseVirtualDevice) bool {
	_, ok := d.(T)
	return ok
}

var deviceKinds = []deviceKind{
	{"floppy", 2, 8000, DeviceIs[*types.VirtualFloppy], readFloppy, writeFloppy, "Floppy drive"},
	{"serial", 32, 9000, DeviceIs[*types.VirtualSerialPort], readSerial, writePort, "Serial port"},
	{"parallel", 3, 10000, DeviceIs[*types.VirtualParallelPort], readParallel, writePort, "Parallel port"},
	{"usb", 1, 7000, DeviceIs[*types.VirtualUSBController], readUSB, writeUSB, "USB controller"},
	{"usb_xhci", 1, 14000, DeviceIs[*types.VirtualUSBXHCIController], readXHCI, writeNothing, "USB xHCI controller"},
	{"sound", 1, 5000, isSound, readSound, writeSound, "Sound card"},
	{"vtpm", 1, 11000, DeviceIs[*types.VirtualTPM], readTPM, writeNothing, "Virtual TPM"},
	{"pciPassthru", 16, 13000, DeviceIs[*types.VirtualPCIPassthrough], readPassthrough, writePassthrough, "PCI device"},
}

func (k deviceKind) slot(n int) string {
	if k.count == 1 {
		return k.prefix
	}
	return fmt.Sprintf("%s%d", k.prefix, n)
}

// readOthers makes the devices of all these kinds.
func readOthers(f *File, files fileNamer) (list []types.BaseVirtualDevice) {
	for _, k := range deviceKinds {
		for n := range k.count {
			slot := k.slot(n)
			if !f.Flag(slot + ".present") {
				continue
			}
			d := types.VirtualDevice{Key: k.key + int32(n), ControllerKey: 100, UnitNumber: types.NewInt32(int32(n))}
			if k.key >= 8000 && k.key <= 10000 {
				d.ControllerKey = 400
			}
			d.DeviceInfo = describe(fmt.Sprintf("%s %d", k.label, n+1), f.Get(slot+".fileName", ""))
			list = append(list, k.read(f, slot, d, files))
		}
	}
	return list
}

// writeOthers writes them, and drops those that are gone. A device that a client
// has added takes the first free slot.
func writeOthers(f *File, list []types.BaseVirtualDevice, files FileNames) {
	for _, k := range deviceKinds {
		slots := make([]types.BaseVirtualDevice, k.count)
		var added []types.BaseVirtualDevice
		for _, d := range list {
			if !k.is(d) {
				continue
			}
			if n := int(d.GetVirtualDevice().Key - k.key); n >= 0 && n < k.count {
				slots[n] = d
			} else {
				added = append(added, d)
			}
		}
		for n := range slots {
			slot := k.slot(n)
			if slots[n] == nil && len(added) > 0 {
				slots[n], added = added[0], added[1:]
			}
			if slots[n] != nil {
				setFlag(f, slot+".present", true)
				k.write(f, slot, slots[n], files)
			} else if f.Flag(slot + ".present") {
				removeSlot(f, slot)
			}
		}
	}
}

func removeSlot(f *File, slot string) {
	f.remove(func(key string) bool { return strings.HasPrefix(key, strings.ToLower(slot)+".") })
}

func setText(f *File, key, value string) {
	if f.Get(key, "") != value {
		f.Set(key, value)
	}
}

func writeNothing(*File, string, types.BaseVirtualDevice, FileNames) {}

// usb.present = "TRUE", ehci.present = "TRUE"
func readUSB(f *File, _ string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	c := &types.VirtualUSBController{EhciEnabled: types.NewBool(f.Flag("ehci.present"))}
	c.VirtualDevice = d
	return c
}

func writeUSB(f *File, _ string, d types.BaseVirtualDevice, _ FileNames) {
	if ehci := lenient.IsTrue(d.(*types.VirtualUSBController).EhciEnabled); ehci != f.Flag("ehci.present") {
		setFlag(f, "ehci.present", ehci)
	}
}

func readXHCI(_ *File, _ string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	c := &types.VirtualUSBXHCIController{}
	c.VirtualDevice = d
	return c
}

func readTPM(_ *File, _ string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	return &types.VirtualTPM{VirtualDevice: d}
}

// pciPassthru0.id = "00000:003:00.0", pciPassthru0.deviceId = "0x10fb", pciPassthru0.vendorId = "0x8086"
func readPassthrough(f *File, slot string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	b := &types.VirtualPCIPassthroughDeviceBackingInfo{
		Id: f.Get(slot+".id", ""), DeviceId: f.Get(slot+".deviceId", ""), SystemId: f.Get(slot+".systemId", "")}
	var vendor uint16
	_, _ = fmt.Sscanf(f.Get(slot+".vendorId", "0"), "0x%x", &vendor)
	b.VendorId = int16(vendor)
	d.Backing = b
	return &types.VirtualPCIPassthrough{VirtualDevice: d}
}

func writePassthrough(f *File, slot string, d types.BaseVirtualDevice, _ FileNames) {
	b, ok := d.GetVirtualDevice().Backing.(*types.VirtualPCIPassthroughDeviceBackingInfo)
	if !ok {
		return
	}
	setText(f, slot+".id", b.Id)
	setText(f, slot+".deviceId", b.DeviceId)
	setText(f, slot+".systemId", b.SystemId)
	if was, ok := f.Lookup(slot + ".vendorId"); ok || b.VendorId != 0 {
		if now := fmt.Sprintf("0x%x", uint16(b.VendorId)); was != now {
			f.Set(slot+".vendorId", now)
		}
	}
}
