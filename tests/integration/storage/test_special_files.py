# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller that are none: what has no end is not read, and a device is not replaced."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_ova, esx_screenshot, esx_volume
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    MIB,
    POOL,
    content,
    data_of,
    ensure,
    noise,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

SOURCES: dict[str, Callable[[str], dict[str, Any]]] = {
    "upload": lambda path: {"path": f"{POOL} iso/a.iso", "source": path},
    "image": lambda path: {"path": f"{POOL} iso/a.vmdk", "source": path},
    "new disk": lambda path: {"name": "domain-1", "disks": [{"target": "sdz", "image": path}]},
    "package": lambda path: {"source": path},
    "package's descriptor": lambda path: {"source": f"{path}.ovf"},
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_without_an_end(esx: Simulator, tmp_path: Path, kind: str) -> None:
    module: Any = esx_domain if kind == "new disk" else esx_ova if kind.startswith("package") else esx_volume
    for name in ("fifo", "fifo.ovf"):
        os.mkfifo(tmp_path / name)
    for path in ("/dev/zero", str(tmp_path / "fifo")):
        if path == "/dev/zero" and kind.endswith("descriptor"):
            continue
        with pytest.raises(ParseError, match=r"(source|disks).*: '.*' is not a regular file"):
            carry_out(module.CONTRACT, esx, **SOURCES[kind](path))


@pytest.mark.parametrize("name", ["a.iso", "a.vmdk"])
def test_a_block_device_is_read_to_its_end(
    esx: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The system says of such a device that it has no bytes; the disk would be made, with zeros alone."""
    source, stat_of, data = tmp_path / "device", Path.stat, noise(MIB)
    write(source, data)

    def of_a_device(self: Path, **arguments: Any) -> os.stat_result:
        found = stat_of(self, **arguments)
        return os.stat_result((stat.S_IFBLK, *found[1:6], 0, *found[7:])) if self == source else found

    monkeypatch.setattr(Path, "stat", of_a_device)
    ensure(esx, name, source=str(source))
    monkeypatch.undo()
    assert (data_of(esx, name) if name == "a.vmdk" else content(esx, name)) == data


@pytest.mark.parametrize("module", ["esx_volume", "esx_screenshot", "esx_ova"])
def test_a_dest_that_is_a_device_stays(esx: Simulator, tmp_path: Path, module: str) -> None:
    device = tmp_path / "null.ova"
    os.mkfifo(device)
    given: dict[str, Any] = {"name": "domain-1", "dest": str(device)}
    if module == "esx_volume":
        ensure(esx, "iso/a.iso", source=write(tmp_path / "a.iso", b"x"))
        given = {"path": f"{POOL} iso/a.iso", "dest": str(device)}
    if module == "esx_ova":
        given["state"] = "exported"
    contract = {"esx_volume": esx_volume, "esx_screenshot": esx_screenshot, "esx_ova": esx_ova}[module].CONTRACT
    with pytest.raises(ParseError, match=r"^dest: '.*' exists and is not a regular file; it is not replaced"):
        carry_out(contract, esx, **given)
    assert stat.S_ISFIFO(device.stat().st_mode)


@pytest.mark.parametrize("option", ["source", "dest"])
@pytest.mark.parametrize("module", ["esx_volume", "esx_ova"])
def test_a_path_that_cannot_be_looked_at(esx: Simulator, tmp_path: Path, module: str, option: str) -> None:
    """As one in a directory that may not be entered; root can enter any, so the path here is too long for one."""
    path = str(tmp_path / ("a" * 300))
    ensure(esx, "a.iso", source=write(tmp_path / "a.iso", b"x"))
    given: dict[str, Any] = {option: path}
    if module == "esx_volume":
        given["path"] = f"{POOL} a.iso"
    elif option == "dest":
        carry_out(esx_domain.CONTRACT, esx, name="domain-1", state="destroyed")
        given.update(state="exported", name="domain-1")
    contract = {"esx_volume": esx_volume, "esx_ova": esx_ova}[module].CONTRACT
    endings = ["", ".ova", "/x.ova"] if module == "esx_ova" else [""]
    for ending in endings:
        with pytest.raises(EsxError, match="'.*' (cannot be (read|written): File name too long|.*does not exist)"):
            carry_out(contract, esx, **{**given, option: f"{path}{ending}"})


def test_a_password_in_what_is_no_url_is_not_shown(esx: Simulator) -> None:
    with pytest.raises(ParseError, match=r"^source: 'http://\*\*\*@h:x/a.ova' is not a URL"):
        carry_out(esx_ova.CONTRACT, esx, source="http://me:hunter2@h:x/a.ova?token=hunter2")


@pytest.mark.parametrize(
    "url", ["http://[::1/x.ova", f"http://{'a' * 300}/x.ova", "http://h:99999/x.ova", "http://h:x/x"]
)
def test_what_is_no_url(esx: Simulator, url: str) -> None:
    with pytest.raises(ParseError, match=r"^source: '.*' is not a URL"):
        carry_out(esx_ova.CONTRACT, esx, source=url)
