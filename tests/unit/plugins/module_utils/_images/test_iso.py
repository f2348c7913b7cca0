# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that other programs read: their label, the names of their files, and every byte of these."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest
from ansible_collections.virt.esx.plugins.module_utils._images.iso import SECTOR, write_iso

needs_xorriso = pytest.mark.skipif(shutil.which("xorriso") is None, reason="Debian's xorriso is not installed")

FILES = {
    "user-data": b"#cloud-config\n" + b"x" * 5000,
    "meta-data": b'{"instance-id": "web"}\n',
    "network-config": b"",
    "vendor-data": b"y" * SECTOR,
}


@needs_xorriso
def test_xorriso_reads_the_image(tmp_path: pathlib.Path) -> None:
    image, target = tmp_path / "seed.iso", tmp_path / "files"
    image.write_bytes(write_iso("cidata", FILES))
    command = ["xorriso", "-abort_on", "WARNING", "-read_fs", "any", "-osirrox", "on", "-indev", str(image)]
    done = subprocess.run(
        [*command, "-pvd_info", "-extract", "/", str(target)], check=True, capture_output=True, text=True
    )
    assert "Volume Id    : cidata" in done.stdout
    assert {path.name: path.read_bytes() for path in target.iterdir()} == FILES


@needs_xorriso
def test_blkid_finds_the_label_that_cloud_init_looks_for(tmp_path: pathlib.Path) -> None:
    image = tmp_path / "seed.iso"
    image.write_bytes(write_iso("cidata", FILES))
    found = subprocess.run(
        ["/sbin/blkid", "-p", "-o", "value", "-s", "LABEL", str(image)], capture_output=True, text=True, check=False
    )
    assert found.stdout.strip() == "cidata"


def test_the_same_files_give_the_same_bytes() -> None:
    assert write_iso("cidata", FILES) == write_iso("cidata", dict(reversed(FILES.items())))
    assert len(write_iso("cidata", FILES)) % SECTOR == 0


def test_too_many_files_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 30"):
        write_iso("x", {str(number): b"" for number in range(31)})
