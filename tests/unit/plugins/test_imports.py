# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task imports what it needs: one about power neither the converters nor what reads images and devices."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import ALLOCATIONS, THIN
from ansible_collections.virt.esx.plugins.module_utils._driver.domain import arguments, waiting
from ansible_collections.virt.esx.plugins.module_utils._images.formats import FORMATS

MODULE_UTILS = pathlib.Path(__file__).resolve().parents[3] / "plugins/module_utils"
PACKAGE = "ansible_collections.virt.esx.plugins.module_utils."
# Reads the request of a task about power, and lists what has been imported by then.
PROGRAM = f"""
import sys
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.read_request import read_request
from ansible_collections.virt.esx.plugins.modules.esx_domain import CONTRACT
params = {{name: option.get("default") for name, option in CONTRACT.argument_spec.items()}}
read_request({{**params, "name": "web", "state": "running"}})
print(*(name[len({PACKAGE!r}):] for name in sys.modules if name.startswith({PACKAGE!r})))
"""


def size_of(name: str) -> int:
    """The bytes of a module's file; none of a package, whose file is empty."""
    file = MODULE_UTILS.joinpath(*name.split(".")).with_suffix(".py")
    return file.stat().st_size if file.exists() else 0


def test_a_task_about_power_imports_no_converter() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, check=True, text=True)
    imported = set(done.stdout.split())
    heavy = {name for name in imported if name.split(".")[0] in ("_domain", "_vmx", "_ovf", "_images", "_xml")}
    assert not heavy
    assert len(imported) <= 46, sorted(imported)
    # A module's process has no byte code: it compiles each file, twice, as zipimport does.
    assert sum(map(size_of, imported)) <= 290_000


def test_the_tables_of_options_agree_with_the_code_behind_them() -> None:
    disks = arguments.PART_OPTIONS["disks"]
    assert disks["image_format"]["choices"] == list(FORMATS)
    assert (disks["allocation"]["choices"], disks["allocation"]["default"]) == (list(ALLOCATIONS), THIN)
    assert tuple(waiting.CONDITIONS) == arguments.CONDITIONS
