# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""govc and esx_ova make the same machine of the same package, and import what the other exports."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from urllib.parse import quote

import pytest
from ansible_collections.virt.esx.tests.integration.ova.packages import Sources, bring, ova
from ansible_collections.virt.esx.tests.integration.ova.test_export import definition
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, ROOT, USER
from ansible_collections.virt.esx.tests.integration.storage.volumes import data_of
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture(scope="session")
def program() -> pathlib.Path:
    """The program, built if it is not there."""
    done = subprocess.run([sys.executable, "-m", "tools.govc"], cwd=ROOT, check=True, capture_output=True, text=True)
    return pathlib.Path(done.stdout.splitlines()[-1])


def govc(program: pathlib.Path, host: Simulator, *arguments: str) -> None:
    """Run it."""
    url = host.url.replace("://", f"://{USER}:{quote(PASSWORD)}@")
    env = {**os.environ, "GOVC_URL": url, "GOVC_INSECURE": "1", "GOVC_PERSIST_SESSION": "false"}
    subprocess.run([str(program), *arguments], env=env, check=True, capture_output=True, timeout=120)


def test_the_same_machine(esx: Simulator, made: Sources, tmp_path: pathlib.Path, program: pathlib.Path) -> None:
    source = made.ova(tmp_path / "appliance.ova")
    options = {
        "Name": "theirs",
        "DiskProvisioning": "thin",
        "NetworkMapping": [{"Name": "nat", "Network": "VM Network"}],
    }
    (tmp_path / "options.json").write_text(json.dumps(options), encoding="utf-8")
    govc(program, esx, "import.ova", "-options", str(tmp_path / "options.json"), source)
    bring(esx, source, name="ours")
    assert definition(esx, "ours") == definition(esx, "theirs")
    assert data_of(esx, "ours/disk-0.vmdk") == data_of(esx, "theirs/disk-0.vmdk") == made.image


def test_what_the_other_exports(esx: Simulator, made: Sources, tmp_path: pathlib.Path, program: pathlib.Path) -> None:
    bring(esx, made.ova(tmp_path / "appliance.ova"))
    ova(esx, state="exported", name="appliance", dest=str(tmp_path / "golden.ova"))
    govc(program, esx, "import.ova", "-name", "theirs", str(tmp_path / "golden.ova"))
    assert data_of(esx, "theirs/disk-0.vmdk") == made.image
    govc(program, esx, "export.ovf", "-vm", "theirs", str(tmp_path))
    ova(esx, source=str(tmp_path / "theirs"), name="ours")
    assert data_of(esx, "ours/disk-0.vmdk") == made.image
