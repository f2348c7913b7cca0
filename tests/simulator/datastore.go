// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// firstVolume is the volume of the first datastore: that of the example in the
// ESX driver's first manual, whose VMX files therefore work here.
const firstVolume = "498076b2-02796c1a-ef5b-000ae484a6a3"

// volumeOf is the name of the n-th datastore under /vmfs/volumes.
func volumeOf(n int) string {
	return firstVolume[:len(firstVolume)-2] + fmt.Sprintf("%02x", 0xa3+n)
}

// A volume is a datastore as the host mounts it, and the directory here that
// has its files.
type volume struct {
	name, uuid, dir string
	kind            string // vmfs or nfs
	ref             types.ManagedObjectReference
	space           *space
}

func (v volume) mount() string { return "/vmfs/volumes/" + v.uuid }

// addDatastores makes datastores that all the given hosts share.
func (s *server) addDatastores(names []string, hosts []*simulator.HostSystem) error {
	for _, name := range names {
		n := len(s.volumes)
		v := volume{
			name: name, uuid: volumeOf(n), kind: s.options.DatastoreType(n), space: &space{capacity: s.options.DatastoreGiB << 30}}
		v.dir = filepath.Join(s.dir, v.uuid)
		if err := os.Mkdir(v.dir, 0o700); err != nil {
			return err
		}
		for _, h := range hosts {
			system := s.registry.Get(*h.ConfigManager.DatastoreSystem).(*simulator.HostDatastoreSystem)
			created := system.CreateLocalDatastore(s.context, &types.CreateLocalDatastore{Name: name, Path: v.dir})
			body := created.(*methods.CreateLocalDatastoreBody)
			if body.Fault_ != nil {
				return fmt.Errorf("datastore %s: %s", name, body.Fault_.String)
			}
			if v.ref.Value == "" { // for the other hosts the library returns one that is not there
				v.ref = body.Res.Returnval
			}
		}
		v.describe(s.registry.Get(v.ref).(*simulator.Datastore))
		s.volumes = append(s.volumes, v)
	}
	return nil
}

// describe makes of the library's local directory a volume of the hosts.
func (v volume) describe(ds *simulator.Datastore) {
	info := *ds.Info.GetDatastoreInfo()
	info.MaxFileSize, info.MaxVirtualDiskCapacity = vmdk.MaxCapacity, vmdk.MaxCapacity
	ds.Summary.Capacity, ds.Summary.MaintenanceMode = v.space.capacity, string(types.DatastoreSummaryMaintenanceModeStateNormal)
	mounted := types.HostFileSystemVolume{Type: "VMFS", Name: v.name, Capacity: v.space.capacity}
	ds.Capability = types.DatastoreCapability{
		DirectoryHierarchySupported: true, PerFileThinProvisioningSupported: v.kind == "vmfs",
		StorageIORMSupported: true, VmdkExpandSupported: types.NewBool(true),
		TopLevelDirectoryCreateSupported: types.NewBool(true), SeSparseSupported: types.NewBool(v.kind == "vmfs"),
	}
	if v.kind == "nfs" {
		mounted.Type = "NFS"
		ds.Info = &types.NasDatastoreInfo{DatastoreInfo: info, Nas: &types.HostNasVolume{
			HostFileSystemVolume: mounted, RemoteHost: "nas.example.com", RemotePath: "/export/" + v.name, UserName: "root"}}
	} else {
		ds.Capability.RawDiskMappingsSupported = true
		ds.Info = &types.VmfsDatastoreInfo{DatastoreInfo: info, Vmfs: &types.HostVmfsVolume{
			HostFileSystemVolume: mounted, BlockSizeMb: 1, MajorVersion: 5, Version: "5.54", Uuid: v.uuid,
			Extent: []types.HostScsiDiskPartition{{DiskName: "mpx.vmhba1:C0:T0:L0", Partition: 3}}}}
	}
	ds.Summary.Type = mounted.Type
	ds.Summary.MultipleHostAccess = types.NewBool(len(ds.Host) > 1)
	for i := range ds.Host {
		ds.Host[i].MountInfo.Path = v.mount()
	}
}

// volumeNamed is the volume with a datastore's name, or nil.
func (s *server) volumeNamed(name string) *volume {
	i := slices.IndexFunc(s.volumes, func(v volume) bool { return v.name == name })
	if i < 0 {
		return nil
	}
	return &s.volumes[i]
}

// localFile is the file here of a datastore path "[local-storage] dir/file".
func (s *server) localFile(datastorePath string) (string, types.BaseMethodFault) {
	var p object.DatastorePath
	if !p.FromString(datastorePath) {
		return "", &types.InvalidDatastorePath{DatastorePath: datastorePath}
	}
	v := s.volumeNamed(p.Datastore)
	if v == nil {
		return "", &types.InvalidDatastore{Name: p.Datastore}
	}
	if !s.accessible(v) {
		return "", &types.InaccessibleDatastore{InvalidDatastore: types.InvalidDatastore{Datastore: &v.ref, Name: v.name}}
	}
	relative, ok := dspath.Inside(p.Path)
	if !ok {
		return "", &types.InvalidDatastorePath{DatastorePath: datastorePath}
	}
	return filepath.Join(v.dir, relative), nil
}

// namesIn are the two directions between the file names of a VMX file and
// datastore paths: a bare name lies beside the VMX file, others are
// "/vmfs/volumes/<uuid or name>/..."; a volume that is not here is datastore "[]".
func (s *server) namesIn(vmxPath string) vmx.FileNames {
	dir := dspath.Dir(vmxPath)
	return vmx.FileNames{
		Read: func(name string) string {
			if !strings.HasPrefix(name, "/") {
				return dspath.Join(dir, name)
			}
			for _, v := range s.volumes {
				for _, mount := range []string{v.mount(), "/vmfs/volumes/" + v.name} {
					if rest, ok := strings.CutPrefix(name, mount+"/"); ok {
						return fmt.Sprintf("[%s] %s", v.name, strings.TrimLeft(rest, "/"))
					}
				}
			}
			return "[] " + name
		},
		Write: func(name string) string {
			if dspath.Dir(name) == dir {
				return path.Base(strings.TrimPrefix(name, dir+" "))
			}
			var p object.DatastorePath
			if p.FromString(name) {
				if v := s.volumeNamed(p.Datastore); v != nil {
					return v.mount() + "/" + p.Path
				}
			}
			return strings.TrimPrefix(name, "[] ")
		},
	}
}
