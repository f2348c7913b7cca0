// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"log"
	"runtime/debug"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/rules"
)

// taskGuard sees each task before it starts. The library runs tasks in
// goroutines of their own, where a panic would end the process: here it becomes
// the task's error.
type taskGuard struct{ s *server }

// Reference makes the guard a handler of the registry; nothing else uses it.
func (*taskGuard) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "Simulator", Value: "taskGuard"}
}

// PutObject describes a new task as a host does, and guards its work.
func (g *taskGuard) PutObject(_ *simulator.Context, o mo.Reference) {
	t, ok := o.(*simulator.Task)
	if !ok {
		return
	}
	t.Info.Name = methodOf(t.Info.Name)
	t.Info.Reason = &types.TaskReasonUser{UserName: "root"}
	if e, ok := g.s.registry.Get(*t.Info.Entity).(mo.Entity); ok {
		t.Info.EntityName = e.Entity().Name
	}
	if t.Execute == nil { // the library has nothing to run: see questions
		return
	}
	run := t.Execute
	t.Execute = func(t *simulator.Task) (result types.AnyType, fault types.BaseMethodFault) {
		defer survive(t, &fault)
		c := rules.Call{Method: t.Info.Name, Kind: t.Info.Entity.Type, Object: t.Info.Entity.Value, Name: t.Info.EntityName}
		if fault := g.s.injectedInto(c, rules.InTask); fault != nil {
			return nil, fault
		}
		if vm, ok := g.s.registry.Get(*t.Info.Entity).(*simulator.VirtualMachine); ok && t.Info.Name == "PowerOnVM_Task" {
			if fault := g.s.admit(vm); fault != nil {
				return nil, fault
			}
		}
		return run(t)
	}
}

// UpdateObject completes the error of a task, and gives it the message that a host
// has for it; the library's is the name of a Go type. The task's lock is held.
func (*taskGuard) UpdateObject(_ *simulator.Context, o mo.Reference, _ []types.PropertyChange) {
	t, ok := o.(*mo.Task)
	if !ok || t.Info.Error == nil {
		return
	}
	if t.Info.Entity != nil {
		apifault.Complete(t.Info.Error.Fault, *t.Info.Entity)
	}
	if strings.HasPrefix(t.Info.Error.LocalizedMessage, "*types.") {
		t.Info.Error.LocalizedMessage = apifault.Text(t.Info.Error.Fault)
	}
}

// survive makes a panic in the work of a task the task's fault; it is deferred.
func survive(t *simulator.Task, fault *types.BaseMethodFault) {
	if cause := recover(); cause != nil {
		log.Printf("%s: %v\n%s", t.Info.DescriptionId, cause, debug.Stack())
		*fault = &types.SystemErrorFault{Reason: fmt.Sprint(cause)}
	}
}

// RemoveObject has nothing to do.
func (*taskGuard) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

// methodNames are the methods whose name the library's task names do not give
// by adding "_Task".
var methodNames = map[string]string{
	"powerOn": "PowerOnVM_Task", "powerOff": "PowerOffVM_Task", "suspend": "SuspendVM_Task",
	"reset": "ResetVM_Task", "reconfigVm": "ReconfigVM_Task", "registerVm": "RegisterVM_Task",
	"createVm": "CreateVM_Task", "relocateVm": "RelocateVM_Task", "cloneVm": "CloneVM_Task",
	"upgradeVm": "UpgradeVM_Task", "shutdownGuest": "ShutdownGuest", "standbyGuest": "StandbyGuest",
	"migrate": "MigrateVM_Task", "relocate": "RelocateVM_Task",
}

// methodOf is the method that a task of the library carries out: "PowerOn" is
// PowerOnVM_Task.
func methodOf(name string) string {
	name = strings.TrimSuffix(name, "_Task")
	if m, ok := methodNames[strings.ToLower(name[:1])+name[1:]]; ok {
		return m
	}
	return name + "_Task"
}
