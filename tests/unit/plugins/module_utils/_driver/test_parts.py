# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts from a domain's properties: guest, devices, snapshots, and the defect of a broken domain."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.dumpxml import readable
from ansible_collections.virt.esx.plugins.module_utils._driver.guest import GUEST_PATHS, read_guest
from ansible_collections.virt.esx.plugins.module_utils._driver.info.devices import HARDWARE_PATHS, read_hardware
from ansible_collections.virt.esx.plugins.module_utils._driver.info.domain_info import domain_entry
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import CORE_PATHS, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import SNAPSHOT_PATHS, read_snapshots
from pyVmomi import vim

Card = vim.vm.GuestInfo.NicInfo
Address = vim.net.IpConfigInfo.IpAddress


def values(paths: Any, **known: Any) -> dict[str, Any]:
    """The values of properties, None but for those that are known by the last part of their path."""
    return {path: known.get(path.rpartition(".")[2]) for path in paths}


def record(**known: Any) -> DomainRecord:
    return DomainRecord(vim.VirtualMachine("12"), values(CORE_PATHS, **known))


HEALTHY = {"name": "web", "powerState": "poweredOn", "connectionState": "connected", "numCPU": 2, "memoryMB": 4}


@pytest.mark.parametrize(
    ("known", "error"),
    [
        (HEALTHY, None),
        ({**HEALTHY, "connectionState": "inaccessible"}, "The host cannot read the domain's VMX."),
        ({**HEALTHY, "connectionState": "orphaned"}, "The host no longer knows the domain."),
        (
            {"name": "web", "powerState": "poweredOff", "connectionState": "connected"},
            "The server has no configuration of the domain, or the user may not see it.",
        ),
        ({}, "The server has no configuration of the domain, or the user may not see it."),
    ],
)
def test_a_broken_domain_is_described_as_far_as_it_is_known(known: dict[str, Any], error: str | None) -> None:
    described = domain_entry(record(**known), None, {})
    assert described.get("error") == error
    assert described["name"] == known.get("name", "")
    assert described["moid"] == "12"
    assert described["uuid"] is None
    assert described["vcpus"] == known.get("numCPU")


def test_memory_is_restricted_by_the_limit() -> None:
    assert domain_entry(record(**HEALTHY, limit=-1), None, {})["memory_kib"] == 4096
    assert domain_entry(record(**HEALTHY, limit=3), None, {})["memory_kib"] == 3072


def test_names_are_decoded() -> None:
    assert record(name="a%2fb%25c%5cd").name == "a/b%c\\d"


def test_a_guest_without_tools_tells_nothing() -> None:
    assert read_guest(values(GUEST_PATHS)) == {
        "hostname": None,
        "os": None,
        "tools": None,
        "addresses": [],
        "interfaces": [],
    }


def test_a_guest_has_the_addresses_of_its_cards() -> None:
    configured = vim.net.IpConfigInfo(
        ipAddress=[Address(ipAddress="192.0.2.7", prefixLength=24), Address(ipAddress="fe80::1", prefixLength=64)]
    )
    cards = [
        Card(network="VM Network", macAddress="00:50:56:25:48:c7", ipConfig=configured, ipAddress=["192.0.2.7"]),
        Card(network="Backup", macAddress="00:50:56:25:48:c8", ipAddress=["198.51.100.1"]),
        Card(network=None, macAddress="00:50:56:25:48:c9", ipAddress=["127.0.0.1"]),
    ]
    guest = read_guest(values(GUEST_PATHS, hostName="web", toolsStatus="toolsOk", ipAddress="198.51.100.1", net=cards))
    assert guest == {
        "hostname": "web",
        "os": None,
        "tools": "toolsOk",
        "addresses": ["198.51.100.1", "192.0.2.7", "fe80::1"],
        "interfaces": [
            {"network": "VM Network", "mac": "00:50:56:25:48:c7", "addresses": ["192.0.2.7/24", "fe80::1/64"]},
            {"network": "Backup", "mac": "00:50:56:25:48:c8", "addresses": ["198.51.100.1"]},
        ],
    }


device = vim.vm.device


@pytest.mark.parametrize(
    ("backing", "network"),
    [
        (device.VirtualEthernetCard.NetworkBackingInfo(deviceName="VM Network"), "VM Network"),
        (
            device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(
                port=vim.dvs.PortConnection(switchUuid="50 1", portgroupKey="dvportgroup-7")
            ),
            "dvportgroup-7",
        ),
        (device.VirtualEthernetCard.OpaqueNetworkBackingInfo(opaqueNetworkId="nsx-1", opaqueNetworkType="x"), "nsx-1"),
        (None, None),
    ],
)
def test_a_card_names_its_network(backing: Any, network: str | None) -> None:
    card = device.VirtualVmxnet3(key=4000, backing=backing, macAddress="00:50:56:25:48:c7")
    assert read_hardware(values(HARDWARE_PATHS, device=[card]))["interfaces"] == [
        {"label": None, "mac": "00:50:56:25:48:c7", "model": "vmxnet3", "network": network, "connected": None}
    ]


def test_a_disk_names_its_file_or_its_device() -> None:
    label = vim.Description(label="Hard disk 1", summary="")
    file = device.VirtualDisk.FlatVer2BackingInfo(fileName="[ds] web/web.vmdk", diskMode="persistent")
    raw = device.VirtualDisk.RawDiskVer2BackingInfo(deviceName="vml.1", descriptorFileName="")
    disks = [
        device.VirtualDisk(key=2000, deviceInfo=label, backing=file, capacityInKB=8),
        device.VirtualDisk(key=2001, backing=raw, capacityInKB=16),
        device.VirtualCdrom(key=3000),
    ]
    assert read_hardware(values(HARDWARE_PATHS, device=disks))["disks"] == [
        {"label": "Hard disk 1", "file": "[ds] web/web.vmdk", "capacity_kib": 8},
        {"label": None, "file": "vml.1", "capacity_kib": 16},
    ]


def tree(number: int, *children: Any) -> Any:
    return vim.vm.SnapshotTree(
        snapshot=vim.vm.Snapshot(f"12-snapshot-{number}"),
        vm=vim.VirtualMachine("12"),
        name=f"s%2f{number}",
        description="",
        createTime=datetime.datetime(2026, 1, number, tzinfo=datetime.timezone.utc),
        state="poweredOff",
        quiesced=False,
        childSnapshotList=list(children),
    )


def test_snapshots_are_a_list_with_parents() -> None:
    roots = [tree(1, tree(2, tree(3)), tree(4)), tree(5)]
    known = values(SNAPSHOT_PATHS, rootSnapshotList=roots, currentSnapshot=vim.vm.Snapshot("12-snapshot-3"))
    found = [
        (snapshot["name"], (snapshot["parent"] or "")[-1:], snapshot["current"]) for snapshot in read_snapshots(known)
    ]
    assert found == [
        ("s/1", "", False),
        ("s/2", "1", False),
        ("s/3", "2", True),
        ("s/4", "1", False),
        ("s/5", "", False),
    ]
    assert read_snapshots(known)[0]["created"] == "2026-01-01T00:00:00+00:00"
    assert read_snapshots(values(SNAPSHOT_PATHS)) == []


@pytest.mark.parametrize(
    ("vmx", "rest"),
    [
        ('a = "1"\nRemoteDisplay.vnc.password = "s"\nb = "2"\n', 'a = "1"\nb = "2"\n'),
        ('a = "1"\r\n  remotedisplay.VNC.password="s"\r\nb = "2"\r\n', 'a = "1"\r\nb = "2"\r\n'),
        ('RemoteDisplay.vnc.password = "s"', ""),
        ('a = broken\nRemoteDisplay.vnc.password = "s', "a = broken\n"),
        ('.encoding = "windows-1252"\na = "\udcfc"\n', '.encoding = "windows-1252"\na = "ü"\n'),
        ('a = "\udcfc"\n', 'a = "\N{REPLACEMENT CHARACTER}"\n'),
        ('RemoteDisplay.vnc.port = "5901"\n', 'RemoteDisplay.vnc.port = "5901"\n'),
    ],
)
def test_a_vmx_is_shown_without_the_vnc_password(vmx: str, rest: str) -> None:
    assert readable(vmx) == rest
