// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"net/http"
	"slices"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	privilegeBrowse = "Datastore.Browse"
	privilegeFiles  = "Datastore.FileManagement"
)

// privileges are what accounts lack; without an entry an account may do everything.
type privileges struct {
	mutex   sync.Mutex
	missing map[string][]string // by user
}

// denial is what the control endpoint is told: the privileges that a user lacks.
type denial struct {
	User    string   `json:"user"`
	Missing []string `json:"missing"`
}

func (p *privileges) set(d denial) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.missing[d.User] = d.Missing
}

func (p *privileges) lacks(user, privilege string) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Contains(p.missing[user], privilege)
}

// neededBy is the privilege that a call on datastores needs, or "".
func neededBy(m *simulator.Method) string {
	switch m.This.Type {
	case "FileManager", "VirtualDiskManager":
		return privilegeFiles
	case "HostDatastoreBrowser":
		return privilegeBrowse
	}
	return ""
}

// denied is the fault of a call for which the account lacks the privilege.
func (s *server) denied(ctx *simulator.Context, m *simulator.Method) types.BaseMethodFault {
	privilege := neededBy(m)
	if privilege == "" || m.Name == "Fetch" || !s.privileges.lacks(ctx.Session.UserName, privilege) {
		return nil
	}
	var object mo.Reference = m.This
	if len(s.volumes) > 0 {
		object = s.volumes[0].ref
	}
	ref := object.Reference()
	return &types.NoPermission{Object: &ref, PrivilegeId: privilege}
}

// mayUseFolder tells whether the account of a request may do with files what it
// wants: for /folder a host answers 401 otherwise, as if there was no session.
func (f *front) mayUseFolder(r *http.Request) bool {
	user, _, _ := r.BasicAuth()
	key := f.s.sessions.keyOf(r)
	for _, open := range f.s.sessions.list() {
		if open.Key == key {
			user = open.UserName
		}
	}
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	return !f.s.privileges.lacks(user, privilegeBrowse) && (reading || !f.s.privileges.lacks(user, privilegeFiles))
}
