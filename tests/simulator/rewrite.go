// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
)

// openVMX reads a VMX file by its datastore path.
func (s *server) openVMX(vmxPath string) (*vmx.File, types.BaseMethodFault) {
	file, fault := s.localFile(vmxPath)
	if fault != nil {
		return nil, fault
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, new(types.NotFound)
	}
	if err != nil {
		return nil, fileFault(vmxPath, err)
	}
	f, err := vmx.Parse(string(text))
	if err != nil {
		return nil, invalidConfig("config", "msg.vmx.syntax", err.Error())
	}
	return f, nil
}

// invalidConfig is the fault of a configuration that cannot be, with its reason.
func invalidConfig(property, key, text string) types.BaseMethodFault {
	f := &types.InvalidVmConfig{Property: property}
	f.FaultMessage = []types.LocalizableMessage{{Key: key, Message: text}}
	return f
}

// settingsOf are the settings of a VMX file, with what its disks' files say.
func (s *server) settingsOf(f *vmx.File, vmxPath string) (*vmx.Settings, types.BaseMethodFault) {
	read, fault := vmx.Read(f, vmxPath, s.namesIn(vmxPath).Read)
	if fault == nil {
		s.completeDisks(read.Devices)
		read.Problem = vmx.Problem(f, read)
	}
	return read, fault
}

// rewrite edits a domain's VMX file, and the domain becomes what the file says
// then. Nothing happens where the edit has a fault. The caller holds the domain's lock.
func (d *domain) rewrite(ctx *simulator.Context, edit func(*vmx.File) types.BaseMethodFault) types.BaseMethodFault {
	f, fault := d.s.openVMX(d.Config.Files.VmPathName)
	if fault != nil {
		return fault
	}
	if fault := edit(f); fault != nil {
		return fault
	}
	return d.adopt(ctx, f, nil)
}

// adopt writes a VMX file, and makes the domain what it says; more sets what a VMX
// file does not say. The caller holds the domain's lock.
func (d *domain) adopt(ctx *simulator.Context, f *vmx.File, more func()) types.BaseMethodFault {
	vmxPath := d.Config.Files.VmPathName
	read, fault := d.s.settingsOf(f, vmxPath)
	if fault != nil {
		return fault
	}
	file, fault := d.s.localFile(vmxPath)
	if fault != nil {
		return fault
	}
	if err := d.s.replaceFile(file, []byte(f.String())); err != nil {
		return fileFault(vmxPath, err)
	}
	d.takeOver(ctx, read, more)
	return nil
}

// takeOver makes the domain what a VMX file says. The text that was read is not written back.
func (d *domain) takeOver(ctx *simulator.Context, read *vmx.Settings, more func()) {
	d.s.saving.Store(d.Self, true)
	defer d.s.saving.Delete(d.Self)
	ctx.AutoUpdate(d.VirtualMachine, func() {
		d.s.apply(d.VirtualMachine, read)
		if more != nil {
			more()
		}
		d.Config.Modified = time.Now()
		d.Config.ChangeVersion = fmt.Sprint(d.Config.Modified.UnixNano())
	})
}

// domainTask runs work as a task of the domain, under its lock.
func (d *domain) domainTask(ctx *simulator.Context, name string, work func() (types.AnyType, types.BaseMethodFault)) types.ManagedObjectReference {
	t := simulator.CreateTask(d.VirtualMachine, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if d.Runtime.ConnectionState == types.VirtualMachineConnectionStateInvalid {
			return nil, new(types.InvalidState)
		}
		return work()
	})
	return t.Run(ctx)
}
