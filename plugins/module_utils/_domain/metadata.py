# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMware's word for the guest's operating system, in libosinfo's element of the domain's metadata.

libvirt has no place for ``guestOS`` (G9); libosinfo's element is the one that tools look at for it. Its ids are URIs;
those of other vendors say nothing that VMX could hold and are left alone.

::

    <metadata>
      <libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>
        <libosinfo:os id='http://vmware.com/guestos/rhel7-64'/>
      </libosinfo:libosinfo>
    </metadata>

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from ansible_collections.virt.esx.plugins.module_utils._domain.document import Element

_NAMESPACE = "http://libosinfo.org/xmlns/libvirt/domain/1.0"
_PATH = f"metadata/{{{_NAMESPACE}}}libosinfo/{{{_NAMESPACE}}}os"
_ID = "http://vmware.com/guestos/"


def read_guest_os(domain: Element) -> str | None:
    """VMware's word for the operating system, None where the metadata has none."""
    element = domain.find(_PATH)
    identity = "" if element is None else element.get("id") or ""
    if not identity.startswith(_ID):
        return None
    return unquote(identity[len(_ID) :], errors="surrogateescape")


def write_guest_os(guest_os: str | None) -> str:
    """The lines of the metadata that name the operating system; none where it is not known."""
    if guest_os is None:
        return ""
    identity = _ID + quote(guest_os, safe="", errors="surrogateescape")
    return (
        f"  <metadata>\n    <libosinfo:libosinfo xmlns:libosinfo='{_NAMESPACE}'>\n"
        f"      <libosinfo:os id='{identity}'/>\n    </libosinfo:libosinfo>\n  </metadata>\n"
    )
