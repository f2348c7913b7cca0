// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
)

// domainWatch sees each domain that is made or changed, under the domain's
// lock. It fills in what clients cannot do without, and keeps the VMX file.
type domainWatch struct{ s *server }

// Reference makes the watch a handler of the registry; nothing else uses it.
func (*domainWatch) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "Simulator", Value: "domainWatch"}
}

// PutObject sets the required enumerations that the library leaves empty, which
// pyVmomi cannot read, and takes away devices that the version does not have.
func (w *domainWatch) PutObject(_ *simulator.Context, o mo.Reference) {
	if vm, ok := o.(*simulator.VirtualMachine); ok {
		for _, r := range []*types.VirtualMachineRuntimeInfo{&vm.Runtime, &vm.Summary.Runtime} {
			r.FaultToleranceState = types.VirtualMachineFaultToleranceStateNotConfigured
			r.RecordReplayState = types.VirtualMachineRecordReplayStateInactive
		}
		vm.Config.Hardware.Device, _ = w.s.version.Shown(vm.Config.Hardware.Device)
	}
}

// UpdateObject counts the domain's memory, shows its tools and writes the VMX file after a change of the configuration: the
// library announces each by config.changeVersion, and a rename by name.
func (w *domainWatch) UpdateObject(ctx *simulator.Context, o mo.Reference, changes []types.PropertyChange) {
	changed, ok := o.(*mo.VirtualMachine)
	if !ok || changed.Runtime.Host == nil {
		return
	}
	vm, ok := w.s.registry.Get(changed.Self).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	w.s.count(ctx, changed)
	w.s.countNetworks(ctx, changed)
	w.s.showTools(ctx, vm)
	w.s.lockFiles(vm)
	for _, c := range changes {
		if c.Name == "config.changeVersion" || c.Name == "name" {
			if _, busy := w.s.saving.Load(changed.Self); !busy {
				w.s.saveVMX(vm)
			}
			return
		}
	}
}

// RemoveObject forgets a domain; the VMX file of an unregistered domain stays.
func (w *domainWatch) RemoveObject(ctx *simulator.Context, ref types.ManagedObjectReference) {
	if ref.Type != "VirtualMachine" {
		return
	}
	w.s.useNetworks(ctx, ref, networkShare{})
	w.s.locks.Set(ref, nil)
	w.s.memory.mutex.Lock()
	defer w.s.memory.mutex.Unlock()
	delete(w.s.memory.counted, ref)
}

// saveVMX writes a domain's configuration into its VMX file, if there is one.
func (s *server) saveVMX(vm *simulator.VirtualMachine) {
	s.assignPorts(vm)
	file, fault := s.localFile(vm.Config.Files.VmPathName)
	if fault != nil {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	f, err := vmx.Parse(string(text))
	if err != nil { // the file has been damaged since
		return
	}
	names, config := s.namesIn(vm.Config.Files.VmPathName), *vm.Config
	_, hidden := s.version.Shown(vmx.ReadDevices(f, names.Read))
	config.Hardware.Device = append(slices.Clone(config.Hardware.Device), hidden...) // their lines stay
	if vmx.Update(f, vm.Name, &config, names) {
		_ = s.replaceFile(file, []byte(f.String()))
	}
}

// replaceFile writes a file of a datastore so that no reader sees half of it,
// and several can write it at once. A part that is not complete yet lies outside of all
// datastores.
func (s *server) replaceFile(file string, content []byte) error {
	return s.writeFile(file, bytes.NewReader(content))
}

// writeFile is the same for what comes bit by bit. Where it ends too early, the
// file has what has come.
func (s *server) writeFile(file string, content io.Reader) error {
	f, err := os.CreateTemp(s.dir, "new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is there only where it could not be renamed
	_, err = io.CopyBuffer(f, content, make([]byte, 1<<20))
	return errors.Join(err, f.Close(), os.Rename(f.Name(), file))
}
