// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package rules makes calls fail for tests.
package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
)

// A Rule makes calls fail. A field that it leaves out matches everything.
type Rule struct {
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

	seen    int
	delayed atomic.Int32
	cleared chan struct{} // is closed when the rule is removed
}

// A Stage is where a rule can act: before the call is decoded, when it reaches its
// object, or in the task that it has started.
type Stage int

// The stages, in the order in which a call passes them.
const (
	InHTTP Stage = iota
	InCall
	InTask
)

func (r *Rule) stage() Stage {
	switch {
	case r.In == "task":
		return InTask
	case r.Fault != "":
		return InCall
	}
	return InHTTP
}

// A Call is what a rule is compared with.
type Call struct {
	Method, Kind, Object, Name string
	Paths                      []string
}

func (r *Rule) matches(c Call) bool {
	like := func(pattern, text string) bool {
		ok, _ := path.Match(pattern, text)
		return ok || pattern == text
	}
	return (r.Method == "" || r.Method == "*" || like(r.Method, c.Method)) &&
		(r.Type == "" || r.Type == "*" || r.Type == c.Kind) &&
		(r.Name == "" || r.Name == "*" || like(r.Name, c.Object) || like(r.Name, c.Name))
}

// List are the rules that hold.
type List struct {
	mutex sync.Mutex
	rules []*Rule
}

// Add checks a rule and adds it.
func (f *List) Add(r *Rule) error {
	if r.Fault != "" {
		if _, err := r.Make(Call{}); err != nil {
			return err
		}
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	r.cleared = make(chan struct{})
	f.rules = append(f.rules, r)
	return nil
}

// Clear removes all rules, and ends their delays.
func (f *List) Clear() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, r := range f.rules {
		close(r.cleared)
	}
	f.rules = nil
}

// Delayed is the number of calls and tasks that the rules delay now.
func (f *List) Delayed() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	sum := 0
	for _, r := range f.rules {
		sum += int(r.delayed.Load())
	}
	return sum
}

// Take is the first rule for a call at a stage that is not used up, or nil.
func (f *List) Take(c Call, at Stage) *Rule {
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

// Fault makes the fault of a rule. Some Go types have "Fault" behind the name.
func (r *Rule) Make(c Call) (types.BaseMethodFault, error) {
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
		object := types.ManagedObjectReference{Type: c.Kind, Value: c.Object}
		if no, ok := f.(types.BaseNoPermission); ok && no.GetNoPermission().Object == nil {
			no.GetNoPermission().Object = &object
		}
		apifault.Complete(f, object)
		return apifault.WithMessage(f, r.Message), nil
	}
	return nil, fmt.Errorf("the API has no fault %q", r.Fault)
}

// Pause waits as long as the rule says, or until it is removed.
func (r *Rule) Pause() {
	r.delayed.Add(1)
	defer r.delayed.Add(-1)
	select {
	case <-time.After(time.Duration(r.Delay) * time.Millisecond):
	case <-r.cleared:
	}
}

// Drops tells whether the answer must not be sent.
func (r *Rule) Drops() bool { return r != nil && r.Drop != "" }
