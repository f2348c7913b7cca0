// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmdk

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestADiskIsWrittenAndRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.vmdk")
	if err := Create(file, 3<<40, "thin", "lsiLogic"); err != nil {
		t.Fatal(err)
	}
	d, err := Read(file)
	if err != nil || d.Capacity() != 3<<40 || !d.Thin() || d.IsDelta() || !d.Runnable() || d.DDB["adapterType"] != "lsilogic" {
		t.Errorf("%v %+v", err, d)
	}
	if size, _ := os.Stat(ExtentFile(file, "flat")); size == nil || size.Size() != 3<<40 {
		t.Error("the extent has not the disk's size")
	}
	delta := filepath.Join(filepath.Dir(file), "web-000001.vmdk")
	if err := CreateDelta(delta, file, "web.vmdk"); err != nil {
		t.Fatal(err)
	}
	if d, _ := Read(delta); !d.IsDelta() || d.CreateType != "seSparse" || d.ParentHint != "web.vmdk" {
		t.Errorf("%+v", d)
	}
	if err := errors.Join(Remove(delta), Remove(file)); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestExtents(t *testing.T) {
	for line, want := range map[string]extent{
		`RW 8 VMFS "a-flat.vmdk"`:   {"RW", 8, "VMFS", "a-flat.vmdk"},
		`RW 8 FLAT "a b.vmdk" 0`:    {"RW", 8, "FLAT", "a b.vmdk"},
		`RDONLY 8 SPARSE "s1.vmdk"`: {"RDONLY", 8, "SPARSE", "s1.vmdk"},
		`RW 8 ZERO`:                 {"RW", 8, "ZERO", ""},
	} {
		if got, ok := parseExtent(line); !ok || got != want {
			t.Errorf("%s is %+v", line, got)
		}
	}
	if _, ok := parseExtent("CID=1"); ok {
		t.Error("this is no extent")
	}
}

func TestWhatIsNoDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.vmdk")
	for _, text := range []string{"", "text", "KDMV short"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file); !errors.Is(err, ErrNoDisk) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// memory is a disk of a few megabytes.
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }

// streamed is a disk as a stream: zeros but for two grains.
func streamed(t *testing.T, disk memory) []byte {
	t.Helper()
	copy(disk[1<<20:], bytes.Repeat([]byte("data"), 1000))
	copy(disk[len(disk)-4:], "last")
	var stream bytes.Buffer
	populated, err := EncodeStream(&stream, int64(len(disk)),
		func(into []byte, off int64) error { copy(into, disk[off:]); return nil }, func(off int64) int64 { return off })
	if err != nil || populated != grainBytes+4096 {
		t.Fatal(populated, err)
	}
	return stream.Bytes()
}

func TestAStreamGoesBothWays(t *testing.T) {
	disk := make(memory, 40<<20+4096)
	stream := streamed(t, disk)
	if len(stream) >= len(disk)/10 {
		t.Errorf("%d bytes", len(stream))
	}
	back := make(memory, len(disk))
	capacity, populated, err := DecodeStream(bytes.NewReader(stream), back)
	if err != nil || capacity != int64(len(disk)) || populated != grainBytes+4096 || !bytes.Equal(disk, back) {
		t.Error(capacity, populated, err)
	}
}

func TestAStreamThatEndsEarlyIsAnError(t *testing.T) {
	disk := make(memory, 4<<20+4096)
	stream := streamed(t, disk)
	for _, n := range []int{0, 100, len(stream) / 2, len(stream) - 600} {
		if _, _, err := DecodeStream(bytes.NewReader(stream[:n]), disk); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
