# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts, the system and the settings of a domain, applied to it without a host."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    Controller,
    Disk,
    Domain,
    DriveAddress,
    Interface,
    Os,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_options import DiskEntry
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.arguments import PART_OPTIONS
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts import (
    DiskPart,
    DrivePart,
    InterfacePart,
    Parts,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_devices import with_parts
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_request import read_parts
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_system import with_system
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.setting_keys import read_named_settings
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.settings import (
    setting_differences,
    settings_of_vmx,
    with_settings,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.system_request import SystemOptions
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._report import REPORT, Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile

PLACE = DatastorePath("ds", "web")
ROOT = Disk(source="[ds] web/web.vmdk", target="sda", bus="scsi", address=DriveAddress(0, 0, 0))
CARD = Interface(source="VM Network", mac="00:50:56:00:00:01", model="e1000")
WEB = Domain(name="web", os=Os(arch="x86_64"), disks=(ROOT,), interfaces=(CARD,))
VMX = 'config.version = "8"\nmem.hotadd = "FALSE"\nguestInfo.Role = "db"\nmemsize = "1024"\n'


def disk(target: str, **said: Any) -> Parts:
    return Parts(disks=(DiskPart(target, DiskEntry(target), **said),))


@pytest.mark.parametrize(
    ("target", "said", "bus", "address"),
    [
        ("sdb", {}, "scsi", DriveAddress(0, 0, 1)),
        ("sdh", {}, "scsi", DriveAddress(0, 0, 8)),
        ("sdb", {"bus": "sata"}, "sata", DriveAddress(0, 0, 1)),
        ("hdc", {}, "ide", DriveAddress(0, 1, 0)),
        ("nvme0n2", {}, "nvme", DriveAddress(0, 0, 1)),
    ],
)
def test_a_target_says_the_slot(target: str, said: dict[str, Any], bus: str, address: DriveAddress) -> None:
    new = with_parts(WEB, disk(target, **said), PLACE).disks[1]
    assert (new.bus, new.address, new.source) == (bus, address, f"[ds] web/web-{target}.vmdk")


def test_the_rest_of_a_domain_is_left_alone() -> None:
    changed = with_parts(WEB, Parts(drives=(DrivePart("cdrom", "hda", "[ds] a.iso"),)), PLACE)
    assert (changed.disks[0], changed.interfaces) == (ROOT, (CARD,))
    assert with_parts(changed, Parts(drives=(DrivePart("cdrom", "hda", is_absent=True),)), PLACE) == WEB
    assert with_parts(WEB, disk("sdz", is_absent=True), PLACE) == WEB


def test_a_slot_is_taken_once() -> None:
    moved = Disk(source="[ds] a.vmdk", target="sdx", bus="scsi", address=DriveAddress(0, 0, 1))
    full = with_parts(WEB, Parts(), PLACE)
    with pytest.raises(Refused, match="is taken by the disk 'sdx'"):
        with_parts(Domain(name="web", disks=(*full.disks, moved)), disk("sdb"), PLACE)


def test_cards_are_known_by_place_or_address() -> None:
    second = InterfacePart(index=1, network="DMZ")
    both = with_parts(WEB, Parts(interfaces=(second,)), PLACE)
    assert [(card.source, card.model) for card in both.interfaces] == [("VM Network", "e1000"), ("DMZ", "e1000")]
    moved = with_parts(both, Parts(interfaces=(InterfacePart(mac=CARD.mac, network="LAN"),)), PLACE)
    assert [card.source for card in moved.interfaces] == ["LAN", "DMZ"]
    assert with_parts(both, Parts(interfaces=(InterfacePart(index=1, is_absent=True),)), PLACE) == WEB


def test_the_index_of_a_card_is_that_before_the_task() -> None:
    three = with_parts(WEB, Parts(interfaces=tuple(InterfacePart(index=n, network=f"N{n}") for n in (1, 2))), PLACE)

    def after(*parts: InterfacePart) -> list[str | None]:
        return [card.source for card in with_parts(three, Parts(interfaces=parts), PLACE).interfaces]

    first, second = (InterfacePart(index=n, is_absent=True) for n in (0, 1))
    assert after(first, second) == after(second, first) == ["N2"]
    assert after(first, InterfacePart(index=1, network="DMZ")) == ["DMZ", "N2"]
    assert after(InterfacePart(mac=CARD.mac, is_absent=True), InterfacePart(index=3, network="DMZ")) == [
        "N1",
        "N2",
        "DMZ",
    ]
    with pytest.raises(ParseError, match="the card with the index 0 is also to be absent"):
        after(InterfacePart(mac=CARD.mac, is_absent=True), InterfacePart(index=0, network="DMZ"))


def test_a_device_is_named_once() -> None:
    entries = dict.fromkeys(PART_OPTIONS)
    drive = {"target": "sda", "source": None, "bus": None, "state": "present"}
    named = {"target": "sda", "source": None, "bus": None, "size": "1 GiB", "state": "present"}
    with pytest.raises(ParseError, match="'sda' is given twice"):
        read_parts({**entries, "disks": [named], "cdroms": [drive]})


def test_a_card_is_named_in_one_way() -> None:
    entries = dict.fromkeys(PART_OPTIONS)
    card = {"mac": CARD.mac, "index": 0, "network": "LAN", "model": None, "link": None, "state": "present"}
    with pytest.raises(ParseError, match="mac and index both say which card"):
        read_parts({**entries, "interfaces": [card]})


def test_a_new_controller_is_like_the_first_one() -> None:
    web = Domain(name="web", disks=(ROOT,), controllers=(Controller("scsi", 0, "vmpvscsi"),))
    found = with_parts(web, disk("sdq"), PLACE).controllers
    assert found == (*web.controllers, Controller("scsi", 1, "vmpvscsi"))
    assert with_parts(web, disk("sdb"), PLACE).controllers == web.controllers


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({5: "x"}, "settings, 5: this cannot be the name of a key"),
        ({"": "x"}, "settings, : this cannot be the name"),
        ({"guestinfo.a": "x", "GuestInfo.A": "y"}, "settings, GuestInfo.A: it is given twice"),
        ({"guestinfo.a": ["x"]}, "use the filter to_json"),
        ({"memsize": "1"}, "this is set by max_memory"),
        ({"nvram": "x"}, "the host writes this key by itself"),
    ],
)
def test_settings_that_are_refused(option: Any, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        read_named_settings(option)


def test_what_may_be_done_with_snapshots_is_a_setting_and_their_number_is_not() -> None:
    assert read_named_settings({"snapshot.maxSnapshots": 3}) == {"snapshot.maxSnapshots": "3"}
    with pytest.raises(ParseError, match="the host writes this key"):
        read_named_settings({"snapshot.numSnapshots": 3})


@pytest.mark.parametrize(
    ("name", "arch", "word"),
    [
        ("debian12", "x86_64", "debian12-64"),
        ("debian12", "i686", "debian12"),
        ("debian12_64Guest", "i686", "debian12-64"),
        ("RHEL9-64", "x86_64", "rhel9-64"),
        ("rhel9.2", "x86_64", "rhel9-64"),
        ("win2k22", "x86_64", "windows2019srvNext-64"),
    ],
)
def test_a_guest_is_found_by_all_its_names(name: str, arch: str, word: str) -> None:
    found = with_system(Domain(os=Os(arch=arch)), SystemOptions(guest_os=name), report := Report(REPORT))
    assert (found.guest_os or "").lower() == word.lower()
    assert report.left_out == []


def test_a_guest_without_a_word_of_its_own_becomes_the_nearest_and_that_is_said() -> None:
    found = with_system(Domain(os=Os(arch="x86_64")), SystemOptions(guest_os="debian99"), report := Report(REPORT))
    assert found.guest_os == "debian13-64"
    (said,) = report.left_out
    assert str(said) == (
        "guest_os debian99: VMware has no guest operating system of exactly this id; the nearest is 'debian13-64'"
    )


@pytest.mark.parametrize(
    "name", ["windows10", "windows2022srv-64", "winserver2019", "centosstream9", "debianbookworm", "plan9"]
)
def test_a_name_of_no_guest_is_not_taken_for_the_newest_of_its_maker(name: str) -> None:
    with pytest.raises(ParseError, match=f"guest_os: '{name}' is not a known guest operating system"):
        with_system(Domain(os=Os(arch="x86_64")), SystemOptions(guest_os=name), Report(REPORT))


def test_the_boot_order_names_kinds_or_devices() -> None:
    assert with_system(WEB, SystemOptions(boot=("cdrom", "hd")), Report()).os.boot == ("cdrom", "hd")
    single = with_system(WEB, SystemOptions(boot=(CARD.mac or "", "hd")), Report())
    assert (single.os.boot, single.interfaces[0].boot_order, single.disks[0].boot_order) == ((), 1, 2)


def test_settings_differ_by_value_whatever_the_case_of_keys() -> None:
    present = VmxFile(VMX, DIALECTS["esx"])
    wanted = {"guestinfo.role": "web", "MEM.HOTADD": None, "gone": None, "mem.hotadd": "false"}
    found = setting_differences(wanted, present)
    assert [(item.name, item.before, item.after) for item in found] == [("guestInfo.Role", "db", "web")]


def test_a_vmx_has_settings_and_keys_of_others() -> None:
    text = f'{VMX}displayName = "web"\nnuma.autosize.cookie = "1"\nethernet0.of.mine = "1"\nof.mine = "1"\n'
    assert settings_of_vmx(text) == {"mem.hotadd": "FALSE", "guestInfo.Role": "db", "of.mine": "1"}
    assert with_settings(VMX, {"mem.hotadd": None, "x.y": 'a "b"'}) == (
        'config.version = "8"\nguestInfo.Role = "db"\nmemsize = "1024"\nx.y = "a |22b|22"\n'
    )
