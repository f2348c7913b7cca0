// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

func portGroupKey(name string) string { return "key-vim.host.PortGroup-" + name }

func (n *network) portGroup(name string) *types.HostPortGroup {
	i := slices.IndexFunc(n.info().Portgroup, func(p types.HostPortGroup) bool { return p.Spec.Name == name })
	if i < 0 {
		return nil
	}
	return &n.info().Portgroup[i]
}

// trunk is the VLAN id by which a guest sees all tags.
const trunk = 4095

// wrongPortGroup is the fault of a specification.
func (n *network) wrongPortGroup(spec *types.HostPortGroupSpec) types.BaseMethodFault {
	v := n.virtualSwitch(spec.VswitchName)
	switch {
	case spec.Name == "":
		return &types.InvalidArgument{InvalidProperty: "portgrp.name"}
	case v == nil:
		return new(types.NotFound)
	case spec.VlanId < 0 || spec.VlanId > trunk:
		return &types.InvalidArgument{InvalidProperty: "portgrp.vlanId"}
	}
	var uplinks []string
	for _, card := range n.info().Pnic {
		if slices.Contains(v.Pnic, card.Key) {
			uplinks = append(uplinks, card.Device)
		}
	}
	return wrongPolicy(&spec.Policy, v.Spec.Bridge, uplinks)
}

// made is a port group as its switch makes it.
func (n *network) made(spec types.HostPortGroupSpec) types.HostPortGroup {
	v := n.virtualSwitch(spec.VswitchName)
	p := types.HostPortGroup{Key: portGroupKey(spec.Name), Vswitch: v.Key, ComputedPolicy: spec.Policy, Spec: spec}
	if v.Spec.Policy != nil {
		p.ComputedPolicy = inherited(spec.Policy, *v.Spec.Policy)
	}
	return p
}

// AddPortGroup adds a port group to a switch. Hosts of a vCenter that have port
// groups of one name share a network.
func (n *network) AddPortGroup(ctx *simulator.Context, req *types.AddPortGroup) soap.HasFault {
	fault := n.wrongPortGroup(&req.Portgrp)
	if fault == nil && n.portGroup(req.Portgrp.Name) != nil {
		fault = &types.AlreadyExists{Name: req.Portgrp.Name}
	}
	if fault != nil {
		return &methods.AddPortGroupBody{Fault_: simulator.Fault("", fault)}
	}
	added := n.made(req.Portgrp)
	n.set(ctx, func(c *types.HostNetworkInfo) { addPortGroup(c, added) })
	n.join(ctx, req.Portgrp.Name)
	return &methods.AddPortGroupBody{Res: new(types.AddPortGroupResponse)}
}

// UpdatePortGroup replaces the specification: it may rename the port group, or
// take it to another switch when nothing uses it.
func (n *network) UpdatePortGroup(ctx *simulator.Context, req *types.UpdatePortGroup) soap.HasFault {
	old := n.portGroup(req.PgName)
	var fault types.BaseMethodFault = new(types.NotFound)
	if old != nil {
		fault = n.wrongPortGroup(&req.Portgrp)
	}
	switch {
	case fault != nil:
	case req.Portgrp.Name != req.PgName && n.portGroup(req.Portgrp.Name) != nil:
		fault = &types.AlreadyExists{Name: req.Portgrp.Name}
	case req.Portgrp.VswitchName != old.Spec.VswitchName && n.used(req.PgName):
		fault = &types.ResourceInUse{Type: "HostPortGroup", Name: req.PgName}
	}
	if fault != nil {
		return &methods.UpdatePortGroupBody{Fault_: simulator.Fault("", fault)}
	}
	now := n.made(req.Portgrp)
	now.Port = old.Port
	n.set(ctx, func(c *types.HostNetworkInfo) {
		if now.Spec.VswitchName == old.Spec.VswitchName {
			replacePortGroup(c, old.Key, now)
		} else {
			removePortGroup(c, old.Key)
			addPortGroup(c, now)
		}
		for i := range c.Vnic {
			if c.Vnic[i].Portgroup == req.PgName {
				c.Vnic[i].Portgroup, c.Vnic[i].Spec.Portgroup = now.Spec.Name, now.Spec.Name
			}
		}
	})
	if req.Portgrp.Name != req.PgName {
		n.leave(ctx, req.PgName)
		n.join(ctx, req.Portgrp.Name)
	}
	return &methods.UpdatePortGroupBody{Res: new(types.UpdatePortGroupResponse)}
}

func addPortGroup(c *types.HostNetworkInfo, p types.HostPortGroup) {
	c.Portgroup = append(c.Portgroup, p)
	for i := range c.Vswitch {
		if c.Vswitch[i].Key == p.Vswitch {
			c.Vswitch[i].Portgroup = append(slices.Clone(c.Vswitch[i].Portgroup), p.Key)
		}
	}
}

// replacePortGroup leaves a port group where it is in the lists.
func replacePortGroup(c *types.HostNetworkInfo, key string, p types.HostPortGroup) {
	if i := slices.IndexFunc(c.Portgroup, func(p types.HostPortGroup) bool { return p.Key == key }); i >= 0 {
		c.Portgroup = slices.Clone(c.Portgroup)
		c.Portgroup[i] = p
	}
	for i := range c.Vswitch {
		if j := slices.Index(c.Vswitch[i].Portgroup, key); j >= 0 {
			c.Vswitch[i].Portgroup = slices.Clone(c.Vswitch[i].Portgroup)
			c.Vswitch[i].Portgroup[j] = p.Key
		}
	}
}

func removePortGroup(c *types.HostNetworkInfo, key string) {
	c.Portgroup = slices.DeleteFunc(c.Portgroup, func(p types.HostPortGroup) bool { return p.Key == key })
	for i := range c.Vswitch {
		c.Vswitch[i].Portgroup = slices.DeleteFunc(slices.Clone(c.Vswitch[i].Portgroup), func(k string) bool { return k == key })
	}
}

// used tells whether a VMkernel card or a running domain is in a port group.
// Domains that are off do not hold it.
func (n *network) used(name string) bool {
	p := n.portGroup(name)
	return p != nil && len(p.Port) > 0 ||
		slices.ContainsFunc(n.info().Vnic, func(v types.HostVirtualNic) bool { return v.Portgroup == name })
}

// RemovePortGroup refuses a port group that is used.
func (n *network) RemovePortGroup(ctx *simulator.Context, req *types.RemovePortGroup) soap.HasFault {
	var fault types.BaseMethodFault
	p := n.portGroup(req.PgName)
	switch {
	case p == nil:
		fault = new(types.NotFound)
	case n.used(req.PgName):
		fault = &types.ResourceInUse{Type: "HostPortGroup", Name: req.PgName}
	}
	if fault != nil {
		return &methods.RemovePortGroupBody{Fault_: simulator.Fault("", fault)}
	}
	n.set(ctx, func(c *types.HostNetworkInfo) { removePortGroup(c, p.Key) })
	n.leave(ctx, req.PgName)
	return &methods.RemovePortGroupBody{Res: new(types.RemovePortGroupResponse)}
}

// networkNamed is a network of the host's datacenter; nothing where there is none.
func (n *network) networkNamed(name string) (ref types.ManagedObjectReference) {
	if e := n.s.registry.FindByName(name, n.s.datacenterOf(n.Host).Network); e != nil {
		ref = e.Reference()
	}
	return ref
}

// joinAll shows the host in the networks that it has from the beginning.
func (n *network) joinAll(ctx *simulator.Context) {
	for _, ref := range n.Host.Network {
		n.list(ctx, ref, true)
	}
}

// join makes a network of a port group, if no host has made it yet.
func (n *network) join(ctx *simulator.Context, name string) {
	if n.networkNamed(name).Value == "" {
		n.byLibrary(name)
		n.HostNetworkSystem.AddPortGroup(ctx, &types.AddPortGroup{
			Portgrp: types.HostPortGroupSpec{Name: name, VswitchName: name}})
		n.restore()
	}
	n.list(ctx, n.networkNamed(name), true)
}

// leave removes the network of a port group, when no other host has it.
func (n *network) leave(ctx *simulator.Context, name string) {
	ref := n.networkNamed(name)
	n.list(ctx, ref, false)
	if net, ok := n.s.registry.Get(ref).(*mo.Network); ok && len(net.Host) == 0 {
		n.byLibrary(name)
		n.HostNetworkSystem.RemovePortGroup(ctx, &types.RemovePortGroup{PgName: name})
		n.restore()
	}
}

// byLibrary shows the library a switch with one port group: it makes and removes
// networks in the inventory, and takes what networkInfo has apart.
func (n *network) byLibrary(name string) {
	n.NetworkInfo = &types.HostNetworkInfo{
		Vswitch:   []types.HostVirtualSwitch{{Name: name, Portgroup: []string{name}}},
		Portgroup: []types.HostPortGroup{{Spec: types.HostPortGroupSpec{Name: name}}}}
}

func (n *network) restore() {
	now := *n.info()
	n.NetworkInfo = &now
}

// list shows the host in a network, and the network in the host and in what the
// host belongs to, or takes them out.
func (n *network) list(ctx *simulator.Context, ref types.ManagedObjectReference, add bool) {
	edit := func(list []types.ManagedObjectReference, item types.ManagedObjectReference, add bool) []types.ManagedObjectReference {
		list = slices.Clone(list)
		if !add {
			simulator.RemoveReference(&list, item)
		} else if !slices.Contains(list, item) {
			list = append(list, item)
		}
		return list
	}
	if net, ok := n.s.registry.Get(ref).(*mo.Network); ok {
		ctx.WithLock(net, func() {
			ctx.Update(net, []types.PropertyChange{{Name: "host", Val: edit(net.Host, n.Host.Self, add)}})
		})
	}
	if host, ok := n.s.registry.Get(n.Host.Self).(*simulator.HostSystem); ok {
		ctx.WithLock(host, func() {
			ctx.Update(host, []types.PropertyChange{{Name: "network", Val: edit(host.Network, ref, add)}})
		})
	}
	compute, stays := n.s.computeResource(*n.Host.Parent), add
	for _, other := range compute.Host {
		h, ok := n.s.registry.Get(other).(*simulator.HostSystem)
		stays = stays || ok && slices.Contains(h.Network, ref)
	}
	ctx.WithLock(compute, func() { compute.Network = edit(compute.Network, ref, stays) })
}
