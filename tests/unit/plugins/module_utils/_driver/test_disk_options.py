# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of a list of disks: what they ask for, and what contradicts itself."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import DiskRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_options import (
    DiskEntry,
    disk_requests,
    read_disk_entries,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath

FILE = DatastorePath("ds", "web/web.vmdk")


def test_entries_are_read_with_their_sizes_and_paths() -> None:
    assert read_disk_entries(
        [
            {"target": "sda", "size": "20 GiB"},
            {"target": "sdb", "clone_of": "[ds] templates/data.vmdk", "allocation": "thick"},
            {"target": "sdc", "image": "disk.img", "image_format": "raw", "size": "1 byte"},
        ]
    ) == [
        DiskEntry("sda", 20 << 30),
        DiskEntry("sdb", clone_of=DatastorePath("ds", "templates/data.vmdk"), allocation="thick"),
        DiskEntry("sdc", 1024, image="disk.img", image_format="raw"),
    ]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{"target": "sda"}, {"target": "sda"}], "disks: the target 'sda' is given twice"),
        ([{"target": "sda", "size": "big"}], "disks, sda, size: 'big' is not a size"),
        ([{"target": "sda", "clone_of": "x.vmdk"}], "disks, sda, clone_of: 'x.vmdk' is not a datastore path"),
        ([{"target": "sda", "clone_of": "[ds] x", "image": "y"}], "only one of clone_of and image"),
        ([{"target": "sda", "checksum": "0" * 64}], "checksum is that of image"),
        ([{"target": "sda", "image": "x", "checksum": "0"}], "disks, sda, checksum: '0' is not a checksum"),
        ([{"target": "sda", "image_format": "raw"}], "image_format is that of image"),
    ],
)
def test_contradicting_entries_are_refused(entries: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ParseError) as caught:
        read_disk_entries(entries)
    assert message in str(caught.value)


def test_requests_name_the_files_of_their_targets(tmp_path: pathlib.Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(510) + b"\x55\xaa" + bytes(1024))
    (empty, filled) = disk_requests(
        [DiskEntry("sda", 4096), DiskEntry("sdb", image=str(image))],
        {"sda": FILE, "sdb": DatastorePath("ds", "web/b.vmdk")},
    )
    assert empty == DiskRequest(FILE, 4096)
    assert filled.image is not None
    assert filled.image.capacity == 2048
    with pytest.raises(ParseError, match="no disk with the target 'sdc'"):
        disk_requests([DiskEntry("sdc", 4096)], {"sda": FILE})
    with pytest.raises(ParseError, match=r"does not end in \.vmdk"):
        disk_requests([DiskEntry("sda", 4096)], {"sda": DatastorePath("ds", "web/web.iso")})
    with pytest.raises(NotFound, match="cannot be read"):
        disk_requests([DiskEntry("sda", image=str(tmp_path / "none"))], {"sda": FILE})
