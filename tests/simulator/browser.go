// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/lenient"
	"esx-simulator/internal/vmdk"
)

type (
	searchSpec    = types.HostDatastoreBrowserSearchSpec
	searchResults = types.HostDatastoreBrowserSearchResults
)

// browser searches datastores as a host does: without a specification, in any
// case, without the extents of disks.
type browser struct {
	*simulator.HostDatastoreBrowser
	s *server
}

// SearchDatastoreTask searches one directory.
func (b *browser) SearchDatastoreTask(ctx *simulator.Context, req *types.SearchDatastore_Task) soap.HasFault {
	return &methods.SearchDatastore_TaskBody{Res: &types.SearchDatastore_TaskResponse{
		Returnval: b.run(ctx, "searchDatastore", func() (types.AnyType, types.BaseMethodFault) {
			found, fault := b.search(req.DatastorePath, req.SearchSpec, false)
			if fault != nil {
				return nil, fault
			}
			return found[0], nil
		})}}
}

// SearchDatastoreSubFoldersTask searches a directory and those below.
func (b *browser) SearchDatastoreSubFoldersTask(ctx *simulator.Context, req *types.SearchDatastoreSubFolders_Task) soap.HasFault {
	return &methods.SearchDatastoreSubFolders_TaskBody{Res: &types.SearchDatastoreSubFolders_TaskResponse{
		Returnval: b.run(ctx, "searchDatastoreSubFolders", func() (types.AnyType, types.BaseMethodFault) {
			found, fault := b.search(req.DatastorePath, req.SearchSpec, true)
			if fault != nil {
				return nil, fault
			}
			return types.ArrayOfHostDatastoreBrowserSearchResults{HostDatastoreBrowserSearchResults: found}, nil
		})}}
}

// run starts a task whose entity is a datastore: pyVmomi cannot read the info
// of a task whose entity is a browser.
func (b *browser) run(ctx *simulator.Context, name string,
	work func() (types.AnyType, types.BaseMethodFault)) types.ManagedObjectReference {
	var entity mo.Reference = b.HostDatastoreBrowser
	if len(b.Datastore) > 0 {
		entity = b.Datastore[0]
	}
	t := simulator.CreateTask(entity, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return work() })
	return t.Run(ctx)
}

func (b *browser) search(datastorePath string, spec *searchSpec, below bool) ([]searchResults, types.BaseMethodFault) {
	dir, fault := b.s.localFile(datastorePath)
	if fault != nil {
		return nil, fault
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, &types.FileNotFound{FileFault: types.FileFault{File: datastorePath}}
	}
	if spec == nil {
		spec = new(searchSpec)
	}
	kinds := map[reflect.Type]bool{}
	for _, q := range spec.Query {
		if kinds[reflect.TypeOf(q)] {
			return nil, invalidArgument("searchSpec.query")
		}
		kinds[reflect.TypeOf(q)] = true
	}
	var p object.DatastorePath
	p.FromString(datastorePath)
	return searchDirectory(dir, b.s.volumeNamed(p.Datastore), strings.Trim(p.Path, "/"), spec, below), nil
}

// searchDirectory is the result for a directory, and for those below it.
func searchDirectory(dir string, v *volume, relative string, spec *searchSpec, below bool) []searchResults {
	here := searchResults{Datastore: &v.ref, FolderPath: "[" + v.name + "]"}
	if relative != "" {
		here.FolderPath += " " + relative + "/"
	}
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if matches(spec, f) && !isPiece(dir, f.Name()) {
			here.File = append(here.File, describeFile(spec, dir, f))
		}
	}
	results := []searchResults{here}
	for _, f := range files {
		if below && f.IsDir() {
			deeper := searchDirectory(filepath.Join(dir, f.Name()), v, path.Join(relative, f.Name()), spec, below)
			results = append(results, deeper...)
		}
	}
	return results
}

// A fileKind is a kind of file with a query and an info of its own.
type fileKind struct {
	ends  []string
	query func(types.BaseFileQuery) bool
	info  func(types.FileInfo) types.BaseFileInfo

	extents bool // its size is that of the files it names
}

func queryIs[T types.BaseFileQuery](q types.BaseFileQuery) bool {
	_, ok := q.(T)
	return ok
}

var fileKinds = []fileKind{
	{[]string{".vmdk"}, queryIs[*types.VmDiskFileQuery],
		func(f types.FileInfo) types.BaseFileInfo { return &types.VmDiskFileInfo{FileInfo: f} }, true},
	{[]string{".iso"}, queryIs[*types.IsoImageFileQuery],
		func(f types.FileInfo) types.BaseFileInfo { return &types.IsoImageFileInfo{FileInfo: f} }, false},
	{[]string{".flp", ".img"}, queryIs[*types.FloppyImageFileQuery],
		func(f types.FileInfo) types.BaseFileInfo { return &types.FloppyImageFileInfo{FileInfo: f} }, false},
	{[]string{".vmx"}, queryIs[*types.VmConfigFileQuery],
		func(f types.FileInfo) types.BaseFileInfo { return &types.VmConfigFileInfo{FileInfo: f} }, false},
	{[]string{".log"}, queryIs[*types.VmLogFileQuery],
		func(f types.FileInfo) types.BaseFileInfo { return &types.VmLogFileInfo{FileInfo: f} }, false},
	{[]string{".nvram"}, queryIs[*types.VmNvramFileQuery],
		func(f types.FileInfo) types.BaseFileInfo { return &types.VmNvramFileInfo{FileInfo: f} }, false},
}

var directoryKind = fileKind{nil, queryIs[*types.FolderFileQuery],
	func(f types.FileInfo) types.BaseFileInfo { return &types.FolderFileInfo{FileInfo: f} }, false}

var otherKind = fileKind{nil, func(types.BaseFileQuery) bool { return false },
	func(f types.FileInfo) types.BaseFileInfo { return &f }, false}

func kindOf(f os.DirEntry) fileKind {
	if f.IsDir() {
		return directoryKind
	}
	for _, kind := range fileKinds {
		for _, end := range kind.ends {
			if strings.HasSuffix(strings.ToLower(f.Name()), end) {
				return kind
			}
		}
	}
	return otherKind
}

// extentName are the names of the files that a disk's descriptor stands for.
var extentName = regexp.MustCompile(`(?i)-(flat|delta|sesparse|ctk|rdmp?)\.vmdk$`)

// pieceName are those of a disk in pieces, and of a disk that is called so.
var pieceName = regexp.MustCompile(`(?i)^(.+)-[sf]\d{3}(\.vmdk)$`)

// isPiece tells whether a file is a piece of a disk beside it.
func isPiece(dir, name string) bool {
	found := pieceName.FindStringSubmatch(name)
	if found == nil {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, found[1]+found[2]))
	return err == nil
}

// matches tells whether a search wants a file: one of its patterns, if it has
// any, and one of its queries, if it has any.
func matches(spec *searchSpec, f os.DirEntry) bool {
	name := f.Name()
	if extentName.MatchString(name) || strings.HasSuffix(name, "~") {
		return false
	}
	wanted := len(spec.MatchPattern) == 0
	for _, pattern := range spec.MatchPattern {
		if spec.SearchCaseInsensitive == nil || *spec.SearchCaseInsensitive {
			pattern, name = strings.ToLower(pattern), strings.ToLower(name)
		}
		ok, _ := path.Match(pattern, name)
		wanted = wanted || ok
	}
	if !wanted || len(spec.Query) == 0 {
		return wanted
	}
	for _, q := range spec.Query {
		if kindOf(f).query(q) || queryIs[*types.FileQuery](q) {
			return true
		}
	}
	return false
}

// describeFile is what a search says of a file, in the details that it wants.
func describeFile(spec *searchSpec, dir string, f os.DirEntry) types.BaseFileInfo {
	details, info, kind := spec.Details, types.FileInfo{Path: f.Name()}, kindOf(f)
	if stat, err := f.Info(); err == nil && details != nil {
		if details.FileSize {
			info.FileSize = stat.Size()
			if kind.extents {
				info.FileSize = allocatedAll(vmdk.FilesOf(filepath.Join(dir, f.Name())))
			}
		}
		if details.Modification {
			when := stat.ModTime()
			info.Modification = &when
		}
		if details.FileOwner {
			info.Owner = "root"
		}
	}
	if details != nil && !details.FileType {
		return &info
	}
	described := kind.info(info)
	if disk, ok := described.(*types.VmDiskFileInfo); ok {
		describeDisk(disk, diskFlags(spec.Query), filepath.Join(dir, f.Name()))
	}
	return described
}

// allocatedAll is the space that files take together.
func allocatedAll(files []string) (total int64) {
	for _, f := range files {
		total += allocated(f)
	}
	return total
}

// diskFlags are the details that a search wants of disks.
func diskFlags(queries []types.BaseFileQuery) types.VmDiskFileQueryFlags {
	for _, q := range queries {
		if disks, ok := q.(*types.VmDiskFileQuery); ok && disks.Details != nil {
			return *disks.Details
		}
	}
	return types.VmDiskFileQueryFlags{}
}

// controllerTypes are the API's controllers by ddb.adapterType.
var controllerTypes = map[string]string{
	"ide": "VirtualIDEController", "buslogic": "VirtualBusLogicController", "lsilogic": "VirtualLsiLogicController"}

// describeDisk opens the descriptor for the details that are wanted.
func describeDisk(info *types.VmDiskFileInfo, want types.VmDiskFileQueryFlags, file string) {
	d, err := vmdk.Read(file)
	if err != nil {
		return
	}
	if want.DiskType {
		info.DiskType = "VirtualDiskFlatVer2BackingInfo"
		if strings.HasSuffix(d.CreateType, "Sparse") && d.CreateType != "vmfsSparse" || d.CreateType == "streamOptimized" {
			info.DiskType = "VirtualDiskSparseVer2BackingInfo"
		}
	}
	if want.CapacityKb {
		info.CapacityKb = d.Capacity() / 1024
	}
	if want.HardwareVersion {
		info.HardwareVersion = int32(lenient.Atoi(d.DDB["virtualHWVersion"]))
	}
	if lenient.IsTrue(want.ControllerType) {
		info.ControllerType = controllerTypes[strings.ToLower(d.DDB["adapterType"])]
	}
	if lenient.IsTrue(want.Thin) {
		info.Thin = types.NewBool(d.Thin())
	}
	if lenient.IsTrue(want.DiskExtents) {
		for _, e := range vmdk.FilesOf(file)[1:] {
			info.DiskExtents = append(info.DiskExtents, filepath.Base(e))
		}
	}
}
