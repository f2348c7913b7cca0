# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several disk files in one plan, as a domain needs them: made in parallel, each as a separate step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import DiskRequest, plan_disks
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_options import disk_requests, read_disk_entries
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    GIB,
    MIB,
    POOL,
    data_of,
    ensure,
    listed,
    noise,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def make(host: Simulator, requests: Sequence[DiskRequest]) -> list[str]:
    """Plan and carry out; return the names of the steps."""
    params = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, "timeout": 60, "answers": {}}
    options = ("hostname", "port", "validate_certs", "username", "vcenter_username", "vcenter_password", "auth_file")
    params.update(dict.fromkeys((*options, "ca_path", "thumbprint")), session_cache=False)
    with open_connection(Invocation(params, False, False, print)) as connection:
        steps = plan_disks(connection, requests).steps
        for step in steps:
            step.carry_out()
    return [step.name for step in steps]


def path_of(name: str) -> DatastorePath:
    return DatastorePath(DATASTORE, f"web/{name}.vmdk")


def test_ten_disks_are_ten_tasks_at_the_same_time(esx: Simulator) -> None:
    requests = [DiskRequest(path_of(f"disk{number}"), GIB) for number in range(10)]
    esx.trace(reset=True)
    steps = make(esx, requests)
    assert steps == [f"create directory {POOL} web", *(f"create {POOL} web/disk{n}.vmdk" for n in range(10))]
    methods = esx.methods(reset=True)
    first = methods.index("CreateVirtualDisk_Task")
    assert methods[first : first + 10] == ["CreateVirtualDisk_Task"] * 10
    assert len(methods) < 25
    assert make(esx, requests) == []
    assert "CreateVirtualDisk_Task" not in esx.methods()


def test_a_domains_disks_are_created_cloned_and_filled_in_one_plan(esx: Simulator, tmp_path: Path) -> None:
    data = noise(MIB)
    ensure(esx, "template.vmdk", source=write(tmp_path / "template.img", noise(MIB, seed=2)))
    entries = read_disk_entries(
        [
            {"target": "sda", "size": "2 MiB", "image": write(tmp_path / "disk.img", data)},
            {"target": "sdb", "clone_of": f"{POOL} template.vmdk"},
            {"target": "sdc", "size": "4 MiB", "allocation": "thick"},
        ]
    )
    requests = disk_requests(entries, {target: path_of(target) for target in ("sda", "sdb", "sdc")})
    assert make(esx, requests) == [
        f"create directory {POOL} web",
        f"clone {POOL} template.vmdk to {POOL} web/sdb.vmdk",
        f"create {POOL} web/sdc.vmdk",
        f"create {POOL} web/sda.vmdk from {tmp_path}/disk.img",
    ]
    assert data_of(esx, "web/sda.vmdk") == data + bytes(MIB)
    assert data_of(esx, "web/sdb.vmdk") == noise(MIB, seed=2)
    assert make(esx, requests) == []
    larger = [DiskRequest(request.path, 8 * MIB) for request in requests]
    assert make(esx, larger) == [f"grow {POOL} web/{name}.vmdk" for name in ("sda", "sdb", "sdc")]


def test_one_disk_that_fails_does_not_take_the_others_with_it(esx: Simulator) -> None:
    requests = [DiskRequest(path_of(f"disk{number}"), GIB) for number in range(3)]
    esx.inject(method="CreateVirtualDisk_Task", fault="NoDiskSpace", skip=1, count=1, **{"in": "task"})
    told = rf"web/disk1.vmdk failed.* Carried out at the same time: create \{POOL} web/disk2.vmdk\.$"
    with pytest.raises(EsxError, match=told):
        make(esx, requests)
    made = [volume["name"] for volume in listed(esx, pattern="web/*")]
    assert made == ["web/disk0.vmdk", "web/disk2.vmdk"]
    assert make(esx, requests) == [f"create {POOL} web/disk1.vmdk"]


def test_the_room_for_all_of_them_is_looked_at_together(esx: Simulator) -> None:
    esx.control("POST", "datastore", {"datastore": DATASTORE, "free": 3 * GIB})
    requests = [DiskRequest(path_of(f"disk{number}"), 2 * GIB, "thick") for number in range(2)]
    with pytest.raises(Refused, match=r"too full: 4\.0 GiB are needed, 3\.0 GiB are free"):
        make(esx, requests)
    assert listed(esx, pattern="web/*") == []
