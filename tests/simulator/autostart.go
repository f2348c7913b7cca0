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
		if !slices.Contains(a.host.Vm, p.Key) {
			body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "powerInfo.key"})
			return body
		}
		config.PowerInfo = slices.DeleteFunc(config.PowerInfo, func(o types.AutoStartPowerInfo) bool { return o.Key == p.Key })
		if !strings.EqualFold(p.StartAction, "none") { // without a start action an entry leaves the list
			config.PowerInfo = append(config.PowerInfo, p)
		}
	}
	ctx.Update(a, []types.PropertyChange{{Name: "config", Val: config}})
	ctx.WithLock(a.host, func() {
		ctx.Update(a.host, []types.PropertyChange{{Name: "config.autoStart", Val: config}})
	})
	body.Res = new(types.ReconfigureAutostartResponse)
	return body
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
