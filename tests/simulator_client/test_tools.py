# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's own tools: faults, sessions, trace, control endpoint, and how it starts and ends."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl
from ansible_collections.virt.esx.tests.simulator_client.simulator import SimulatorError, program


def test_it_starts_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    start_simulator().stop()  # builds it where needed
    before = time.monotonic()
    process = subprocess.Popen(
        [str(program()), "-with-parent", "-certificate-file", str(tmp_path / "c.pem")],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline().startswith('{"url":"https://127.0.0.1:')
    assert time.monotonic() - before < 2  # half a second on a machine of its own
    assert len(list(tmp_path.iterdir())) > 1
    process.stdin.close()
    assert process.wait(5) == 0
    assert not list(tmp_path.iterdir())


def test_contradicting_flags_are_refused() -> None:
    with pytest.raises(SimulatorError, match="-version 1.0"):
        start_simulator("-version", "1.0")


def test_a_fault_for_a_call(host: Client) -> None:
    host.simulator.inject(
        method="PowerOffVM_Task",
        fault="InvalidState",
        message="It is <busy> & so on.",
        name="domain-2",
        skip=1,
        count=1,
    )
    one, two = host.domain("domain-1"), host.domain("domain-2")
    host.wait(one.PowerOffVM_Task())
    host.wait(two.PowerOffVM_Task())
    with pytest.raises(vim.fault.InvalidState, match="It is <busy> & so on"):
        two.PowerOffVM_Task()
    for domain in (one, two):
        host.wait(domain.PowerOnVM_Task())


@pytest.mark.parametrize(
    "name", ["NoPermission", "NotAuthenticated", "RestrictedVersion", "SystemError", "ResourceInUse", "Timedout"]
)
def test_faults_of_all_kinds_can_be_read(host: Client, name: str) -> None:
    host.simulator.inject(method="PowerOnVM_Task", fault=name)
    kind = getattr(vmodl.fault, name, None) or getattr(vim.fault, name)
    with pytest.raises(kind):
        host.domain("domain-1").PowerOnVM_Task()


def test_a_fault_with_properties_in_a_task(host: Client) -> None:
    rule = {"fault": "InvalidDatastore", "properties": {"name": "gone"}, "message": "It is gone.", "in": "task"}
    host.simulator.inject(method="PowerOffVM_Task", **rule)
    with pytest.raises(vim.fault.InvalidDatastore) as error:
        host.wait(host.domain("domain-1").PowerOffVM_Task())
    assert (error.value.name, error.value.msg) == ("gone", "It is gone.")


@pytest.mark.parametrize("after", [0, 50])
def test_what_is_delayed_goes_on_when_the_rules_are_cleared(host: Client, after: int) -> None:
    host.simulator.inject(method="ReconfigVM_Task", delay=60_000, **{"in": "task"})
    task = host.domain("domain-1").ReconfigVM_Task(vim.vm.ConfigSpec(annotation="late"))
    while not host.simulator.activity()["delayed"]:
        time.sleep(0.01)
    assert host.simulator.activity()["tasks"] == 1
    host.simulator.clear_faults(after=after)
    host.wait(task)
    assert host.simulator.activity()["tasks"] == 0


def test_a_fault_that_the_api_has_not(host: Client) -> None:
    with pytest.raises(SimulatorError, match='no fault "Nonsense"'):
        host.simulator.inject(fault="Nonsense")


def test_http_errors_and_dropped_connections(host: Client) -> None:
    host.simulator.inject(method="CurrentTime", http=503, count=1)
    with pytest.raises(http.client.HTTPException):
        host.instance.CurrentTime()
    for when in ("before", "after"):
        host.simulator.inject(method="CurrentTime", drop=when, count=1)
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            host.instance.CurrentTime()
        host.simulator.clear_faults()
    assert host.instance.CurrentTime()
    host.simulator.inject(method="GET", type="folder", http=507, count=1)
    assert host.folder("GET", "domain-1/domain-1.vmx")[0] == 507


def test_sessions_are_counted_and_expire(host: Client) -> None:
    assert [session["user"] for session in host.simulator.sessions()] == ["root"]
    assert host.simulator.expire_sessions() == 1
    with pytest.raises(vim.fault.NotAuthenticated):
        host.instance.CurrentTime()
    assert host.folder("GET", "domain-1/domain-1.vmx")[0] == 401


def test_an_idle_session_expires() -> None:
    with start_simulator("-idle-timeout", "1") as simulator, client(simulator) as connected:
        connected.instance.CurrentTime()
        time.sleep(1.2)
        with pytest.raises(vim.fault.NotAuthenticated):
            connected.instance.CurrentTime()


def test_the_login_that_is_asked_for() -> None:
    with start_simulator("-username", "me", "-password", "right", "-tls=false") as simulator:
        with client(simulator, login=("me", "right")):
            pass
        with pytest.raises(vim.fault.InvalidLogin, match="incorrect user name or password"):
            Client(simulator, login=("me", "wrong"))
        assert simulator.certificate is None
        assert simulator.uri(no_verify=1) == f"esx://127.0.0.1:{simulator.port}/?transport=http&no_verify=1"


def test_currentsession_is_unset_before_a_login(esx: Simulator) -> None:
    with client(esx) as connected:
        esx.expire_sessions()
        connected.instance._stub.cookie = ""
        assert connected.get(connected.content.sessionManager, "currentSession") is None


def test_the_trace_has_the_calls(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    with start_simulator("-trace", str(file)) as simulator, client(simulator, login=("root", "s3cr3t")) as connected:
        connected.get(connected.domain("domain-1"), "runtime.powerState")
        connected.folder("GET", "domain-1/domain-1.vmx")
        calls = simulator.trace(reset=True)
        last, before = calls[-1], calls[-2]
        assert (before["method"], before["paths"]) == ("RetrieveProperties", ["runtime.powerState"])
        assert (last["method"], last["path"], last["status"]) == ("GET", "/folder/domain-1/domain-1.vmx", 200)
        assert last["connection"] != before["connection"]
        assert simulator.trace() == []
        assert "s3cr3t" not in file.read_text()
        assert len(file.read_text().splitlines()) == len(calls)


def test_a_call_that_no_object_has_is_no_end(host: Client) -> None:
    missing = vim.VirtualMachine("vm-999999", host.instance._stub)
    with pytest.raises(vmodl.fault.ManagedObjectNotFound, match="already been deleted"):
        missing.PowerOnVM_Task()
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        host.content.fileManager.MakeDirectory("[local-storage] x", vim.Datacenter("none", host.instance._stub), True)
    host.content.fileManager.MakeDirectory("[local-storage] x", None, True)
