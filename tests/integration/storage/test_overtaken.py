# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several clients that want the same at the same time, as hosts of one play do that share a datastore: all succeed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ansible_collections.virt.esx.plugins.modules import esx_domain
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.domain.domains import domain_xml
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.integration.storage.volumes import POOL, ensure, names, write
from ansible_collections.virt.esx.tests.simulator_client import Simulator

CLIENTS = 4


def at_once(host: Simulator, method: str, task: Any) -> list[bool]:
    """Carry out a task in several threads, each of which has planned before the first one has acted."""
    host.inject(method=method, count=CLIENTS, delay=400)
    with ThreadPoolExecutor(CLIENTS) as threads:
        return sorted(threads.map(lambda _number: bool(task()["changed"]), range(CLIENTS)))


def test_a_disk_that_several_create(esx: Simulator) -> None:
    changed = at_once(esx, "CreateVirtualDisk_Task", lambda: ensure(esx, "new/a.vmdk", capacity="1 MiB"))
    assert True in changed
    assert [name for name in names(esx) if name.startswith("new")] == ["new", "new/a.vmdk"]


def test_a_machine_that_several_make_from_nothing(esx: Simulator) -> None:
    disks = [{"target": "sda", "size": "1 MiB"}]
    xml = domain_xml("new", uuid=None, disk=f"{POOL} new/new.vmdk").replace("local-storage", DATASTORE)
    given: dict[str, Any] = {"xml": xml, "disks": disks, "state": "defined"}
    changed = at_once(esx, "CreateVirtualDisk_Task", lambda: carry_out(esx_domain.CONTRACT, esx, **given))
    assert changed.count(True) >= 1
    assert esx.domains()["new"]["state"] == "poweredOff"


def test_a_file_that_several_upload(esx: Simulator, tmp_path: Path) -> None:
    source = write(tmp_path / "a.iso", b"the same for all")
    changed = at_once(esx, "MoveDatastoreFile_Task", lambda: ensure(esx, "iso/a.iso", source=source))
    assert True in changed
    assert [name for name in names(esx) if name.startswith("iso")] == ["iso", "iso/a.iso", "iso/a.iso.sha256"]
