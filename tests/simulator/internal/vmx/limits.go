// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/lenient"
)

// Limits are what a version of the virtual hardware can have.
type Limits struct {
	Version, CPUs, MemoryMB, Cards int
	SATA, NVMe                     bool
}

// Hardware are the versions that a host knows; those between two are like the older.
var Hardware = []Limits{
	{3, 4, 16 << 10, 4, false, false}, {4, 4, 64 << 10, 4, false, false}, {7, 8, 255 << 10, 10, false, false},
	{8, 32, 1011 << 10, 10, false, false}, {9, 64, 1011 << 10, 10, false, false}, {10, 64, 1011 << 10, 10, true, false},
	{11, 128, 4080 << 10, 10, true, false}, {13, 128, 6128 << 10, 10, true, true}, {14, 128, 6128 << 10, 10, true, true},
	{15, 256, 6128 << 10, 10, true, true}, {17, 256, 6128 << 10, 10, true, true}, {18, 768, 24560 << 10, 10, true, true},
	{20, 768, 24560 << 10, 10, true, true}, {22, 960, 24560 << 10, 10, true, true},
}

// LimitsOf are the limits of the newest version that is not newer than "vmx-13".
func LimitsOf(version string) Limits {
	n, found := lenient.Atoi(strings.TrimPrefix(version, "vmx-")), Hardware[0]
	for _, l := range Hardware {
		if l.Version <= n {
			found = l
		}
	}
	return found
}

var cardPresent = regexp.MustCompile(`^ethernet(\d+)\.present$`)

// Problem is why no host can run what a VMX file says, or "": such a domain is
// registered, and is invalid.
func Problem(f *File, read *Settings) string {
	limits := LimitsOf(read.Version)
	switch {
	case int(read.CPUs) > limits.CPUs:
		return fmt.Sprintf("numvcpus is %d, the hardware version allows %d", read.CPUs, limits.CPUs)
	case read.MemoryMB > int64(limits.MemoryMB):
		return fmt.Sprintf("memsize is %d, the hardware version allows %d", read.MemoryMB, limits.MemoryMB)
	}
	cards := 0
	for _, l := range f.entries() {
		if m := cardPresent.FindStringSubmatch(strings.ToLower(l.key)); m != nil && f.Flag(l.key) {
			cards++
			if lenient.Atoi(m[1]) >= MaxCards {
				return l.key + " is beyond the last network card"
			}
		}
	}
	if cards > limits.Cards {
		return fmt.Sprintf("there are %d network cards, the hardware version allows %d", cards, limits.Cards)
	}
	return sharedSlot(f, read)
}

var pciSlot = regexp.MustCompile(`^(.*)\.pcislotnumber$`)

// sharedSlot is the problem of two devices at one PCI slot, or of one disk twice.
func sharedSlot(f *File, read *Settings) string {
	slots := map[string]string{}
	for _, l := range f.entries() {
		m := pciSlot.FindStringSubmatch(strings.ToLower(l.key))
		if m == nil || !f.Flag(m[1]+".present") || lenient.Atoi(l.value) <= 0 {
			continue
		}
		if other, taken := slots[l.value]; taken {
			return fmt.Sprintf("%s and %s are at the PCI slot %s", other, m[1], l.value)
		}
		slots[l.value] = m[1]
	}
	if f.Flag("scsi0:7.present") || f.Flag("scsi1:7.present") || f.Flag("scsi2:7.present") || f.Flag("scsi3:7.present") {
		return "unit 7 of a SCSI controller is the controller's own"
	}
	disks := map[string]bool{}
	for _, dev := range read.Devices {
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
