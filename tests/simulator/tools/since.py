# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print since.txt: which version of the API each method, each readable property and each virtual device came with.

Run it with a Python that has pyVmomi, whose type tables know it::

    python3 tools/since.py > internal/apiversion/since.txt

A line is a type, a version, and its members that came with that version; the members of VirtualDevice are also the
types of devices. Members of 2.5 and older are left out; so are data types that no property of a managed object leads
to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pyVmomi import VmomiSupport, vim

_BEFORE = ("2.0", "2.5")

# The property collector belongs to no version of vim in pyVmomi's tables; this is what the API's reference says.
_COLLECTOR = (
    "PropertyCollector 4.1 CancelRetrievePropertiesEx() ContinueRetrievePropertiesEx() CreatePropertyCollector() "
    "DestroyPropertyCollector() RetrievePropertiesEx() WaitForUpdatesEx()"
)


def _version(name: str) -> str:
    namespace: str = VmomiSupport.GetVersionNamespace(name)
    return namespace.rpartition("/")[2] or "2.0"


def _reachable(names: Iterable[str]) -> set[str]:
    """The data types that properties of managed types lead to."""
    found: set[str] = set()
    todo = [prop[1] for name in names for prop in VmomiSupport._managedDefMap[name][4] or ()]
    while todo:
        name = todo.pop().replace("[]", "")
        definition = VmomiSupport._dataDefMap.get(name)
        if definition and name not in found:
            found.add(name)
            todo += [prop[1] for prop in definition[4] or ()]
            todo.append(definition[2])
    return found


def _extends(name: str, base: str) -> bool:
    while name != base and name in VmomiSupport._dataDefMap:
        name = VmomiSupport._dataDefMap[name][2]
    return name == base


def _members() -> Iterable[tuple[str, str, str]]:
    """Type, version and member of everything newer than 2.5."""
    managed = [name for name in VmomiSupport._managedDefMap if re.match(r"vim\.|vmodl\.", name)]
    for name in managed:
        definition: list[Any] = VmomiSupport._managedDefMap[name]
        for prop in definition[4] or ():
            yield definition[1], _version(prop[2]), prop[0]
        for method in definition[5] or ():
            yield definition[1], _version(method[2]), method[1] + "()"
    for name, definition in VmomiSupport._dataDefMap.items():
        if _extends(name, "vim.vm.device.VirtualDevice"):
            yield "VirtualDevice", _version(definition[3]), definition[1]
    for name in _reachable(managed):
        definition = VmomiSupport._dataDefMap[name]
        for prop in definition[4] or ():
            yield definition[1], _version(prop[2]), prop[0]


def main() -> None:
    """Print the table, sorted."""
    if vim is None:
        raise SystemExit("pyVmomi is needed")
    lines: dict[tuple[str, str], list[str]] = {}
    for kind, version, member in _members():
        if re.match(r"\d", version) and version not in _BEFORE:
            lines.setdefault((kind, version), []).append(member)
    for text in sorted([_COLLECTOR, *(" ".join([*key, *sorted(members)]) for key, members in lines.items())]):
        print(text)


if __name__ == "__main__":
    main()
