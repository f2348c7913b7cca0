# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Half-made disks: those of another task, and disks of a domain that only have such a name."""

from __future__ import annotations

import concurrent.futures
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused, ServerFault
from ansible_collections.virt.esx.plugins.modules import esx_domain
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.integration.storage.volumes import MIB, POOL, ensure, names, noise, write
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def test_of_two_tasks_that_make_one_disk_one_makes_it() -> None:
    """The other one fails, and does not take the first one's half-made disk for its own."""
    with start_host("-domains", "0", "-datastore-name", DATASTORE, "-copy-delay", "500") as host:
        ensure(host, "base.vmdk", capacity="1 MiB")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            tasks = [pool.submit(ensure, host, "new/web.vmdk", clone_of=f"{POOL} base.vmdk") for _task in range(2)]
        errors = [error for task in tasks if (error := task.exception()) is not None]
        assert [type(error) for error in errors] == [ServerFault]
        assert names(host) == ["base.vmdk", "new", "new/web.vmdk"]


@pytest.mark.parametrize("ending", ["part", "upload"])
@pytest.mark.parametrize("arguments", [{"capacity": "1 MiB"}, {"state": "absent"}])
def test_a_disk_that_only_looks_half_made_is_never_deleted(
    esx: Simulator, arguments: dict[str, Any], ending: str
) -> None:
    disk = f"{POOL} domain-1/data.{ending}.vmdk"
    esx.add_disk(disk)
    carry_out(esx_domain.CONTRACT, esx, name="domain-1", disks=[{"target": "sdb", "source": disk}])
    for check in (True, False):
        with pytest.raises(Refused, match=r"has the name of an incomplete .*data.vmdk.* domain 'domain-1'"):
            ensure(esx, "domain-1/data.vmdk", **arguments, check=check)
    assert f"domain-1/data.{ending}.vmdk" in names(esx)


@pytest.mark.parametrize(
    ("path", "source"), [("web.vmdk", "web.part.vmdk"), ("web.vmdk", "web.upload.vmdk"), ("a.iso", ".a.iso.part")]
)
def test_a_source_that_looks_half_made_is_not_deleted_before_it_is_copied(
    esx: Simulator, tmp_path: Path, path: str, source: str
) -> None:
    ensure(esx, source, source=write(tmp_path / "data", noise(MIB)))
    before = names(esx)
    for check in (True, False):
        with pytest.raises(Refused, match=r"cannot be (cloned|copied) to .*: it has the name of an incomplete"):
            ensure(esx, path, clone_of=f"{POOL} {source}", check=check)
    assert names(esx) == before
    assert ensure(esx, path, moved_from=f"{POOL} {source}")["changed"] is True
