// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// DestroyTask unregisters a domain and deletes its own files and its disks; its
// directory is removed if nothing else is in it. The library would delete all of
// the directory, or of the datastore for a VMX file in its root.
func (d *domain) DestroyTask(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	t := simulator.CreateTask(d.VirtualMachine, "destroy", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		files := d.ownFiles()
		if f := d.UnregisterVM(ctx, &types.UnregisterVM{This: req.This}).Fault(); f != nil {
			return nil, f.VimFault().(types.BaseMethodFault)
		}
		_ = d.s.changing(ctx, func() types.BaseMethodFault {
			for _, file := range files {
				_ = os.Remove(file)
				_ = os.Remove(filepath.Dir(file)) // stays while there is something in it
			}
			return nil
		}, files...)
		return nil, nil
	})
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: t.Run(ctx)}}
}

// ownFiles are the files here that go with the domain.
func (d *domain) ownFiles() (files []string) {
	vmx, fault := d.s.localFile(d.Config.Files.VmPathName)
	if fault != nil {
		return nil
	}
	stem := strings.TrimSuffix(vmx, filepath.Ext(vmx))
	for _, end := range []string{".vmx", ".vmxf", ".vmsd", ".vmss", ".nvram", ".vswp"} {
		files = append(files, stem+end)
	}
	if nvram := extra(d.VirtualMachine, "nvram"); nvram != "" {
		files = append(files, filepath.Join(filepath.Dir(vmx), filepath.Base(nvram)))
	}
	if logs, err := filepath.Glob(filepath.Join(filepath.Dir(vmx), "vmware*.log")); err == nil {
		files = append(files, logs...)
	}
	for _, f := range d.LayoutEx.File { // with the disks of snapshots
		if file, fault := d.s.localFile(f.Name); fault == nil {
			files = append(files, file)
		}
	}
	return files
}
