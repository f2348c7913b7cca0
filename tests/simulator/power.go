// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strconv"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
)

// domain is a domain with what the library's virtual machine lacks.
type domain struct {
	*simulator.VirtualMachine
	s *server
}

// extra is the value of an entry of a domain's extraConfig, or "".
func extra(vm *simulator.VirtualMachine, key string) string {
	for _, o := range vm.Config.ExtraConfig {
		if v := o.GetOptionValue(); v.Key == key {
			text, _ := v.Value.(string)
			return text
		}
	}
	return ""
}

// PowerOnVMTask may ask a question first.
func (d *domain) PowerOnVMTask(ctx *simulator.Context, _ *types.PowerOnVM_Task) soap.HasFault {
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{
		Returnval: d.ask(ctx, "PowerOnVM_Task", func(ctx *simulator.Context) soap.HasFault {
			return d.start(ctx)
		})}}
}

// PowerOffVMTask may ask a question first.
func (d *domain) PowerOffVMTask(ctx *simulator.Context, req *types.PowerOffVM_Task) soap.HasFault {
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{
		Returnval: d.ask(ctx, "PowerOffVM_Task", func(ctx *simulator.Context) soap.HasFault {
			return d.VirtualMachine.PowerOffVMTask(ctx, req)
		})}}
}

// SuspendVMTask may ask a question first.
func (d *domain) SuspendVMTask(ctx *simulator.Context, req *types.SuspendVM_Task) soap.HasFault {
	return &methods.SuspendVM_TaskBody{Res: &types.SuspendVM_TaskResponse{
		Returnval: d.ask(ctx, "SuspendVM_Task", func(ctx *simulator.Context) soap.HasFault {
			return d.VirtualMachine.SuspendVMTask(ctx, req)
		})}}
}

// ResetVMTask refuses a domain that does not run, which the library starts.
func (d *domain) ResetVMTask(ctx *simulator.Context, req *types.ResetVM_Task) soap.HasFault {
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{
		Returnval: d.ask(ctx, "ResetVM_Task", func(ctx *simulator.Context) soap.HasFault {
			t := simulator.CreateTask(d.VirtualMachine, "reset", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
				if fault := d.mustRun(); fault != nil {
					return nil, fault
				}
				d.restart(ctx)
				return nil, nil
			})
			return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{Returnval: t.Run(ctx)}}
		})}}
}

// mustRun is the fault of an action that needs a running domain.
func (d *domain) mustRun() types.BaseMethodFault {
	if d.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
		return nil
	}
	return &types.InvalidPowerState{
		RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: d.Runtime.PowerState}
}

// guestAction is the fault of an action that the guest carries out.
func (d *domain) guestAction() *soap.Fault {
	if fault := d.mustRun(); fault != nil {
		return simulator.Fault(apifault.Text(fault), fault)
	}
	if !toolsRunning(d.VirtualMachine) {
		return simulator.Fault(apifault.Text(new(types.ToolsUnavailable)), new(types.ToolsUnavailable))
	}
	return nil
}

// ShutdownGuest returns at once; the guest takes its time, or ignores it.
func (d *domain) ShutdownGuest(ctx *simulator.Context, _ *types.ShutdownGuest) soap.HasFault {
	if fault := d.guestAction(); fault != nil {
		return &methods.ShutdownGuestBody{Fault_: fault}
	}
	if delay := extra(d.VirtualMachine, shutdownKey); delay != "never" {
		ms, _ := strconv.Atoi(delay)
		own := *ctx // locks are held by a context: one of its own for the goroutine
		go func() {
			time.Sleep(time.Duration(ms) * time.Millisecond)
			d.VirtualMachine.PowerOffVMTask(&own, &types.PowerOffVM_Task{This: d.Self})
		}()
	}
	return &methods.ShutdownGuestBody{Res: new(types.ShutdownGuestResponse)}
}

// restart makes the guest of a running domain start anew: VMware Tools do not run until it has.
func (d *domain) restart(ctx *simulator.Context) {
	booted := time.Now().Add(downTime)
	ctx.Update(d.VirtualMachine, []types.PropertyChange{
		{Name: "runtime.bootTime", Val: booted}, {Name: "summary.runtime.bootTime", Val: booted}})
}

// RebootGuest needs VMware Tools, and returns at once; a guest that ignores a shutdown ignores it, too.
func (d *domain) RebootGuest(ctx *simulator.Context, _ *types.RebootGuest) soap.HasFault {
	if fault := d.guestAction(); fault != nil {
		return &methods.RebootGuestBody{Fault_: fault}
	}
	switch delay := extra(d.VirtualMachine, shutdownKey); delay {
	case "never":
	case "":
		d.restart(ctx)
	default:
		ms, _ := strconv.Atoi(delay)
		own := *ctx // locks are held by a context: one of its own for the goroutine
		time.AfterFunc(time.Duration(ms)*time.Millisecond, func() {
			own.WithLock(d.VirtualMachine, func() {
				if d.mustRun() == nil {
					d.restart(&own)
				}
			})
		})
	}
	return &methods.RebootGuestBody{Res: new(types.RebootGuestResponse)}
}
