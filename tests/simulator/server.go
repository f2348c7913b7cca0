// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apiversion"
	"esx-simulator/internal/filelocks"
	"esx-simulator/internal/flags"
	"esx-simulator/internal/rules"
	"esx-simulator/internal/trace"
)

// A server is one simulated ESX host or vCenter.
type server struct {
	options  flags.Options
	version  apiversion.Version
	service  *simulator.Service
	registry *simulator.Registry
	context  *simulator.Context
	model    *simulator.Model

	dir        string // the files of the datastores
	volumes    []volume
	byHost     map[string]http.Handler
	views      []*hostView
	sessions   *sessions
	pending    pendingTasks
	faults     rules.List
	locks      filelocks.Locks
	privileges privileges
	trace      trace.Log
	calls      atomic.Int32 // that are under way
	memory     memoryUse
	waking     sync.Map   // domains whose tools are due
	adding     sync.Mutex // one domain is added at a time
	saving     sync.Map   // domains whose VMX file is being read
	networks   networkUse
	ports      atomic.Int32 // of distributed switches, so far
	feed       feed
	outages    outages
	leases     leases
}

// newServer makes the inventory that the options ask for.
func newServer(o flags.Options) (*server, error) {
	version, err := apiversion.Named(o.Version)
	if err != nil {
		return nil, err
	}
	s := &server{
		options: o, version: version, byHost: map[string]http.Handler{},
		pending:    pendingTasks{tasks: map[types.ManagedObjectReference]*pending{}},
		privileges: privileges{missing: map[string][]string{}},
		memory:     memoryUse{counted: map[types.ManagedObjectReference]memoryShare{}},
	}
	if err := s.forward(o.ByHost); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "esx-simulator-"); err != nil {
		return nil, err
	}
	if s.dir, err = filepath.EvalSymlinks(s.dir); err != nil {
		return nil, err
	}
	if err := s.build(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// content is what the server says of its managers.
func (s *server) content() types.ServiceContent {
	return s.registry.Get(vim25.ServiceInstance).(*simulator.ServiceInstance).Content
}

// remove deletes what the server has on disk.
func (s *server) remove() {
	if s.model != nil && s.model.Service != nil {
		s.model.Remove()
	}
	_ = os.RemoveAll(s.dir)
	if s.options.CertificateFile != "" {
		_ = os.Remove(s.options.CertificateFile)
	}
}

// handler is what clients of one listener talk to; view is nil for the server
// itself, or the host that a vCenter's second listener plays.
func (s *server) handler(view *hostView) http.Handler { return &front{s: s, view: view} }
