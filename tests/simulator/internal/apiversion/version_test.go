// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package apiversion

import "testing"

func TestVersionsAreCompared(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"4.1", "4.0", true}, {"4.0", "4.0", false}, {"2.5u2", "2.5", true}, {"4.0", "2.5u2", true},
		{"8.0.0.1", "8.0", true}, {"5.0", "4.1", true}, {"10.0", "9.0", true}, {"6.5", "6.5.0", false},
	} {
		if got := Newer(c.a, c.b); got != c.want {
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
		v, err := Named(c.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Knows(c.kind, c.path); got != c.want {
			t.Errorf("%s knows %s.%s: %t", c.version, c.kind, c.path, got)
		}
	}
}
