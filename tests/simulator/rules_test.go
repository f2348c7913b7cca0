// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

func TestVersionsAreCompared(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"4.1", "4.0", true}, {"4.0", "4.0", false}, {"2.5u2", "2.5", true}, {"4.0", "2.5u2", true},
		{"8.0.0.1", "8.0", true}, {"5.0", "4.1", true}, {"10.0", "9.0", true}, {"6.5", "6.5.0", false},
	} {
		if got := newer(c.a, c.b); got != c.want {
			t.Errorf("newer(%s, %s) is %t", c.a, c.b, got)
		}
	}
}

func TestPropertiesOfVersions(t *testing.T) {
	for _, c := range []struct {
		version, kind, path string
		want                bool
	}{
		{"2.5", "VirtualMachine", "runtime.powerState", true},
		{"2.5", "VirtualMachine", "layoutEx", false},
		{"4.0", "VirtualMachine", "layoutEx.file", true},
		{"4.0", "VirtualMachine", "rootSnapshot", false},
		{"4.0", "VirtualMachine", "config.hardware.device", true},
		{"8.0", "VirtualMachine", "config.nonsense", false},
		{"4.0", "VirtualMachine", `config.extraConfig["x"].value`, true},
		{"4.0", "Unheard", "anything", true},
		{"2.5", "HostSystem", "summary.managementServerIp", true},
	} {
		v, err := versionNamed(c.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.knows(c.kind, c.path); got != c.want {
			t.Errorf("%s knows %s.%s: %t", c.version, c.kind, c.path, got)
		}
	}
}

func TestRulesCount(t *testing.T) {
	var f faults
	if err := f.add(&rule{Method: "Power*", Name: "a", Fault: "InvalidState", Skip: 1, Count: 2}); err != nil {
		t.Fatal(err)
	}
	var got []bool
	for range 4 {
		got = append(got, f.take(call{method: "PowerOnVM_Task", name: "a"}, inCall) != nil)
	}
	if want := []bool{false, true, true, false}; got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("taken: %v", got)
	}
	if f.take(call{method: "PowerOnVM_Task", name: "b"}, inCall) != nil {
		t.Error("taken for another domain")
	}
	if f.add(&rule{Fault: "Nonsense"}) == nil {
		t.Error("a fault that there is not")
	}
}

func TestFaultsAreMadeByName(t *testing.T) {
	for name, want := range map[string]string{
		"SystemError": "SystemError", "NoPermission": "NoPermission", "InvalidProperty": "InvalidProperty",
	} {
		f, err := (&rule{Fault: name}).fault(call{})
		if err != nil || faultName(f) != want {
			t.Errorf("%s: %v %v", name, f, err)
		}
	}
	f, _ := (&rule{Fault: "InvalidArgument", Properties: []byte(`{"invalidProperty":"x"}`), Message: "why"}).fault(call{})
	if f.(*types.InvalidArgument).InvalidProperty != "x" || faultText(f) != "why" {
		t.Errorf("%+v", f)
	}
}

func TestQuestions(t *testing.T) {
	q, ok := parseQuestion("moved:cancelable:delay=500")
	if !ok || !q.cancelable || q.delay != 500*time.Millisecond || q.kind.index != 2 {
		t.Errorf("%+v", q)
	}
	if _, ok := parseQuestion(""); ok {
		t.Error("no text is no question")
	}
}

func TestTheFreeLicenceReads(t *testing.T) {
	s := &server{options: options{licence: "free"}}
	for name, free := range map[string]bool{
		"RetrievePropertiesEx": true, "FindByUuid": true, "Login": true, "SearchDatastore_Task": true,
		"PowerOnVM_Task": false, "RegisterVM_Task": false, "MakeDirectory": false, "UpdateOptions": false,
	} {
		if got := s.unlicensed(method(name)) == nil; got != free {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestFlags(t *testing.T) {
	for args, message := range map[string]string{
		"":                       "",
		"-kind vcenter -hosts 3": "",
		"-kind x":                "-kind must be one of",
		"-licence x":             "-licence must be one of",
		"-datastores 0":          "at least 1",
		"-kind vcenter -hosts 0": "needs -hosts or -clusters",
		"-host-endpoints auto":   "needs -kind vcenter",
		"-tlscert x":             "go together",
		"more":                   "unexpected argument",
	} {
		var out bytes.Buffer
		_, err := parseFlags(strings.Fields(args), &out)
		if (err == nil) != (message == "") || err != nil && !strings.Contains(err.Error(), message) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
