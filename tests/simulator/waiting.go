// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// feed wakes the waits whose objects change.
type feed struct {
	mutex   sync.Mutex
	waiting map[*waiter]struct{}
}

// A waiter is one call of WaitForUpdates that waits.
type waiter struct {
	c       *collector
	objects map[types.ManagedObjectReference]bool // the feed's mutex is held
	wide    bool                                  // any change may matter: a filter traverses
	woken   chan struct{}
}

// Reference makes the feed a handler of the registry; nothing else uses it.
func (*feed) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "Simulator", Value: "feed"}
}

// PutObject see feed.
func (f *feed) PutObject(_ *simulator.Context, o mo.Reference) { f.touch(o.Reference()) }

// UpdateObject see feed.
func (f *feed) UpdateObject(_ *simulator.Context, o mo.Reference, _ []types.PropertyChange) {
	f.touch(o.Reference())
}

// RemoveObject see feed.
func (f *feed) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) { f.touch(ref) }

func (f *feed) touch(ref types.ManagedObjectReference) {
	f.each(func(w *waiter) bool { return w.wide || w.objects[ref] })
}

// wake wakes the waits of a collector.
func (f *feed) wake(c *collector) { f.each(func(w *waiter) bool { return w.c == c }) }

func (f *feed) each(concerns func(*waiter) bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for w := range f.waiting {
		if concerns(w) {
			select {
			case w.woken <- struct{}{}:
			default: // it is awake already
			}
		}
	}
}

// watch notes what a waiter waits for.
func (f *feed) watch(w *waiter, filters []*filter) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.waiting == nil {
		f.waiting = map[*waiter]struct{}{}
	}
	f.waiting[w] = struct{}{}
	w.objects, w.wide = map[types.ManagedObjectReference]bool{}, false
	for _, filter := range filters {
		for _, o := range filter.Spec.ObjectSet {
			w.objects[o.Obj] = true
			w.wide = w.wide || len(o.SelectSet) > 0
		}
	}
}

func (f *feed) forget(w *waiter) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	delete(f.waiting, w)
}

const (
	gathering  = 10 * time.Millisecond // changes that come together are told together
	pageLimit  = 100                   // objects in an answer, as a vCenter has it
	lookAround = time.Second           // so soon a wait sees that its session is over
)

// wait returns when something has changed since a version; nil when the time is over.
func (c *collector) wait(ctx *simulator.Context, version string, options *types.WaitOptions) (*types.UpdateSet, *soap.Fault) {
	limit := pageLimit
	var over <-chan time.Time
	look := true
	if options != nil && options.MaxWaitSeconds != nil {
		over = time.After(time.Duration(*options.MaxWaitSeconds) * time.Second)
		look = *options.MaxWaitSeconds > 0
	}
	if options != nil && options.MaxObjectUpdates > 0 {
		limit = min(limit, int(options.MaxObjectUpdates))
	}
	w := &waiter{c: c, woken: make(chan struct{}, 1)}
	defer c.s.feed.forget(w)
	ticks := time.NewTicker(lookAround)
	defer ticks.Stop()
	for {
		c.mutex.Lock()
		c.s.feed.watch(w, c.filters)
		set, fault := c.answer(ctx, version, limit)
		stop := c.stop
		c.mutex.Unlock()
		if set != nil || fault != nil || !look {
			return set, fault
		}
		for asleep := true; asleep; {
			select {
			case <-w.woken:
				time.Sleep(gathering)
				asleep = false
			case <-over:
				return nil, nil
			case <-stop:
				return nil, simulator.Fault("", new(types.RequestCanceled))
			case <-ticks.C:
				if !c.s.sessions.has(ctx.Session.Key) {
					return nil, simulator.Fault("", new(types.NotAuthenticated))
				}
			}
		}
	}
}

// cancel ends the waits that there are.
func (c *collector) cancel() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	close(c.stop)
	c.stop = make(chan struct{})
}

// CancelWaitForUpdates ends the waits of this collector, and of no other.
func (c *collector) CancelWaitForUpdates(*simulator.Context, *types.CancelWaitForUpdates) soap.HasFault {
	c.cancel()
	return &methods.CancelWaitForUpdatesBody{Res: new(types.CancelWaitForUpdatesResponse)}
}

// WaitForUpdatesEx returns nothing when its time is over.
func (c *collector) WaitForUpdatesEx(ctx *simulator.Context, req *types.WaitForUpdatesEx) soap.HasFault {
	set, fault := c.wait(ctx, req.Version, req.Options)
	if fault != nil {
		return &methods.WaitForUpdatesExBody{Fault_: fault}
	}
	return &methods.WaitForUpdatesExBody{Res: &types.WaitForUpdatesExResponse{Returnval: set}}
}

// WaitForUpdates waits for ever.
func (c *collector) WaitForUpdates(ctx *simulator.Context, req *types.WaitForUpdates) soap.HasFault {
	set, fault := c.wait(ctx, req.Version, nil)
	if fault != nil {
		return &methods.WaitForUpdatesBody{Fault_: fault}
	}
	return &methods.WaitForUpdatesBody{Res: &types.WaitForUpdatesResponse{Returnval: *set}}
}

// CheckForUpdates does not wait.
func (c *collector) CheckForUpdates(ctx *simulator.Context, req *types.CheckForUpdates) soap.HasFault {
	set, fault := c.wait(ctx, req.Version, &types.WaitOptions{MaxWaitSeconds: types.NewInt32(0)})
	if fault != nil {
		return &methods.CheckForUpdatesBody{Fault_: fault}
	}
	return &methods.CheckForUpdatesBody{Res: &types.CheckForUpdatesResponse{Returnval: set}}
}
