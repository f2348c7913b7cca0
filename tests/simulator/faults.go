// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"reflect"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// A rule makes calls fail. What it leaves out matches everything.
type rule struct {
	Method string `json:"method"` // of SOAP, or of HTTP for files
	Type   string `json:"type"`   // of the object; "folder" for requests of plain HTTP
	Name   string `json:"name"`   // of the object, its id, or the path of a URL; * and ? are allowed

	Skip  int `json:"skip"`  // so many matching calls go well before the first that fails
	Count int `json:"count"` // so many fail; 0: all
	Delay int `json:"delay"` // milliseconds before the call, also without a fault

	Fault      string          `json:"fault"`      // name of a fault of the API, as "RestrictedVersion"
	Properties json.RawMessage `json:"properties"` // of the fault, as {"invalidProperty": "x"}
	Message    string          `json:"message"`    // beside the fault; default: what a host says
	In         string          `json:"in"`         // "call" (default), or "task": the task fails
	HTTP       int             `json:"http"`       // answer with this status of HTTP
	Drop       string          `json:"drop"`       // "before" or "after" the call, the connection goes

	seen int
}

// stage is where a rule can act.
type stage int

const (
	inHTTP stage = iota
	inCall
	inTask
)

func (r *rule) stage() stage {
	switch {
	case r.In == "task":
		return inTask
	case r.Fault != "":
		return inCall
	}
	return inHTTP
}

// A call is what a rule is compared with.
type call struct {
	method, kind, object, name string
	paths                      []string
}

func (r *rule) matches(c call) bool {
	like := func(pattern, text string) bool {
		ok, _ := path.Match(pattern, text)
		return ok || pattern == text
	}
	return (r.Method == "" || r.Method == "*" || like(r.Method, c.method)) &&
		(r.Type == "" || r.Type == "*" || r.Type == c.kind) &&
		(r.Name == "" || r.Name == "*" || like(r.Name, c.object) || like(r.Name, c.name))
}

// faults are the rules that hold.
type faults struct {
	mutex sync.Mutex
	rules []*rule
}

// add checks a rule and adds it.
func (f *faults) add(r *rule) error {
	if r.Fault != "" {
		if _, err := r.fault(call{}); err != nil {
			return err
		}
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.rules = append(f.rules, r)
	return nil
}

func (f *faults) clear() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.rules = nil
}

// take is the first rule for a call at a stage that is not used up, or nil.
func (f *faults) take(c call, at stage) *rule {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, r := range f.rules {
		if r.stage() != at || !r.matches(c) {
			continue
		}
		r.seen++
		if r.seen > r.Skip && (r.Count == 0 || r.seen <= r.Skip+r.Count) {
			return r
		}
	}
	return nil
}

// fault makes the fault of a rule. Some Go types have "Fault" behind the name.
func (r *rule) fault(c call) (types.BaseMethodFault, error) {
	for _, name := range []string{r.Fault, r.Fault + "Fault"} {
		kind, ok := types.TypeFunc()(name)
		if !ok {
			continue
		}
		f, ok := reflect.New(kind).Interface().(types.BaseMethodFault)
		if !ok {
			continue
		}
		if no, ok := f.(*types.NotAuthenticated); ok {
			no.PrivilegeId = "System.View"
		}
		if no, ok := f.(*types.NoPermission); ok {
			no.PrivilegeId = "System.Modify"
		}
		if len(r.Properties) > 0 {
			if err := types.NewJSONDecoder(bytes.NewReader(r.Properties)).Decode(f); err != nil {
				return nil, fmt.Errorf("properties of %s: %w", r.Fault, err)
			}
		}
		object := types.ManagedObjectReference{Type: c.kind, Value: c.object}
		if no, ok := f.(types.BaseNoPermission); ok && no.GetNoPermission().Object == nil {
			no.GetNoPermission().Object = &object
		}
		complete(f, object)
		return withMessage(f, r.Message), nil
	}
	return nil, fmt.Errorf("the API has no fault %q", r.Fault)
}

func (r *rule) pause() { time.Sleep(time.Duration(r.Delay) * time.Millisecond) }

// instead answers in place of the call, if the rule says so.
func (r *rule) instead(c *counter, req *http.Request) bool {
	if r == nil {
		return false
	}
	r.pause()
	switch {
	case r.Drop == "before":
		c.status = 0
		return true
	case r.HTTP != 0:
		http.Error(c, http.StatusText(r.HTTP), r.HTTP)
		return true
	}
	if r.drops() {
		c.status = 0
	}
	return false
}

// drops tells whether the answer must not be sent.
func (r *rule) drops() bool { return r != nil && r.Drop != "" }

// after closes the connection, if the rule says so.
func (r *rule) after(w http.ResponseWriter) {
	if !r.drops() {
		return
	}
	if h, ok := w.(http.Hijacker); ok {
		if connection, _, err := h.Hijack(); err == nil {
			_ = connection.Close()
		}
	}
}

// injected is the fault of a rule for a call that is about to reach its object.
func (s *server) injected(m *simulator.Method) types.BaseMethodFault {
	return s.injectedInto(call{method: m.Name, kind: m.This.Type, object: m.This.Value, name: s.nameOf(m.This)}, inCall)
}

func (s *server) injectedInto(c call, at stage) types.BaseMethodFault {
	r := s.faults.take(c, at)
	if r == nil {
		return nil
	}
	r.pause()
	if r.Fault == "" {
		return nil
	}
	f, err := r.fault(c)
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
