// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// questionKey is the entry that makes a domain ask when it is powered on:
//
//	simulator.question = "append|moved|nodefault|nochoice[:cancelable][:delay=MS]"
//
// With a method's name behind it (simulator.question.MigrateVM_Task) it asks in
// the middle of that method instead.
const questionKey = "simulator.question"

// A pending question waits for its answer, or for its task to be cancelled.
type pending struct {
	task   *simulator.Task // nil for a question without a task
	info   *types.VirtualMachineQuestionInfo
	answer chan string   // gets the key of a choice
	cancel chan struct{} // is closed by CancelTask
}

// questions are all that wait, by their domain and by their task.
type questions struct {
	mutex   sync.Mutex
	waiting map[types.ManagedObjectReference]*pending
	count   atomic.Int32
}

// of is the waiting question of a domain or a task, or nil.
func (q *questions) of(ref types.ManagedObjectReference) *pending {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.waiting[ref]
}

func (q *questions) put(p *pending, refs ...types.ManagedObjectReference) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for _, ref := range refs {
		q.waiting[ref] = p
	}
}

func (q *questions) remove(refs ...types.ManagedObjectReference) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for _, ref := range refs {
		delete(q.waiting, ref)
	}
}

// A kind of question: text with the domain's name, choices, index of the
// default; -1 is none (the API leaves it out), and 0 needs the front's help.
type questionKind struct {
	text    string
	choices []string
	index   int32
}

var questionKinds = map[string]questionKind{
	"append": {"msg.serial.file.open:Serial device serial0 of %s: replace the file or append to it?",
		[]string{"Append", "Replace", "Cancel"}, 0},
	"moved": {"msg.uuid.altered:This virtual machine (%s) might have been moved or copied.",
		[]string{"button.uuid.cancel", "button.uuid.movedTheVM", "button.uuid.copiedTheVM"}, 2},
	"nodefault": {"msg.uuid.altered:This virtual machine (%s) might have been moved or copied.",
		[]string{"button.uuid.cancel", "button.uuid.movedTheVM", "button.uuid.copiedTheVM"}, -1},
	"nochoice": {"msg.question.nochoice:%s asks without a choice.", nil, -1},
}

func (k questionKind) info(id, name string) *types.VirtualMachineQuestionInfo {
	q := &types.VirtualMachineQuestionInfo{Id: id, Text: fmt.Sprintf(k.text, name)}
	q.Choice.DefaultIndex = k.index
	for i, label := range k.choices {
		q.Choice.ChoiceInfo = append(q.Choice.ChoiceInfo, &types.ElementDescription{
			Description: types.Description{Label: label, Summary: label}, Key: strconv.Itoa(i)})
	}
	return q
}

// A questionSpec is the value of a questionKey.
type questionSpec struct {
	kind       questionKind
	cancelable bool
	delay      time.Duration
}

// parseQuestion reads "moved:cancelable:delay=500".
func parseQuestion(text string) (questionSpec, bool) {
	parts := strings.Split(text, ":")
	kind, ok := questionKinds[parts[0]]
	spec := questionSpec{kind: kind}
	for _, option := range parts[1:] {
		if ms, found := strings.CutPrefix(option, "delay="); found {
			n, _ := strconv.Atoi(ms)
			spec.delay = time.Duration(n) * time.Millisecond
		}
		spec.cancelable = spec.cancelable || option == "cancelable"
	}
	return spec, ok
}

// question is what a domain asks in a method, if it does.
func (d *domain) question(method string) (questionSpec, bool) {
	text := extra(d.VirtualMachine, questionKey+"."+method)
	if text == "" && method == "PowerOnVM_Task" && d.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		text = extra(d.VirtualMachine, questionKey)
	}
	return parseQuestion(text)
}

// ask runs a method of the domain: at once, or after the answer to a question.
//
// The task of a question is made by hand. The library's Task.Run would hold the
// domain's lock from here to the end of the work, and nobody could read
// runtime.question meanwhile.
func (d *domain) ask(ctx *simulator.Context, method string, run func(*simulator.Context) soap.HasFault) types.ManagedObjectReference {
	spec, asks := d.question(method)
	if !asks {
		return returned(run(ctx))
	}
	p := &pending{
		info:   spec.kind.info(strconv.Itoa(int(d.s.questions.count.Add(1))), d.Name),
		answer: make(chan string, 1), cancel: make(chan struct{}),
	}
	p.task = d.s.handMadeTask(ctx, d, method, spec.cancelable)
	d.s.questions.put(p, d.Self, p.task.Self)
	if spec.delay == 0 {
		d.showQuestion(ctx, p.info)
	}
	own := *ctx // locks are held by a context: one of its own for the goroutine
	go func() {
		if spec.delay > 0 {
			time.Sleep(spec.delay)
			own.WithLock(d.Self, func() { d.showQuestion(&own, p.info) })
		}
		fault := p.wait()
		d.s.questions.remove(d.Self, p.task.Self)
		own.WithLock(d.Self, func() { d.showQuestion(&own, nil) })
		var result types.AnyType
		if fault == nil {
			result, fault = d.s.finished(run(&own))
		}
		finish(&own, p.task, result, fault)
	}()
	return p.task.Self
}

// wait is nil after an answer, else the fault of the task.
func (p *pending) wait() types.BaseMethodFault {
	select {
	case key := <-p.answer:
		if c := p.label(key); strings.HasSuffix(strings.ToLower(c), "cancel") {
			return &types.GenericVmConfigFault{Reason: "The operation was cancelled by the answer " + c + "."}
		}
		return nil
	case <-p.cancel:
		return new(types.RequestCanceled)
	}
}

// label is the text of a choice, or "".
func (p *pending) label(key string) string {
	for _, c := range p.info.Choice.ChoiceInfo {
		if e := c.GetElementDescription(); e.Key == key {
			return e.Label
		}
	}
	return ""
}

// showQuestion sets the properties, or clears them. The value that clears them
// must be an untyped nil: a nil pointer would be followed.
func (d *domain) showQuestion(ctx *simulator.Context, info *types.VirtualMachineQuestionInfo) {
	var val types.AnyType
	if info != nil {
		val = *info
	}
	ctx.Update(d.VirtualMachine, []types.PropertyChange{
		{Name: "runtime.question", Val: val}, {Name: "summary.runtime.question", Val: val}})
}

// handMadeTask is a running task that nothing but finish ends.
func (s *server) handMadeTask(ctx *simulator.Context, d *domain, method string, cancelable bool) *simulator.Task {
	t := simulator.CreateTask(d.VirtualMachine, method, nil)
	now := time.Now()
	t.Self = types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-question-%d", s.questions.count.Add(1))}
	t.Info.Key, t.Info.Task = t.Self.Value, t.Self
	t.Info.DescriptionId = "VirtualMachine." + strings.TrimSuffix(method, "_Task")
	t.Info.Cancelable, t.Info.State, t.Info.StartTime = cancelable, types.TaskInfoStateRunning, &now
	ctx.Map.Put(t) // this also makes it the domain's recent task
	return t
}

func finish(ctx *simulator.Context, t *simulator.Task, result types.AnyType, fault types.BaseMethodFault) {
	changes := []types.PropertyChange{{Name: "info.completeTime", Val: time.Now()}}
	if fault != nil {
		changes = append(changes, types.PropertyChange{Name: "info.error", Val: types.LocalizedMethodFault{
			Fault: fault, LocalizedMessage: faultText(fault)}},
			types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateError})
	} else {
		changes = append(changes, types.PropertyChange{Name: "info.result", Val: result},
			types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateSuccess})
	}
	ctx.Map.AtomicUpdate(ctx, t, changes)
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
	t.Wait()
	if t.Info.Error != nil {
		return nil, t.Info.Error.Fault
	}
	return t.Info.Result, nil
}

// AnswerVM passes an answer on to the waiting question.
func (d *domain) AnswerVM(ctx *simulator.Context, req *types.AnswerVM) soap.HasFault {
	p := d.s.questions.of(d.Self)
	body := new(methods.AnswerVMBody)
	switch {
	case p == nil || d.Runtime.Question == nil || p.info.Id != req.QuestionId:
		body.Fault_ = simulator.Fault("There is no such question.", &types.InvalidArgument{InvalidProperty: "questionId"})
	case p.label(req.AnswerChoice) == "":
		body.Fault_ = simulator.Fault("There is no such choice.", &types.InvalidArgument{InvalidProperty: "answerChoice"})
	default:
		select {
		case p.answer <- req.AnswerChoice:
			d.showQuestion(ctx, nil) // it is gone as soon as it is answered
			if p.task == nil {
				d.s.questions.remove(d.Self)
			}
			body.Res = new(types.AnswerVMResponse)
		default:
			body.Fault_ = simulator.Fault("The question is answered already.", new(types.ConcurrentAccess))
		}
	}
	return body
}

// task is a task that can be cancelled where its info says so.
type task struct {
	*simulator.Task
	s *server
}

// CancelTask refuses a task that is not cancelable, which the library cancels.
func (t *task) CancelTask(ctx *simulator.Context, req *types.CancelTask) soap.HasFault {
	body := new(methods.CancelTaskBody)
	p := t.s.questions.of(t.Self)
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
