// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/vmx"
)

// environment tells what a host can give to a domain.
type environment struct {
	*simulator.EnvironmentBrowser
	s *server
}

// QueryConfigOption answers for a version of the virtual hardware, or the newest.
func (e *environment) QueryConfigOption(_ *simulator.Context, req *types.QueryConfigOption) soap.HasFault {
	option, fault := e.option(req.Key, nil)
	if fault != nil {
		return &methods.QueryConfigOptionBody{Fault_: simulator.Fault(apifault.Text(fault), fault)}
	}
	return &methods.QueryConfigOptionBody{Res: &types.QueryConfigOptionResponse{Returnval: option}}
}

// QueryConfigOptionEx may ask for some guest systems only.
func (e *environment) QueryConfigOptionEx(_ *simulator.Context, req *types.QueryConfigOptionEx) soap.HasFault {
	key, guests := "", []string(nil)
	if req.Spec != nil {
		key, guests = req.Spec.Key, req.Spec.GuestId
	}
	option, fault := e.option(key, guests)
	if fault != nil {
		return &methods.QueryConfigOptionExBody{Fault_: simulator.Fault(apifault.Text(fault), fault)}
	}
	return &methods.QueryConfigOptionExBody{Res: &types.QueryConfigOptionExResponse{Returnval: option}}
}

// QueryConfigOptionDescriptor lists the versions of the virtual hardware.
func (e *environment) QueryConfigOptionDescriptor(ctx *simulator.Context, req *types.QueryConfigOptionDescriptor) soap.HasFault {
	own := e.EnvironmentBrowser.QueryConfigOptionDescriptor(ctx, req).(*methods.QueryConfigOptionDescriptorBody)
	var hosts []types.ManagedObjectReference
	if list := own.Res.Returnval; len(list) > 0 {
		hosts = list[0].Host
	}
	body := &methods.QueryConfigOptionDescriptorBody{Res: new(types.QueryConfigOptionDescriptorResponse)}
	for _, l := range e.s.hardware() {
		key := fmt.Sprintf("vmx-%02d", l.Version)
		body.Res.Returnval = append(body.Res.Returnval, types.VirtualMachineConfigOptionDescriptor{
			Key: key, Description: "Virtual hardware version " + fmt.Sprint(l.Version), Host: hosts,
			CreateSupported: true, DefaultConfigOption: l.Version == e.s.version.Hardware,
			RunSupported: true, UpgradeSupported: true})
	}
	return body
}

// hardware are the versions of the virtual hardware that the hosts have.
func (s *server) hardware() (list []vmx.Limits) {
	for _, l := range vmx.Hardware {
		if l.Version <= s.version.Hardware {
			list = append(list, l)
		}
	}
	if last := &list[len(list)-1]; last.Version < s.version.Hardware {
		newest := *last
		newest.Version = s.version.Hardware
		list = append(list, newest)
	}
	return list
}

// QueryConfigTarget adds the memory of a host to the library's answer.
func (e *environment) QueryConfigTarget(ctx *simulator.Context, req *types.QueryConfigTarget) soap.HasFault {
	body := e.EnvironmentBrowser.QueryConfigTarget(ctx, req).(*methods.QueryConfigTargetBody)
	if target := body.Res.Returnval; target != nil {
		limits := vmx.LimitsOf(fmt.Sprintf("vmx-%02d", e.s.version.Hardware))
		target.MaxMemMBOptimalPerf = hostMemory >> 20
		target.SupportedMaxMemMB, target.MaxCpusPerHost = int32(limits.MemoryMB), int32(limits.CPUs)
		target.AutoVmotion, target.SevSupported = types.NewBool(false), types.NewBool(false)
	}
	return body
}

// option is what a version of the virtual hardware can have.
func (e *environment) option(key string, guests []string) (*types.VirtualMachineConfigOption, types.BaseMethodFault) {
	if key == "" {
		key = fmt.Sprintf("vmx-%02d", e.s.version.Hardware)
	}
	if !e.s.hasHardware(key) {
		return nil, invalidArgument("key")
	}
	limits := vmx.LimitsOf(key)
	return &types.VirtualMachineConfigOption{
		Version: key, Description: "Virtual hardware version " + strings.TrimPrefix(key, "vmx-"),
		GuestOSDescriptor: guestDescriptors(limits, guests), HardwareOptions: hardwareOption(key, limits),
		Capabilities: types.VirtualMachineCapability{
			SnapshotOperationsSupported: true, MultipleSnapshotsSupported: true, SnapshotConfigSupported: true,
			PoweredOffSnapshotsSupported: true, MemorySnapshotsSupported: true, RevertToSnapshotSupported: true,
			QuiescedSnapshotsSupported: true, LockSnapshotsSupported: false, ConsolePreferencesSupported: false,
			CpuFeatureMaskSupported: true, S1AcpiManagementSupported: true, SettingScreenResolutionSupported: false,
			ToolsAutoUpdateSupported: false, VmNpivWwnSupported: true, NpivWwnOnNonRdmVmSupported: true,
			DiskSharesSupported: true, BootOptionsSupported: true, BootRetryOptionsSupported: true,
			SettingVideoRamSizeSupported: true, ChangeTrackingSupported: true, HostBasedReplicationSupported: true,
			GuestAutoLockSupported: true, MemoryReservationLockSupported: true,
		},
		DefaultDevice: esx.VirtualDevice, SupportedMonitorType: []string{"release", "debug", "stats"},
		SupportedOvfEnvironmentTransport: []string{"iso", "com.vmware.guestInfo"}, SupportedOvfInstallTransport: []string{"iso"},
	}, nil
}

func intOption(low, high, preset int) types.IntOption {
	return types.IntOption{
		OptionType: types.OptionType{ValueIsReadonly: types.NewBool(false)}, Min: int32(low), Max: int32(high), DefaultValue: int32(preset)}
}

func boolOption(supported bool) types.BoolOption {
	return types.BoolOption{OptionType: types.OptionType{ValueIsReadonly: types.NewBool(false)}, Supported: supported}
}

func hardwareOption(key string, l vmx.Limits) types.VirtualHardwareOption {
	shares := func(high, preset int) types.ResourceAllocationOption {
		return types.ResourceAllocationOption{SharesOption: types.SharesOption{
			SharesOption: intOption(0, high, preset), DefaultLevel: types.SharesLevelNormal}}
	}
	o := types.VirtualHardwareOption{
		HwVersion: int32(hardwareNumber(key)), VirtualDeviceOption: deviceOptions(l),
		NumCoresPerSocket: intOption(1, l.CPUs, 1),
		MemoryMB: types.LongOption{
			OptionType: types.OptionType{ValueIsReadonly: types.NewBool(false)}, Min: 4, Max: int64(l.MemoryMB), DefaultValue: 32},
		NumPCIControllers: intOption(1, 1, 1), NumIDEControllers: intOption(2, 2, 2), NumUSBControllers: intOption(0, 1, 0),
		NumUSBXHCIControllers: intOption(0, 1, 0), NumSIOControllers: intOption(1, 1, 1), NumPS2Controllers: intOption(1, 1, 1),
		ResourceConfigOption: types.ResourceConfigOption{
			CpuAllocationOption: shares(1000000, 4000), MemoryAllocationOption: shares(1000000, 10)},
	}
	for n := 1; n <= l.CPUs; n++ {
		o.NumCPU = append(o.NumCPU, int32(n))
	}
	return o
}

// deviceOptions are the controllers and cards that a version has.
func deviceOptions(l vmx.Limits) (list []types.BaseVirtualDeviceOption) {
	device := func(kind string) types.VirtualDeviceOption {
		return types.VirtualDeviceOption{
			Type: kind, PlugAndPlay: l.Version >= 7, HotRemoveSupported: l.Version >= 7, Deprecated: false}
	}
	controller := func(kind string, units int) types.VirtualControllerOption {
		return types.VirtualControllerOption{VirtualDeviceOption: device(kind), Devices: intOption(0, units, 0)}
	}
	for _, kind := range []string{"VirtualBusLogicController", "VirtualLsiLogicController", "VirtualLsiLogicSASController",
		"ParaVirtualSCSIController"} {
		list = append(list, &types.VirtualSCSIControllerOption{
			VirtualControllerOption: controller(kind, 15), NumSCSIDisks: intOption(0, 15, 0), NumSCSICdroms: intOption(0, 15, 0),
			NumSCSIPassthrough: intOption(0, 15, 0), HotAddRemove: boolOption(true), ScsiCtlrUnitNumber: ownUnit,
			Sharing: []types.VirtualSCSISharing{
				types.VirtualSCSISharingNoSharing, types.VirtualSCSISharingVirtualSharing, types.VirtualSCSISharingPhysicalSharing}})
	}
	if l.SATA {
		list = append(list, &types.VirtualSATAControllerOption{
			VirtualControllerOption: controller("VirtualAHCIController", 30), NumSATADisks: intOption(0, 30, 0), NumSATACdroms: intOption(0, 30, 0)})
	}
	if l.NVMe {
		list = append(list, &types.VirtualNVMEControllerOption{
			VirtualControllerOption: controller("VirtualNVMEController", 15), NumNVMEDisks: intOption(0, 15, 0)})
	}
	for _, kind := range []string{"VirtualPCNet32", "VirtualE1000", "VirtualE1000e", "VirtualVmxnet2", "VirtualVmxnet3"} {
		list = append(list, &types.VirtualEthernetCardOption{
			VirtualDeviceOption: device(kind), WakeOnLanEnabled: boolOption(true), SupportedOUI: types.ChoiceOption{
				OptionType: types.OptionType{ValueIsReadonly: types.NewBool(false)}, ChoiceInfo: elements("00:50:56", "00:0c:29")},
			MacType: types.ChoiceOption{
				OptionType: types.OptionType{ValueIsReadonly: types.NewBool(false)}, ChoiceInfo: elements("Manual", "Generated")}})
	}
	return list
}

func elements(keys ...string) (list []types.BaseElementDescription) {
	for _, key := range keys {
		list = append(list, &types.ElementDescription{Description: types.Description{Label: key, Summary: key}, Key: key})
	}
	return list
}

// guestDescriptors are the guest systems: all, or those that are asked for.
func guestDescriptors(l vmx.Limits, wanted []string) (list []types.GuestOsDescriptor) {
	want := map[string]bool{}
	for _, id := range wanted {
		want[id] = true
	}
	for _, guest := range simulator.GuestID {
		id := string(guest)
		if len(want) > 0 && !want[id] {
			continue
		}
		list = append(list, types.GuestOsDescriptor{
			Id: id, Family: guestFamilyOf(id), FullName: id, SupportedMaxCPUs: int32(l.CPUs), NumSupportedPhysicalSockets: int32(l.CPUs),
			NumSupportedCoresPerSocket: int32(l.CPUs), SupportedMinMemMB: 4, SupportedMaxMemMB: int32(l.MemoryMB),
			RecommendedMemMB: 1024, RecommendedColorDepth: 32,
			SupportedDiskControllerList: []string{"VirtualIDEController", "ParaVirtualSCSIController", "VirtualLsiLogicController"},
			RecommendedDiskController:   "VirtualLsiLogicController", SupportedNumDisks: 60, RecommendedDiskSizeMB: 8192,
			RecommendedCdromController: "VirtualIDEController", SupportedEthernetCard: []string{"VirtualE1000", "VirtualVmxnet3"},
			RecommendedEthernetCard: "VirtualVmxnet3", SupportedFirmware: []string{"bios", "efi"}, RecommendedFirmware: "bios",
			SupportsWakeOnLan: true, SupportsMemoryHotAdd: true, SupportsCpuHotAdd: true, SupportLevel: "supported",
			SupportedForCreate: true, NumSupportedFloppyDevices: 2,
			VRAMSizeInKB: intOption(1024, 131072, vmx.DefaultVideoKB), DiskUuidEnabled: false,
			SupportsPvscsiControllerForBoot: true, SupportsHotPlugPCI: true})
	}
	return list
}

func guestFamilyOf(id string) string {
	switch {
	case strings.HasPrefix(id, "win"):
		return string(types.VirtualMachineGuestOsFamilyWindowsGuest)
	case strings.HasPrefix(id, "darwin"):
		return string(types.VirtualMachineGuestOsFamilyDarwinGuestFamily)
	case strings.HasPrefix(id, "other"):
		return string(types.VirtualMachineGuestOsFamilyOtherGuestFamily)
	}
	return string(types.VirtualMachineGuestOsFamilyLinuxGuest)
}
