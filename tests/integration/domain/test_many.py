# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: many domains side by side, waiting for guests, and registering a VMX that lies there."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain import many_steps as driver
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import get_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    Ambiguous,
    EsxError,
    NotFound,
    ParseError,
    Refused,
    TimedOut,
)
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    READING,
    check_apply_repeat,
    domain_xml,
    ensure,
    ensure_with_warnings,
    files_in,
    open_as_user,
    read_file,
    write_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

NAMES = ["web1", "web2", "web3"]


@pytest.fixture
def three(esx: Simulator) -> Simulator:
    """A host with three domains that run, with VMware Tools, and one that does not."""
    for name in [*NAMES, "off"]:
        ensure(esx, xml=domain_xml(name=name, uuid=None, mac=None, disk=f"[local-storage] {name}/{name}.vmdk"))
    for name in NAMES:
        esx.change_from_outside(name, set={"simulator.tools": "running", "simulator.shutdownDelay": "700"})
        ensure(esx, name=name, state="running")
    return esx


def many(esx: Simulator, **arguments: Any) -> tuple[dict[str, Any], list[str]]:
    return ensure_with_warnings(esx, with_disks=False, **arguments)


def states(result: dict[str, Any]) -> dict[str, str]:
    return {domain["name"]: domain["state"] for domain in result["domains"]}


def test_guests_shut_down_side_by_side(three: Simulator) -> None:
    three.trace(reset=True)
    predicted = ensure(three, check=True, names=["web*", "off"], state="shutdown")
    assert set(three.methods()) <= READING
    assert predicted["steps"] == ["shut down of web1, web2, web3"]
    start = time.monotonic()
    result = ensure(three, names=["web*", "off"], state="shutdown")
    assert time.monotonic() - start < 2.0
    assert states(predicted) == states(result) == dict.fromkeys([*NAMES, "off"], "shutoff")
    assert [domain["changed"] for domain in result["domains"]] == [False, True, True, True]
    assert result["changed"]
    assert not ensure(three, names=["web*", "off"], state="shutdown")["changed"]


def test_one_failure_does_not_hide_the_others(three: Simulator) -> None:
    three.change_from_outside("web2", set={"simulator.shutdownDelay": "never"})
    with pytest.raises(
        EsxError, match=r"failed for 1 of 3 domains. Domain 'web2': Its guest did not shut down"
    ) as info:
        ensure(three, names=NAMES, state="shutdown", timeout=2)
    result = info.value.details
    assert states(result) == {"web1": "shutoff", "web2": "running", "web3": "shutoff"}
    assert [domain.get("failed", False) for domain in result["domains"]] == [False, True, False]
    done, warnings = many(three, names=["web?"], state="shutdown", shutdown_timeout=1)
    assert states(done)["web2"] == "shutoff"
    assert warnings == ["Powered off, since it had 1 seconds to shut down: 'web2'."]


def test_a_domain_that_a_question_blocks_does_not_hold_up_the_others(three: Simulator) -> None:
    three.change_from_outside("web2", question="moved")
    after = {"web1": "shutoff", "web2": "running", "web3": "shutoff"}
    for check in (True, False):
        with pytest.raises(
            EsxError, match=r"failed for 1 of 3 domains. Domain 'web2': .*blocked by a question"
        ) as info:
            ensure(three, names=NAMES, state="destroyed", check=check)
        assert states(info.value.details) == after
        assert [domain["changed"] for domain in info.value.details["domains"]] == [True, False, True]
    with pytest.raises(EsxError, match="blocked by a question") as info:
        ensure(three, names=NAMES, state="destroyed")
    assert not info.value.details["changed"]
    result = ensure(three, names=NAMES, state="destroyed", answers={"msg.uuid.altered": "button.uuid.movedTheVM"})
    assert states(result) == dict.fromkeys(NAMES, "shutoff")


def test_a_blocked_domain_stays_aside_when_the_question_of_another_is_answered(three: Simulator) -> None:
    """The plan is made again after an answer; a domain whose guest cannot act is not asked to shut down then."""
    three.change_from_outside("web1", question="moved")
    three.change_from_outside("web2", question="append")
    three.trace(reset=True)
    with pytest.raises(EsxError, match=r"failed for 1 of 3 domains. Domain 'web1': .*blocked by a question") as info:
        ensure(three, names=NAMES, state="shutdown", answers={"msg.serial.file.open": "Append"})
    assert states(info.value.details) == {"web1": "running", "web2": "shutoff", "web3": "shutoff"}
    assert info.value.details["steps"] == ["shut down of web2, web3"]
    assert three.methods().count("ShutdownGuest") == 2


@pytest.mark.parametrize("answers", [{"msg.serial.file.open": "Append"}, {}])
def test_a_question_while_guests_shut_down(three: Simulator, answers: dict[str, str]) -> None:
    three.change_from_outside("web1", set={"simulator.shutdownDelay": "1500"})
    asking = threading.Timer(0.7, three.change_from_outside, ["web1"], {"question": "append"})
    asking.start()
    if answers:
        assert len(ensure(three, names=["web*"], state="shutdown", answers=answers)["questions"]) == 1
    else:
        with pytest.raises(EsxError, match=r"failed for 1 of 3 domains. Domain 'web1': .*blocked by a question"):
            ensure(three, names=["web*"], state="shutdown")
    asking.join()


def test_a_domain_that_cannot_start_is_told_in_check_mode_too(three: Simulator) -> None:
    """A host does not start a domain whose VMX it could not read."""
    ensure(three, names=["web*"], state="destroyed")
    vmx = (read_file(three, "[local-storage] web1/web1.vmx") or b"").decode()
    three.change_from_outside("web1", vmx=vmx.replace('numvcpus = "2"', 'numvcpus = "9999"'))
    with open_as_user(three) as host:
        get_domain(host, DomainKey("web1"))[0].ref.Reload()
    after = {"web1": "shutoff", "web2": "running", "web3": "running"}
    for check in (True, False):
        with pytest.raises(EsxError, match="'web1' cannot be started: its host could not read") as info:
            ensure(three, names=["web*"], state="running", check=check, with_disks=False)
        assert states(info.value.details) == after
        assert info.value.details["steps"] == ["power on of web2, web3"]


def test_what_was_deleted_before_a_failure_is_told(three: Simulator) -> None:
    ensure(three, names=["web*"], state="destroyed")
    three.inject(method="UnregisterVM", fault="NoPermission", count=1)
    disk, directory = "delete [local-storage] web1/web1.vmdk", "delete [local-storage] web1"
    with pytest.raises(EsxError, match=r"The step was 'undefine'. The steps before it were carried out: ") as info:
        ensure(three, names=["web1"], state="undefined", remove_storage=True)
    details = info.value.details
    (web1,) = details["domains"]
    assert (details["changed"], web1["changed"], web1["state"]) == (True, True, "shutoff")
    assert (web1["steps"][0], web1["steps"][-1]) == (disk, directory)
    ensure(three, name="web2", state="undefined")
    again = ensure(three, names=["web1", "web2"], state="undefined", remove_storage=True)
    assert states(again) == {"web1": "undefined"}
    assert not ensure(three, names=["web1", "web2"], state="undefined", remove_storage=True)["changed"]


@pytest.mark.parametrize(
    ("state", "reached"),
    [("destroyed", "shutoff"), ("paused", "paused"), ("reset", "running"), ("rebooted", "running")],
)
def test_other_states_are_reached_side_by_side(three: Simulator, state: str, reached: str) -> None:
    assert states(ensure(three, names=["web*"], state=state)) == dict.fromkeys(NAMES, reached)
    result = ensure(three, names=["web*"], state="running", wait_for=["tools"])
    assert [domain["guest"]["hostname"] for domain in result["domains"]] == NAMES


@pytest.mark.parametrize("state", ["rebooted", "reset"])
@pytest.mark.parametrize("which", [{"name": "web1"}, {"names": ["web1"]}])
def test_a_guest_that_restarts_is_waited_for_until_it_has(three: Simulator, state: str, which: dict[str, Any]) -> None:
    """It runs on for a moment, and then its VMware Tools are those of before."""
    three.change_from_outside("web1", set={"simulator.shutdownDelay": "300", "simulator.tools.delay": "300"})
    ensure(three, name="web1", wait_for=["tools"])
    begun = time.monotonic()
    result = ensure(three, **which, state=state, wait_for=["tools"])
    (domain,) = result.get("domains") or [result["domain"]]
    assert domain["guest"]["tools"] == "guestToolsRunning"
    assert time.monotonic() - begun > (0.6 if state == "rebooted" else 0.3)


@pytest.mark.parametrize("which", [{"name": "web1"}, {"names": ["web1"]}])
def test_a_guest_that_does_not_restart_is_told_from_one_that_is_ready(three: Simulator, which: dict[str, Any]) -> None:
    three.change_from_outside("web1", set={"simulator.shutdownDelay": "never"})
    with pytest.raises(EsxError, match="'web1' has not begun to restart after 1 seconds") as info:
        ensure(three, **which, state="rebooted", wait_for=["heartbeat"], timeout=1)
    assert (info.value.details["changed"], info.value.hint) == (True, "Raise the option timeout.")


def test_domains_are_undefined_with_their_disks(three: Simulator) -> None:
    ensure(three, names=["web*"], state="destroyed")
    result = ensure(three, names=["web*"], state="undefined", remove_storage=True)
    assert states(result) == dict.fromkeys(NAMES, "undefined")
    assert sorted(three.domains()) == ["domain-1", "off"]


def test_a_name_that_is_a_pattern_is_not_taken_for_others_in_the_next_run(esx: Simulator) -> None:
    for name in ("web[1]", "web1"):
        disk = f"[local-storage] {name}/{name}.vmdk"
        esx.add_disk(disk)
        ensure(esx, xml=domain_xml(name=name, uuid=None, mac=None, disk=disk))
    for check in (True, False):
        with pytest.raises(Ambiguous, match=r"'web\[1\]' is a domain, and a pattern"):
            ensure(esx, names=["web[1]"], state="undefined", check=check)
    ensure(esx, names=["web[[]1]"], state="undefined")
    assert not ensure(esx, names=["web[[]1]"], state="undefined")["changed"]
    assert sorted(esx.domains()) == ["domain-1", "web1"]


def share(esx: Simulator, *names: str, disk: str = "[local-storage] b/quorum.vmdk") -> None:
    """Define domains that share a disk, each with a VMX in a directory of its own."""
    for name in names:
        xml = domain_xml(name=name, uuid=None, mac=None, disk=disk)
        xml = xml.replace("<target dev='sda'", "<shareable/><target dev='sda'")
        ensure(esx, xml=xml, vmx_path=f"[local-storage] {name}/{name}.vmx")


@pytest.mark.parametrize("names", [["a", "b"], ["b", "c"], ["a", "b", "c"], ["*"]])
def test_a_disk_that_domains_share_goes_with_the_last_of_them(esx: Simulator, names: list[str]) -> None:
    """It is in the directory of b, which goes, too, whether that is the first or the last by name."""
    ensure(esx, name="domain-1", state="destroyed")
    ensure(esx, name="domain-1", state="undefined", remove_storage=True)
    users = [name for name in "abc" if name in names or "*" in names]
    share(esx, *users)
    write_file(esx, "[local-storage] b/vmware.log", b"x")
    predicted = ensure(esx, names=names, state="undefined", remove_storage=True, check=True)
    result = ensure(esx, names=names, state="undefined", remove_storage=True)
    assert (predicted["steps"], states(predicted)) == (result["steps"], states(result))
    assert sorted(states(result)) == users
    assert not ensure(esx, names=names, state="undefined", remove_storage=True)["changed"]
    assert not {"a", "b", "c"} & set(files_in(esx, "[local-storage] "))


def test_a_disk_stays_for_a_domain_that_is_not_undefined(esx: Simulator) -> None:
    share(esx, "a", "b", "c")
    ensure(esx, names=["a", "b"], state="undefined", remove_storage=True)
    assert files_in(esx, "[local-storage] b") == ["quorum.vmdk"]


def test_a_disk_stays_for_a_domain_that_could_not_be_undefined(esx: Simulator) -> None:
    share(esx, "a", "b")
    esx.inject(method="UnregisterVM", fault="NoPermission", count=1)
    with pytest.raises(EsxError, match="'a'"):
        ensure(esx, names=["a", "b"], state="undefined", remove_storage=True)
    assert "b" not in esx.domains()
    assert files_in(esx, "[local-storage] b") == ["quorum.vmdk"]
    ensure(esx, names=["a", "b"], state="undefined", remove_storage=True)
    assert files_in(esx, "[local-storage] b") == []


def test_a_name_that_looks_like_a_pattern_means_its_domain_only(three: Simulator) -> None:
    ensure(three, name="web2", state="destroyed")
    ensure(three, moid=three.domains()["web2"]["moid"], name="web[13]")
    ensure(three, name="web[13]", state="running")
    assert states(ensure(three, names=["web[13]"], state="destroyed")) == {"web[13]": "shutoff"}
    assert three.domains()["web1"]["state"] == "poweredOn"


def test_names_are_for_states_only(three: Simulator) -> None:
    with pytest.raises(NotFound, match="no domain 'web9'"):
        ensure(three, names=["web9"], state="running")
    with pytest.raises(ParseError, match="vcpus: it has no effect with names"):
        ensure(three, names=["web1"], state="running", vcpus=2)
    with pytest.raises(ParseError, match="shutdown_timeout: it is -1, expecting at least 0"):
        ensure(three, names=["web1"], state="shutdown", shutdown_timeout=-1)
    assert ensure(three, names=["none*"], state="running")["domains"] == []


def test_a_guest_that_reports_nonsense_is_waited_for(three: Simulator) -> None:
    """Whoever has the guest chooses what it reports."""
    three.change_from_outside("web1", set={"simulator.address": "0.0.0.0,not an address,::,192.0.2.7"})
    result = ensure(three, name="web1", state="running", wait_for=["address"])
    assert result["domain"]["guest"]["addresses"] == ["192.0.2.7", "0.0.0.0", "::"]  # noqa: S104
    three.change_from_outside("web2", set={"simulator.address": "0.0.0.0,host.example"})
    with pytest.raises(TimedOut, match="has no address after 1 seconds"):
        ensure(three, name="web2", state="running", wait_for=["address"], timeout=1)


def test_a_task_waits_for_the_guest_without_a_change(esx: Simulator) -> None:
    settings = {"simulator.tools": "running", "simulator.tools.delay": "500"}
    addresses = {"simulator.address": "2001:db8::7,fe80::1,192.0.2.7"}
    ensure(esx, xml=domain_xml())
    esx.change_from_outside("web", set={**settings, **addresses})
    result = ensure(esx, name="web", state="running", wait_for=["address", "heartbeat"])
    assert result["domain"]["guest"] == {
        "hostname": "web",
        "tools": "guestToolsRunning",
        "heartbeat": "green",
        "addresses": ["192.0.2.7", "2001:db8::7", "fe80::1"],
    }
    again = ensure(esx, name="web", wait_for=["tools"])
    assert (again["changed"], again["domain"]["guest"]) == (False, result["domain"]["guest"])
    assert "guest" not in ensure(esx, check=True, name="web", wait_for=["tools"])["domain"]


def test_waiting_has_an_end(esx: Simulator) -> None:
    ensure(esx, xml=domain_xml())
    with pytest.raises(Refused, match="cannot be waited for: the domain is shutoff"):
        ensure(esx, name="web", wait_for=["address"])
    with pytest.raises(ParseError, match="no guest runs"):
        ensure(esx, name="web", state="shutdown", wait_for=["address"])
    with pytest.raises(TimedOut, match="has no address after 2 seconds") as info:
        ensure(esx, name="web", state="running", wait_for=["address"], timeout=2)
    assert info.value.details["domain"]["state"] == "running"
    assert "VMware Tools do not run" in str(info.value.hint)


def test_a_vmx_that_lies_there_is_registered(esx: Simulator) -> None:
    ensure(esx, xml=domain_xml())
    vmx = "[local-storage] web/web.vmx"
    before = read_file(esx, vmx)
    ensure(esx, name="web", state="undefined")
    result = check_apply_repeat(esx, vmx_path=vmx)
    assert result["steps"] == ["register"]
    assert (result["domain"]["name"], read_file(esx, vmx)) == ("web", before)
    ensure(esx, name="web", state="undefined")
    assert check_apply_repeat(esx, vmx_path=vmx, state="running")["steps"] == ["register", "power on"]


def test_a_vmx_is_registered_under_another_name(esx: Simulator) -> None:
    path = "[local-storage] web/web.vmx"
    uuid = ensure(esx, xml=domain_xml())["domain"]["uuid"]
    ensure(esx, name="web", state="undefined")
    with pytest.raises(Refused, match=rf"is that of the domain 'web' with the UUID {uuid}, not 42"):
        ensure(esx, vmx_path=path, uuid=uuid.replace(uuid[:2], "42", 1))
    result = check_apply_repeat(esx, vmx_path=path, name="web2")
    assert "<name>web2</name>" in result["domain"]["xml"]


def test_what_cannot_be_registered_is_refused(esx: Simulator) -> None:
    with pytest.raises(NotFound, match=r"none.vmx"):
        ensure(esx, vmx_path="[local-storage] web/none.vmx")
    with pytest.raises(NotFound, match="vmx_path: the host has no datastore 'other'; it has 'local-storage'"):
        ensure(esx, vmx_path="[other] web/web.vmx")
    ensure(esx, xml=domain_xml())
    ensure(esx, name="web", state="undefined")
    with pytest.raises(Refused, match="cannot be changed in the same task"):
        ensure(esx, vmx_path="[local-storage] web/web.vmx", vcpus=4)
    ensure(esx, xml=domain_xml(uuid=None, mac=None, disk="[local-storage] other/other.vmdk"))
    with pytest.raises(Refused, match=r"a domain 'web' already, of \[local-storage\] other/web.vmx"):
        ensure(esx, vmx_path="[local-storage] web/web.vmx")


@pytest.mark.parametrize("others", [["web2"], ["web*"]])
@pytest.mark.parametrize("state", ["running", "destroyed"])
def test_a_state_that_another_client_brings_about_is_no_error(
    three: Simulator, monkeypatch: pytest.MonkeyPatch, state: str, others: list[str]
) -> None:
    ensure(three, names=["web*"], state="destroyed" if state == "running" else "running")
    original, acts = driver._run_tasks, [lambda: ensure(three, names=others, state=state)]

    def run_tasks(*arguments: Any) -> None:
        if acts:
            acts.pop()()
        original(*arguments)

    monkeypatch.setattr(driver, "_run_tasks", run_tasks)
    result = ensure(three, names=["web*"], state=state)
    changed = {domain["name"]: domain["changed"] for domain in result["domains"]}
    assert changed == {name: others == ["web2"] and name != "web2" for name in changed}
    assert {domain["state"] for domain in result["domains"]} == {"running" if state == "running" else "shutoff"}


def test_a_domain_that_another_client_works_on_is_waited_for(three: Simulator) -> None:
    ensure(three, names=["web*"], state="destroyed")
    task = {"task": {"type": "Task", "value": "task-1"}}
    three.inject(method="PowerOnVM_Task", fault="TaskInProgress", properties=task, count=1)
    assert all(domain["changed"] for domain in ensure(three, names=["web*"], state="running")["domains"])
