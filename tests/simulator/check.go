// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
)

var eventKey atomic.Int32

// instance is a service instance that validates migrations.
type instance struct {
	*simulator.ServiceInstance
	s *server
}

// ValidateMigration answers with an event for each thing that stands against a
// migration, and for each warning.
func (i *instance) ValidateMigration(ctx *simulator.Context, req *types.ValidateMigration) soap.HasFault {
	body := new(methods.ValidateMigrationBody)
	if i.s.registry.IsESX() {
		body.Fault_ = simulator.Fault("", new(types.NotSupported))
		return body
	}
	body.Res = new(types.ValidateMigrationResponse)
	for _, ref := range req.Vm {
		vm, ok := i.s.registry.Get(ref).(*simulator.VirtualMachine)
		if !ok {
			return &methods.ValidateMigrationBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: ref})}
		}
		d := &domain{vm, i.s}
		m := move{host: req.Host, pool: req.Pool, state: req.State}
		at, faults := d.target(ctx, m)
		for _, f := range faults {
			body.Res.Returnval = append(body.Res.Returnval, &types.MigrationErrorEvent{MigrationEvent: d.event(f)})
		}
		for _, f := range d.warnings(m, at) {
			body.Res.Returnval = append(body.Res.Returnval, &types.MigrationWarningEvent{MigrationEvent: d.event(f)})
		}
	}
	return body
}

// event is what an event of a validation says.
func (d *domain) event(f types.BaseMethodFault) types.MigrationEvent {
	key := eventKey.Add(1)
	e := types.MigrationEvent{Fault: localized(f)}
	e.Key, e.ChainId, e.CreatedTime, e.UserName = key, key, time.Now(), "root"
	e.FullFormattedMessage = fmt.Sprintf("Migration of %s: %s", d.Name, apifault.Text(f))
	e.Vm = &types.VmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: d.Name}, Vm: d.Self}
	return e
}

func localized(f types.BaseMethodFault) types.LocalizedMethodFault {
	return types.LocalizedMethodFault{Fault: apifault.Complete(f, types.ManagedObjectReference{}), LocalizedMessage: apifault.Text(f)}
}

// checker is the newer servers' way to validate a migration.
type checker struct {
	*simulator.VmProvisioningChecker
	s *server
}

// CheckMigrateTask checks what MigrateVM_Task would do.
func (c *checker) CheckMigrateTask(ctx *simulator.Context, req *types.CheckMigrate_Task) soap.HasFault {
	return &methods.CheckMigrate_TaskBody{Res: &types.CheckMigrate_TaskResponse{
		Returnval: c.check(ctx, "checkMigrate", req.Vm, move{host: req.Host, pool: req.Pool, state: req.State})}}
}

// CheckRelocateTask checks what RelocateVM_Task would do.
func (c *checker) CheckRelocateTask(ctx *simulator.Context, req *types.CheckRelocate_Task) soap.HasFault {
	return &methods.CheckRelocate_TaskBody{Res: &types.CheckRelocate_TaskResponse{
		Returnval: c.check(ctx, "checkRelocate", req.Vm, relocation(&req.Spec))}}
}

// QueryVMotionCompatibilityExTask checks all pairs of domains and hosts.
func (c *checker) QueryVMotionCompatibilityExTask(ctx *simulator.Context, req *types.QueryVMotionCompatibilityEx_Task) soap.HasFault {
	t := simulator.CreateTask(c.VmProvisioningChecker, "queryVMotionCompatibilityEx",
		func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
			var results types.ArrayOfCheckResult
			for _, ref := range req.Vm {
				for _, host := range req.Host {
					result, fault := c.result(ctx, ref, c.towards(host))
					if fault != nil {
						return nil, fault
					}
					results.CheckResult = append(results.CheckResult, *result)
				}
			}
			return results, nil
		})
	return &methods.QueryVMotionCompatibilityEx_TaskBody{Res: &types.QueryVMotionCompatibilityEx_TaskResponse{Returnval: t.Run(ctx)}}
}

// towards is a move to a host, in the pool that its domains have.
func (c *checker) towards(host types.ManagedObjectReference) move {
	m := move{host: &host}
	if h, ok := c.s.registry.Get(host).(*simulator.HostSystem); ok {
		m.pool = c.s.computeResource(*h.Parent).ResourcePool
	}
	return m
}

func (c *checker) check(ctx *simulator.Context, name string, ref types.ManagedObjectReference, m move) types.ManagedObjectReference {
	t := simulator.CreateTask(c.VmProvisioningChecker, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		result, fault := c.result(ctx, ref, m)
		if fault != nil {
			return nil, fault
		}
		return types.ArrayOfCheckResult{CheckResult: []types.CheckResult{*result}}, nil
	})
	return t.Run(ctx)
}

// result is what stands against a move of a domain, and what it would warn of.
func (c *checker) result(ctx *simulator.Context, ref types.ManagedObjectReference, m move) (*types.CheckResult, types.BaseMethodFault) {
	vm, ok := c.s.registry.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return nil, &types.ManagedObjectNotFound{Obj: ref}
	}
	d := &domain{vm, c.s}
	result := &types.CheckResult{Vm: &ref, Host: m.host}
	at, faults := d.target(ctx, m)
	for _, f := range faults {
		result.Error = append(result.Error, localized(f))
	}
	for _, f := range d.warnings(m, at) {
		result.Warning = append(result.Warning, localized(f))
	}
	return result, nil
}
