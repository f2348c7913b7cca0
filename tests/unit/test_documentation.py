# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides say what the code says."""

from __future__ import annotations

import ast
import dataclasses
import fnmatch
import pathlib
import re
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.setting_keys import HOST_KEYS
from ansible_collections.virt.esx.plugins.module_utils._vmx import hardware
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import Dialect

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "docsite" / "rst"
MODULES = sorted((ROOT / "plugins" / "modules").glob("esx_*.py"))

# Documentation fragments cannot hold RETURN texts, so each module repeats those that all results share. A module may
# add to the beginnings given here.
STEPS = "The steps that were taken, in order; in check mode, those that would be taken."
QUESTIONS = {
    "description": "The questions of the server that were answered.",
    "id": "The question's id.",
    "text": "The question.",
    "answer": "The label of the chosen answer.",
}
DOMAIN = {
    "name": "Its name",
    "uuid": "Its UUID",
    "moid": "Its managed object id",
    "state": "One of V(running), V(paused)",
}
# The keys of results that hold domains.
DOMAINS = ("domain", "domains", "refused", "left_out")


def test_the_guide_lists_what_the_dialect_esx_repairs() -> None:
    text = (GUIDES / "converting.rst").read_text(encoding="utf-8")
    found = re.search(r"^\.\. begin: what the dialect esx repairs\n(.*?)^\.\. end$", text, re.MULTILINE | re.DOTALL)
    assert found
    listed = [" ".join(item.split()).replace("``", "") for item in found.group(1).split("\n* ")]
    flags = (flag.metadata for flag in dataclasses.fields(Dialect) if flag.metadata)
    assert listed == ["", *(flag["what"] for flag in flags if not flag.get("dialect"))]


def test_each_function_of_libvirts_storage_driver_has_a_module_and_a_test() -> None:
    text = (GUIDES / "libvirt_storage.rst").read_text(encoding="utf-8")
    rows = re.findall(r"\* - ``(\w+)``\n +- :ansplugin:`virt\.esx\.(\w+)#module`\n +-.*\n +- ``(\w+)``\n", text)
    assert [function for function, _module, _test in rows] == [
        "connectNumOfStoragePools",
        "connectListStoragePools",
        "connectNumOfDefinedStoragePools",
        "connectListDefinedStoragePools",
        "storagePoolLookupByName",
        "storagePoolLookupByUUID",
        "storagePoolLookupByVolume",
        "storagePoolRefresh",
        "storagePoolGetInfo",
        "storagePoolGetXMLDesc",
        "storagePoolGetAutostart",
        "storagePoolSetAutostart",
        "storagePoolIsActive",
        "storagePoolIsPersistent",
        "storagePoolNumOfVolumes",
        "storagePoolListVolumes",
        "storageVolLookupByName",
        "storageVolLookupByPath",
        "storageVolLookupByKey",
        "storageVolGetPath",
        "storageVolGetInfo",
        "storageVolGetXMLDesc",
        "storageVolCreateXML",
        "storageVolCreateXMLFrom",
        "storageVolDelete",
        "storageVolWipe",
        "storageVolResize",
        "storageVolUpload",
        "storageVolDownload",
    ]
    tests = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "integration" / "storage").glob("test_*.py")
    )
    assert [test for _function, _module, test in rows if f"def {test}(" not in tests] == []
    assert [module for _f, module, _t in rows if not (ROOT / "plugins" / "modules" / f"{module}.py").is_file()] == []


def test_each_function_of_libvirts_driver_has_a_module_and_a_test() -> None:
    """The list is that of the ESX driver in libvirt 9, without its 26 functions for storage."""
    text = (GUIDES / "libvirt_functions.rst").read_text(encoding="utf-8")
    row = r"\* - ``(\w+)``\n +- :ansplugin:`virt\.esx\.(\w+)#(module|filter)`\n +-.*\n +- ``(\w+)``\n +-.*\n"
    rows = re.findall(row, text)
    assert len(rows) == len({function for function, *_rest in rows}) == text.count("   * - ``") == 104
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert [test for *_head, test in rows if f"def {test}(" not in tests] == []
    places = {"module": "plugins/modules/{}.py", "filter": "plugins/filter/{}.yml"}
    assert [name for _f, name, kind, _t in rows if not (ROOT / places[kind].format(name)).is_file()] == []


def test_the_guide_lists_what_each_hardware_version_supports() -> None:
    text = (GUIDES / "converting.rst").read_text(encoding="utf-8")
    rows = {
        int(number): row for number, row in re.findall(r"^   \* - (\d+)\n     - .*\n     - (.*)$", text, re.MULTILINE)
    }
    sizes = (hardware._VCPUS, hardware._MEMORY_GIB, hardware._CARDS)
    grown = [(version, str(size)) for table in sizes for size, version in table.items() if version > 4]
    models = [
        (version, f"``{name}``")
        for table in (hardware._SCSI_MODELS, hardware._CARD_MODELS)
        for name, version in table.items()
    ]
    assert [need for need in [*grown, *models] if need[1] not in rows.get(need[0], "")] == []
    others = {
        hardware._SECURE_BOOT,
        hardware._TPM,
        hardware._COUNTERS,
        *hardware._BUSES.values(),
        *hardware._NVME_UNITS.values(),
    }
    assert {version for version, _word in [*grown, *models]} | others == set(rows)


def test_the_guide_lists_the_keys_that_a_host_writes() -> None:
    text = (GUIDES / "parts.rst").read_text(encoding="utf-8").lower()
    listed = re.findall("``([^`]+)``", text[text.index("keys that a host writes\n---") :])
    of_snapshots = [key for key in HOST_KEYS.split() if key.startswith("snapshot.")]  # "and the like"
    missing = [key for key in HOST_KEYS.split() if not any(fnmatch.fnmatch(key, one) for one in listed)]
    assert [key for key in missing if key not in of_snapshots] == []


@pytest.mark.parametrize("role", sorted(path.name for path in (ROOT / "roles").iterdir()))
def test_a_guide_shows_each_role(role: str) -> None:
    """The page of a role is its list of variables; a newcomer looks for the task."""
    assert any(f"- role: virt.esx.{role}\n" in path.read_text(encoding="utf-8") for path in GUIDES.glob("*.rst"))


def _returned(path: pathlib.Path) -> dict[str, Any]:
    """RETURN of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RETURN":
            found: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return found
    raise AssertionError(f"{path} has no RETURN")


def _all_values(values: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The name and the documentation of each returned value, at any depth."""
    found = []
    for name, documented in values.items():
        found += [(name, documented), *_all_values(documented.get("contains", {}))]
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_modules_describe_the_values_that_they_share_in_the_same_words(module: pathlib.Path) -> None:
    for name, documented in _all_values(_returned(module)):
        contains = {key: value["description"] for key, value in documented.get("contains", {}).items()}
        if name == "questions":
            assert {"description": documented["description"], **contains} == QUESTIONS
        elif name == "steps" and "this domain" not in documented["description"]:
            assert documented["description"].startswith(STEPS)
        elif name in DOMAINS and {"moid", "state"} <= set(contains):
            assert {key: contains[key][: len(text)] for key, text in DOMAIN.items()} == DOMAIN
