# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action in front of the modules: the same results as the module's, in all environments that Ansible offers."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible.executor.task_queue_manager import TaskQueueManager
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.running import (
    AS_MODULE,
    HERE,
    IN_PROCESS,
    PASSWORD,
    USER,
    WAYS,
    PlaybookRun,
    clean_environment,
    other_interpreter,
    run_playbook,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture
def host() -> Iterator[Simulator]:
    """A host with two running domains; no session may remain."""
    with start_host("-domains", "2") as simulator:
        yield simulator
        assert simulator.sessions() == []


def variables(host: Simulator) -> dict[str, Any]:
    return {
        "esx_uri": host.uri(user=USER, no_verify=1),
        "esx_password": PASSWORD,
        "wrong_password": "hunter2",
        "uri_with_password": "esx://root:hunter2@example.com/",
    }


def answers(run: PlaybookRun) -> dict[str, Any]:
    """The results of the tasks, without the keys that Ansible adds."""
    return {
        task.name: (task.outcome, {key: value for key, value in task.result.items() if not key.startswith("_")})
        for task in run.tasks
    }


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PlaybookRun]]:
    """One playbook, run in both ways, with Ansible's most verbose output."""
    screen = tmp_path_factory.mktemp("answers") / "screen.png"
    with start_host("-domains", "2") as host:
        # The invocation is off by default since ansible-core 2.21.
        values = {**variables(host), "ansible_inject_invocation": True, "screen": str(screen)}
        found = {}
        for way in WAYS:
            screen.unlink(missing_ok=True)
            found[way] = run_playbook("action_answers.yml", extra_vars=values, way=way, diff=True, arguments=["-vvv"])
        yield found
        assert host.sessions() == []


def test_both_ways_give_the_same_answers(runs: dict[str, PlaybookRun]) -> None:
    here, there = answers(runs[IN_PROCESS]), answers(runs[AS_MODULE])
    assert list(here) == list(there)
    for name, answer in here.items():
        assert answer == there[name], name


def test_answers_are_in_words_for_users(runs: dict[str, PlaybookRun]) -> None:
    found = answers(runs[IN_PROCESS])
    failed = {name: result["msg"] for name, (outcome, result) in found.items() if outcome == "ignored"}
    assert failed["No such domain"] == "No domain of the host has the name 'nobody'."
    assert failed["An unknown argument"].startswith(
        "Unsupported parameters for (virt.esx.esx_domain_info) module: nmae. Supported parameters include: "
    )
    assert failed["A number that is none"].startswith("argument 'limit' is of type ")
    assert failed["A choice that is none"].startswith("value of states must be one or more of: running, paused")
    assert failed["None where one is needed"] == "one of the following is required: name, uuid, moid, vmx_path"
    assert failed["A wrong password"].startswith("The server did not accept the user name or the password: user '")
    assert "certificate" in failed["A certificate that nobody vouches for"]
    assert all("Traceback" not in message for message in failed.values())
    assert set(found) - set(failed) == {
        "All domains",
        "What would change",
        "Arguments as text",
        "A list as text",
        "A warning",
        "An option and its alias",
        "A file",
    }
    assert found["A warning"][1]["warnings"]
    assert found["An option and its alias"][1]["warnings"] == ["Both option username and its alias user are set."]
    assert found["What would change"][1]["diff"]["after"].splitlines()[1] == "limit_mhz: 2000"
    assert found["A wrong password"][1]["fault"] == {"type": "InvalidLogin"}


@pytest.mark.parametrize("chosen", WAYS)
def test_no_secret_is_shown(runs: dict[str, PlaybookRun], chosen: str) -> None:
    """No output contains a right or a wrong password."""
    shown = runs[chosen].output + str(runs[chosen].tasks)
    assert PASSWORD not in shown
    assert "hunter" not in shown
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in shown


def vaulted(place: pathlib.Path, text: str) -> list[str]:
    """The arguments of ansible-playbook for a variable ``vaulted_password`` that is encrypted."""
    key = place / "key"
    key.write_text("of the vault", encoding="utf-8")
    encrypted = VaultLib([("default", VaultSecret(b"of the vault"))]).encrypt(text).decode()
    values = place / "vaulted.yml"
    indented = re.sub("^", "  ", encrypted, flags=re.MULTILINE)
    values.write_text(f"vaulted_password: !vault |\n{indented}\n", encoding="utf-8")
    return ["-e", f"@{values}", "--vault-password-file", str(key)]


def test_the_connection_comes_from_wherever_ansible_has_it(host: Simulator, way: str, tmp_path: pathlib.Path) -> None:
    arguments = vaulted(tmp_path, PASSWORD)
    run = run_playbook("action_environments.yml", extra_vars=variables(host), way=way, arguments=arguments)
    read = [task for task in run.tasks if task.name != "The environment was that task's only"]
    assert [[domain["name"] for domain in task.result["domains"]] for task in read] == [["domain-1"]] * 4


def shipped(run: PlaybookRun) -> list[str]:
    """The tasks whose module Ansible has run in its own process, according to its most verbose output."""
    tasks = re.split(r"^TASK \[", run.output, flags=re.MULTILINE)[1:]
    return [task.partition("]")[0] for task in tasks if "AnsiballZ_" in task]


def test_nothing_is_shipped_on_the_controller(runs: dict[str, PlaybookRun]) -> None:
    assert shipped(runs[IN_PROCESS]) == []
    assert len(shipped(runs[AS_MODULE])) == len(runs[AS_MODULE].tasks)


def test_other_hosts_users_and_interpreters_get_the_module(host: Simulator, tmp_path: pathlib.Path) -> None:
    python = str(other_interpreter(tmp_path))
    sudo = tmp_path / "sudo"
    sudo.write_text('#!/bin/sh\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n', encoding="utf-8")
    sudo.chmod(0o755)
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {
        "far": {"ansible_connection": "elsewhere", "ansible_python_interpreter": python},
        "other_python": {**local, "ansible_python_interpreter": python},
        "localhost": {**local, "ansible_become_exe": str(sudo)},
    }
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    run = run_playbook(
        "action_elsewhere.yml",
        extra_vars=variables(host),
        env={"ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins")},
        arguments=["-i", str(inventory), "-vvv"],
    )
    assert [task.result["domains"][0]["name"] for task in run.tasks] == ["domain-1"] * 4
    assert shipped(run) == [
        "Delegated to another interpreter",
        "As another user of the controller",
        "On the host itself",
    ]


@pytest.mark.parametrize(("chosen", "logins"), [(IN_PROCESS, 1), (AS_MODULE, 4)])
def test_a_loop_logs_in_once(host: Simulator, chosen: str, logins: int) -> None:
    items = ["domain-1", "nobody", "domain-2", "domain-*"]
    run = run_playbook("action_loop.yml", extra_vars={**variables(host), "items": items}, way=chosen)
    found = [[domain["name"] for domain in item["domains"]] for item in run.tasks[0].result["results"]]
    assert found == [["domain-1"], [], ["domain-2"], ["domain-1", "domain-2"]]
    assert host.methods().count("Login") == host.methods().count("Logout") == logins
    assert len({call["connection"] for call in host.trace()}) == logins


def test_an_item_that_fails_leaves_no_session(host: Simulator) -> None:
    """The first failure is that of the expired session; the second is the item's own."""
    host.inject(method="RetrievePropertiesEx", fault="NoPermission", skip=1, count=1)
    values = {**variables(host), "items": ["domain-1", "domain-2", "domain-1"]}
    run = run_playbook("action_loop.yml", extra_vars=values, fails=True)
    assert ["fault" in item for item in run.tasks[0].result["results"]] == [False, True, False]
    assert host.sessions() == []


def test_a_session_that_has_ended_between_items_is_renewed(host: Simulator) -> None:
    values = {**variables(host), "items": ["domain-1", "domain-2"], "wait_between": 2}
    with playing("action_loop.yml", values) as play:
        wait_until(lambda: "RetrievePropertiesEx" in host.methods())
        host.expire_sessions()
        assert play.wait(60) == 0
    assert host.methods().count("Login") == 2


# Since 2.19, ansible-core passes a signal on to its workers; before, they continue to the end of their task.
PATIENCE = 60 if hasattr(TaskQueueManager, "_signal_handler") else 4


@contextlib.contextmanager
def playing(playbook: str, values: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """A playbook running in the background."""
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(values)]
    with subprocess.Popen(
        [*command, str(HERE / "playbooks" / playbook)],
        cwd=HERE,
        env={**clean_environment(), "VIRT_ESX_RECORD": os.devnull},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as play:
        try:
            yield play
        finally:
            play.kill()


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["during a call", "between items"])
def test_a_play_that_is_ended_by_a_signal_logs_out(host: Simulator, number: int, moment: str) -> None:
    values = {**variables(host), "items": ["domain-1", "domain-2"]}
    if moment == "during a call":
        host.inject(method="RetrievePropertiesEx", delay=1000 * PATIENCE)
    else:
        values["wait_between"] = PATIENCE
    with playing("action_loop.yml", values) as play:
        wait_until(lambda: "FindByInventoryPath" in host.methods() and len(host.sessions()) == 1)
        if moment == "between items":
            wait_until(lambda: "RetrievePropertiesEx" in host.methods())
            time.sleep(0.5)
        play.send_signal(number)
        wait_until(lambda: host.sessions() == [])
        assert play.wait(30) != 0
