# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our reader of results gives what pyVmomi's gives, or leaves the answer to it."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._vi.about import newest_version
from ansible_collections.virt.esx.plugins.module_utils._vi.results import Unusual, read_result
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import (
    SoapResponseDeserializer,
    VmomiSupport,
    vim,
    vmodl,
)
from ansible_collections.virt.esx.tests.unit.plugins.vmomi_values import assert_same
from hypothesis import given
from hypothesis import strategies as st
from pyVmomi.SoapAdapter import SerializeToStr

XSI, XSD = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2001/XMLSchema"
COLLECTOR = vmodl.query.PropertyCollector
RETRIEVE = COLLECTOR._GetMethodInfo("RetrievePropertiesEx")


class Stub:
    """The part of a stub that the readers use."""

    version = newest_version()

    def SupportServerGUIDs(self) -> bool:  # noqa: N802
        return False


STUB = Stub()


def envelope(content: str, *, xsd: str = "xsd") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:{xsd}="{XSD}" xmlns:xsi="{XSI}"><soapenv:Body>'
        f'<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>{content}</returnval>'
        "</RetrievePropertiesExResponse></soapenv:Body></soapenv:Envelope>"
    ).encode()


def one(value: str) -> bytes:
    """An answer with one property."""
    properties = f"<propSet><name>some.path</name>{value}</propSet>"
    return envelope(f'<objects><obj type="VirtualMachine">vm-1</obj>{properties}</objects>')


def ours(content: bytes) -> Any:
    return read_result(content, "RetrievePropertiesEx", RETRIEVE.result, STUB)


def pyvmomis(content: bytes) -> Any:
    return SoapResponseDeserializer(STUB).Deserialize(content, RETRIEVE.result)


VALUES = (
    '<val xsi:type="xsd:string">text &amp; more</val>',
    '<val xsi:type="xsd:string"></val>',
    '<val xsi:type="xsd:string">  kept \n </val>',
    '<val xsi:type="xsd:int">-5</val>',
    '<val xsi:type="xsd:long">1099511627776</val>',
    '<val xsi:type="xsd:short">3</val>',
    '<val xsi:type="xsd:byte">-1</val>',
    '<val xsi:type="xsd:float">1.5</val>',
    '<val xsi:type="xsd:double">1.5</val>',
    '<val xsi:type="xsd:boolean">true</val>',
    '<val xsi:type="xsd:boolean">0</val>',
    '<val xsi:type="xsd:anyURI">ds:///vmfs/volumes/1/</val>',
    '<val xsi:type="xsd:base64Binary">AAEC</val>',
    '<val xsi:type="xsd:dateTime">2026-11-26T02:20:49.123456Z</val>',
    '<val xsi:type="VirtualMachinePowerState">poweredOn</val>',
    '<val type="HostSystem" xsi:type="ManagedObjectReference">host-1</val>',
    '<val xsi:type="ArrayOfManagedObjectReference">'
    '<ManagedObjectReference type="Datastore" xsi:type="ManagedObjectReference">datastore-1</ManagedObjectReference>'
    "</val>",
    '<val xsi:type="ArrayOfString"><string>a</string><string>b</string></val>',
    '<val xsi:type="ArrayOfInt"></val>',
    '<val xsi:type="SharesInfo"><shares>1000</shares><level>normal</level></val>',
    '<val xsi:type="ArrayOfVirtualDevice"><VirtualDevice xsi:type="VirtualDisk"><key>2000</key><deviceInfo>'
    "<label>Hard disk 1</label><summary>1 KB</summary></deviceInfo>"
    '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds] a.vmdk</fileName>'
    '<datastore type="Datastore">datastore-1</datastore><diskMode>persistent</diskMode></backing>'
    "<controllerKey>1000</controllerKey><unitNumber>0</unitNumber><capacityInKB>1</capacityInKB></VirtualDevice></val>",
)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_the_same_as_pyvmomis(value: str) -> None:
    assert_same(ours(one(value)), pyvmomis(one(value)))


def test_pages_are_the_same() -> None:
    content = envelope(
        '<token>t-1</token><objects><obj type="Folder">group-v1</obj></objects>'
        '<objects><obj type="Datastore">datastore-1</obj></objects>'
    )
    assert_same(ours(content), pyvmomis(content))


LEFT_TO_PYVMOMI = (
    one('<val xsi:type="xsd:boolean">TRUE</val>'),
    one('<val xsi:type="xsd:int">many</val>'),
    one('<val xsi:type="VirtualMachinePowerState">hibernating</val>'),
    one('<val xsi:type="TypeOfTomorrow"><key>1</key></val>'),
    one('<val xsi:type="SharesInfo"><shares>1</shares><level>low</level><tomorrow>1</tomorrow></val>'),
    one('<val xsi:type="vim25:SharesInfo"><shares>1</shares><level>low</level></val>'),
    one('<val type="HostSystem" xsi:type="ManagedObjectReference" serverGuid="5">host-1</val>'),
    one("<val>untyped</val>"),
    one('<val xsi:type="xsd:string">cut off</val>')[:-20],
    envelope("", xsd="xs"),
    envelope("").replace(b"RetrievePropertiesExResponse", b"LoginResponse"),
    envelope(
        '<objects><obj type="VirtualMachine">vm-1</obj><missingSet><path>name</path><fault>'
        '<fault xsi:type="NoPermission"></fault><localizedMessage>No.</localizedMessage></fault></missingSet></objects>'
    ),
)


@pytest.mark.parametrize("content", LEFT_TO_PYVMOMI)
def test_what_is_unusual_is_left_to_pyvmomi(content: bytes) -> None:
    with pytest.raises(Unusual):
        ours(content)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
LEAVES = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(1 << 31), (1 << 31) - 1),
    st.datetimes(datetime.datetime(1970, 1, 1), timezones=st.just(datetime.timezone.utc)),
    st.sampled_from(vim.VirtualMachine.PowerState.values).map(vim.VirtualMachine.PowerState),
    st.builds(vim.SharesInfo, shares=st.integers(0, 9999), level=st.sampled_from(["low", "high", "custom"])),
    st.builds(vim.AboutInfo, **dict.fromkeys(("name", "fullName", "version", "apiType", "apiVersion"), TEXTS)),
    st.builds(
        vim.vm.device.VirtualDisk,
        key=st.integers(0, 9999),
        capacityInKB=st.integers(0, 1 << 40),
        unitNumber=st.none() | st.integers(0, 64),
        deviceInfo=st.none() | st.builds(vim.Description, label=TEXTS, summary=TEXTS),
        backing=st.none() | st.builds(vim.vm.device.VirtualDisk.FlatVer2BackingInfo, fileName=TEXTS, diskMode=TEXTS),
    ),
    st.lists(TEXTS, max_size=3).map(VmomiSupport.GetVmodlType("string[]")),
)
PROPERTIES = st.builds(vmodl.DynamicProperty, name=TEXTS, val=LEAVES)
CONTENTS = st.builds(
    COLLECTOR.ObjectContent,
    obj=st.just(vim.VirtualMachine("vm-1")),
    propSet=st.lists(PROPERTIES, max_size=4),
)


@given(st.builds(COLLECTOR.RetrieveResult, token=st.none() | TEXTS, objects=st.lists(CONTENTS, min_size=1, max_size=3)))
def test_whatever_is_written_is_read_as_pyvmomi_reads_it(result: Any) -> None:
    written = SerializeToStr(result, version=STUB.version)
    inner = re.sub(r"^<[^>]*>|</[^>]*>$", "", written).strip()
    content = envelope(inner)
    assert_same(ours(content), pyvmomis(content))
