# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of differences between two domains."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain, DriveAddress, Interface, Os
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import differences

DISK = Disk(source="[ds] web/web.vmdk", target="sda", bus="scsi", address=DriveAddress(0, 0, 0))
CARD = Interface(source="VM Network", mac="00:50:56:00:00:01", model="e1000")
WEB = Domain(name="web", os=Os(arch="x86_64", boot=("hd",)), disks=(DISK,), interfaces=(CARD,))


def names(after: Domain) -> list[str]:
    return [item.name for item in differences(WEB, after)]


def test_the_boot_order_has_one_name_wherever_it_is_said() -> None:
    by_kind = replace(WEB, os=replace(WEB.os, boot=("network", "hd")))
    assert names(by_kind) == ["boot order"]
    single = replace(WEB, disks=(replace(DISK, boot_order=2),), interfaces=(replace(CARD, boot_order=1),))
    assert set(names(single)) == {"boot order"}


def test_what_else_differs_keeps_its_name() -> None:
    assert names(replace(WEB, os=replace(WEB.os, boot=(), firmware="efi"))) == ["firmware"]
    assert names(replace(WEB, disks=(replace(DISK, boot_order=1, source="[ds] other.vmdk"),))) == ["disk sda"]
    assert names(replace(WEB, interfaces=())) == ["interface 00:50:56:00:00:01"]
