// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/rules"
)

// control is the endpoint for tests, without a session:
//
//	POST   /_simulator/faults    a rule (see rule) is added
//	DELETE /_simulator/faults    all rules go, and their delays end; with ?after=MS, later
//	GET    /_simulator/activity  how many calls and tasks are under way
//	GET    /_simulator/sessions  the open sessions
//	DELETE /_simulator/sessions  all sessions expire
//	GET    /_simulator/trace     the calls so far
//	DELETE /_simulator/trace     the same, and they are forgotten
//	POST   /_simulator/domain    another client changes a domain (see act)
//	POST   /_simulator/host      a host changes (see hostAct)
//	POST   /_simulator/privileges  privileges that a user lacks
//	POST   /_simulator/datastore   a datastore fills up, becomes inaccessible, is locked ...
//	GET    /_simulator/domains   the domains as the simulator knows them
func (s *server) control(w http.ResponseWriter, r *http.Request) {
	var result any = map[string]bool{"ok": true}
	var err error
	switch r.Method + " " + r.URL.Path {
	case "POST /_simulator/faults":
		added := new(rules.Rule)
		if err = decode(r, added); err == nil {
			err = s.faults.Add(added)
		}
	case "DELETE /_simulator/faults":
		s.clearFaults(r.URL.Query().Get("after"))
	case "GET /_simulator/activity":
		result = s.activity()
	case "GET /_simulator/sessions":
		result = s.sessions.describe()
	case "DELETE /_simulator/sessions":
		result = map[string]int{"expired": s.sessions.expire()}
	case "GET /_simulator/trace":
		result = s.trace.Read(false)
	case "DELETE /_simulator/trace":
		result = s.trace.Read(true)
	case "POST /_simulator/domain":
		var done act
		if err = decode(r, &done); err == nil {
			result, err = s.perform(done)
		}
	case "POST /_simulator/host":
		var done hostAct
		if err = decode(r, &done); err == nil {
			err = s.performHost(done)
		}
	case "POST /_simulator/privileges":
		var lacking denial
		if err = decode(r, &lacking); err == nil {
			s.privileges.set(lacking)
		}
	case "POST /_simulator/datastore":
		var change datastoreAct
		if err = decode(r, &change); err == nil {
			err = s.changeDatastore(change)
		}
	case "GET /_simulator/domains":
		result = s.domainsJSON()
	default:
		http.NotFound(w, r)
		return
	}
	answer(w, result, err)
}

// answer sends a result as JSON, or an error as text.
func answer(w http.ResponseWriter, result any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}

func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// clearFaults removes all rules, at once or after so many milliseconds.
func (s *server) clearFaults(after string) {
	if milliseconds, _ := strconv.Atoi(after); milliseconds > 0 {
		time.AfterFunc(time.Duration(milliseconds)*time.Millisecond, s.faults.Clear)
		return
	}
	s.faults.Clear()
}

// activity is how many calls and tasks are under way, and how many of them a rule delays.
func (s *server) activity() map[string]int {
	tasks := 0
	for _, e := range s.registry.AllReference("Task") {
		if t, ok := e.(*simulator.Task); ok {
			own := *s.context // a lock of ours must not be shared with the task's own
			own.WithLock(t, func() {
				if t.Info.CompleteTime == nil {
					tasks++
				}
			})
		}
	}
	return map[string]int{"calls": int(s.calls.Load()), "tasks": tasks, "delayed": s.faults.Delayed()}
}

// domainsJSON are the domains with what a test wants to know of them.
func (s *server) domainsJSON() []map[string]any {
	out := []map[string]any{}
	for _, e := range s.registry.All("VirtualMachine") {
		vm, ok := e.(*simulator.VirtualMachine)
		if !ok || vm.Runtime.Host == nil {
			continue
		}
		own := *s.context
		own.WithLock(vm, func() {
			out = append(out, map[string]any{
				"name": vm.Name, "moid": vm.Self.Value, "uuid": vm.Config.Uuid, "state": vm.Runtime.PowerState,
				"host": s.nameOf(*vm.Runtime.Host), "vmx": vm.Config.Files.VmPathName, "changed": vm.Config.ChangeVersion,
				"question": vm.Runtime.Question != nil, "disks": baseDisks(vm),
			})
		})
	}
	return out
}

// baseDisks are the datastore paths of a domain's disks, without the deltas of snapshots.
func baseDisks(vm *simulator.VirtualMachine) []string {
	list := []string{}
	for _, dev := range vm.Config.Hardware.Device {
		disk, ok := dev.(*types.VirtualDisk)
		if !ok {
			continue
		}
		b, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		if chain := chainOf(b); ok && !strings.HasPrefix(b.FileName, "[]") {
			list = append(list, chain[len(chain)-1])
		}
	}
	return list
}
