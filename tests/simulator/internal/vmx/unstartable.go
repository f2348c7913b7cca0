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

// Unstartable is why a host registers a domain and does not start it, or "": what the
// file says is only looked at when the domain is powered on.
func Unstartable(f *File, c *types.VirtualMachineConfigInfo) string {
	if cores := c.Hardware.NumCoresPerSocket; cores != nil && *cores > 1 && c.Hardware.NumCPU%*cores != 0 {
		return fmt.Sprintf("numvcpus is %d, no multiple of cpuid.coresPerSocket, which is %d", c.Hardware.NumCPU, *cores)
	}
	for n := range MaxCards {
		slot := fmt.Sprintf("ethernet%d", n)
		static := strings.EqualFold(f.Get(slot+".addressType", ""), "static")
		checked := !strings.EqualFold(f.Get(slot+".checkMACAddress", "true"), "false")
		if address := f.Get(slot+".address", ""); f.Flag(slot+".present") && static && checked && !allowedStatic(address) {
			return fmt.Sprintf("%s is not an allowed static Ethernet address for %s: it is outside of 00:50:56:00:00:00 - "+
				"00:50:56:3f:ff:ff, and %s.checkMACAddress is not \"false\"", address, slot, slot)
		}
	}
	return ""
}

// allowedStatic is whether an address is of those that VMware leaves to users.
func allowedStatic(address string) bool {
	last, ok := strings.CutPrefix(strings.ToLower(address), "00:50:56:")
	if !ok || len(last) != len("00:00:00") {
		return false
	}
	first, err := strconv.ParseUint(last[:2], 16, 8)
	return err == nil && first <= 0x3f
}

// TooMany is whether there are more devices of a kind than a domain can have.
func TooMany(devices object.VirtualDeviceList, limits Limits) bool {
	if len(devices.SelectByType((*types.VirtualEthernetCard)(nil))) > limits.Cards {
		return true
	}
	for _, k := range deviceKinds {
		n := 0
		for _, d := range devices {
			if k.is(d) {
				n++
			}
		}
		if n > k.count {
			return true
		}
	}
	return false
}
