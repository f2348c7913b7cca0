// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// autostartOf is the autostart configuration of a host.
func (h *hostSystem) autostartOf() types.HostAutoStartManagerConfig {
	if a, ok := h.s.registry.Get(*h.ConfigManager.AutoStartManager).(*autoStart); ok {
		return a.Config
	}
	return types.HostAutoStartManagerConfig{}
}

// stopDomains does to each running domain what its entry says, or switches it off.
func (h *hostSystem) stopDomains(ctx *simulator.Context) {
	config := h.autostartOf()
	for _, d := range h.domains(ctx) {
		if !d.running() {
			continue
		}
		action := "powerOff"
		if config.Defaults != nil && config.Defaults.Enabled != nil && *config.Defaults.Enabled {
			action = stopActionOf(config, d.Self)
		}
		switch strings.ToLower(action) {
		case "suspend":
			h.power(ctx, d, func() soap.HasFault { return d.VirtualMachine.SuspendVMTask(ctx, &types.SuspendVM_Task{This: d.Self}) })
			continue
		case "guestshutdown":
			if delay := extra(d.VirtualMachine, shutdownKey); toolsRunning(d.VirtualMachine) && delay != "never" {
				ms, _ := strconv.Atoi(delay)
				time.Sleep(time.Duration(ms) * time.Millisecond)
			}
		}
		h.power(ctx, d, func() soap.HasFault {
			return d.VirtualMachine.PowerOffVMTask(ctx, &types.PowerOffVM_Task{This: d.Self})
		})
	}
}

// stopActionOf is the action for a domain, which may be the host's default.
func stopActionOf(config types.HostAutoStartManagerConfig, key types.ManagedObjectReference) string {
	for _, p := range config.PowerInfo {
		if p.Key == key && !strings.EqualFold(p.StopAction, "systemDefault") {
			return p.StopAction
		}
	}
	return config.Defaults.StopAction
}

// startDomains starts the domains that start with the host.
func (h *hostSystem) startDomains(ctx *simulator.Context) {
	config := h.autostartOf()
	if config.Defaults == nil || config.Defaults.Enabled == nil || !*config.Defaults.Enabled || h.Runtime.InMaintenanceMode {
		return
	}
	for _, p := range config.PowerInfo {
		vm, ok := h.s.registry.Get(p.Key).(*simulator.VirtualMachine)
		if ok && strings.EqualFold(p.StartAction, "powerOn") {
			d := &domain{vm, h.s}
			h.power(ctx, d, func() soap.HasFault { return d.start(ctx) })
		}
	}
}

// power starts a task of the domain and waits for its end.
func (h *hostSystem) power(ctx *simulator.Context, d *domain, start func() soap.HasFault) {
	var body soap.HasFault
	ctx.WithLock(d.VirtualMachine, func() { body = start() })
	_, _ = h.s.finished(body)
}
