// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/dspath"
	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// start powers a domain on, or resumes it, if its disks exist and no other domain
// has them.
func (d *domain) start(ctx *simulator.Context) soap.HasFault {
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{
		Returnval: d.domainTask(ctx, "powerOn", func() (types.AnyType, types.BaseMethodFault) {
			on := types.VirtualMachinePowerStatePoweredOn
			if d.Runtime.PowerState == on {
				return nil, &types.InvalidPowerState{RequestedState: on, ExistingState: on}
			}
			if fault := d.refuseStart(); fault != nil {
				return nil, fault
			}
			if d.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOff {
				if fault := d.complete(ctx); fault != nil {
					return nil, fault
				}
			}
			event := d.vmEvent()
			d.s.post(ctx, &types.VmStartingEvent{VmEvent: event}, &types.VmPoweredOnEvent{VmEvent: event})
			missing := d.missingDevices()
			ctx.AutoUpdate(d.VirtualMachine, func() {
				setPower(d.VirtualMachine, on)
				d.disconnect(missing)
			})
			for _, label := range missing {
				d.s.post(ctx, &types.VmMessageWarningEvent{
					VmEvent: event, MessageInfo: []types.VirtualMachineMessage{{
						Id: "msg.device.badconnect", Text: "Failed to connect virtual device " + label + "."}},
					Message: "Failed to connect virtual device " + label + "."})
			}
			return nil, nil
		})}}
}

// vmEvent is what all events of the domain have.
func (d *domain) vmEvent() types.VmEvent {
	e := types.VmEvent{}
	e.UserName = "root"
	e.Vm = &types.VmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: d.Name}, Vm: d.Self}
	if h, ok := d.s.registry.Get(*d.Runtime.Host).(*simulator.HostSystem); ok {
		e.Host = &types.HostEventArgument{EntityEventArgument: types.EntityEventArgument{Name: h.Name}, Host: h.Self}
	}
	return e
}

// post tells of events.
func (s *server) post(ctx *simulator.Context, events ...types.BaseEvent) {
	m := s.registry.EventManager()
	ctx.WithLock(m, func() {
		for _, e := range events {
			m.PostEvent(ctx, &types.PostEvent{EventToPost: e})
		}
	})
}

// refuseStart is the fault of a domain that cannot run.
func (d *domain) refuseStart() types.BaseMethodFault {
	if d.Config.Template {
		return new(types.NotSupported)
	}
	if h, ok := d.s.registry.Get(*d.Runtime.Host).(*simulator.HostSystem); ok && h.Runtime.InMaintenanceMode {
		return new(types.InvalidState)
	}
	if fault := d.refuseHardware(); fault != nil {
		return fault
	}
	for _, dev := range d.Config.Hardware.Device {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		if b, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			if fault := d.refuseDisk(vmx.SlotOf(disk.Key), b); fault != nil {
				return fault
			}
		}
	}
	for file, mode := range d.s.locksOf(d.VirtualMachine) {
		if d.s.locks.Refuses(d.Self, file, mode) {
			return &types.FileLocked{FileFault: types.FileFault{File: d.s.datastorePath(file)}}
		}
	}
	return nil
}

// refuseHardware is the fault of hardware that the host cannot run.
func (d *domain) refuseHardware() types.BaseMethodFault {
	if hardwareNumber(d.Config.Version) > d.s.version.Hardware {
		f := &types.VirtualHardwareVersionNotSupported{Host: *d.Runtime.Host, HostName: d.s.nameOf(*d.Runtime.Host)}
		return apifault.WithMessage(f, fmt.Sprintf("The virtual hardware %s is not supported on the host %s.", d.Config.Version, f.HostName))
	}
	if h, ok := d.s.registry.Get(*d.Runtime.Host).(*simulator.HostSystem); ok {
		if fault := d.refuseCPUs(h); fault != nil {
			return fault
		}
	}
	f, fault := d.s.openVMX(d.Config.Files.VmPathName)
	if fault != nil {
		return fault
	}
	if reason := vmx.Unstartable(f, d.Config); reason != "" {
		return &types.GenericVmConfigFault{Reason: reason}
	}
	return nil
}

// refuseCPUs is the fault of more virtual CPUs than a host has threads.
func (d *domain) refuseCPUs(h *simulator.HostSystem) types.BaseMethodFault {
	most, wanted := int32(h.Summary.Hardware.NumCpuThreads), d.Config.Hardware.NumCPU
	if wanted <= most {
		return nil
	}
	return apifault.WithMessage(&types.NumVirtualCpusNotSupported{MaxSupportedVcpusDest: most, NumCpuVm: wanted}, fmt.Sprintf(
		"The virtual machine has %d virtual CPUs, the host %s supports %d.", wanted, h.Name, most))
}

// refuseDisk looks at the files of a disk and of its parents.
func (d *domain) refuseDisk(slot string, b *types.VirtualDiskFlatVer2BackingInfo) types.BaseMethodFault {
	if strings.HasPrefix(b.FileName, "[] /vmfs/devices/") { // a device of the host
		return nil
	}
	var child *vmdk.Descriptor
	for ; b != nil; b = b.Parent {
		file, fault := d.s.localFile(b.FileName)
		if fault != nil {
			return &types.FileNotFound{FileFault: types.FileFault{File: b.FileName}}
		}
		disk, err := vmdk.Read(file)
		if err != nil {
			return fileFault(b.FileName, err)
		}
		if !disk.Runnable() {
			return &types.GenericVmConfigFault{Reason: fmt.Sprintf(
				"Unsupported or invalid disk type for '%s'. Ensure that the disk has been imported.", slot)}
		}
		if child != nil && child.ParentCID != disk.CID {
			return &types.GenericVmConfigFault{Reason: "The parent virtual disk has been modified since the child was created: " + b.FileName}
		}
		if fault := refuseExtents(b.FileName, file, disk); fault != nil {
			return fault
		}
		child = disk
	}
	return nil
}

// refuseExtents wants the extents of a disk, and all of them.
func refuseExtents(name, file string, disk *vmdk.Descriptor) types.BaseMethodFault {
	for i, extent := range vmdk.FilesOf(file)[1:] {
		info, err := os.Stat(extent)
		if err != nil {
			return fileFault(dspath.Join(dspath.Dir(name), filepath.Base(extent)), err)
		}
		whole := disk.Extents[i].Kind == "VMFS" || disk.Extents[i].Kind == "FLAT"
		if whole && info.Size() < disk.Extents[i].Sectors*vmdk.SectorSize {
			return new(types.InvalidDiskFormat)
		}
	}
	return nil
}

// datastorePath is the datastore path of a file here.
func (s *server) datastorePath(file string) string {
	if v := s.volumeOfFile(file); v != nil {
		return "[" + v.name + "] " + file[len(v.dir)+1:]
	}
	return file
}

// missingDevices are the labels of devices that start unconnected, as their
// network or image is not there; by their keys.
func (d *domain) missingDevices() map[int32]string {
	missing := map[int32]string{}
	there := func(name string) bool {
		file, fault := d.s.localFile(name)
		return fault == nil && exists(file)
	}
	for _, dev := range d.Config.Hardware.Device {
		v := dev.GetVirtualDevice()
		found := true
		switch b := v.Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			found = b.Network != nil
		case *types.VirtualCdromIsoBackingInfo:
			found = there(b.FileName)
		case *types.VirtualFloppyImageBackingInfo:
			found = there(b.FileName)
		}
		if !found && v.Connectable != nil && v.Connectable.StartConnected {
			missing[v.Key] = v.DeviceInfo.GetDescription().Label
		}
	}
	return missing
}

func (d *domain) disconnect(keys map[int32]string) {
	for _, dev := range d.Config.Hardware.Device {
		if v := dev.GetVirtualDevice(); keys[v.Key] != "" {
			v.Connectable.Connected = false
			v.Connectable.Status = string(types.VirtualDeviceConnectInfoStatusUnrecoverableError)
		}
	}
}

// complete writes what a host writes into a VMX file at its first start: identity
// and MAC addresses, and makes the log and the NVRAM.
func (d *domain) complete(ctx *simulator.Context) types.BaseMethodFault {
	f, fault := d.s.openVMX(d.Config.Files.VmPathName)
	if fault != nil {
		return fault
	}
	before := f.String()
	id, err := uuid.Parse(d.Config.Uuid)
	if err != nil {
		id = uuid.New()
	}
	setMissing(f, "uuid.bios", vmx.FormatUUID(id))
	setMissing(f, "uuid.location", vmx.FormatUUID(d.location()))
	setMissing(f, "nvram", dspath.Base(beside(d.Config.Files.VmPathName, ".nvram")))
	d.touch(path.Base(f.Get("nvram", "")))
	d.touch("vmware.log")
	for n := range vmx.MaxCards {
		slot := fmt.Sprintf("ethernet%d", n)
		if f.Flag(slot+".present") && strings.ToLower(f.Get(slot+".addressType", "generated")) == "generated" {
			if f.Get(slot+".generatedAddress", "") == "" {
				f.Set(slot+".generatedAddress", generatedMAC(id, n))
			}
			setMissing(f, slot+".generatedAddressOffset", fmt.Sprint(10*n))
		}
	}
	if f.String() == before { // the log is new all the same
		ctx.AutoUpdate(d.VirtualMachine, func() { d.s.layOut(d.VirtualMachine, d.s.readHistory(d.Config.Files.VmPathName)) })
		return nil
	}
	return d.adopt(ctx, f, nil)
}

// touch makes a file beside the VMX file, unless it is there.
func (d *domain) touch(name string) {
	file, fault := d.s.localFile(dspath.Join(dspath.Dir(d.Config.Files.VmPathName), name))
	if fault == nil && !exists(file) {
		_ = os.WriteFile(file, nil, 0o600)
	}
}

// location is the UUID that a host makes of its own and of where the VMX file is.
func (d *domain) location() uuid.UUID {
	u := uuid.NewSHA1(uuid.NameSpaceURL, []byte(path.Join(d.s.registry.Path, d.Config.Files.VmPathName)))
	u[0], u[1] = 0x56, 0x4d
	return u
}

// generatedMAC is made of the last bytes of the domain's UUID; cards are ten apart.
func generatedMAC(id uuid.UUID, n int) string {
	return fmt.Sprintf("00:0c:29:%02x:%02x:%02x", id[13], id[14], byte(int(id[15])+10*n))
}

func setMissing(f *vmx.File, key, value string) {
	if text, ok := f.Lookup(key); !ok || text == "" {
		f.Set(key, value)
	}
}
