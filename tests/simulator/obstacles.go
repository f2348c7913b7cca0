// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/rules"
	"esx-simulator/internal/vmx"
)

// Entries of a VMX file that stand against a migration, or warn of it: names of
// faults, as "NoGuestHeartbeat", and their properties in JSON behind a blank.
const (
	migrationErrorKey   = "simulator.migration.error"
	migrationWarningKey = "simulator.migration.warning"
)

// obstacles are what stands against a move. The caller holds the locks of the
// domain and of the destination.
func (d *domain) obstacles(m move, at place) (faults []types.BaseMethodFault) {
	host := at.host
	if d.Config.Template && m.relocate == nil || d.isAgent() {
		faults = append(faults, new(types.NotSupported))
	}
	faults = append(faults, d.obstaclesOfHosts(host)...)
	faults = append(faults, d.obstaclesOfStorage(m, host)...)
	fromDevices, _ := d.findingsOfDevices(m, host)
	faults = append(faults, fromDevices...)
	if fault := d.refuseCPUs(host); fault != nil {
		faults = append(faults, fault)
	}
	if d.running() && host.Self != *d.Runtime.Host {
		faults = append(faults, d.obstaclesOfPower(host)...)
	}
	if text := extra(d.VirtualMachine, migrationErrorKey); text != "" {
		faults = append(faults, d.faultWritten(text))
	}
	return faults
}

func (d *domain) running() bool {
	return d.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
}

// obstaclesOfHosts are states of the two hosts.
func (d *domain) obstaclesOfHosts(to *simulator.HostSystem) (faults []types.BaseMethodFault) {
	if to.Runtime.InMaintenanceMode && to.Self != *d.Runtime.Host {
		faults = append(faults, new(types.InvalidState))
	}
	if to.Runtime.ConnectionState != types.HostSystemConnectionStateConnected {
		faults = append(faults, new(types.HostNotConnected))
	}
	if to.Self == *d.Runtime.Host {
		return faults
	}
	from, _ := d.s.registry.Get(*d.Runtime.Host).(*simulator.HostSystem)
	if from != nil && from.Runtime.ConnectionState != types.HostSystemConnectionStateConnected {
		faults = append(faults, new(types.HostNotConnected))
	}
	if !d.running() {
		return faults
	}
	for _, h := range []*simulator.HostSystem{from, to} {
		if h == nil {
			continue
		}
		source := h == from
		if !h.Capability.VmotionSupported {
			faults = append(faults, &types.MigrationFeatureNotSupported{
				AtSourceHost: source, FailedHostName: h.Name, FailedHost: h.Self})
		} else if !h.Summary.Config.VmotionEnabled {
			faults = append(faults, &types.VMotionNotConfigured{VMotionInterfaceIssue: types.VMotionInterfaceIssue{
				AtSourceHost: source, FailedHost: h.Name, FailedHostEntity: &h.Self}})
		}
	}
	return faults
}

// obstaclesOfStorage are files that the destination would not reach.
func (d *domain) obstaclesOfStorage(m move, host *simulator.HostSystem) (faults []types.BaseMethodFault) {
	for _, ref := range m.datastores() {
		if !slices.Contains(host.Datastore, ref) {
			faults = append(faults, &types.InvalidDatastore{Datastore: &ref, Name: d.s.nameOf(ref)})
		}
	}
	if home := d.Config.Files.VmPathName; m.datastoreOf(nil) == nil && !d.s.reaches(host, home) {
		faults = append(faults, &types.CannotAccessFile{FileFault: types.FileFault{File: home}})
	}
	for _, dev := range d.Config.Hardware.Device {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok || m.datastoreOf(disk) != nil {
			continue
		}
		file, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo)
		if !ok || d.s.reaches(host, file.GetVirtualDeviceFileBackingInfo().FileName) {
			continue
		}
		fault := new(types.CannotAccessVmDisk)
		fault.Device, fault.Backing = disk.DeviceInfo.GetDescription().Label, file.GetVirtualDeviceFileBackingInfo().FileName
		fault.Fault = localized(&types.NoDiskFound{})
		faults = append(faults, fault)
	}
	return faults
}

// datastores are those that a relocation names.
func (m move) datastores() (refs []types.ManagedObjectReference) {
	if m.relocate == nil {
		return nil
	}
	if m.relocate.Datastore != nil {
		refs = append(refs, *m.relocate.Datastore)
	}
	for _, locator := range m.relocate.Disk {
		refs = append(refs, locator.Datastore)
	}
	return refs
}

// datastoreOf is where a relocation takes a disk, or the VMX file (nil); nil
// where it stays.
func (m move) datastoreOf(disk *types.VirtualDisk) *types.ManagedObjectReference {
	if m.relocate == nil {
		return nil
	}
	for i := range m.relocate.Disk {
		if disk != nil && m.relocate.Disk[i].DiskId == disk.Key {
			return &m.relocate.Disk[i].Datastore
		}
	}
	return m.relocate.Datastore
}

// reaches tells whether a host has the datastore of a file, as its datacenter
// knows it.
func (s *server) reaches(host *simulator.HostSystem, file string) bool {
	var p object.DatastorePath
	return p.FromString(file) && s.registry.FindByName(p.Datastore, host.Datastore) != nil &&
		s.datastoreAt(host, p.Datastore) != nil
}

// changed is a device as a relocation changes it.
func (m move) changed(dev types.BaseVirtualDevice) types.BaseVirtualDevice {
	if m.relocate != nil {
		for _, change := range m.relocate.DeviceChange {
			c := change.GetVirtualDeviceConfigSpec()
			if c.Operation == types.VirtualDeviceConfigSpecOperationEdit && c.Device.GetVirtualDevice().Key == dev.GetVirtualDevice().Key {
				return c.Device
			}
		}
	}
	return dev
}

// obstaclesOfPower are what a running domain needs and the destination has not:
// a CPU and unreserved memory.
func (d *domain) obstaclesOfPower(host *simulator.HostSystem) (faults []types.BaseMethodFault) {
	if !runsOn(d.Runtime.MinRequiredEVCModeKey, host.Summary.MaxEVCModeKey) {
		fault := &types.FeatureRequirementsNotMet{Vm: &d.Self, Host: &host.Self,
			FeatureRequirement: []types.VirtualMachineFeatureRequirement{
				{Key: "cpuid.avx2", FeatureName: "cpuid.AVX2", Value: "Bool:Min:1"}}}
		faults = append(faults, fault)
	}
	if fault := d.s.unreserved(host, d.VirtualMachine); fault != nil {
		faults = append(faults, fault)
	}
	return faults
}

// warnings are what a check says and a migration does not mind.
func (d *domain) warnings(m move, at place) (faults []types.BaseMethodFault) {
	if at.host != nil {
		_, faults = d.findingsOfDevices(m, at.host)
	}
	if d.Snapshot != nil && d.Snapshot.CurrentSnapshot != nil {
		faults = append(faults, new(types.SnapshotMoveNotSupported))
	}
	if text := extra(d.VirtualMachine, migrationWarningKey); text != "" {
		faults = append(faults, d.faultWritten(text))
	}
	return faults
}

// faultWritten reads `CannotAccessNetwork {"device": "Network adapter 1"}`.
func (d *domain) faultWritten(text string) types.BaseMethodFault {
	name, properties, _ := strings.Cut(strings.TrimSpace(vmx.UnescapeText(text)), " ")
	fault, err := (&rules.Rule{Fault: name, Properties: json.RawMessage(properties)}).Make(rules.Call{Kind: d.Self.Type, Object: d.Self.Value})
	if err != nil {
		return &types.SystemErrorFault{Reason: err.Error()}
	}
	return fault
}

func hasPortGroup(host *simulator.HostSystem, name string) bool {
	return slices.ContainsFunc(host.Config.Network.Portgroup, func(p types.HostPortGroup) bool { return p.Spec.Name == name })
}

// onSwitch tells whether a host is a member of a distributed switch.
func (s *server) onSwitch(host *simulator.HostSystem, uuid string) bool {
	for _, e := range s.registry.All("") {
		if dvs, ok := e.(*simulator.DistributedVirtualSwitch); ok && dvs.Uuid == uuid {
			return slices.Contains(dvs.Summary.HostMember, host.Self)
		}
	}
	return false
}
