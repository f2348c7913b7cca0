// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apiversion"
)

// supported are the types of items that a host makes, with their subtypes where
// not all are.
var supported = map[ovf.CIMResourceType][]string{
	ovf.Other: nil, ovf.Processor: nil, ovf.Memory: nil, ovf.IdeController: nil, ovf.FloppyDrive: nil, ovf.CdDrive: nil,
	ovf.DvdDrive: nil, ovf.DiskDrive: nil, ovf.UsbController: nil, ovf.Graphics: nil,
	ovf.ParallelScsiHba: {"", "lsilogic", "lsilogicsas", "virtualscsi", "buslogic"},
	ovf.EthernetAdapter: {"", "e1000", "e1000e", "vmxnet", "vmxnet2", "vmxnet3", "pcnet32", "sriov"},
	ovf.OtherStorage:    {"vmware.sata.ahci", "vmware.nvme.controller"},
}

// findings are what a host says about a descriptor. What is not required and not
// known is a warning.
func (m *ovfManager) findings(env *ovf.Envelope, params *types.OvfCreateImportSpecParams) (faults, warnings []types.LocalizedMethodFault) {
	if env.VirtualSystem == nil {
		return []types.LocalizedMethodFault{finding(new(types.NotSupported), "The package has several virtual systems, which this server does not support.")}, nil
	}
	if len(env.VirtualSystem.VirtualHardware) == 0 {
		return []types.LocalizedMethodFault{finding(&types.OvfMissingElement{OvfElement: types.OvfElement{Name: "VirtualHardwareSection"}},
			"The element VirtualHardwareSection is missing.")}, nil
	}
	for _, item := range itemsOf(env, params.DeploymentOption) {
		if f := m.findingOf(env, item); f != nil && item.Required != nil && !*item.Required {
			warnings = append(warnings, *f)
		} else if f != nil {
			faults = append(faults, *f)
		}
	}
	if m.hardware(env) == "" {
		family := env.VirtualSystem.VirtualHardware[0].System.VirtualSystemType
		faults = append(faults, finding(&types.OvfNoSupportedHardwareFamily{Version: *family},
			"No supported hardware versions among [%s].", *family))
	}
	faults = append(faults, m.findingsOfParams(env, params)...)
	return faults, warnings
}

// findingOf is what is wrong with an item, or nil.
func (m *ovfManager) findingOf(env *ovf.Envelope, item ovf.ResourceAllocationSettingData) *types.LocalizedMethodFault {
	if item.ResourceType == nil {
		f := finding(new(types.OvfInvalidPackage), "The item %s has no ResourceType.", item.InstanceID)
		return &f
	}
	kind, subtype := *item.ResourceType, ""
	if item.ResourceSubType != nil {
		subtype = strings.ToLower(*item.ResourceSubType)
	}
	subtypes, known := supported[kind]
	if !known || kind == ovf.OtherStorage && !slices.Contains(subtypes, subtype) {
		f := finding(&types.OvfUnsupportedType{Name: item.ElementName, InstanceId: item.InstanceID, DeviceType: int32(kind)},
			"OVF hardware element 'ResourceType' with instance ID '%s': No support for the virtual hardware device type '%d'.",
			item.InstanceID, kind)
		return &f
	}
	if subtypes != nil && !slices.Contains(subtypes, subtype) {
		f := finding(&types.OvfUnsupportedSubType{ElementName: item.ElementName, InstanceId: item.InstanceID,
			DeviceType: int32(kind), DeviceSubType: subtype}, "The device subtype '%s' of '%s' is not supported.", subtype, item.ElementName)
		return &f
	}
	if kind == ovf.DiskDrive && len(item.HostResource) > 0 && !hasDisk(env, item.HostResource[0]) {
		f := finding(new(types.OvfInvalidPackage), "The disk %s is not described.", item.HostResource[0])
		return &f
	}
	return nil
}

func hasDisk(env *ovf.Envelope, resource string) bool {
	return env.Disk != nil && slices.ContainsFunc(env.Disk.Disks, func(d ovf.VirtualDiskDesc) bool {
		return strings.HasSuffix(resource, "/"+d.DiskID)
	})
}

// hardware is the newest hardware version of a descriptor that the host has; ""
// where it has none of them.
func (m *ovfManager) hardware(env *ovf.Envelope) (best string) {
	own := fmt.Sprintf("vmx-%02d", m.s.version.Hardware)
	system := env.VirtualSystem.VirtualHardware[0].System
	if system == nil || system.VirtualSystemType == nil {
		return own
	}
	for _, family := range strings.FieldsFunc(*system.VirtualSystemType, func(r rune) bool { return r == ' ' || r == ',' }) {
		if strings.HasPrefix(family, "vmx-") && !apiversion.Newer(family[4:], own[4:]) && (best == "" || apiversion.Newer(family[4:], best[4:])) {
			best = family
		}
	}
	return best
}

// findingsOfParams are what is wrong with what the client wants.
func (m *ovfManager) findingsOfParams(env *ovf.Envelope, params *types.OvfCreateImportSpecParams) (faults []types.LocalizedMethodFault) {
	for _, name := range networksOf(env, params.DeploymentOption) {
		if m.mapped(params, name) == nil {
			faults = append(faults, finding(new(types.OvfNetworkMappingNotSupported), "There is no network for '%s'.", name))
		}
	}
	if option := params.DeploymentOption; option != "" && (env.DeploymentOption == nil ||
		!slices.ContainsFunc(env.DeploymentOption.Configuration, func(c ovf.DeploymentOptionConfiguration) bool { return c.ID == option })) {
		faults = append(faults, finding(new(types.OvfInvalidValueConfiguration), "There is no deployment option '%s'.", option))
	}
	provisioning := types.OvfCreateImportSpecParamsDiskProvisioningType(params.DiskProvisioning)
	if provisioning != "" && !slices.Contains(provisioning.Values(), provisioning) {
		faults = append(faults, finding(&types.OvfUnsupportedDiskProvisioning{DiskProvisioning: params.DiskProvisioning},
			"Disk provisioning type not supported: %s", params.DiskProvisioning))
	}
	return faults
}

// networksOf are the networks of a descriptor, and those of cards that it does not describe.
func networksOf(env *ovf.Envelope, option string) (names []string) {
	if env.Network != nil {
		for _, n := range env.Network.Networks {
			names = append(names, n.Name)
		}
	}
	for _, item := range itemsOf(env, option) {
		if item.ResourceType != nil && *item.ResourceType == ovf.EthernetAdapter && len(item.Connection) > 0 &&
			!slices.Contains(names, item.Connection[0]) {
			names = append(names, item.Connection[0])
		}
	}
	return names
}

// ParseDescriptor tells what is in a descriptor. It changes nothing.
func (m *ovfManager) ParseDescriptor(_ *simulator.Context, req *types.ParseDescriptor) soap.HasFault {
	body := &methods.ParseDescriptorBody{Res: new(types.ParseDescriptorResponse)}
	result := &body.Res.Returnval
	env, err := ovf.Unmarshal(strings.NewReader(req.OvfDescriptor))
	if err != nil {
		result.Error = append(result.Error, finding(&types.OvfXmlFormat{Description: err.Error()}, "The OVF descriptor is not valid: %s", err))
		return body
	}
	result.VirtualApp = env.VirtualSystem == nil
	if env.Network != nil {
		for _, n := range env.Network.Networks {
			result.Network = append(result.Network, types.OvfNetworkInfo{Name: n.Name, Description: n.Description})
		}
	}
	if env.DeploymentOption != nil {
		for _, c := range env.DeploymentOption.Configuration {
			result.DeploymentOption = append(result.DeploymentOption, types.OvfDeploymentOption{
				Key: c.ID, Label: c.Label, Description: c.Description})
		}
		result.DefaultDeploymentOption = defaultOption(env)
	}
	for _, f := range env.References {
		result.ApproximateDownloadSize += int64(f.Size)
	}
	if env.Disk != nil {
		for _, d := range env.Disk.Disks {
			result.ApproximateFlatDeploymentSize += capacityOf(d)
			if d.PopulatedSize != nil {
				result.ApproximateSparseDeploymentSize += int64(*d.PopulatedSize)
			}
		}
	}
	describeSystem(env, result)
	return body
}

func capacityOf(d ovf.VirtualDiskDesc) int64 {
	var n int64
	_, _ = fmt.Sscan(d.Capacity, &n)
	if d.CapacityAllocationUnits != nil {
		n *= ovf.ParseCapacityAllocationUnits(*d.CapacityAllocationUnits)
	}
	return n
}

// describeSystem tells of the texts and properties of a system.
func describeSystem(env *ovf.Envelope, result *types.OvfParseDescriptorResult) {
	system := env.VirtualSystem
	if system == nil {
		if env.VirtualSystemCollection != nil {
			result.DefaultEntityName = env.VirtualSystemCollection.ID
		}
		return
	}
	result.DefaultEntityName = system.ID
	if system.Name != nil && *system.Name != "" {
		result.DefaultEntityName = *system.Name
	}
	for _, e := range system.Eula {
		result.Eula = append(result.Eula, e.License)
	}
	if system.Annotation != nil {
		result.Annotation = system.Annotation.Annotation
	}
	key := int32(0)
	for _, product := range system.Product {
		for _, p := range product.PropertiesWithCategory() {
			result.Property = append(result.Property, types.VAppPropertyInfo{
				Key: key, ClassId: text(product.Class), InstanceId: text(product.Instance), Id: p.Property.Key,
				Category: p.Category, Label: text(p.Property.Label), Type: p.Property.Type,
				UserConfigurable: p.Property.UserConfigurable, DefaultValue: text(p.Property.Default),
				Description: text(p.Property.Description)})
			key++
		}
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
