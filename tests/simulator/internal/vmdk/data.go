// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmdk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// A Part is an extent of a disk that is read: where its data begins on the
// disk, and how it is read.
type Part struct {
	File   *os.File
	At     int64 // on the disk
	Size   int64
	grains *grainTable // nil: the file's bytes are the disk's
}

// Open opens the data of a base disk of any kind that CopyVirtualDisk takes.
func Open(file string, d *Descriptor) ([]Part, func(), error) {
	var parts []Part
	closeAll := func() {
		for _, p := range parts {
			_ = p.File.Close()
		}
	}
	var at int64
	for _, e := range d.Extents {
		name := file
		if e.File != "" {
			name = filepath.Join(filepath.Dir(file), filepath.Base(e.File))
		}
		f, err := os.Open(name)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		p := Part{File: f, At: at, Size: e.Sectors * SectorSize}
		if e.Kind == "SPARSE" {
			p.grains, err = readGrains(f)
		}
		parts = append(parts, p)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		at += p.Size
	}
	return parts, closeAll, nil
}

const block = 1 << 20

// Copy writes the data of a disk into a file, and leaves holes where there
// are only zeros. The function hears how far it is, and may end it.
func Copy(to *os.File, parts []Part, total int64, show func(done int64) error) error {
	buffer := make([]byte, block)
	zeros := make([]byte, block)
	for _, p := range parts {
		for off := int64(0); off < p.Size; {
			next := p.DataFrom(off)
			if next >= p.Size {
				break
			}
			n := min(block, p.Size-next)
			if err := p.Read(buffer[:n], next); err != nil {
				return err
			}
			if !bytes.Equal(buffer[:n], zeros[:n]) {
				if _, err := to.WriteAt(buffer[:n], p.At+next); err != nil {
					return err
				}
			}
			off = next + n
			if err := show(p.At + off); err != nil {
				return err
			}
		}
	}
	return show(total)
}

// DataFrom is where the next data of a part is. The file system tells holes on
// Linux; elsewhere everything is taken for data.
func (p Part) DataFrom(off int64) int64 {
	const seekData = 3
	if p.grains != nil || runtime.GOOS != "linux" {
		return off
	}
	next, err := p.File.Seek(off, seekData)
	switch {
	case err == nil:
		return next
	case errors.Is(err, syscall.ENXIO): // a hole until the end
		return p.Size
	}
	return off
}

// Read reads from a part; what was never written is zero.
func (p Part) Read(into []byte, off int64) error {
	if p.grains != nil {
		return p.grains.read(p.File, into, off)
	}
	n, err := p.File.ReadAt(into, off)
	if errors.Is(err, io.EOF) { // an extent that was never written to its end
		clear(into[n:])
		return nil
	}
	return err
}

// A grainTable says where the data of a monolithicSparse extent is.
type grainTable struct {
	grain   int64    // bytes
	sectors []uint32 // of each grain; 0 and 1: zeros
}

// The header of a sparse extent, as VMware's format has it.
type sparseHeader struct {
	Magic, Version, Flags                              uint32
	Capacity, GrainSize, DescriptorOffset, DescriptorN uint64
	TableEntries                                       uint32
	RedundantDirectory, Directory, Overhead            uint64
}

func readGrains(f *os.File) (*grainTable, error) {
	var h sparseHeader
	if err := binary.Read(io.NewSectionReader(f, 0, SectorSize), binary.LittleEndian, &h); err != nil {
		return nil, err
	}
	if h.GrainSize == 0 || h.TableEntries == 0 || h.Capacity > MaxCapacity/SectorSize {
		return nil, ErrNoDisk
	}
	grains := (h.Capacity + h.GrainSize - 1) / h.GrainSize
	tables := (grains + uint64(h.TableEntries) - 1) / uint64(h.TableEntries)
	directory, err := readUint32s(f, int64(h.Directory)*SectorSize, int(tables))
	if err != nil {
		return nil, err
	}
	t := &grainTable{grain: int64(h.GrainSize) * SectorSize}
	for _, at := range directory {
		table := make([]uint32, h.TableEntries)
		if at != 0 {
			if table, err = readUint32s(f, int64(at)*SectorSize, int(h.TableEntries)); err != nil {
				return nil, err
			}
		}
		t.sectors = append(t.sectors, table...)
	}
	return t, nil
}

func readUint32s(f *os.File, off int64, n int) ([]uint32, error) {
	list := make([]uint32, n)
	return list, binary.Read(io.NewSectionReader(f, off, int64(n)*4), binary.LittleEndian, list)
}

func (t *grainTable) read(f *os.File, into []byte, off int64) error {
	for len(into) > 0 {
		within := off % t.grain
		n := min(t.grain-within, int64(len(into)))
		sector := t.sectors[off/t.grain]
		if sector <= 1 {
			clear(into[:n])
		} else if _, err := f.ReadAt(into[:n], int64(sector)*SectorSize+within); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		into, off = into[n:], off+n
	}
	return nil
}
