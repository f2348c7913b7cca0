// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
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
// Several of them with commas are asked one after the other.
//
// With a method's name behind it (simulator.question.MigrateVM_Task) it asks in
// the middle of that method instead.
const questionKey = "simulator.question"

// A kind of question: text with the domain's name, choices, index of the
// default; -1 is none (the API leaves it out), and 0 needs the front's help.
type questionKind struct {
	text    string
	choices []choice
	index   int32
}

// A choice has the name that clients answer with, and what a host shows.
type choice struct{ label, summary string }

var (
	appendChoices = []choice{{"Append", "Append"}, {"Replace", "Replace"}, {"Cancel", "Cancel"}}
	movedChoices  = []choice{
		{"button.uuid.cancel", "Cancel"}, {"button.uuid.movedTheVM", "I _Moved It"}, {"button.uuid.copiedTheVM", "I _Copied It"}}
)

var questionKinds = map[string]questionKind{
	"append": {"msg.serial.file.open:Serial device serial0 of %s: replace the file or append to it?",
		appendChoices, 0},
	"moved": {"msg.uuid.altered:This virtual machine (%s) might have been moved or copied.",
		movedChoices, 2},
	"nodefault": {"msg.uuid.altered:This virtual machine (%s) might have been moved or copied.",
		movedChoices, -1},
	"nochoice": {"msg.question.nochoice:%s asks without a choice.", nil, -1},
}

func (k questionKind) info(id, name string) *types.VirtualMachineQuestionInfo {
	q := &types.VirtualMachineQuestionInfo{Id: id, Text: fmt.Sprintf(k.text, name)}
	q.Choice.DefaultIndex = k.index
	for i, c := range k.choices {
		q.Choice.ChoiceInfo = append(q.Choice.ChoiceInfo, &types.ElementDescription{
			Description: types.Description{Label: c.label, Summary: c.summary}, Key: strconv.Itoa(i)})
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

// questions are what a domain asks in a method, one after the other.
func (d *domain) questions(method string) (list []questionSpec) {
	text := extra(d.VirtualMachine, questionKey+"."+method)
	if text == "" && method == "PowerOnVM_Task" && d.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		text = extra(d.VirtualMachine, questionKey)
	}
	for _, part := range strings.Split(text, ",") {
		if spec, ok := parseQuestion(strings.TrimSpace(part)); ok {
			list = append(list, spec)
		}
	}
	return list
}

// ask runs a method of the domain: at once, or after the answers to its questions.
func (d *domain) ask(ctx *simulator.Context, method string, run func(*simulator.Context) soap.HasFault) types.ManagedObjectReference {
	if p := d.s.pending.of(d.Self); p != nil && p.task != nil { // another call was faster
		t := simulator.CreateTask(d.VirtualMachine, method, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
			return nil, &types.TaskInProgress{Task: p.task.Self}
		})
		return t.Run(ctx)
	}
	list := d.questions(method)
	if len(list) == 0 {
		return returned(run(ctx))
	}
	p := &pending{answer: make(chan string, 1)}
	if list[0].delay == 0 { // the task and its question appear together
		d.put(ctx, p, list[0])
	}
	cancelable := slices.ContainsFunc(list, func(q questionSpec) bool { return q.cancelable })
	return d.background(ctx, method, cancelable, p, func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		for i, spec := range list {
			if i > 0 || spec.delay > 0 {
				time.Sleep(spec.delay)
				ctx.WithLock(d.Self, func() { d.put(ctx, p, spec) })
			}
			fault := p.wait()
			ctx.WithLock(d.Self, func() { d.showQuestion(ctx, nil) })
			if fault != nil {
				return nil, fault
			}
		}
		return d.s.finished(run(ctx))
	})
}

// put asks a question. The caller holds the domain's lock.
func (d *domain) put(ctx *simulator.Context, p *pending, spec questionSpec) {
	p.info = spec.kind.info(strconv.Itoa(int(d.s.pending.count.Add(1))), d.Name)
	d.showQuestion(ctx, p.info)
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

// AnswerVM passes an answer on to the waiting question.
func (d *domain) AnswerVM(ctx *simulator.Context, req *types.AnswerVM) soap.HasFault {
	p := d.s.pending.of(d.Self)
	body := new(methods.AnswerVMBody)
	switch {
	case p == nil || p.info == nil || d.Runtime.Question == nil || p.info.Id != req.QuestionId:
		body.Fault_ = simulator.Fault("There is no such question.", &types.InvalidArgument{InvalidProperty: "questionId"})
	case p.label(req.AnswerChoice) == "":
		body.Fault_ = simulator.Fault("There is no such choice.", &types.InvalidArgument{InvalidProperty: "answerChoice"})
	default:
		select {
		case p.answer <- req.AnswerChoice:
			d.showQuestion(ctx, nil) // it is gone as soon as it is answered
			if p.task == nil {
				d.s.pending.remove(d.Self)
			}
			body.Res = new(types.AnswerVMResponse)
		default:
			body.Fault_ = simulator.Fault("The question is answered already.", new(types.ConcurrentAccess))
		}
	}
	return body
}
