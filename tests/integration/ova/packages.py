# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVF packages for tests: descriptors as the known tools write them, around real disks that qemu-img makes."""

from __future__ import annotations

import hashlib
import io
import pathlib
import subprocess
import tarfile
from collections.abc import Mapping, Sequence

HERE = pathlib.Path(__file__).resolve().parent
# The descriptors of data/, by the tool that writes such: ovftool, VirtualBox, govc, vSphere.
DESCRIPTORS = HERE.parents[1] / "unit" / "data" / "ovf"
CAPACITY = 16 << 20


def make_disk(path: pathlib.Path, *, seed: str = "disk", capacity: int = CAPACITY) -> bytes:
    """Write a stream-optimized VMDK with data here and there; return the bytes that a guest sees."""
    image = bytearray(capacity)
    for at in (0, capacity // 3, capacity - 100_000):
        image[at : at + 100_000] = hashlib.shake_128(f"{seed}{at}".encode()).digest(100_000)
    raw = path.with_suffix(".raw")
    raw.write_bytes(image)
    options = "subformat=streamOptimized,adapter_type=lsilogic"
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", options, str(raw), str(path)],
        check=True,
        capture_output=True,
    )
    raw.unlink()
    return bytes(image)


def descriptor(tool: str, files: Mapping[str, bytes], capacity: int = CAPACITY) -> str:
    """The descriptor that a tool would write for files of these contents."""
    text = (DESCRIPTORS / f"{tool}.ovf").read_text(encoding="utf-8").replace("@CAPACITY@", str(capacity))
    for name, content in files.items():
        text = text.replace(f"@SIZE {name}@", str(len(content)))
    return text


def manifest(files: Mapping[str, bytes], algorithm: str = "sha256") -> bytes:
    """The manifest of files."""
    return "".join(
        f"{algorithm.upper()}({name})= {hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()}\n"
        for name, content in files.items()
    ).encode()


def make_ova(path: pathlib.Path, files: Sequence[tuple[str, bytes]]) -> pathlib.Path:
    """Write an OVA with these files in this order."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path
