# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the tests of volumes: running the modules, and reading bytes without the collection's code."""

from __future__ import annotations

import hashlib
import random
import subprocess
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.modules import esx_pool_info, esx_volume, esx_volume_info
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

MIB = 1 << 20
GIB = 1 << 30
POOL = f"[{DATASTORE}]"
LOGIN = (USER, PASSWORD)


def ensure(host: Simulator, path: str, **arguments: Any) -> dict[str, Any]:
    """The result of ``esx_volume`` for a path below the first datastore."""
    return carry_out(esx_volume.CONTRACT, host, path=f"{POOL} {path}", **arguments)


def warnings_of(host: Simulator, **arguments: Any) -> list[str]:
    """The warnings of ``esx_volume``."""
    given = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, **arguments}
    params = ArgumentSpecValidator(**esx_volume.CONTRACT.validation()).validate(given).validated_parameters
    warnings: list[str] = []
    esx_volume.CONTRACT.run(Invocation(params, False, False, warnings.append))
    return warnings


def listed(host: Simulator, **arguments: Any) -> list[dict[str, Any]]:
    """The result of ``esx_volume_info``."""
    volumes: list[dict[str, Any]] = carry_out(esx_volume_info.CONTRACT, host, **arguments)["volumes"]
    return volumes


def pools(host: Simulator, **arguments: Any) -> list[dict[str, Any]]:
    """The result of ``esx_pool_info``."""
    found: list[dict[str, Any]] = carry_out(esx_pool_info.CONTRACT, host, **arguments)["pools"]
    return found


def names(host: Simulator) -> list[str]:
    """The paths of all files in the datastore, including temporary ones and the data of disks."""
    with client(host, login=LOGIN) as connected:
        ((datastore),) = connected.all(connected_type("Datastore")).values()
        browser = connected.get(datastore, "browser")
        results = connected.wait(browser.SearchDatastoreSubFolders_Task(POOL))
    found = []
    for result in results:
        folder = result.folderPath.removeprefix(POOL).strip(" /")
        found += [f"{folder}/{file.path}".strip("/") for file in result.file]
    return sorted(found)


def connected_type(name: str) -> Any:
    """A type of pyVmomi."""
    import pyVmomi

    return getattr(pyVmomi.vim, name)


def content(host: Simulator, path: str) -> bytes:
    """The bytes of a file in the datastore."""
    return subprocess.run(
        ["curl", "-sf", "-k", "-u", f"{USER}:{PASSWORD}", f"{host.url}/folder/{path}?dsName={DATASTORE}"],
        check=True,
        capture_output=True,
    ).stdout


def data_of(host: Simulator, disk: str) -> bytes:
    """The bytes of a disk as a guest sees them."""
    return content(host, disk.replace(".vmdk", "-flat.vmdk"))


def noise(size: int, seed: int = 1) -> bytes:
    """A number of incompressible bytes, always the same, with a boot signature."""
    data = random.Random(seed).randbytes(size)  # noqa: S311
    return data[:510] + b"\x55\xaa" + data[512:]


def sha256(data: bytes) -> str:
    """A checksum, in hex."""
    return hashlib.sha256(data).hexdigest()


def write(path: Path, data: bytes) -> str:
    """Write a file and return its path for an option."""
    path.write_bytes(data)
    return str(path)


def writes(host: Simulator) -> list[str]:
    """The calls so far that change something, except searches."""
    return [
        method
        for method in host.methods(reset=True)
        if method in ("MakeDirectory", "PUT", "DELETE")
        or (method.endswith("_Task") and not method.startswith("Search"))
    ]
