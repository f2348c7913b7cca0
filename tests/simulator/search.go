// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// searchIndex finds UUIDs in any case, and through a host's endpoint only what
// is on that host.
type searchIndex struct {
	*simulator.SearchIndex
	s    *server
	view *hostView // nil: everything
}

// visible keeps a result that the client may see.
func (i *searchIndex) visible(ref *types.ManagedObjectReference) *types.ManagedObjectReference {
	if ref == nil || i.view != nil && !i.view.shows(*ref) {
		return nil
	}
	return ref
}

// FindByUuid finds a domain or a host by its UUID.
func (i *searchIndex) FindByUuid(ctx *simulator.Context, req *types.FindByUuid) soap.HasFault {
	all := i.FindAllByUuid(ctx, &types.FindAllByUuid{
		This: req.This, Datacenter: req.Datacenter, Uuid: req.Uuid, VmSearch: req.VmSearch, InstanceUuid: req.InstanceUuid})
	body := &methods.FindByUuidBody{Res: new(types.FindByUuidResponse)}
	if found := all.(*methods.FindAllByUuidBody).Res.Returnval; len(found) > 0 {
		body.Res.Returnval = &found[0]
	}
	return body
}

// FindAllByUuid finds all of them.
func (i *searchIndex) FindAllByUuid(ctx *simulator.Context, req *types.FindAllByUuid) soap.HasFault {
	req.Uuid = strings.ToLower(req.Uuid)
	body := i.SearchIndex.FindAllByUuid(ctx, req).(*methods.FindAllByUuidBody)
	var visible []types.ManagedObjectReference
	for _, ref := range body.Res.Returnval {
		if i.visible(&ref) != nil {
			visible = append(visible, ref)
		}
	}
	body.Res.Returnval = visible
	return body
}

// FindByIp finds a host by the address of one of its network cards.
func (i *searchIndex) FindByIp(ctx *simulator.Context, req *types.FindByIp) soap.HasFault {
	body := i.SearchIndex.FindByIp(ctx, req).(*methods.FindByIpBody)
	body.Res.Returnval = i.visible(body.Res.Returnval)
	return body
}

// FindByDatastorePath finds a domain by its VMX file.
func (i *searchIndex) FindByDatastorePath(ctx *simulator.Context, req *types.FindByDatastorePath) soap.HasFault {
	body := i.SearchIndex.FindByDatastorePath(ctx, req).(*methods.FindByDatastorePathBody)
	body.Res.Returnval = i.visible(body.Res.Returnval)
	return body
}

// FindByInventoryPath starts at the root that the client sees.
func (i *searchIndex) FindByInventoryPath(ctx *simulator.Context, req *types.FindByInventoryPath) soap.HasFault {
	if i.view == nil {
		return i.SearchIndex.FindByInventoryPath(ctx, req)
	}
	found := &i.view.root.Self
	for _, name := range strings.FieldsFunc(req.InventoryPath, func(r rune) bool { return r == '/' }) {
		child := i.SearchIndex.FindChild(ctx, &types.FindChild{Entity: *found, Name: name}).(*methods.FindChildBody)
		if child.Res == nil || child.Res.Returnval == nil {
			return &methods.FindByInventoryPathBody{Res: new(types.FindByInventoryPathResponse)}
		}
		found = child.Res.Returnval
	}
	return &methods.FindByInventoryPathBody{Res: &types.FindByInventoryPathResponse{Returnval: found}}
}
