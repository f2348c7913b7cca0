# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What VMware has and libvirt has no place for, in the domain's metadata.

libvirt forgets ``guestOS`` (G9). It is written as libosinfo's element, which is the one that tools look at for the
operating system. Its ids are URIs; those of libosinfo's own that virt-install writes are read as VMware's words.

libvirt takes an NVRAM only beside EFI firmware, in ``<os>``; that of a BIOS is an element of our own, and so are keys
of devices that libvirt cannot express. A disk is known by its target, a card by its MAC address or else by its place.

::

    <metadata>
      <libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>
        <libosinfo:os id='http://vmware.com/guestos/rhel7-64'/>
      </libosinfo:libosinfo>
      <esx:vmx xmlns:esx='urn:virt.esx:domain:1.0'>
        <esx:nvram file='[datastore] directory/web.nvram'/>
        <esx:disk target='sda' deviceType='scsi-passthru-rdm'/>
        <esx:controller type='scsi' index='1' sharedBus='virtual'/>
        <esx:hostdev address='0000:3b:00.0' vendorId='0x10de' deviceId='0x1db6'/>
        <esx:interface mac='00:50:56:91:00:01' opaqueNetwork.id='...' opaqueNetwork.type='nsx.LogicalSwitch'/>
      </esx:vmx>
    </metadata>

libvirt keeps one element of a namespace in the metadata, so all of ours are in one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.guests import (
    no_exact_guest,
    other_guest,
    word_of_osinfo,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    Controller,
    Disk,
    Domain,
    Hostdev,
    Interface,
    Keys,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.values import attr_of, one_of
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

_Device = TypeVar("_Device", Disk, Controller, Interface, Hostdev)
_Kept = dict[tuple[str, ...], list[tuple[Element, Keys]]]  # by what a device is known by, what is kept of it

_LIBOSINFO = "http://libosinfo.org/xmlns/libvirt/domain/1.0"
_ESX = "urn:virt.esx:domain:1.0"
_OS = (f"{{{_LIBOSINFO}}}libosinfo", f"{{{_LIBOSINFO}}}os")
_VMX, _NVRAM = f"{{{_ESX}}}vmx", f"{{{_ESX}}}nvram"

# Kind of device -> what it is known by, and the keys that it may have here: those that the reader of VMX keeps.
_KNOWN_BY = {
    "disk": ("target",),
    "controller": ("type", "index"),
    "interface": ("mac", "place"),
    "hostdev": ("address",),
}
KEPT_KEYS = {
    "disk": ("deviceType", "mode", "sharing", "clientDevice", "fileName"),
    "controller": ("sharedBus",),
    "interface": (
        *("connectionType", "pvnID", "opaqueNetwork.id", "opaqueNetwork.type", "externalId"),
        *("dvs.portId", "dvs.connectionId"),
    ),
    "hostdev": ("deviceId", "vendorId", "systemId", "virtualDev", "vgpu"),
}
_KINDS = {f"{{{_ESX}}}{kind}": kind for kind in KEPT_KEYS}
# Those attributes of a device at its place among the devices of its kind.
_NAMES: dict[str, Callable[[Any, int], Keys]] = {
    "disk": lambda disk, _place: (("target", disk.target),),
    "controller": lambda controller, _place: (("type", controller.type), ("index", str(controller.index))),
    "interface": lambda card, place: (("mac", card.mac) if card.mac else ("place", str(place)),),
    "hostdev": lambda device, _place: (("address", str(device.address)),),
}
_ID = "http://vmware.com/guestos/"


def read_guest_os(metadata: Element | None, arch: str, report: Report) -> str | None:
    """VMware's word for the operating system, None where the metadata has none, or one that VMware knows nothing of."""
    element = child(metadata, *_OS)
    identity = attr_of(element, "id") or ""
    if element is None:
        return None
    if identity.startswith(_ID) and identity != _ID:
        return unquote(identity[len(_ID) :], errors="surrogateescape")
    choice = word_of_osinfo(identity, arch)
    word = other_guest(arch) if choice is None else choice.word
    if choice is None or not choice.is_exact:
        why = no_exact_guest(word)
        report.leave_out("metadata/libosinfo/os", why, word=f"id='{identity}'", line=element.sourceline)
    return None if word == other_guest(arch) else word


def read_nvram(metadata: Element | None) -> str | None:
    """The path of the NVRAM of a domain with a BIOS, None where the metadata has none."""
    element = child(metadata, _VMX, _NVRAM)
    if element is None:
        element = child(metadata, _NVRAM)  # of earlier versions
    return attr_of(element, "file")


def with_kept_keys(domain: Domain, metadata: Element | None, report: Report) -> Domain:
    """The domain with those keys of its devices that the metadata has.

    :raises ParseError: for a key that is not kept there.
    """
    ours = child(metadata, _VMX)
    if ours is None:
        return domain
    devices: dict[str, Any] = {}
    for kind, kept in _kept_by_device(ours, report).items():
        found = getattr(domain, f"{kind}s")
        known_by = [_known_by(kind, device, at) for at, device in enumerate(found)]
        _check_kept(kind, kept, known_by, report)
        devices[f"{kind}s"] = tuple([_with_keys(device, kept.get(name)) for device, name in zip(found, known_by)])
    return replace(domain, **devices) if devices else domain


def _check_kept(kind: str, kept: _Kept, known_by: Sequence[tuple[str, ...]], report: Report) -> None:
    """Report what is kept of devices that are not there, and refuse more of a device than there are of its name."""
    for name, found in kept.items():
        element, count = found[0][0], known_by.count(name)
        if not count:
            named = " ".join(f"{word}='{element.get(word)}'" for word in _KNOWN_BY[kind] if element.get(word))
            why = "the domain has no such device, so what is kept of it here is lost"
            report.leave_out(f"metadata/esx:vmx/esx:{kind}", why, word=named, line=element.sourceline)
        elif len(found) > count:
            raise _error_at(found[count][0], kind, "an earlier element is about the same device; expected one")


def _keys_in(element: Element, kind: str) -> Keys:
    """The keys that an element has for a device."""
    known_by, may_have = _KNOWN_BY[kind], KEPT_KEYS[kind]
    for name in map(str, element.keys()):
        if name not in (*known_by, *may_have):
            raise _error_at(element, kind, f"the key '{name}' has no place here; {one_of(may_have)}")
    return tuple([(name, value) for name, value in element.items() if name not in known_by])


def _kept_by_device(ours: Element, report: Report) -> dict[str, _Kept]:
    """The keys of each kind of device, by what a device is known by."""
    result: dict[str, _Kept] = {kind: {} for kind in KEPT_KEYS}
    for element in ours.iterchildren("*"):
        kind = _KINDS.get(element.tag)
        if kind is not None:
            known_by = tuple(value for value in map(element.get, _KNOWN_BY[kind]) if value is not None)
            result[kind].setdefault(known_by, []).append((element, _keys_in(element, kind)))
        elif element.tag != _NVRAM:
            _refuse_unknown(element, report)
    return {kind: kept for kind, kept in result.items() if kept}


def _error_at(element: Element, kind: str, message: str) -> ParseError:
    return ParseError(message, where=f"<esx:{kind}>", line=element.sourceline)


def _refuse_unknown(element: Element, report: Report) -> None:
    name = element.tag.rpartition("}")[2]
    known = ", ".join(f"<esx:{kind}>" for kind in (*KEPT_KEYS, "nvram"))
    why = f"this is not one of our elements, which are {known}"
    report.leave_out(f"metadata/esx:vmx/{name}", why, line=element.sourceline, essential=True)


def _known_by(kind: str, device: _Device, place: int) -> tuple[str, ...]:
    return tuple([value for _name, value in _NAMES[kind](device, place)])


def _with_keys(device: _Device, found: list[tuple[Element, Keys]] | None) -> _Device:
    """The device with its keys; of cards with one address, each takes its own from what is left of the list."""
    if not found:
        return device
    _element, keys = found.pop(0) if len(found) > 1 else found[0]
    return replace(device, keys=keys) if keys else device


@lru_cache(maxsize=256)
def _identity(guest: str) -> str:
    return _ID + quote(guest, safe="", errors="surrogateescape")


def write_metadata(domain: Domain, forms: XmlForms) -> str:
    """The lines of the metadata; none where there is nothing to say."""
    ours = _ours(domain, forms)
    if domain.guest_os is None and not ours:
        return ""
    parts = ["  <metadata>\n"]
    if domain.guest_os is not None:
        parts.append(
            f"    <libosinfo:libosinfo xmlns:libosinfo='{_LIBOSINFO}'>\n"
            f"      <libosinfo:os id='{_identity(domain.guest_os)}'/>\n    </libosinfo:libosinfo>\n"
        )
    if ours:
        parts += [f"    <esx:vmx xmlns:esx='{_ESX}'>\n", *ours, "    </esx:vmx>\n"]
    parts.append("  </metadata>\n")
    return "".join(parts)


def _ours(domain: Domain, forms: XmlForms) -> list[str]:
    """The lines of our own element."""
    nvram = None if domain.os.firmware == "efi" else domain.os.nvram
    elements: list[tuple[str, Keys]] = [] if nvram is None else [("nvram", (("file", nvram),))]
    elements += [
        (kind, (*named(device, place), *device.keys))
        for kind, named in _NAMES.items()
        for place, device in enumerate(getattr(domain, f"{kind}s"))
        if device.keys
    ]
    return [f"      <esx:{name}{_attributes(keys, forms)}/>\n" for name, keys in elements]


def _attributes(keys: Keys, forms: XmlForms) -> str:
    return "".join([f" {key}='{attribute(value, forms.exact)}'" for key, value in keys])
