# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVF packages for tests: descriptors as the known tools write them, around real disks that qemu-img makes."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import pathlib
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.modules.esx_ova import CONTRACT, RETURN
from ansible_collections.virt.esx.tests.integration.contracts import undescribed
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

TEXT = {"type": "dict", "contains": yaml.safe_load(RETURN)}

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


@dataclasses.dataclass(frozen=True)
class Sources:
    """The files of a package, as ovftool makes them, and the bytes that a guest sees of its disk."""

    image: bytes
    descriptor: bytes
    files: Mapping[str, bytes]

    def manifest(self, algorithm: str = "sha256") -> tuple[str, bytes]:
        """The manifest as a file of the package."""
        return "appliance.mf", manifest({"appliance.ovf": self.descriptor, **self.files}, algorithm)

    def ova(self, path: pathlib.Path, *extra: tuple[str, bytes]) -> str:
        """Write the package as an OVA with ``extra`` files after the descriptor; its manifest if there are none."""
        after = extra or (self.manifest(),)
        return str(make_ova(path, [("appliance.ovf", self.descriptor), *after, *self.files.items()]))

    def directory(self, path: pathlib.Path) -> str:
        """Write the package as files of a directory."""
        path.mkdir()
        for name, content in (("appliance.ovf", self.descriptor), self.manifest(), *self.files.items()):
            (path / name).write_bytes(content)
        return str(path)


def make_sources(place: pathlib.Path) -> Sources:
    """Make the files of a package."""
    image = make_disk(place / "disk.vmdk")
    files = {"appliance-disk1.vmdk": (place / "disk.vmdk").read_bytes(), "appliance-file1.iso": b"\x01CD001" * 700}
    return Sources(image, descriptor("ovftool", files).encode(), files)


# The module's warning when it imports the package: hosts connect serial ports to something of their own.
SERIAL = "OVF hardware element 'ResourceType' with instance ID '8'"


def ova(host: Simulator, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """The result of ``esx_ova``, with what it warned of as ``warned`` and what it showed as ``shown``."""
    given = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, **arguments}
    checked = ArgumentSpecValidator(**CONTRACT.validation()).validate(given)
    assert checked.error_messages == []
    warned: list[str] = []
    shown: list[str] = []
    result = CONTRACT.carry_out(Invocation(checked.validated_parameters, check, True, warned.append, shown.append))
    known = {**TEXT, "contains": {**TEXT["contains"], "changed": {"type": "bool"}, "diff": {"type": "dict"}}}
    assert undescribed(result, known) == []
    return {**result, "warned": warned, "shown": shown}


def bring(host: Simulator, source: str, **arguments: Any) -> dict[str, Any]:
    """Import the package of ``make_sources``."""
    return ova(host, source=source, **{"network": "VM Network", "accept_eula": True, **arguments})


def entries(host: Simulator, name: str) -> dict[str, str]:
    """The extraConfig of a domain."""
    with client(host, login=(USER, PASSWORD)) as connected:
        options = connected.get(connected.domain(name), "config.extraConfig")
        return {option.key: option.value for option in options}
