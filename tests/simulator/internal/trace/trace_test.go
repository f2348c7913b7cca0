// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package trace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEntriesAreNumberedAndForgotten(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "trace"))
	if err != nil {
		t.Fatal(err)
	}
	l := Log{File: file}
	l.Add(Entry{Method: "Login"})
	l.Add(Entry{Method: "Logout"})
	if got := l.Read(true); len(got) != 2 || got[1].Number != 2 {
		t.Errorf("%+v", got)
	}
	l.Add(Entry{Method: "Login"})
	if got := l.Read(false); len(got) != 1 || got[0].Number != 3 {
		t.Errorf("%+v", got)
	}
	text, _ := os.ReadFile(file.Name())
	if strings.Count(string(text), "\n") != 3 {
		t.Errorf("the file is %s", text)
	}
}
