// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// writeNICs writes network cards. A card that a client has added has no key of
// ESX: it takes the first free slot.
func writeNICs(f *File, list []types.BaseVirtualDevice) {
	slots := map[string]types.BaseVirtualEthernetCard{}
	var added []types.BaseVirtualEthernetCard
	for _, d := range list {
		if card, ok := d.(types.BaseVirtualEthernetCard); ok {
			if key := d.GetVirtualDevice().Key; key >= 4000 && key < 4010 {
				slots[fmt.Sprintf("ethernet%d", key-4000)] = card
			} else {
				added = append(added, card)
			}
		}
	}
	for n := 0; n < 10; n++ {
		slot := fmt.Sprintf("ethernet%d", n)
		if i := slices.IndexFunc(added, func(c types.BaseVirtualEthernetCard) bool {
			return strings.EqualFold(c.GetVirtualEthernetCard().MacAddress, nicAddress(f, slot))
		}); i >= 0 && slots[slot] == nil {
			slots[slot] = added[i] // before Delete, which clears the last element
			added = slices.Delete(added, i, i+1)
		}
	}
	for n := 0; n < 10; n++ {
		slot := fmt.Sprintf("ethernet%d", n)
		if slots[slot] == nil && len(added) > 0 {
			slots[slot], added = added[0], added[1:]
		}
		if card := slots[slot]; card != nil {
			writeNIC(f, slot, card)
		} else if f.Flag(slot + ".present") {
			f.remove(func(key string) bool { return strings.HasPrefix(key, slot+".") })
		}
	}
}

// nicAddress is the MAC address of a card in the file.
func nicAddress(f *File, slot string) string {
	return f.Get(slot+".address", f.Get(slot+".generatedAddress", ""))
}

func writeNIC(f *File, slot string, card types.BaseVirtualEthernetCard) {
	e := card.GetVirtualEthernetCard()
	setFlag(f, slot+".present", true)
	writeNetwork(f, slot, e.Backing)
	if wake := e.WakeOnLanEnabled; wake != nil && *wake == strings.EqualFold(f.Get(slot+".wakeOnPcktRcv", "true"), "false") {
		setFlag(f, slot+".wakeOnPcktRcv", *wake)
	}
	setModel(f, slot+".virtualDev", nicName(card))
	addressType, key := "generated", "generatedAddress"
	switch strings.ToLower(e.AddressType) {
	case "manual", "static":
		addressType, key = "static", "address"
	case "assigned":
		addressType, key = "vpx", "address"
	}
	if f.Get(slot+".addressType", "generated") != addressType {
		f.Set(slot+".addressType", addressType)
	}
	if !strings.EqualFold(f.Get(slot+"."+key, ""), e.MacAddress) {
		f.Set(slot+"."+key, e.MacAddress)
	}
	writeConnection(f, slot, e.Connectable)
}

// writeNetwork writes where a card is: on a network, or on a distributed switch.
func writeNetwork(f *File, slot string, backing types.BaseVirtualDeviceBackingInfo) {
	distributed, _ := backing.(*DistributedBacking)
	writeDistributed(f, slot, distributed)
	if b, ok := backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok {
		setText(f, slot+".networkName", b.DeviceName)
	}
}
