// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apiversion"
)

// complete checks a switch's specification and fills in what follows from it.
// It returns the fault of a refusal; old is the switch before, or nil.
func (n *network) complete(v, old *types.HostVirtualSwitch) types.BaseMethodFault {
	spec := &v.Spec
	switch {
	case spec.NumPorts < 1 || spec.NumPorts > 4096:
		return &types.InvalidArgument{InvalidProperty: "spec.numPorts"}
	case spec.Mtu != 0 && (spec.Mtu < 1280 || spec.Mtu > 9000):
		return &types.InvalidArgument{InvalidProperty: "spec.mtu"}
	}
	uplinks, keys, fault := n.uplinks(v)
	if fault != nil {
		return fault
	}
	given := spec.Policy
	base := n.defaultPolicy(uplinks)
	if given == nil && old != nil && old.Spec.Policy != nil {
		base = inherited(*old.Spec.Policy, base)
		base.NicTeaming = withoutCards(base.NicTeaming, uplinks)
	}
	if given != nil {
		if fault := wrongPolicy(given, spec.Bridge, uplinks); fault != nil {
			return fault
		}
		base = inherited(*given, base)
	}
	spec.Policy = &base
	v.Pnic, v.Mtu = keys, spec.Mtu
	if v.Mtu == 0 {
		v.Mtu = 1500
	}
	v.NumPorts = max(v.NumPorts, spec.NumPorts)
	v.NumPortsAvailable = v.NumPorts
	return nil
}

// uplinks are the names and keys of a switch's physical cards. A card belongs to
// one switch.
func (n *network) uplinks(v *types.HostVirtualSwitch) (names, keys []string, fault types.BaseMethodFault) {
	bond, ok := v.Spec.Bridge.(*types.HostVirtualSwitchBondBridge)
	if !ok {
		return nil, nil, nil
	}
	for _, name := range bond.NicDevice {
		i := slices.IndexFunc(n.info().Pnic, func(p types.PhysicalNic) bool { return p.Device == name || p.Key == name })
		if i < 0 {
			return nil, nil, new(types.NotFound)
		}
		card := n.info().Pnic[i]
		for _, other := range n.info().Vswitch {
			if other.Name != v.Name && slices.Contains(other.Pnic, card.Key) {
				return nil, nil, &types.ResourceInUse{Type: "PhysicalNic", Name: card.Device}
			}
		}
		names, keys = append(names, card.Device), append(keys, card.Key)
	}
	return names, keys, nil
}

// teamingPolicies are the ways of load balancing.
var teamingPolicies = []string{"", "loadbalance_srcid", "loadbalance_ip", "loadbalance_srcmac", "failover_explicit"}

// wrongPolicy is the fault of a policy that does not fit the switch's cards.
func wrongPolicy(p *types.HostNetworkPolicy, bridge types.BaseHostVirtualSwitchBridge, uplinks []string) types.BaseMethodFault {
	if t := p.NicTeaming; t != nil {
		if !slices.Contains(teamingPolicies, t.Policy) {
			return &types.InvalidArgument{InvalidProperty: "spec.policy.nicTeaming.policy"}
		}
		if t.NicOrder != nil {
			for _, name := range slices.Concat(t.NicOrder.ActiveNic, t.NicOrder.StandbyNic) {
				if !slices.Contains(uplinks, name) {
					return &types.InvalidArgument{InvalidProperty: "spec.policy.nicTeaming.nicOrder"}
				}
			}
		}
		bond, _ := bridge.(*types.HostVirtualSwitchBondBridge)
		if c := t.FailureCriteria; c != nil && c.CheckBeacon != nil && *c.CheckBeacon && (bond == nil || bond.Beacon == nil) {
			return &types.InvalidArgument{InvalidProperty: "spec.policy.nicTeaming.failureCriteria.checkBeacon"}
		}
	}
	if s := p.ShapingPolicy; s != nil && s.Enabled != nil && *s.Enabled &&
		(s.AverageBandwidth <= 0 || s.PeakBandwidth < s.AverageBandwidth || s.BurstSize <= 0) {
		return &types.InvalidArgument{InvalidProperty: "spec.policy.shapingPolicy"}
	}
	return nil
}

// defaultPolicy is that of a switch of which nothing is said. From 7.0 on a host
// allows nothing by itself.
func (n *network) defaultPolicy(uplinks []string) types.HostNetworkPolicy {
	lenient := apiversion.Newer("7.0", n.s.version.API)
	return types.HostNetworkPolicy{
		Security: &types.HostNetworkSecurityPolicy{
			AllowPromiscuous: types.NewBool(false), MacChanges: types.NewBool(lenient), ForgedTransmits: types.NewBool(lenient)},
		NicTeaming: &types.HostNicTeamingPolicy{
			Policy: "loadbalance_srcid", ReversePolicy: types.NewBool(true), NotifySwitches: types.NewBool(true),
			RollingOrder: types.NewBool(false), NicOrder: &types.HostNicOrderPolicy{ActiveNic: uplinks},
			FailureCriteria: &types.HostNicFailureCriteria{
				CheckSpeed: "minimum", Speed: 10, CheckDuplex: types.NewBool(false), FullDuplex: types.NewBool(false),
				CheckErrorPercent: types.NewBool(false), CheckBeacon: types.NewBool(false)}},
		OffloadPolicy: &types.HostNetOffloadCapabilities{
			CsumOffload: types.NewBool(true), TcpSegmentation: types.NewBool(true), ZeroCopyXmit: types.NewBool(true)},
		ShapingPolicy: &types.HostNetworkTrafficShapingPolicy{Enabled: types.NewBool(false)},
	}
}

// withoutCards is a teaming policy without cards that the switch has lost.
func withoutCards(t *types.HostNicTeamingPolicy, uplinks []string) *types.HostNicTeamingPolicy {
	if t == nil || t.NicOrder == nil {
		return t
	}
	gone := func(name string) bool { return !slices.Contains(uplinks, name) }
	now := *t
	now.NicOrder = &types.HostNicOrderPolicy{
		ActiveNic:  slices.DeleteFunc(slices.Clone(t.NicOrder.ActiveNic), gone),
		StandbyNic: slices.DeleteFunc(slices.Clone(t.NicOrder.StandbyNic), gone)}
	return &now
}

// inherited is a policy in which every unset member is that of another.
func inherited(own, from types.HostNetworkPolicy) types.HostNetworkPolicy {
	if own.Security = merged(own.Security, from.Security); own.Security != nil && from.Security != nil {
		own.Security.AllowPromiscuous = first(own.Security.AllowPromiscuous, from.Security.AllowPromiscuous)
		own.Security.MacChanges = first(own.Security.MacChanges, from.Security.MacChanges)
		own.Security.ForgedTransmits = first(own.Security.ForgedTransmits, from.Security.ForgedTransmits)
	}
	if own.NicTeaming = merged(own.NicTeaming, from.NicTeaming); own.NicTeaming != nil && from.NicTeaming != nil {
		o, f := own.NicTeaming, from.NicTeaming
		if o.Policy == "" {
			o.Policy = f.Policy
		}
		o.ReversePolicy = first(o.ReversePolicy, f.ReversePolicy)
		o.NotifySwitches = first(o.NotifySwitches, f.NotifySwitches)
		o.RollingOrder = first(o.RollingOrder, f.RollingOrder)
		o.FailureCriteria = first(o.FailureCriteria, f.FailureCriteria)
		o.NicOrder = first(o.NicOrder, f.NicOrder)
	}
	own.OffloadPolicy = first(own.OffloadPolicy, from.OffloadPolicy)
	if own.ShapingPolicy == nil || own.ShapingPolicy.Enabled == nil {
		own.ShapingPolicy = from.ShapingPolicy
	}
	return own
}

func first[T any](own, from *T) *T {
	if own != nil {
		return own
	}
	return from
}

// merged is a copy of the own member, or of the other's, that can be changed.
func merged[T any](own, from *T) *T {
	if own = first(own, from); own == nil {
		return nil
	}
	now := *own
	return &now
}
