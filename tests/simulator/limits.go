// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// hardwareLimits are what a version of the virtual hardware can have.
type hardwareLimits struct {
	version, cpus, memoryMB, cards int
	sata, nvme                     bool
}

var allHardware = []hardwareLimits{
	{3, 4, 16 << 10, 4, false, false}, {4, 4, 64 << 10, 4, false, false}, {7, 8, 255 << 10, 10, false, false},
	{8, 32, 1011 << 10, 10, false, false}, {9, 64, 1011 << 10, 10, false, false}, {10, 64, 1011 << 10, 10, true, false},
	{11, 128, 4080 << 10, 10, true, false}, {13, 128, 6128 << 10, 10, true, true}, {14, 128, 6128 << 10, 10, true, true},
	{15, 256, 6128 << 10, 10, true, true}, {17, 256, 6128 << 10, 10, true, true}, {18, 768, 24560 << 10, 10, true, true},
	{20, 768, 24560 << 10, 10, true, true}, {22, 960, 24560 << 10, 10, true, true},
}

// limitsOf are the limits of the newest version that is not newer than "vmx-13".
func limitsOf(version string) hardwareLimits {
	n, found := atoi(strings.TrimPrefix(version, "vmx-")), allHardware[0]
	for _, l := range allHardware {
		if l.version <= n {
			found = l
		}
	}
	return found
}

var cardPresent = regexp.MustCompile(`^ethernet(\d+)\.present$`)

// problem is why no host can run what a VMX file says, or "": such a domain is
// registered, and is invalid.
func problem(f *vmxFile, read *settings) string {
	limits := limitsOf(read.version)
	switch {
	case int(read.cpus) > limits.cpus:
		return fmt.Sprintf("numvcpus is %d, the hardware version allows %d", read.cpus, limits.cpus)
	case read.memoryMB > int64(limits.memoryMB):
		return fmt.Sprintf("memsize is %d, the hardware version allows %d", read.memoryMB, limits.memoryMB)
	}
	cards := 0
	for _, l := range f.entries() {
		if m := cardPresent.FindStringSubmatch(lower(l.key)); m != nil && f.flag(l.key) {
			cards++
			if atoi(m[1]) >= maxCards {
				return l.key + " is beyond the last network card"
			}
		}
	}
	if cards > limits.cards {
		return fmt.Sprintf("there are %d network cards, the hardware version allows %d", cards, limits.cards)
	}
	return sharedSlot(f, read)
}

var pciSlot = regexp.MustCompile(`^(.*)\.pcislotnumber$`)

// sharedSlot is the problem of two devices at one PCI slot, or of one disk twice.
func sharedSlot(f *vmxFile, read *settings) string {
	slots := map[string]string{}
	for _, l := range f.entries() {
		m := pciSlot.FindStringSubmatch(lower(l.key))
		if m == nil || !f.flag(m[1]+".present") || atoi(l.value) <= 0 {
			continue
		}
		if other, taken := slots[l.value]; taken {
			return fmt.Sprintf("%s and %s are at the PCI slot %s", other, m[1], l.value)
		}
		slots[l.value] = m[1]
	}
	if f.flag("scsi0:7.present") || f.flag("scsi1:7.present") || f.flag("scsi2:7.present") || f.flag("scsi3:7.present") {
		return "unit 7 of a SCSI controller is the controller's own"
	}
	disks := map[string]bool{}
	for _, dev := range read.devices {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		if b, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			if disks[b.FileName] {
				return b.FileName + " is there twice"
			}
			disks[b.FileName] = true
		}
	}
	return ""
}
