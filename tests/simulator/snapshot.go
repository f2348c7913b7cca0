// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// snapshot is a snapshot that can be removed and reverted to as on a host.
type snapshot struct {
	*simulator.VirtualMachineSnapshot
	s *server
}

// RemoveSnapshotTask: the library crashes when the current snapshot is a root
// that has children, and they stay (a typed nil pointer in a property change).
func (s *snapshot) RemoveSnapshotTask(ctx *simulator.Context, req *types.RemoveSnapshot_Task) soap.HasFault {
	vm, ok := s.s.registry.Get(s.Vm).(*simulator.VirtualMachine)
	if ok && !req.RemoveChildren {
		ctx.WithLock(vm, func() {
			if vm.Snapshot == nil || vm.Snapshot.CurrentSnapshot == nil || *vm.Snapshot.CurrentSnapshot != s.Self {
				return
			}
			for _, root := range vm.Snapshot.RootSnapshotList {
				if root.Snapshot == s.Self && len(root.ChildSnapshotList) > 0 {
					vm.Snapshot.CurrentSnapshot = nil
				}
			}
		})
	}
	return s.VirtualMachineSnapshot.RemoveSnapshotTask(ctx, req)
}

// RevertToSnapshotTask: the power state, memory and CPUs go back, too.
func (s *snapshot) RevertToSnapshotTask(ctx *simulator.Context, req *types.RevertToSnapshot_Task) soap.HasFault {
	if vm, ok := s.s.registry.Get(s.Vm).(*simulator.VirtualMachine); ok {
		ctx.WithLock(vm, func() {
			if vm.Snapshot == nil {
				return
			}
			tree := findSnapshot(vm.Snapshot.RootSnapshotList, s.Self)
			if tree == nil {
				return
			}
			state := tree.State
			if isTrue(req.SuppressPowerOn) {
				state = types.VirtualMachinePowerStatePoweredOff
			}
			ctx.Update(vm, []types.PropertyChange{
				{Name: "runtime.powerState", Val: state}, {Name: "summary.runtime.powerState", Val: state},
				{Name: "config.hardware.memoryMB", Val: s.Config.Hardware.MemoryMB},
				{Name: "config.hardware.numCPU", Val: s.Config.Hardware.NumCPU}})
		})
	}
	return s.VirtualMachineSnapshot.RevertToSnapshotTask(ctx, req)
}

func findSnapshot(list []types.VirtualMachineSnapshotTree, ref types.ManagedObjectReference) *types.VirtualMachineSnapshotTree {
	for i := range list {
		if list[i].Snapshot == ref {
			return &list[i]
		}
		if found := findSnapshot(list[i].ChildSnapshotList, ref); found != nil {
			return found
		}
	}
	return nil
}
