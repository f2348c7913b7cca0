// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
)

// addCard completes a card: a MAC address, and a network that is there.
func (e *deviceEdit) addCard(i int, card types.BaseVirtualEthernetCard) types.BaseMethodFault {
	c := card.GetVirtualEthernetCard()
	if fault := e.refuseNetwork(i, c.Backing); fault != nil {
		return fault
	}
	if c.MacAddress == "" {
		n := len(e.devices.SelectByType((*types.VirtualEthernetCard)(nil)))
		id, _ := vmx.ParseUUID(e.d.Config.Uuid)
		c.AddressType, c.MacAddress = "generated", generatedMAC(id, n)
	} else if c.AddressType == "" {
		c.AddressType = "manual"
	}
	if e.running && c.Connectable != nil {
		c.Connectable.Connected = c.Connectable.Connected || c.Connectable.StartConnected
	}
	return nil
}

// refuseNetwork wants the network of a card to be on the host.
func (e *deviceEdit) refuseNetwork(i int, backing types.BaseVirtualDeviceBackingInfo) types.BaseMethodFault {
	host, ok := e.d.s.registry.Get(*e.d.Runtime.Host).(*simulator.HostSystem)
	if !ok {
		return nil
	}
	found := true
	switch b := backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		networks := e.d.s.computeResource(*host.Parent).Network
		if b.DeviceName == "" && b.Network != nil {
			found = simulator.FindReference(networks, *b.Network) != nil
			if named := e.d.s.nameOf(*b.Network); found {
				b.DeviceName = named
			}
		} else {
			found = e.d.s.registry.FindByName(b.DeviceName, networks) != nil
		}
	case *vmx.DistributedBacking:
		if found = e.d.s.distributedNetwork(b) != nil; found && b.Port.PortKey == "" {
			n := e.d.s.ports.Add(1)
			b.Port.PortKey, b.Port.ConnectionCookie = fmt.Sprint(n), n*7919
		}
	case nil:
		found = false
	}
	if !found {
		return &types.InvalidDeviceBacking{InvalidDeviceSpec: types.InvalidDeviceSpec{DeviceIndex: int32(i)}}
	}
	return nil
}

// editCard checks a network that changes; one that is missing may stay.
func (e *deviceEdit) editCard(i int, c *types.VirtualEthernetCard, old types.BaseVirtualDevice) types.BaseMethodFault {
	was := old.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
	if c.MacAddress == "" {
		c.MacAddress, c.AddressType = was.MacAddress, was.AddressType
	}
	if c.AddressType == "" {
		c.AddressType = was.AddressType
	}
	return e.refuseNetwork(i, c.Backing)
}
