// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
	"esx-simulator/internal/rules"
)

// A pending task is one that we made: it waits, for an answer or for time to
// pass. The library's Task.Run would hold the domain's lock from its start to
// its end, and no client could read a property of the domain until then.
type pending struct {
	task   *simulator.Task // nil for a question without a task
	info   *types.VirtualMachineQuestionInfo
	answer chan string   // gets the key of a choice
	cancel chan struct{} // is closed by CancelTask
}

// pendingTasks are all of them, by their domain and by their task.
type pendingTasks struct {
	mutex sync.Mutex
	tasks map[types.ManagedObjectReference]*pending
	count atomic.Int32
}

// of is the pending task of a domain, or of a task, or nil.
func (t *pendingTasks) of(ref types.ManagedObjectReference) *pending {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.tasks[ref]
}

func (t *pendingTasks) put(p *pending, refs ...types.ManagedObjectReference) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, ref := range refs {
		t.tasks[ref] = p
	}
}

func (t *pendingTasks) remove(refs ...types.ManagedObjectReference) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, ref := range refs {
		delete(t.tasks, ref)
	}
}

// background runs the work of a task of the domain without holding its lock.
// Until then, other tasks of the domain are refused. The work gets a context of
// its own, because locks are held by a context.
func (d *domain) background(ctx *simulator.Context, method string, cancelable bool, p *pending,
	work func(*simulator.Context) (types.AnyType, types.BaseMethodFault)) types.ManagedObjectReference {
	return d.s.background(ctx, d.VirtualMachine, method, cancelable, p, work, d.Self)
}

// background is that of an object; the tasks of the busy ones are refused until it ends.
func (s *server) background(ctx *simulator.Context, o mo.Reference, method string, cancelable bool, p *pending,
	work func(*simulator.Context) (types.AnyType, types.BaseMethodFault), busy ...types.ManagedObjectReference,
) types.ManagedObjectReference {
	p.cancel = make(chan struct{})
	p.task = s.newTask(ctx, o, method, cancelable)
	keys := append(busy, p.task.Self)
	s.pending.put(p, keys...)
	own := *ctx
	go func() {
		result, fault := s.attempt(&own, p.task, o, method, work)
		s.pending.remove(keys...)
		finish(&own, p.task, result, fault)
	}()
	return p.task.Self
}

// attempt does the work of a task, unless a rule says that it fails.
func (s *server) attempt(ctx *simulator.Context, t *simulator.Task, o mo.Reference, method string,
	work func(*simulator.Context) (types.AnyType, types.BaseMethodFault)) (result types.AnyType, fault types.BaseMethodFault) {
	defer survive(t, &fault)
	ref := o.Reference()
	c := rules.Call{Method: method, Kind: ref.Type, Object: ref.Value, Name: t.Info.EntityName}
	if fault = s.injectedInto(c, rules.InTask); fault != nil {
		return nil, fault
	}
	return work(ctx)
}

// newTask is a running task that nothing but finish ends.
func (s *server) newTask(ctx *simulator.Context, o mo.Reference, method string, cancelable bool) *simulator.Task {
	t := simulator.CreateTask(o, method, nil)
	now := time.Now()
	t.Self = types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-pending-%d", s.pending.count.Add(1))}
	t.Info.Key, t.Info.Task = t.Self.Value, t.Self
	t.Info.DescriptionId = o.Reference().Type + "." + strings.TrimSuffix(method, "_Task")
	t.Info.Cancelable, t.Info.State, t.Info.StartTime = cancelable, types.TaskInfoStateRunning, &now
	ctx.Map.Put(t) // this also makes it the object's recent task
	return t
}

func finish(ctx *simulator.Context, t *simulator.Task, result types.AnyType, fault types.BaseMethodFault) {
	changes := []types.PropertyChange{{Name: "info.completeTime", Val: time.Now()}}
	if fault != nil {
		apifault.Complete(fault, *t.Info.Entity)
		changes = append(changes, types.PropertyChange{Name: "info.error", Val: types.LocalizedMethodFault{
			Fault: fault, LocalizedMessage: apifault.Text(fault)}},
			types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateError})
	} else {
		changes = append(changes, types.PropertyChange{Name: "info.result", Val: result},
			types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateSuccess})
	}
	ctx.Map.AtomicUpdate(ctx, t, changes)
}

// progress shows how far a task is while time passes; it ends early, with a
// fault, when the task is cancelled.
func (p *pending) progress(ctx *simulator.Context, total time.Duration) types.BaseMethodFault {
	const steps = 10
	for n := range steps {
		ctx.Map.AtomicUpdate(ctx, p.task, []types.PropertyChange{{Name: "info.progress", Val: int32(n * 100 / steps)}})
		select {
		case <-time.After(total / steps):
		case <-p.cancel:
			return new(types.RequestCanceled)
		}
	}
	return nil
}

// returned is the task that a method has started.
func returned(body soap.HasFault) types.ManagedObjectReference {
	res := reflect.ValueOf(body).Elem().FieldByName("Res")
	if res.IsNil() {
		return types.ManagedObjectReference{}
	}
	return res.Elem().FieldByName("Returnval").Interface().(types.ManagedObjectReference)
}

// finished waits for the task that a method has started.
func (s *server) finished(body soap.HasFault) (types.AnyType, types.BaseMethodFault) {
	if f := body.Fault(); f != nil {
		return nil, f.VimFault().(types.BaseMethodFault)
	}
	t, ok := s.registry.Get(returned(body)).(*simulator.Task)
	if !ok {
		return nil, nil
	}
	own := *s.context // a lock of ours must not be shared with the task's own
	for done := false; !done; time.Sleep(5 * time.Millisecond) {
		own.WithLock(t, func() { done = t.Info.CompleteTime != nil })
	}
	if t.Info.Error != nil {
		return nil, t.Info.Error.Fault
	}
	return t.Info.Result, nil
}

// task is a task that can be cancelled where its info says so.
type task struct {
	*simulator.Task
	s *server
}

// CancelTask refuses a task that is not cancelable, which the library cancels.
func (t *task) CancelTask(ctx *simulator.Context, req *types.CancelTask) soap.HasFault {
	body := new(methods.CancelTaskBody)
	p := t.s.pending.of(t.Self)
	switch {
	case t.Info.State != types.TaskInfoStateRunning && t.Info.State != types.TaskInfoStateQueued:
		body.Fault_ = simulator.Fault("The task is over.", new(types.InvalidState))
	case !t.Info.Cancelable:
		body.Fault_ = simulator.Fault("The task cannot be cancelled.", new(types.NotSupported))
	case p == nil:
		return t.Task.CancelTask(ctx, req)
	default:
		if !t.Info.Cancelled {
			t.Info.Cancelled = true
			close(p.cancel)
		}
		body.Res = new(types.CancelTaskResponse)
	}
	return body
}
