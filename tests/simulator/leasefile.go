// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/apiversion"
	"esx-simulator/internal/vmdk"
)

// A leaseFile is a file of a lease.
type leaseFile struct {
	name, key, importKey string
	path                 string // on a datastore
	disk                 bool
	capacity             int64

	size, populated int64             // of what was transferred
	sums            map[string]string // of it, by their kind
}

// checksums are the kinds that a lease knows.
var checksums = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// A summer counts and sums what is transferred.
type summer struct {
	n    int64
	sums map[string]hash.Hash
}

func newSummer() *summer {
	s := &summer{sums: map[string]hash.Hash{}}
	for kind, make := range checksums {
		s.sums[kind] = make()
	}
	return s
}

func (s *summer) Write(b []byte) (int, error) {
	s.n += int64(len(b))
	for _, sum := range s.sums {
		_, _ = sum.Write(b)
	}
	return len(b), nil
}

// note keeps what was transferred.
func (l *lease) note(f *leaseFile, s *summer, populated int64) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	f.size, f.populated, f.sums = s.n, populated, map[string]string{}
	for kind, sum := range s.sums {
		f.sums[kind] = hex.EncodeToString(sum.Sum(nil))
	}
}

// transfer takes or gives a file. Disks are posted, other files are put.
func (l *lease) transfer(w http.ResponseWriter, r *http.Request, f *leaseFile) {
	wanted := http.MethodPut
	if l.export {
		wanted = http.MethodGet
	} else if f.disk {
		wanted = http.MethodPost
	}
	if r.Method != wanted {
		w.Header().Set("Allow", wanted)
		http.Error(w, "405 Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	if l.export {
		l.give(w, f)
		return
	}
	if r.ContentLength < 0 {
		http.Error(w, "411 Length Required", http.StatusLengthRequired)
		return
	}
	if err := l.take(r, f); err != nil {
		own := *l.s.context
		l.fail(&own, new(types.InvalidDiskFormat))
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// take writes what was sent to where it belongs.
func (l *lease) take(r *http.Request, f *leaseFile) error {
	file, fault := l.s.localFile(f.path)
	if fault != nil {
		return errorOf(fault)
	}
	sum := newSummer()
	body := io.TeeReader(r.Body, sum)
	if !f.disk {
		to, err := os.Create(file)
		if err != nil {
			return err
		}
		n, err := io.Copy(to, body)
		if err == nil && n < r.ContentLength {
			err = io.ErrUnexpectedEOF
		}
		l.note(f, sum, n)
		return firstError(err, to.Close())
	}
	to, err := os.OpenFile(vmdk.ExtentFile(file, "flat"), os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	capacity, populated, err := vmdk.DecodeStream(body, to)
	if err == nil && capacity > f.capacity {
		err = fmt.Errorf("the stream has %d bytes, the disk has %d", capacity, f.capacity)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, body)
	}
	l.note(f, sum, populated)
	return firstError(err, to.Close())
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// give sends a disk as a stream, or a file as it is.
func (l *lease) give(w http.ResponseWriter, f *leaseFile) {
	file, fault := l.s.localFile(f.path)
	if fault != nil {
		http.Error(w, apifault.Text(fault), http.StatusInternalServerError)
		return
	}
	sum := newSummer()
	to := io.MultiWriter(w, sum)
	w.Header().Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
	if !f.disk {
		from, err := os.Open(file)
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		n, err := io.Copy(to, from)
		if firstError(err, from.Close()) == nil {
			l.note(f, sum, n)
		}
		return
	}
	d, err := vmdk.Read(file)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	parts, done, err := vmdk.Open(file, d)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer done()
	populated, err := vmdk.EncodeStream(to, d.Capacity(),
		func(into []byte, off int64) error { return readParts(parts, into, off) },
		func(off int64) int64 { return nextData(parts, off) })
	if err == nil {
		l.note(f, sum, populated)
	}
}

// readParts reads bytes of a disk that may have several extents.
func readParts(parts []vmdk.Part, into []byte, off int64) error {
	for _, p := range parts {
		from := max(off, p.At)
		to := min(off+int64(len(into)), p.At+p.Size)
		if from < to {
			if err := p.Read(into[from-off:to-off], from-p.At); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextData is where the next data of a disk is; behind its end where there is none.
func nextData(parts []vmdk.Part, off int64) int64 {
	for _, p := range parts {
		if off < p.At+p.Size {
			if next := p.DataFrom(max(off-p.At, 0)); next < p.Size {
				return p.At + next
			}
		}
	}
	return 1 << 62
}

// deleteWithDirectory removes a file with what belongs to it, and its directory
// when that is empty then.
func (s *server) deleteWithDirectory(datastorePath string) {
	file, fault := s.localFile(datastorePath)
	if fault != nil {
		return
	}
	for _, name := range vmdk.FilesOf(file) {
		_ = os.Remove(name)
	}
	_ = os.Remove(filepath.Dir(file))
}

// deviceURLs are the URLs of the lease. A host does not know under which name it
// was reached; a vCenter names the host, whose certificate the thumbprint tells.
func (l *lease) deviceURLs(view *hostView) (urls []types.HttpNfcLeaseDeviceUrl) {
	host, folder := "*", "ha-nfc"
	if l.s.options.Kind == "vcenter" && view == nil {
		host, folder = fmt.Sprintf("%s:%d", l.s.listenAddress(), l.s.leases.port), "nfc"
		if h, ok := l.s.registry.Get(*l.vm.Runtime.Host).(*simulator.HostSystem); ok && l.s.viewOf(h) != nil {
			host = l.s.viewOf(h).listenOn(l.s.leases.port)
		}
	}
	scheme := "https"
	if !l.s.options.TLS {
		scheme = "http"
	}
	for _, f := range l.files {
		urls = append(urls, types.HttpNfcLeaseDeviceUrl{
			Key: f.key, ImportKey: f.importKey, TargetId: f.name, Disk: types.NewBool(f.disk), FileSize: f.size,
			Url:            fmt.Sprintf("%s://%s/%s/%s/%s", scheme, host, folder, l.token, f.name),
			SslThumbprint:  thumbprint(l.s.leases.leaf),
			SslCertificate: l.s.certificateText()})
	}
	return urls
}

// thumbprint is the SHA-1 of a certificate, as VMware's clients write it.
func thumbprint(der []byte) string {
	if len(der) == 0 {
		return ""
	}
	sum := sha1.Sum(der)
	var parts []string
	for _, b := range sum {
		parts = append(parts, fmt.Sprintf("%02X", b))
	}
	return strings.Join(parts, ":")
}

// certificateText is the certificate that leases of 9.0 and newer show beside it.
func (s *server) certificateText() string {
	if len(s.leases.leaf) == 0 || apiversion.Newer("9.0", s.version.API) {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.leases.leaf}))
}
