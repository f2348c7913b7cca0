// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

const maxSnapshots = 32 // from a root to a leaf

// consolidateKey makes merging the deltas of a domain fail, as when a backup
// product holds one of them.
const consolidateKey = "simulator.consolidate"

// plainSnapshotName is a name as it is kept: what a client has escaped or not.
func plainSnapshotName(name string) string {
	return vmx.EscapeName(vmx.UnescapePercent(name))
}

// CreateSnapshotTask takes a snapshot.
func (d *domain) CreateSnapshotTask(ctx *simulator.Context, req *types.CreateSnapshot_Task) soap.HasFault {
	state := &savedState{name: plainSnapshotName(req.Name), description: req.Description, memory: req.Memory, quiesced: req.Quiesce}
	return &methods.CreateSnapshot_TaskBody{Res: &types.CreateSnapshot_TaskResponse{
		Returnval: d.takeSnapshot(ctx, "createSnapshot", state)}}
}

// CreateSnapshotExTask is the newer form of it.
func (d *domain) CreateSnapshotExTask(ctx *simulator.Context, req *types.CreateSnapshotEx_Task) soap.HasFault {
	state := &savedState{
		name: plainSnapshotName(req.Name), description: req.Description, memory: req.Memory, quiesced: req.QuiesceSpec != nil}
	return &methods.CreateSnapshotEx_TaskBody{Res: &types.CreateSnapshotEx_TaskResponse{
		Returnval: d.takeSnapshot(ctx, "createSnapshotEx", state)}}
}

// takeSnapshot gives each disk a delta, keeps the VMX file as it was, and writes
// the list of snapshots.
func (d *domain) takeSnapshot(ctx *simulator.Context, name string, state *savedState) types.ManagedObjectReference {
	return d.domainTask(ctx, name, func() (types.AnyType, types.BaseMethodFault) {
		vmxPath := d.Config.Files.VmPathName
		h := d.s.readHistory(vmxPath)
		if fault := d.refuseSnapshot(h, state); fault != nil {
			return nil, fault
		}
		d.completeState(h, state)
		fault := d.rewrite(ctx, func(f *vmx.File) types.BaseMethodFault {
			state.vmx = f.String()
			if fault := d.branch(f); fault != nil {
				return fault
			}
			h.last, h.current = state.id, state.id
			h.states = append(h.states, state)
			return d.saveState(state)
		})
		if fault != nil {
			return nil, fault
		}
		d.keepHistory(ctx, h)
		return snapshotRef(d.Self, state.id), nil
	})
}

// completeState sets what a client does not say of a snapshot: of a domain that
// is off there is no memory, and of one that is suspended always.
func (d *domain) completeState(h *history, state *savedState) {
	state.id, state.parent, state.created, state.state = h.last+1, h.current, time.Now(), d.Runtime.PowerState
	state.memory = state.memory && state.state == types.VirtualMachinePowerStatePoweredOn ||
		state.state == types.VirtualMachinePowerStateSuspended
	state.quiesced = state.quiesced && toolsRunning(d.VirtualMachine)
	if !state.memory {
		state.state = types.VirtualMachinePowerStatePoweredOff
	}
}

// refuseSnapshot is the fault of a domain of which no snapshot can be taken.
func (d *domain) refuseSnapshot(h *history, state *savedState) types.BaseMethodFault {
	if d.Config.Template {
		return new(types.NotSupported)
	}
	if h.depth(h.current) >= maxSnapshots {
		return new(types.TooManySnapshotLevels)
	}
	running := d.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	for _, dev := range d.Config.Hardware.Device {
		switch x := dev.(type) {
		case *types.VirtualPCIPassthrough:
			return &types.GenericVmConfigFault{Reason: "Snapshots are not supported with PCI passthrough devices."}
		case types.BaseVirtualSCSIController:
			if x.GetVirtualSCSIController().SharedBus != types.VirtualSCSISharingNoSharing {
				return &types.GenericVmConfigFault{Reason: "Snapshots are not supported with a shared SCSI bus."}
			}
		case *types.VirtualDisk:
			b, ok := x.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
			if ok && state.memory && running && len(b.DiskMode) > 11 && b.DiskMode[:11] == "independent" {
				return new(types.MemorySnapshotOnIndependentDisk)
			}
		}
	}
	return nil
}

// branch gives each disk of a VMX file a new delta.
func (d *domain) branch(f *vmx.File) types.BaseMethodFault {
	vmxPath := d.Config.Files.VmPathName
	names := d.s.namesIn(vmxPath)
	var made []string
	for slot, disk := range keptDisks(f, names) {
		delta, fault := d.s.addDelta(vmxPath, disk)
		if fault != nil {
			for _, name := range made {
				d.s.removeNamed(name)
			}
			return fault
		}
		made = append(made, delta)
		f.Set(slot+".fileName", names.Write(delta))
	}
	return nil
}

// saveState writes the files of a snapshot: ours keep the VMX file's text.
func (d *domain) saveState(state *savedState) types.BaseMethodFault {
	vmxPath := d.Config.Files.VmPathName
	file, fault := d.s.localFile(state.file(vmxPath))
	if fault == nil {
		fault = fileFault(state.file(vmxPath), os.WriteFile(file, []byte(state.vmx), 0o600))
	}
	if fault == nil && state.memory {
		if file, fault = d.s.localFile(state.memoryFile(vmxPath)); fault == nil {
			fault = fileFault(state.memoryFile(vmxPath), vmdk.MakeSparse(file, int64(d.Config.Hardware.MemoryMB)<<20))
		}
	}
	return fault
}

// keepHistory writes the list of snapshots and shows it. The caller holds the
// domain's lock.
func (d *domain) keepHistory(ctx *simulator.Context, h *history) {
	d.s.writeHistory(d.Config.Files.VmPathName, h)
	ctx.AutoUpdate(d.VirtualMachine, func() {
		d.s.showHistory(ctx, d.VirtualMachine, h)
		d.s.layOut(d.VirtualMachine, h)
	})
}

// snapshot is a snapshot of a domain.
type snapshot struct {
	*simulator.VirtualMachineSnapshot
	s *server
}

// domain is the domain of the snapshot.
func (s *snapshot) domain() *domain {
	vm, _ := s.s.registry.Get(s.Vm).(*simulator.VirtualMachine)
	return &domain{vm, s.s}
}

// RemoveSnapshotTask takes a snapshot away, and its deltas are merged, which
// takes as long as a copy.
func (s *snapshot) RemoveSnapshotTask(ctx *simulator.Context, req *types.RemoveSnapshot_Task) soap.HasFault {
	d := s.domain()
	remove := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		h := s.s.readHistory(d.Config.Files.VmPathName)
		ids := []int32{snapshotID(s.Self)}
		if req.RemoveChildren {
			ids = h.below(ids[0])
		}
		return nil, d.removeSnapshots(ctx, h, ids, req.Consolidate == nil || *req.Consolidate)
	}
	body := &methods.RemoveSnapshot_TaskBody{Res: new(types.RemoveSnapshot_TaskResponse)}
	if s.s.options.CopyDelay == 0 {
		body.Res.Returnval = d.domainTask(ctx, "removeSnapshot", func() (types.AnyType, types.BaseMethodFault) { return remove(ctx) })
		return body
	}
	p := new(pending)
	body.Res.Returnval = d.background(ctx, "removeSnapshot", false, p, func(ctx *simulator.Context) (result types.AnyType, fault types.BaseMethodFault) {
		if fault = p.progress(ctx, s.s.options.CopyDelay); fault == nil {
			ctx.WithLock(d.VirtualMachine, func() { result, fault = remove(ctx) })
		}
		return result, fault
	})
	return body
}

// RemoveAllSnapshotsTask takes all away; it is no fault that there is none.
func (d *domain) RemoveAllSnapshotsTask(ctx *simulator.Context, req *types.RemoveAllSnapshots_Task) soap.HasFault {
	return &methods.RemoveAllSnapshots_TaskBody{Res: &types.RemoveAllSnapshots_TaskResponse{
		Returnval: d.domainTask(ctx, "removeAllSnapshots", func() (types.AnyType, types.BaseMethodFault) {
			h := d.s.readHistory(d.Config.Files.VmPathName)
			var ids []int32
			for _, state := range h.states {
				ids = append(ids, state.id)
			}
			if len(ids) == 0 {
				return nil, nil
			}
			return nil, d.removeSnapshots(ctx, h, ids, req.Consolidate == nil || *req.Consolidate)
		})}}
}

// removeSnapshots takes snapshots away, deletes their files and merges their deltas.
func (d *domain) removeSnapshots(ctx *simulator.Context, h *history, ids []int32, consolidate bool) types.BaseMethodFault {
	vmxPath := d.Config.Files.VmPathName
	names := d.s.namesIn(vmxPath)
	var freed []string
	slices.Sort(ids)
	for _, id := range slices.Backward(ids) {
		state := h.byID(id)
		if state == nil {
			continue
		}
		for _, disk := range state.disks(names) {
			freed = append(freed, disk)
		}
		for _, name := range []string{state.file(vmxPath), state.memoryFile(vmxPath)} {
			if file, fault := d.s.localFile(name); fault == nil {
				_ = os.Remove(file)
			}
		}
		h.remove(id)
		ctx.Map.Remove(ctx, snapshotRef(d.Self, id))
	}
	if !consolidate || extra(d.VirtualMachine, consolidateKey) == "fail" {
		d.keepHistory(ctx, h)
		d.needConsolidation(ctx, true)
		if consolidate {
			return &types.FileLocked{FileFault: types.FileFault{File: vmxPath}}
		}
		return nil
	}
	return d.consolidate(ctx, h, freed)
}

// consolidate merges what no snapshot needs, and writes who is left.
func (d *domain) consolidate(ctx *simulator.Context, h *history, freed []string) types.BaseMethodFault {
	fault := d.rewrite(ctx, func(f *vmx.File) types.BaseMethodFault {
		d.merge(f, h, freed)
		return nil
	})
	if fault != nil {
		return fault
	}
	d.keepHistory(ctx, h)
	d.needConsolidation(ctx, false)
	return nil
}

func (d *domain) needConsolidation(ctx *simulator.Context, needed bool) {
	ctx.Update(d.VirtualMachine, []types.PropertyChange{
		{Name: "runtime.consolidationNeeded", Val: needed}, {Name: "summary.runtime.consolidationNeeded", Val: needed}})
}

// ConsolidateVMDisksTask merges the deltas that no snapshot needs.
func (d *domain) ConsolidateVMDisksTask(ctx *simulator.Context, _ *types.ConsolidateVMDisks_Task) soap.HasFault {
	return &methods.ConsolidateVMDisks_TaskBody{Res: &types.ConsolidateVMDisks_TaskResponse{
		Returnval: d.domainTask(ctx, "consolidateVMDisks", func() (types.AnyType, types.BaseMethodFault) {
			if extra(d.VirtualMachine, consolidateKey) == "fail" {
				return nil, &types.FileLocked{FileFault: types.FileFault{File: d.Config.Files.VmPathName}}
			}
			return nil, d.consolidate(ctx, d.s.readHistory(d.Config.Files.VmPathName), nil)
		})}}
}

// RenameSnapshot changes name and description; what is not given stays. One of
// them has to be given: without a name, an empty description clears the present one.
func (s *snapshot) RenameSnapshot(ctx *simulator.Context, req *types.RenameSnapshot) soap.HasFault {
	d := s.domain()
	ctx.WithLock(d.VirtualMachine, func() {
		h := s.s.readHistory(d.Config.Files.VmPathName)
		if state := h.byID(snapshotID(s.Self)); state != nil {
			if req.Name != "" {
				state.name = plainSnapshotName(req.Name)
			}
			if req.Description != "" || req.Name == "" {
				state.description = req.Description
			}
			d.keepHistory(ctx, h)
		}
	})
	return &methods.RenameSnapshotBody{Res: new(types.RenameSnapshotResponse)}
}
