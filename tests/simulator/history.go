// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
	"esx-simulator/internal/lenient"
	"esx-simulator/internal/vmx"
)

// A savedState is one snapshot of a domain.
type savedState struct {
	id, parent        int32 // parent is 0 for a root
	name, description string
	created           time.Time
	state             types.VirtualMachinePowerState
	memory, quiesced  bool
	vmx               string // the text of the VMX file at that time
}

// A history is all snapshots of a domain: what its VMSD file says. The last id is
// never given again.
type history struct {
	last, current int32
	states        []*savedState
}

func (h *history) byID(id int32) *savedState {
	i := slices.IndexFunc(h.states, func(s *savedState) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return h.states[i]
}

// depth is how many snapshots there are from a root to one.
func (h *history) depth(id int32) (n int) {
	for s := h.byID(id); s != nil; s = h.byID(s.parent) {
		n++
	}
	return n
}

// below are a snapshot and all that came out of it.
func (h *history) below(id int32) (ids []int32) {
	ids = append(ids, id)
	for _, s := range h.states {
		if s.parent == id {
			ids = append(ids, h.below(s.id)...)
		}
	}
	return ids
}

// remove takes a snapshot away; its children come to its parent.
func (h *history) remove(id int32) {
	gone := h.byID(id)
	if gone == nil {
		return
	}
	for _, s := range h.states {
		if s.parent == id {
			s.parent = gone.parent
		}
	}
	if h.current == id {
		h.current = gone.parent
	}
	h.states = slices.DeleteFunc(h.states, func(s *savedState) bool { return s.id == id })
}

// snapshotRef names snapshots as a host does.
func snapshotRef(vm types.ManagedObjectReference, id int32) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: fmt.Sprintf("%s-snapshot-%d", vm.Value, id)}
}

// snapshotID is the other direction.
func snapshotID(ref types.ManagedObjectReference) int32 {
	return int32(lenient.Atoi(ref.Value[strings.LastIndex(ref.Value, "-")+1:]))
}

// tree is the history as the API shows it, or nil where there is no snapshot.
func (h *history) tree(vm types.ManagedObjectReference) *types.VirtualMachineSnapshotInfo {
	if len(h.states) == 0 {
		return nil
	}
	info := &types.VirtualMachineSnapshotInfo{RootSnapshotList: h.children(vm, 0)}
	if h.current != 0 {
		ref := snapshotRef(vm, h.current)
		info.CurrentSnapshot = &ref
	}
	return info
}

func (h *history) children(vm types.ManagedObjectReference, parent int32) (list []types.VirtualMachineSnapshotTree) {
	for _, s := range h.states {
		if s.parent == parent {
			list = append(list, types.VirtualMachineSnapshotTree{
				Snapshot: snapshotRef(vm, s.id), Vm: vm, Name: s.name, Description: s.description, Id: s.id, CreateTime: s.created,
				State: s.state, Quiesced: s.quiesced, ReplaySupported: types.NewBool(false), ChildSnapshotList: h.children(vm, s.id)})
		}
	}
	return list
}

// beside is the path of a file that has the VMX file's name and another end.
func beside(vmxPath, end string) string { return strings.TrimSuffix(vmxPath, path.Ext(vmxPath)) + end }

func (s *savedState) file(vmxPath string) string {
	return beside(vmxPath, fmt.Sprintf("-Snapshot%d.vmsn", s.id))
}

func (s *savedState) memoryFile(vmxPath string) string {
	return beside(vmxPath, fmt.Sprintf("-Snapshot%d.vmem", s.id))
}

// disks are the file names of the disks that a snapshot keeps, by their slots.
func (s *savedState) disks(names vmx.FileNames) map[string]string {
	f, err := vmx.Parse(s.vmx)
	if err != nil {
		return nil
	}
	return keptDisks(f, names)
}

// keptDisks are the disks of a VMX file of which snapshots are taken, by their
// slots: independent ones are left out.
func keptDisks(f *vmx.File, names vmx.FileNames) map[string]string {
	disks := map[string]string{}
	for _, dev := range vmx.ReadDevices(f, names.Read) {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		b, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if ok && !strings.HasPrefix(b.DiskMode, "independent") {
			disks[vmx.SlotOf(disk.Key)] = b.FileName
		}
	}
	return disks
}

// writeHistory writes the VMSD file, as a host does.
func (s *server) writeHistory(vmxPath string, h *history) {
	file, fault := s.localFile(beside(vmxPath, ".vmsd"))
	if fault != nil {
		return
	}
	f, _ := vmx.Parse("")
	f.Set(".encoding", "UTF-8")
	f.Set("snapshot.lastUID", fmt.Sprint(h.last))
	f.Set("snapshot.current", fmt.Sprint(h.current))
	f.Set("snapshot.numSnapshots", fmt.Sprint(len(h.states)))
	for n, state := range h.states {
		key := fmt.Sprintf("snapshot%d.", n)
		f.Set(key+"uid", fmt.Sprint(state.id))
		f.Set(key+"filename", dspath.Base(state.file(vmxPath)))
		f.Set(key+"displayName", vmx.EscapeText.Replace(state.name))
		f.Set(key+"description", vmx.EscapeText.Replace(state.description))
		f.Set(key+"createTime", state.created.Format(time.RFC3339Nano))
		f.Set(key+"state", string(state.state))
		if state.parent != 0 {
			f.Set(key+"parent", fmt.Sprint(state.parent))
		}
		if state.memory {
			f.Set(key+"type", "1")
		}
	}
	_ = s.replaceFile(file, []byte(f.String()))
}

// readHistory reads the VMSD file and the VMSN files of a VMX file.
func (s *server) readHistory(vmxPath string) *history {
	h := new(history)
	f, fault := s.openVMX(beside(vmxPath, ".vmsd"))
	if fault != nil {
		return h
	}
	h.last, h.current = int32(f.Integer("snapshot.lastUID", 0)), int32(f.Integer("snapshot.current", 0))
	for n := range int(f.Integer("snapshot.numSnapshots", 0)) {
		key := fmt.Sprintf("snapshot%d.", n)
		state := &savedState{
			id: int32(f.Integer(key+"uid", 0)), parent: int32(f.Integer(key+"parent", 0)),
			name: vmx.UnescapeText(f.Get(key+"displayName", "")), description: vmx.UnescapeText(f.Get(key+"description", "")),
			state: types.VirtualMachinePowerState(f.Get(key+"state", "poweredOff")), memory: f.Get(key+"type", "") == "1"}
		state.created, _ = time.Parse(time.RFC3339Nano, f.Get(key+"createTime", ""))
		if file, fault := s.localFile(state.file(vmxPath)); fault == nil {
			text, _ := os.ReadFile(file)
			state.vmx = string(text)
		}
		h.states = append(h.states, state)
	}
	return h
}

// showHistory puts the snapshots of a domain where clients see them. The caller
// holds the domain's lock, and tells of the change.
func (s *server) showHistory(ctx *simulator.Context, vm *simulator.VirtualMachine, h *history) {
	vm.Snapshot, vm.RootSnapshot = h.tree(vm.Self), nil
	for _, state := range h.states {
		ref := snapshotRef(vm.Self, state.id)
		if state.parent == 0 {
			vm.RootSnapshot = append(vm.RootSnapshot, ref)
		}
		if s.registry.Get(ref) == nil {
			shot := &simulator.VirtualMachineSnapshot{}
			shot.Self, shot.Vm, shot.Config = ref, vm.Self, *vm.Config
			if f, err := vmx.Parse(state.vmx); err == nil {
				if read, fault := s.settingsOf(f, vm.Config.Files.VmPathName); fault == nil {
					shot.Config.Hardware.Device = read.Devices
					shot.Config.Hardware.MemoryMB, shot.Config.Hardware.NumCPU = int32(read.MemoryMB), read.CPUs
				}
			}
			ctx.Map.Put(shot)
		}
	}
}
