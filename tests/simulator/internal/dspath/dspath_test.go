// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package dspath

import "testing"

func TestDirectories(t *testing.T) {
	for path, dir := range map[string]string{"[ds] a.vmx": "[ds]", "[ds] a/b.vmx": "[ds] a", "[ds] a b/c/d.vmx": "[ds] a b/c"} {
		if got := Dir(path); got != dir {
			t.Errorf("%s is in %q", path, got)
		}
	}
}

func TestNamesOfFiles(t *testing.T) {
	for path, name := range map[string]string{"[ds] a.vmx": "a.vmx", "[ds]a.vmx": "a.vmx", "[ds] a/b c.vmx": "b c.vmx", "[ds]": ""} {
		if got := Base(path); got != name {
			t.Errorf("%s is called %q", path, got)
		}
	}
}

func TestNamesAreJoinedToDirectories(t *testing.T) {
	for _, c := range [][3]string{{"[ds]", "a.vmx", "[ds] a.vmx"}, {"[ds] a", "b.vmx", "[ds] a/b.vmx"}, {"[ds] [a]", "b.vmx", "[ds] [a]/b.vmx"}} {
		if got := Join(c[0], c[1]); got != c[2] {
			t.Errorf("%s and %s are %q", c[0], c[1], got)
		}
	}
}

func TestNoPathLeadsOut(t *testing.T) {
	for path, ok := range map[string]bool{"a/../b": true, "/a//b": true, "..": false, "a/../../b": false, "..a": true} {
		if clean, got := Inside(path); got != ok {
			t.Errorf("%s is %q: %t", path, clean, got)
		}
	}
}
