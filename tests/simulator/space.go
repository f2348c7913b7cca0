// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmdk"
)

// space is how much of a datastore is taken. It is booked with each change, and
// measured by RefreshDatastore.
type space struct {
	mutex          sync.Mutex
	capacity, used int64
}

func (p *space) free() int64 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return max(0, p.capacity-p.used)
}

// allocated is the space that a file takes on its datastore, or that all files
// below a directory take: of thin disks what is written, of thick ones all.
func allocated(file string) (total int64) {
	_ = filepath.WalkDir(file, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			total += allocatedBy(name, info)
		}
		return nil
	})
	return total
}

func allocatedBy(name string, info fs.FileInfo) int64 {
	base, isExtent := strings.CutSuffix(name, "-flat.vmdk")
	if !isExtent {
		return info.Size()
	}
	if d, err := vmdk.Read(base + ".vmdk"); err == nil && !d.Thin() {
		return info.Size()
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return min(info.Size(), stat.Blocks*512)
	}
	return info.Size()
}

// volumeOfFile is the volume that has a file here, or nil.
func (s *server) volumeOfFile(file string) *volume {
	for i, v := range s.volumes {
		if file == v.dir || strings.HasPrefix(file, v.dir+"/") {
			return &s.volumes[i]
		}
	}
	return nil
}

// changing runs work that changes files, and books what it has taken or freed.
func (s *server) changing(ctx *simulator.Context, work func() types.BaseMethodFault, files ...string) types.BaseMethodFault {
	before := make([]int64, len(files))
	for i, f := range files {
		before[i] = allocated(f)
	}
	fault := work()
	for i, f := range files {
		if v := s.volumeOfFile(f); v != nil {
			s.book(ctx, v, allocated(f)-before[i])
		}
	}
	return fault
}

// book changes a datastore's free space.
func (s *server) book(ctx *simulator.Context, v *volume, bytes int64) {
	if bytes == 0 {
		return
	}
	v.space.mutex.Lock()
	v.space.used += bytes
	v.space.mutex.Unlock()
	s.showSpace(ctx, v)
}

// showSpace brings the datastore's properties up to date.
func (s *server) showSpace(ctx *simulator.Context, v *volume) {
	ds, ok := s.registry.Get(v.ref).(*simulator.Datastore)
	if !ok {
		return
	}
	free := v.space.free()
	ctx.WithLock(ds, func() {
		ctx.Update(ds, []types.PropertyChange{{Name: "summary.freeSpace", Val: free}})
		ds.Info.GetDatastoreInfo().FreeSpace = free
		ds.Info.GetDatastoreInfo().Timestamp = types.NewTime(time.Now())
	})
}

// measure looks at all files of a datastore.
func (s *server) measure(ctx *simulator.Context, v *volume) {
	used := allocated(v.dir)
	v.space.mutex.Lock()
	v.space.used = used
	v.space.mutex.Unlock()
	s.showSpace(ctx, v)
}

// noSpace is the fault of a file that does not fit into its datastore.
func (s *server) noSpace(name, file string, bytes int64) types.BaseMethodFault {
	if v := s.volumeOfFile(file); v != nil && bytes > v.space.free() {
		return &types.NoDiskSpace{FileFault: types.FileFault{File: name}, Datastore: v.name}
	}
	return nil
}

// datastore is a datastore whose free space is that of its files.
type datastore struct {
	*simulator.Datastore
	s *server
}

// RefreshDatastore measures the datastore.
func (d *datastore) RefreshDatastore(ctx *simulator.Context, _ *types.RefreshDatastore) soap.HasFault {
	v := d.s.volumeNamed(d.Name)
	if v == nil || !d.Summary.Accessible {
		return &methods.RefreshDatastoreBody{Fault_: simulator.Fault("", new(types.HostConfigFault))}
	}
	d.s.measure(ctx, v)
	return &methods.RefreshDatastoreBody{Res: new(types.RefreshDatastoreResponse)}
}

// RefreshDatastoreStorageInfo does the same for a vCenter's clients.
func (d *datastore) RefreshDatastoreStorageInfo(ctx *simulator.Context, _ *types.RefreshDatastoreStorageInfo) soap.HasFault {
	if v := d.s.volumeNamed(d.Name); v != nil {
		d.s.measure(ctx, v)
	}
	return &methods.RefreshDatastoreStorageInfoBody{Res: new(types.RefreshDatastoreStorageInfoResponse)}
}

// exists tells whether there is something of that name.
func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}
