// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// A USB device of the host that a domain gets has one entry, by its place or by its
// kind:
//
//	usb.autoConnect.device0 = "path:1/2/3"
//	usb.autoConnect.device1 = "0x0951:0x1625"
const (
	usbDevices  = 20
	usbFirstKey = 7100
	usbEntry    = "usb.autoConnect.device%d"
)

// readUSBDevices makes these devices; they are on the xHCI controller if that is the
// only one.
func readUSBDevices(f *File) (list []types.BaseVirtualDevice) {
	controller := int32(7000)
	if !f.Flag("usb.present") && f.Flag("usb_xhci.present") {
		controller = 14000
	}
	for n := range usbDevices {
		name := f.Get(fmt.Sprintf(usbEntry, n), "")
		if name == "" {
			continue
		}
		d := &types.VirtualUSB{}
		d.Key, d.ControllerKey, d.UnitNumber = usbFirstKey+int32(n), controller, types.NewInt32(int32(n))
		d.DeviceInfo = describe(fmt.Sprintf("USB %d", n+1), name)
		_, _ = fmt.Sscanf(name, "0x%x:0x%x", &d.Vendor, &d.Product)
		d.Backing = &types.VirtualUSBUSBBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: name}}
		list = append(list, d)
	}
	return list
}

// writeUSBDevices writes them; one that a client has added takes the first free entry.
func writeUSBDevices(f *File, list object.VirtualDeviceList) {
	names := make([]string, usbDevices)
	var added []string
	for _, dev := range list.SelectByType((*types.VirtualUSB)(nil)) {
		b, ok := dev.GetVirtualDevice().Backing.(types.BaseVirtualDeviceDeviceBackingInfo)
		if !ok {
			continue
		}
		name := b.GetVirtualDeviceDeviceBackingInfo().DeviceName
		if n := int(dev.GetVirtualDevice().Key) - usbFirstKey; n >= 0 && n < usbDevices {
			names[n] = name
		} else {
			added = append(added, name)
		}
	}
	entries := map[string]string{}
	for n := range names {
		if names[n] == "" && len(added) > 0 {
			names[n], added = added[0], added[1:]
		}
		if key := fmt.Sprintf(usbEntry, n); f.Get(key, "") != names[n] {
			entries[key] = names[n]
		}
	}
	f.Edit(entries)
}

// USBControllers are the controllers that a USB device can be on.
func USBControllers(list object.VirtualDeviceList) (keys []int32) {
	for _, d := range list {
		if DeviceIs[*types.VirtualUSBController](d) || DeviceIs[*types.VirtualUSBXHCIController](d) {
			keys = append(keys, d.GetVirtualDevice().Key)
		}
	}
	slices.Sort(keys)
	return keys
}
