// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/changes"
	"esx-simulator/internal/dspath"
	"esx-simulator/internal/vmdk"
)

// datastoreAt is a datastore by its name as the datacenter of a host knows it.
func (s *server) datastoreAt(host *simulator.HostSystem, name string) *simulator.Datastore {
	if e := s.registry.FindByName(name, host.Datastore); e != nil {
		ds, _ := s.registry.Get(e.Reference()).(*simulator.Datastore)
		return ds
	}
	return nil
}

// moveStorage moves the files that a relocation names, and makes the domain's
// datastores those of its new host. The caller holds the domain's lock.
func (d *domain) moveStorage(ctx *simulator.Context, m move, at place) types.BaseMethodFault {
	var moves []renaming
	if ref := m.datastoreOf(nil); ref != nil {
		moves = append(moves, d.homeTo(*ref)...)
	}
	for _, dev := range d.Config.Hardware.Device {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		if ref := m.datastoreOf(disk); ref != nil {
			moves = append(moves, d.diskTo(disk, *ref, moves)...)
		}
	}
	if fault := d.s.renameAll(moves); fault != nil {
		return fault
	}
	for _, change := range d.deviceChanges(m) {
		change()
	}
	if len(moves) > 0 {
		renameIn(reflect.ValueOf(&d.VirtualMachine.VirtualMachine), moves)
		if d.Snapshot != nil {
			d.s.renameInSnapshots(d.Snapshot.RootSnapshotList, moves)
		}
	}
	d.joinDatastores(ctx, at.host)
	if len(moves) > 0 || m.relocate != nil && len(m.relocate.DeviceChange) > 0 {
		now := time.Now()
		ctx.Update(d.VirtualMachine, []types.PropertyChange{
			{Name: "config.modified", Val: now}, {Name: "config.changeVersion", Val: fmt.Sprint(now.UnixNano())}})
	}
	return nil
}

// deviceChanges are what a relocation changes of the cards' networks.
func (d *domain) deviceChanges(m move) (list []func()) {
	for _, dev := range d.Config.Hardware.Device {
		if now := m.changed(dev); now != dev {
			list = append(list, func() { dev.GetVirtualDevice().Backing = now.GetVirtualDevice().Backing })
		}
	}
	return list
}

// A renaming takes a file, or all of a directory ("[ds] web/"), elsewhere.
type renaming struct{ from, to string }

// name is the new name of a file, or the old one.
func (r renaming) name(file string) string {
	if strings.HasSuffix(r.from, "/") {
		if rest, ok := strings.CutPrefix(file, r.from); ok {
			return r.to + rest
		}
		if file == strings.TrimSuffix(r.from, "/") {
			return strings.TrimSuffix(r.to, "/")
		}
	} else if file == r.from {
		return r.to
	}
	return file
}

// homeTo moves the directory of the domain to a datastore, under a name that is free there.
func (d *domain) homeTo(ref types.ManagedObjectReference) []renaming {
	var p object.DatastorePath
	name := d.s.nameOf(ref)
	if !p.FromString(d.Config.Files.VmPathName) || p.Datastore == name {
		return nil
	}
	wanted := path.Base(path.Dir(p.Path))
	if wanted == "." {
		wanted = stemOf(d.Config.Files.VmPathName)
	}
	free := wanted
	for n := 1; d.s.exists(fmt.Sprintf("[%s] %s", name, free)); n++ {
		free = fmt.Sprintf("%s_%d", wanted, n)
	}
	to := fmt.Sprintf("[%s] %s/", name, free)
	if path.Dir(p.Path) == "." { // files of others are beside it
		return []renaming{{p.String(), to + path.Base(p.Path)}}
	}
	return []renaming{{dspath.Dir(d.Config.Files.VmPathName) + "/", to}}
}

// diskTo moves a disk with its chain that does not lie in the directory of the
// domain, or does not move with it.
func (d *domain) diskTo(disk *types.VirtualDisk, ref types.ManagedObjectReference, done []renaming) (list []renaming) {
	home := dspath.Dir(d.Config.Files.VmPathName)
	for _, r := range done {
		home = strings.TrimSuffix(r.name(home+"/"), "/")
	}
	flat, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if !ok {
		return nil
	}
	for _, file := range chainOf(flat) {
		now := file
		for _, r := range done {
			now = r.name(now)
		}
		var p object.DatastorePath
		if !p.FromString(now) || p.Datastore == d.s.nameOf(ref) {
			continue
		}
		var at object.DatastorePath
		at.FromString(home + "/x")
		to := fmt.Sprintf("[%s] %s/", d.s.nameOf(ref), path.Dir(at.Path))
		list = append(list, renaming{now, to + path.Base(p.Path)})
		for _, end := range []string{"flat", "delta", "sesparse"} {
			extent := vmdk.ExtentFile(now, end)
			list = append(list, renaming{extent, to + path.Base(extent)})
		}
	}
	return list
}

func (s *server) exists(datastorePath string) bool {
	file, fault := s.localFile(datastorePath)
	if fault != nil {
		return false
	}
	_, err := os.Stat(file)
	return err == nil
}

// renameAll moves the files; a file that is not there is not missed, because
// a disk of one file has no second one.
func (s *server) renameAll(moves []renaming) types.BaseMethodFault {
	for _, r := range moves {
		from, fault := s.localFile(strings.TrimSuffix(r.from, "/"))
		if fault != nil {
			return fault
		}
		to, fault := s.localFile(strings.TrimSuffix(r.to, "/"))
		if fault != nil {
			return fault
		}
		err := os.MkdirAll(filepath.Dir(to), 0o700)
		if err == nil {
			err = os.Rename(from, to)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return &types.CannotAccessFile{FileFault: types.FileFault{File: r.from}}
		}
	}
	return nil
}

// renameIn puts new names for the old ones into every text of a value.
func renameIn(v reflect.Value, moves []renaming) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			renameIn(v.Elem(), moves)
		}
	case reflect.Struct:
		if slices.Contains(changes.Opaque, v.Type()) {
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				renameIn(v.Field(i), moves)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			renameIn(v.Index(i), moves)
		}
	case reflect.String:
		if v.CanSet() && strings.HasPrefix(v.String(), "[") {
			for _, r := range moves {
				v.SetString(r.name(v.String()))
			}
		}
	}
}

// renameInSnapshots does so in what snapshots keep.
func (s *server) renameInSnapshots(trees []types.VirtualMachineSnapshotTree, moves []renaming) {
	for _, tree := range trees {
		if snapshot, ok := s.registry.Get(tree.Snapshot).(*simulator.VirtualMachineSnapshot); ok {
			renameIn(reflect.ValueOf(&snapshot.VirtualMachineSnapshot), moves)
		}
		s.renameInSnapshots(tree.ChildSnapshotList, moves)
	}
}

// joinDatastores makes the domain's datastores those of a host by their names,
// in both directions.
func (d *domain) joinDatastores(ctx *simulator.Context, host *simulator.HostSystem) {
	files := []string{d.Config.Files.VmPathName}
	for _, dev := range d.Config.Hardware.Device {
		files = append(files, imageOf(dev))
		if flat, ok := dev.GetVirtualDevice().Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			files = append(files, chainOf(flat)...)
		}
	}
	refs := d.s.datastoresFor(&host.Self, files)
	for _, ref := range slices.Concat(d.Datastore, refs) {
		if ds, ok := d.s.registry.Get(ref).(*simulator.Datastore); ok {
			d.listIn(ctx, ds, "vm", &ds.Vm, slices.Contains(refs, ref))
		}
	}
	ctx.Update(d.VirtualMachine, []types.PropertyChange{{Name: "datastore", Val: refs}})
}
