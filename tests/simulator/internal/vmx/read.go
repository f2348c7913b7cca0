// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// Settings is what a VMX file says about a domain, in the words of the API.
type Settings struct {
	Name, UUID, GuestID, Version, Annotation, Firmware string
	MemoryMB                                           int64
	CPUs, CoresPerSocket                               int32
	CPUAllocation, MemoryAllocation                    *types.ResourceAllocationInfo
	CPUHotAdd, MemoryHotAdd                            bool
	Devices                                            []types.BaseVirtualDevice
	ExtraConfig                                        []types.BaseOptionValue
	Problem                                            string // why no host can run it, or ""
	Typed                                              types.VirtualMachineConfigInfo
	Video                                              func(types.VirtualMachineVideoCard) *types.VirtualMachineVideoCard
}

// A fileNamer turns a file name of a VMX file into a datastore path, or back.
type fileNamer func(name string) string

// FileNames are both directions for one VMX file.
type FileNames struct{ Read, Write fileNamer }

// Read makes the settings of a VMX file, or the fault a host would answer
// with. A domain without displayName is named after its file.
func Read(f *File, vmxPath string, files fileNamer) (*Settings, types.BaseMethodFault) {
	if _, ok := f.Lookup("config.version"); !ok {
		return nil, &types.InvalidVmConfig{Property: "config.version"}
	}
	s := &Settings{
		Name:         EscapeName(UnescapeName(f.Get("displayName", ""))),
		GuestID:      GuestID(f.Get("guestOS", "other")),
		Annotation:   UnescapeText(f.Get("annotation", "")),
		Firmware:     strings.ToLower(f.Get("firmware", "bios")),
		MemoryMB:     f.Integer("memsize", 32),
		CPUs:         int32(f.Integer("numvcpus", 1)),
		CPUHotAdd:    f.Flag("vcpu.hotadd"),
		MemoryHotAdd: f.Flag("mem.hotadd"),
	}
	if s.Name == "" {
		s.Name = strings.TrimSuffix(path.Base(vmxPath), ".vmx")
	}
	if s.MemoryMB < 4 || s.MemoryMB%4 != 0 {
		return nil, &types.InvalidVmConfig{Property: "memsize"}
	}
	if s.CPUs < 1 {
		return nil, &types.InvalidVmConfig{Property: "numvcpus"}
	}
	hardware, err := strconv.Atoi(f.Get("virtualHW.version", "4"))
	if err != nil || hardware < 3 {
		return nil, &types.InvalidVmConfig{Property: "virtualHW.version"}
	}
	s.Version = fmt.Sprintf("vmx-%02d", hardware)
	s.CoresPerSocket = max(1, int32(f.Integer("cpuid.coresPerSocket", 1)))
	if u, ok := ParseUUID(f.Get("uuid.bios", "")); ok {
		s.UUID = u.String()
	}
	s.CPUAllocation = CPUAllocation.read(f, int64(s.CPUs))
	s.MemoryAllocation = memoryAllocation.read(f, s.MemoryMB)
	s.Devices = ReadDevices(f, files)
	s.ExtraConfig = readExtra(f)
	readTyped(f, &s.Typed)
	s.Video = func(card types.VirtualMachineVideoCard) *types.VirtualMachineVideoCard { return readVideo(f, card) }
	return s, nil
}

// sched.cpu.min = "100", sched.cpu.max = "2000", sched.cpu.shares = "high"
func (a allocation) read(f *File, units int64) *types.ResourceAllocationInfo {
	shares := &types.SharesInfo{Level: types.SharesLevel(strings.ToLower(f.Get(a.shares, "normal")))}
	if _, predefined := levels[shares.Level]; predefined {
		shares.Shares = a.number(shares.Level, units)
	} else {
		shares.Level, shares.Shares = types.SharesLevelCustom, int32(f.Integer(a.shares, 0))
	}
	return &types.ResourceAllocationInfo{
		Reservation:           types.NewInt64(f.Integer(a.min, 0)),
		Limit:                 types.NewInt64(f.Integer(a.max, -1)), // "unlimited" is no number
		Shares:                shares,
		ExpandableReservation: types.NewBool(false),
	}
}

// ownPlace are the entries that a client cannot change as extraConfig: the API has
// another place for what they say.
var ownPlace = regexp.MustCompile(`(?i)^(\.encoding|config\.version|virtualHW\.version|displayName|guestOS|annotation|` +
	`memsize|numvcpus|cpuid\.coresPerSocket|uuid\.(bios|location)|` +
	`(scsi|ide|sata|nvme)\d+(:\d+)?\.(present|fileName|deviceType|virtualDev)|` +
	`(floppy|ethernet|serial|parallel)\d+\.(present|fileName|networkName|address|generatedAddress|virtualDev))$`)

// modelled are the entries that have a place of their own in the API; a host
// shows all others as extraConfig.
var modelled = regexp.MustCompile(`(?i)^(\.encoding|config\.version|virtualHW\.version|displayName|guestOS|annotation|` +
	`firmware|memsize|numvcpus|cpuid\.coresPerSocket|vcpu\.hotadd|mem\.hotadd|uuid\.(bios|location)|` +
	`sched\.(cpu|mem)\.(min|minsize|max|shares|units)|(scsi|ide|sata|nvme|floppy|ethernet|serial|parallel|pciPassthru)\d+[.:].*|(usb|ehci|usb_xhci|sound|vtpm)\.\w+|usb\.autoConnect\.device\d+)$`)

func readExtra(f *File) (list []types.BaseOptionValue) {
	for _, l := range f.entries() {
		if !modelled.MatchString(l.key) {
			list = append(list, &types.OptionValue{Key: l.key, Value: readable(UnescapeText(l.value))})
		}
	}
	return list
}
