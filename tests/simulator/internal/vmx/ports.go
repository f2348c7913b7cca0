// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/lenient"
)

// setFile writes the name of a file, unless the one that is there means the same.
func setFile(f *File, slot, file string, files FileNames) {
	if was, ok := f.Lookup(slot + ".fileName"); !ok || files.Read(was) != file {
		f.Set(slot+".fileName", files.Write(file))
	}
}

// floppy0.fileType = "file", floppy0.fileName = "boot.flp"
func readFloppy(f *File, slot string, d types.VirtualDevice, files fileNamer) types.BaseVirtualDevice {
	name := f.Get(slot+".fileName", "")
	d.Connectable = connectable(f, slot)
	switch {
	case f.Flag(slot + ".clientDevice"):
		d.Backing = &types.VirtualFloppyRemoteDeviceBackingInfo{}
	case strings.EqualFold(f.Get(slot+".fileType", ""), "file"):
		d.Backing = &types.VirtualFloppyImageBackingInfo{
			VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: files(name)}}
	default:
		d.Backing = &types.VirtualFloppyDeviceBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: name}}
	}
	return &types.VirtualFloppy{VirtualDevice: d}
}

func writeFloppy(f *File, slot string, d types.BaseVirtualDevice, files FileNames) {
	v := d.GetVirtualDevice()
	switch b := v.Backing.(type) {
	case *types.VirtualFloppyImageBackingInfo:
		setText(f, slot+".fileType", "file")
		setFile(f, slot, b.FileName, files)
	case *types.VirtualFloppyDeviceBackingInfo:
		if strings.ToLower(f.Get(slot+".fileType", "device")) != "device" {
			f.Set(slot+".fileType", "device")
		}
		setText(f, slot+".fileName", b.DeviceName)
	}
	if remote := backingIs[*types.VirtualFloppyRemoteDeviceBackingInfo](v.Backing); remote != f.Flag(slot+".clientDevice") {
		setFlag(f, slot+".clientDevice", remote)
	}
	writeConnection(f, slot, v.Connectable)
}

// serial0.fileType = "network", serial0.fileName = "tcp://:7001", serial0.network.endPoint = "server"
func readSerial(f *File, slot string, d types.VirtualDevice, files fileNamer) types.BaseVirtualDevice {
	name := f.Get(slot+".fileName", "")
	d.Connectable = connectable(f, slot)
	switch strings.ToLower(f.Get(slot+".fileType", "device")) {
	case "file":
		d.Backing = &types.VirtualSerialPortFileBackingInfo{
			VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: files(name)}}
	case "pipe":
		b := &types.VirtualSerialPortPipeBackingInfo{Endpoint: f.Get(slot+".pipe.endPoint", "client")}
		b.PipeName, b.NoRxLoss = name, types.NewBool(f.Flag(slot+".tryNoRxLoss"))
		d.Backing = b
	case "network":
		b := &types.VirtualSerialPortURIBackingInfo{}
		b.ServiceURI, b.Direction, b.ProxyURI = name, f.Get(slot+".network.endPoint", "server"), f.Get(slot+".vspc", "")
		d.Backing = b
	default:
		d.Backing = &types.VirtualSerialPortDeviceBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: name}}
	}
	return &types.VirtualSerialPort{VirtualDevice: d, YieldOnPoll: f.Flag(slot + ".yieldOnMsrRead")}
}

func readParallel(f *File, slot string, d types.VirtualDevice, files fileNamer) types.BaseVirtualDevice {
	name := f.Get(slot+".fileName", "")
	d.Connectable = connectable(f, slot)
	if strings.ToLower(f.Get(slot+".fileType", "device")) == "file" {
		d.Backing = &types.VirtualParallelPortFileBackingInfo{
			VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: files(name)}}
	} else {
		d.Backing = &types.VirtualParallelPortDeviceBackingInfo{
			VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: name}}
	}
	return &types.VirtualParallelPort{VirtualDevice: d}
}

// writePort writes a serial or parallel port.
func writePort(f *File, slot string, d types.BaseVirtualDevice, files FileNames) {
	v := d.GetVirtualDevice()
	kind := func(name string) {
		if !strings.EqualFold(f.Get(slot+".fileType", "device"), name) {
			f.Set(slot+".fileType", name)
		}
	}
	switch b := v.Backing.(type) {
	case *types.VirtualSerialPortPipeBackingInfo:
		kind("pipe")
		setText(f, slot+".fileName", b.PipeName)
		if f.Get(slot+".pipe.endPoint", "client") != b.Endpoint {
			f.Set(slot+".pipe.endPoint", b.Endpoint)
		}
		if lenient.IsTrue(b.NoRxLoss) != f.Flag(slot+".tryNoRxLoss") {
			setFlag(f, slot+".tryNoRxLoss", lenient.IsTrue(b.NoRxLoss))
		}
	case *types.VirtualSerialPortURIBackingInfo:
		kind("network")
		setText(f, slot+".fileName", b.ServiceURI)
		if f.Get(slot+".network.endPoint", "server") != b.Direction {
			f.Set(slot+".network.endPoint", b.Direction)
		}
		setText(f, slot+".vspc", b.ProxyURI)
	case types.BaseVirtualDeviceFileBackingInfo:
		kind("file")
		setFile(f, slot, b.GetVirtualDeviceFileBackingInfo().FileName, files)
	case types.BaseVirtualDeviceDeviceBackingInfo:
		kind("device")
		setText(f, slot+".fileName", b.GetVirtualDeviceDeviceBackingInfo().DeviceName)
	}
	if s, ok := d.(*types.VirtualSerialPort); ok && s.YieldOnPoll != f.Flag(slot+".yieldOnMsrRead") {
		setFlag(f, slot+".yieldOnMsrRead", s.YieldOnPoll)
	}
	writeConnection(f, slot, v.Connectable)
}
