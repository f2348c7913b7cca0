// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"net/http"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/rules"
)

// instead answers in place of the call, if the rule says so.
func instead(r *rules.Rule, c *counter, req *http.Request) bool {
	if r == nil {
		return false
	}
	r.Pause()
	switch {
	case r.Drop == "before":
		c.status = 0
		return true
	case r.HTTP != 0:
		http.Error(c, http.StatusText(r.HTTP), r.HTTP)
		return true
	case r.Drops():
		c.status = 0
	}
	return false
}

// dropConnection closes the connection of a request without an answer.
func dropConnection(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if connection, _, err := h.Hijack(); err == nil {
			_ = connection.Close()
		}
	}
}

// injected is the fault of a rule for a call that is about to reach its object.
func (s *server) injected(m *simulator.Method) types.BaseMethodFault {
	return s.injectedInto(rules.Call{Method: m.Name, Kind: m.This.Type, Object: m.This.Value, Name: s.nameOf(m.This)}, rules.InCall)
}

func (s *server) injectedInto(c rules.Call, at rules.Stage) types.BaseMethodFault {
	r := s.faults.Take(c, at)
	if r == nil {
		return nil
	}
	r.Pause()
	if r.Fault == "" {
		return nil
	}
	f, err := r.Make(c)
	if err != nil {
		return &types.SystemErrorFault{Reason: err.Error()}
	}
	return f
}

// nameOf is the name of an inventory object, or "".
func (s *server) nameOf(ref types.ManagedObjectReference) string {
	if e, ok := s.registry.Get(ref).(mo.Entity); ok {
		return e.Entity().Name
	}
	return ""
}
