# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of other collections that do what ours do, to be measured beside them.

They come from the package ``ansible`` of PyPI, which carries both collections; nothing else of it is unpacked.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from typing import Any

from tools.environment import ROOT

PLACE = ROOT / ".cache" / "bench"
COLLECTIONS = ("vmware/vmware", "community/vmware")
PACKAGE = "ansible>=14.5,<15"

LOGIN = {
    "hostname": "127.0.0.1",
    "port": "{{ esx_port }}",
    "username": "root",
    "password": "{{ esx_password }}",
    "validate_certs": False,
}
ON = {**LOGIN, "state": "powered-on"}

# Name, module and arguments of each; none finds anything to do.
PEERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "vmware.vmware.vm_powerstate by UUID",
        "vmware.vmware.vm_powerstate",
        {**ON, "uuid": "{{ uuid }}", "datacenter": "ha-datacenter"},
    ),
    (
        "vmware.vmware.vm_powerstate by name",
        "vmware.vmware.vm_powerstate",
        {**ON, "name": "domain-1", "datacenter": "ha-datacenter"},
    ),
    (
        "community.vmware.vmware_guest_powerstate",
        "community.vmware.vmware_guest_powerstate",
        {**ON, "uuid": "{{ uuid }}"},
    ),
    (
        "community.vmware.vmware_guest_info",
        "community.vmware.vmware_guest_info",
        {**LOGIN, "uuid": "{{ uuid }}", "datacenter": "ha-datacenter"},
    ),
)


def install_peers() -> bool:
    """Fetch the collections where they are not there yet; say whether they can be measured."""
    if importlib.util.find_spec("requests") is None:
        print("The other collections are not measured: they need the Python library requests.")
        return False
    if all((PLACE / "ansible_collections" / name).is_dir() for name in COLLECTIONS):
        return True
    PLACE.mkdir(parents=True, exist_ok=True)
    print(f"Fetching {PACKAGE}, which carries the collections to compare with (50 MB)", flush=True)
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(PLACE), PACKAGE]
    if subprocess.run(fetch, check=False).returncode != 0:
        print("The other collections are not measured: they cannot be fetched.")
        return False
    for wheel in PLACE.glob("ansible-*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            wanted = tuple(f"ansible_collections/{name}/" for name in COLLECTIONS)
            archive.extractall(PLACE, [name for name in archive.namelist() if name.startswith(wanted)])
        wheel.unlink()
    return True
