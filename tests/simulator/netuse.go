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
	mutex   sync.Mutex
	domains map[types.ManagedObjectReference]networkShare
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
	s.useNetworks(ctx, vm.Self, shareOf(vm))
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
	s.usePorts(ctx, old, false)
	s.usePorts(ctx, now, true)
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

// usePorts shows the ports of a domain in the port groups of its host, or takes
// them out.
func (s *server) usePorts(ctx *simulator.Context, share networkShare, add bool) {
	h, ok := s.registry.Get(share.host).(*simulator.HostSystem)
	if !ok || len(share.ports) == 0 {
		return
	}
	s.networkOf(h).set(ctx, func(c *types.HostNetworkInfo) {
		for i := range c.Portgroup {
			ports := share.ports[c.Portgroup[i].Spec.Name]
			now := slices.DeleteFunc(slices.Clone(c.Portgroup[i].Port), func(p types.HostPortGroupPort) bool {
				return slices.ContainsFunc(ports, func(o types.HostPortGroupPort) bool { return o.Key == p.Key })
			})
			if add {
				now = append(now, ports...)
			}
			c.Portgroup[i].Port = now
		}
	})
}
