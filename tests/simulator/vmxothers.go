// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// A deviceKind is a kind of device that is no drive and no network card: its
// slots in a VMX file, the keys that a host gives, and how it is read and written.
type deviceKind struct {
	prefix string
	count  int // 1: the slot has no number
	key    int32
	is     func(types.BaseVirtualDevice) bool
	read   func(f *vmxFile, slot string, d types.VirtualDevice, files fileNamer) types.BaseVirtualDevice
	write  func(f *vmxFile, slot string, d types.BaseVirtualDevice, files fileNames)
	label  string
}

func deviceIs[T types.BaseVirtualDevice](d types.BaseVirtualDevice) bool {
	_, ok := d.(T)
	return ok
}

var deviceKinds = []deviceKind{
	{"floppy", 2, 8000, deviceIs[*types.VirtualFloppy], readFloppy, writeFloppy, "Floppy drive"},
	{"serial", 32, 9000, deviceIs[*types.VirtualSerialPort], readSerial, writePort, "Serial port"},
	{"parallel", 3, 10000, deviceIs[*types.VirtualParallelPort], readParallel, writePort, "Parallel port"},
	{"usb", 1, 7000, deviceIs[*types.VirtualUSBController], readUSB, writeUSB, "USB controller"},
	{"usb_xhci", 1, 14000, deviceIs[*types.VirtualUSBXHCIController], readXHCI, writeNothing, "USB xHCI controller"},
	{"sound", 1, 5000, isSound, readSound, writeSound, "Sound card"},
	{"vtpm", 1, 11000, deviceIs[*types.VirtualTPM], readTPM, writeNothing, "Virtual TPM"},
	{"pciPassthru", 16, 13000, deviceIs[*types.VirtualPCIPassthrough], readPassthrough, writePassthrough, "PCI device"},
}

func (k deviceKind) slot(n int) string {
	if k.count == 1 {
		return k.prefix
	}
	return fmt.Sprintf("%s%d", k.prefix, n)
}

// readOthers makes the devices of all these kinds.
func readOthers(f *vmxFile, files fileNamer) (list []types.BaseVirtualDevice) {
	for _, k := range deviceKinds {
		for n := range k.count {
			slot := k.slot(n)
			if !f.flag(slot + ".present") {
				continue
			}
			d := types.VirtualDevice{Key: k.key + int32(n), ControllerKey: 100, UnitNumber: types.NewInt32(int32(n))}
			if k.key >= 8000 && k.key <= 10000 {
				d.ControllerKey = 400
			}
			d.DeviceInfo = describe(fmt.Sprintf("%s %d", k.label, n+1), f.get(slot+".fileName", ""))
			list = append(list, k.read(f, slot, d, files))
		}
	}
	return list
}

// writeOthers writes them, and drops those that are gone. A device that a client
// has added takes the first free slot.
func writeOthers(f *vmxFile, list []types.BaseVirtualDevice, files fileNames) {
	for _, k := range deviceKinds {
		slots := make([]types.BaseVirtualDevice, k.count)
		var added []types.BaseVirtualDevice
		for _, d := range list {
			if !k.is(d) {
				continue
			}
			if n := int(d.GetVirtualDevice().Key - k.key); n >= 0 && n < k.count {
				slots[n] = d
			} else {
				added = append(added, d)
			}
		}
		for n := range slots {
			slot := k.slot(n)
			if slots[n] == nil && len(added) > 0 {
				slots[n], added = added[0], added[1:]
			}
			if slots[n] != nil {
				setFlag(f, slot+".present", true)
				k.write(f, slot, slots[n], files)
			} else if f.flag(slot + ".present") {
				removeSlot(f, slot)
			}
		}
	}
}

func removeSlot(f *vmxFile, slot string) {
	f.remove(func(key string) bool { return strings.HasPrefix(key, lower(slot)+".") })
}

func setText(f *vmxFile, key, value string) {
	if f.get(key, "") != value {
		f.set(key, value)
	}
}

func writeNothing(*vmxFile, string, types.BaseVirtualDevice, fileNames) {}

// setFile writes the name of a file, unless the one that is there means the same.
func setFile(f *vmxFile, slot, file string, files fileNames) {
	if was, ok := f.lookup(slot + ".fileName"); !ok || files.read(was) != file {
		f.set(slot+".fileName", files.write(file))
	}
}

// floppy0.fileType = "file", floppy0.fileName = "boot.flp"
func readFloppy(f *vmxFile, slot string, d types.VirtualDevice, files fileNamer) types.BaseVirtualDevice {
	name := f.get(slot+".fileName", "")
	d.Connectable = connectable(f, slot)
	switch {
	case f.flag(slot + ".clientDevice"):
		d.Backing = &types.VirtualFloppyRemoteDeviceBackingInfo{}
	case strings.EqualFold(f.get(slot+".fileType", ""), "file"):
		d.Backing = &types.VirtualFloppyImageBackingInfo{
			VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: files(name)}}
	default:
		d.Backing = &types.VirtualFloppyDeviceBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: name}}
	}
	return &types.VirtualFloppy{VirtualDevice: d}
}

func writeFloppy(f *vmxFile, slot string, d types.BaseVirtualDevice, files fileNames) {
	v := d.GetVirtualDevice()
	switch b := v.Backing.(type) {
	case *types.VirtualFloppyImageBackingInfo:
		setText(f, slot+".fileType", "file")
		setFile(f, slot, b.FileName, files)
	case *types.VirtualFloppyDeviceBackingInfo:
		if lower(f.get(slot+".fileType", "device")) != "device" {
			f.set(slot+".fileType", "device")
		}
		setText(f, slot+".fileName", b.DeviceName)
	}
	if remote := backingIs[*types.VirtualFloppyRemoteDeviceBackingInfo](v.Backing); remote != f.flag(slot+".clientDevice") {
		setFlag(f, slot+".clientDevice", remote)
	}
	writeConnection(f, slot, v.Connectable)
}

// serial0.fileType = "network", serial0.fileName = "tcp://:7001", serial0.network.endPoint = "server"
func readSerial(f *vmxFile, slot string, d types.VirtualDevice, files fileNamer) types.BaseVirtualDevice {
	name := f.get(slot+".fileName", "")
	d.Connectable = connectable(f, slot)
	switch lower(f.get(slot+".fileType", "device")) {
	case "file":
		d.Backing = &types.VirtualSerialPortFileBackingInfo{
			VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: files(name)}}
	case "pipe":
		b := &types.VirtualSerialPortPipeBackingInfo{Endpoint: f.get(slot+".pipe.endPoint", "client")}
		b.PipeName, b.NoRxLoss = name, types.NewBool(f.flag(slot+".tryNoRxLoss"))
		d.Backing = b
	case "network":
		b := &types.VirtualSerialPortURIBackingInfo{}
		b.ServiceURI, b.Direction, b.ProxyURI = name, f.get(slot+".network.endPoint", "server"), f.get(slot+".vspc", "")
		d.Backing = b
	default:
		d.Backing = &types.VirtualSerialPortDeviceBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: name}}
	}
	return &types.VirtualSerialPort{VirtualDevice: d, YieldOnPoll: f.flag(slot + ".yieldOnMsrRead")}
}

func readParallel(f *vmxFile, slot string, d types.VirtualDevice, files fileNamer) types.BaseVirtualDevice {
	name := f.get(slot+".fileName", "")
	d.Connectable = connectable(f, slot)
	if lower(f.get(slot+".fileType", "device")) == "file" {
		d.Backing = &types.VirtualParallelPortFileBackingInfo{
			VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: files(name)}}
	} else {
		d.Backing = &types.VirtualParallelPortDeviceBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: name}}
	}
	return &types.VirtualParallelPort{VirtualDevice: d}
}

// writePort writes a serial or parallel port.
func writePort(f *vmxFile, slot string, d types.BaseVirtualDevice, files fileNames) {
	v := d.GetVirtualDevice()
	kind := func(name string) {
		if !strings.EqualFold(f.get(slot+".fileType", "device"), name) {
			f.set(slot+".fileType", name)
		}
	}
	switch b := v.Backing.(type) {
	case *types.VirtualSerialPortPipeBackingInfo:
		kind("pipe")
		setText(f, slot+".fileName", b.PipeName)
		if f.get(slot+".pipe.endPoint", "client") != b.Endpoint {
			f.set(slot+".pipe.endPoint", b.Endpoint)
		}
		if isTrue(b.NoRxLoss) != f.flag(slot+".tryNoRxLoss") {
			setFlag(f, slot+".tryNoRxLoss", isTrue(b.NoRxLoss))
		}
	case *types.VirtualSerialPortURIBackingInfo:
		kind("network")
		setText(f, slot+".fileName", b.ServiceURI)
		if f.get(slot+".network.endPoint", "server") != b.Direction {
			f.set(slot+".network.endPoint", b.Direction)
		}
		setText(f, slot+".vspc", b.ProxyURI)
	case types.BaseVirtualDeviceFileBackingInfo:
		kind("file")
		setFile(f, slot, b.GetVirtualDeviceFileBackingInfo().FileName, files)
	case types.BaseVirtualDeviceDeviceBackingInfo:
		kind("device")
		setText(f, slot+".fileName", b.GetVirtualDeviceDeviceBackingInfo().DeviceName)
	}
	if s, ok := d.(*types.VirtualSerialPort); ok && s.YieldOnPoll != f.flag(slot+".yieldOnMsrRead") {
		setFlag(f, slot+".yieldOnMsrRead", s.YieldOnPoll)
	}
	writeConnection(f, slot, v.Connectable)
}

// usb.present = "TRUE", ehci.present = "TRUE"
func readUSB(f *vmxFile, _ string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	c := &types.VirtualUSBController{EhciEnabled: types.NewBool(f.flag("ehci.present"))}
	c.VirtualDevice = d
	return c
}

func writeUSB(f *vmxFile, _ string, d types.BaseVirtualDevice, _ fileNames) {
	if ehci := isTrue(d.(*types.VirtualUSBController).EhciEnabled); ehci != f.flag("ehci.present") {
		setFlag(f, "ehci.present", ehci)
	}
}

func readXHCI(_ *vmxFile, _ string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	c := &types.VirtualUSBXHCIController{}
	c.VirtualDevice = d
	return c
}

func readTPM(_ *vmxFile, _ string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	return &types.VirtualTPM{VirtualDevice: d}
}

// soundModels are sound.virtualDev; the first is that of a card without it.
var soundModels = []struct {
	name string
	make func(types.VirtualSoundCard) types.BaseVirtualDevice
}{
	{"sb16", func(c types.VirtualSoundCard) types.BaseVirtualDevice {
		return &types.VirtualSoundBlaster16{VirtualSoundCard: c}
	}},
	{"es1371", func(c types.VirtualSoundCard) types.BaseVirtualDevice {
		return &types.VirtualEnsoniq1371{VirtualSoundCard: c}
	}},
	{"hdaudio", func(c types.VirtualSoundCard) types.BaseVirtualDevice {
		return &types.VirtualHdAudioCard{VirtualSoundCard: c}
	}},
}

func isSound(d types.BaseVirtualDevice) bool {
	_, ok := d.(types.BaseVirtualSoundCard)
	return ok
}

func readSound(f *vmxFile, slot string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	d.Connectable = connectable(f, slot)
	d.Backing = &types.VirtualSoundCardDeviceBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{
		DeviceName: f.get(slot+".fileName", ""), UseAutoDetect: types.NewBool(f.flag(slot + ".autodetect"))}}
	for _, m := range soundModels {
		if strings.EqualFold(m.name, f.get(slot+".virtualDev", soundModels[0].name)) {
			return m.make(types.VirtualSoundCard{VirtualDevice: d})
		}
	}
	return soundModels[0].make(types.VirtualSoundCard{VirtualDevice: d})
}

func writeSound(f *vmxFile, slot string, d types.BaseVirtualDevice, _ fileNames) {
	for _, m := range soundModels {
		if sameType(m.make(types.VirtualSoundCard{}), d) && !strings.EqualFold(m.name, f.get(slot+".virtualDev", soundModels[0].name)) {
			f.set(slot+".virtualDev", m.name)
		}
	}
	if b, ok := d.GetVirtualDevice().Backing.(*types.VirtualSoundCardDeviceBackingInfo); ok {
		setText(f, slot+".fileName", b.DeviceName)
		if isTrue(b.UseAutoDetect) != f.flag(slot+".autodetect") {
			setFlag(f, slot+".autodetect", isTrue(b.UseAutoDetect))
		}
	}
	writeConnection(f, slot, d.GetVirtualDevice().Connectable)
}

// pciPassthru0.id = "00000:003:00.0", pciPassthru0.deviceId = "0x10fb", pciPassthru0.vendorId = "0x8086"
func readPassthrough(f *vmxFile, slot string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	b := &types.VirtualPCIPassthroughDeviceBackingInfo{
		Id: f.get(slot+".id", ""), DeviceId: f.get(slot+".deviceId", ""), SystemId: f.get(slot+".systemId", "")}
	var vendor uint16
	_, _ = fmt.Sscanf(f.get(slot+".vendorId", "0"), "0x%x", &vendor)
	b.VendorId = int16(vendor)
	d.Backing = b
	return &types.VirtualPCIPassthrough{VirtualDevice: d}
}

func writePassthrough(f *vmxFile, slot string, d types.BaseVirtualDevice, _ fileNames) {
	b, ok := d.GetVirtualDevice().Backing.(*types.VirtualPCIPassthroughDeviceBackingInfo)
	if !ok {
		return
	}
	setText(f, slot+".id", b.Id)
	setText(f, slot+".deviceId", b.DeviceId)
	setText(f, slot+".systemId", b.SystemId)
	if was, ok := f.lookup(slot + ".vendorId"); ok || b.VendorId != 0 {
		if now := fmt.Sprintf("0x%x", uint16(b.VendorId)); was != now {
			f.set(slot+".vendorId", now)
		}
	}
}

// writeVideo writes what a client has changed of the video card: svga.vramSize is in bytes.
func writeVideo(f *vmxFile, list []types.BaseVirtualDevice) {
	for _, d := range list {
		card, ok := d.(*types.VirtualMachineVideoCard)
		if !ok {
			continue
		}
		if n := card.VideoRamSizeInKB * 1024; n > 0 && n != f.integer("svga.vramSize", defaultVideoKB*1024) {
			f.set("svga.vramSize", fmt.Sprint(n))
		}
		if n := card.NumDisplays; n > 0 && int64(n) != f.integer("svga.numDisplays", 1) {
			f.set("svga.numDisplays", fmt.Sprint(n))
		}
		if auto := card.UseAutoDetect; auto != nil && *auto != f.flag("svga.autodetect") {
			setFlag(f, "svga.autodetect", *auto)
		}
		if wanted := card.Enable3DSupport; wanted != nil && *wanted != f.flag("mks.enable3d") {
			setFlag(f, "mks.enable3d", *wanted)
		}
	}
}

const defaultVideoKB = 4096

// readVideo is the video card of a VMX file.
func readVideo(f *vmxFile, card types.VirtualMachineVideoCard) *types.VirtualMachineVideoCard {
	card.VideoRamSizeInKB = f.integer("svga.vramSize", defaultVideoKB*1024) / 1024
	card.NumDisplays = int32(f.integer("svga.numDisplays", 1))
	card.UseAutoDetect, card.Enable3DSupport = types.NewBool(f.flag("svga.autodetect")), types.NewBool(f.flag("mks.enable3d"))
	return &card
}
