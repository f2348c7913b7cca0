// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"path"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// CreateDescriptor writes the descriptor of a domain.
func (m *ovfManager) CreateDescriptor(_ *simulator.Context, req *types.CreateDescriptor) soap.HasFault {
	vm, ok := m.s.registry.Get(req.Obj).(*simulator.VirtualMachine)
	if !ok {
		return &methods.CreateDescriptorBody{Fault_: simulator.Fault("", new(types.NotSupported))}
	}
	d := &descriptorWriter{vm: vm, list: object.VirtualDeviceList(vm.Config.Hardware.Device), params: req.Cdp, name: vm.Name}
	if req.Cdp.Name != "" {
		d.name = req.Cdp.Name
	}
	return &methods.CreateDescriptorBody{Res: &types.CreateDescriptorResponse{
		Returnval: types.OvfCreateDescriptorResult{OvfDescriptor: d.write()}}}
}

// A descriptorWriter writes the descriptor of a domain.
type descriptorWriter struct {
	vm     *simulator.VirtualMachine
	list   object.VirtualDeviceList
	params types.OvfCreateDescriptorParams
	name   string
	out    strings.Builder
	id     int
}

// f writes XML; its arguments are escaped.
func (d *descriptorWriter) f(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			var b bytes.Buffer
			_ = xml.EscapeText(&b, []byte(s))
			args[i] = b.String()
		}
	}
	fmt.Fprintf(&d.out, format+"\n", args...)
}

const envelopeOpen = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
 xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
 xmlns:vmw="http://www.vmware.com/schema/ovf">
`

func (d *descriptorWriter) write() string {
	d.out.WriteString(envelopeOpen)
	d.f("<References>")
	for i, file := range d.params.OvfFiles {
		d.f(`<File ovf:id="file%d" ovf:href="%s" ovf:size="%d"/>`, i+1, file.Path, file.Size)
	}
	d.f("</References>\n<DiskSection><Info>Virtual disk information</Info>")
	for n, disk := range d.disks() {
		d.f(`<Disk ovf:diskId="vmdisk%d" ovf:capacity="%d" ovf:capacityAllocationUnits="byte"%s `+
			`ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>`,
			n+1, disk.CapacityInKB*1024, raw(d.fileRef(disk)))
	}
	d.f("</DiskSection>\n<NetworkSection><Info>The list of logical networks</Info>")
	seen := map[string]bool{}
	for _, name := range d.networks() {
		if !seen[name] {
			d.f(`<Network ovf:name="%s"><Description>The %s network</Description></Network>`, name, name)
		}
		seen[name] = true
	}
	d.f("</NetworkSection>\n<VirtualSystem ovf:id=\"%s\"><Info>A virtual machine</Info><Name>%s</Name>", d.name, d.name)
	d.f(`<OperatingSystemSection ovf:id="1" vmw:osType="%s"><Info>The guest</Info></OperatingSystemSection>`, d.vm.Config.GuestId)
	if d.params.Description != "" {
		d.f("<AnnotationSection><Info>A note</Info><Annotation>%s</Annotation></AnnotationSection>", d.params.Description)
	}
	d.hardware()
	d.f("</VirtualSystem>\n</Envelope>")
	return d.out.String()
}

// raw is text that is XML already.
type raw string

func (d *descriptorWriter) disks() (disks []*types.VirtualDisk) {
	for _, dev := range d.list {
		if disk, ok := dev.(*types.VirtualDisk); ok {
			disks = append(disks, disk)
		}
	}
	return disks
}

// fileRef is the file of a disk, by the device that the client names.
func (d *descriptorWriter) fileRef(disk *types.VirtualDisk) string {
	id := deviceID(d.list, disk, "")
	for i, file := range d.params.OvfFiles {
		if "//"+path.Base(file.DeviceId) == id {
			return fmt.Sprintf(` ovf:fileRef="file%d" ovf:populatedSize="%d"`, i+1, file.PopulatedSize)
		}
	}
	return ""
}

func (d *descriptorWriter) networks() (names []string) {
	for _, dev := range d.list {
		if b, ok := dev.GetVirtualDevice().Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok {
			names = append(names, b.DeviceName)
		}
	}
	return names
}

// item writes an item of hardware and returns its id.
func (d *descriptorWriter) item(name string, kind int, more string, args ...any) int {
	d.id++
	d.f("<Item><rasd:ElementName>%s</rasd:ElementName><rasd:InstanceID>%d</rasd:InstanceID>", name, d.id)
	d.f("<rasd:ResourceType>%d</rasd:ResourceType>", kind)
	d.f(more, args...)
	d.f("</Item>")
	return d.id
}

// controllerItem is how OVF calls a kind of controllers; 0 for other devices.
func controllerItem(dev types.BaseVirtualDevice) (kind int, subtype string) {
	switch dev.(type) {
	case *types.VirtualIDEController:
		return 5, ""
	case *types.VirtualLsiLogicController:
		return 6, "lsilogic"
	case *types.VirtualLsiLogicSASController:
		return 6, "lsilogicsas"
	case *types.ParaVirtualSCSIController:
		return 6, "VirtualSCSI"
	case *types.VirtualBusLogicController:
		return 6, "buslogic"
	case *types.VirtualAHCIController:
		return 20, "vmware.sata.ahci"
	case *types.VirtualNVMEController:
		return 20, "vmware.nvme.controller"
	}
	return 0, ""
}

func (d *descriptorWriter) hardware() {
	c := d.vm.Config
	d.f("<VirtualHardwareSection><Info>Virtual hardware requirements</Info>")
	d.f("<System><vssd:ElementName>Virtual Hardware Family</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID>"+
		"<vssd:VirtualSystemType>%s</vssd:VirtualSystemType></System>", c.Version)
	cpus := "<rasd:VirtualQuantity>%d</rasd:VirtualQuantity>"
	if cores := c.Hardware.NumCoresPerSocket; cores != nil && *cores > 1 {
		cpus += fmt.Sprintf(`<vmw:CoresPerSocket ovf:required="false">%d</vmw:CoresPerSocket>`, *cores)
	}
	d.item("CPUs", 3, cpus, c.Hardware.NumCPU)
	d.item("Memory", 4, "<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:VirtualQuantity>%d</rasd:VirtualQuantity>",
		c.Hardware.MemoryMB)
	parents := map[int32]int{}
	for _, dev := range d.list {
		if kind, subtype := controllerItem(dev); kind != 0 {
			bus := dev.(types.BaseVirtualController).GetVirtualController().BusNumber
			more := "<rasd:Address>%d</rasd:Address><rasd:ResourceSubType>%s</rasd:ResourceSubType>"
			if subtype == "" {
				more = "<rasd:Address>%d</rasd:Address><!--%s-->"
			}
			parents[dev.GetVirtualDevice().Key] = d.item("Controller", kind, more, bus, subtype)
		}
	}
	n := 0
	for _, dev := range d.list {
		device := dev.GetVirtualDevice()
		unit := int32(0)
		if device.UnitNumber != nil {
			unit = *device.UnitNumber
		}
		place := fmt.Sprintf("<rasd:AddressOnParent>%d</rasd:AddressOnParent><rasd:Parent>%d</rasd:Parent>", unit, parents[device.ControllerKey])
		switch x := dev.(type) {
		case *types.VirtualDisk:
			n++
			d.item("Hard disk", 17, "<rasd:HostResource>ovf:/disk/vmdisk%d</rasd:HostResource>%s", n, raw(place))
		case *types.VirtualCdrom:
			d.item("CD/DVD drive", 15, "<rasd:AutomaticAllocation>false</rasd:AutomaticAllocation>%s", raw(place))
		case *types.VirtualFloppy:
			d.item("Floppy drive", 14, "<rasd:AddressOnParent>%d</rasd:AddressOnParent>"+
				"<rasd:AutomaticAllocation>false</rasd:AutomaticAllocation>", unit)
		case types.BaseVirtualEthernetCard:
			if b, ok := device.Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok {
				d.item("Network adapter", 10, "<rasd:Connection>%s</rasd:Connection><rasd:ResourceSubType>%s</rasd:ResourceSubType>",
					b.DeviceName, strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", x), "*types.Virtual")))
			}
		}
	}
	if c.Firmware != "" {
		d.f(`<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="%s"/>`, c.Firmware)
	}
	for i, file := range d.params.OvfFiles {
		if path.Base(file.DeviceId) == "nvram" {
			d.f(`<vmw:ExtraConfig ovf:required="false" vmw:key="nvram" vmw:value="ovf:/file/file%d"/>`, i+1)
		}
	}
	d.f("</VirtualHardwareSection>")
}
