# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are taken for one to a call, and those of newer servers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._vi.about import newest_version
from ansible_collections.virt.esx.plugins.module_utils._vi.answers import NotAnAnswer, UnknownFault, read_answer
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import fault_text
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim, vmodl

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)
ABOUT = (
    "<about><name>x</name><fullName>VMware ESXi 8</fullName><vendor>V</vendor><version>8.0.1</version><build>1</build>"
    "<osType>o</osType><productLineId>embeddedEsx</productLineId><apiType>HostAgent</apiType>"
    "<apiVersion>8.0.1.0</apiVersion></about>"
)
CONTENT = (
    '<rootFolder type="Folder">ha-folder-root</rootFolder>'
    '<propertyCollector type="PropertyCollector">ha-property-collector</propertyCollector>'
    f'{ABOUT}<sessionManager type="SessionManager">ha-sessionmgr</sessionManager>'
)


class Stub:
    """The part of a stub that pyVmomi's parser uses."""

    version = newest_version()

    def SupportServerGUIDs(self) -> bool:  # noqa: N802
        return False


def body(content: str) -> bytes:
    return f"{HEAD}<soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>".encode()


def response(method: str, content: str) -> bytes:
    return body(f'<{method}Response xmlns="urn:vim25">{content}</{method}Response>')


def fault(name: str, members: str = "", text: str = "The words.") -> bytes:
    detail = f'<{name}Fault xmlns="urn:vim25" xsi:type="{name}">{members}</{name}Fault>'
    inner = f"<faultcode>ServerFaultCode</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail>"
    return body(f"<soapenv:Fault>{inner}</soapenv:Fault>")


def method(kind: Any, name: str) -> Any:
    return kind._GetMethodInfo(name)


RETRIEVE = method(vim.ServiceInstance, "RetrieveContent")
UNREGISTER = method(vim.VirtualMachine, "Unregister")
POWER_ON = method(vim.VirtualMachine, "PowerOn")
SEARCH = method(vim.host.DatastoreBrowser, "SearchSubFolders")
FIND = method(vim.SearchIndex, "FindByUuid")
UPDATES = method(vmodl.query.PropertyCollector, "WaitForUpdatesEx")


def read(content: bytes, info: Any) -> Any:
    return read_answer(content, info, Stub())


def test_answers() -> None:
    found = read(response("RetrieveServiceContent", f"<returnval>{CONTENT}</returnval>"), RETRIEVE)
    assert found.about.apiVersion == "8.0.1.0"
    assert read(response("UnregisterVM", ""), UNREGISTER) is None
    assert read(body('<UnregisterVMResponse xmlns="urn:vim25"/>'), UNREGISTER) is None
    assert read(response("FindByUuid", ""), FIND) is None
    task = read(response("PowerOnVM_Task", '<returnval type="Task">t-1</returnval>'), POWER_ON)
    assert task._GetMoId() == "t-1"
    with_header = response("UnregisterVM", "").replace(
        b"<soapenv:Body>", b"<soapenv:Header><a/></soapenv:Header><soapenv:Body>"
    )
    assert read(with_header, UNREGISTER) is None


HTML = b"<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1></body></html>"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (HTML, "it has no SOAP body"),
        (b"<!DOCTYPE html>" + HTML, "another document"),
        (b"\x00\xff\x17", "it is not XML"),
        (b"{}", "it is not XML"),
        (b"<a>", "it is not XML"),
        (b'<?xml version="1.0" encoding="x-unknown"?><a/>', "it is not XML"),
        (body(""), "it has no SOAP body, or nothing in it"),
        (response("PowerOnVM_Task", ""), "PowerOnVM_TaskResponse instead of UnregisterVMResponse"),
        (b"<UnregisterVMResponse/>", "it has no SOAP body"),
        (b"<x><UnregisterVMResponse/></x>", "it has no SOAP body"),
        (HEAD.encode() + b"<UnregisterVMResponse/></soapenv:Envelope>", "it has no SOAP body"),
        (response("UnregisterVM", "")[:-20], "it is cut off"),
        (body(f"<{'a' * 300}/>"), r"its SOAP body has a{200} \[...\] instead of UnregisterVMResponse"),
    ],
)
def test_invalid_answers_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(NotAnAnswer, match=reason):
        read(content, UNREGISTER)


@pytest.mark.parametrize(
    ("content", "info", "reason"),
    [
        (response("PowerOnVM_Task", ""), POWER_ON, "it has no value"),
        (response("SearchDatastoreSubFolders_Task", ""), SEARCH, "it has no value"),
        (response("RetrieveServiceContent", ""), RETRIEVE, "it has no value"),
        (response("RetrieveServiceContent", "<returnval></returnval>"), RETRIEVE, "its ServiceContent has no about"),
        (
            response("RetrieveServiceContent", f"<returnval>{CONTENT.replace('apiVersion', 'vendor')}</returnval>"),
            RETRIEVE,
            "its AboutInfo has no apiVersion",
        ),
        (response("WaitForUpdatesEx", "<returnval></returnval>"), UPDATES, "its UpdateSet has no version"),
        (
            response("WaitForUpdatesEx", "<returnval><version>1</version><filterSet/></returnval>"),
            UPDATES,
            "its PropertyFilterUpdate has no filter",
        ),
        (
            response("RetrieveServiceContent", f"<returnval>{CONTENT.replace('8.0.1.0', '<b/>')}</returnval>"),
            RETRIEVE,
            "it has parts that pyVmomi cannot read",
        ),
    ],
)
def test_no_caller_meets_a_none(content: bytes, info: Any, reason: str) -> None:
    with pytest.raises(NotAnAnswer, match=reason):
        read(content, info)


def test_values_that_are_nested_too_deeply() -> None:
    """A host's chains of disks have some dozens of members at most."""
    parts = "<fileName>[d] a.vmdk</fileName><diskMode>persistent</diskMode>"
    kind = 'xsi:type="VirtualDiskFlatVer2BackingInfo"'
    value = f"<val {kind}>{parts}{f'<parent {kind}>{parts}' * 2000}{'</parent>' * 2000}</val>"
    change = f"<changeSet><name>backing</name><op>assign</op>{value}</changeSet>"
    update = f'<objectSet><kind>modify</kind><obj type="VirtualMachine">1</obj>{change}</objectSet>'
    content = f'<version>1</version><filterSet><filter type="PropertyFilter">f</filter>{update}</filterSet>'
    with pytest.raises(NotAnAnswer, match="its values are nested too deeply"):
        read(response("WaitForUpdatesEx", f"<returnval>{content}</returnval>"), UPDATES)


def test_members_and_types_of_a_newer_server_are_left_out() -> None:
    newer = (
        '<futureManager type="FutureManager">ha-future</futureManager><futures><a xsi:type="Future">1</a></futures>'
        f"{CONTENT}"
    )
    found = read(response("RetrieveServiceContent", f"<returnval>{newer}</returnval>"), RETRIEVE)
    assert found.about.fullName == "VMware ESXi 8"
    assert found.sessionManager._GetMoId() == "ha-sessionmgr"


def test_a_known_fault() -> None:
    found = read(fault("InvalidState"), UNREGISTER)
    assert type_name(found) == "InvalidState"
    assert found.msg == "The words."


def test_an_unknown_fault_keeps_its_name_and_its_words() -> None:
    with pytest.raises(UnknownFault) as caught:
        read(fault("QuantumState", "<spin>1</spin>", "The spin is &lt;wrong&gt;."), UNREGISTER)
    assert (caught.value.name, caught.value.text) == ("QuantumState", "The spin is <wrong>.")


def test_the_words_of_an_unknown_fault_are_cut() -> None:
    with pytest.raises(UnknownFault) as caught:
        read(fault("QuantumState", text="x" * 100_000), UNREGISTER)
    assert caught.value.text == "x" * 4000 + " [...]"


@pytest.mark.parametrize("text", ["Read & write", "No&nbsp;space", "<b>broken", "\x01"])
def test_a_fault_that_is_not_well_formed_is_no_answer(text: str) -> None:
    with pytest.raises(NotAnAnswer, match="it is not XML"):
        read(fault("InvalidState", text=text), RETRIEVE)


def test_an_unknown_member_of_a_known_fault() -> None:
    assert type_name(read(fault("InvalidState", "<spin>1</spin>"), UNREGISTER)) == "InvalidState"


def test_an_unknown_fault_of_a_task() -> None:
    error = (
        '<val xsi:type="LocalizedMethodFault"><fault xsi:type="QuantumState"><spin>1</spin></fault>'
        "<localizedMessage>The spin is wrong.</localizedMessage></val>"
    )
    change = f"<changeSet><name>info.error</name><op>assign</op>{error}</changeSet>"
    update = f'<objectSet><kind>modify</kind><obj type="Task">t-1</obj>{change}</objectSet>'
    content = f'<version>1</version><filterSet><filter type="PropertyFilter">f</filter>{update}</filterSet>'
    found = read(response("WaitForUpdatesEx", f"<returnval>{content}</returnval>"), UPDATES)
    value = found.filterSet[0].objectSet[0].changeSet[0].val
    assert fault_text(value) == "The spin is wrong (QuantumState)"
