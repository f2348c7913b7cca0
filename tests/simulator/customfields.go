// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// customFields are a vCenter's custom values.
type customFields struct {
	*simulator.CustomFieldsManager
	s *server
}

// SetField shows the value in a domain's summary, too, and tells who waits.
func (c *customFields) SetField(ctx *simulator.Context, req *types.SetField) soap.HasFault {
	body := c.CustomFieldsManager.SetField(ctx, req)
	if vm, ok := c.s.registry.Get(req.Entity).(*simulator.VirtualMachine); ok && body.Fault() == nil {
		ctx.WithLock(vm, func() {
			ctx.Update(vm, []types.PropertyChange{
				{Name: "customValue", Val: vm.CustomValue}, {Name: "summary.customValue", Val: vm.CustomValue}})
		})
	}
	return body
}
