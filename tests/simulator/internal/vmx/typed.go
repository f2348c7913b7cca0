// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/lenient"
)

type (
	configSpec = types.VirtualMachineConfigSpec
	configInfo = types.VirtualMachineConfigInfo
)

// A flagSetting is a flag of a VMX file that has a place of its own in the API:
// where a client sends it, and where it is shown.
type flagSetting struct {
	key    string
	preset bool // what holds without an entry
	sent   func(*configSpec) *bool
	shown  func(*configInfo) **bool
}

func boot(c *configSpec) types.VirtualMachineBootOptions { return lenient.OrEmpty(c.BootOptions) }
func flags(c *configSpec) types.VirtualMachineFlagInfo   { return lenient.OrEmpty(c.Flags) }
func tools(c *configSpec) types.ToolsConfigInfo          { return lenient.OrEmpty(c.Tools) }

var flagSettings = []flagSetting{
	{"vcpu.hotremove", false, func(c *configSpec) *bool { return c.CpuHotRemoveEnabled }, func(c *configInfo) **bool { return &c.CpuHotRemoveEnabled }},
	{"vhv.enable", false, func(c *configSpec) *bool { return c.NestedHVEnabled }, func(c *configInfo) **bool { return &c.NestedHVEnabled }},
	{"sched.mem.pin", false, func(c *configSpec) *bool { return c.MemoryReservationLockedToMax },
		func(c *configInfo) **bool { return &c.MemoryReservationLockedToMax }},
	{"ctkEnabled", false, func(c *configSpec) *bool { return c.ChangeTrackingEnabled }, func(c *configInfo) **bool { return &c.ChangeTrackingEnabled }},
	{"bios.forceSetupOnce", false, func(c *configSpec) *bool { return boot(c).EnterBIOSSetup }, func(c *configInfo) **bool { return &c.BootOptions.EnterBIOSSetup }},
	{"uefi.secureBoot.enabled", false, func(c *configSpec) *bool { return boot(c).EfiSecureBootEnabled },
		func(c *configInfo) **bool { return &c.BootOptions.EfiSecureBootEnabled }},
	{"bios.bootRetry.enabled", false, func(c *configSpec) *bool { return boot(c).BootRetryEnabled },
		func(c *configInfo) **bool { return &c.BootOptions.BootRetryEnabled }},
	{"disk.EnableUUID", false, func(c *configSpec) *bool { return flags(c).DiskUuidEnabled }, func(c *configInfo) **bool { return &c.Flags.DiskUuidEnabled }},
	{"logging", true, func(c *configSpec) *bool { return flags(c).EnableLogging }, func(c *configInfo) **bool { return &c.Flags.EnableLogging }},
	{"vbs.enabled", false, func(c *configSpec) *bool { return flags(c).VbsEnabled }, func(c *configInfo) **bool { return &c.Flags.VbsEnabled }},
	{"vvtd.enable", false, func(c *configSpec) *bool { return flags(c).VvtdEnabled }, func(c *configInfo) **bool { return &c.Flags.VvtdEnabled }},
	{"toolScripts.afterPowerOn", true, func(c *configSpec) *bool { return tools(c).AfterPowerOn }, func(c *configInfo) **bool { return &c.Tools.AfterPowerOn }},
	{"toolScripts.afterResume", true, func(c *configSpec) *bool { return tools(c).AfterResume }, func(c *configInfo) **bool { return &c.Tools.AfterResume }},
	{"toolScripts.beforeSuspend", true, func(c *configSpec) *bool { return tools(c).BeforeGuestStandby },
		func(c *configInfo) **bool { return &c.Tools.BeforeGuestStandby }},
	{"toolScripts.beforePowerOff", true, func(c *configSpec) *bool { return tools(c).BeforeGuestShutdown },
		func(c *configInfo) **bool { return &c.Tools.BeforeGuestShutdown }},
	{"tools.syncTime", false, func(c *configSpec) *bool { return tools(c).SyncTimeWithHost }, func(c *configInfo) **bool { return &c.Tools.SyncTimeWithHost }},
}

// A textSetting is the same for a text or number.
type textSetting struct {
	key   string
	sent  func(*configSpec) string
	shown func(*configInfo, string)
}

var textSettings = []textSetting{
	{"vc.uuid", func(c *configSpec) string { return SpacedUUID(c.InstanceUuid) }, func(c *configInfo, text string) {
		if u, ok := ParseUUID(text); ok {
			c.InstanceUuid = u.String()
		}
	}},
	{"bios.bootDelay", func(c *configSpec) string { return positive(boot(c).BootDelay) },
		func(c *configInfo, text string) { c.BootOptions.BootDelay = int64(lenient.Atoi(text)) }},
	{"bios.bootRetry.delay", func(c *configSpec) string { return positive(boot(c).BootRetryDelay) },
		func(c *configInfo, text string) { c.BootOptions.BootRetryDelay = int64(lenient.Atoi(text)) }},
	{"sched.cpu.htsharing", func(c *configSpec) string { return flags(c).HtSharing }, func(c *configInfo, text string) { c.Flags.HtSharing = text }},
	{"monitor.virtual_mmu", func(c *configSpec) string { return flags(c).VirtualMmuUsage }, func(c *configInfo, text string) { c.Flags.VirtualMmuUsage = text }},
	{"monitor.virtual_exec", func(c *configSpec) string { return flags(c).VirtualExecUsage }, func(c *configInfo, text string) { c.Flags.VirtualExecUsage = text }},
	{"tools.upgrade.policy", func(c *configSpec) string { return tools(c).ToolsUpgradePolicy }, func(c *configInfo, text string) { c.Tools.ToolsUpgradePolicy = text }},
	{"sched.cpu.latencySensitivity", func(c *configSpec) string {
		return string(lenient.OrEmpty(c.LatencySensitivity).Level)
	}, func(c *configInfo, text string) {
		c.LatencySensitivity = &types.LatencySensitivity{Level: types.LatencySensitivitySensitivityLevel(strings.ToLower(text))}
	}},
	{"sched.cpu.affinity", func(c *configSpec) string { return affinityText(c.CpuAffinity) }, func(c *configInfo, text string) {
		c.CpuAffinity = affinityOf(text)
	}},
}

func positive(n int64) string {
	if n > 0 {
		return strconv.FormatInt(n, 10)
	}
	return ""
}

// SpacedUUID is a UUID as a VMX file has it, and "" for what is none.
func SpacedUUID(text string) string {
	if u, ok := ParseUUID(text); ok {
		return FormatUUID(u)
	}
	return ""
}

func affinityText(a *types.VirtualMachineAffinityInfo) string {
	if a == nil {
		return ""
	}
	if len(a.AffinitySet) == 0 {
		return "all"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(a.AffinitySet), " ", ","), "[]")
}

func affinityOf(text string) *types.VirtualMachineAffinityInfo {
	if text == "" || strings.EqualFold(text, "all") {
		return nil
	}
	a := &types.VirtualMachineAffinityInfo{}
	for _, part := range strings.Split(text, ",") {
		a.AffinitySet = append(a.AffinitySet, int32(lenient.Atoi(strings.TrimSpace(part))))
	}
	return a
}

// readTyped reads all of these settings from a VMX file.
func readTyped(f *File, c *configInfo) {
	c.BootOptions, c.Tools = new(types.VirtualMachineBootOptions), new(types.ToolsConfigInfo)
	c.LatencySensitivity = &types.LatencySensitivity{Level: types.LatencySensitivitySensitivityLevelNormal}
	for _, s := range flagSettings {
		value := s.preset
		if text, ok := f.Lookup(s.key); ok {
			value = strings.EqualFold(text, "true") || text == "1"
		}
		*s.shown(c) = types.NewBool(value)
	}
	for _, s := range textSettings {
		if text := f.Get(s.key, ""); text != "" {
			s.shown(c, text)
		}
	}
	c.BootOptions.BootOrder = readBootOrder(f)
}

// ApplyTyped shows them. The instance UUID stays where the file has none.
func ApplyTyped(c, typed *configInfo) {
	for _, s := range flagSettings {
		if s.key == "ctkEnabled" || s.key == "vcpu.hotremove" || s.key == "vhv.enable" || s.key == "sched.mem.pin" {
			*s.shown(c) = *s.shown(typed)
		}
	}
	if typed.InstanceUuid != "" {
		c.InstanceUuid = typed.InstanceUuid
	}
	c.BootOptions, c.Tools, c.Flags = typed.BootOptions, typed.Tools, typed.Flags
	c.LatencySensitivity, c.CpuAffinity = typed.LatencySensitivity, typed.CpuAffinity
}

// writeTyped writes what a client has sent of them.
func writeTyped(f *File, spec *configSpec) {
	for _, s := range flagSettings {
		if now := s.sent(spec); now != nil {
			if text, ok := f.Lookup(s.key); ok || *now != s.preset {
				if was := strings.EqualFold(text, "true") || text == "1"; !ok || was != *now {
					f.Set(s.key, strings.ToUpper(strconv.FormatBool(*now)))
				}
			}
		}
	}
	for _, s := range textSettings {
		if now := s.sent(spec); now != "" && !strings.EqualFold(f.Get(s.key, ""), now) {
			f.Set(s.key, now)
		}
	}
	if spec.BootOptions != nil && len(spec.BootOptions.BootOrder) > 0 {
		writeBootOrder(f, spec.BootOptions.BootOrder)
	}
}

// bios.bootOrder = "hdd,ethernet0,cdrom", bios.hddOrder = "scsi0:0,scsi0:1"
func readBootOrder(f *File) (order []types.BaseVirtualMachineBootOptionsBootableDevice) {
	for _, word := range strings.Split(strings.ToLower(f.Get("bios.bootOrder", "")), ",") {
		switch {
		case word == "hdd":
			for _, slot := range strings.Split(f.Get("bios.hddOrder", ""), ",") {
				if key := KeyOf(strings.TrimSpace(slot)); key >= 0 {
					order = append(order, &types.VirtualMachineBootOptionsBootableDiskDevice{DeviceKey: key})
				}
			}
		case strings.HasPrefix(word, "ethernet"):
			order = append(order, &types.VirtualMachineBootOptionsBootableEthernetDevice{DeviceKey: 4000 + int32(lenient.Atoi(word[8:]))})
		case word == "cdrom":
			order = append(order, &types.VirtualMachineBootOptionsBootableCdromDevice{})
		case word == "floppy":
			order = append(order, &types.VirtualMachineBootOptionsBootableFloppyDevice{})
		}
	}
	return order
}

// writeBootOrder writes it; a device of the base class alone clears it.
func writeBootOrder(f *File, order []types.BaseVirtualMachineBootOptionsBootableDevice) {
	var words, disks []string
	for _, dev := range order {
		switch d := dev.(type) {
		case *types.VirtualMachineBootOptionsBootableDiskDevice:
			if disks == nil {
				words = append(words, "hdd")
			}
			disks = append(disks, SlotOf(d.DeviceKey))
		case *types.VirtualMachineBootOptionsBootableEthernetDevice:
			words = append(words, fmt.Sprintf("ethernet%d", d.DeviceKey-4000))
		case *types.VirtualMachineBootOptionsBootableCdromDevice:
			words = append(words, "cdrom")
		case *types.VirtualMachineBootOptionsBootableFloppyDevice:
			words = append(words, "floppy")
		}
	}
	f.Edit(map[string]string{"bios.bootOrder": strings.Join(words, ","), "bios.hddOrder": strings.Join(disks, ",")})
}
