// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
)

// assignPorts gives cards on a distributed port group a port and a connection, as
// a host does when it connects them.
func (s *server) assignPorts(vm *simulator.VirtualMachine) {
	for _, dev := range vm.Config.Hardware.Device {
		if b, ok := dev.GetVirtualDevice().Backing.(*vmx.DistributedBacking); ok && b.Port.PortKey == "" {
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
		dvs.Uuid = vmx.FormatUUID(id)
		dvs.Summary.Uuid = dvs.Uuid
		if dvs.Config != nil {
			dvs.Config.GetDVSConfigInfo().Uuid = dvs.Uuid
		}
	}
}

// distributedNetwork is the port group of a card, if the vCenter has it.
func (s *server) distributedNetwork(b *vmx.DistributedBacking) *simulator.DistributedVirtualPortgroup {
	ref := types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: b.Port.PortgroupKey}
	n, _ := s.registry.Get(ref).(*simulator.DistributedVirtualPortgroup)
	return n
}
