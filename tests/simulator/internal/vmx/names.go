// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/vim25/types"
)

// The tables of this file name one thing in a VMX file and in the VI API;
// reading and writing both use them.

// A scsiModel is a SCSI controller: scsi0.virtualDev, and how the API makes one.
type scsiModel struct {
	name  string
	label string
	make  func(types.VirtualSCSIController) types.BaseVirtualSCSIController
}

var scsiModels = []scsiModel{
	{"buslogic", "BusLogic", func(c types.VirtualSCSIController) types.BaseVirtualSCSIController {
		return &types.VirtualBusLogicController{VirtualSCSIController: c}
	}},
	{"lsilogic", "LSI Logic", func(c types.VirtualSCSIController) types.BaseVirtualSCSIController {
		return &types.VirtualLsiLogicController{VirtualSCSIController: c}
	}},
	{"lsisas1068", "LSI Logic SAS", func(c types.VirtualSCSIController) types.BaseVirtualSCSIController {
		return &types.VirtualLsiLogicSASController{VirtualSCSIController: c}
	}},
	{"pvscsi", "VMware paravirtual SCSI", func(c types.VirtualSCSIController) types.BaseVirtualSCSIController {
		return &types.ParaVirtualSCSIController{VirtualSCSIController: c}
	}},
}

// MaxCards is how many network cards a domain can have.
const MaxCards = 10

// A nicModel is a network card: ethernet0.virtualDev, and how the API makes one.
type nicModel struct {
	name string
	make func(types.VirtualEthernetCard) types.BaseVirtualEthernetCard
}

// The first model is that of a card without virtualDev.
var nicModels = []nicModel{
	{"vlance", func(c types.VirtualEthernetCard) types.BaseVirtualEthernetCard {
		return &types.VirtualPCNet32{VirtualEthernetCard: c}
	}},
	{"vmxnet", func(c types.VirtualEthernetCard) types.BaseVirtualEthernetCard {
		return &types.VirtualVmxnet{VirtualEthernetCard: c}
	}},
	{"vmxnet2", func(c types.VirtualEthernetCard) types.BaseVirtualEthernetCard {
		return &types.VirtualVmxnet2{VirtualVmxnet: types.VirtualVmxnet{VirtualEthernetCard: c}}
	}},
	{"vmxnet3", func(c types.VirtualEthernetCard) types.BaseVirtualEthernetCard {
		return &types.VirtualVmxnet3{VirtualVmxnet: types.VirtualVmxnet{VirtualEthernetCard: c}}
	}},
	{"e1000", func(c types.VirtualEthernetCard) types.BaseVirtualEthernetCard {
		return &types.VirtualE1000{VirtualEthernetCard: c}
	}},
	{"e1000e", func(c types.VirtualEthernetCard) types.BaseVirtualEthernetCard {
		return &types.VirtualE1000e{VirtualEthernetCard: c}
	}},
}

// A DiskBus is a kind of controller with drives: its prefix in the file, how
// many controllers and units there are, and the device keys that ESX gives.
type DiskBus struct {
	Prefix            string
	Buses, Units      int
	controller, drive int32 // key of the first controller and of its first drive
}

// DiskBuses are all of them; their order is that of the devices of a domain.
var DiskBuses = []DiskBus{
	{"scsi", 4, 16, 1000, 2000},
	{"ide", 2, 2, 200, 3000},
	{"sata", 4, 30, 15000, 16000},
	{"nvme", 4, 15, 31000, 32000},
}

func (b DiskBus) controllerKey(bus int) int32 { return b.controller + int32(bus) }

// driveKey follows ESX: 16 keys for each SCSI controller, 30 for each of SATA.
func (b DiskBus) driveKey(bus, unit int) int32 {
	width := max(b.Units, 2)
	if b.Prefix == "nvme" {
		width = 15
	}
	return b.drive + int32(bus*width+unit)
}

// SlotOf is the slot of a drive by the key that a host gives it: 2001 is scsi0:1.
func SlotOf(key int32) string {
	for _, b := range DiskBuses {
		if n := int(key - b.drive); n >= 0 && n < b.Buses*b.Units {
			return fmt.Sprintf("%s%d:%d", b.Prefix, n/b.Units, n%b.Units)
		}
	}
	return ""
}

// KeyOf is the key that a host gives to the drive in a slot.
func KeyOf(slot string) int32 {
	for _, b := range DiskBuses {
		for n := range b.Buses * b.Units {
			if key := b.driveKey(n/b.Units, n%b.Units); SlotOf(key) == slot {
				return key
			}
		}
	}
	return -1
}

// An allocation is the entries of a resource: sched.cpu.min, .max, .shares;
// normal is the number of shares that "normal" means for a unit of it.
type allocation struct {
	min, max, shares string
	normal           int64 // a CPU, or a megabyte
}

// The allocations of a domain.
var (
	CPUAllocation    = allocation{"sched.cpu.min", "sched.cpu.max", "sched.cpu.shares", 1000}
	memoryAllocation = allocation{"sched.mem.minsize", "sched.mem.max", "sched.mem.shares", 10}
)

// levels are the predefined shares as quarters of "normal".
var levels = map[types.SharesLevel]int64{
	types.SharesLevelLow: 2, types.SharesLevelNormal: 4, types.SharesLevelHigh: 8,
}

// number is what a level means for a domain of so many units.
func (a allocation) number(level types.SharesLevel, units int64) int32 {
	return int32(a.normal * units * levels[level] / 4)
}

// ParseUUID reads "50 11 5e 16 9b dc 49 d7-f1 71 53 c4 d7 f9 17 10".
func ParseUUID(s string) (uuid.UUID, bool) {
	u, err := uuid.Parse(strings.NewReplacer(" ", "", "-", "").Replace(s))
	return u, err == nil
}

// FormatUUID is the other direction of ParseUUID.
func FormatUUID(u uuid.UUID) string {
	h := make([]string, len(u))
	for i, b := range u {
		h[i] = fmt.Sprintf("%02x", b)
	}
	return strings.Join(h[:8], " ") + "-" + strings.Join(h[8:], " ")
}
