// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package vmdk reads and writes virtual disks as files: descriptors, flat and sparse
// extents, and the streamOptimized disks of OVF packages.
package vmdk

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

// MaxCapacity is the size that no virtual disk may exceed: 62 TiB.
const MaxCapacity = 62 << 40

// SectorSize is the unit of sizes in descriptors, in bytes.
const SectorSize = 512

// ThinKey is the entry of the disk data base that a thin disk has.
const ThinKey = "thinProvisioned"

const (
	noParent      = 0xffffffff
	maxDescriptor = 64 << 10 // bytes of a descriptor that are read
)

// A Descriptor is the small text of a virtual disk that names its extents, the
// files with the data, and its parent if it is the delta of a snapshot.
type Descriptor struct {
	CID, ParentCID uint32
	CreateType     string
	ParentHint     string // parentFileNameHint: the parent's descriptor, "web.vmdk" or "/vmfs/volumes/..."
	Extents        []extent
	DDB            map[string]string
}

// RW 16777216 VMFS "web-flat.vmdk"
type extent struct {
	access  string
	Sectors int64
	Kind    string // VMFS, FLAT, VMFSSPARSE, SPARSE ...
	File    string
}

// ErrNoDisk says that a file is not what it should be.
var ErrNoDisk = errors.New("the file is no descriptor of a virtual disk")

// Read reads the descriptor of a disk: a text file, or the text within
// a sparse file.
func Read(file string) (*Descriptor, error) {
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
		return nil, ErrNoDisk
	}
	return parseDescriptor(string(head)), nil
}

// readSparseHeader reads the head of a sparse extent: bit 16 of its flags tells
// the compressed streamOptimized from monolithicSparse.
func readSparseHeader(head []byte) (*Descriptor, error) {
	if len(head) < SectorSize {
		return nil, ErrNoDisk
	}
	d := &Descriptor{CreateType: "monolithicSparse", ParentCID: noParent, DDB: map[string]string{}}
	if binary.LittleEndian.Uint32(head[8:])&(1<<16) != 0 {
		d.CreateType = "streamOptimized"
	}
	d.Extents = []extent{{"RW", int64(binary.LittleEndian.Uint64(head[12:])), "SPARSE", ""}}
	return d, nil
}

func parseDescriptor(text string) *Descriptor {
	d := &Descriptor{ParentCID: noParent, DDB: map[string]string{}}
	for line := range strings.Lines(text) {
		line = strings.Trim(line, "\r\n\t \x00")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if e, ok := parseExtent(line); ok {
			d.Extents = append(d.Extents, e)
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"`)
		switch {
		case strings.EqualFold(key, "CID"):
			d.CID = parseCID(value)
		case strings.EqualFold(key, "parentCID"):
			d.ParentCID = parseCID(value)
		case strings.EqualFold(key, "createType"):
			d.CreateType = value
		case strings.EqualFold(key, "parentFileNameHint"):
			d.ParentHint = value
		case strings.HasPrefix(key, "ddb."):
			d.DDB[strings.TrimPrefix(key, "ddb.")] = value
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
	e := extent{access: f[0], Kind: f[2]}
	e.Sectors, _ = strconv.ParseInt(f[1], 10, 64)
	if len(f) == 4 {
		e.File = strings.Trim(f[3], `"`)
		if name, _, ok := strings.Cut(strings.TrimPrefix(f[3], `"`), `"`); ok { // FLAT has an offset behind the name
			e.File = name
		}
	}
	return e, true
}

// String is the text of the descriptor as a host writes it.
func (d *Descriptor) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=%08x\nparentCID=%08x\ncreateType=\"%s\"\n",
		d.CID, d.ParentCID, d.CreateType)
	if d.ParentHint != "" {
		fmt.Fprintf(&b, "parentFileNameHint=\"%s\"\n", d.ParentHint)
	}
	b.WriteString("\n# Extent description\n")
	for _, e := range d.Extents {
		fmt.Fprintf(&b, "%s %d %s \"%s\"\n", e.access, e.Sectors, e.Kind, e.File)
	}
	b.WriteString("\n# The Disk Data Base\n#DDB\n\n")
	for _, key := range slices.Sorted(maps.Keys(d.DDB)) {
		fmt.Fprintf(&b, "ddb.%s = \"%s\"\n", key, d.DDB[key])
	}
	return b.String()
}

// Write writes the descriptor to a file.
func (d *Descriptor) Write(file string) error { return os.WriteFile(file, []byte(d.String()), 0o600) }

// Capacity is what the guest sees, in bytes.
func (d *Descriptor) Capacity() (n int64) {
	for _, e := range d.Extents {
		n += e.Sectors * SectorSize
	}
	return n
}

// Thin is whether the disk takes space only for what is written.
func (d *Descriptor) Thin() bool { return d.DDB[ThinKey] == "1" }

// IsDelta tells a snapshot's disk from a base disk.
func (d *Descriptor) IsDelta() bool { return d.ParentCID != noParent }

// Runnable tells whether a host can start a domain from the disk: what comes from
// VMware's desktop products or out of an OVA has to be imported first.
func (d *Descriptor) Runnable() bool {
	return slices.Contains([]string{"vmfs", "monolithicFlat", "vmfsSparse", "seSparse"}, d.CreateType)
}

// UUID is ddb.uuid, "60 00 C2 9x ...".
func (d *Descriptor) UUID() string { return d.DDB["uuid"] }

// newDescriptor describes a base disk with one extent beside it.
func newDescriptor(file string, capacity int64, kind, adapter string) *Descriptor {
	sectors := (capacity + SectorSize - 1) / SectorSize
	cylinders := min(sectors/(255*63), 65535)
	d := &Descriptor{
		CID: newCID(), ParentCID: noParent, CreateType: "vmfs",
		Extents: []extent{{"RW", sectors, "VMFS", filepath.Base(ExtentFile(file, "flat"))}},
		DDB: map[string]string{
			"adapterType": strings.ToLower(adapter), "geometry.cylinders": strconv.FormatInt(cylinders, 10),
			"geometry.heads": "255", "geometry.sectors": "63", "virtualHWVersion": "10", "uuid": newDiskUUID(),
			"longContentID": strings.ReplaceAll(uuid.NewString(), "-", ""),
		},
	}
	if kind == "thin" {
		d.DDB[ThinKey] = "1"
	}
	return d
}

// newCID is the id of a content: never that which says that there is no parent.
func newCID() uint32 { return rand.Uint32N(noParent-2) + 1 }

func newDiskUUID() string {
	u := uuid.New()
	copy(u[:], []byte{0x60, 0x00, 0xc2, 0x90 | u[3]&0x0f})
	return FormatUUID(u)
}

// FormatUUID is a UUID as ddb.uuid has it.
func FormatUUID(u uuid.UUID) string {
	return strings.ToUpper(vmx.FormatUUID(u))
}

// ExtentFile is the file of an extent by the disk's descriptor: "web-flat.vmdk".
func ExtentFile(file, end string) string {
	return strings.TrimSuffix(file, filepath.Ext(file)) + "-" + end + ".vmdk"
}

// Create writes a base disk. Its extent has the disk's whole size, and takes
// no space here.
func Create(file string, capacity int64, kind, adapter string) error {
	d := newDescriptor(file, capacity, kind, adapter)
	if err := MakeSparse(filepath.Join(filepath.Dir(file), d.Extents[0].File), d.Capacity()); err != nil {
		return err
	}
	return d.Write(file)
}

// CreateDelta writes the delta of a disk: what is written from now on goes there.
// Guests do not run, so it stays empty.
func CreateDelta(file, parent, hint string) error {
	base, err := Read(parent)
	if err != nil {
		return err
	}
	kind, end, createType := "VMFSSPARSE", "delta", "vmfsSparse"
	if base.Capacity() >= 2<<40 { // more than the older format can hold
		kind, end, createType = "SESPARSE", "sesparse", "seSparse"
	}
	d := &Descriptor{
		CID: base.CID, ParentCID: base.CID, CreateType: createType, ParentHint: hint,
		Extents: []extent{{"RW", base.Capacity() / SectorSize, kind, filepath.Base(ExtentFile(file, end))}},
		DDB:     map[string]string{"longContentID": strings.ReplaceAll(uuid.NewString(), "-", "")},
	}
	if err := os.WriteFile(ExtentFile(file, end), make([]byte, 4096), 0o600); err != nil {
		return err
	}
	return d.Write(file)
}

// MakeSparse makes a file of a size that takes no space here.
func MakeSparse(file string, size int64) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// FilesOf are the descriptor and the extents that are there.
func FilesOf(file string) []string {
	files := []string{file}
	d, err := Read(file)
	if err != nil {
		return files
	}
	for _, e := range d.Extents {
		if e.File != "" {
			files = append(files, filepath.Join(filepath.Dir(file), filepath.Base(e.File)))
		}
	}
	return files
}

// Remove deletes a descriptor and its extents.
func Remove(file string) error {
	var err error
	for _, f := range slices.Backward(FilesOf(file)) {
		if e := os.Remove(f); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = e
		}
	}
	return err
}
