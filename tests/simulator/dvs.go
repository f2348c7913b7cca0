// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// A card on a distributed switch has four keys: of the switch, the port group and
// the port, and that of the connection.
//
//	ethernet1.dvs.switchId = "50 34 26 b2 94 e9 3b 16-1d 68 87 bf ff 4a 54 40"
//	ethernet1.dvs.portId = "5"
//	ethernet1.dvs.portgroupId = "dvportgroup-1"
//	ethernet1.dvs.connectionId = "7"
type distributedBacking = types.VirtualEthernetCardDistributedVirtualPortBackingInfo

// readDistributed is the backing of a card on a distributed switch, or nil.
func readDistributed(f *vmxFile, slot string) *distributedBacking {
	id, ok := f.lookup(slot + ".dvs.switchId")
	if !ok {
		return nil
	}
	cookie, _ := strconv.Atoi(f.get(slot+".dvs.connectionId", "0"))
	return &distributedBacking{Port: types.DistributedVirtualSwitchPortConnection{
		SwitchUuid: id, PortgroupKey: f.get(slot+".dvs.portgroupId", ""), PortKey: f.get(slot+".dvs.portId", ""),
		ConnectionCookie: int32(cookie)}}
}

// writeDistributed writes the backing of a card on a distributed switch; nil
// takes the card off it.
func writeDistributed(f *vmxFile, slot string, b *distributedBacking) {
	if b == nil {
		f.remove(func(key string) bool { return strings.HasPrefix(key, slot+".dvs.") })
		return
	}
	f.remove(func(key string) bool { return strings.EqualFold(key, slot+".networkName") })
	entries := map[string]string{
		"switchId": b.Port.SwitchUuid, "portgroupId": b.Port.PortgroupKey, "portId": b.Port.PortKey,
		"connectionId": strconv.Itoa(int(b.Port.ConnectionCookie))}
	for key, value := range entries {
		if f.get(slot+".dvs."+key, "") != value {
			f.set(slot+".dvs."+key, value)
		}
	}
}

// assignPorts gives cards on a distributed port group a port and a connection, as
// a host does when it connects them.
func (s *server) assignPorts(vm *simulator.VirtualMachine) {
	for _, dev := range vm.Config.Hardware.Device {
		if b, ok := dev.GetVirtualDevice().Backing.(*distributedBacking); ok && b.Port.PortKey == "" {
			now := *b
			n := s.ports.Add(1)
			now.Port.PortKey, now.Port.ConnectionCookie = fmt.Sprint(n), n*7919
			dev.GetVirtualDevice().Backing = &now
		}
	}
}

// completeSwitches gives distributed switches UUIDs in the form in which a vCenter
// and the VMX files have them.
func (s *server) completeSwitches() {
	for _, e := range s.registry.All("") {
		dvs, ok := e.(*simulator.DistributedVirtualSwitch)
		if !ok {
			continue
		}
		id, err := uuid.Parse(dvs.Uuid)
		if err != nil {
			continue
		}
		id[0] = 0x50
		dvs.Uuid = formatUUID(id)
		dvs.Summary.Uuid = dvs.Uuid
		if dvs.Config != nil {
			dvs.Config.GetDVSConfigInfo().Uuid = dvs.Uuid
		}
	}
}

// distributedNetwork is the port group of a card, if the vCenter has it.
func (s *server) distributedNetwork(b *distributedBacking) *simulator.DistributedVirtualPortgroup {
	ref := types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: b.Port.PortgroupKey}
	n, _ := s.registry.Get(ref).(*simulator.DistributedVirtualPortgroup)
	return n
}
