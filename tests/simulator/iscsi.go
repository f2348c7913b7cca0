// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// addTargets gives a host an iSCSI adapter with static targets, each of which
// has one disk of 10 GiB.
func addTargets(h *simulator.HostSystem, count int) {
	if count == 0 || h.Config == nil || h.Config.StorageDevice == nil {
		return
	}
	device := *h.Config.StorageDevice
	adapter := &types.HostInternetScsiHba{
		HostHostBusAdapter: types.HostHostBusAdapter{
			Key: "key-vim.host.InternetScsiHba-vmhba64", Device: "vmhba64", Model: "iSCSI Software Adapter",
			Driver: "iscsi_vmk", Status: "online"},
		IScsiName: "iqn.1998-01.com.vmware:simulated", IsSoftwareBased: true,
	}
	topology := types.HostScsiTopologyInterface{Key: "key-vim.host.ScsiTopology.Interface-vmhba64", Adapter: adapter.Key}
	luns := append([]types.BaseScsiLun{}, device.ScsiLun...)
	for n := range count {
		iqn := fmt.Sprintf("iqn.2026-01.com.example:target%d", n)
		adapter.ConfiguredStaticTarget = append(adapter.ConfiguredStaticTarget,
			types.HostInternetScsiHbaStaticTarget{Address: "192.0.2.10", Port: 3260, IScsiName: iqn})
		name := fmt.Sprintf("naa.6000000000000000%016x", n+1)
		key := "key-vim.host.ScsiDisk-" + name
		luns = append(luns, &types.HostScsiDisk{
			ScsiLun: types.ScsiLun{
				HostDevice: types.HostDevice{DeviceName: "/vmfs/devices/disks/" + name, DeviceType: "disk"},
				Key:        key, Uuid: "02000000006000000000000000" + name[4:], CanonicalName: name, LunType: "disk",
				OperationalState: []string{"ok"}},
			Capacity:   types.HostDiskDimensionsLba{BlockSize: 512, Block: 20 << 20},
			DevicePath: "/vmfs/devices/disks/" + name,
		})
		topology.Target = append(topology.Target, types.HostScsiTopologyTarget{
			Key: fmt.Sprintf("key-vim.host.ScsiTopology.Target-vmhba64:0:%d", n), Target: int32(n),
			Lun: []types.HostScsiTopologyLun{{
				Key: fmt.Sprintf("key-vim.host.ScsiTopology.Lun-%s", name), Lun: 0, ScsiLun: key}},
			Transport: &types.HostInternetScsiTargetTransport{IScsiName: iqn, Address: []string{"192.0.2.10:3260"}},
		})
	}
	device.HostBusAdapter = append(append([]types.BaseHostHostBusAdapter{}, device.HostBusAdapter...), adapter)
	device.ScsiLun = luns
	scsi := types.HostScsiTopology{}
	if device.ScsiTopology != nil {
		scsi.Adapter = append(scsi.Adapter, device.ScsiTopology.Adapter...)
	}
	scsi.Adapter = append(scsi.Adapter, topology)
	device.ScsiTopology = &scsi
	h.Config.StorageDevice = &device
}
