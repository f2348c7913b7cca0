// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

func TestWhatDoesNotStart(t *testing.T) {
	const card = "ethernet0.present = \"TRUE\"\nethernet0.addressType = \"static\"\nethernet0.address = \"ADDRESS\"\n"
	for _, c := range []struct {
		text        string
		cpus, cores int32
		want        string
	}{
		{"", 4, 2, ""},
		{"", 4, 3, "cpuid.coresPerSocket"},
		{strings.Replace(card, "ADDRESS", "00:50:56:3f:ff:ff", 1), 1, 1, ""},
		{strings.Replace(card, "ADDRESS", "00:50:56:40:00:00", 1), 1, 1, "00:50:56:40:00:00"},
		{strings.Replace(card, "ADDRESS", "nonsense", 1), 1, 1, "nonsense"},
		{strings.Replace(card, "ADDRESS", "00:11:22:33:44:55", 1) + "ethernet0.checkMACAddress = \"false\"\n", 1, 1, ""},
		{strings.Replace(card, "TRUE", "FALSE", 1), 1, 1, ""},
	} {
		config := &types.VirtualMachineConfigInfo{Hardware: types.VirtualHardware{NumCPU: c.cpus, NumCoresPerSocket: &c.cores}}
		if got := Unstartable(parsed(t, c.text), config); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%d CPUs, %d cores, %s: %q", c.cpus, c.cores, c.text, got)
		}
	}
}

func TestTooManyDevices(t *testing.T) {
	limits := LimitsOf("vmx-13")
	list := object.VirtualDeviceList{new(types.VirtualTPM), new(types.VirtualFloppy), new(types.VirtualFloppy)}
	if TooMany(list, limits) {
		t.Error("a host has room for these")
	}
	if !TooMany(append(list, new(types.VirtualTPM)), limits) || !TooMany(append(list, new(types.VirtualFloppy)), limits) {
		t.Error("a host has no room for one more")
	}
}

func TestUSBDevicesAreEntries(t *testing.T) {
	const text = "usb.present = \"TRUE\"\nusb.autoConnect.device0 = \"path:1/2/3\"\nusb.autoConnect.device2 = \"0x0951:0x1625\"\n"
	f := parsed(t, text)
	list := readUSBDevices(f)
	if len(list) != 2 || list[1].(*types.VirtualUSB).Vendor != 0x0951 || list[1].(*types.VirtualUSB).Product != 0x1625 {
		t.Fatalf("%+v", list)
	}
	if writeUSBDevices(f, list); f.String() != text {
		t.Errorf("changed to\n%s", f)
	}
	added := &types.VirtualUSB{}
	added.Backing = &types.VirtualUSBUSBBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "path:4"}}
	writeUSBDevices(f, append(list[1:], added))
	if f.Get("usb.autoConnect.device0", "") != "path:4" || f.Get("usb.autoConnect.device2", "") != "0x0951:0x1625" {
		t.Errorf("changed to\n%s", f)
	}
	if extra := readExtra(f); len(extra) != 0 {
		t.Errorf("devices are no extraConfig: %+v", extra)
	}
}
