// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"slices"
	"strconv"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/changes"
)

// collector is a property collector with filters and versions of its own. The
// library makes a new one of this type for each session; its own ones share what
// has changed among all sessions, and so lose it.
type collector struct {
	simulator.PropertyCollector
	s *server

	mutex   sync.Mutex // not held while a wait sleeps
	filters []*filter
	version int                          // of the last answer
	last    []types.PropertyFilterUpdate // that answer, for a client that has not got it
	rest    []types.PropertyFilterUpdate // that did not fit into it
	stop    chan struct{}                // is closed by CancelWaitForUpdates
	pages   map[string]pages             // the rest of answers to several specs, by token
}

// filter is one of a collector's filters.
type filter struct {
	mo.PropertyFilter
	owner *collector
	known map[types.ManagedObjectReference]map[string]types.AnyType // that the client has been told
}

// addCollector puts ours in the place of the library's.
func (s *server) addCollector() {
	c := new(collector)
	c.Self = s.content().PropertyCollector
	s.registry.Put(c)
	s.registry.AddHandler(&s.feed)
}

// attach tells the collector of a session where it is.
func (c *collector) attach(s *server) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.s == nil {
		c.s, c.stop = s, make(chan struct{})
	}
}

// ContinueRetrievePropertiesEx leaves out properties that are unset, which the
// library does for the first page only.
func (c *collector) ContinueRetrievePropertiesEx(ctx *simulator.Context, req *types.ContinueRetrievePropertiesEx) soap.HasFault {
	if rest := c.nextPage(req.Token); rest != nil {
		return rest
	}
	body := c.PropertyCollector.ContinueRetrievePropertiesEx(ctx, req)
	if page, ok := body.(*methods.ContinueRetrievePropertiesExBody); ok && page.Res != nil {
		for i := range page.Res.Returnval.Objects {
			o := &page.Res.Returnval.Objects[i]
			o.PropSet = slices.DeleteFunc(o.PropSet, func(p types.DynamicProperty) bool { return p.Val == nil })
		}
	}
	return body
}

// CreatePropertyCollector makes another collector of the session.
func (c *collector) CreatePropertyCollector(ctx *simulator.Context, _ *types.CreatePropertyCollector) soap.HasFault {
	added := new(collector)
	added.Self.Type = "PropertyCollector"
	added.attach(c.s)
	return &methods.CreatePropertyCollectorBody{Res: &types.CreatePropertyCollectorResponse{
		Returnval: ctx.Session.Put(added).Reference()}}
}

// DestroyPropertyCollector removes the collector with its filters; who waits hears that.
func (c *collector) DestroyPropertyCollector(ctx *simulator.Context, _ *types.DestroyPropertyCollector) soap.HasFault {
	c.cancel()
	c.mutex.Lock()
	filters := slices.Clone(c.filters)
	c.filters = nil
	c.mutex.Unlock()
	for _, f := range filters {
		ctx.Session.Remove(ctx, f.Self)
	}
	ctx.Session.Remove(ctx, c.Self)
	return &methods.DestroyPropertyCollectorBody{Res: new(types.DestroyPropertyCollectorResponse)}
}

// CreateFilter refuses an object or a property that is not there.
func (c *collector) CreateFilter(ctx *simulator.Context, req *types.CreateFilter) soap.HasFault {
	f := &filter{owner: c}
	f.Self.Type, f.Spec, f.PartialUpdates = "PropertyFilter", req.Spec, req.PartialUpdates
	if _, fault := f.collect(ctx, false); fault != nil {
		return &methods.CreateFilterBody{Fault_: fault}
	}
	ref := ctx.Session.Put(f).Reference()
	c.mutex.Lock()
	c.filters = append(c.filters, f)
	c.Filter = append(slices.Clone(c.Filter), ref)
	c.mutex.Unlock()
	c.s.feed.wake(c)
	return &methods.CreateFilterBody{Res: &types.CreateFilterResponse{Returnval: ref}}
}

// DestroyPropertyFilter removes the filter from its collector.
func (f *filter) DestroyPropertyFilter(ctx *simulator.Context, req *types.DestroyPropertyFilter) soap.HasFault {
	c := f.owner
	c.mutex.Lock()
	c.filters = slices.DeleteFunc(c.filters, func(o *filter) bool { return o == f })
	c.Filter = slices.DeleteFunc(slices.Clone(c.Filter), func(r types.ManagedObjectReference) bool { return r == f.Self })
	c.mutex.Unlock()
	ctx.Session.Remove(ctx, req.This)
	return &methods.DestroyPropertyFilterBody{Res: new(types.DestroyPropertyFilterResponse)}
}

// collect reads what the filter selects now, in the order of its objects.
func (f *filter) collect(ctx *simulator.Context, skipMissing bool) ([]types.ObjectContent, *soap.Fault) {
	spec := f.Spec
	if skipMissing {
		spec.ReportMissingObjectsInResults = types.NewBool(true)
	}
	body := f.owner.PropertyCollector.RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{SpecSet: []types.PropertyFilterSpec{spec}})
	if fault := body.Fault(); fault != nil {
		return nil, fault
	}
	return body.(*methods.RetrievePropertiesExBody).Res.Returnval.Objects, nil
}

// updates are what has changed since the client was told; from now on it is told.
func (f *filter) updates(ctx *simulator.Context) ([]types.ObjectUpdate, *soap.Fault) {
	objects, fault := f.collect(ctx, true)
	if fault != nil {
		return nil, fault
	}
	var list []types.ObjectUpdate
	now := make(map[types.ManagedObjectReference]map[string]types.AnyType, len(objects))
	for _, o := range objects {
		properties := make(map[string]types.AnyType, len(o.PropSet))
		for _, p := range o.PropSet {
			properties[p.Name] = p.Val
		}
		now[o.Obj] = properties
		old, told := f.known[o.Obj]
		u := types.ObjectUpdate{Obj: o.Obj, Kind: types.ObjectUpdateKindModify}
		u.ChangeSet = changes.Between(old, properties, told && f.PartialUpdates)
		if !told {
			u.Kind = types.ObjectUpdateKindEnter
		}
		if !told || len(u.ChangeSet) > 0 {
			list = append(list, u)
		}
	}
	for ref := range f.known {
		if _, there := now[ref]; !there {
			list = append(list, types.ObjectUpdate{Obj: ref, Kind: types.ObjectUpdateKindLeave})
		}
	}
	f.known = now
	return list, nil
}

// answer is the next answer to a client that has been told a version, or nothing
// where nothing has changed. The collector's mutex is held.
func (c *collector) answer(ctx *simulator.Context, version string, limit int) (*types.UpdateSet, *soap.Fault) {
	switch version {
	case "": // from the beginning
		c.rest = nil
		for _, f := range c.filters {
			f.known = nil
		}
	case strconv.Itoa(c.version):
	case strconv.Itoa(c.version - 1): // the answer was lost, or another wait has got it
		return c.set(c.last), nil
	default:
		return nil, simulator.Fault("", new(types.InvalidCollectorVersion))
	}
	if len(c.rest) == 0 {
		for _, f := range c.filters {
			objects, fault := f.updates(ctx)
			if fault != nil {
				return nil, fault
			}
			if len(objects) > 0 {
				c.rest = append(c.rest, types.PropertyFilterUpdate{Filter: f.Self, ObjectSet: objects})
			}
		}
	}
	if len(c.rest) == 0 && version != "" {
		return nil, nil
	}
	c.version++
	c.last, c.rest = paged(c.rest, limit)
	return c.set(c.last), nil
}

func (c *collector) set(updates []types.PropertyFilterUpdate) *types.UpdateSet {
	set := &types.UpdateSet{Version: strconv.Itoa(c.version), FilterSet: updates}
	if len(c.rest) > 0 {
		set.Truncated = types.NewBool(true)
	}
	return set
}

// paged divides updates after so many objects.
func paged(updates []types.PropertyFilterUpdate, limit int) (page, rest []types.PropertyFilterUpdate) {
	for i, u := range updates {
		if len(u.ObjectSet) > limit {
			first, second := u, u
			first.ObjectSet, second.ObjectSet = u.ObjectSet[:limit], u.ObjectSet[limit:]
			if limit > 0 {
				page = append(page, first)
			}
			return page, append([]types.PropertyFilterUpdate{second}, updates[i+1:]...)
		}
		limit -= len(u.ObjectSet)
		page = append(page, u)
	}
	return page, nil
}

// anonymousCollector answers clients that have not logged in and ask whether
// they have: SessionManager.currentSession is unset, which is no fault.
type anonymousCollector struct{ mo.PropertyCollector }

// asksForSession tells whether a call asks for nothing but the session manager.
func asksForSession(body types.AnyType) bool {
	asks := false
	for _, spec := range specsOf(body) {
		for _, o := range spec.ObjectSet {
			if o.Obj.Type != "SessionManager" {
				return false
			}
			asks = true
		}
	}
	return asks
}

func withoutProperties(specs []types.PropertyFilterSpec) (list []types.ObjectContent) {
	for _, spec := range specs {
		for _, o := range spec.ObjectSet {
			list = append(list, types.ObjectContent{Obj: o.Obj})
		}
	}
	return list
}

// RetrievePropertiesEx see anonymousCollector.
func (*anonymousCollector) RetrievePropertiesEx(_ *simulator.Context, req *types.RetrievePropertiesEx) soap.HasFault {
	result := &types.RetrieveResult{Objects: withoutProperties(req.SpecSet)}
	return &methods.RetrievePropertiesExBody{Res: &types.RetrievePropertiesExResponse{Returnval: result}}
}

// RetrieveProperties see anonymousCollector.
func (*anonymousCollector) RetrieveProperties(_ *simulator.Context, req *types.RetrieveProperties) soap.HasFault {
	return &methods.RetrievePropertiesBody{Res: &types.RetrievePropertiesResponse{Returnval: withoutProperties(req.SpecSet)}}
}
