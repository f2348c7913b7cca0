// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// An outage of a host: until up its endpoint drops connections, until ready it
// answers 503.
type outage struct{ up, ready time.Time }

// outages are those of all hosts.
type outages struct {
	mutex sync.Mutex
	hosts map[types.ManagedObjectReference]outage
}

func (o *outages) put(h *simulator.HostSystem, out outage) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.hosts == nil {
		o.hosts = map[types.ManagedObjectReference]outage{}
	}
	o.hosts[h.Self] = out
}

func (o *outages) of(ref types.ManagedObjectReference) outage {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.hosts[ref]
}

// isOff tells whether a host stays down until a test switches it on.
func (o *outages) isOff(h *simulator.HostSystem) bool { return o.of(h.Self).up.Equal(forever) }

var forever = time.Unix(1<<40, 0)

// down answers in place of a host that is down or starts, and tells whether it has.
func (f *front) down(w http.ResponseWriter, r *http.Request) bool {
	var host *simulator.HostSystem
	if f.view != nil {
		host = f.view.host
	} else if f.s.options.Kind == "esx" {
		host = f.s.hosts()[0]
	}
	if host == nil || strings.HasPrefix(r.URL.Path, "/_simulator/") {
		return false
	}
	switch out, now := f.s.outages.of(host.Self), time.Now(); {
	case now.Before(out.up):
		dropConnection(w)
		return true
	case now.Before(out.ready):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "503 Service Unavailable", http.StatusServiceUnavailable)
		return true
	}
	return false
}

// answered is the time that a host takes to answer before it goes down.
const answered = 100 * time.Millisecond

// RebootHostTask takes the host down, and up again after -boot-time. The end of
// the task is never seen on the host itself.
func (h *hostSystem) RebootHostTask(ctx *simulator.Context, req *types.RebootHost_Task) soap.HasFault {
	if !req.Force && !h.Runtime.InMaintenanceMode {
		return &methods.RebootHost_TaskBody{Fault_: simulator.Fault("", new(types.InvalidState))}
	}
	ref := h.s.background(ctx, h.HostSystem, "RebootHost_Task", false, new(pending),
		func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			h.goDown(ctx, time.Now().Add(answered+h.s.options.BootTime/2))
			h.boot(h.s.options.BootTime / 2)
			return nil, nil
		})
	return &methods.RebootHost_TaskBody{Res: &types.RebootHost_TaskResponse{Returnval: ref}}
}

// ShutdownHostTask takes the host down until a test switches it on.
func (h *hostSystem) ShutdownHostTask(ctx *simulator.Context, req *types.ShutdownHost_Task) soap.HasFault {
	if !req.Force && !h.Runtime.InMaintenanceMode {
		return &methods.ShutdownHost_TaskBody{Fault_: simulator.Fault("", new(types.InvalidState))}
	}
	ref := h.s.background(ctx, h.HostSystem, "ShutdownHost_Task", false, new(pending),
		func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			h.goDown(ctx, forever)
			return nil, nil
		})
	return &methods.ShutdownHost_TaskBody{Res: &types.ShutdownHost_TaskResponse{Returnval: ref}}
}

// goDown stops the domains and takes the endpoint down until a time.
func (h *hostSystem) goDown(ctx *simulator.Context, until time.Time) {
	time.Sleep(answered)
	h.stopDomains(ctx)
	h.s.outages.put(h.HostSystem, outage{until, until})
	view := h.s.viewOf(h.HostSystem)
	if view != nil || h.s.options.Kind == "esx" {
		h.s.sessions.endAt(view)
	}
	if h.s.options.Kind == "vcenter" {
		h.setConnection(ctx, types.HostSystemConnectionStateNotResponding)
	}
	if until != forever {
		time.Sleep(time.Until(until))
	}
}

// boot starts the host: it answers 503 for a while, then it is there, with
// the domains that it starts itself.
func (h *hostSystem) boot(takes time.Duration) {
	now := time.Now()
	h.s.outages.put(h.HostSystem, outage{now, now.Add(takes)})
	own := *h.s.context
	go func() {
		time.Sleep(takes)
		booted := time.Now()
		own.WithLock(h.HostSystem, func() {
			own.Update(h.HostSystem, []types.PropertyChange{
				{Name: "runtime.bootTime", Val: booted}, {Name: "summary.runtime.bootTime", Val: booted}})
		})
		if h.s.options.Kind == "vcenter" {
			h.setConnection(&own, types.HostSystemConnectionStateConnected)
		}
		h.startDomains(&own)
	}()
}
