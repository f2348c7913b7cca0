// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/lenient"
	"esx-simulator/internal/vmx"
)

// maxName is how many characters the name of a domain can have.
const maxName = 80

// refuseSpec is the fault of a configuration that a host would not take.
func (d *domain) refuseSpec(spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	running := d.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff
	limits := vmx.LimitsOf(cmp.Or(spec.Version, d.Config.Version))
	switch {
	case d.Config.Template && (len(spec.DeviceChange) > 0 || spec.MemoryMB != 0 || spec.NumCPUs != 0):
		return new(types.NotSupported)
	case len(spec.Name) > maxName:
		return &types.InvalidName{Name: spec.Name}
	case spec.Uuid != "" && vmx.SpacedUUID(spec.Uuid) == "":
		return &types.InvalidArgument{InvalidProperty: "configSpec.uuid"}
	case !slices.Contains([]string{"", "bios", "efi"}, spec.Firmware):
		return &types.InvalidArgument{InvalidProperty: "configSpec.firmware"}
	case spec.ChangeVersion != "" && spec.ChangeVersion != d.Config.ChangeVersion:
		return new(types.ConcurrentAccess)
	case spec.MemoryMB%4 != 0 || spec.MemoryMB < 0:
		return &types.InvalidArgument{InvalidProperty: "configSpec.memoryMB"}
	case spec.MemoryMB > int64(limits.MemoryMB):
		return &types.InvalidArgument{InvalidProperty: "configSpec.memoryMB"}
	case spec.NumCPUs < 0 || int(spec.NumCPUs) > limits.CPUs:
		return &types.InvalidArgument{InvalidProperty: "configSpec.numCPUs"}
	case spec.GuestId != "" && !knownGuest(spec.GuestId):
		return &types.InvalidArgument{InvalidProperty: "configSpec.guestId"}
	case !fitsSockets(spec, d.Config):
		return &types.InvalidArgument{InvalidProperty: "configSpec.numCoresPerSocket"}
	case spec.Version != "" && !d.s.hasHardware(spec.Version):
		return new(types.NotSupported)
	case spec.Version != "" && hardwareNumber(spec.Version) < hardwareNumber(d.Config.Version):
		return &types.InvalidArgument{InvalidProperty: "configSpec.version"}
	case secureBootWithoutEFI(spec, d.Config):
		return &types.InvalidVmConfig{Property: "msg.hostd.configSpec.efi"}
	case slices.ContainsFunc(spec.ExtraConfig, isNoKey):
		return &types.InvalidArgument{InvalidProperty: "configSpec.extraConfig"}
	case running && onlyOff(spec, d.Config):
		return &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: d.Runtime.PowerState}
	case !allocatable(spec.CpuAllocation):
		return &types.InvalidArgument{InvalidProperty: "configSpec.cpuAllocation"}
	case !allocatable(spec.MemoryAllocation):
		return &types.InvalidArgument{InvalidProperty: "configSpec.memoryAllocation"}
	case limitBelowReservation(spec.CpuAllocation):
		return &types.InvalidArgument{InvalidProperty: "configSpec.cpuAllocation.limit"}
	case limitBelowReservation(spec.MemoryAllocation):
		return &types.InvalidArgument{InvalidProperty: "configSpec.memoryAllocation.limit"}
	case running && !mayChange(spec.MemoryMB, d.Config.Hardware.MemoryMB, d.Config.MemoryHotAddEnabled, nil),
		running && !mayChange(int64(spec.NumCPUs), d.Config.Hardware.NumCPU, d.Config.CpuHotAddEnabled, d.Config.CpuHotRemoveEnabled):
		return &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: d.Runtime.PowerState}
	}
	if spec.Name != "" && vmx.EscapeName(spec.Name) != d.Name {
		if taken := d.s.siblingNamed(d.VirtualMachine, vmx.EscapeName(spec.Name)); taken != nil {
			return &types.DuplicateName{Name: spec.Name, Object: taken.Reference()}
		}
	}
	return nil
}

// allocatable tells whether the numbers of an allocation can be: a limit of -1 is none.
func allocatable(a *types.ResourceAllocationInfo) bool {
	if a == nil {
		return true
	}
	return !(a.Limit != nil && *a.Limit < -1 || a.Reservation != nil && *a.Reservation < 0 ||
		a.Shares != nil && a.Shares.Level == types.SharesLevelCustom && a.Shares.Shares < 0)
}

// mayChange tells whether a running domain can get more or less of something.
func mayChange(wanted int64, present int32, add, remove *bool) bool {
	switch {
	case wanted == 0 || wanted == int64(present):
		return true
	case wanted > int64(present):
		return lenient.IsTrue(add)
	}
	return lenient.IsTrue(remove)
}

// onlyOff tells whether a specification changes what only a domain that is off can change.
func onlyOff(spec *types.VirtualMachineConfigSpec, c *types.VirtualMachineConfigInfo) bool {
	flag := func(now, was *bool) bool { return now != nil && *now != lenient.IsTrue(was) }
	cores := spec.NumCoresPerSocket
	return spec.GuestId != "" && spec.GuestId != c.GuestId ||
		spec.Version != "" && spec.Version != c.Version ||
		spec.Firmware != "" && spec.Firmware != c.Firmware ||
		spec.Uuid != "" && !strings.EqualFold(spec.Uuid, c.Uuid) ||
		cores != nil && c.Hardware.NumCoresPerSocket != nil && *cores > 0 && *cores != *c.Hardware.NumCoresPerSocket ||
		flag(spec.CpuHotAddEnabled, c.CpuHotAddEnabled) || flag(spec.MemoryHotAddEnabled, c.MemoryHotAddEnabled) ||
		flag(spec.CpuHotRemoveEnabled, c.CpuHotRemoveEnabled) || flag(spec.NestedHVEnabled, c.NestedHVEnabled)
}

// fitsSockets tells whether the CPUs are a multiple of the cores of a socket.
func fitsSockets(spec *types.VirtualMachineConfigSpec, c *types.VirtualMachineConfigInfo) bool {
	cpus, cores := c.Hardware.NumCPU, c.Hardware.NumCoresPerSocket
	if spec.NumCPUs != 0 {
		cpus = spec.NumCPUs
	}
	if spec.NumCoresPerSocket != nil {
		cores = spec.NumCoresPerSocket
	}
	return spec.NumCPUs == 0 && spec.NumCoresPerSocket == nil || cores == nil || *cores == 0 || *cores > 0 && cpus%*cores == 0
}

func secureBootWithoutEFI(spec *types.VirtualMachineConfigSpec, c *types.VirtualMachineConfigInfo) bool {
	return lenient.IsTrue(lenient.OrEmpty(spec.BootOptions).EfiSecureBootEnabled) && cmp.Or(spec.Firmware, c.Firmware) != "efi"
}

func knownGuest(id string) bool {
	return slices.Contains(simulator.GuestID, types.VirtualMachineGuestOsIdentifier(id))
}

func hardwareNumber(version string) int { return lenient.Atoi(strings.TrimPrefix(version, "vmx-")) }

// hasHardware tells whether the hosts have a version of the virtual hardware.
func (s *server) hasHardware(version string) bool {
	n := hardwareNumber(version)
	return strings.HasPrefix(version, "vmx-") && n >= 3 && n <= s.version.Hardware
}

func limitBelowReservation(a *types.ResourceAllocationInfo) bool {
	return a != nil && a.Limit != nil && a.Reservation != nil && *a.Limit >= 0 && *a.Limit < *a.Reservation
}

// isNoKey says whether an option has a value and a key with which nobody could read the VMX file any more.
func isNoKey(option types.BaseOptionValue) bool {
	o := option.GetOptionValue()
	return o.Value != "" && !vmx.IsKey(o.Key)
}
