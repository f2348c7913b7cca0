// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/filelocks"
	"esx-simulator/internal/lenient"
	"esx-simulator/internal/vmdk"
)

// fileManager changes files of datastores. It knows no disks: an extent is a file
// like any other.
type fileManager struct {
	*simulator.FileManager
	s *server
}

// fileFault is the API's fault for an error of the file system.
func fileFault(name string, err error) types.BaseMethodFault {
	f := types.FileFault{File: name}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return &types.FileNotFound{FileFault: f}
	case errors.Is(err, fs.ErrExist):
		return &types.FileAlreadyExists{FileFault: f}
	case errors.Is(err, vmdk.ErrNoDisk):
		return &types.InvalidDiskFormat{InvalidFormat: types.InvalidFormat{}}
	}
	return &types.CannotAccessFile{FileFault: f}
}

// MakeDirectory refuses a directory that is there, also where parents are asked for.
func (m *fileManager) MakeDirectory(_ *simulator.Context, req *types.MakeDirectory) soap.HasFault {
	dir, fault := m.s.localFile(req.Name)
	if fault == nil {
		if exists(dir) {
			fault = &types.FileAlreadyExists{FileFault: types.FileFault{File: req.Name}}
		} else if lenient.IsTrue(req.CreateParentDirectories) {
			fault = fileFault(req.Name, os.MkdirAll(dir, 0o700))
		} else {
			fault = fileFault(req.Name, os.Mkdir(dir, 0o700))
		}
	}
	if fault != nil {
		return &methods.MakeDirectoryBody{Fault_: simulator.Fault(apifault.Text(fault), fault)}
	}
	return &methods.MakeDirectoryBody{Res: new(types.MakeDirectoryResponse)}
}

// DeleteDatastoreFileTask deletes a file, or a directory and all that is in it.
func (m *fileManager) DeleteDatastoreFileTask(ctx *simulator.Context, req *types.DeleteDatastoreFile_Task) soap.HasFault {
	return &methods.DeleteDatastoreFile_TaskBody{Res: &types.DeleteDatastoreFile_TaskResponse{
		Returnval: m.s.longTask(ctx, req.Name, "DeleteDatastoreFile_Task", func(j *job) types.BaseMethodFault {
			file, fault := m.s.localFile(req.Name)
			if fault == nil && !exists(file) {
				fault = &types.FileNotFound{FileFault: types.FileFault{File: req.Name}}
			}
			if fault == nil && m.s.volumeOfFile(file).dir == file {
				fault = &types.CannotDeleteFile{FileFault: types.FileFault{File: req.Name}}
			}
			if fault == nil {
				fault = m.s.locked(req.Name, file)
			}
			if fault != nil {
				return fault
			}
			return m.s.changing(j.ctx, func() types.BaseMethodFault { return fileFault(req.Name, os.RemoveAll(file)) }, file)
		})}}
}

// A transfer is a file on its way: names as the client has given them, and files here.
type transfer struct{ fromName, toName, from, to string }

// newTransfer refuses a source that is not there, and a target that is.
func (s *server) newTransfer(source, target string, force *bool) (t transfer, fault types.BaseMethodFault) {
	t.fromName, t.toName = source, target
	if t.from, fault = s.localFile(source); fault != nil {
		return t, fault
	}
	if t.to, fault = s.localFile(target); fault != nil {
		return t, fault
	}
	if !exists(t.from) {
		return t, &types.FileNotFound{FileFault: types.FileFault{File: source}}
	}
	if !exists(filepath.Dir(t.to)) {
		return t, &types.FileNotFound{FileFault: types.FileFault{File: target}}
	}
	if info, err := os.Stat(t.to); err == nil && t.from != t.to && (info.IsDir() || !lenient.IsTrue(force)) {
		return t, &types.FileAlreadyExists{FileFault: types.FileFault{File: target}}
	}
	return t, s.locked(target, t.to)
}

// MoveDatastoreFileTask renames a file or directory.
func (m *fileManager) MoveDatastoreFileTask(ctx *simulator.Context, req *types.MoveDatastoreFile_Task) soap.HasFault {
	return &methods.MoveDatastoreFile_TaskBody{Res: &types.MoveDatastoreFile_TaskResponse{
		Returnval: m.s.longTask(ctx, req.SourceName, "MoveDatastoreFile_Task", func(j *job) types.BaseMethodFault {
			t, fault := m.s.newTransfer(req.SourceName, req.DestinationName, req.Force)
			if fault == nil {
				fault = m.s.locked(t.fromName, t.from)
			}
			if fault != nil {
				return fault
			}
			return m.s.changing(j.ctx, func() types.BaseMethodFault {
				return fileFault(t.fromName, os.Rename(t.from, t.to))
			}, t.from, t.to)
		})}}
}

// CopyDatastoreFileTask copies a file or directory.
func (m *fileManager) CopyDatastoreFileTask(ctx *simulator.Context, req *types.CopyDatastoreFile_Task) soap.HasFault {
	return &methods.CopyDatastoreFile_TaskBody{Res: &types.CopyDatastoreFile_TaskResponse{
		Returnval: m.s.longTask(ctx, req.SourceName, "CopyDatastoreFile_Task", func(j *job) types.BaseMethodFault {
			t, fault := m.s.newTransfer(req.SourceName, req.DestinationName, req.Force)
			if fault == nil && m.s.locks.Refuses(types.ManagedObjectReference{}, t.from, filelocks.Read) {
				fault = &types.FileLocked{FileFault: types.FileFault{File: t.fromName}}
			}
			if fault == nil {
				fault = m.s.noSpace(t.toName, t.to, allocated(t.from))
			}
			if fault != nil || t.from == t.to {
				return fault
			}
			return m.s.changing(j.ctx, func() types.BaseMethodFault {
				if fault := j.pass(m.s.options.CopyDelay); fault != nil {
					return fault
				}
				return fileFault(t.fromName, copyTree(t.from, t.to))
			}, t.to)
		})}}
}

// copyTree copies a file, or a directory with all that is in it.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, name[len(from):])
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		return copyFile(name, target)
	})
}

// copyFile leaves the holes of a file.
func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return err
	}
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	part := vmdk.Part{File: r, Size: info.Size()}
	err = vmdk.Copy(w, []vmdk.Part{part}, info.Size(), func(int64) error { return nil })
	return errors.Join(err, w.Truncate(info.Size()), w.Close())
}
