// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

const sampleVMX = `.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "7"
displayName = "a|7Cb"
guestOS = "rhel5-64"
annotation = "two|0Alines"
uuid.bios = "50 11 5e 16 9b dc 49 d7-f1 71 53 c4 d7 f9 17 10"
memsize = "512"
numvcpus = "2"
sched.cpu.min = "100"
sched.cpu.max = "unlimited"
sched.cpu.shares = "low"
sched.mem.shares = "1234"
scsi0.present = "TRUE"
scsi0:0.present = "true"
scsi0:0.fileName = "a.vmdk"
scsi0:0.redo = ""
scsi1.present = "true"
scsi1.virtualDev = "pvscsi"
scsi1:3.present = "true"
scsi1:3.fileName = "/vmfs/volumes/other/b.vmdk"
ide0:0.present = "true"
ide0:0.deviceType = "cdrom-image"
ide0:0.fileName = "/vmfs/volumes/volume/dir/x.iso"
ide1:0.present = "false"
floppy0.present = "true"
floppy0.fileType = "file"
floppy0.fileName = "boot.flp"
ethernet0.present = "true"
ethernet0.networkName = "VM Network"
ethernet0.addressType = "vpx"
ethernet0.address = "00:50:56:91:48:c7"
ethernet3.present = "true"
ethernet3.virtualDev = "vmxnet3"
ethernet3.networkName = "other"
ethernet3.generatedAddress = "00:0c:29:11:22:33"
tools.syncTime = "FALSE"
`

// sampleNames know one datastore "ds", on the volume "volume", and a VMX file in its
// directory "dir".
var sampleNames = FileNames{
	Read: func(name string) string {
		if rest, ok := strings.CutPrefix(name, "/vmfs/volumes/volume/"); ok {
			return "[ds] " + rest
		}
		if strings.HasPrefix(name, "/") {
			return "[] " + name
		}
		return "[ds] dir/" + name
	},
	Write: func(name string) string {
		if rest, ok := strings.CutPrefix(name, "[ds] dir/"); ok {
			return rest
		}
		if rest, ok := strings.CutPrefix(name, "[ds] "); ok {
			return "/vmfs/volumes/volume/" + rest
		}
		return strings.TrimPrefix(name, "[] ")
	},
}

func readSample(t *testing.T, text string) (*Settings, FileNames) {
	t.Helper()
	read, fault := Read(parsed(t, text), "[ds] dir/a.vmx", sampleNames.Read)
	if fault != nil {
		t.Fatalf("%#v", fault)
	}
	return read, sampleNames
}

// configOf is what the API shows of settings.
func configOf(read *Settings) *types.VirtualMachineConfigInfo {
	return &types.VirtualMachineConfigInfo{
		Uuid: read.UUID, GuestId: read.GuestID, Version: read.Version, Annotation: read.Annotation, Firmware: read.Firmware,
		Hardware: types.VirtualHardware{
			MemoryMB: int32(read.MemoryMB), NumCPU: read.CPUs, NumCoresPerSocket: &read.CoresPerSocket, Device: read.Devices},
		CpuAllocation: read.CPUAllocation, MemoryAllocation: read.MemoryAllocation, ExtraConfig: read.ExtraConfig,
		Files: types.VirtualMachineFileInfo{VmPathName: "[ds] dir/a.vmx"},
	}
}

func TestAllocationsHaveNumbers(t *testing.T) {
	read, _ := readSample(t, sampleVMX)
	cpu, memory := read.CPUAllocation, read.MemoryAllocation
	if *cpu.Reservation != 100 || *cpu.Limit != -1 || cpu.Shares.Level != "low" || cpu.Shares.Shares != 1000 {
		t.Errorf("cpu: %d %d %+v", *cpu.Reservation, *cpu.Limit, cpu.Shares)
	}
	if memory.Shares.Level != "custom" || memory.Shares.Shares != 1234 {
		t.Errorf("memory: %+v", memory.Shares)
	}
}

func TestDevicesHaveTheKeysAndFilesOfAHost(t *testing.T) {
	read, _ := readSample(t, sampleVMX)
	got := map[int32]string{}
	for _, d := range read.Devices {
		dev := d.GetVirtualDevice()
		got[dev.Key] = strings.TrimPrefix(fmt.Sprintf("%T", d), "*types.Virtual")
		if b, ok := dev.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
			got[dev.Key] += " " + b.GetVirtualDeviceFileBackingInfo().FileName
		}
	}
	want := map[int32]string{
		1000: "BusLogicController", 1001: "*types.ParaVirtualSCSIController", 200: "IDEController", 201: "IDEController",
		2000: "Disk [ds] dir/a.vmdk", 2019: "Disk [] /vmfs/volumes/other/b.vmdk", 3000: "Cdrom [ds] dir/x.iso",
		8000: "Floppy [ds] dir/boot.flp", 4000: "PCNet32", 4003: "Vmxnet3",
	}
	for key, text := range want {
		if got[key] != text {
			t.Errorf("device %d is %q, want %q", key, got[key], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("devices %v", got)
	}
}

func TestWhatIsReadIsWrittenBackUnchanged(t *testing.T) {
	read, names := readSample(t, sampleVMX)
	f := parsed(t, sampleVMX)
	if Update(f, read.Name, configOf(read), names) {
		t.Errorf("changed to\n%s", f)
	}
}

func TestAChangeOfTheConfigurationEditsItsLines(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*types.VirtualMachineConfigInfo)
		old, new string
	}{
		"memory": {func(c *types.VirtualMachineConfigInfo) { c.Hardware.MemoryMB = 1024 }, `memsize = "512"`, `memsize = "1024"`},
		"limit": {func(c *types.VirtualMachineConfigInfo) { c.CpuAllocation.Limit = types.NewInt64(700) },
			`max = "unlimited"`, `max = "700"`},
		"shares": {func(c *types.VirtualMachineConfigInfo) { c.CpuAllocation.Shares.Level = "high" },
			`shares = "low"`, `shares = "high"`},
		"annotation": {func(c *types.VirtualMachineConfigInfo) { c.Annotation = `"x"` }, `"two|0Alines"`, `"|22x|22"`},
		"guest":      {func(c *types.VirtualMachineConfigInfo) { c.GuestId = "otherGuest64" }, `"rhel5-64"`, `"other-64"`},
		"entry gone": {func(c *types.VirtualMachineConfigInfo) { c.ExtraConfig = nil }, "tools.syncTime = \"FALSE\"\n", ""},
		"drive gone": {func(c *types.VirtualMachineConfigInfo) { c.Hardware.Device = without(c.Hardware.Device, 2000) },
			"scsi0:0.present = \"true\"\nscsi0:0.fileName = \"a.vmdk\"\nscsi0:0.redo = \"\"\n", ""},
		"other disk": {func(c *types.VirtualMachineConfigInfo) {
			backingOf(c.Hardware.Device, 2000).FileName = "[ds] new/c.vmdk"
		},
			`"a.vmdk"`, `"/vmfs/volumes/volume/new/c.vmdk"`},
	} {
		t.Run(name, func(t *testing.T) {
			read, names := readSample(t, sampleVMX)
			config := configOf(read)
			c.change(config)
			f := parsed(t, sampleVMX)
			Update(f, read.Name, config, names)
			if want := strings.Replace(sampleVMX, c.old, c.new, 1); f.String() != want {
				t.Errorf("got\n%s", f)
			}
		})
	}
}

func without(list []types.BaseVirtualDevice, key int32) (kept []types.BaseVirtualDevice) {
	for _, d := range list {
		if d.GetVirtualDevice().Key != key {
			kept = append(kept, d)
		}
	}
	return kept
}

func backingOf(list []types.BaseVirtualDevice, key int32) *types.VirtualDiskFlatVer2BackingInfo {
	for _, d := range list {
		if d.GetVirtualDevice().Key == key {
			return d.GetVirtualDevice().Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		}
	}
	return nil
}

func TestAnEmptyFileIsFilled(t *testing.T) {
	read, names := readSample(t, sampleVMX)
	f := parsed(t, "")
	Update(f, read.Name, configOf(read), names)
	again, fault := Read(f, "[ds] dir/a.vmx", names.Read)
	if fault != nil {
		t.Fatalf("%#v", fault)
	}
	if again.Name != read.Name || again.UUID != read.UUID || again.MemoryMB != 512 || len(again.Devices) != len(read.Devices) {
		t.Errorf("%d devices in\n%s", len(again.Devices), f)
	}
}

func TestGuestNamesGoBothWays(t *testing.T) {
	for name, id := range map[string]string{
		"other": "otherGuest", "other-64": "otherGuest64", "rhel5-64": "rhel5_64Guest", "windows9-64": "windows9_64Guest",
		"ubuntu-64": "ubuntu64Guest", "oraclelinux8-64": "oracleLinux8_64Guest", "freeBSD13-64": "freebsd13_64Guest",
		"windows9srv-64": "windows9Server64Guest", "other5xlinux-64": "other5xLinux64Guest", "winNetEnterprise-64": "winNetEnterprise64Guest",
	} {
		if GuestID(name) != id || GuestOS(id) != name {
			t.Errorf("%s: %s, %s", name, GuestID(name), GuestOS(id))
		}
	}
	if GuestID("nonsense-64") != "otherGuest64" {
		t.Error(GuestID("nonsense-64"))
	}
}
