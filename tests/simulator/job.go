// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"log"
	"runtime/debug"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/rules"
)

// A job is a task that takes its time, of no domain. It may be cancelled.
type job struct {
	ctx     *simulator.Context
	pending *pending
	percent int32
}

// longTask starts a job on a datastore path. The task's entity is the datastore:
// pyVmomi cannot read the info of a task whose entity is a manager.
func (s *server) longTask(ctx *simulator.Context, path, method string, work func(*job) types.BaseMethodFault) types.ManagedObjectReference {
	return s.startJob(ctx, s.entityOf(path), method, true, func(j *job) (types.AnyType, types.BaseMethodFault) { return nil, work(j) })
}

// startJob starts a task that holds no lock while it works.
func (s *server) startJob(ctx *simulator.Context, entity mo.Reference, method string, cancelable bool,
	work func(*job) (types.AnyType, types.BaseMethodFault)) types.ManagedObjectReference {
	t := simulator.CreateTask(entity, method, nil)
	now := time.Now()
	t.Self = types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-job-%d", s.pending.count.Add(1))}
	t.Info.Key, t.Info.Task = t.Self.Value, t.Self
	t.Info.Cancelable, t.Info.State, t.Info.StartTime = cancelable, types.TaskInfoStateRunning, &now
	ctx.Map.Put(t)
	p := &pending{task: t, cancel: make(chan struct{})}
	s.pending.put(p, t.Self)
	own := *ctx
	go func() {
		c := rules.Call{Method: method, Kind: t.Info.Entity.Type, Object: t.Info.Entity.Value, Name: t.Info.EntityName}
		var result types.AnyType
		fault := s.injectedInto(c, rules.InTask)
		if fault == nil {
			result, fault = guarded(&job{ctx: &own, pending: p}, work)
		}
		s.pending.remove(t.Self)
		finish(&own, t, result, fault)
	}()
	return t.Self
}

// guarded makes a panic the job's fault: it would end the process.
func guarded(j *job, work func(*job) (types.AnyType, types.BaseMethodFault)) (result types.AnyType, fault types.BaseMethodFault) {
	defer func() {
		if cause := recover(); cause != nil {
			log.Printf("%s: %v\n%s", j.pending.task.Info.Name, cause, debug.Stack())
			fault = &types.SystemErrorFault{Reason: fmt.Sprint(cause)}
		}
	}()
	return work(j)
}

// entityOf is the datastore of a path, or the root folder where there is none.
func (s *server) entityOf(path string) mo.Reference {
	var p object.DatastorePath
	if p.FromString(path) {
		if v := s.volumeNamed(p.Datastore); v != nil {
			return v.ref
		}
	}
	return s.content().RootFolder
}

// cancelled tells whether the client does not want the job any more.
func (j *job) cancelled() bool {
	select {
	case <-j.pending.cancel:
		return true
	default:
		return false
	}
}

// show tells how far the job is.
func (j *job) show(done, total int64) {
	if total <= 0 {
		return
	}
	if percent := int32(done * 100 / total); percent != j.percent {
		j.percent = percent
		j.ctx.Map.AtomicUpdate(j.ctx, j.pending.task, []types.PropertyChange{{Name: "info.progress", Val: percent}})
	}
}

// pass lets time pass, with progress; it ends early when the job is cancelled.
func (j *job) pass(total time.Duration) types.BaseMethodFault {
	if total == 0 {
		return nil
	}
	return j.pending.progress(j.ctx, total)
}
