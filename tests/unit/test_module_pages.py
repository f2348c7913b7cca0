# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module's page has an example of each state, the privileges, and the state of things after a failure."""

from __future__ import annotations

import ast
import importlib
import pathlib
import re
from typing import Any

import pytest
import yaml
from pyVmomi import vim

ROOT = pathlib.Path(__file__).parents[2]
MODULES = sorted((ROOT / "plugins" / "modules").glob("*.py"))
FILTERS = sorted((ROOT / "plugins" / "filter").glob("*.yml"))
GUIDE = ROOT / "docs" / "docsite" / "rst" / "privileges.rst"
PRIVILEGE = r"(?:Datastore|Host|Network|Resource|VApp|VirtualMachine)\.[A-Za-z.]+"
# The kinds of objects whose methods the collection calls.
KINDS = (
    vim.Datastore,
    vim.FileManager,
    vim.Folder,
    vim.HostSystem,
    vim.ResourcePool,
    vim.VirtualDiskManager,
    vim.VirtualMachine,
    vim.host.AutoStartManager,
    vim.host.NetworkSystem,
    vim.host.StorageSystem,
    vim.vm.Snapshot,
)
FREE = {None, "System.Anonymous", "System.View", "System.Read"}
# The options that the modules and the inventory of 0.1.0 had in that version, without those of the connection.
IN_0_1_0 = {
    "modules/esx_domain": "annotation autostart max_memory memory name overwrite power_cycle remove_storage "
    "shutdown_timeout state uuid vcpus vmx xml",
    "modules/esx_domain_info": "gather name states uuid",
    "modules/esx_migrate": "dest_host dest_password dest_uri dest_username names parallel uuids",
    "modules/esx_placement_info": "destinations names",
    "modules/esx_scheduler": "limit min_guarantee name reservation shares uuid",
    "inventory/esx_domains": "guest_address hostname hostnames name plugin states",
}
CONNECTION_IN_0_1_0 = (
    "answers auth_file ca_path hostname password port session_cache thumbprint timeout uri username validate_certs "
    "vcenter_password vcenter_username"
)


def _part(page: pathlib.Path, name: str) -> Any:
    """DOCUMENTATION, EXAMPLES or RETURN of a module, or of a filter's file beside it."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".yml":
        return yaml.safe_load(text)[name]
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return yaml.safe_load(ast.literal_eval(node.value))
    raise AssertionError(f"{page} has no {name}")


def _notes(module: pathlib.Path) -> list[str]:
    return list(_part(module, "DOCUMENTATION")["notes"])


def _in_guide(module: pathlib.Path) -> set[str]:
    """The privileges in the rows of a module in the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    rows = re.search(rf"virt\.esx\.{module.stem}#module`\n(.*?)(?=\n   \* - :|\n\n)", text, re.DOTALL)
    assert rows is not None
    return set(re.findall(f"``({PRIVILEGE})``", rows[1]))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_the_page_and_the_guide_name_the_same_privileges(module: pathlib.Path) -> None:
    """Each module has at least one note about them."""
    notes = [note for note in _notes(module) if note.startswith("Privileges ")]
    assert notes
    assert set(re.findall(rf"C\(({PRIVILEGE})\)", " ".join(notes))) == _in_guide(module)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_an_acting_module_says_what_is_there_after_a_failure(module: pathlib.Path) -> None:
    """A module that only reads leaves everything as it is."""
    if "virt.esx._attributes.acting" in _part(module, "DOCUMENTATION")["extends_documentation_fragment"]:
        assert any(re.search("fail", note) or "incomplete" in note for note in _notes(module))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_each_state_has_an_example(module: pathlib.Path) -> None:
    """One that leaves ``state`` out is an example of the default."""
    state = _part(module, "DOCUMENTATION")["options"].get("state", {"choices": []})
    tasks = [task[f"virt.esx.{module.stem}"] for task in _part(module, "EXAMPLES") if f"virt.esx.{module.stem}" in task]
    assert {task.get("state", state.get("default")) for task in tasks} >= set(state["choices"])


def _options(page: pathlib.Path) -> dict[str, dict[str, Any]]:
    """The documented options of a module or plugin, with those of the collection's fragments."""
    documented = _part(page, "DOCUMENTATION")
    found: dict[str, dict[str, Any]] = {}
    for name in documented["extends_documentation_fragment"]:
        if not name.startswith("virt.esx."):
            continue
        fragment, _dot, part = name.removeprefix("virt.esx.").partition(".")
        module = importlib.import_module(f"ansible_collections.virt.esx.plugins.doc_fragments.{fragment}")
        text = getattr(module.ModuleDocFragment, part.upper() or "DOCUMENTATION")
        found.update(yaml.safe_load(text)["options"])
    return {**found, **documented["options"]}


@pytest.mark.parametrize("page", IN_0_1_0)
def test_an_option_that_is_newer_than_its_module_says_so(page: str) -> None:
    """Otherwise a user of the older version would take it for one that this version has, too."""
    options = _options(ROOT / "plugins" / f"{page}.py")
    first = {*IN_0_1_0[page].split(), *CONNECTION_IN_0_1_0.split()}
    assert {name for name in options if "version_added" not in options[name]} == first


def _returned(values: dict[str, Any], above: str = "") -> list[tuple[str, dict[str, Any]]]:
    """The path and the documentation of each returned value, at any depth."""
    found = []
    for name, documented in values.items():
        found += [(above + name, documented), *_returned(documented.get("contains", {}), f"{above}{name}.")]
    return found


@pytest.mark.parametrize("page", [*MODULES, *FILTERS], ids=lambda page: page.stem)
def test_each_returned_value_has_a_sample_of_its_type(page: pathlib.Path) -> None:
    """A dictionary whose keys are documented needs none, and a bool is true or false."""
    documented = (
        _part(page, "RETURN") if page in MODULES else yaml.safe_load(page.read_text(encoding="utf-8"))["RETURN"]
    )
    values = _returned(documented)
    assert [path for path, value in values if not {"sample", "contains"} & set(value) and value["type"] != "bool"] == []
    samples = [(path, value["type"], value["sample"]) for path, value in values if "sample" in value]
    assert [sample for sample in samples if sample[1] not in ("raw", type(sample[2]).__name__)] == []


def test_the_guide_has_each_privilege_that_a_call_needs() -> None:
    """The definitions of the API, in pyVmomi, say which privilege the server asks for."""
    needed = {method.wsdlName: method.privId for kind in KINDS for method in kind._methodInfo.values()}
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py"))
    called = {needed.get(name) for name in re.findall(r"\.([A-Z]\w+)\(", code)} - FREE
    assert len(called) > 15
    assert not called - set(re.findall(PRIVILEGE, GUIDE.read_text(encoding="utf-8")))
