# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain`` killed in the middle of its work, or in the way of others: run again, it ends in the wanted state."""

from __future__ import annotations

import contextlib
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver import registration
from ansible_collections.virt.esx.plugins.module_utils._driver.domain import define
from ansible_collections.virt.esx.plugins.module_utils._errors import DOUBT, ConnectionFailed, EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi import datastore_files
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import ChangedByOther
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import request
from ansible_collections.virt.esx.tests.integration import killing
from ansible_collections.virt.esx.tests.integration.contracts import give_disks
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    domain_xml,
    ensure,
    files_in,
    read_file,
    write_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VMX = "[local-storage] web/web.vmx"
FOLDER = "<filesystem type='mount'><source dir='/srv'/><target dir='srv'/></filesystem>"

# The calls of a define and start from the first write on, and which of them by that name.
OF_A_DEFINE = [
    ("PUT", 0),
    ("RegisterVM_Task", 0),
    ("CreateFilter", 0),
    ("WaitForUpdatesEx", 0),
    ("PowerOnVM_Task", 0),
    ("CreateFilter", 1),
    ("WaitForUpdatesEx", 1),
    ("Logout", 0),
]
OF_A_CHANGE = [("ReconfigVM_Task", 0), ("WaitForUpdatesEx", 0), ("Logout", 0)]
OF_A_REMOVAL = [("DeleteVirtualDisk_Task", 0), ("CreateFilter", 1), ("UnregisterVM", 0)]

OF_A_MACHINE = [
    ("MakeDirectory", 0),
    ("CreateVirtualDisk_Task", 0),
    ("CopyVirtualDisk_Task", 0),
    ("MoveVirtualDisk_Task", 0),
    ("PUT", 0),
    ("RegisterVM_Task", 0),
    ("PowerOnVM_Task", 0),
]
OF_A_NEW_DISK = [("CreateVirtualDisk_Task", 0), ("ReconfigVM_Task", 0)]

# The answers to the requests of a define, and what its error then says of the upload; a host answers 404 to an upload
# into a directory that it does not have.
OF_AN_UPLOAD = [
    ([{"method": "PUT", "http": 404}], ""),
    ([{"method": "PUT", "http": 404}, {"method": "MakeDirectory", "fault": "NoPermission"}], ""),
    ([{"method": "PUT", "http": 403}], ""),
    ([{"method": "PUT", "http": 502}], ""),
    ([{"method": "RegisterVM_Task", "fault": "NoPermission"}], "The uploaded VMX was removed again."),
]

# The files of a domain that runs.
OF_A_DOMAIN = ["vmware.log", "web.nvram", "web.vmdk", "web.vmx"]


def run_and_kill(esx: Simulator, at: tuple[str, int], *, settled: bool = True, **arguments: Any) -> None:
    """Run the module with its disks in place, and kill it while it waits for the answer to one of its calls."""
    give_disks(esx, arguments)
    killing.run_and_kill(esx, "esx_domain", at, settled=settled, **arguments)


@pytest.fixture
def host_with_faults(esx: Simulator) -> Any:
    """A host on which sessions may be left open: who is killed cannot close his."""
    yield esx
    esx.expire_sessions()


# Killed at which call, whether the server has ended it when the module is run again, with a UUID or not.
KILLED = [
    *((at, False, "50115e16-9bdc-49d7-f171-53c4d7f91710") for at in OF_A_DEFINE),
    *((at, settled, None) for at in (OF_A_DEFINE[0], OF_A_DEFINE[1], OF_A_DEFINE[4]) for settled in (False, True)),
]


@pytest.mark.parametrize(("at", "settled", "uuid"), KILLED)
def test_a_define_that_was_killed(
    host_with_faults: Simulator, at: tuple[str, int], settled: bool, uuid: str | None
) -> None:
    """Run again at once, while the host still works on what the dead one had asked for, or later."""
    domain_request: dict[str, Any] = {"xml": domain_xml(uuid=uuid), "state": "running"}
    run_and_kill(host_with_faults, at, settled=settled, **domain_request)
    assert ensure(host_with_faults, **domain_request)["domain"]["state"] == "running"
    assert not ensure(host_with_faults, **domain_request)["changed"]
    assert files_in(host_with_faults, "[local-storage] web") == OF_A_DOMAIN
    assert set(host_with_faults.domains()) == {"domain-1", "web"}


@pytest.mark.parametrize("at", OF_A_CHANGE)
def test_a_change_that_was_killed(host_with_faults: Simulator, at: tuple[str, int]) -> None:
    ensure(host_with_faults, xml=domain_xml())
    run_and_kill(host_with_faults, at, name="web", vcpus=4, max_memory="2 GiB")
    assert ensure(host_with_faults, name="web", vcpus=4, max_memory="2 GiB")["domain"]["vcpus"] == 4
    assert not ensure(host_with_faults, name="web", vcpus=4, max_memory="2 GiB")["changed"]
    assert b'numvcpus = "4"' in (read_file(host_with_faults, VMX) or b"")


@pytest.mark.parametrize("at", OF_A_MACHINE)
def test_a_machine_from_nothing_that_was_killed(host_with_faults: Simulator, at: tuple[str, int]) -> None:
    disks = [{"target": "sda", "size": "8 MiB"}, {"target": "sdb", "clone_of": "[local-storage] web/web.vmdk"}]
    wanted: dict[str, Any] = {"name": "new", "pool": "local-storage", "max_memory": "1 GiB", "disks": disks}
    run_and_kill(host_with_faults, at, **wanted, state="running")
    assert ensure(host_with_faults, with_disks=False, **wanted, state="running")["domain"]["state"] == "running"
    assert not ensure(host_with_faults, with_disks=False, **wanted, state="running")["changed"]
    files = ["new-sdb.vmdk", "new.nvram", "new.vmdk", "new.vmx", "vmware.log"]
    assert files_in(host_with_faults, "[local-storage] new") == files


@pytest.mark.parametrize("at", OF_A_NEW_DISK)
def test_a_disk_whose_task_was_killed(host_with_faults: Simulator, at: tuple[str, int]) -> None:
    ensure(host_with_faults, xml=domain_xml(), state="running")
    wanted: dict[str, Any] = {"name": "web", "disks": [{"target": "sdb", "size": "8 MiB"}]}
    run_and_kill(host_with_faults, at, **wanted)
    ensure(host_with_faults, **wanted)
    assert not ensure(host_with_faults, **wanted)["changed"]
    assert host_with_faults.domains()["web"]["disks"][1] == "[local-storage] web/web-sdb.vmdk"


@pytest.mark.parametrize("at", OF_A_REMOVAL)
def test_a_removal_that_was_killed_before_the_end(host_with_faults: Simulator, at: tuple[str, int]) -> None:
    ensure(host_with_faults, xml=domain_xml())
    domain_request: dict[str, Any] = {"name": "web", "state": "undefined", "remove_storage": True}
    run_and_kill(host_with_faults, at, settled=False, **domain_request)
    ensure(host_with_faults, **domain_request)
    assert set(host_with_faults.domains()) == {"domain-1"}
    assert "web.vmdk" not in files_in(host_with_faults, "[local-storage] web")


def test_a_registration_that_goes_on_keeps_its_vmx(esx: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to the call is lost, and the host shows the domain only a moment later."""
    look = registration.find_registered
    answers = itertools.chain([None, None], itertools.repeat(look))  # before the upload, and at once after the loss

    def late(*place: Any) -> Any:
        answer = next(answers)
        return answer and answer(*place)

    for user in (define, registration):
        monkeypatch.setattr(user, "find_registered", late)
    esx.inject(method="RegisterVM_Task", drop="after", count=1)
    with pytest.raises(EsxError, match="RegisterVM_Task"):
        ensure(esx, xml=domain_xml())
    assert files_in(esx, "[local-storage] web") == ["web.vmdk", "web.vmx"]
    assert not ensure(esx, xml=domain_xml())["changed"]


@pytest.mark.parametrize("uuid", ["50115e16-9bdc-49d7-f171-53c4d7f91710", None])
@pytest.mark.parametrize("slow", ["PUT", "RegisterVM_Task", "PowerOnVM_Task"])
def test_two_who_define_the_same(esx: Simulator, slow: str, uuid: str | None) -> None:
    """The first one is slow in one of its calls, and the second one overtakes it."""
    domain_request: dict[str, Any] = {"xml": domain_xml(uuid=uuid), "state": "running"}
    esx.trace(reset=True)
    esx.inject(method=slow, count=1, delay=700)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(ensure, esx, **domain_request)
        time.sleep(0.4)
        second = threads.submit(ensure, esx, **domain_request)
        results = [first.result(), second.result()]
    assert {result["domain"]["state"] for result in results} == {"running"}
    assert len({result["domain"]["moid"] for result in results}) == 1
    assert not ensure(esx, **domain_request)["changed"]
    assert files_in(esx, "[local-storage] web") == OF_A_DOMAIN


@pytest.mark.parametrize("state", ["destroyed", "paused"])
def test_several_who_want_the_same_state(esx: Simulator, state: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _number: ensure(esx, name="domain-1", state=state), range(4)))
    assert len({result["domain"]["state"] for result in results}) == 1
    assert any(result["changed"] for result in results)


def test_several_who_write_the_same_file(esx: Simulator) -> None:
    """Whoever is overtaken hears it; nobody's file is mixed with another's."""
    contents = [str(number).encode() * 200_000 for number in range(8)]

    def write(content: bytes) -> None:
        with contextlib.suppress(ChangedByOther):
            write_file(esx, "[local-storage] shared/file", content)

    with ThreadPoolExecutor(len(contents)) as threads:
        list(threads.map(write, contents))
    assert read_file(esx, "[local-storage] shared/file") in contents
    assert files_in(esx, "[local-storage] shared") == ["file"]


def test_several_who_change_the_same(esx: Simulator) -> None:
    """Whoever comes too late hears it; nobody's change is mixed with another's."""
    ensure(esx, xml=domain_xml())

    def change(number: int) -> str:
        try:
            ensure(esx, name="web", vcpus=number, annotation=f"of {number}")
        except Refused as refused:
            return str(refused)
        return ""

    numbers = (3, 4, 5, 6)
    with ThreadPoolExecutor(len(numbers)) as threads:
        said = dict(zip(numbers, threads.map(change, numbers)))
    assert all("Another client has changed" in text for text in said.values() if text)
    done = [number for number in numbers if not said[number]]
    lines = (read_file(esx, VMX) or b"").decode().splitlines()
    assert [f'numvcpus = "{n}"' in lines and f'annotation = "of {n}"' in lines for n in done].count(True) == 1


@pytest.mark.parametrize(("rules", "said"), OF_AN_UPLOAD)
def test_what_was_uploaded_is_said_to_be_removed_only_if_anything_was(
    esx: Simulator, rules: list[dict[str, Any]], said: str
) -> None:
    for rule in rules:
        esx.inject(**rule)
    with pytest.raises(EsxError, match="'web'") as caught:
        ensure(esx, xml=domain_xml())
    assert ("The uploaded VMX" in str(caught.value), said in str(caught.value)) == (bool(said), True)
    esx.clear_faults()
    assert "web.vmx" not in files_in(esx, "[local-storage] web")
    assert ensure(esx, xml=domain_xml())["changed"]


def test_an_upload_that_breaks_off_leaves_the_definition_as_it_was(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure(esx, xml=domain_xml())
    before = read_file(esx, VMX)
    uploads: list[bytes] = []

    def break_off(session: Any, method: str, file: Any, **options: Any) -> Any:
        if method != "PUT" or uploads:
            return request(session, method, file, **options)
        uploads.append(options["body"])
        request(session, method, file, **{**options, "body": options["body"][:100]})
        raise ConnectionFailed(f"PUT {file} failed: the connection was lost. {DOUBT}")

    monkeypatch.setattr(datastore_files, "request", break_off)
    with pytest.raises(
        ConnectionFailed, match=r"Only a part of it has arrived.* The definition is as before\."
    ) as info:
        ensure(esx, xml=domain_xml(devices=FOLDER))
    assert "was not carried out" not in str(info.value)
    assert read_file(esx, VMX) == before
    assert ensure(esx, xml=domain_xml(devices=FOLDER))["changed"]
