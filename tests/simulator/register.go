// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
	"esx-simulator/internal/vmx"
)

// folder is a folder that registers domains from their VMX files.
type folder struct {
	*simulator.Folder
	s *server
}

// RegisterVMTask reads the VMX file; the library's own ignores its content.
func (f *folder) RegisterVMTask(ctx *simulator.Context, req *types.RegisterVM_Task) soap.HasFault {
	work := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		place, fault := f.s.placeFor(req.Pool, req.Host)
		if fault != nil {
			return nil, fault
		}
		read, fault := f.s.readDomain(req.Path)
		if fault != nil {
			return nil, fault
		}
		if req.Name != "" {
			read.Name = vmx.EscapeName(req.Name)
		}
		named := req.Name != "" || f.s.registry.IsVPX()
		if fault := f.unused(ctx, read.Name, req.Path, named); fault != nil {
			return nil, fault
		}
		vm, fault := f.s.addDomain(ctx, f.Folder, req.Path, read, place)
		if fault != nil {
			return nil, fault
		}
		if req.Name != "" {
			f.s.nameVMX(req.Path, read.Name)
		}
		return vm.Self, nil
	}
	return &methods.RegisterVM_TaskBody{Res: &types.RegisterVM_TaskResponse{Returnval: f.adding(ctx, "RegisterVM_Task", work)}}
}

// nameVMX writes the name of a domain that was registered under it into its VMX file.
func (s *server) nameVMX(vmxPath, name string) {
	f, fault := s.openVMX(vmxPath)
	if fault != nil || vmx.EscapeName(f.Get("displayName", "")) == name {
		return
	}
	f.Set("displayName", vmx.EscapeText.Replace(vmx.UnescapeName(name)))
	if file, fault := s.localFile(vmxPath); fault == nil {
		_ = s.replaceFile(file, []byte(f.String()))
	}
}

// unused refuses a VMX file that is registered, and a name that is taken. On a host
// two VMX files may have one name, as those of a copied directory have.
func (f *folder) unused(ctx *simulator.Context, name, vmxPath string, named bool) types.BaseMethodFault {
	for _, e := range f.s.registry.All("VirtualMachine") {
		vm, ok := e.(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		taken := false
		ctx.WithLock(vm, func() { taken = vm.Config != nil && vm.Config.Files.VmPathName == vmxPath })
		if taken {
			return &types.AlreadyExists{Name: vmxPath}
		}
	}
	if taken := f.s.registry.FindByName(name, f.ChildEntity); named && taken != nil {
		return &types.DuplicateName{Name: name, Object: taken.Reference()}
	}
	return nil
}

// A place is where a domain runs.
type place struct {
	host    *simulator.HostSystem
	pool    types.ManagedObjectReference
	browser *types.ManagedObjectReference
}

// placeFor completes what a client says of a place: a pool, a host, or both.
func (s *server) placeFor(pool, host *types.ManagedObjectReference) (place, types.BaseMethodFault) {
	if pool == nil && host == nil {
		return place{}, &types.InvalidArgument{InvalidProperty: "pool"}
	}
	var parent types.ManagedObjectReference
	if host != nil {
		h, ok := s.registry.Get(*host).(*simulator.HostSystem)
		if !ok {
			return place{}, &types.InvalidArgument{InvalidProperty: "host"}
		}
		parent = *h.Parent
	} else {
		p, ok := s.registry.Get(*pool).(*simulator.ResourcePool)
		if !ok {
			return place{}, &types.InvalidArgument{InvalidProperty: "pool"}
		}
		parent = p.Owner
	}
	compute := s.computeResource(parent)
	if compute == nil || len(compute.Host) == 0 {
		return place{}, &types.InvalidArgument{InvalidProperty: "host"}
	}
	if host == nil {
		host = &compute.Host[0]
	}
	if pool == nil {
		pool = compute.ResourcePool
	}
	return place{s.registry.Get(*host).(*simulator.HostSystem), *pool, compute.EnvironmentBrowser}, nil
}

// computeResource is what a host belongs to: itself alone, or a cluster.
func (s *server) computeResource(ref types.ManagedObjectReference) *mo.ComputeResource {
	switch c := s.registry.Get(ref).(type) {
	case *mo.ComputeResource:
		return c
	case *simulator.ClusterComputeResource:
		return &c.ComputeResource
	}
	return nil
}

// readDomain reads a VMX file by its datastore path.
func (s *server) readDomain(vmxPath string) (*vmx.Settings, types.BaseMethodFault) {
	f, fault := s.openVMX(vmxPath)
	if fault != nil {
		return nil, fault
	}
	return s.settingsOf(f, vmxPath)
}

// addDomain makes a domain of what its VMX file says. It does not use the
// library's way of creating one, which wants files that need not exist.
func (s *server) addDomain(ctx *simulator.Context, f *simulator.Folder, vmxPath string, read *vmx.Settings,
	at place) (*simulator.VirtualMachine, types.BaseMethodFault) {
	vm, fault := simulator.NewVirtualMachine(ctx, f.Self, &types.VirtualMachineConfigSpec{
		Name:  read.Name,
		Files: &types.VirtualMachineFileInfo{VmPathName: vmxPath},
	})
	if fault != nil {
		return nil, fault
	}
	ctx.WithLock(vm, func() {
		vm.Runtime.Host, vm.Summary.Runtime.Host = &at.host.Self, &at.host.Self
		vm.ResourcePool = &at.pool
		vm.EnvironmentBrowser = *at.browser
		dir := dspath.Dir(vmxPath)
		vm.Config.Files = types.VirtualMachineFileInfo{
			VmPathName: vmxPath, SnapshotDirectory: dir, SuspendDirectory: dir, LogDirectory: dir}
		vm.Guest = &types.GuestInfo{
			ToolsStatus:        types.VirtualMachineToolsStatusToolsNotInstalled,
			ToolsVersion:       "0",
			ToolsRunningStatus: string(types.VirtualMachineToolsRunningStatusGuestToolsNotRunning),
		}
		s.apply(vm, read)
		s.showHistory(ctx, vm, s.readHistory(vmxPath))
		vm.Config.Modified = time.Now()
	})
	ctx.WithLock(at.host, func() { at.host.Vm = append(at.host.Vm, vm.Self) })
	if pool, ok := s.registry.Get(at.pool).(*simulator.ResourcePool); ok {
		ctx.WithLock(pool, func() { pool.Vm = append(pool.Vm, vm.Self) })
	}
	for _, ref := range vm.Datastore {
		ds := s.registry.Get(ref).(*simulator.Datastore)
		ctx.WithLock(ds, func() { ds.Vm = append(ds.Vm, vm.Self) })
	}
	ctx.WithLock(vm, func() {
		ctx.Update(vm, []types.PropertyChange{{Name: "summary.config.name", Val: vm.Name}})
	})
	return vm, nil
}
