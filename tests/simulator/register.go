// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"time"

	"github.com/vmware/govmomi/object"
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
		return vm.Self, nil
	}
	return &methods.RegisterVM_TaskBody{Res: &types.RegisterVM_TaskResponse{Returnval: f.adding(ctx, "RegisterVM_Task", work)}}
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

// apply sets everything that a VMX file says; the caller holds the domain's lock.
func (s *server) apply(vm *simulator.VirtualMachine, read *vmx.Settings) {
	c, sum := vm.Config, &vm.Summary.Config
	if vm.Name != read.Name { // it is read without a lock
		vm.Name = read.Name
	}
	c.Name, sum.Name = read.Name, read.Name
	if read.UUID != "" {
		c.Uuid, sum.Uuid = read.UUID, read.UUID
	}
	c.GuestId, sum.GuestId = read.GuestID, read.GuestID
	c.GuestFullName, sum.GuestFullName = read.GuestID, read.GuestID
	c.Version, sum.HwVersion = read.Version, read.Version
	c.Annotation, sum.Annotation = read.Annotation, read.Annotation
	c.Firmware = read.Firmware
	c.Hardware.MemoryMB, sum.MemorySizeMB = int32(read.MemoryMB), int32(read.MemoryMB)
	c.Hardware.NumCPU, sum.NumCpu = read.CPUs, read.CPUs
	c.Hardware.NumCoresPerSocket = types.NewInt32(read.CoresPerSocket)
	c.CpuAllocation, c.MemoryAllocation = read.CPUAllocation, read.MemoryAllocation
	sum.CpuReservation = int32(*read.CPUAllocation.Reservation)
	sum.MemoryReservation = int32(*read.MemoryAllocation.Reservation)
	vm.ResourceConfig = &types.ResourceConfigSpec{
		Entity: &vm.Self, CpuAllocation: *read.CPUAllocation, MemoryAllocation: *read.MemoryAllocation}
	c.CpuHotAddEnabled, c.MemoryHotAddEnabled = &read.CPUHotAdd, &read.MemoryHotAdd
	c.ExtraConfig = read.ExtraConfig
	vmx.ApplyTyped(c, &read.Typed)
	vm.Runtime.ConnectionState = types.VirtualMachineConnectionStateConnected
	if read.Problem != "" {
		vm.Runtime.ConnectionState = types.VirtualMachineConnectionStateInvalid
	}
	vm.Summary.Runtime.ConnectionState = vm.Runtime.ConnectionState
	sum.VmPathName, sum.InstanceUuid = c.Files.VmPathName, c.InstanceUuid
	s.applyDevices(vm, read)
	s.layOut(vm, s.readHistory(c.Files.VmPathName))
}

// standing are the keys of the devices that each domain has and no VMX names.
var standing = map[int32]bool{100: true, 300: true, 400: true, 500: true, 600: true, 700: true, 12000: true}

func (s *server) applyDevices(vm *simulator.VirtualMachine, from *vmx.Settings) {
	var devices []types.BaseVirtualDevice
	for _, d := range vm.Config.Hardware.Device {
		if card, ok := d.(*types.VirtualMachineVideoCard); ok {
			d = from.Video(*card)
		}
		if standing[d.GetVirtualDevice().Key] {
			devices = append(devices, d)
		}
	}
	read, _ := s.version.shown(from.Devices)
	keepConnections(vm, read)
	vm.Config.Hardware.Device = append(devices, read...)
	vm.Network, vm.Guest.Net = nil, nil
	vm.Datastore = s.datastoresOf(vm.Runtime.Host, vm.Config.Files.VmPathName, read)
	var disks, cards int32
	for _, d := range read {
		switch x := d.(type) {
		case *types.VirtualDisk:
			disks++
		case types.BaseVirtualEthernetCard:
			cards++
			s.applyNIC(vm, x.GetVirtualEthernetCard())
		}
	}
	vm.Summary.Config.NumVirtualDisks, vm.Summary.Config.NumEthernetCards = disks, cards
}

// keepConnections leaves the devices of a running domain connected as they are; new
// ones are connected as at a start.
func keepConnections(vm *simulator.VirtualMachine, read []types.BaseVirtualDevice) {
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return
	}
	for _, d := range read {
		now := d.GetVirtualDevice().Connectable
		if now == nil {
			continue
		}
		now.Connected = now.StartConnected
		if old := object.VirtualDeviceList(vm.Config.Hardware.Device).FindByKey(d.GetVirtualDevice().Key); old != nil {
			if c := old.GetVirtualDevice().Connectable; c != nil {
				now.Connected = c.Connected
			}
		}
	}
}

// applyNIC connects a card with its network, where the host has that.
func (s *server) applyNIC(vm *simulator.VirtualMachine, card *types.VirtualEthernetCard) {
	if b, ok := card.Backing.(*vmx.DistributedBacking); ok {
		network := types.GuestNicInfo{MacAddress: card.MacAddress, DeviceConfigId: card.Key}
		if n := s.distributedNetwork(b); n != nil {
			vm.Network, network.Network = append(vm.Network, n.Self), n.Name
		}
		vm.Guest.Net = append(vm.Guest.Net, network)
		return
	}
	backing := card.Backing.(*types.VirtualEthernetCardNetworkBackingInfo)
	if host, ok := s.registry.Get(*vm.Runtime.Host).(*simulator.HostSystem); ok {
		networks := host.Network
		if compute := s.computeResource(*host.Parent); compute != nil {
			networks = compute.Network
		}
		if e := s.registry.FindByName(backing.DeviceName, networks); e != nil {
			ref := e.Reference()
			backing.Network = &ref
			vm.Network = append(vm.Network, ref)
		}
	}
	vm.Guest.Net = append(vm.Guest.Net, types.GuestNicInfo{
		Network: backing.DeviceName, MacAddress: card.MacAddress, DeviceConfigId: card.Key})
}

// datastoresOf are the datastores of a VMX file and of the disks that it names.
func (s *server) datastoresOf(host *types.ManagedObjectReference, vmxPath string, devices []types.BaseVirtualDevice) []types.ManagedObjectReference {
	files := []string{vmxPath}
	for _, d := range devices {
		if disk, ok := d.(*types.VirtualDisk); ok {
			if b, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
				files = append(files, b.GetVirtualDeviceFileBackingInfo().FileName)
			}
		}
	}
	return s.datastoresFor(host, files)
}

// Reload reads the VMX file again.
func (d *domain) Reload(ctx *simulator.Context, _ *types.Reload) soap.HasFault {
	body := new(methods.ReloadBody)
	read, fault := d.s.readDomain(d.Config.Files.VmPathName)
	if fault != nil {
		body.Fault_ = simulator.Fault(faultText(fault), fault)
		return body
	}
	d.takeOver(ctx, read, nil)
	body.Res = new(types.ReloadResponse)
	return body
}
