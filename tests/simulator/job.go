// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
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
	t := simulator.CreateTask(s.entityOf(path), method, nil)
	now := time.Now()
	t.Self = types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-job-%d", s.pending.count.Add(1))}
	t.Info.Key, t.Info.Task = t.Self.Value, t.Self
	t.Info.Cancelable, t.Info.State, t.Info.StartTime = true, types.TaskInfoStateRunning, &now
	ctx.Map.Put(t)
	p := &pending{task: t, cancel: make(chan struct{})}
	s.pending.put(p, t.Self)
	own := *ctx
	go func() {
		fault := s.injectedInto(call{method: method, kind: t.Info.Entity.Type, object: t.Info.Entity.Value, name: path}, inTask)
		if fault == nil {
			fault = work(&job{ctx: &own, pending: p})
		}
		s.pending.remove(t.Self)
		finish(&own, t, nil, fault)
	}()
	return t.Self
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
