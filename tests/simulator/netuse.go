// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// networkUse are the ports and networks that domains use.
type networkUse struct {
	mutex    sync.Mutex
	domains  map[types.ManagedObjectReference]networkShare
	building bool // all are counted at once when the inventory is complete
}

// A networkShare is the part of one domain.
type networkShare struct {
	host     types.ManagedObjectReference
	ports    map[string][]types.HostPortGroupPort // of a running domain, by port group
	networks []types.ManagedObjectReference
}

// shareOf is what a domain uses now. A card that is not connected has no port.
func shareOf(vm *mo.VirtualMachine) networkShare {
	now := networkShare{networks: slices.Clone(vm.Network)}
	if vm.Runtime.Host == nil || vm.Config == nil || vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return now
	}
	now.host, now.ports = *vm.Runtime.Host, map[string][]types.HostPortGroupPort{}
	for _, dev := range vm.Config.Hardware.Device {
		card, ok := dev.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		c := card.GetVirtualEthernetCard()
		b, ok := c.Backing.(*types.VirtualEthernetCardNetworkBackingInfo)
		if !ok || c.Connectable != nil && !c.Connectable.Connected {
			continue
		}
		port := types.HostPortGroupPort{
			Key: fmt.Sprintf("key-vim.host.PortGroup.Port-%s-%d", vm.Self.Value, c.Key), Type: "virtualMachine"}
		if c.MacAddress != "" {
			port.Mac = []string{c.MacAddress}
		}
		now.ports[b.DeviceName] = append(now.ports[b.DeviceName], port)
	}
	return now
}

// countNetworks brings ports and networks up to date with a domain. The caller
// holds the domain's lock.
func (s *server) countNetworks(ctx *simulator.Context, vm *mo.VirtualMachine) {
	if !s.networks.building {
		s.useNetworks(ctx, vm.Self, shareOf(vm))
	}
}

// countAllNetworks counts the domains that a simulator starts with.
func (s *server) countAllNetworks() {
	s.networks.building = false
	s.networks.domains = map[types.ManagedObjectReference]networkShare{}
	users := map[types.ManagedObjectReference][]types.ManagedObjectReference{}
	hosts := map[types.ManagedObjectReference]networkShare{}
	for _, e := range s.registry.All("VirtualMachine") {
		vm, ok := e.(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		share := shareOf(&vm.VirtualMachine)
		s.networks.domains[vm.Self] = share
		for _, ref := range share.networks {
			users[ref] = append(users[ref], vm.Self)
		}
		all := hosts[share.host]
		if all.ports == nil {
			all = networkShare{host: share.host, ports: map[string][]types.HostPortGroupPort{}}
		}
		for name, ports := range share.ports {
			all.ports[name] = append(all.ports[name], ports...)
		}
		hosts[share.host] = all
	}
	for ref, list := range users {
		if n, ok := s.registry.Get(ref).(*mo.Network); ok {
			n.Vm = list
		}
	}
	for _, share := range hosts {
		s.addPorts(s.context, share)
	}
}

func (s *server) useNetworks(ctx *simulator.Context, domain types.ManagedObjectReference, now networkShare) {
	s.networks.mutex.Lock()
	old := s.networks.domains[domain]
	if s.networks.domains == nil {
		s.networks.domains = map[types.ManagedObjectReference]networkShare{}
	}
	s.networks.domains[domain] = now
	s.networks.mutex.Unlock()
	if !slices.Equal(old.networks, now.networks) {
		for _, ref := range old.networks {
			s.listDomain(ctx, ref, domain, false)
		}
		for _, ref := range now.networks {
			s.listDomain(ctx, ref, domain, true)
		}
	}
	if old.host == now.host && reflect.DeepEqual(old.ports, now.ports) {
		return
	}
	s.removePorts(ctx, old)
	s.addPorts(ctx, now)
}

// listDomain shows a domain in a network, or takes it out.
func (s *server) listDomain(ctx *simulator.Context, network, domain types.ManagedObjectReference, add bool) {
	var list *[]types.ManagedObjectReference
	o := s.registry.Get(network)
	switch n := o.(type) {
	case *mo.Network:
		list = &n.Vm
	case *simulator.DistributedVirtualPortgroup:
		list = &n.Vm
	default:
		return
	}
	ctx.WithLock(o, func() {
		now := slices.DeleteFunc(slices.Clone(*list), func(r types.ManagedObjectReference) bool { return r == domain })
		if add {
			now = append(now, domain)
		}
		ctx.Update(o, []types.PropertyChange{{Name: "vm", Val: now}})
	})
}

// addPorts adds ports that are new to the port groups of a host.
func (s *server) addPorts(ctx *simulator.Context, share networkShare) {
	s.editPorts(ctx, share, func(have, own []types.HostPortGroupPort) []types.HostPortGroupPort {
		return slices.Concat(have, own)
	})
}

// removePorts takes ports of a domain out of the port groups of its host.
func (s *server) removePorts(ctx *simulator.Context, share networkShare) {
	s.editPorts(ctx, share, func(have, own []types.HostPortGroupPort) []types.HostPortGroupPort {
		return slices.DeleteFunc(slices.Clone(have), func(p types.HostPortGroupPort) bool {
			return slices.ContainsFunc(own, func(o types.HostPortGroupPort) bool { return o.Key == p.Key })
		})
	})
}

func (s *server) editPorts(ctx *simulator.Context, share networkShare,
	edit func(have, own []types.HostPortGroupPort) []types.HostPortGroupPort) {
	h, ok := s.registry.Get(share.host).(*simulator.HostSystem)
	if !ok || len(share.ports) == 0 {
		return
	}
	s.networkOf(h).set(ctx, func(c *types.HostNetworkInfo) {
		for i := range c.Portgroup {
			c.Portgroup[i].Port = edit(c.Portgroup[i].Port, share.ports[c.Portgroup[i].Spec.Name])
		}
	})
}
