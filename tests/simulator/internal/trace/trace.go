// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package trace keeps what clients have called.
package trace

import (
	"encoding/json"
	"os"
	"sync"
)

// An Entry of the trace is one SOAP call or one request for a file. It has no
// values of parameters, hence no password.
type Entry struct {
	Number       int      `json:"number"`
	Connection   int64    `json:"connection"`
	Host         string   `json:"host,omitempty"`   // whose endpoint it is, for a vCenter's hosts
	Method       string   `json:"method"`           // of SOAP, or of HTTP
	Type         string   `json:"type,omitempty"`   // of the managed object
	Object       string   `json:"object,omitempty"` // its id
	Paths        []string `json:"paths,omitempty"`  // properties that a collector is asked for
	Path         string   `json:"path,omitempty"`   // of the URL, for plain HTTP
	Status       int      `json:"status"`           // of HTTP; 0 when the connection was dropped
	In           int64    `json:"in"`               // bytes of the request's body
	Out          int64    `json:"out"`              // bytes of the answer's body
	Milliseconds int64    `json:"milliseconds"`
}

// Log keeps the entries since its last reset, and writes them to a file, too.
type Log struct {
	mutex   sync.Mutex
	entries []Entry
	count   int
	File    *os.File // nil: none
}

// Add numbers an entry, and keeps it.
func (t *Log) Add(e Entry) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.count++
	e.Number = t.count
	t.entries = append(t.entries, e)
	if t.File != nil {
		line, _ := json.Marshal(e)
		_, _ = t.File.Write(append(line, '\n'))
	}
}

// Read returns the entries, and forgets them if asked to.
func (t *Log) Read(reset bool) []Entry {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	list := append([]Entry{}, t.entries...)
	if reset {
		t.entries = nil
	}
	return list
}
