# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains of the simulator ask questions as those of a host do, and their tasks wait for the answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client.client import Client, vim, vmodl


@pytest.fixture
def domain(host: Client) -> Iterator[Any]:
    """A domain that is off, and asks nothing afterwards."""
    found = host.domain("domain-1")
    if host.get(found, "runtime.powerState") == "poweredOn":
        host.wait(found.PowerOffVM_Task())
    yield found
    host.reconfigure(found, extra={"simulator.question": "", "simulator.question.ReconfigVM_Task": ""})


def question_of(host: Client, domain: Any, seconds: float = 5) -> Any:
    """The question of a domain, when it comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        question = host.get(domain, "runtime.question")
        if question:
            return question
        time.sleep(0.02)
    raise TimeoutError("no question")


def test_an_answer_lets_the_task_go_on(host: Client, domain: Any) -> None:
    host.reconfigure(domain, extra={"simulator.question": "append"})
    task = domain.PowerOnVM_Task()
    question = question_of(host, domain)
    assert [choice.label for choice in question.choice.choiceInfo] == ["Append", "Replace", "Cancel"]
    assert question.choice.defaultIndex == 0
    assert (host.get(task, "info.state"), host.get(task, "info.cancelable")) == ("running", False)
    assert task in host.get(domain, "recentTask")
    with pytest.raises(vim.fault.TaskInProgress):
        domain.PowerOnVM_Task()
    with pytest.raises(vmodl.fault.NotSupported):
        task.CancelTask()
    for wrong in (("999", "0"), (question.id, "17")):
        with pytest.raises(vmodl.fault.InvalidArgument):
            domain.AnswerVM(*wrong)
    domain.AnswerVM(question.id, "0")
    host.wait(task)
    assert host.get(domain, "runtime.powerState") == "poweredOn"
    assert host.get(domain, "runtime.question") is None


def test_the_answer_cancel_fails_the_task(host: Client, domain: Any) -> None:
    host.reconfigure(domain, extra={"simulator.question": "append"})
    task = domain.PowerOnVM_Task()
    domain.AnswerVM(question_of(host, domain).id, "2")
    with pytest.raises(vim.fault.GenericVmConfigFault, match="answer Cancel"):
        host.wait(task)
    assert host.get(domain, "runtime.powerState") == "poweredOff"


def test_two_questions_one_after_the_other(host: Client, domain: Any) -> None:
    host.reconfigure(domain, extra={"simulator.question": "append,moved:delay=20"})
    task = domain.PowerOnVM_Task()
    first = question_of(host, domain)
    domain.AnswerVM(first.id, "0")
    second = question_of(host, domain)
    assert (first.text.split(":")[0], second.text.split(":")[0]) == ("msg.serial.file.open", "msg.uuid.altered")
    assert host.get(task, "info.state") == "running"
    with pytest.raises(vmodl.fault.InvalidArgument):
        domain.AnswerVM(first.id, "0")
    domain.AnswerVM(second.id, "1")
    host.wait(task)
    assert host.get(domain, "runtime.powerState") == "poweredOn"


def test_a_cancelable_task(host: Client, domain: Any) -> None:
    host.reconfigure(domain, extra={"simulator.question": "nodefault:cancelable:delay=300"})
    task = domain.PowerOnVM_Task()
    assert host.get(domain, "runtime.question") is None
    assert question_of(host, domain).choice.defaultIndex is None
    task.CancelTask()
    with pytest.raises(vmodl.fault.RequestCanceled):
        host.wait(task)
    assert host.get(domain, "runtime.question") is None


def test_a_question_in_another_method(host: Client, domain: Any) -> None:
    host.reconfigure(domain, extra={"simulator.question.ReconfigVM_Task": "moved"})
    task = domain.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=512))
    question = question_of(host, domain)
    assert question.choice.defaultIndex == 2
    domain.AnswerVM(question.id, "1")
    host.wait(task)
    assert host.get(domain, "config.hardware.memoryMB") == 512
    task = domain.ReconfigVM_Task(
        vim.vm.ConfigSpec(extraConfig=[vim.option.OptionValue(key="simulator.question.ReconfigVM_Task", value="")])
    )
    domain.AnswerVM(question_of(host, domain).id, "1")
    host.wait(task)


def test_a_question_from_earlier(host: Client, domain: Any) -> None:
    host.simulator.change_from_outside("domain-1", question="nochoice")
    question = host.get(domain, "runtime.question")
    assert not question.choice.choiceInfo
    host.simulator.change_from_outside("domain-1", set={"simulator.question": "append"})
    host.simulator.change_from_outside("domain-1", task="PowerOnVM_Task")
    task = host.get(domain, "recentTask")[-1]
    domain.AnswerVM(host.get(domain, "runtime.question").id, "1")
    host.wait(task)


def test_one_filter_sees_task_and_question(host: Client, domain: Any) -> None:
    host.reconfigure(domain, extra={"simulator.question": "append:delay=200"})
    task = domain.PowerOnVM_Task()
    collector = vmodl.query.PropertyCollector
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=task), collector.ObjectSpec(obj=domain)],
        propSet=[
            collector.PropertySpec(type=vim.Task, pathSet=["info.state"]),
            collector.PropertySpec(type=vim.VirtualMachine, pathSet=["runtime.question"]),
        ],
    )
    watch = host.content.propertyCollector.CreateFilter(spec, True)
    seen, version = [], ""
    while ("info.state", "success") not in seen:
        updates = host.content.propertyCollector.WaitForUpdatesEx(version, collector.WaitOptions(maxWaitSeconds=5))
        version = updates.version
        for change in (c for f in updates.filterSet for o in f.objectSet for c in o.changeSet):
            seen.append((change.name, getattr(change.val, "id", change.val)))
            if change.name == "runtime.question" and change.val:
                domain.AnswerVM(change.val.id, "0")
    watch.Destroy()
    assert [value for name, value in seen if name == "runtime.question" and value]
