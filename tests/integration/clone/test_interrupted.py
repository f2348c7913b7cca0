# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones whose task fails, is killed, or meets another client: what stays, and what the next run does."""

from __future__ import annotations

import concurrent.futures
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver import registration
from ansible_collections.virt.esx.plugins.module_utils._driver.clone import clone as cloning
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import find_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    EsxError,
    Refused,
    ServerFault,
)
from ansible_collections.virt.esx.plugins.modules import esx_clone, esx_domain
from ansible_collections.virt.esx.tests.integration.clone.clones import DATA, SYSTEM, VMX, clone, prepare
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, parameters, start_host
from ansible_collections.virt.esx.tests.integration.killing import run_and_kill
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    LOGIN,
    POOL,
    content,
    data_of,
    ensure,
    names,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client


@pytest.mark.parametrize(
    "failure",
    [
        {"method": "PUT", "http": 500},
        {"method": "CopyVirtualDisk_Task", "fault": "NoDiskSpace", "in": "task"},
        {"method": "CopyVirtualDisk_Task", "fault": "NoDiskSpace", "in": "task", "skip": 1},
        {"method": "CopyDatastoreFile_Task", "fault": "FileLocked", "in": "task"},
        {"method": "PUT", "http": 500, "skip": 1},
        {"method": "RegisterVM_Task", "fault": "InvalidState", "in": "task"},
    ],
)
def test_whatever_fails_nothing_is_left(host: Simulator, failure: dict[str, Any]) -> None:
    before = names(host)
    host.inject(count=1, **failure)
    with pytest.raises(EsxError):
        clone(host)
    assert set(names(host)) <= {*before, "web2"}
    assert clone(host)["changed"] is True
    assert data_of(host, "web2/web2_1.vmdk") == DATA


@pytest.mark.parametrize(
    "at",
    [
        ("MakeDirectory", 0),
        ("PUT", 0),
        ("CopyVirtualDisk_Task", 0),
        ("MoveVirtualDisk_Task", 1),
        ("CopyDatastoreFile_Task", 0),
        ("PUT", 1),
        ("RegisterVM_Task", 0),
        ("DeleteDatastoreFile_Task", 0),
    ],
)
def test_a_clone_that_was_killed(host: Simulator, at: tuple[str, int]) -> None:
    run_and_kill(host, "esx_clone", at, name="web", clone_name="web2")
    clone(host)
    assert clone(host)["changed"] is False
    assert data_of(host, "web2/web2.vmdk") == SYSTEM
    assert data_of(host, "web2/web2_1.vmdk") == DATA
    assert [name for name in names(host) if name.startswith("web2/")] == [
        "web2/web2.nvram",
        "web2/web2.vmdk",
        "web2/web2.vmx",
        "web2/web2_1.vmdk",
    ]
    host.expire_sessions()


@pytest.mark.parametrize("at", [("MoveVirtualDisk_Task", 1), ("CopyDatastoreFile_Task", 0), ("PUT", 1)])
def test_a_clone_that_fails_after_it_was_killed_leaves_nothing(host: Simulator, at: tuple[str, int]) -> None:
    """Not even what the killed task had completed, which without its marker nothing would continue with."""
    run_and_kill(host, "esx_clone", at, name="web", clone_name="web2")
    host.inject(method="RegisterVM_Task", fault="InvalidArgument", count=1)
    with pytest.raises(EsxError, match="The files of the clone were deleted again"):
        clone(host)
    assert [name for name in names(host) if name.startswith("web2/")] == []
    assert clone(host)["changed"] is True
    assert data_of(host, "web2/web2.vmdk") == SYSTEM
    host.expire_sessions()


def test_a_finished_clone_with_another_name_is_not_continued(host: Simulator) -> None:
    """Its task was killed just before it deleted the marker, and then it was renamed: its VMX would be overwritten."""
    run_and_kill(host, "esx_clone", ("RegisterVM_Task", 0), name="web", clone_name="web2")
    with client(host, login=LOGIN) as connected:
        connected.wait(connected.domain("web2").Rename_Task("shop"))
    before = content(host, "web2/web2.vmx")
    for check in (True, False):
        with pytest.raises(Refused, match=r"web2/web2.vmx .*: it is used by domain 'shop'"):
            clone(host, check=check)
    assert content(host, "web2/web2.vmx") == before
    host.expire_sessions()


def test_a_registration_that_goes_on_keeps_the_files(host: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to the call is lost, and the host shows the domain only at the third look."""
    looks = itertools.count()

    def late(find: Callable[..., Any]) -> Callable[..., Any]:
        def look(*arguments: Any, **options: Any) -> Any:
            is_hidden = "RegisterVM_Task" in host.methods() and next(looks) < 2
            return None if is_hidden else find(*arguments, **options)

        return look

    monkeypatch.setattr(registration, "find_registered", late(registration.find_registered))
    monkeypatch.setattr(cloning, "find_registered", late(registration.find_registered))
    monkeypatch.setattr(cloning, "find_domain", late(find_domain))
    host.trace(reset=True)
    host.inject(method="RegisterVM_Task", drop="after", count=1)
    with pytest.raises(EsxError, match="RegisterVM_Task"):
        clone(host)
    assert {"web2/web2.vmx", "web2/web2.vmdk", "web2/web2_1.vmdk"} <= set(names(host))
    clone(host)
    assert clone(host)["changed"] is False


def test_of_two_tasks_that_make_one_clone_one_makes_it(tmp_path: Path) -> None:
    """The other one fails before it has made anything, and so deletes nothing of the first one's."""
    with start_host("-domains", "0", "-datastore-name", DATASTORE, "-copy-delay", "500") as host:
        prepare(host, tmp_path)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            tasks = [pool.submit(clone, host) for _task in range(2)]
        errors = [error for task in tasks if (error := task.exception()) is not None]
        assert [type(error) for error in errors] == [Refused]
        assert "may be making the same clone" in str(errors[0])
        assert {"web2/web2.vmdk", "web2/web2_1.vmdk", "web2/web2.vmx"} <= set(names(host))
        carry_out(esx_domain.CONTRACT, host, name="web2", state="running")


def test_a_clone_whose_name_another_client_has_taken_leaves_nothing(
    host: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host refuses the name at the very end; that the domain is there by then is what was asked for."""
    other = VMX.replace('displayName = "web"', 'displayName = "web2"').encode()
    ensure(host, "other/web2.vmx", source=write(tmp_path / "other.vmx", other))

    def overtaken(*_arguments: Any) -> Any:
        with client(host, login=LOGIN) as connected:
            connected.register(f"{POOL} other/web2.vmx")
        raise ServerFault("The name 'web2' already exists.", fault="DuplicateName")

    monkeypatch.setattr(cloning, "register_vmx", overtaken)
    warnings: list[str] = []
    given = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, "name": "web", "clone_name": "web2"}
    params = parameters(esx_clone.CONTRACT, **given)
    result = esx_clone.CONTRACT.run(Invocation(params, False, False, warnings.append))
    assert result["domain"]["vmx_path"] == f"{POOL} other/web2.vmx"
    told = "Another client has made domain 'web2' at the same time. The files of the clone were deleted again."
    assert warnings == [told]
    assert [name for name in names(host) if name.startswith("web2/")] == []
