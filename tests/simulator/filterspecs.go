// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// RetrievePropertiesEx answers each filter spec with its own properties, one
// after the other. The library reads the properties of all specs of the objects
// of each.
func (c *collector) RetrievePropertiesEx(ctx *simulator.Context, req *types.RetrievePropertiesEx) soap.HasFault {
	if len(req.SpecSet) < 2 {
		return c.PropertyCollector.RetrievePropertiesEx(ctx, req)
	}
	var objects []types.ObjectContent
	for _, spec := range req.SpecSet {
		one := &types.RetrievePropertiesEx{This: req.This, SpecSet: []types.PropertyFilterSpec{spec}}
		body, ok := c.PropertyCollector.RetrievePropertiesEx(ctx, one).(*methods.RetrievePropertiesExBody)
		if !ok || body.Fault_ != nil {
			return body
		}
		if body.Res.Returnval != nil {
			objects = append(objects, body.Res.Returnval.Objects...)
		}
	}
	page, token := c.page(objects, int(req.Options.MaxObjects))
	return &methods.RetrievePropertiesExBody{Res: &types.RetrievePropertiesExResponse{
		Returnval: &types.RetrieveResult{Objects: page, Token: token}}}
}

// page cuts what fits into an answer, and keeps the rest under a token.
func (c *collector) page(objects []types.ObjectContent, size int) ([]types.ObjectContent, string) {
	if size <= 0 || len(objects) <= size {
		return objects, ""
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.pages == nil {
		c.pages = map[string]pages{}
	}
	token := uuid.NewString()
	c.pages[token] = pages{objects[size:], size}
	return objects[:size], token
}

// pages are the objects that have not been answered with yet.
type pages struct {
	objects []types.ObjectContent
	size    int
}

// nextPage answers with the rest of an answer to several specs; nil if the token
// is not of one.
func (c *collector) nextPage(token string) soap.HasFault {
	c.mutex.Lock()
	rest, ok := c.pages[token]
	delete(c.pages, token)
	c.mutex.Unlock()
	if !ok {
		return nil
	}
	objects, next := c.page(rest.objects, rest.size)
	return &methods.ContinueRetrievePropertiesExBody{Res: &types.ContinueRetrievePropertiesExResponse{
		Returnval: types.RetrieveResult{Objects: objects, Token: next}}}
}
