// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// network is a host's network system. The library changes networkInfo only;
// clients read host.config.network too, and both agree here.
type network struct {
	*simulator.HostNetworkSystem
	s *server
}

// networkOf is the network system of a host.
func (s *server) networkOf(h *simulator.HostSystem) *network {
	return &network{s.registry.Get(*h.ConfigManager.NetworkSystem).(*simulator.HostNetworkSystem), s}
}

// set changes the networks of the host. The edit replaces lists, and changes
// nothing inside of their items that it has not copied.
func (n *network) set(ctx *simulator.Context, edit func(*types.HostNetworkInfo)) {
	var now types.HostNetworkInfo
	host, ok := n.s.registry.Get(n.Host.Self).(*simulator.HostSystem)
	if !ok {
		return
	}
	ctx.WithLock(host, func() {
		now = *host.Config.Network
		now.Vswitch, now.Portgroup, now.Vnic = slices.Clone(now.Vswitch), slices.Clone(now.Portgroup), slices.Clone(now.Vnic)
		edit(&now)
		ctx.Update(host, []types.PropertyChange{{Name: "config.network", Val: now}})
	})
	ctx.WithLock(n.HostNetworkSystem, func() {
		ctx.Update(n.HostNetworkSystem, []types.PropertyChange{{Name: "networkInfo", Val: now}})
	})
}

func (n *network) info() *types.HostNetworkInfo { return n.Host.Config.Network }

func (n *network) virtualSwitch(name string) *types.HostVirtualSwitch {
	i := slices.IndexFunc(n.info().Vswitch, func(v types.HostVirtualSwitch) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &n.info().Vswitch[i]
}

// AddVirtualSwitch adds a switch, with its physical cards.
func (n *network) AddVirtualSwitch(ctx *simulator.Context, req *types.AddVirtualSwitch) soap.HasFault {
	added := types.HostVirtualSwitch{
		Name: req.VswitchName, Key: "key-vim.host.VirtualSwitch-" + req.VswitchName,
		Spec: types.HostVirtualSwitchSpec{NumPorts: 128}}
	if req.Spec != nil {
		added.Spec = *req.Spec
	}
	var fault types.BaseMethodFault
	switch {
	case len(req.VswitchName) < 1 || len(req.VswitchName) > 32:
		fault = &types.InvalidArgument{InvalidProperty: "vswitchName"}
	case n.virtualSwitch(req.VswitchName) != nil:
		fault = &types.AlreadyExists{Name: req.VswitchName}
	default:
		fault = n.complete(&added, nil)
	}
	if fault != nil {
		return &methods.AddVirtualSwitchBody{Fault_: simulator.Fault("", fault)}
	}
	n.set(ctx, func(c *types.HostNetworkInfo) { c.Vswitch = append(c.Vswitch, added) })
	return &methods.AddVirtualSwitchBody{Res: new(types.AddVirtualSwitchResponse)}
}

// UpdateVirtualSwitch replaces the specification: without a bridge all physical
// cards leave the switch.
func (n *network) UpdateVirtualSwitch(ctx *simulator.Context, req *types.UpdateVirtualSwitch) soap.HasFault {
	old := n.virtualSwitch(req.VswitchName)
	if old == nil {
		return &methods.UpdateVirtualSwitchBody{Fault_: simulator.Fault("", new(types.NotFound))}
	}
	now := *old
	now.Spec = req.Spec
	if fault := n.complete(&now, old); fault != nil {
		return &methods.UpdateVirtualSwitchBody{Fault_: simulator.Fault("", fault)}
	}
	n.set(ctx, func(c *types.HostNetworkInfo) {
		for i := range c.Vswitch {
			if c.Vswitch[i].Key == now.Key {
				c.Vswitch[i] = now
			}
		}
		for i := range c.Portgroup {
			if c.Portgroup[i].Vswitch == now.Key {
				c.Portgroup[i].ComputedPolicy = inherited(c.Portgroup[i].Spec.Policy, *now.Spec.Policy)
			}
		}
	})
	return &methods.UpdateVirtualSwitchBody{Res: new(types.UpdateVirtualSwitchResponse)}
}

// RemoveVirtualSwitch refuses a switch that has port groups.
func (n *network) RemoveVirtualSwitch(ctx *simulator.Context, req *types.RemoveVirtualSwitch) soap.HasFault {
	v := n.virtualSwitch(req.VswitchName)
	var fault types.BaseMethodFault
	switch {
	case v == nil:
		fault = new(types.NotFound)
	case len(v.Portgroup) > 0:
		fault = &types.ResourceInUse{Type: "HostVirtualSwitch", Name: req.VswitchName}
	}
	if fault != nil {
		return &methods.RemoveVirtualSwitchBody{Fault_: simulator.Fault("", fault)}
	}
	n.set(ctx, func(c *types.HostNetworkInfo) {
		c.Vswitch = slices.DeleteFunc(c.Vswitch, func(v types.HostVirtualSwitch) bool { return v.Name == req.VswitchName })
	})
	return &methods.RemoveVirtualSwitchBody{Res: new(types.RemoveVirtualSwitchResponse)}
}

// labNetwork is the second network of an ESX host, to which cards can be moved.
const labNetwork = "Lab Network"

// addNetworks completes the networks of the hosts, and gives an ESX host its
// second one; a vCenter has more of its own.
func (s *server) addNetworks(hosts []*simulator.HostSystem) error {
	for _, h := range hosts {
		n := s.networkOf(h)
		n.set(s.context, func(c *types.HostNetworkInfo) { c.Pnic = physicalCards(c.Pnic) })
		n.joinAll(s.context)
		if s.options.Kind != "esx" {
			continue
		}
		body := n.AddPortGroup(s.context, &types.AddPortGroup{This: n.Self, Portgrp: types.HostPortGroupSpec{
			Name: labNetwork, VswitchName: n.info().Vswitch[0].Name, VlanId: 42}})
		if f := body.Fault(); f != nil {
			return fmt.Errorf("port group %s: %s", labNetwork, f.String)
		}
	}
	return nil
}

// physicalCards are the library's two cards, a slower one, and one without a link.
func physicalCards(have []types.PhysicalNic) []types.PhysicalNic {
	cards := slices.Clone(have)
	for n := len(have); n < 4; n++ {
		card := have[0]
		card.Device = fmt.Sprintf("vmnic%d", n)
		card.Key, card.Pci = "key-vim.host.PhysicalNic-"+card.Device, fmt.Sprintf("0000:%02x:00.0", 0x0b+8*n)
		card.Mac = fmt.Sprintf("00:0c:29:81:d8:%02x", 0xa0+10*n)
		card.LinkSpeed = nil
		if n == 2 {
			card.LinkSpeed = &types.PhysicalNicLinkInfo{SpeedMb: 1000, Duplex: true}
		}
		cards = append(cards, card)
	}
	return cards
}
