# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values: sizes, sets of CPUs, UUIDs, MAC addresses and names of disks."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain import targets
from ansible_collections.virt.esx.plugins.module_utils._domain.displays import vram_kib
from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute, text
from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import to_mac
from ansible_collections.virt.esx.plugins.module_utils._domain.model import DriveAddress
from ansible_collections.virt.esx.plugins.module_utils._domain.values import cpu_ranges, size_kib, to_cpus, to_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._xml import parse

UUID = "564d9bef-acd9-b4e0-c8f0-aea8b9103515"


@pytest.mark.parametrize(
    ("unit", "size", "kib"),
    [
        ("", "4096", 4096),
        ("unit='b'", "1", 1),
        ("unit='bytes'", "1025", 2),
        ("unit='k'", "5", 5),
        ("unit='KB'", "4096", 4000),
        ("unit='mb'", "5", 4883),
        ("unit='MiB'", "1022", 1046528),
        ("unit='g'", "1", 1048576),
        ("unit='EiB'", "7", 7881299347898368),
    ],
)
def test_sizes_are_kib_rounded_up(unit: str, size: str, kib: int) -> None:
    assert size_kib(parse(f"<memory {unit}>{size}</memory>")) == kib


@pytest.mark.parametrize(
    ("written", "cpus", "ranges"),
    [
        ("0-3,^2,7", (0, 1, 3, 7), "0-1,3,7"),
        (" 0 - 1 , 3", (0, 1, 3), "0-1,3"),
        ("5,1,0,2", (0, 1, 2, 5), "0-2,5"),
        ("0,0", (0,), "0"),
        ("1,", (1,), "1"),
    ],
)
def test_sets_of_cpus(written: str, cpus: tuple[int, ...], ranges: str) -> None:
    assert to_cpus(written) == cpus
    assert cpu_ranges(cpus) == ranges


@pytest.mark.parametrize("written", ["", "x", ",0", "0,,1", "3-1", "0-", "^1", "+1", "0 1", "99999999999"])
def test_no_sets_of_cpus(written: str) -> None:
    assert to_cpus(written) is None


@pytest.mark.parametrize(
    ("written", "uuid"),
    [
        (UUID, UUID),
        (UUID.upper().replace("-", ""), UUID),
        ("56 4d 9b ef ac d9 b4 e0-c8 f0 ae a8 b9 10 35 15", UUID),
        (f" -{UUID}\n", UUID),
        (f"{{{UUID}}}", None),
        (UUID[:-1], None),
        (UUID + "-", None),
        ("564d9be-facd9-b4e0-c8f0-aea8b9103515", None),
    ],
)
def test_uuids(written: str, uuid: str | None) -> None:
    assert to_uuid(written) == uuid


@pytest.mark.parametrize(
    ("written", "mac"),
    [
        ("00:0C:29:aa:2:33", "00:0c:29:aa:02:33"),
        ("00:0c:29:11:22:33 rest", "00:0c:29:11:22:33"),
        ("00:0c:29:11:22", None),
        ("00:0c:29:11:22:33:44", None),
        (" 00:0c:29:11:22:33", None),
        ("00-0c-29-11-22-33", None),
    ],
)
def test_mac_addresses(written: str, mac: str | None) -> None:
    assert to_mac(written) == mac


@pytest.mark.parametrize(
    ("name", "bus", "address"),
    [
        ("sda", "scsi", DriveAddress(0, 0, 0)),
        ("sdg", "scsi", DriveAddress(0, 0, 6)),
        ("sdh", "scsi", DriveAddress(0, 0, 8)),
        ("sdo", "scsi", DriveAddress(0, 0, 15)),
        ("sdp", "scsi", DriveAddress(1, 0, 0)),
        ("sdbh", "scsi", DriveAddress(3, 0, 15)),
        ("hdc", "ide", DriveAddress(0, 1, 0)),
        ("hde", "ide", DriveAddress(1, 0, 0)),
        ("fdb", "fdc", DriveAddress(0, 0, 1)),
        ("sdg", "sata", DriveAddress(1, 0, 0)),
    ],
)
def test_names_of_disks_stand_for_slots(name: str, bus: str, address: DriveAddress) -> None:
    index = targets.index_of(name)
    assert index is not None
    assert targets.drive_address(bus, index) == address
    assert targets.name_of(name[:2], index) == name


@pytest.mark.parametrize("name", ["", "sd", "sd1", "sdA", "xda", "sda1b", "/dev/sda", "sdzzzzzzzzzz", "nvme0n1"])
def test_what_is_no_name_of_a_disk(name: str) -> None:
    assert targets.index_of(name) is None


@pytest.mark.parametrize(
    ("size", "kib"),
    [(None, 4096), (0, 4096), (-5, 4096), (1, 1), (3072, 4096), (5120, 8192), (2**31, 2**31), (2**31 + 1, 4096)],
)
def test_video_memory_is_a_power_of_two(size: int | None, kib: int) -> None:
    assert vram_kib(size) == kib


def test_libvirt_drops_some_control_characters_and_writes_others() -> None:
    written = text("<&>\"'\x01\x08\x19\x1a\x1f\t\n\r\x7fü", False)
    assert written == "&lt;&amp;&gt;&quot;&apos;\x1a\x1f\t\n\r\x7fü"
    assert attribute("a\nb", False) == "a\nb"


def test_exact_text_returns_as_it_was() -> None:
    value = "<&>\"'\t\n\r ü\x7f"
    root = parse(f"<a b='{attribute(value, True)}'>{text(value, True)}</a>")
    assert root.get("b") == value
    assert root.text == value


@pytest.mark.parametrize("character", ["\0", "\x01", "\x1a", "\x1f", "\udcfc", "\ufffe"])
def test_exact_text_refuses_what_xml_cannot_hold(character: str) -> None:
    for write in (text, attribute):
        with pytest.raises(ParseError, match="XML cannot hold"):
            write(f"a{character}", True)
