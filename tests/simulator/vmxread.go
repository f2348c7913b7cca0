// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// settings is what a VMX file says about a domain, in the words of the API.
type settings struct {
	name, uuid, guestID, version, annotation, firmware string
	memoryMB                                           int64
	cpus, coresPerSocket                               int32
	cpuAllocation, memoryAllocation                    *types.ResourceAllocationInfo
	cpuHotAdd, memoryHotAdd                            bool
	devices                                            []types.BaseVirtualDevice
	extraConfig                                        []types.BaseOptionValue
	problem                                            string // why no host can run it, or ""
	typed                                              types.VirtualMachineConfigInfo
	video                                              func(types.VirtualMachineVideoCard) *types.VirtualMachineVideoCard
}

// A fileNamer turns a file name of a VMX file into a datastore path, or back.
type fileNamer func(name string) string

// fileNames are both directions for one VMX file.
type fileNames struct{ read, write fileNamer }

// readVMX makes the settings of a VMX file, or the fault a host would answer
// with. A domain without displayName is named after its file.
func readVMX(f *vmxFile, vmxPath string, files fileNamer) (*settings, types.BaseMethodFault) {
	if _, ok := f.lookup("config.version"); !ok {
		return nil, &types.InvalidVmConfig{Property: "config.version"}
	}
	s := &settings{
		name:         escapeName(unescapeName(f.get("displayName", ""))),
		guestID:      guestID(f.get("guestOS", "other")),
		annotation:   unescapeText(f.get("annotation", "")),
		firmware:     strings.ToLower(f.get("firmware", "bios")),
		memoryMB:     f.integer("memsize", 32),
		cpus:         int32(f.integer("numvcpus", 1)),
		cpuHotAdd:    f.flag("vcpu.hotadd"),
		memoryHotAdd: f.flag("mem.hotadd"),
	}
	if s.name == "" {
		s.name = strings.TrimSuffix(path.Base(vmxPath), ".vmx")
	}
	if s.memoryMB < 4 || s.memoryMB%4 != 0 {
		return nil, &types.InvalidVmConfig{Property: "memsize"}
	}
	if s.cpus < 1 {
		return nil, &types.InvalidVmConfig{Property: "numvcpus"}
	}
	hardware, err := strconv.Atoi(f.get("virtualHW.version", "4"))
	if err != nil || hardware < 3 {
		return nil, &types.InvalidVmConfig{Property: "virtualHW.version"}
	}
	s.version = fmt.Sprintf("vmx-%02d", hardware)
	s.coresPerSocket = max(1, int32(f.integer("cpuid.coresPerSocket", 1)))
	if u, ok := parseUUID(f.get("uuid.bios", "")); ok {
		s.uuid = u.String()
	}
	s.cpuAllocation = cpuAllocation.read(f, int64(s.cpus))
	s.memoryAllocation = memoryAllocation.read(f, s.memoryMB)
	s.devices = readDevices(f, files)
	s.extraConfig = readExtra(f)
	readTyped(f, &s.typed)
	s.video = func(card types.VirtualMachineVideoCard) *types.VirtualMachineVideoCard { return readVideo(f, card) }
	return s, nil
}

// sched.cpu.min = "100", sched.cpu.max = "2000", sched.cpu.shares = "high"
func (a allocation) read(f *vmxFile, units int64) *types.ResourceAllocationInfo {
	shares := &types.SharesInfo{Level: types.SharesLevel(strings.ToLower(f.get(a.shares, "normal")))}
	if _, predefined := levels[shares.Level]; predefined {
		shares.Shares = a.number(shares.Level, units)
	} else {
		shares.Level, shares.Shares = types.SharesLevelCustom, int32(f.integer(a.shares, 0))
	}
	return &types.ResourceAllocationInfo{
		Reservation:           types.NewInt64(f.integer(a.min, 0)),
		Limit:                 types.NewInt64(f.integer(a.max, -1)), // "unlimited" is no number
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
	`sched\.(cpu|mem)\.(min|minsize|max|shares|units)|(scsi|ide|sata|nvme|floppy|ethernet|serial|parallel|pciPassthru)\d+[.:].*|(usb|ehci|usb_xhci|sound|vtpm)\.\w+)$`)

func readExtra(f *vmxFile) (list []types.BaseOptionValue) {
	for _, l := range f.entries() {
		if !modelled.MatchString(l.key) {
			list = append(list, &types.OptionValue{Key: l.key, Value: readable(unescapeText(l.value))})
		}
	}
	return list
}
