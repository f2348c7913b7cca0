// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package rules

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
)

func TestRulesCount(t *testing.T) {
	var f List
	if err := f.Add(&Rule{Method: "Power*", Name: "a", Fault: "InvalidState", Skip: 1, Count: 2}); err != nil {
		t.Fatal(err)
	}
	var got []bool
	for range 4 {
		got = append(got, f.Take(Call{Method: "PowerOnVM_Task", Name: "a"}, InCall) != nil)
	}
	if want := []bool{false, true, true, false}; got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("taken: %v", got)
	}
	if f.Take(Call{Method: "PowerOnVM_Task", Name: "b"}, InCall) != nil {
		t.Error("taken for another domain")
	}
	if f.Add(&Rule{Fault: "Nonsense"}) == nil {
		t.Error("a fault that there is not")
	}
}

func TestDelaysEndWhenTheRulesAreCleared(t *testing.T) {
	var f List
	if err := f.Add(&Rule{Delay: 3600_000}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		f.Take(Call{}, InHTTP).Pause()
		close(done)
	}()
	for f.Delayed() != 1 {
		time.Sleep(time.Millisecond)
	}
	f.Clear()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("it still waits")
	}
	if n := f.Delayed(); n != 0 {
		t.Errorf("%d are delayed", n)
	}
}

func TestFaultsAreMadeByName(t *testing.T) {
	for name, want := range map[string]string{
		"SystemError": "SystemError", "NoPermission": "NoPermission", "InvalidProperty": "InvalidProperty",
	} {
		f, err := (&Rule{Fault: name}).Make(Call{})
		if err != nil || apifault.Name(f) != want {
			t.Errorf("%s: %v %v", name, f, err)
		}
	}
	f, _ := (&Rule{Fault: "InvalidArgument", Properties: []byte(`{"invalidProperty":"x"}`), Message: "why"}).Make(Call{})
	if f.(*types.InvalidArgument).InvalidProperty != "x" || apifault.Text(f) != "why" {
		t.Errorf("%+v", f)
	}
}
