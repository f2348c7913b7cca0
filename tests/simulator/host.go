// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"net"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	hostMemory  = 64 << 30 // bytes
	ownMemoryMB = 1404     // what a host uses without domains
)

// The CPUs of a host.
const (
	cpuPackages = 2
	cpuCores    = 32
	cpuThreads  = 64
)

// giveCPUs makes the hosts that the library will make large enough for usual domains.
func giveCPUs() {
	cpu, shown := &esx.HostHardwareInfo.CpuInfo, esx.HostSystem.Summary.Hardware
	cpu.NumCpuPackages, cpu.NumCpuCores, cpu.NumCpuThreads = cpuPackages, cpuCores, cpuThreads
	shown.NumCpuPkgs, shown.NumCpuCores, shown.NumCpuThreads = cpuPackages, cpuCores, cpuThreads
}

// completeHost sets what clients read of a host and the library leaves out.
func (s *server) completeHost(h *simulator.HostSystem) {
	capability := *h.Capability
	capability.MaxSupportedVcpus = 128
	capability.VmotionSupported, capability.ScreenshotSupported = true, true
	h.Capability = &capability

	addTargets(h, s.options.IscsiTargets)
	about := s.esxAbout()
	h.Config.Product, h.Summary.Config.Product = about, &about
	h.Summary.ManagementServerIp = s.options.ManagedBy
	if s.options.Kind == "vcenter" && s.options.ManagedBy == "" {
		h.Summary.ManagementServerIp = s.listenAddress()
	}
	h.Hardware.MemorySize, h.Summary.Hardware.MemorySize = hostMemory, hostMemory
	h.Summary.QuickStats.OverallMemoryUsage = ownMemoryMB
	h.Summary.MaxEVCModeKey = newestIntel
	h.Summary.Config.VmotionEnabled = true
	h.Config.LockdownMode = types.HostLockdownModeLockdownDisabled
	board := uuid.NewString() // the library's follows from the host's name
	h.Hardware.SystemInfo.Uuid, h.Summary.Hardware.Uuid = board, board
	s.addAutoStart(h)
	s.addDateTime(h)
}

// esxAbout is what a host says of itself, also under a vCenter.
func (s *server) esxAbout() types.AboutInfo {
	return s.about(esx.ServiceContent.About, "esx")
}

// listenAddress is the address at which clients reach the server.
func (s *server) listenAddress() string {
	host, _, err := net.SplitHostPort(s.options.Listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return strings.Trim(host, "[]")
}

// memoryUse counts the memory of running domains into their hosts'
// summary.quickStats.overallMemoryUsage.
type memoryUse struct {
	mutex   sync.Mutex
	counted map[types.ManagedObjectReference]memoryShare // by domain
}

type memoryShare struct {
	host types.ManagedObjectReference
	mb   int32
}

// count brings the figures of hosts up to date with a domain. The caller holds
// the domain's lock.
func (s *server) count(ctx *simulator.Context, vm *mo.VirtualMachine) {
	now := memoryShare{}
	if vm.Runtime.Host != nil && vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
		now = memoryShare{*vm.Runtime.Host, vm.Config.Hardware.MemoryMB}
	}
	s.memory.mutex.Lock()
	old := s.memory.counted[vm.Self]
	s.memory.counted[vm.Self] = now
	s.memory.mutex.Unlock()
	if old != now {
		s.use(ctx, old.host, -old.mb)
		s.use(ctx, now.host, now.mb)
	}
}

func (s *server) use(ctx *simulator.Context, host types.ManagedObjectReference, mb int32) {
	h, ok := s.registry.Get(host).(*simulator.HostSystem)
	if !ok || mb == 0 {
		return
	}
	ctx.WithLock(h, func() {
		ctx.Update(h, []types.PropertyChange{{
			Name: "summary.quickStats.overallMemoryUsage", Val: h.Summary.QuickStats.OverallMemoryUsage + mb}})
	})
}
