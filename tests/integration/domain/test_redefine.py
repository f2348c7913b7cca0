# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: changing the definition of a domain, shut off or running, and noticing that another client does."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain import redefine
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.reconfigure import reconfigure
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused, ServerFault
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    MAC,
    UUID,
    check_apply_repeat,
    create_disk,
    domain_xml,
    ensure,
    ensure_with_warnings,
    predict_and_apply,
    read_file,
    write_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VMX = "[local-storage] web/web.vmx"

CDROM = (
    "<disk type='file' device='cdrom'><source file='[local-storage] iso/{}.iso'/><target dev='hda' bus='ide'/></disk>"
)
FOLDER = "<filesystem type='mount'><source dir='/srv'/><target dir='srv'/></filesystem>"
EMPTY = "<disk type='file' device='cdrom'><target dev='hda' bus='ide'/></disk>"
SECOND_DISK = "<disk type='file' device='disk'><source file='[local-storage] web/b.vmdk'/><target dev='sdb'/></disk>"


@pytest.fixture
def off(esx: Simulator) -> Simulator:
    """A host with the domain ``web``, which is shut off."""
    ensure(esx, xml=domain_xml(devices=CDROM.format("a")))
    return esx


@pytest.fixture
def on(off: Simulator) -> Simulator:
    """The same, running."""
    ensure(off, name="web", state="running")
    return off


def vmx_lines(esx: Simulator) -> list[str]:
    return (read_file(esx, VMX) or b"").decode().splitlines()


# The request, the step, and the new lines of the VMX.
CHANGES: list[tuple[dict[str, Any], str, set[str]]] = [
    ({"vcpus": 4}, "change vcpus", {'numvcpus = "4"'}),
    ({"max_memory": "2 GiB"}, "change max_memory", {'memsize = "2048"'}),
    ({"memory": "512 MiB"}, "change memory", {'sched.mem.max = "512"'}),
    ({"memory": "512000"}, "change memory", {'sched.mem.max = "500"'}),
    (
        {"memory": "512 MiB", "max_memory": "588 MiB"},
        "change max_memory, memory",
        {'memsize = "588"', 'sched.mem.max = "512"'},
    ),
    (
        {"annotation": 'a "note"\nof | two lines'},
        "change annotation",
        {'annotation = "a |22note|22|0Aof |7C two lines"'},
    ),
    ({"name": "shop", "uuid": UUID}, "change name", {'displayName = "shop"'}),
]


@pytest.mark.parametrize(("domain_request", "step", "lines"), CHANGES)
def test_only_what_is_wished_is_changed(
    off: Simulator, domain_request: dict[str, Any], step: str, lines: set[str]
) -> None:
    before = vmx_lines(off)
    result = check_apply_repeat(off, **{"name": "web", **domain_request})
    assert result["steps"] == [step]
    after = vmx_lines(off)
    assert set(after) - set(before) == lines
    assert len(set(before) - set(after)) <= len(lines)
    for option in ("name", "vcpus"):
        assert result["domain"][option] == domain_request.get(option, result["domain"][option])


def test_the_maximum_takes_along_a_memory_that_was_all_of_it(off: Simulator) -> None:
    assert check_apply_repeat(off, name="web", max_memory="2 GiB")["domain"]["memory_kib"] == 2097152
    check_apply_repeat(off, name="web", memory="1 GiB")
    assert check_apply_repeat(off, name="web", max_memory="3 GiB")["domain"]["memory_kib"] == 1048576
    assert check_apply_repeat(off, name="web", max_memory="512 MiB")["domain"]["memory_kib"] == 524288


def test_more_memory_than_the_maximum_is_refused(off: Simulator) -> None:
    with pytest.raises(Refused, match="more than the domain's maximum of 1048576 KiB"):
        ensure(off, name="web", memory="2 GiB")


@pytest.mark.parametrize("size", ["much", "1 XiB", "0", "-5"])
def test_a_size_that_is_none(off: Simulator, size: str) -> None:
    with pytest.raises(ParseError, match="max_memory"):
        ensure(off, name="web", max_memory=size)


def test_a_note_is_removed(off: Simulator) -> None:
    ensure(off, name="web", annotation="note")
    assert check_apply_repeat(off, name="web", annotation="")["steps"] == ["change annotation"]


def test_cores_stay_when_processors_come(off: Simulator) -> None:
    topology = "<cpu><topology sockets='1' cores='2' threads='1'/></cpu><devices>"
    ensure(off, xml=domain_xml().replace("<devices>", topology))
    check_apply_repeat(off, name="web", vcpus=6)
    assert 'cpuid.coresPerSocket = "2"' in vmx_lines(off)
    with pytest.raises(Refused, match="sockets with 2 cores each"):
        ensure(off, name="web", vcpus=3)


def test_what_a_description_leaves_out_stays(off: Simulator) -> None:
    off.change_from_outside("web", set={"ethernet0.wakeOnPcktRcv": "FALSE", "of.my.own": "kept"})
    before = read_file(off, VMX)
    result = check_apply_repeat(off, xml=domain_xml(uuid=None, mac=None, devices=CDROM.format("a")))
    assert not result["changed"]
    assert read_file(off, VMX) == before


def test_a_disk_is_added_and_removed(off: Simulator) -> None:
    create_disk(off, "[local-storage] web/b.vmdk")
    devices = CDROM.format("a") + SECOND_DISK
    assert check_apply_repeat(off, xml=domain_xml(devices=devices))["steps"] == ["change disk sdb"]
    assert "[local-storage] web/b.vmdk" in ensure(off, name="web", annotation="")["domain"]["xml"]
    assert check_apply_repeat(off, xml=domain_xml())["steps"] == ["change disk sdb, disk hda"]


def test_what_the_module_returns_can_be_given_back(off: Simulator) -> None:
    vnc = "<graphics type='vnc' port='5901' passwd='secret'/>"
    warnings = ensure_with_warnings(off, xml=domain_xml(devices=vnc))[1]
    assert ["has no VNC server" in text for text in warnings] == [True]
    result = ensure(off, name="web", annotation="note")
    assert "secret" not in str(result)
    assert not ensure(off, xml=result["domain"]["xml"])["changed"]
    assert 'RemoteDisplay.vnc.password = "secret"' in vmx_lines(off)


def test_a_rename_by_description(off: Simulator) -> None:
    assert check_apply_repeat(off, xml=domain_xml("shop", devices=CDROM.format("a")))["steps"] == ["change name"]
    assert set(off.domains()) == {"domain-1", "shop"}


@pytest.mark.parametrize("check", [True, False])
def test_a_name_that_another_domain_has(off: Simulator, check: bool) -> None:
    with pytest.raises(Refused, match="another domain 'domain-1'"):
        ensure(off, uuid=UUID, name="domain-1", check=check)


def test_a_domain_that_is_to_be_off_is_changed_then(on: Simulator) -> None:
    assert check_apply_repeat(on, name="web", vcpus=4, state="destroyed")["steps"] == ["power off", "change vcpus"]


def test_a_domain_that_is_to_run_is_changed_first(off: Simulator) -> None:
    assert check_apply_repeat(off, name="web", vcpus=4, state="running")["steps"] == ["change vcpus", "power on"]


# Changes that a host makes while a domain runs: the request, and the step.
LIVE: list[tuple[dict[str, Any], str]] = [
    ({"xml": domain_xml(devices=CDROM.format("a") + SECOND_DISK)}, "change disk sdb"),
    ({"annotation": "note"}, "change annotation"),
    ({"memory": "512 MiB"}, "change memory"),
    ({"name": "shop", "uuid": UUID}, "change name"),
    ({"xml": domain_xml(devices=CDROM.format("b"))}, "change disk hda"),
    (
        {"xml": domain_xml(devices=CDROM.format("a")).replace("<os>", "<cputune><shares>4000</shares></cputune><os>")},
        "change CPU shares",
    ),
    (
        {
            "xml": domain_xml(devices=CDROM.format("a")).replace(
                "<vcpu>", "<memtune><min_guarantee unit='MiB'>256</min_guarantee></memtune><vcpu>"
            )
        },
        "change guaranteed memory",
    ),
]


@pytest.mark.parametrize("present", ["running", "paused"])
@pytest.mark.parametrize(("domain_request", "step"), LIVE)
def test_what_the_host_can_change_live(on: Simulator, present: str, domain_request: dict[str, Any], step: str) -> None:
    create_disk(on, "[local-storage] web/b.vmdk")
    ensure(on, name="web", state=present)
    on.trace(reset=True)
    result = check_apply_repeat(
        on, **{"name": "web", **domain_request} if "xml" not in domain_request else domain_request
    )
    assert (result["steps"], result["domain"]["state"]) == ([step], present)
    assert "ReconfigVM_Task" in on.methods()
    assert "PUT" not in on.methods()


# The same, and what the VMX says afterwards.
IN_THE_VMX: list[tuple[dict[str, Any], str, str]] = [
    ({"xml": domain_xml(devices=CDROM.format("b"))}, "disk hda", "/iso/b.iso"),
    (
        {"xml": domain_xml(devices=CDROM.format("a"), network="Lab Network")},
        f"interface {MAC}",
        'ethernet0.networkName = "Lab Network"',
    ),
]


@pytest.mark.parametrize(("domain_request", "part", "text"), IN_THE_VMX)
def test_a_device_of_a_running_domain_gets_another_backing(
    on: Simulator, domain_request: dict[str, Any], part: str, text: str
) -> None:
    assert text not in "\n".join(vmx_lines(on))
    result = check_apply_repeat(on, **domain_request)
    assert (result["steps"], result["domain"]["state"]) == ([f"change {part}"], "running")
    assert text in "\n".join(vmx_lines(on))
    assert check_apply_repeat(on, xml=domain_xml(devices=CDROM.format("a")))["steps"] == [f"change {part}"]
    assert text not in "\n".join(vmx_lines(on))


def test_an_image_is_taken_out_of_a_running_domain_s_drive(on: Simulator) -> None:
    """As VMware's own client does it: the drive becomes the client's, and is read as an empty one."""
    result = check_apply_repeat(on, xml=domain_xml(devices=EMPTY))
    assert (result["steps"], result["domain"]["state"]) == (["change disk hda"], "running")
    drive = {line for line in vmx_lines(on) if line.startswith("ide0:0.")}
    assert {'ide0:0.clientDevice = "TRUE"', 'ide0:0.startConnected = "FALSE"'} <= drive
    assert check_apply_repeat(on, xml=domain_xml(devices=CDROM.format("b")))["steps"] == ["change disk hda"]
    drive = {line for line in vmx_lines(on) if line.startswith("ide0:0.")}
    assert 'ide0:0.startConnected = "FALSE"' not in drive


@pytest.mark.parametrize("present", ["running", "paused"])
def test_a_note_is_removed_live(on: Simulator, present: str) -> None:
    ensure(on, name="web", annotation="note", state=present)
    assert 'annotation = "note"' in vmx_lines(on)
    assert check_apply_repeat(on, name="web", annotation="")["steps"] == ["change annotation"]
    assert "<description>" not in ensure(on, name="web", memory="512 MiB")["domain"]["xml"]
    assert not [line for line in vmx_lines(on) if "note" in line]


HOT = {"vcpu.hotadd": "TRUE", "mem.hotadd": "TRUE"}


@pytest.mark.parametrize(
    "domain_request", [{"vcpus": 4}, {"max_memory": "2 GiB"}, {"max_memory": "2 GiB", "memory": "1 GiB"}]
)
def test_what_can_be_added_to_a_guest_that_was_started_for_it(off: Simulator, domain_request: dict[str, Any]) -> None:
    off.change_from_outside("web", set=HOT)
    ensure(off, name="web", state="running")
    assert check_apply_repeat(off, name="web", **domain_request)["domain"]["state"] == "running"


# Changes for which a domain has to be shut off, and the error.
NEEDS_SHUTDOWN: list[tuple[dict[str, Any], str]] = [
    ({"vcpus": 4}, "change vcpus"),
    ({"vcpus": 1}, "change vcpus"),
    ({"max_memory": "2 GiB"}, "change max_memory"),
    ({"vcpus": 4, "annotation": "note"}, "change vcpus"),
    ({"xml": domain_xml()}, "change disk hda"),
    ({"xml": domain_xml(devices=CDROM.format("a")).replace("e1000", "vmxnet3")}, f"change interface {MAC}"),
]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(("domain_request", "said"), NEEDS_SHUTDOWN)
def test_what_needs_a_domain_to_be_shut_off_is_listed(
    on: Simulator, domain_request: dict[str, Any], said: str, check: bool
) -> None:
    before = read_file(on, VMX)
    with pytest.raises(Refused, match=f"has to be shut off to {said}, and it is running") as refused:
        ensure(on, check=check, **{"name": "web", **domain_request} if "xml" not in domain_request else domain_request)
    assert "power_cycle" in (refused.value.hint or "")
    assert read_file(on, VMX) == before


@pytest.mark.parametrize(("domain_request", "said"), NEEDS_SHUTDOWN)
def test_a_power_cycle_makes_any_change(on: Simulator, domain_request: dict[str, Any], said: str) -> None:
    on.change_from_outside("web", set={"simulator.tools": "running"})
    arguments = {"name": "web", **domain_request} if "xml" not in domain_request else domain_request
    result = check_apply_repeat(on, power_cycle=True, **arguments)
    assert result["steps"][0] == "shut down"
    assert said in result["steps"][1].replace("annotation, ", "")
    assert result["steps"][2:] == ["power on"]
    assert result["domain"]["state"] == "running"


def test_a_power_cycle_may_end_paused(on: Simulator) -> None:
    on.change_from_outside("web", set={"simulator.tools": "running"})
    result = check_apply_repeat(on, name="web", vcpus=4, power_cycle=True, state="paused")
    assert result["steps"] == ["shut down", "change vcpus", "power on", "suspend"]


def test_a_power_cycle_needs_tools(on: Simulator) -> None:
    with pytest.raises(Refused, match="VMware Tools do not run"):
        ensure(on, name="web", vcpus=4, power_cycle=True)


def test_a_paused_domain_is_no_power_cycle_s(on: Simulator) -> None:
    ensure(on, name="web", state="paused")
    with pytest.raises(Refused, match="it is paused"):
        ensure(on, name="web", vcpus=4, power_cycle=True)


def test_somebody_else_s_change_is_noticed_while_shut_off(off: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*arguments: Any) -> None:
        off.change_from_outside("web", set={"annotation": "theirs"})
        reconfigure(*arguments)

    monkeypatch.setattr(redefine, "reconfigure", late)
    with pytest.raises(Refused, match="Another client has changed"):
        ensure(off, name="web", vcpus=4)
    assert 'annotation = "theirs"' in vmx_lines(off)
    assert 'numvcpus = "2"' in vmx_lines(off)


def test_somebody_else_s_change_is_noticed_while_running(on: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*arguments: Any) -> None:
        on.change_from_outside("web", set={"annotation": "theirs"})
        reconfigure(*arguments)

    monkeypatch.setattr(redefine, "reconfigure", late)
    with pytest.raises(Refused, match="Another client has changed"):
        ensure(on, name="web", annotation="ours")
    assert 'annotation = "theirs"' in vmx_lines(on)


def test_a_reload_that_fails_leaves_the_definition_as_it_was(off: Simulator) -> None:
    before = read_file(off, VMX)
    off.inject(method="Reload", fault="InvalidState", count=1)
    with pytest.raises(ServerFault, match="The definition is as before"):
        ensure(off, xml=domain_xml(devices=CDROM.format("a") + FOLDER))
    assert read_file(off, VMX) == before
    assert check_apply_repeat(off, xml=domain_xml(devices=CDROM.format("a") + FOLDER))["changed"]


def test_only_what_the_api_cannot_say_is_uploaded(off: Simulator) -> None:
    off.trace(reset=True)
    assert check_apply_repeat(off, name="web", vcpus=4)["steps"] == ["change vcpus"]
    assert {"PUT", "Reload"}.isdisjoint(off.methods())
    xml = domain_xml(devices=CDROM.format("a") + FOLDER).replace("<vcpu>2", "<vcpu>8")
    assert check_apply_repeat(off, xml=xml)["steps"] == ["change vcpus", "change filesystem srv in the VMX"]
    assert {'numvcpus = "8"', 'sharedFolder0.guestName = "srv"'} <= set(vmx_lines(off))


def test_a_vmx_that_cannot_be_read_is_said(off: Simulator) -> None:
    write_file(off, VMX, b"this is no VMX")
    with pytest.raises(ParseError):
        ensure(off, name="web", vcpus=4)
    assert not predict_and_apply(off, name="web", state="shutdown")["changed"]


def test_a_vmx_that_the_host_has_not_read_is_read_before_it_is_changed(off: Simulator) -> None:
    """Else the host would write what it knows over it."""
    vmx = (read_file(off, VMX) or b"").decode().replace('numvcpus = "2"', 'numvcpus = "6"') + 'of.my.own = "kept"\n'
    write_file(off, VMX, vmx.encode())
    assert check_apply_repeat(off, name="web", annotation="note")["steps"] == ["reload", "change annotation"]
    assert {'numvcpus = "6"', 'of.my.own = "kept"', 'annotation = "note"'} <= set(vmx_lines(off))


def test_the_size_that_libvirt_prints_for_any_card_is_no_change_where_the_host_chooses_it(off: Simulator) -> None:
    off.change_from_outside("web", set={"svga.vramSize": "8388608", "svga.autodetect": "TRUE"})
    video = "<video><model type='vmvga' vram='{}'/></video>"
    assert check_apply_repeat(off, xml=domain_xml(devices=CDROM.format("a") + video.format(4096)))["steps"] == []
    result = check_apply_repeat(off, xml=domain_xml(devices=CDROM.format("a") + video.format(16384)))
    assert result["steps"] == ["change video 0"]


def test_a_number_of_shares_that_could_be_a_level_stays_a_number(off: Simulator) -> None:
    off.change_from_outside("web", set={"sched.cpu.shares": "4000"})
    assert check_apply_repeat(off, name="web", vcpus=4)["steps"] == ["change vcpus"]
    assert 'sched.cpu.shares = "4000"' in vmx_lines(off)


def test_a_vmx_in_a_datastore_s_root_with_a_bare_second_disk(esx: Simulator) -> None:
    second = "<disk type='file' device='disk'><source file='[local-storage] b.vmdk'/><target dev='sdb'/></disk>"
    xml = domain_xml(disk="[local-storage] web.vmdk", devices=second)
    ensure(esx, xml=xml)
    esx.change_from_outside("web", set={"scsi0:0.fileName": "web.vmdk", "scsi0:1.fileName": "b.vmdk"})
    assert check_apply_repeat(esx, xml=xml)["steps"] == []
    assert "[local-storage] b.vmdk" in check_apply_repeat(esx, name="web", annotation="x")["domain"]["xml"]
