// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/lenient"
	"esx-simulator/internal/vmx"
)

// A diskGraph is the disks of a domain and of its snapshots, with their parents.
type diskGraph struct {
	parent map[string]string // "" for a base disk
	used   map[string]bool   // by the domain itself or by a snapshot
}

// graph looks at all disks that a VMX file, the snapshots and freed lead to.
func (d *domain) graph(f *vmx.File, h *history, freed []string) *diskGraph {
	g := &diskGraph{parent: map[string]string{}, used: map[string]bool{}}
	names := d.s.namesIn(d.Config.Files.VmPathName)
	add := func(disk string, used bool) {
		chain := d.s.chain(disk)
		for i, name := range chain {
			g.parent[name] = ""
			if i+1 < len(chain) {
				g.parent[name] = chain[i+1]
			}
		}
		g.used[disk] = g.used[disk] || used
	}
	for _, disk := range keptDisks(f, names) {
		add(disk, true)
	}
	for _, state := range h.states {
		for _, disk := range state.disks(names) {
			add(disk, true)
		}
	}
	for _, disk := range freed {
		add(disk, false)
	}
	return g
}

func (g *diskGraph) children(name string) (list []string) {
	for child, parent := range g.parent {
		if parent == name {
			list = append(list, child)
		}
	}
	return list
}

// loose is a disk that no domain uses and that has no child, or one child that can
// be merged into it.
func (g *diskGraph) loose() (name, child string) {
	for name := range g.parent {
		if children := g.children(name); !g.used[name] && len(children) < 2 {
			if len(children) == 1 {
				return name, children[0]
			}
			if g.parent[name] != "" {
				return name, ""
			}
		}
	}
	return "", ""
}

// merge writes deltas into their parents until each disk is used, or the parent
// of several, and changes the names in the VMX file and in those of the snapshots.
func (d *domain) merge(f *vmx.File, h *history, freed []string) {
	g := d.graph(f, h, freed)
	for {
		name, child := g.loose()
		if name == "" {
			return
		}
		if child == "" {
			d.s.removeNamed(name)
			delete(g.parent, name)
			continue
		}
		d.replaceDisk(f, h, child, name)
		for _, grandchild := range g.children(child) {
			d.s.reparent(grandchild, name)
			g.parent[grandchild] = name
		}
		g.used[name] = g.used[child]
		delete(g.parent, child)
		d.s.removeNamed(child)
	}
}

// replaceDisk puts one disk in place of another, in the VMX file and in the
// snapshots.
func (d *domain) replaceDisk(f *vmx.File, h *history, old, now string) {
	names := d.s.namesIn(d.Config.Files.VmPathName)
	replace := func(f *vmx.File) (changed bool) {
		for slot, disk := range keptDisks(f, names) {
			if disk == old {
				f.Set(slot+".fileName", names.Write(now))
				changed = true
			}
		}
		return changed
	}
	replace(f)
	for _, state := range h.states {
		if kept, err := vmx.Parse(state.vmx); err == nil && replace(kept) {
			state.vmx = kept.String()
			_ = d.saveState(state)
		}
	}
}

// RevertToSnapshotTask makes the domain what it was: configuration, disks and
// power state.
func (s *snapshot) RevertToSnapshotTask(ctx *simulator.Context, req *types.RevertToSnapshot_Task) soap.HasFault {
	d := s.domain()
	return &methods.RevertToSnapshot_TaskBody{Res: &types.RevertToSnapshot_TaskResponse{
		Returnval: d.domainTask(ctx, "revertToSnapshot", func() (types.AnyType, types.BaseMethodFault) {
			return nil, d.revert(ctx, snapshotID(s.Self), lenient.IsTrue(req.SuppressPowerOn))
		})}}
}

// RevertToCurrentSnapshotTask does the same with the snapshot that the domain is based on.
func (d *domain) RevertToCurrentSnapshotTask(ctx *simulator.Context, req *types.RevertToCurrentSnapshot_Task) soap.HasFault {
	return &methods.RevertToCurrentSnapshot_TaskBody{Res: &types.RevertToCurrentSnapshot_TaskResponse{
		Returnval: d.domainTask(ctx, "revertToCurrentSnapshot", func() (types.AnyType, types.BaseMethodFault) {
			h := d.s.readHistory(d.Config.Files.VmPathName)
			if h.current == 0 {
				return nil, new(types.NotFound)
			}
			return nil, d.revert(ctx, h.current, lenient.IsTrue(req.SuppressPowerOn))
		})}}
}

func (d *domain) revert(ctx *simulator.Context, id int32, suppress bool) types.BaseMethodFault {
	vmxPath := d.Config.Files.VmPathName
	h := d.s.readHistory(vmxPath)
	state := h.byID(id)
	if state == nil {
		return new(types.NotFound)
	}
	now, fault := d.s.openVMX(vmxPath)
	if fault != nil {
		return fault
	}
	f, err := vmx.Parse(state.vmx)
	if err != nil {
		return &types.FileFault{File: state.file(vmxPath)}
	}
	for _, disk := range d.unusedDeltas(now, h) {
		d.s.removeNamed(disk)
	}
	if fault := d.branch(f); fault != nil {
		return fault
	}
	power := state.state
	if suppress {
		power = types.VirtualMachinePowerStatePoweredOff
	}
	h.current = id
	if fault := d.adopt(ctx, f, func() { setPower(d.VirtualMachine, power) }); fault != nil {
		return fault
	}
	d.keepHistory(ctx, h)
	return nil
}

// unusedDeltas are the deltas that only the domain as it is uses.
func (d *domain) unusedDeltas(f *vmx.File, h *history) (list []string) {
	names := d.s.namesIn(d.Config.Files.VmPathName)
	var kept []string
	for _, state := range h.states {
		for _, disk := range state.disks(names) {
			kept = append(kept, disk)
		}
	}
	for _, disk := range keptDisks(f, names) {
		if !slices.Contains(kept, disk) && len(d.s.chain(disk)) > 1 {
			list = append(list, disk)
		}
	}
	return list
}

// setPower sets what a power method sets; the caller tells of the change.
func setPower(vm *simulator.VirtualMachine, state types.VirtualMachinePowerState) {
	vm.Runtime.PowerState, vm.Summary.Runtime.PowerState = state, state
	vm.Runtime.BootTime, vm.Summary.Runtime.BootTime = nil, nil
	running := state == types.VirtualMachinePowerStatePoweredOn
	if running {
		now := time.Now()
		vm.Runtime.BootTime, vm.Summary.Runtime.BootTime = &now, &now
	}
	for _, dev := range vm.Config.Hardware.Device {
		if c := dev.GetVirtualDevice().Connectable; c != nil {
			c.Connected = running && c.StartConnected
		}
	}
}
