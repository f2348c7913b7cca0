# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What VMware has and libvirt has no place for, in the domain's metadata.

libvirt forgets ``guestOS`` (G9). It is written as libosinfo's element, which is the one that tools look at for the
operating system. Its ids are URIs; those of libosinfo's own that virt-install writes are read as VMware's words.

libvirt takes an NVRAM only beside EFI firmware, in ``<os>``; that of a BIOS is an element of our own.

::

    <metadata>
      <libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>
        <libosinfo:os id='http://vmware.com/guestos/rhel7-64'/>
      </libosinfo:libosinfo>
      <esx:nvram xmlns:esx='urn:virt.esx:domain:1.0' file='[datastore] directory/web.nvram'/>
    </metadata>
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from ansible_collections.virt.esx.plugins.module_utils._domain.document import Element, child
from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.guests import other_guest, word_of_osinfo
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain

_LIBOSINFO = "http://libosinfo.org/xmlns/libvirt/domain/1.0"
_ESX = "urn:virt.esx:domain:1.0"
_OS = (f"{{{_LIBOSINFO}}}libosinfo", f"{{{_LIBOSINFO}}}os")
_NVRAM = f"{{{_ESX}}}nvram"
_ID = "http://vmware.com/guestos/"


def read_guest_os(metadata: Element | None, arch: str) -> str | None:
    """VMware's word for the operating system, None where the metadata has none, or one that VMware knows nothing of."""
    element = child(metadata, *_OS)
    identity = "" if element is None else element.get("id") or ""
    if not identity.startswith(_ID):
        choice = word_of_osinfo(identity, arch)
        return None if choice is None or choice.word == other_guest(arch) else choice.word
    return unquote(identity[len(_ID) :], errors="surrogateescape")


def read_nvram(metadata: Element | None) -> str | None:
    """The path of the NVRAM of a domain with a BIOS, None where the metadata has none."""
    element = child(metadata, _NVRAM)
    return None if element is None else element.get("file")


def write_metadata(domain: Domain, forms: XmlForms) -> str:
    """The lines of the metadata; none where there is nothing to say."""
    nvram = None if domain.os.firmware == "efi" else domain.os.nvram
    if domain.guest_os is None and nvram is None:
        return ""
    parts = ["  <metadata>\n"]
    if domain.guest_os is not None:
        identity = _ID + quote(domain.guest_os, safe="", errors="surrogateescape")
        parts.append(
            f"    <libosinfo:libosinfo xmlns:libosinfo='{_LIBOSINFO}'>\n"
            f"      <libosinfo:os id='{identity}'/>\n    </libosinfo:libosinfo>\n"
        )
    if nvram is not None:
        parts.append(f"    <esx:nvram xmlns:esx='{_ESX}' file='{attribute(nvram, forms.exact)}'/>\n")
    parts.append("  </metadata>\n")
    return "".join(parts)
