// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Entries of a VMX file (or of extraConfig) that tell what a guest has.
const (
	toolsKey    = "simulator.tools"         // "running": as if the guest ran VMware Tools
	delayKey    = "simulator.tools.delay"   // milliseconds from the start until the tools run
	addressKey  = "simulator.address"       // addresses of the first card, with commas; ".1" of the second ...
	hostNameKey = "simulator.hostName"      // default: the domain's name
	shutdownKey = "simulator.shutdownDelay" // milliseconds until a guest is off, or "never"
)

// ourTools is the version by which tools of simulator.tools are known.
const ourTools = "10336"

// toolsRunning tells whether the guest of a running domain has VMware Tools:
// by simulator.tools, or by the library's SET.guest.toolsRunningStatus.
func toolsRunning(vm *simulator.VirtualMachine) bool {
	return vm.Guest.ToolsRunningStatus == string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)
}

// downTime is how long the tools of a guest that restarts are away, and simulator.tools.delay more.
const downTime = 100 * time.Millisecond

// toolsDue is how long it takes until the tools of a running domain run.
func toolsDue(vm *simulator.VirtualMachine) time.Duration {
	if vm.Runtime.BootTime == nil {
		return 0
	}
	ms, _ := strconv.Atoi(extra(vm, delayKey))
	return time.Until(vm.Runtime.BootTime.Add(time.Duration(ms) * time.Millisecond))
}

// A guestState is what the guest tells, as far as it is simulated.
type guestState struct {
	status    types.VirtualMachineToolsStatus
	running   types.VirtualMachineToolsRunningStatus
	heartbeat types.ManagedEntityStatus
	version   string
	name      string
	state     types.VirtualMachineGuestState
}

func guestOf(vm *simulator.VirtualMachine) guestState {
	g := guestState{
		types.VirtualMachineToolsStatusToolsNotInstalled, types.VirtualMachineToolsRunningStatusGuestToolsNotRunning,
		types.ManagedEntityStatusGray, "0", "", types.VirtualMachineGuestStateNotRunning}
	if extra(vm, toolsKey) != "running" {
		return g
	}
	g.status, g.version = types.VirtualMachineToolsStatusToolsNotRunning, ourTools
	if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn && toolsDue(vm) <= 0 {
		g.status, g.running = types.VirtualMachineToolsStatusToolsOk, types.VirtualMachineToolsRunningStatusGuestToolsRunning
		g.heartbeat, g.state = types.ManagedEntityStatusGreen, types.VirtualMachineGuestStateRunning
		if g.name = extra(vm, hostNameKey); g.name == "" {
			g.name = vm.Name
		}
	}
	return g
}

// showTools brings the guest's properties up to date with simulator.tools and
// the power state. The caller holds the domain's lock.
func (s *server) showTools(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	g := guestOf(vm)
	if g.version == "0" && vm.Guest.ToolsVersion != ourTools {
		return
	}
	if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn && g.version != "0" {
		s.showToolsLater(vm, toolsDue(vm))
	}
	addresses := guestNet(vm, g.running == types.VirtualMachineToolsRunningStatusGuestToolsRunning)
	first := firstAddress(addresses)
	if vm.Guest.ToolsStatus == g.status && vm.Guest.HostName == g.name && reflect.DeepEqual(vm.Guest.Net, addresses) {
		return
	}
	ctx.Update(vm, []types.PropertyChange{
		{Name: "guest.toolsStatus", Val: g.status}, {Name: "summary.guest.toolsStatus", Val: g.status},
		{Name: "guest.toolsRunningStatus", Val: string(g.running)}, {Name: "summary.guest.toolsRunningStatus", Val: string(g.running)},
		{Name: "guest.toolsVersion", Val: g.version}, {Name: "guest.guestState", Val: string(g.state)},
		{Name: "guest.hostName", Val: g.name}, {Name: "summary.guest.hostName", Val: g.name},
		{Name: "guest.net", Val: addresses},
		{Name: "guest.ipAddress", Val: first}, {Name: "summary.guest.ipAddress", Val: first},
		{Name: "guestHeartbeatStatus", Val: g.heartbeat}, {Name: "summary.quickStats.guestHeartbeatStatus", Val: g.heartbeat}})
}

// showToolsLater looks again when the tools are due.
func (s *server) showToolsLater(vm *simulator.VirtualMachine, due time.Duration) {
	if due <= 0 {
		return
	}
	if _, waiting := s.waking.LoadOrStore(vm.Self, true); waiting {
		return
	}
	time.AfterFunc(due, func() {
		s.waking.Delete(vm.Self)
		own := *s.context
		own.WithLock(vm, func() { s.showTools(&own, vm) })
	})
}

// guestNet are the cards as the guest sees them, with addresses while the tools run.
func guestNet(vm *simulator.VirtualMachine, running bool) (list []types.GuestNicInfo) {
	n := 0
	for _, dev := range vm.Config.Hardware.Device {
		card, ok := dev.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		e := card.GetVirtualEthernetCard()
		info := types.GuestNicInfo{MacAddress: e.MacAddress, DeviceConfigId: e.Key}
		if b, ok := e.Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok {
			info.Network = b.DeviceName
		}
		if running {
			info.Connected = e.Connectable != nil && e.Connectable.Connected
			info.IpAddress = addressesOf(vm, n)
			info.IpConfig = ipConfig(info.IpAddress)
		}
		list = append(list, info)
		n++
	}
	return list
}

func addressesOf(vm *simulator.VirtualMachine, n int) []string {
	key := addressKey
	if n > 0 {
		key += "." + strconv.Itoa(n)
	}
	return strings.FieldsFunc(extra(vm, key), func(r rune) bool { return r == ',' || r == ' ' })
}

func ipConfig(addresses []string) *types.NetIpConfigInfo {
	if len(addresses) == 0 {
		return nil
	}
	c := &types.NetIpConfigInfo{}
	for _, a := range addresses {
		length := int32(24)
		if strings.Contains(a, ":") {
			length = 64
		}
		c.IpAddress = append(c.IpAddress, types.NetIpConfigInfoIpAddress{
			IpAddress: a, PrefixLength: length, State: string(types.NetIpConfigInfoIpAddressStatusPreferred)})
	}
	return c
}

func firstAddress(list []types.GuestNicInfo) string {
	for _, card := range list {
		if len(card.IpAddress) > 0 {
			return card.IpAddress[0]
		}
	}
	return ""
}
