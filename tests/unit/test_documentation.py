# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides say what the code says."""

from __future__ import annotations

import dataclasses
import pathlib
import re

from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import Dialect

GUIDES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"


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
    root = GUIDES.parents[2]
    tests = "".join(
        path.read_text(encoding="utf-8") for path in (root / "tests" / "integration" / "storage").glob("test_*.py")
    )
    assert [test for _function, _module, test in rows if f"def {test}(" not in tests] == []
    assert [module for _f, module, _t in rows if not (root / "plugins" / "modules" / f"{module}.py").is_file()] == []


def test_each_function_of_libvirts_driver_has_a_module_and_a_test() -> None:
    """The list is that of the ESX driver in libvirt 9, without its 26 functions for storage."""
    text = (GUIDES / "libvirt_functions.rst").read_text(encoding="utf-8")
    row = r"\* - ``(\w+)``\n +- :ansplugin:`virt\.esx\.(\w+)#(module|filter)`\n +-.*\n +- ``(\w+)``\n +-.*\n"
    rows = re.findall(row, text)
    assert len(rows) == len({function for function, *_rest in rows}) == text.count("   * - ``") == 104
    root = GUIDES.parents[2]
    tests = "".join(path.read_text(encoding="utf-8") for path in (root / "tests").rglob("test_*.py"))
    assert [test for *_head, test in rows if f"def {test}(" not in tests] == []
    places = {"module": "plugins/modules/{}.py", "filter": "plugins/filter/{}.yml"}
    assert [name for _f, name, kind, _t in rows if not (root / places[kind].format(name)).is_file()] == []
