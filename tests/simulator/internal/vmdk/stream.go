// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmdk

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The format of streamOptimized disks: a header with a descriptor, then grains of
// 64 KiB, each compressed and behind a marker, and the tables that find them.
const (
	streamFlags   = 1<<17 | 1<<16 | 1 // markers, compressed grains, line ends are checked
	grainSectors  = 128
	grainBytes    = grainSectors * SectorSize
	tableEntries  = 512
	streamStart   = 128 // sectors before the first marker
	atEnd         = ^uint64(0)
	maxHead       = 64 << 20
	markerEnd     = 0
	markerTable   = 1
	markerGrainDi = 2
	markerFooter  = 3
)

var errNoStream = errors.New("not a streamOptimized disk")

// DecodeStream writes the data of a streamOptimized disk to where it belongs. It
// returns the disk's capacity, and how much of it there was in the stream. A
// stream that ends early is an error.
func DecodeStream(r io.Reader, w io.WriterAt) (capacity, populated int64, err error) {
	h, front, err := readFront(r)
	if err != nil {
		return 0, 0, err
	}
	capacity = int64(h.Capacity) * SectorSize
	sector := make([]byte, SectorSize)
	for grains := 0; ; {
		n, err := io.ReadFull(r, sector)
		if errors.Is(err, io.EOF) && n == 0 && h.Directory != atEnd && grains >= countGrains(front, h) {
			return capacity, populated, nil // the tables at the front say that this is all
		}
		if err != nil {
			return capacity, populated, io.ErrUnexpectedEOF
		}
		size := binary.LittleEndian.Uint32(sector[8:])
		if size == 0 {
			if ended, err := skipTable(r, sector); ended || err != nil {
				return capacity, populated, err
			}
			continue
		}
		n, err = decodeGrain(r, w, sector, size, capacity)
		if err != nil {
			return capacity, populated, err
		}
		grains, populated = grains+1, populated+int64(n)
	}
}

// readFront reads what is before the first marker.
func readFront(r io.Reader) (h sparseHeader, front []byte, err error) {
	sector := make([]byte, SectorSize)
	if _, err := io.ReadFull(r, sector); err != nil {
		return h, nil, errNoStream
	}
	if err := binary.Read(bytes.NewReader(sector), binary.LittleEndian, &h); err != nil {
		return h, nil, err
	}
	const both = 1<<17 | 1<<16
	if !bytes.HasPrefix(sector, []byte("KDMV")) || h.Flags&both != both || h.GrainSize == 0 || h.TableEntries == 0 ||
		h.Capacity > MaxCapacity/SectorSize || h.Overhead > maxHead/SectorSize {
		return h, nil, errNoStream
	}
	front = make([]byte, max(int64(h.Overhead), 1)*SectorSize)
	copy(front, sector)
	if _, err := io.ReadFull(r, front[SectorSize:]); err != nil {
		return h, nil, io.ErrUnexpectedEOF
	}
	return h, front, nil
}

// skipTable skips what a marker that is no grain's announces, and tells whether
// it was the end.
func skipTable(r io.Reader, marker []byte) (ended bool, err error) {
	if binary.LittleEndian.Uint32(marker[12:]) == markerEnd {
		return true, nil
	}
	skip := int64(binary.LittleEndian.Uint64(marker)) * SectorSize
	if skip < 0 || skip > maxHead {
		return false, errNoStream
	}
	if _, err := io.CopyN(io.Discard, r, skip); err != nil {
		return false, io.ErrUnexpectedEOF
	}
	return false, nil
}

// decodeGrain reads the rest of a grain, whose first sector is known, and writes
// its data.
func decodeGrain(r io.Reader, w io.WriterAt, first []byte, size uint32, capacity int64) (int, error) {
	const head = 12
	if size > 2*grainBytes {
		return 0, errNoStream
	}
	whole := make([]byte, (head+int(size)+SectorSize-1)/SectorSize*SectorSize)
	copy(whole, first)
	if _, err := io.ReadFull(r, whole[SectorSize:]); err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	z, err := zlib.NewReader(bytes.NewReader(whole[head : head+size]))
	if err != nil {
		return 0, err
	}
	data, err := io.ReadAll(io.LimitReader(z, grainBytes+1))
	if err != nil {
		return 0, err
	}
	at := int64(binary.LittleEndian.Uint64(whole)) * SectorSize
	if at < 0 || at >= capacity || len(data) > grainBytes {
		return 0, errNoStream
	}
	data = data[:min(int64(len(data)), capacity-at)]
	_, err = w.WriteAt(data, at)
	return len(data), err
}

// countGrains is how many grains the tables at the front of a stream name.
func countGrains(front []byte, h sparseHeader) (n int) {
	read := func(sector uint64, i int) uint32 {
		if at := int(sector)*SectorSize + 4*i; sector < uint64(len(front)) && at+4 <= len(front) {
			return binary.LittleEndian.Uint32(front[at:])
		}
		return 0
	}
	grains := (h.Capacity + h.GrainSize - 1) / h.GrainSize
	tables := int((grains + uint64(h.TableEntries) - 1) / uint64(h.TableEntries))
	for t := range tables {
		table := read(h.Directory, t)
		for i := range int(h.TableEntries) {
			if table != 0 && read(uint64(table), i) > 1 {
				n++
			}
		}
	}
	return n
}

// A streamWriter writes a streamOptimized disk without going back.
type streamWriter struct {
	w         io.Writer
	sectors   uint64 // written so far
	table     [tableEntries]uint32
	used      bool
	directory []uint32
}

// EncodeStream writes a disk as a stream; what is zero is left out, and holes are
// not read. It returns how much of the disk is in the stream.
func EncodeStream(w io.Writer, capacity int64, read func(into []byte, off int64) error,
	dataFrom func(off int64) int64) (populated int64, err error) {
	s := &streamWriter{w: w}
	header := streamHeader(capacity, atEnd)
	text := fmt.Sprintf("# Disk DescriptorFile\nversion=1\nCID=%08x\nparentCID=ffffffff\ncreateType=\"streamOptimized\"\n\n"+
		"RDONLY %d SPARSE \"disk.vmdk\"\n\nddb.adapterType = \"lsilogic\"\n", newCID(), capacity/SectorSize)
	if err := s.write(append(header, text...), streamStart); err != nil {
		return 0, err
	}
	grain, zeros := make([]byte, grainBytes), make([]byte, grainBytes)
	count, next := int((capacity+grainBytes-1)/grainBytes), int64(0)
	for i := range count {
		at := int64(i) * grainBytes
		data := grain[:min(grainBytes, capacity-at)]
		if next < at {
			next = dataFrom(at)
		}
		if next < at+int64(len(data)) {
			if err := read(data, at); err != nil {
				return populated, err
			}
			if !bytes.Equal(data, zeros[:len(data)]) {
				if err := s.grain(i, data); err != nil {
					return populated, err
				}
				populated += int64(len(data))
			}
		}
		if (i+1)%tableEntries == 0 || i+1 == count {
			if err := s.endTable(); err != nil {
				return populated, err
			}
		}
	}
	return populated, s.end(capacity)
}

// streamHeader is the header, or with the place of the directory the footer.
func streamHeader(capacity int64, directory uint64) []byte {
	h := sparseHeader{
		Magic: 0x564d444b, Version: 3, Flags: streamFlags, Capacity: uint64(capacity / SectorSize), GrainSize: grainSectors,
		DescriptorOffset: 1, DescriptorN: streamStart - 1, TableEntries: tableEntries, Directory: directory, Overhead: streamStart}
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, h)
	b.Write([]byte{0, '\n', ' ', '\r', '\n', 1, 0}) // clean, line ends, deflate
	return append(b.Bytes(), make([]byte, SectorSize-b.Len())...)
}

// write writes bytes and fills up to a number of sectors.
func (s *streamWriter) write(data []byte, sectors int) error {
	_, err := s.w.Write(append(data, make([]byte, sectors*SectorSize-len(data))...))
	s.sectors += uint64(sectors)
	return err
}

func (s *streamWriter) grain(number int, data []byte) error {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, uint64(number)*grainSectors)
	_ = binary.Write(&b, binary.LittleEndian, uint32(0))
	z, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	_, _ = z.Write(data)
	_ = z.Close()
	binary.LittleEndian.PutUint32(b.Bytes()[8:], uint32(b.Len()-12))
	s.table[number%tableEntries], s.used = uint32(s.sectors), true
	return s.write(b.Bytes(), (b.Len()+SectorSize-1)/SectorSize)
}

func (s *streamWriter) marker(kind uint32, sectors int) error {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, uint64(sectors))
	_ = binary.Write(&b, binary.LittleEndian, []uint32{0, kind})
	return s.write(b.Bytes(), 1)
}

func (s *streamWriter) endTable() error {
	if !s.used {
		s.directory = append(s.directory, 0)
		return nil
	}
	err := s.list(markerTable, s.table[:])
	s.directory = append(s.directory, uint32(s.sectors)-tableEntries*4/SectorSize)
	s.table, s.used = [tableEntries]uint32{}, false
	return err
}

// list writes numbers behind a marker.
func (s *streamWriter) list(kind uint32, numbers []uint32) error {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, numbers)
	sectors := (b.Len() + SectorSize - 1) / SectorSize
	return errors.Join(s.marker(kind, sectors), s.write(b.Bytes(), sectors))
}

func (s *streamWriter) end(capacity int64) error {
	directory := s.sectors + 1
	return errors.Join(s.list(markerGrainDi, s.directory), s.marker(markerFooter, 1),
		s.write(streamHeader(capacity, directory), 1), s.marker(markerEnd, 0))
}
