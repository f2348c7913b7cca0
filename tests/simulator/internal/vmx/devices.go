// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/vim25/types"
)

// ReadDevices makes the devices of a VMX file: controllers with their drives,
// network cards and the others. What every domain has (keyboard, PCI bus ...) is
// not there.
func ReadDevices(f *File, files fileNamer) (list []types.BaseVirtualDevice) {
	for _, bus := range DiskBuses {
		list = append(list, bus.read(f, files)...)
	}
	for n := range MaxCards {
		if slot := fmt.Sprintf("ethernet%d", n); f.Flag(slot + ".present") {
			list = append(list, readNIC(f, slot, int32(n)))
		}
	}
	return append(append(list, readOthers(f, files)...), readUSBDevices(f)...)
}

// read makes the controllers of a bus and their drives. The IDE controllers are
// always there, the others where "scsi0.present" says so, or a drive is on them.
func (b DiskBus) read(f *File, files fileNamer) (list []types.BaseVirtualDevice) {
	for n := range b.Buses {
		var drives []types.BaseVirtualDevice
		for unit := range b.Units {
			slot := fmt.Sprintf("%s%d:%d", b.Prefix, n, unit)
			if f.Flag(slot + ".present") {
				drives = append(drives, readDrive(f, slot, b, n, unit, files))
			}
		}
		name := fmt.Sprintf("%s%d", b.Prefix, n)
		if f.Flag(name+".present") || len(drives) > 0 || b.Prefix == "ide" {
			list = append(list, b.readController(f, name, n, drives))
		}
		list = append(list, drives...)
	}
	return list
}

func (b DiskBus) readController(f *File, name string, n int, drives []types.BaseVirtualDevice) types.BaseVirtualDevice {
	c := types.VirtualController{BusNumber: int32(n)}
	c.Key = b.controllerKey(n)
	for _, d := range drives {
		c.Device = append(c.Device, d.GetVirtualDevice().Key)
	}
	if b.Prefix != "ide" {
		c.ControllerKey, c.UnitNumber = 100, types.NewInt32(int32(3+n))
	}
	switch b.Prefix {
	case "ide":
		c.DeviceInfo = describe(fmt.Sprintf("IDE %d", n), "")
		return &types.VirtualIDEController{VirtualController: c}
	case "sata":
		c.DeviceInfo = describe(fmt.Sprintf("SATA controller %d", n), "AHCI")
		return &types.VirtualAHCIController{VirtualSATAController: types.VirtualSATAController{VirtualController: c}}
	case "nvme":
		c.DeviceInfo = describe(fmt.Sprintf("NVME controller %d", n), "")
		return &types.VirtualNVMEController{VirtualController: c}
	}
	i := slices.IndexFunc(scsiModels, func(m scsiModel) bool {
		return strings.EqualFold(m.name, f.Get(name+".virtualDev", ""))
	})
	model := scsiModels[max(i, 0)]
	c.DeviceInfo = describe(fmt.Sprintf("SCSI controller %d", n), model.label)
	return model.make(types.VirtualSCSIController{
		VirtualController: c, SharedBus: sharedBus(f.Get(name+".sharedBus", "")), ScsiCtlrUnitNumber: 7,
		HotAddRemove: types.NewBool(true)}).(types.BaseVirtualDevice)
}

// sharedBus is scsi0.sharedBus as the API has it.
func sharedBus(text string) types.VirtualSCSISharing {
	switch strings.ToLower(text) {
	case "virtual":
		return types.VirtualSCSISharingVirtualSharing
	case "physical":
		return types.VirtualSCSISharingPhysicalSharing
	}
	return types.VirtualSCSISharingNoSharing
}

// emptyBacking is the fileName of a drive for images that has none.
const emptyBacking = "emptyBackingString"

// scsi0:0.fileName = "Fedora11.vmdk", ide0:0.deviceType = "cdrom-raw"
func readDrive(f *File, slot string, b DiskBus, bus, unit int, files fileNamer) types.BaseVirtualDevice {
	d := types.VirtualDevice{
		Key: b.driveKey(bus, unit), ControllerKey: b.controllerKey(bus), UnitNumber: types.NewInt32(int32(unit)),
	}
	name := f.Get(slot+".fileName", "")
	kind := strings.ToLower(f.Get(slot+".deviceType", ""))
	if kind == "" && strings.HasSuffix(strings.ToLower(name), ".iso") {
		kind = "cdrom-image"
	}
	switch {
	case kind == "cdrom-image":
		file := types.VirtualDeviceFileBackingInfo{}
		if name != emptyBacking {
			file.FileName = files(name)
		}
		d.Backing = &types.VirtualCdromIsoBackingInfo{VirtualDeviceFileBackingInfo: file}
		d.DeviceInfo = describe("CD/DVD drive", "ISO "+file.FileName)
	case strings.Contains(kind, "cdrom") && f.Flag(slot+".clientDevice"):
		d.Backing = &types.VirtualCdromRemotePassthroughBackingInfo{}
		d.DeviceInfo = describe("CD/DVD drive", "Remote device")
	case strings.Contains(kind, "cdrom"):
		host := types.VirtualDeviceDeviceBackingInfo{DeviceName: name}
		d.Backing = &types.VirtualCdromAtapiBackingInfo{VirtualDeviceDeviceBackingInfo: host}
		d.DeviceInfo = describe("CD/DVD drive", name)
	default:
		return readDisk(f, slot, d, files(name))
	}
	d.Connectable = connectable(f, slot)
	return &types.VirtualCdrom{VirtualDevice: d}
}

func readDisk(f *File, slot string, d types.VirtualDevice, file string) types.BaseVirtualDevice {
	mode := f.Get(slot+".mode", "persistent")
	d.Backing = &types.VirtualDiskFlatVer2BackingInfo{
		VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: file},
		DiskMode:                     mode,
		ThinProvisioned:              types.NewBool(false),
		WriteThrough:                 types.NewBool(f.Flag(slot + ".writeThrough")),
		Uuid:                         uuid.NewSHA1(uuid.NameSpaceURL, []byte(file)).String(),
		Sharing:                      string(types.VirtualDiskSharingSharingNone),
	}
	if strings.EqualFold(f.Get(slot+".sharing", ""), "multi-writer") {
		d.Backing.(*types.VirtualDiskFlatVer2BackingInfo).Sharing = string(types.VirtualDiskSharingSharingMultiWriter)
	}
	d.DeviceInfo = describe("Hard disk", file)
	return &types.VirtualDisk{VirtualDevice: d}
}

// ethernet0.addressType = "static", ethernet0.address = "00:50:56:25:48:c7"
func readNIC(f *File, slot string, n int32) types.BaseVirtualDevice {
	network := f.Get(slot+".networkName", "")
	d := types.VirtualDevice{
		Key: 4000 + n, ControllerKey: 100, UnitNumber: types.NewInt32(7 + n),
		DeviceInfo: describe(fmt.Sprintf("Network adapter %d", n+1), network), Connectable: connectable(f, slot),
		Backing: &types.VirtualEthernetCardNetworkBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: network}},
	}
	if distributed := readDistributed(f, slot); distributed != nil {
		d.Backing = distributed
	}
	card := types.VirtualEthernetCard{
		VirtualDevice: d, WakeOnLanEnabled: types.NewBool(!strings.EqualFold(f.Get(slot+".wakeOnPcktRcv", "true"), "false"))}
	switch strings.ToLower(f.Get(slot+".addressType", "generated")) {
	case "static":
		card.AddressType, card.MacAddress = "manual", f.Get(slot+".address", "")
	case "vpx":
		card.AddressType, card.MacAddress = "assigned", f.Get(slot+".address", "")
	default:
		card.AddressType, card.MacAddress = "generated", f.Get(slot+".generatedAddress", "")
	}
	i := slices.IndexFunc(nicModels, func(m nicModel) bool {
		return strings.EqualFold(m.name, f.Get(slot+".virtualDev", ""))
	})
	return nicModels[max(i, 0)].make(card).(types.BaseVirtualDevice)
}

// connectable is for a domain that is off; power-on connects what starts so.
func connectable(f *File, slot string) *types.VirtualDeviceConnectInfo {
	return &types.VirtualDeviceConnectInfo{
		StartConnected:    !strings.EqualFold(f.Get(slot+".startConnected", "true"), "false"),
		AllowGuestControl: !strings.EqualFold(f.Get(slot+".allowGuestConnectionControl", "true"), "false"),
		Status:            "untried",
	}
}

func describe(label, summary string) *types.Description {
	if summary == "" {
		summary = label
	}
	return &types.Description{Label: label, Summary: summary}
}
