// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"esx-simulator/internal/vmx"
)

const (
	sectorSize    = 512
	noParent      = 0xffffffff
	thinKey       = "thinProvisioned"
	maxDescriptor = 64 << 10 // bytes of a descriptor that are read
)

// A descriptor is the small text of a virtual disk that names its extents, the
// files with the data, and its parent if it is the delta of a snapshot.
type descriptor struct {
	cid, parentCID uint32
	createType     string
	parentHint     string // parentFileNameHint: the parent's descriptor, "web.vmdk" or "/vmfs/volumes/..."
	extents        []extent
	ddb            map[string]string
}

// RW 16777216 VMFS "web-flat.vmdk"
type extent struct {
	access  string
	sectors int64
	kind    string // VMFS, FLAT, VMFSSPARSE, SPARSE ...
	file    string
}

var errNoDisk = errors.New("the file is no descriptor of a virtual disk")

// readDescriptor reads the descriptor of a disk: a text file, or the text within
// a sparse file.
func readDescriptor(file string) (*descriptor, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, maxDescriptor))
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte("KDMV")) {
		return readSparseHeader(head)
	}
	if !bytes.HasPrefix(bytes.TrimLeft(head, "\r\n\t "), []byte("# Disk DescriptorFile")) {
		return nil, errNoDisk
	}
	return parseDescriptor(string(head)), nil
}

// readSparseHeader reads the head of a sparse extent: bit 16 of its flags tells
// the compressed streamOptimized from monolithicSparse.
func readSparseHeader(head []byte) (*descriptor, error) {
	if len(head) < sectorSize {
		return nil, errNoDisk
	}
	d := &descriptor{createType: "monolithicSparse", parentCID: noParent, ddb: map[string]string{}}
	if binary.LittleEndian.Uint32(head[8:])&(1<<16) != 0 {
		d.createType = "streamOptimized"
	}
	d.extents = []extent{{"RW", int64(binary.LittleEndian.Uint64(head[12:])), "SPARSE", ""}}
	return d, nil
}

func parseDescriptor(text string) *descriptor {
	d := &descriptor{parentCID: noParent, ddb: map[string]string{}}
	for line := range strings.Lines(text) {
		line = strings.Trim(line, "\r\n\t \x00")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if e, ok := parseExtent(line); ok {
			d.extents = append(d.extents, e)
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"`)
		switch {
		case strings.EqualFold(key, "CID"):
			d.cid = parseCID(value)
		case strings.EqualFold(key, "parentCID"):
			d.parentCID = parseCID(value)
		case strings.EqualFold(key, "createType"):
			d.createType = value
		case strings.EqualFold(key, "parentFileNameHint"):
			d.parentHint = value
		case strings.HasPrefix(key, "ddb."):
			d.ddb[strings.TrimPrefix(key, "ddb.")] = value
		}
	}
	return d
}

func parseCID(text string) uint32 {
	n, _ := strconv.ParseUint(text, 16, 32)
	return uint32(n)
}

func parseExtent(line string) (extent, bool) {
	f := strings.SplitN(line, " ", 4)
	if len(f) < 3 || !slices.Contains([]string{"RW", "RDONLY", "NOACCESS"}, f[0]) {
		return extent{}, false
	}
	e := extent{access: f[0], kind: f[2]}
	e.sectors, _ = strconv.ParseInt(f[1], 10, 64)
	if len(f) == 4 {
		e.file = strings.Trim(f[3], `"`)
		if name, _, ok := strings.Cut(strings.TrimPrefix(f[3], `"`), `"`); ok { // FLAT has an offset behind the name
			e.file = name
		}
	}
	return e, true
}

// String is the text of the descriptor as a host writes it.
func (d *descriptor) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=%08x\nparentCID=%08x\ncreateType=\"%s\"\n",
		d.cid, d.parentCID, d.createType)
	if d.parentHint != "" {
		fmt.Fprintf(&b, "parentFileNameHint=\"%s\"\n", d.parentHint)
	}
	b.WriteString("\n# Extent description\n")
	for _, e := range d.extents {
		fmt.Fprintf(&b, "%s %d %s \"%s\"\n", e.access, e.sectors, e.kind, e.file)
	}
	b.WriteString("\n# The Disk Data Base\n#DDB\n\n")
	for _, key := range slices.Sorted(maps.Keys(d.ddb)) {
		fmt.Fprintf(&b, "ddb.%s = \"%s\"\n", key, d.ddb[key])
	}
	return b.String()
}

func (d *descriptor) write(file string) error { return os.WriteFile(file, []byte(d.String()), 0o600) }

// capacity is what the guest sees, in bytes.
func (d *descriptor) capacity() (n int64) {
	for _, e := range d.extents {
		n += e.sectors * sectorSize
	}
	return n
}

func (d *descriptor) thin() bool { return d.ddb[thinKey] == "1" }

// isDelta tells a snapshot's disk from a base disk.
func (d *descriptor) isDelta() bool { return d.parentCID != noParent }

// runnable tells whether a host can start a domain from the disk: what comes from
// VMware's desktop products or out of an OVA has to be imported first.
func (d *descriptor) runnable() bool {
	return slices.Contains([]string{"vmfs", "monolithicFlat", "vmfsSparse", "seSparse"}, d.createType)
}

// uuid is ddb.uuid, "60 00 C2 9x ...".
func (d *descriptor) uuid() string { return d.ddb["uuid"] }

// newDescriptor describes a base disk with one extent beside it.
func newDescriptor(file string, capacity int64, kind, adapter string) *descriptor {
	sectors := (capacity + sectorSize - 1) / sectorSize
	cylinders := min(sectors/(255*63), 65535)
	d := &descriptor{
		cid: newCID(), parentCID: noParent, createType: "vmfs",
		extents: []extent{{"RW", sectors, "VMFS", filepath.Base(extentOf(file, "flat"))}},
		ddb: map[string]string{
			"adapterType": strings.ToLower(adapter), "geometry.cylinders": strconv.FormatInt(cylinders, 10),
			"geometry.heads": "255", "geometry.sectors": "63", "virtualHWVersion": "10", "uuid": newDiskUUID(),
			"longContentID": strings.ReplaceAll(uuid.NewString(), "-", ""),
		},
	}
	if kind == "thin" {
		d.ddb[thinKey] = "1"
	}
	return d
}

// newCID is the id of a content: never that which says that there is no parent.
func newCID() uint32 { return rand.Uint32N(noParent-2) + 1 }

func newDiskUUID() string {
	u := uuid.New()
	copy(u[:], []byte{0x60, 0x00, 0xc2, 0x90 | u[3]&0x0f})
	return formatUUIDUpper(u)
}

func formatUUIDUpper(u uuid.UUID) string {
	return strings.ToUpper(vmx.FormatUUID(u))
}

// extentOf is the file of an extent by the disk's descriptor: "web-flat.vmdk".
func extentOf(file, end string) string {
	return strings.TrimSuffix(file, filepath.Ext(file)) + "-" + end + ".vmdk"
}

// createDisk writes a base disk. Its extent has the disk's whole size, and takes
// no space here.
func createDisk(file string, capacity int64, kind, adapter string) error {
	d := newDescriptor(file, capacity, kind, adapter)
	if err := makeSparse(filepath.Join(filepath.Dir(file), d.extents[0].file), d.capacity()); err != nil {
		return err
	}
	return d.write(file)
}

// createDelta writes the delta of a disk: what is written from now on goes there.
// Guests do not run, so it stays empty.
func createDelta(file, parent, hint string) error {
	base, err := readDescriptor(parent)
	if err != nil {
		return err
	}
	kind, end, createType := "VMFSSPARSE", "delta", "vmfsSparse"
	if base.capacity() >= 2<<40 { // more than the older format can hold
		kind, end, createType = "SESPARSE", "sesparse", "seSparse"
	}
	d := &descriptor{
		cid: base.cid, parentCID: base.cid, createType: createType, parentHint: hint,
		extents: []extent{{"RW", base.capacity() / sectorSize, kind, filepath.Base(extentOf(file, end))}},
		ddb:     map[string]string{"longContentID": strings.ReplaceAll(uuid.NewString(), "-", "")},
	}
	if err := os.WriteFile(extentOf(file, end), make([]byte, 4096), 0o600); err != nil {
		return err
	}
	return d.write(file)
}

func makeSparse(file string, size int64) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// filesOf are the descriptor and the extents that are there.
func filesOf(file string) []string {
	files := []string{file}
	d, err := readDescriptor(file)
	if err != nil {
		return files
	}
	for _, e := range d.extents {
		if e.file != "" {
			files = append(files, filepath.Join(filepath.Dir(file), filepath.Base(e.file)))
		}
	}
	return files
}

// removeDisk deletes a descriptor and its extents.
func removeDisk(file string) error {
	var err error
	for _, f := range slices.Backward(filesOf(file)) {
		if e := os.Remove(f); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = e
		}
	}
	return err
}
