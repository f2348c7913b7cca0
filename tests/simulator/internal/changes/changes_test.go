// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package changes

import (
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

func TestChanges(t *testing.T) {
	off := types.VirtualMachineRuntimeInfo{PowerState: "poweredOff", MaxCpuUsage: 5}
	on := off
	on.PowerState = "poweredOn"
	old := map[string]types.AnyType{"name": "a", "runtime": off, "gone": int32(1)}
	now := map[string]types.AnyType{"name": "a", "runtime": on}
	for partial, want := range map[bool]string{false: "runtime", true: "runtime.powerState"} {
		list := Between(old, now, partial)
		if len(list) != 2 || list[0].Name != "gone" || list[0].Val != nil || list[1].Name != want {
			t.Errorf("partial %t: %+v", partial, list)
		}
	}
}

func TestNoChange(t *testing.T) {
	same := map[string]types.AnyType{"runtime": types.VirtualMachineRuntimeInfo{PowerState: "poweredOn"}}
	if list := Between(same, same, true); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
