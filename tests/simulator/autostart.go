// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// autoStart is the autostart manager of a host, which the library only refers to.
type autoStart struct {
	mo.HostAutoStartManager
	host *simulator.HostSystem
}

func (s *server) addAutoStart(h *simulator.HostSystem) {
	a := &autoStart{host: h}
	a.Config.Defaults = &types.AutoStartDefaults{
		Enabled: types.NewBool(false), StartDelay: 120, StopDelay: 120,
		WaitForHeartbeat: types.NewBool(false), StopAction: "PowerOff"}
	a.Self = types.ManagedObjectReference{Type: "HostAutoStartManager", Value: "ha-autostart-mgr"}
	if s.registry.IsVPX() { // the library's hosts all refer to one
		a.Self.Value = "autoStartManager-" + strings.TrimPrefix(h.Self.Value, "host-")
	}
	h.ConfigManager.AutoStartManager = &a.Self
	s.registry.Put(a)
}

// ReconfigureAutostart merges defaults and entries into what is there.
func (a *autoStart) ReconfigureAutostart(ctx *simulator.Context, req *types.ReconfigureAutostart) soap.HasFault {
	body := new(methods.ReconfigureAutostartBody)
	config := types.HostAutoStartManagerConfig{
		Defaults: mergeDefaults(a.Config.Defaults, req.Spec.Defaults), PowerInfo: slices.Clone(a.Config.PowerInfo)}
	for _, p := range req.Spec.PowerInfo {
		wrong := wrongEntry(p, config.PowerInfo)
		if !slices.Contains(a.host.Vm, p.Key) {
			wrong = "key"
		}
		if wrong != "" {
			body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "powerInfo." + wrong})
			return body
		}
		config.PowerInfo = mergeEntry(config.PowerInfo, p)
	}
	ctx.Update(a, []types.PropertyChange{{Name: "config", Val: config}})
	ctx.WithLock(a.host, func() {
		ctx.Update(a.host, []types.PropertyChange{{Name: "config.autoStart", Val: config}})
	})
	body.Res = new(types.ReconfigureAutostartResponse)
	return body
}

// stopActions are what may be done to a domain when its host goes down.
var stopActions = []string{"none", "systemdefault", "poweroff", "suspend", "guestshutdown"}

// withoutEntry is a list of entries without that of a domain; who was behind it moves up.
func withoutEntry(list []types.AutoStartPowerInfo, key types.ManagedObjectReference) []types.AutoStartPowerInfo {
	i := slices.IndexFunc(list, func(o types.AutoStartPowerInfo) bool { return o.Key == key })
	if i < 0 {
		return slices.Clone(list)
	}
	gone := list[i].StartOrder
	rest := slices.Delete(slices.Clone(list), i, i+1)
	for i := range rest {
		if gone > 0 && rest[i].StartOrder > gone {
			rest[i].StartOrder--
		}
	}
	return rest
}

// wrongEntry is the member of an entry that a host refuses, or "".
func wrongEntry(p types.AutoStartPowerInfo, list []types.AutoStartPowerInfo) string {
	starts := strings.EqualFold(p.StartAction, "powerOn")
	ordered := int32(1)
	for _, o := range withoutEntry(list, p.Key) {
		if o.StartOrder > 0 {
			ordered++
		}
	}
	switch {
	case !starts && !strings.EqualFold(p.StartAction, "none"):
		return "startAction"
	case !slices.Contains(stopActions, strings.ToLower(p.StopAction)):
		return "stopAction"
	case p.StartOrder != -1 && (p.StartOrder < 1 || p.StartOrder > ordered || !starts):
		return "startOrder"
	case p.StartDelay < -1:
		return "startDelay"
	case p.StopDelay < -1:
		return "stopDelay"
	}
	return ""
}

// mergeEntry puts an entry into its place in the order; one without any action
// leaves the list.
func mergeEntry(list []types.AutoStartPowerInfo, p types.AutoStartPowerInfo) []types.AutoStartPowerInfo {
	list = withoutEntry(list, p.Key)
	if strings.EqualFold(p.StartAction, "none") && strings.EqualFold(p.StopAction, "none") {
		return list
	}
	for i := range list {
		if p.StartOrder > 0 && list[i].StartOrder >= p.StartOrder {
			list[i].StartOrder++
		}
	}
	return append(list, p)
}

func mergeDefaults(old, wanted *types.AutoStartDefaults) *types.AutoStartDefaults {
	merged := *old
	if wanted == nil {
		return &merged
	}
	if wanted.Enabled != nil {
		merged.Enabled = wanted.Enabled
	}
	if wanted.WaitForHeartbeat != nil {
		merged.WaitForHeartbeat = wanted.WaitForHeartbeat
	}
	if wanted.StartDelay != 0 {
		merged.StartDelay = wanted.StartDelay
	}
	if wanted.StopDelay != 0 {
		merged.StopDelay = wanted.StopDelay
	}
	if wanted.StopAction != "" {
		merged.StopAction = wanted.StopAction
	}
	return &merged
}
