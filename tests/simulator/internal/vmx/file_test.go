// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"errors"
	"strings"
	"testing"
)

const sample = `#!/usr/bin/vmware
.encoding = "UTF-8"
config.version = "8"

displayName = "one"  # its name
MEMSIZE = "64"
memsize = "128"
  scsi0:0.fileName = "disk.vmdk"
`

func parsed(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAnUnchangedFileKeepsItsBytes(t *testing.T) {
	if got := parsed(t, sample).String(); got != sample {
		t.Errorf("got %q", got)
	}
}

func TestKeysAreFoundInAnyCaseAndTheFirstCounts(t *testing.T) {
	f := parsed(t, sample)
	if got := f.Get("MemSize", ""); got != "64" {
		t.Errorf("memsize is %q", got)
	}
	if got := len(f.entries()); got != 5 {
		t.Errorf("%d entries", got)
	}
}

func TestEditingTouchesItsOwnLine(t *testing.T) {
	f := parsed(t, sample)
	f.Edit(map[string]string{"DISPLAYNAME": "two", "new.key": "value", "config.version": ""})
	want := strings.Replace(sample, `"one"`, `"two"`, 1)
	want = strings.Replace(want, "config.version = \"8\"\n", "", 1) + "new.key = \"value\"\n"
	if got := f.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if f.Get("scsi0:0.filename", "") != "disk.vmdk" {
		t.Error("the index is wrong after a line has gone")
	}
}

func TestALineThatCannotBeReadIsNamed(t *testing.T) {
	for text, line := range map[string]int{
		"a = \"1\"\nb = 2\n": 2, "a \"1\"\n": 1, "\n\na = \"1\" \"2\"": 3, "1a = \"x\"": 1,
	} {
		_, err := Parse(text)
		var e *SyntaxError
		if !errors.As(err, &e) || e.line != line {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestNamesAreUnescaped(t *testing.T) {
	for escaped, plain := range map[string]string{
		"a%2fb": "a/b", "a|7Cb": "a|b", "a|22": `a"`, "100%25": "100%", "a%zz": "a%zz",
	} {
		if got := UnescapeName(escaped); got != plain {
			t.Errorf("%q is %q, want %q", escaped, got, plain)
		}
	}
	if got := parsed(t, "displayName = \"caf\xe9\"\n").Get("displayName", ""); got != "café" {
		t.Errorf("Latin-1 is %q", got)
	}
}
