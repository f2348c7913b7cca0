// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// act is a change of a domain by another client:
//
//	set:      entries of its VMX file; with an empty value they go. The host reads the file again.
//	vmx:      its VMX file becomes this text, and the host does not notice.
//	task:     a method without parameters is started: "PowerOnVM_Task", "ShutdownGuest" ...
//	question: a question without a task comes up: "append" ...
type act struct {
	Domain   string            `json:"domain"` // its name or id
	Set      map[string]string `json:"set"`
	VMX      string            `json:"vmx"`
	Task     string            `json:"task"`
	Question string            `json:"question"`
}

// domainNamed finds a domain by its name or id.
func (s *server) domainNamed(name string) *domain {
	for _, e := range s.registry.All("VirtualMachine") {
		if vm, ok := e.(*simulator.VirtualMachine); ok && (vm.Name == name || vm.Self.Value == name) {
			return &domain{vm, s}
		}
	}
	return nil
}

// editVMX changes entries of a domain's VMX file and has the host read it.
func (d *domain) editVMX(ctx *simulator.Context, set map[string]string) error {
	file, fault := d.s.localFile(d.Config.Files.VmPathName)
	if fault != nil {
		return errorOf(fault)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	f, err := vmx.Parse(string(text))
	if err != nil {
		return err
	}
	for key, value := range set {
		set[key] = strings.ReplaceAll(value, `"`, "|22")
	}
	f.Edit(set)
	if err := d.s.replaceFile(file, []byte(f.String())); err != nil {
		return err
	}
	return d.reloadNow(ctx)
}

func errorOf(fault types.BaseMethodFault) error { return errors.New(apifault.Text(fault)) }

// reloadNow is Reload without a client.
func (d *domain) reloadNow(ctx *simulator.Context) error {
	var fault error
	ctx.WithLock(d.VirtualMachine, func() {
		if f := d.Reload(ctx, &types.Reload{This: d.Self}).Fault(); f != nil {
			fault = errors.New(f.String)
		}
	})
	return fault
}

// perform carries out an act.
func (s *server) perform(a act) (any, error) {
	d := s.domainNamed(a.Domain)
	if d == nil {
		return nil, fmt.Errorf("there is no domain %q", a.Domain)
	}
	own := *s.context
	ctx := &own
	switch {
	case len(a.Set) > 0:
		return map[string]bool{"ok": true}, d.editVMX(ctx, a.Set)
	case a.VMX != "":
		file, fault := s.localFile(d.Config.Files.VmPathName)
		if fault != nil {
			return nil, errorOf(fault)
		}
		return map[string]bool{"ok": true}, s.replaceFile(file, []byte(a.VMX))
	case a.Task != "":
		return d.call(ctx, a.Task)
	case a.Question != "":
		return d.raise(ctx, a.Question)
	}
	return nil, errors.New("what shall be done? one of set, vmx, task, question")
}

// call calls a method that needs no parameters and does not wait for it.
func (d *domain) call(ctx *simulator.Context, name string) (any, error) {
	kind, known := types.TypeFunc()(name)
	method := reflect.ValueOf(d).MethodByName(strings.Replace(name, "_Task", "Task", 1))
	if !known || !method.IsValid() || method.Type().NumIn() != 2 {
		return nil, fmt.Errorf("a domain has no method %q", name)
	}
	var body soap.HasFault
	ctx.WithLock(d.VirtualMachine, func() {
		out := method.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.New(kind)})
		body = out[0].Interface().(soap.HasFault)
	})
	if f := body.Fault(); f != nil {
		return nil, errors.New(f.String)
	}
	return map[string]bool{"ok": true}, nil
}

// raise shows a question that no task waits for.
func (d *domain) raise(ctx *simulator.Context, text string) (any, error) {
	spec, ok := parseQuestion(text)
	if !ok {
		return nil, fmt.Errorf("there is no kind of question %q", text)
	}
	id := strconv.Itoa(int(d.s.pending.count.Add(1)))
	p := &pending{info: spec.kind.info(id, d.Name), answer: make(chan string, 1)}
	d.s.pending.put(p, d.Self)
	ctx.WithLock(d.VirtualMachine, func() { d.showQuestion(ctx, p.info) })
	return map[string]string{"question": id}, nil
}

// datastoreAct is what happens to a datastore without a client of ours:
//
//	free:        this many bytes are free, because of files that are not visible here
//	accessible:  the hosts reach it, or not
//	maintenance: summary.maintenanceMode: normal, enteringMaintenance, inMaintenance
//	disk:        another host makes a thin disk of 1 GiB unless it is there, by its path in the datastore, and its directory
//	file:        another host makes an empty file unless it is there, and its directory
//	lock:        a file that another host holds, by its path in the datastore; unlock ends that
type datastoreAct struct {
	Datastore   string `json:"datastore"`
	Free        *int64 `json:"free"`
	Accessible  *bool  `json:"accessible"`
	Maintenance string `json:"maintenance"`
	Disk        string `json:"disk"`
	File        string `json:"file"`
	Lock        string `json:"lock"`
	Unlock      string `json:"unlock"`
}

func (s *server) changeDatastore(a datastoreAct) error {
	v := s.volumeNamed(a.Datastore)
	if v == nil {
		return fmt.Errorf("there is no datastore %q", a.Datastore)
	}
	own := *s.context
	if a.Free != nil {
		v.space.mutex.Lock()
		v.space.capacity = v.space.used + *a.Free
		v.space.mutex.Unlock()
		s.showSpace(&own, v)
	}
	var changes []types.PropertyChange
	if a.Accessible != nil {
		changes = append(changes, types.PropertyChange{Name: "summary.accessible", Val: *a.Accessible})
	}
	if a.Maintenance != "" {
		changes = append(changes, types.PropertyChange{Name: "summary.maintenanceMode", Val: a.Maintenance})
	}
	if ds := s.registry.Get(v.ref); len(changes) > 0 {
		own.WithLock(ds, func() { own.Update(ds, changes) })
	}
	if name := cmp.Or(a.Disk, a.File); name != "" {
		file := filepath.Join(v.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil || exists(file) {
			return err
		}
		if a.Disk == "" {
			return os.WriteFile(file, nil, 0o600)
		}
		return vmdk.Create(file, 1<<30, "thin", "lsilogic")
	}
	if a.Lock != "" {
		s.locks.Lock(filepath.Join(v.dir, a.Lock))
	}
	if a.Unlock != "" {
		s.locks.Unlock(filepath.Join(v.dir, a.Unlock))
	}
	return nil
}
