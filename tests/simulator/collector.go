// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// collector is the property collector. The library makes a new one of this type
// for each session.
type collector struct{ simulator.PropertyCollector }

// ContinueRetrievePropertiesEx leaves out properties that are unset, which the
// library does for the first page only.
func (c *collector) ContinueRetrievePropertiesEx(ctx *simulator.Context, req *types.ContinueRetrievePropertiesEx) soap.HasFault {
	body := c.PropertyCollector.ContinueRetrievePropertiesEx(ctx, req)
	if page, ok := body.(*methods.ContinueRetrievePropertiesExBody); ok && page.Res != nil {
		for i := range page.Res.Returnval.Objects {
			o := &page.Res.Returnval.Objects[i]
			o.PropSet = slices.DeleteFunc(o.PropSet, func(p types.DynamicProperty) bool { return p.Val == nil })
		}
	}
	return body
}

// addCollector puts ours in the place of the library's.
func (s *server) addCollector() {
	c := new(collector)
	c.Self = s.content().PropertyCollector
	s.registry.Put(c)
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
