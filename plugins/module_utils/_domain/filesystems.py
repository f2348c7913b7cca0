# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared folders in domain XML (P49, F55).

::

    <filesystem type='mount' accessmode='passthrough'>
      <source dir='/srv'/>
      <target dir='srv'/>
      <readonly/>
    </filesystem>
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Filesystem
from ansible_collections.virt.esx.plugins.module_utils._domain.values import attr_of, choice_attr, error_at
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

# Type -> the attribute of <source> that says what is shared; VMX can hold 'mount' alone.
_SOURCE = {
    "mount": "dir",
    "block": "dev",
    "file": "file",
    "template": "name",
    "ram": "usage",
    "bind": "dir",
    "volume": "volume",
}


def read_filesystem(element: Element) -> Filesystem:
    """One ``<filesystem>``.

    :raises ParseError: it has no source or target, or is of a type that libvirt does not know.
    """
    kind = choice_attr(element, "type", _SOURCE) or "mount"
    source, target = child(element, "source"), child(element, "target")
    path = attr_of(source, _SOURCE[kind])
    if path is None:
        raise error_at(element, f"The shared folder has no source; expected <source {_SOURCE[kind]}='...'/>")
    name = attr_of(target, "dir")
    if not name:
        raise error_at(element, "The shared folder has no target; expected its name in the guest, <target dir='...'/>")
    return Filesystem(path, name, kind, child(element, "readonly") is not None, element.sourceline)


def write_filesystem(filesystem: Filesystem, forms: XmlForms) -> str:
    """The lines of one shared folder."""
    readonly = "      <readonly/>\n" if filesystem.readonly else ""
    return (
        f"    <filesystem type='{filesystem.type}' accessmode='passthrough'>\n"
        f"      <source {_SOURCE[filesystem.type]}='{attribute(filesystem.source, forms.exact)}'/>\n"
        f"      <target dir='{attribute(filesystem.target, forms.exact)}'/>\n{readonly}"
        f"    </filesystem>\n"
    )
