// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A lease is the time in which the files of a domain can be sent or fetched.
type lease struct {
	mo.HttpNfcLease
	s      *server
	token  string // in the URLs; whoever has it needs no session
	export bool

	mutex sync.Mutex
	vm    *domain
	files []*leaseFile
	timer *time.Timer
	sums  map[string]string // kinds of checksums, by the files' keys; "": of all
}

// leases are those that there are.
type leases struct {
	mutex   sync.Mutex
	byToken map[string]*lease
	held    map[types.ManagedObjectReference]*lease // by domain
	port    int
	leaf    []byte // the certificate, as DER

	importing sync.Mutex // one domain at a time gets a name and a directory
}

// newLease makes a lease that is not ready yet.
func (s *server) newLease(export bool) *lease {
	token := make([]byte, 16)
	_, _ = rand.Read(token)
	l := &lease{s: s, token: hex.EncodeToString(token), export: export, sums: map[string]string{}}
	l.Self = types.ManagedObjectReference{Type: "HttpNfcLease", Value: "lease-" + l.token[:12]}
	l.State, l.Mode = types.HttpNfcLeaseStateInitializing, string(types.HttpNfcLeaseModePushOrGet)
	s.leases.mutex.Lock()
	defer s.leases.mutex.Unlock()
	if s.leases.byToken == nil {
		s.leases.byToken, s.leases.held = map[string]*lease{}, map[types.ManagedObjectReference]*lease{}
	}
	s.leases.byToken[l.token] = l
	s.registry.Put(l)
	return l
}

// withToken is the lease of a URL, or nil.
func (l *leases) withToken(token string) *lease {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.byToken[token]
}

// of is the lease that holds a domain, or nil.
func (l *leases) of(domain types.ManagedObjectReference) *lease {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.held[domain]
}

// whileLeased are the methods of a domain that a lease disables.
var whileLeased = []string{"PowerOnVM_Task", "Destroy_Task", "ReconfigVM_Task", "UnregisterVM", "MigrateVM_Task",
	"RelocateVM_Task", "CloneVM_Task", "CreateSnapshot_Task", "ExportVm", "Rename_Task", "MarkAsTemplate"}

// hold disables methods of the domain, or enables them again.
func (l *lease) hold(ctx *simulator.Context, on bool) {
	l.s.leases.mutex.Lock()
	if on {
		l.s.leases.held[l.vm.Self] = l
	} else {
		delete(l.s.leases.held, l.vm.Self)
		delete(l.s.leases.byToken, l.token)
	}
	l.s.leases.mutex.Unlock()
	var disabled []string
	if on {
		disabled = whileLeased
	}
	ctx.WithLock(l.vm.VirtualMachine, func() {
		ctx.Update(l.vm.VirtualMachine, []types.PropertyChange{{Name: "disabledMethod", Val: disabled}})
	})
}

// ready shows the URLs, and starts the clock.
func (l *lease) ready(ctx *simulator.Context, view *hostView) {
	l.hold(ctx, true)
	info := types.HttpNfcLeaseInfo{
		Lease: l.Self, Entity: l.vm.Self, LeaseTimeout: int32(l.s.options.LeaseTimeout / time.Second),
		DeviceUrl: l.deviceURLs(view)}
	for _, f := range l.files {
		info.TotalDiskCapacityInKB += f.capacity / 1024
	}
	l.mutex.Lock()
	l.timer = time.AfterFunc(l.s.options.LeaseTimeout, func() {
		own := *l.s.context
		l.fail(&own, new(types.Timedout))
	})
	l.mutex.Unlock()
	ctx.WithLock(l, func() {
		ctx.Update(l, []types.PropertyChange{
			{Name: "initializeProgress", Val: int32(100)}, {Name: "info", Val: info},
			{Name: "state", Val: types.HttpNfcLeaseStateReady}})
	})
}

// fail ends the lease with a fault. The objects that an import has made are removed.
func (l *lease) fail(ctx *simulator.Context, fault types.BaseMethodFault) {
	ended := false
	ctx.WithLock(l, func() {
		if ended = l.State == types.HttpNfcLeaseStateDone || l.State == types.HttpNfcLeaseStateError; !ended {
			ctx.Update(l, []types.PropertyChange{
				{Name: "error", Val: localized(fault)}, {Name: "state", Val: types.HttpNfcLeaseStateError}})
		}
	})
	if ended {
		return
	}
	l.stop()
	if l.vm == nil {
		return
	}
	l.hold(ctx, false)
	if !l.export {
		l.remove(ctx)
	}
}

// remove deletes what an import has made, and the files that were sent.
func (l *lease) remove(ctx *simulator.Context) {
	var body soap.HasFault
	ctx.WithLock(l.vm.VirtualMachine, func() {
		body = l.vm.DestroyTask(ctx, &types.Destroy_Task{This: l.vm.Self})
	})
	_, _ = l.s.finished(body)
	for _, f := range l.files {
		l.s.deleteWithDirectory(f.path)
	}
}

func (l *lease) stop() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
}

// over is the fault of a call for a lease that has ended.
func (l *lease) over() *soap.Fault {
	if l.State == types.HttpNfcLeaseStateReady {
		return nil
	}
	if l.Error != nil {
		if _, late := l.Error.Fault.(*types.Timedout); late {
			return simulator.Fault("", new(types.Timedout))
		}
	}
	return simulator.Fault("", new(types.InvalidState))
}

// HttpNfcLeaseProgress keeps the lease alive; that data arrives does not.
func (l *lease) HttpNfcLeaseProgress(ctx *simulator.Context, req *types.HttpNfcLeaseProgress) soap.HasFault {
	if fault := l.over(); fault != nil {
		return &methods.HttpNfcLeaseProgressBody{Fault_: fault}
	}
	if req.Percent < 0 || req.Percent > 100 {
		return &methods.HttpNfcLeaseProgressBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "percent"})}
	}
	l.mutex.Lock()
	l.timer.Reset(l.s.options.LeaseTimeout)
	l.mutex.Unlock()
	ctx.Update(l, []types.PropertyChange{{Name: "transferProgress", Val: req.Percent}})
	return &methods.HttpNfcLeaseProgressBody{Res: new(types.HttpNfcLeaseProgressResponse)}
}

// HttpNfcLeaseComplete ends the lease; the domain can be used.
func (l *lease) HttpNfcLeaseComplete(ctx *simulator.Context, _ *types.HttpNfcLeaseComplete) soap.HasFault {
	if fault := l.over(); fault != nil {
		return &methods.HttpNfcLeaseCompleteBody{Fault_: fault}
	}
	l.stop()
	ctx.Update(l, []types.PropertyChange{{Name: "state", Val: types.HttpNfcLeaseStateDone}})
	l.hold(ctx, false)
	return &methods.HttpNfcLeaseCompleteBody{Res: new(types.HttpNfcLeaseCompleteResponse)}
}

// HttpNfcLeaseAbort ends the lease; nothing stays of an import.
func (l *lease) HttpNfcLeaseAbort(ctx *simulator.Context, req *types.HttpNfcLeaseAbort) soap.HasFault {
	if l.State == types.HttpNfcLeaseStateDone || l.State == types.HttpNfcLeaseStateError {
		return &methods.HttpNfcLeaseAbortBody{Fault_: l.over()}
	}
	var fault types.BaseMethodFault = new(types.RequestCanceled)
	if req.Fault != nil && req.Fault.Fault != nil {
		fault = req.Fault.Fault
	}
	l.fail(ctx, fault)
	return &methods.HttpNfcLeaseAbortBody{Res: new(types.HttpNfcLeaseAbortResponse)}
}

// HttpNfcLeaseSetManifestChecksumType chooses the checksums of GetManifest.
func (l *lease) HttpNfcLeaseSetManifestChecksumType(_ *simulator.Context, req *types.HttpNfcLeaseSetManifestChecksumType) soap.HasFault {
	body := new(methods.HttpNfcLeaseSetManifestChecksumTypeBody)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, kind := range req.DeviceUrlsToChecksumTypes {
		if _, known := checksums[strings.ToLower(kind.Value)]; !known {
			body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "deviceUrlsToChecksumTypes"})
			return body
		}
		l.sums[kind.Key] = strings.ToLower(kind.Value)
	}
	body.Res = new(types.HttpNfcLeaseSetManifestChecksumTypeResponse)
	return body
}

// HttpNfcLeaseGetManifest tells what was transferred.
func (l *lease) HttpNfcLeaseGetManifest(*simulator.Context, *types.HttpNfcLeaseGetManifest) soap.HasFault {
	body := &methods.HttpNfcLeaseGetManifestBody{Res: new(types.HttpNfcLeaseGetManifestResponse)}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, f := range l.files {
		if f.sums == nil {
			continue
		}
		kind := l.sums[f.key]
		if kind == "" {
			kind = "sha1"
		}
		body.Res.Returnval = append(body.Res.Returnval, types.HttpNfcLeaseManifestEntry{
			Key: f.key, Sha1: f.sums["sha1"], Checksum: f.sums[kind], ChecksumType: kind, Size: f.size, Disk: f.disk,
			Capacity: f.capacity, PopulatedSize: f.populated})
	}
	return body
}

// ofLease is the fault of a call that a lease disables.
func (s *server) ofLease(m *simulator.Method) types.BaseMethodFault {
	if s.leases.of(m.This) == nil {
		return nil
	}
	for _, name := range whileLeased {
		if name == m.Name {
			return new(types.MethodDisabled)
		}
	}
	return nil
}

// nfc serves the files of leases: /nfc/TOKEN/FILE.
func (f *front) nfc(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	var l *lease
	if len(parts) == 3 {
		l = f.s.leases.withToken(parts[1])
	}
	if l == nil || l.State != types.HttpNfcLeaseStateReady {
		http.NotFound(w, r)
		return
	}
	for _, file := range l.files {
		if file.name == parts[2] {
			l.transfer(w, r, file)
			return
		}
	}
	http.NotFound(w, r)
}
