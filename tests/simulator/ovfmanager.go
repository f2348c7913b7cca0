// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/vmx"
)

// ovfManager reads and writes OVF descriptors.
type ovfManager struct {
	*simulator.OvfManager
	s *server
}

// A finding is an error or a warning about a descriptor.
func finding(f types.BaseMethodFault, format string, args ...any) types.LocalizedMethodFault {
	return types.LocalizedMethodFault{Fault: apifault.Complete(f, types.ManagedObjectReference{}), LocalizedMessage: fmt.Sprintf(format, args...)}
}

// CreateImportSpec makes of a descriptor what ImportVApp takes. Where there are
// errors there is no specification. It changes nothing.
func (m *ovfManager) CreateImportSpec(_ *simulator.Context, req *types.CreateImportSpec) soap.HasFault {
	result := types.OvfCreateImportSpecResult{}
	body := &methods.CreateImportSpecBody{Res: &types.CreateImportSpecResponse{}}
	params := req.Cisp.GetOvfCreateImportSpecParams()
	ds, ok := m.s.registry.Get(req.Datastore).(*simulator.Datastore)
	if !ok {
		return &methods.CreateImportSpecBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Datastore})}
	}
	if _, ok := m.s.registry.Get(req.ResourcePool).(*simulator.ResourcePool); !ok {
		return &methods.CreateImportSpecBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.ResourcePool})}
	}
	env, err := ovf.Unmarshal(strings.NewReader(req.OvfDescriptor))
	if err != nil {
		result.Error = append(result.Error, finding(&types.OvfXmlFormat{Description: err.Error()}, "The OVF descriptor is not valid: %s", err))
		body.Res.Returnval = result
		return body
	}
	result.Error, result.Warning = m.findings(env, params)
	faults, warnings := findingsOfSections(req.OvfDescriptor)
	result.Error = append(append(result.Error, faults...), findingsOfDisks(env)...)
	result.Warning = append(result.Warning, warnings...)
	if len(result.Error) == 0 {
		m.specify(env, req, ds.Name, &result)
	}
	if len(result.Error) > 0 {
		result.ImportSpec, result.FileItem = nil, nil
	}
	body.Res.Returnval = result
	return body
}

// specify fills in the specification and the files that are to be sent.
func (m *ovfManager) specify(env *ovf.Envelope, req *types.CreateImportSpec, datastore string, result *types.OvfCreateImportSpecResult) {
	params := req.Cisp.GetOvfCreateImportSpecParams()
	config, err := env.ToConfigSpecWithOptions(ovf.ToConfigSpecOptions{DeploymentConfiguration: params.DeploymentOption})
	if err != nil {
		result.Error = append(result.Error, finding(new(types.OvfInvalidPackage), "The OVF package is not valid: %s", err))
		return
	}
	config.Name = cmp.Or(params.EntityName, config.Name)
	config.Version = m.hardware(env)
	config.MemoryMB = cmp.Or(memoryOf(env, params.DeploymentOption), config.MemoryMB)
	path := object.DatastorePath{Datastore: datastore}
	config.Files = &types.VirtualMachineFileInfo{VmPathName: path.String()}
	if note := env.VirtualSystem.Annotation; note != nil {
		config.Annotation = note.Annotation
	}
	setProperties(config.VAppConfig, params.PropertyMapping)
	m.connect(env, params, req.ResourcePool, config.DeviceChange)
	result.FileItem = m.prepare(env, params, &config)
	result.ImportSpec = &types.VirtualMachineImportSpec{ConfigSpec: config, ResPoolEntity: &req.ResourcePool}
}

// setProperties gives properties the values of a mapping, by "class.key.instance".
func setProperties(config types.BaseVmConfigSpec, mapping []types.KeyValue) {
	if config == nil {
		return
	}
	for _, p := range config.GetVmConfigSpec().Property {
		names := []string{p.Info.Id}
		if p.Info.ClassId != "" {
			names = append(names, p.Info.ClassId+"."+p.Info.Id)
		}
		if p.Info.InstanceId != "" {
			names = append(names, names[len(names)-1]+"."+p.Info.InstanceId)
		}
		for _, m := range mapping {
			if m.Key == names[len(names)-1] {
				p.Info.Value = m.Value
			}
		}
	}
}

// itemsOf are the items of a descriptor for a deployment option.
func itemsOf(env *ovf.Envelope, option string) (items []ovf.ResourceAllocationSettingData) {
	if env.VirtualSystem == nil || len(env.VirtualSystem.VirtualHardware) == 0 {
		return nil
	}
	if option == "" {
		option = defaultOption(env)
	}
	for _, item := range env.VirtualSystem.VirtualHardware[0].Item {
		if item.Configuration == nil || slices.Contains(strings.Fields(*item.Configuration), option) {
			items = append(items, item)
		}
	}
	return items
}

// memoryOf is the memory of a descriptor in MiB, where it is in a unit such as "byte * 2^30"; 0 where it is not.
func memoryOf(env *ovf.Envelope, option string) (mb int64) {
	for _, item := range itemsOf(env, option) {
		if item.ResourceType == nil || *item.ResourceType != ovf.Memory || item.AllocationUnits == nil || item.VirtualQuantity == nil ||
			!strings.HasPrefix(strings.ToLower(*item.AllocationUnits), "byte") {
			continue
		}
		mb = ovf.ParseCapacityAllocationUnits(*item.AllocationUnits) * int64(*item.VirtualQuantity) >> 20
	}
	return mb
}

// defaultOption is the deployment option that is taken where none is named.
func defaultOption(env *ovf.Envelope) string {
	if env.DeploymentOption == nil || len(env.DeploymentOption.Configuration) == 0 {
		return ""
	}
	for _, c := range env.DeploymentOption.Configuration {
		if c.Default != nil && *c.Default {
			return c.ID
		}
	}
	return env.DeploymentOption.Configuration[0].ID
}

// connect gives the cards their networks, in the order of the descriptor.
func (m *ovfManager) connect(env *ovf.Envelope, params *types.OvfCreateImportSpecParams, pool types.ManagedObjectReference,
	changes []types.BaseVirtualDeviceConfigSpec) {
	var names []string
	for _, item := range itemsOf(env, params.DeploymentOption) {
		if item.ResourceType != nil && *item.ResourceType == ovf.EthernetAdapter {
			names = append(names, cmp.Or(append(item.Connection, "")...))
		}
	}
	for _, change := range changes {
		card, ok := change.GetVirtualDeviceConfigSpec().Device.(types.BaseVirtualEthernetCard)
		if !ok || len(names) == 0 {
			continue
		}
		c := card.GetVirtualEthernetCard()
		c.Backing = m.backing(m.mapped(params, names[0]))
		c.AddressType = string(types.VirtualEthernetCardMacTypeGenerated)
		c.Connectable = &types.VirtualDeviceConnectInfo{StartConnected: true, AllowGuestControl: true}
		names = names[1:]
	}
}

// mapped is the network for a name of the descriptor: what the mapping says, or
// the network of that name.
func (m *ovfManager) mapped(params *types.OvfCreateImportSpecParams, name string) *types.ManagedObjectReference {
	for _, n := range params.NetworkMapping {
		if n.Name == name && m.s.registry.Get(n.Network) != nil {
			return &n.Network
		}
	}
	for _, kind := range []string{"Network", "DistributedVirtualPortgroup"} {
		if e := m.s.registry.All(kind); len(e) > 0 {
			for _, o := range e {
				if o.Entity().Name == name {
					ref := o.Reference()
					return &ref
				}
			}
		}
	}
	return nil
}

func (m *ovfManager) backing(ref *types.ManagedObjectReference) types.BaseVirtualDeviceBackingInfo {
	if ref == nil {
		return nil
	}
	switch n := m.s.registry.Get(*ref).(type) {
	case *mo.Network:
		return &types.VirtualEthernetCardNetworkBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: n.Name}}
	case *simulator.DistributedVirtualPortgroup:
		return &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
			Port: types.DistributedVirtualSwitchPortConnection{PortgroupKey: n.Key, SwitchUuid: m.s.switchUUID(n)}}
	}
	return nil
}

// switchUUID is that of a distributed port group.
func (s *server) switchUUID(n *simulator.DistributedVirtualPortgroup) string {
	if n.Config.DistributedVirtualSwitch == nil {
		return ""
	}
	if dvs, ok := s.registry.Get(*n.Config.DistributedVirtualSwitch).(*simulator.DistributedVirtualSwitch); ok {
		return dvs.Uuid
	}
	return ""
}

// prepare says how disks are made, and lists the files that come by the lease.
func (m *ovfManager) prepare(env *ovf.Envelope, params *types.OvfCreateImportSpecParams, config *types.VirtualMachineConfigSpec) (files []types.OvfFileItem) {
	var devices object.VirtualDeviceList
	for _, change := range config.DeviceChange {
		devices = append(devices, change.GetVirtualDeviceConfigSpec().Device)
	}
	thin := params.DiskProvisioning == string(types.OvfCreateImportSpecParamsDiskProvisioningTypeThin)
	references := map[string]ovf.File{}
	for _, f := range env.References {
		references[path.Base(f.Href)] = f
	}
	for i, dev := range devices {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		backing, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if !ok {
			continue
		}
		disk.CapacityInKB = disk.CapacityInBytes / 1024
		if f, sent := references[backing.FileName]; sent {
			files = append(files, types.OvfFileItem{
				DeviceId: deviceID(devices, dev, config.Name), Path: f.Href, Size: int64(f.Size), CimType: int32(ovf.DiskDrive)})
		}
		backing.FileName, backing.ThinProvisioned = "", types.NewBool(thin)
		config.DeviceChange[i].GetVirtualDeviceConfigSpec().FileOperation = types.VirtualDeviceConfigSpecFileOperationCreate
	}
	files = append(files, m.images(env, params, devices, config.Name)...)
	return append(files, variables(env, config)...)
}

// variables are the file with the variables of EFI, which an entry of the VMX
// file names: <vmw:ExtraConfig vmw:key="nvram" vmw:value="ovf:/file/file2"/>.
func variables(env *ovf.Envelope, config *types.VirtualMachineConfigSpec) (files []types.OvfFileItem) {
	config.ExtraConfig = slices.DeleteFunc(config.ExtraConfig, func(o types.BaseOptionValue) bool {
		return strings.EqualFold(o.GetOptionValue().Key, "nvram")
	})
	for _, entry := range env.VirtualSystem.VirtualHardware[0].ExtraConfig {
		for _, f := range env.References {
			if strings.EqualFold(entry.Key, "nvram") && strings.HasSuffix(entry.Value, "/"+f.ID) {
				name := vmx.EscapeName(config.Name) + ".nvram"
				config.ExtraConfig = append(config.ExtraConfig, &types.OptionValue{Key: "nvram", Value: name})
				files = append(files, types.OvfFileItem{DeviceId: variablesID(config.Name), Path: f.Href, Size: int64(f.Size), Create: true})
			}
		}
	}
	return files
}

// variablesID is how OVF packages and leases call the file with the variables of EFI.
func variablesID(entity string) string {
	return "/" + entity + "/nvram"
}

// images are the ISO images of a package.
func (m *ovfManager) images(env *ovf.Envelope, params *types.OvfCreateImportSpecParams, devices object.VirtualDeviceList,
	entity string) (files []types.OvfFileItem) {
	var drives []*types.VirtualCdrom
	for _, dev := range devices {
		if drive, ok := dev.(*types.VirtualCdrom); ok {
			drives = append(drives, drive)
		}
	}
	for _, item := range itemsOf(env, params.DeploymentOption) {
		if item.ResourceType == nil || *item.ResourceType != ovf.CdDrive && *item.ResourceType != ovf.DvdDrive || len(drives) == 0 {
			continue
		}
		drive := drives[0]
		drives = drives[1:]
		if len(item.HostResource) == 0 {
			continue
		}
		for _, f := range env.References {
			if strings.HasSuffix(item.HostResource[0], "/"+f.ID) {
				drive.Backing = new(types.VirtualCdromIsoBackingInfo)
				files = append(files, types.OvfFileItem{DeviceId: deviceID(devices, drive, entity), Path: f.Href,
					Size: int64(f.Size), CimType: int32(*item.ResourceType), Create: true})
			}
		}
	}
	return files
}
