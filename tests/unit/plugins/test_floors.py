# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floors of ARCHITECTURE.md hold: who imports whom, which libraries are used where, and what is read how."""

from __future__ import annotations

import ast
import functools
import pathlib
import re
import sys
from collections.abc import Iterable, Iterator

import pytest
from pyVmomi import VmomiSupport

PLUGINS = pathlib.Path(__file__).resolve().parents[3] / "plugins"
OURS = "ansible_collections.virt.esx.plugins."

# The floors that each floor may import, beside itself; a file's floor is the longest name that its path begins with.
GROUND = {f"module_utils/{name}" for name in ("_errors", "_names", "_report", "_texts", "_xml")}
BELOW_DRIVER = GROUND | {
    *("module_utils/_vi", "module_utils/_vmx", "module_utils/_ovf", "module_utils/_domain", "module_utils/_images")
}
EDGE = {"module_utils/_edge", "module_utils/_peers", "module_utils/_argspec", "module_utils/_driver"}
FLOORS: dict[str, set[str]] = {
    "module_utils/_errors": set(),
    "module_utils/_names": {"module_utils/_errors"},
    "module_utils/_report": {"module_utils/_errors"},
    "module_utils/_texts": set(),
    "module_utils/_xml": {"module_utils/_errors"},
    "module_utils/_domain": GROUND,
    "module_utils/_vmx": GROUND | {"module_utils/_domain"},
    "module_utils/_ovf": GROUND | {"module_utils/_domain"},
    "module_utils/_vi": GROUND,
    "module_utils/_images": GROUND,
    "module_utils/_driver": BELOW_DRIVER,
    "module_utils/_peers": set(),
    "module_utils/_argspec": BELOW_DRIVER,
    "module_utils/_edge": EDGE | BELOW_DRIVER,
    "filter": GROUND | {"module_utils/_vmx", "module_utils/_ovf", "module_utils/_domain"},
    "doc_fragments": set(),
    "modules": EDGE,
    "action": EDGE | BELOW_DRIVER | {"modules", "plugin_utils"},
    "plugin_utils": EDGE | BELOW_DRIVER | {"modules"},
    "inventory": EDGE | BELOW_DRIVER | {"doc_fragments"},
}

# The fronts of the two largest floors: the modules that the floors above may import. The rest is their own business.
# `_vmx` mirrors `_domain` file by file, so `_domain` has no front towards it.
FRONTS = {
    "module_utils/_vmx": {
        *("file", "lexer", "edit", "encoding", "flat", "dialect"),
        *("read", "wanted", "write", "merge", "clone"),
        *("chardevs", "guestinfo", "mac", "paths", "resources", "secrets", "slots", "unread_keys"),
    },
    "module_utils/_domain": {
        *("model", "values", "xml_write", "escapes", "kvm", "kvm_read", "kvm_write"),
        *("guests", "interfaces", "networks", "node", "shares", "snapshots", "targets"),
    },
}
MIRROR = "module_utils/_vmx"

# The only places of the libraries that a user has to install, which every plugin has to be importable without.
LIBRARIES = {
    "lxml": ("module_utils/_xml.py",),
    "cryptography": ("module_utils/_driver/ova/signature.py",),
    "pyVmomi": ("module_utils/_vi/", "module_utils/_driver/"),
    "pyVim": ("module_utils/_vi/", "module_utils/_driver/"),
    "python_socks": ("module_utils/_vi/",),
}
# The floors that know nothing of Ansible.
WITHOUT_ANSIBLE = (
    *sorted(GROUND),
    "module_utils/_domain",
    "module_utils/_vmx",
    "module_utils/_ovf",
    "module_utils/_images",
)
# The one place that may read a managed object: by leaf paths, many objects in one call.
READER = "module_utils/_vi/properties.py"

FILES = sorted(path.relative_to(PLUGINS).as_posix() for path in PLUGINS.rglob("*.py"))


def tree_of(file: str) -> ast.Module:
    return ast.parse((PLUGINS / file).read_text(encoding="utf-8"), file)


def floor_of(file: str) -> str:
    return max((floor for floor in FLOORS if file.startswith(floor)), key=len)


@functools.cache
def imports_of(file: str) -> list[tuple[str, int]]:
    """Each imported module by its full dotted name, with its line; relative imports keep their leading dots."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            found += ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found += ((f"{module}.{name.name}", node.lineno) for name in node.names)
    return found


def guarded_lines(tree: ast.Module) -> set[int]:
    """The lines that a missing library does not hurt: tried, with ImportError caught, or only for type checkers."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        caught = isinstance(node, ast.Try) and any(
            isinstance(handler.type, ast.Name) and handler.type.id == "ImportError" for handler in node.handlers
        )
        typing_only = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        if caught or typing_only:
            for statement in node.body:
                lines.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return lines


@pytest.mark.parametrize("file", FILES)
def test_each_file_imports_only_from_floors_below(file: str) -> None:
    floor = floor_of(file)
    wrong = []
    for module, line in imports_of(file):
        assert not module.startswith("."), f"{file}:{line}: imports inside the collection are absolute"
        if module.startswith(OURS):
            target = floor_of(module[len(OURS) :].replace(".", "/"))
            if target != floor and target not in FLOORS[floor]:
                wrong.append(f"{file}:{line} imports {module}: {floor} is not above {target}")
    assert wrong == []


@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith("module_utils/_domain")])
def test_the_large_floors_are_entered_by_their_fronts(file: str) -> None:
    wrong = []
    for module, line in imports_of(file):
        target = module[len(OURS) :].replace(".", "/") if module.startswith(OURS) else ""
        floor = next((name for name in FRONTS if target.startswith(f"{name}/")), None)
        if floor is None or floor == floor_of(file) or floor_of(file) == MIRROR:
            continue
        door = target[len(floor) + 1 :].split("/")[0]
        if door not in FRONTS[floor]:
            wrong.append(f"{file}:{line} imports {module}, which is not in the front of {floor}")
    assert wrong == []


@pytest.mark.parametrize(("floor", "door"), [(floor, door) for floor in FRONTS for door in sorted(FRONTS[floor])])
def test_a_front_holds_no_more_than_is_used(floor: str, door: str) -> None:
    module = f"{OURS}{floor.replace('/', '.')}.{door}"
    outside = (file for file in FILES if floor_of(file) not in (floor, MIRROR))
    assert any(f"{name}.".startswith(f"{module}.") for file in outside for name, _line in imports_of(file))


@pytest.mark.parametrize("file", FILES)
def test_each_library_is_imported_in_its_place_and_guarded(file: str) -> None:
    tree = tree_of(file)
    guarded = guarded_lines(tree)
    wrong = []
    for module, line in imports_of(file):
        top = module.split(".")[0]
        if top in sys.stdlib_module_names or top == "ansible_collections":
            continue
        if top == "ansible":
            if file.startswith(WITHOUT_ANSIBLE):
                wrong.append(f"{file}:{line} imports {module} on a floor that knows nothing of Ansible")
        elif not file.startswith(LIBRARIES.get(top, ())):
            wrong.append(f"{file}:{line} imports {module}: it belongs in {LIBRARIES.get(top, 'no file')}")
        elif line not in guarded:
            wrong.append(f"{file}:{line} imports {module} without catching ImportError")
    assert wrong == []


def wing_of(path: str) -> str | None:
    """The wing of the driver that a file or a module is in; None outside the wings, and in the lobby."""
    found = re.match(r"module_utils[/.]_driver[/.]([a-z_]+)[/.]", path)
    return found[1] if found and (PLUGINS / "module_utils/_driver" / found[1]).is_dir() else None


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("module_utils/_driver/")])
def test_no_wing_of_the_driver_imports_another_wing(file: str) -> None:
    wing = wing_of(file)
    imported = {
        other: line
        for module, line in imports_of(file)
        if module.startswith(OURS) and (other := wing_of(module[len(OURS) :])) not in (None, wing)
    }
    assert imported == {}, f"{file}: wing '{wing}' imports other wings; what two wings need belongs to the lobby"


def test_the_packages_are_empty() -> None:
    assert [path.as_posix() for path in PLUGINS.rglob("__init__.py") if path.stat().st_size] == []


def properties_of(types: Iterable[str]) -> set[str]:
    """The names of the properties of these types of the VI API."""
    return {
        prop.name
        for name in list(types)
        if name.startswith("vim.")
        for prop in VmomiSupport.GetVmodlType(name)._GetPropertyList()
    }


# Names of the API in pyVmomi: those that managed objects alone have, and those that they share with plain data.
MANAGED_PROPERTIES = properties_of(VmomiSupport._managedDefMap)
SHARED_PROPERTIES = MANAGED_PROPERTIES & properties_of(VmomiSupport._dataDefMap)
# A shared name is looked for on variables that are called what a managed object is called.
MANAGED = {"vm", "virtual_machine", "task", "folder", "datacenter", "managed", "managed_object", "moref", "reference"}


def managed_reads(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Reads of an attribute that only a managed object has, or that are made of a variable named like one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in MANAGED_PROPERTIES:
            holder = node.value
            name = (
                holder.id if isinstance(holder, ast.Name) else holder.attr if isinstance(holder, ast.Attribute) else ""
            )
            if name in MANAGED or node.attr not in SHARED_PROPERTIES:
                yield ast.unparse(node), node.lineno


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith(LIBRARIES["pyVmomi"]) and file != READER])
def test_no_managed_object_is_read_by_attribute(file: str) -> None:
    """Each such read is a round trip of its own; properties are fetched by leaf paths, through one function."""
    assert [f"{file}:{line} reads {what}" for what, line in managed_reads(tree_of(file))] == []


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("vm.runtime.powerState", ["vm.runtime"]),
        ("self.vm.summary", ["self.vm.summary"]),
        ("whatever.rootSnapshot", ["whatever.rootSnapshot"]),
        ("task.info", ["task.info"]),
        ("row['runtime.powerState']", []),
        ("domain.name", []),
        ("vm.PowerOn()", []),
    ],
)
def test_the_search_for_such_reads_finds_them(source: str, reads: list[str]) -> None:
    assert [what for what, _line in managed_reads(ast.parse(source))] == reads


def test_every_file_that_the_architecture_names_exists() -> None:
    text = (PLUGINS.parent / "ARCHITECTURE.md").read_text()
    files = set(re.findall(r"`([\w/.]*\w+\.py)`", text))
    known = [path.as_posix() for path in PLUGINS.parent.glob("[pt]*/**/*.py")]
    assert "_driver/lookup.py" in files
    assert [file for file in sorted(files) if not any(path.endswith(f"/{file}") for path in known)] == []
