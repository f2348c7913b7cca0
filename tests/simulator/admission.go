// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// evcModes are the CPU generations of hosts, oldest first; a domain that runs
// needs that of the host on which it was started. AMD's are another row.
var evcModes = []string{"intel-merom", "intel-sandybridge", "intel-haswell", "intel-skylake", "intel-icelake"}

var amdModes = []string{"amd-rev-e", "amd-bulldozer", "amd-zen", "amd-zen2"}

// newestIntel is the generation of all hosts that have not been changed.
const newestIntel = "intel-icelake"

// runsOn tells whether a host of a generation can run what was started on another.
func runsOn(started, host string) bool {
	for _, row := range [][]string{evcModes, amdModes} {
		if n := slices.Index(row, started); n >= 0 {
			return slices.Index(row, host) >= n
		}
	}
	return true
}

// reservedMB is the memory that a domain reserves while it runs.
func reservedMB(vm *simulator.VirtualMachine) int64 {
	if a := vm.Config.MemoryAllocation; a != nil && a.Reservation != nil {
		return *a.Reservation
	}
	return 0
}

// reservedOn is the memory that the running domains of a host reserve, but one.
func (s *server) reservedOn(host *simulator.HostSystem, except types.ManagedObjectReference) (mb int64) {
	for _, ref := range host.Vm {
		vm, ok := s.registry.Get(ref).(*simulator.VirtualMachine)
		if ok && ref != except && vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
			mb += reservedMB(vm)
		}
	}
	return mb
}

// reservable is the memory of a host that domains can reserve.
func reservable(host *simulator.HostSystem) int64 { return host.Hardware.MemorySize>>20 - ownMemoryMB }

// unreserved is the fault where a host has not the memory that a domain reserves.
func (s *server) unreserved(host *simulator.HostSystem, vm *simulator.VirtualMachine) types.BaseMethodFault {
	left, wanted := reservable(host)-s.reservedOn(host, vm.Self), reservedMB(vm)
	if wanted <= left {
		return nil
	}
	return &types.InsufficientMemoryResourcesFault{Unreserved: left << 20, Requested: wanted << 20}
}

// failover is the fault where a cluster that keeps hosts in reserve (-ha) cannot
// start another domain.
func (s *server) failover(cluster *simulator.ClusterComputeResource, vm *simulator.VirtualMachine) types.BaseMethodFault {
	var sizes []int64
	need := reservedMB(vm)
	for _, ref := range cluster.Host {
		if h, ok := s.registry.Get(ref).(*simulator.HostSystem); ok && usable(h) {
			sizes = append(sizes, reservable(h))
			need += s.reservedOn(h, vm.Self)
		}
	}
	slices.SortFunc(sizes, func(a, b int64) int { return cmp.Compare(a, b) })
	var have int64
	for _, size := range sizes[:max(0, len(sizes)-s.options.HA)] {
		have += size
	}
	if need > have {
		return new(types.InsufficientFailoverResourcesFault)
	}
	return nil
}

func usable(h *simulator.HostSystem) bool {
	return !h.Runtime.InMaintenanceMode && h.Runtime.ConnectionState == types.HostSystemConnectionStateConnected
}

// admit decides where a domain is started, and whether. The caller holds the
// domain's lock.
func (s *server) admit(vm *simulator.VirtualMachine) types.BaseMethodFault {
	host, ok := s.registry.Get(*vm.Runtime.Host).(*simulator.HostSystem)
	if !ok || vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
		return nil
	}
	if host.Runtime.InMaintenanceMode {
		return new(types.InvalidState)
	}
	if cluster, ok := s.registry.Get(*host.Parent).(*simulator.ClusterComputeResource); ok {
		if s.options.HA > 0 {
			if fault := s.failover(cluster, vm); fault != nil {
				return fault
			}
		}
		if to := s.initialPlacement(cluster, vm, host); to != nil {
			own := *s.context
			(&domain{vm, s}).place(&own, place{host: to, pool: *vm.ResourcePool})
			host = to
		}
	}
	if fault := s.unreserved(host, vm); fault != nil {
		return fault
	}
	startedOn(vm, host)
	return nil
}

// initialPlacement is the host to which DRS (-drs) takes a domain that is
// started: the one with the fewest running domains that is not its own.
func (s *server) initialPlacement(cluster *simulator.ClusterComputeResource, vm *simulator.VirtualMachine,
	from *simulator.HostSystem) *simulator.HostSystem {
	if s.options.DRS == "off" || (&domain{vm, s}).isAgent() || vm.ResourcePool == nil {
		return nil
	}
	return s.bestHost(cluster, &domain{vm, s}, from)
}

// bestHost is the host of a cluster that can take a domain and has the most
// memory left, or nil. The caller holds the domain's lock.
func (s *server) bestHost(cluster *simulator.ClusterComputeResource, d *domain, from *simulator.HostSystem) *simulator.HostSystem {
	var best *simulator.HostSystem
	for _, ref := range cluster.Host {
		h, ok := s.registry.Get(ref).(*simulator.HostSystem)
		if !ok || h == from || !usable(h) || len(d.obstacles(move{host: &ref}, place{host: h, pool: *d.ResourcePool})) > 0 {
			continue
		}
		if best == nil || h.Summary.QuickStats.OverallMemoryUsage < best.Summary.QuickStats.OverallMemoryUsage {
			best = h
		}
	}
	return best
}
