// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"os"
	"sync"
)

// An entry of the trace is one SOAP call or one request for a file. It has no
// values of parameters, hence no password.
type entry struct {
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

// trace keeps the entries since its last reset, and writes them to a file, too.
type trace struct {
	mutex   sync.Mutex
	entries []entry
	count   int
	file    *os.File // nil: none
}

func (t *trace) add(e entry) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.count++
	e.Number = t.count
	t.entries = append(t.entries, e)
	if t.file != nil {
		line, _ := json.Marshal(e)
		_, _ = t.file.Write(append(line, '\n'))
	}
}

// read returns the entries, and forgets them if asked to.
func (t *trace) read(reset bool) []entry {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	list := append([]entry{}, t.entries...)
	if reset {
		t.entries = nil
	}
	return list
}
