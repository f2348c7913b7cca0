// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

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

// A dataPart is an extent of a disk that is read: where its data begins on the
// disk, and how it is read.
type dataPart struct {
	file   *os.File
	at     int64 // on the disk
	size   int64
	grains *grainTable // nil: the file's bytes are the disk's
}

// openData opens the data of a base disk of any kind that CopyVirtualDisk takes.
func openData(file string, d *descriptor) ([]dataPart, func(), error) {
	var parts []dataPart
	closeAll := func() {
		for _, p := range parts {
			_ = p.file.Close()
		}
	}
	var at int64
	for _, e := range d.extents {
		name := file
		if e.file != "" {
			name = filepath.Join(filepath.Dir(file), filepath.Base(e.file))
		}
		f, err := os.Open(name)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		p := dataPart{file: f, at: at, size: e.sectors * sectorSize}
		if e.kind == "SPARSE" {
			p.grains, err = readGrains(f)
		}
		parts = append(parts, p)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		at += p.size
	}
	return parts, closeAll, nil
}

const block = 1 << 20

// copyData writes the data of a disk into a file, and leaves holes where there
// are only zeros. The function hears how far it is, and may end it.
func copyData(to *os.File, parts []dataPart, total int64, show func(done int64) error) error {
	buffer := make([]byte, block)
	zeros := make([]byte, block)
	for _, p := range parts {
		for off := int64(0); off < p.size; {
			next := p.dataFrom(off)
			if next >= p.size {
				break
			}
			n := min(block, p.size-next)
			if err := p.read(buffer[:n], next); err != nil {
				return err
			}
			if !bytes.Equal(buffer[:n], zeros[:n]) {
				if _, err := to.WriteAt(buffer[:n], p.at+next); err != nil {
					return err
				}
			}
			off = next + n
			if err := show(p.at + off); err != nil {
				return err
			}
		}
	}
	return show(total)
}

// dataFrom is where the next data of a part is. The file system tells holes on
// Linux; elsewhere everything is taken for data.
func (p dataPart) dataFrom(off int64) int64 {
	const seekData = 3
	if p.grains != nil || runtime.GOOS != "linux" {
		return off
	}
	next, err := p.file.Seek(off, seekData)
	switch {
	case err == nil:
		return next
	case errors.Is(err, syscall.ENXIO): // a hole until the end
		return p.size
	}
	return off
}

func (p dataPart) read(into []byte, off int64) error {
	if p.grains != nil {
		return p.grains.read(p.file, into, off)
	}
	n, err := p.file.ReadAt(into, off)
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
	if err := binary.Read(io.NewSectionReader(f, 0, sectorSize), binary.LittleEndian, &h); err != nil {
		return nil, err
	}
	if h.GrainSize == 0 || h.TableEntries == 0 || h.Capacity > maxDisk/sectorSize {
		return nil, errNoDisk
	}
	grains := (h.Capacity + h.GrainSize - 1) / h.GrainSize
	tables := (grains + uint64(h.TableEntries) - 1) / uint64(h.TableEntries)
	directory, err := readUint32s(f, int64(h.Directory)*sectorSize, int(tables))
	if err != nil {
		return nil, err
	}
	t := &grainTable{grain: int64(h.GrainSize) * sectorSize}
	for _, at := range directory {
		table := make([]uint32, h.TableEntries)
		if at != 0 {
			if table, err = readUint32s(f, int64(at)*sectorSize, int(h.TableEntries)); err != nil {
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
		} else if _, err := f.ReadAt(into[:n], int64(sector)*sectorSize+within); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		into, off = into[n:], off+n
	}
	return nil
}
