// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
)

// CreateVMTask makes a domain of a specification: a VMX file with what each has,
// changed by the specification as ReconfigVM_Task changes one.
func (f *folder) CreateVMTask(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	return &methods.CreateVM_TaskBody{Res: &types.CreateVM_TaskResponse{
		Returnval: f.adding(ctx, "CreateVM_Task", func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			at, fault := f.s.placeFor(&req.Pool, req.Host)
			if fault != nil {
				return nil, fault
			}
			return f.create(ctx, &req.Config, at)
		})}}
}

// adding is a task that adds a domain: one at a time. It does not hold the folder's
// lock, because whoever removes a domain holds the domain's and wants the folder's.
func (f *folder) adding(ctx *simulator.Context, method string,
	work func(*simulator.Context) (types.AnyType, types.BaseMethodFault)) types.ManagedObjectReference {
	return f.s.startJob(ctx, f.Folder, method, false, func(j *job) (types.AnyType, types.BaseMethodFault) {
		f.s.adding.Lock()
		defer f.s.adding.Unlock()
		return work(j.ctx)
	})
}

func (f *folder) create(ctx *simulator.Context, spec *types.VirtualMachineConfigSpec, at place) (types.AnyType, types.BaseMethodFault) {
	switch {
	case spec.Name == "":
		return nil, &types.InvalidVmConfig{Property: "configSpec.name"}
	case spec.Files == nil || spec.Files.VmPathName == "":
		return nil, &types.InvalidVmConfig{Property: "configSpec.files.vmPathName"}
	case len(spec.Name) > maxName:
		return nil, &types.InvalidName{Name: spec.Name}
	}
	if taken := f.s.registry.FindByName(vmx.EscapeName(vmx.UnescapeName(spec.Name)), f.ChildEntity); taken != nil {
		return nil, &types.DuplicateName{Name: spec.Name, Object: taken.Reference()}
	}
	vmxPath, file, fault := f.s.newVMX(spec.Files.VmPathName, spec.Name)
	if fault != nil {
		return nil, fault
	}
	text := fmt.Sprintf(".encoding = \"UTF-8\"\nconfig.version = \"8\"\nvirtualHW.version = \"%d\"\ndisplayName = \"%s\"\n"+
		"guestOS = \"other\"\nmemsize = \"32\"\nnumvcpus = \"1\"\n", f.s.version.Hardware, vmx.EscapeText.Replace(vmx.UnescapeName(spec.Name)))
	if spec.Version != "" {
		text = fmt.Sprintf(".encoding = \"UTF-8\"\nconfig.version = \"8\"\nvirtualHW.version = \"%d\"\n", hardwareNumber(spec.Version))
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, fileFault(vmxPath, err)
	}
	read, fault := f.s.readDomain(vmxPath)
	if fault != nil {
		return nil, fault
	}
	vm, fault := f.s.addDomain(ctx, f.Folder, vmxPath, read, at)
	if fault != nil {
		return nil, fault
	}
	d := &domain{vm, f.s}
	ctx.WithLock(vm, func() { fault = d.reconfigure(ctx, spec) })
	if fault != nil {
		d.UnregisterVM(ctx, &types.UnregisterVM{This: vm.Self})
		_ = os.Remove(file)
		_ = os.Remove(filepath.Dir(file))
		return nil, fault
	}
	return vm.Self, nil
}

// newVMX is where the VMX file of a new domain goes: where the client wants it, or in a
// new directory of the domain's name, with "_1" behind it where that is taken.
func (s *server) newVMX(wanted, name string) (vmxPath, file string, fault types.BaseMethodFault) {
	var p object.DatastorePath
	if !p.FromString(wanted) {
		return "", "", &types.InvalidDatastorePath{DatastorePath: wanted}
	}
	if path.Ext(p.Path) != ".vmx" {
		dir := p.Path
		if dir == "" {
			dir = vmx.EscapeName(vmx.UnescapeName(name))
			for n := 1; s.taken(p.Datastore, dir); n++ {
				dir = fmt.Sprintf("%s_%d", vmx.EscapeName(vmx.UnescapeName(name)), n)
			}
		}
		p.Path = path.Join(dir, vmx.EscapeName(vmx.UnescapeName(name))+".vmx")
	}
	vmxPath = fmt.Sprintf("[%s] %s", p.Datastore, p.Path)
	if file, fault = s.localFile(vmxPath); fault != nil {
		return "", "", fault
	}
	if exists(file) {
		return "", "", &types.FileAlreadyExists{FileFault: types.FileFault{File: vmxPath}}
	}
	return vmxPath, file, fileFault(vmxPath, os.MkdirAll(filepath.Dir(file), 0o700))
}

func (s *server) taken(datastore, dir string) bool {
	file, fault := s.localFile(fmt.Sprintf("[%s] %s", datastore, dir))
	return fault == nil && exists(file)
}
