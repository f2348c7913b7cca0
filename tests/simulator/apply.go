// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/vmx"
)

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
	read, _ := s.version.Shown(from.Devices)
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

// datastoresOf are the datastores of a VMX file, and of the disks and images that it names.
func (s *server) datastoresOf(host *types.ManagedObjectReference, vmxPath string, devices []types.BaseVirtualDevice) []types.ManagedObjectReference {
	files := []string{vmxPath}
	for _, d := range devices {
		files = append(files, imageOf(d))
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
		body.Fault_ = simulator.Fault(apifault.Text(fault), fault)
		return body
	}
	d.takeOver(ctx, read, nil)
	body.Res = new(types.ReloadResponse)
	return body
}
