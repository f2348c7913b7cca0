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
// clients read host.config.network, which is kept up to date here.
type network struct {
	*simulator.HostNetworkSystem
	s *server
}

func (n *network) virtualSwitch(name string) *types.HostVirtualSwitch {
	list := n.Host.Config.Network.Vswitch
	i := slices.IndexFunc(list, func(v types.HostVirtualSwitch) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// AddVirtualSwitch adds a switch, with its physical cards.
func (n *network) AddVirtualSwitch(ctx *simulator.Context, req *types.AddVirtualSwitch) soap.HasFault {
	added := types.HostVirtualSwitch{
		Name: req.VswitchName, Key: "key-vim.host.VirtualSwitch-" + req.VswitchName, NumPorts: 128, NumPortsAvailable: 128}
	if spec := req.Spec; spec != nil {
		added.Spec, added.NumPorts, added.NumPortsAvailable = *spec, spec.NumPorts, spec.NumPorts
		if bond, ok := spec.Bridge.(*types.HostVirtualSwitchBondBridge); ok {
			for _, name := range bond.NicDevice {
				i := slices.IndexFunc(n.Host.Config.Network.Pnic, func(p types.PhysicalNic) bool {
					return p.Device == name || p.Key == name
				})
				if i < 0 {
					return &methods.AddVirtualSwitchBody{Fault_: simulator.Fault("", new(types.NotFound))}
				}
				added.Pnic = append(added.Pnic, n.Host.Config.Network.Pnic[i].Key)
			}
		}
	}
	body := n.HostNetworkSystem.AddVirtualSwitch(req)
	if body.Fault() == nil {
		n.change(ctx, func(c *types.HostNetworkInfo) { c.Vswitch = append(c.Vswitch, added) })
	}
	return body
}

// change changes host.config.network.
func (n *network) change(ctx *simulator.Context, f func(*types.HostNetworkInfo)) {
	ctx.WithLock(n.Host, func() { f(n.Host.Config.Network) })
}

// RemoveVirtualSwitch refuses a switch that has port groups.
func (n *network) RemoveVirtualSwitch(ctx *simulator.Context, req *types.RemoveVirtualSwitch) soap.HasFault {
	if v := n.virtualSwitch(req.VswitchName); v != nil && len(v.Portgroup) > 0 {
		fault := &types.ResourceInUse{Type: "HostVirtualSwitch", Name: req.VswitchName}
		return &methods.RemoveVirtualSwitchBody{Fault_: simulator.Fault("", fault)}
	}
	body := n.HostNetworkSystem.RemoveVirtualSwitch(req)
	if body.Fault() == nil {
		n.change(ctx, func(c *types.HostNetworkInfo) {
			c.Vswitch = slices.DeleteFunc(c.Vswitch, func(v types.HostVirtualSwitch) bool { return v.Name == req.VswitchName })
		})
	}
	return body
}

// labNetwork is the second network of an ESX host, to which cards can be moved.
const labNetwork = "Lab Network"

// addNetworks gives an ESX host its second network; a vCenter has more of its own.
func (s *server) addNetworks(hosts []*simulator.HostSystem) error {
	if s.options.kind != "esx" {
		return nil
	}
	for _, h := range hosts {
		n := &network{s.registry.Get(*h.ConfigManager.NetworkSystem).(*simulator.HostNetworkSystem), s}
		body := n.AddPortGroup(s.context, &types.AddPortGroup{This: n.Self, Portgrp: types.HostPortGroupSpec{
			Name: labNetwork, VswitchName: n.Host.Config.Network.Vswitch[0].Name, VlanId: 42}})
		if f := body.Fault(); f != nil {
			return fmt.Errorf("port group %s: %s", labNetwork, f.String)
		}
	}
	return nil
}

// networkNamed is a network of the host's datacenter; nothing where there is none.
func (n *network) networkNamed(name string) (ref types.ManagedObjectReference) {
	if e := n.s.registry.FindByName(name, n.s.datacenterOf(n.Host).Network); e != nil {
		ref = e.Reference()
	}
	return ref
}

// connect changes the host's own list of networks, and that of what it belongs
// to; the library changes its datacenter's only.
func (n *network) connect(ctx *simulator.Context, edit func(list []types.ManagedObjectReference) []types.ManagedObjectReference) {
	compute := n.s.computeResource(*n.Host.Parent)
	ctx.WithLock(compute, func() { compute.Network = edit(slices.Clone(compute.Network)) })
	ctx.WithLock(n.Host, func() {
		ctx.Update(n.Host, []types.PropertyChange{{Name: "network", Val: edit(slices.Clone(n.Host.Network))}})
	})
}

// AddPortGroup adds a port group to a switch.
func (n *network) AddPortGroup(ctx *simulator.Context, req *types.AddPortGroup) soap.HasFault {
	v := n.virtualSwitch(req.Portgrp.VswitchName)
	if v == nil {
		return &methods.AddPortGroupBody{Fault_: simulator.Fault("", new(types.NotFound))}
	}
	body := n.HostNetworkSystem.AddPortGroup(ctx, req)
	if body.Fault() == nil {
		key := "key-vim.host.PortGroup-" + req.Portgrp.Name
		n.change(ctx, func(c *types.HostNetworkInfo) {
			v.Portgroup = append(v.Portgroup, key)
			c.Portgroup = append(c.Portgroup, types.HostPortGroup{
				Key: key, Vswitch: v.Key, ComputedPolicy: req.Portgrp.Policy, Spec: req.Portgrp})
		})
		added := n.networkNamed(req.Portgrp.Name)
		n.connect(ctx, func(list []types.ManagedObjectReference) []types.ManagedObjectReference { return append(list, added) })
	}
	return body
}

// RemovePortGroup refuses a port group that is used.
func (n *network) RemovePortGroup(ctx *simulator.Context, req *types.RemovePortGroup) soap.HasFault {
	for _, p := range n.Host.Config.Network.Portgroup {
		if p.Spec.Name == req.PgName && len(p.Port) > 0 {
			fault := &types.ResourceInUse{Type: "HostPortGroup", Name: req.PgName}
			return &methods.RemovePortGroupBody{Fault_: simulator.Fault("", fault)}
		}
	}
	removed := n.networkNamed(req.PgName)
	body := n.HostNetworkSystem.RemovePortGroup(ctx, req)
	if body.Fault() == nil {
		n.connect(ctx, func(list []types.ManagedObjectReference) []types.ManagedObjectReference {
			simulator.RemoveReference(&list, removed)
			return list
		})
		key := "key-vim.host.PortGroup-" + req.PgName
		n.change(ctx, func(c *types.HostNetworkInfo) {
			c.Portgroup = slices.DeleteFunc(c.Portgroup, func(p types.HostPortGroup) bool { return p.Key == key })
			for i := range c.Vswitch {
				c.Vswitch[i].Portgroup = slices.DeleteFunc(c.Vswitch[i].Portgroup, func(k string) bool { return k == key })
			}
		})
	}
	return body
}
