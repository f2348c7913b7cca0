// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package apifault

import (
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		fault types.BaseMethodFault
		want  string
	}{
		{new(types.NotFound), "The object or item referred to could not be found."},
		{&types.SystemErrorFault{Reason: "why"}, "A general system error occurred: why"},
		{&types.GenericVmConfigFault{Reason: "numvcpus is 999"}, "numvcpus is 999"},
		{WithMessage(new(types.NotFound), "own"), "own"},
		{new(types.HostInDomain), "The operation failed: HostInDomain."},
	} {
		if got := Text(c.fault); got != c.want {
			t.Errorf("%T: %q", c.fault, got)
		}
	}
	if got := Name(new(types.SystemErrorFault)); got != "SystemError" {
		t.Error(got)
	}
}

func TestRequiredMembersAreThere(t *testing.T) {
	object := types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-1"}
	f := Complete(new(types.CannotAccessVmDisk), object).(*types.CannotAccessVmDisk)
	if f.Fault.Fault == nil || f.Fault.LocalizedMessage == "" {
		t.Errorf("no cause: %+v", f.Fault)
	}
	if f := Complete(new(types.InvalidPowerState), object).(*types.InvalidPowerState); f.ExistingState == "" {
		t.Error("a required enumeration is empty")
	}
	if f := Complete(new(types.ManagedObjectNotFound), object).(*types.ManagedObjectNotFound); f.Obj != object {
		t.Errorf("%+v", f.Obj)
	}
}
