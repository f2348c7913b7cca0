// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package filelocks knows which files running domains hold.
package filelocks

import (
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"
)

// A Mode is how a running domain holds a file.
type Mode int

const (
	Read   Mode = iota + 1 // others may read: an ISO image, the parent of a delta, a descriptor
	Shared                 // others may write, too, if they all share it
	Write                  // no other domain may even read
)

// Locks are the files that running domains hold. They have a mutex of their
// own, so that no domain needs the lock of another to look at them.
type Locks struct {
	mutex sync.Mutex
	held  map[types.ManagedObjectReference]map[string]Mode // by domain, then by file here
	other map[string]bool                                  // files that a test has locked
}

// Set replaces what a domain holds.
func (l *Locks) Set(domain types.ManagedObjectReference, files map[string]Mode) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(files) == 0 {
		delete(l.held, domain)
		return
	}
	if l.held == nil {
		l.held = map[types.ManagedObjectReference]map[string]Mode{}
	}
	l.held[domain] = files
}

// Lock locks a file as another host would.
func (l *Locks) Lock(file string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.other == nil {
		l.other = map[string]bool{}
	}
	l.other[file] = true
}

// Unlock takes back what Lock has done.
func (l *Locks) Unlock(file string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.other, file)
}

// Refuses tells whether a domain (or none: the zero reference) cannot open a
// file so, because of another domain.
func (l *Locks) Refuses(domain types.ManagedObjectReference, file string, wanted Mode) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.other[file] {
		return true
	}
	for holder, files := range l.held {
		have := files[file]
		if holder == domain || have == 0 || have == Read && wanted == Read || have == Shared && wanted == Shared {
			continue
		}
		return true
	}
	return false
}

// Below tells whether a file is held, or one in the directory of that name.
func (l *Locks) Below(file string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	within := func(name string) bool { return name == file || strings.HasPrefix(name, file+"/") }
	for name := range l.other {
		if within(name) {
			return true
		}
	}
	for _, files := range l.held {
		for name := range files {
			if within(name) {
				return true
			}
		}
	}
	return false
}
