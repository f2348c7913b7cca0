# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a VMX that are read to clone it."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._vmx.clone import read_source


def test_numbers_that_no_card_has() -> None:
    lines = ['ethernet2.present = "TRUE"', 'ethernet10.present = "TRUE"', f'ethernet{"9" * 5000}.present = "TRUE"']
    assert read_source("\n".join(lines).encode()).cards == ["ethernet2", "ethernet10"]


def test_only_images_with_relative_names_have_to_be_named_anew() -> None:
    drives = {
        "ide0:0": ("cdrom-image", "seed.iso"),
        "ide0:1": ("cdrom-image", "/vmfs/volumes/ds/a.iso"),
        "ide1:0": ("atapi-cdrom", "auto detect"),
        "ide1:1": ("cdrom-image", ""),
        "sata0:0": ("cdrom-raw", "drivers.ISO"),
        "scsi0:0": ("scsi-hardDisk", "web.vmdk"),
    }
    lines = [
        line
        for slot, (kind, name) in drives.items()
        for line in (f'{slot}.present = "TRUE"', f'{slot}.deviceType = "{kind}"', f'{slot}.fileName = "{name}"')
    ]
    source = read_source("\n".join(lines).encode())
    assert source.images == {"ide0:0.fileName": "seed.iso", "sata0:0.fileName": "drivers.ISO"}
    assert source.disks == {"scsi0:0": "web.vmdk"}
