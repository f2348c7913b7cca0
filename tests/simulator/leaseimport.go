// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// pool is a resource pool into which OVF packages can be imported.
type pool struct {
	*simulator.ResourcePool
	s *server
}

// Entity see domain.
func (*pool) Entity() {}

// ImportVApp makes the domain of a specification, and a lease for its files.
func (p *pool) ImportVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	spec, ok := req.Spec.(*types.VirtualMachineImportSpec)
	if !ok {
		return &methods.ImportVAppBody{Fault_: simulator.Fault("", new(types.NotSupported))}
	}
	var folder *simulator.Folder
	if req.Folder != nil {
		folder, _ = p.s.registry.Get(*req.Folder).(*simulator.Folder)
	}
	view := p.s.sessions.viewOf(ctx.Session.Key)
	if folder != nil && view != nil && folder == view.domains {
		folder = view.inventory
	}
	if folder == nil {
		return &methods.ImportVAppBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "folder"})}
	}
	at, fault := p.s.placeFor(&p.Self, req.Host)
	if fault != nil {
		return &methods.ImportVAppBody{Fault_: simulator.Fault("", fault)}
	}
	l := p.s.newLease(false)
	own := *ctx
	go func() {
		if fault := l.importDomain(&own, &spec.ConfigSpec, folder, at); fault != nil {
			l.fail(&own, fault)
			return
		}
		l.ready(&own, view)
	}()
	return &methods.ImportVAppBody{Res: &types.ImportVAppResponse{Returnval: l.Self}}
}

// viewOf is the endpoint of a session; nil is the server itself.
func (s *sessions) viewOf(key string) *hostView {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.views[key]
}

// importDomain makes the disks and the VMX file of a specification, and registers it.
func (l *lease) importDomain(ctx *simulator.Context, spec *types.VirtualMachineConfigSpec, folder *simulator.Folder,
	at place) (fault types.BaseMethodFault) {
	defer func() {
		if cause := recover(); cause != nil {
			fault = &types.SystemErrorFault{Reason: fmt.Sprint(cause)}
		}
	}()
	l.s.leases.importing.Lock()
	defer l.s.leases.importing.Unlock()
	if property := fixedProperty(spec.VAppConfig); property != nil {
		return property
	}
	if fault = l.s.tooMuch(spec); fault != nil {
		return fault
	}
	if spec.Name == "." || spec.Name == ".." {
		return &types.InvalidName{Name: spec.Name}
	}
	name := vmx.EscapeName(spec.Name)
	if taken := l.s.registry.FindByName(name, folder.ChildEntity); taken != nil {
		return &types.DuplicateName{Name: name, Object: taken.Reference()}
	}
	dir, fault := l.s.newDirectory(spec, at)
	if fault != nil {
		return fault
	}
	devices, fault := l.makeFiles(spec, dir)
	if fault == nil {
		fault = l.register(ctx, spec, dspath.Join(dir, name+".vmx"), devices, folder, at)
	}
	if fault != nil {
		for _, f := range l.files {
			l.s.deleteWithDirectory(f.path)
		}
		if file, there := l.s.localFile(dir); there == nil {
			_ = os.Remove(file) // where no file was made
		}
	}
	return fault
}

// tooMuch is the fault of a specification with more CPUs or memory than its hardware has.
func (s *server) tooMuch(spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	limits := vmx.LimitsOf(cmp.Or(spec.Version, fmt.Sprintf("vmx-%02d", s.version.Hardware)))
	switch {
	case spec.MemoryMB < 0 || spec.MemoryMB%4 != 0 || spec.MemoryMB > int64(limits.MemoryMB):
		return &types.InvalidArgument{InvalidProperty: "spec.configSpec.memoryMB"}
	case spec.NumCPUs < 0 || int(spec.NumCPUs) > limits.CPUs:
		return &types.InvalidArgument{InvalidProperty: "spec.configSpec.numCPUs"}
	}
	return nil
}

// fixedProperty is the fault of a property that the user must not set.
func fixedProperty(config types.BaseVmConfigSpec) types.BaseMethodFault {
	if config == nil {
		return nil
	}
	for _, p := range config.GetVmConfigSpec().Property {
		if i := p.Info; i != nil && (i.UserConfigurable == nil || !*i.UserConfigurable) && i.Value != "" && i.Value != i.DefaultValue {
			return &types.NotUserConfigurableProperty{VAppPropertyFault: types.VAppPropertyFault{
				Id: i.Id, Category: i.Category, Label: i.Label, Type: i.Type, Value: i.Value}}
		}
	}
	return nil
}

// newDirectory makes the directory of a new domain, under a name that is free.
func (s *server) newDirectory(spec *types.VirtualMachineConfigSpec, at place) (string, types.BaseMethodFault) {
	var p object.DatastorePath
	if spec.Files == nil || !p.FromString(spec.Files.VmPathName) {
		return "", &types.InvalidDatastorePath{}
	}
	if s.datastoreAt(at.host, p.Datastore) == nil {
		return "", &types.InvalidDatastore{Name: p.Datastore}
	}
	for n := 0; ; n++ {
		dir := fmt.Sprintf("[%s] %s", p.Datastore, vmx.EscapeName(spec.Name))
		if n > 0 {
			dir += fmt.Sprintf("_%d", n)
		}
		file, fault := s.localFile(dir)
		if fault != nil {
			return "", fault
		}
		if err := os.Mkdir(file, 0o700); err == nil {
			return dir, nil
		} else if !os.IsExist(err) {
			return "", &types.CannotCreateFile{FileFault: types.FileFault{File: dir}}
		}
	}
}

// makeFiles makes the disks of a specification in a directory. What they are
// filled with comes by the lease.
func (l *lease) makeFiles(spec *types.VirtualMachineConfigSpec, dir string) (object.VirtualDeviceList, types.BaseMethodFault) {
	var devices object.VirtualDeviceList
	for _, change := range spec.DeviceChange {
		devices = append(devices, change.GetVirtualDeviceConfigSpec().Device)
	}
	disks, images := 0, 0
	for _, dev := range devices {
		switch x := dev.(type) {
		case *types.VirtualDisk:
			name := fmt.Sprintf("disk-%d.vmdk", disks)
			disks++
			if fault := l.makeDisk(devices, x, dspath.Join(dir, name), spec.Name); fault != nil {
				return nil, fault
			}
		case *types.VirtualCdrom:
			if iso, ok := x.Backing.(*types.VirtualCdromIsoBackingInfo); ok {
				name := fmt.Sprintf("_deviceImage%d.iso", images)
				images++
				iso.FileName = dspath.Join(dir, name)
				key := deviceID(devices, dev, spec.Name)
				l.files = append(l.files, &leaseFile{name: name, key: key, importKey: key, path: iso.FileName})
			}
		}
	}
	for _, o := range spec.ExtraConfig {
		if name, ok := o.GetOptionValue().Value.(string); ok && o.GetOptionValue().Key == "nvram" {
			key := variablesID(spec.Name)
			l.files = append(l.files, &leaseFile{name: name, key: key, importKey: key, path: dspath.Join(dir, name)})
		}
	}
	return devices, nil
}

// addressCards gives the cards of a new domain the addresses that its host generates.
func addressCards(config *types.VirtualMachineConfigInfo) {
	id, _ := vmx.ParseUUID(config.Uuid)
	n := 0
	for _, dev := range config.Hardware.Device {
		if card, ok := dev.(types.BaseVirtualEthernetCard); ok {
			card.GetVirtualEthernetCard().MacAddress = generatedMAC(id, n)
			n++
		}
	}
}

func (l *lease) makeDisk(devices object.VirtualDeviceList, disk *types.VirtualDisk, name, entity string) types.BaseMethodFault {
	backing, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if !ok {
		return new(types.DeviceUnsupportedForVmPlatform)
	}
	kind := "preallocated"
	if backing.ThinProvisioned != nil && *backing.ThinProvisioned {
		kind = "thin"
	}
	capacity := max(disk.CapacityInBytes, disk.CapacityInKB*1024)
	if capacity <= 0 || capacity > vmdk.MaxCapacity {
		return &types.InvalidArgument{InvalidProperty: "spec.configSpec.deviceChange.device.capacityInBytes"}
	}
	file, fault := l.s.localFile(name)
	if fault != nil {
		return fault
	}
	if err := vmdk.Create(file, capacity, kind, "lsilogic"); err != nil {
		return &types.CannotCreateFile{FileFault: types.FileFault{File: name}}
	}
	backing.FileName = name
	key := deviceID(devices, disk, entity)
	l.files = append(l.files, &leaseFile{
		name: dspath.Base(name), key: key, importKey: key, path: name, disk: true, capacity: capacity})
	return nil
}

// deviceID is how OVF packages and leases call a device: "/web/VirtualLsiLogicController0:0".
func deviceID(devices object.VirtualDeviceList, dev types.BaseVirtualDevice, entity string) string {
	d := dev.GetVirtualDevice()
	kind, bus, unit := "Device", int32(0), int32(0)
	if c := devices.FindByKey(d.ControllerKey); c != nil {
		kind = strings.TrimPrefix(fmt.Sprintf("%T", c), "*types.")
		if controller, ok := c.(types.BaseVirtualController); ok {
			bus = controller.GetVirtualController().BusNumber
		}
	}
	if d.UnitNumber != nil {
		unit = *d.UnitNumber
	}
	return fmt.Sprintf("/%s/%s%d:%d", entity, kind, bus, unit)
}

// register writes the VMX file of a specification, and adds its domain.
func (l *lease) register(ctx *simulator.Context, spec *types.VirtualMachineConfigSpec, vmxPath string,
	devices object.VirtualDeviceList, folder *simulator.Folder, at place) types.BaseMethodFault {
	config := &types.VirtualMachineConfigInfo{
		Uuid: uuid.NewString(), GuestId: spec.GuestId, Version: fmt.Sprintf("vmx-%02d", l.s.version.Hardware),
		Annotation: spec.Annotation, Firmware: spec.Firmware, ExtraConfig: spec.ExtraConfig,
		CpuAllocation: spec.CpuAllocation, MemoryAllocation: spec.MemoryAllocation,
		Hardware: types.VirtualHardware{
			NumCPU: max(spec.NumCPUs, 1), MemoryMB: int32(max(spec.MemoryMB, 4)), NumCoresPerSocket: spec.NumCoresPerSocket,
			Device: devices}}
	if spec.Version != "" {
		config.Version = spec.Version
	}
	addressCards(config)
	f, err := vmx.Parse("")
	if err != nil {
		return &types.SystemErrorFault{Reason: err.Error()}
	}
	vmx.Update(f, vmx.EscapeName(spec.Name), config, l.s.namesIn(vmxPath))
	file, fault := l.s.localFile(vmxPath)
	if fault != nil {
		return fault
	}
	if err := os.WriteFile(file, []byte(f.String()), 0o600); err != nil {
		return &types.CannotCreateFile{FileFault: types.FileFault{File: vmxPath}}
	}
	read, fault := l.s.readDomain(vmxPath)
	if fault != nil {
		return fault
	}
	ctx.WithLock(folder, func() {
		var vm *simulator.VirtualMachine
		if vm, fault = l.s.addDomain(ctx, folder, vmxPath, read, at); fault == nil {
			l.vm = &domain{vm, l.s}
		}
	})
	for _, f := range l.files {
		if l.vm != nil {
			f.key = strings.Replace(f.key, "/"+spec.Name+"/", "/"+l.vm.Self.Value+"/", 1)
		}
	}
	return fault
}
