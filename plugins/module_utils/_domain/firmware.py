# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``<os>`` in domain XML: architecture, firmware and what the guest sees of the host's SMBIOS.

::

    <os firmware='efi'>
      <type arch='x86_64'>hvm</type>
      <firmware>
        <feature enabled='yes' name='enrolled-keys'/>
        <feature enabled='yes' name='secure-boot'/>
      </firmware>
      <nvram type='file'>
        <source file='[datastore] directory/web.nvram'/>
      </nvram>
      <smbios mode='host'/>
    </os>
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.virt.esx.plugins.module_utils._domain.boot import read_boot_devices, read_boot_menu, write_boot
from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute, text, yes_no
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.metadata import read_nvram
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Keys, Os
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import write_bios
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    attr_of,
    choice_attr,
    error_at,
    required_attr,
    text_of,
    truth_attr,
)
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child, children, each

_OF_LIBVIRT = ("i686", "x86_64")
ARCHITECTURES = (*_OF_LIBVIRT, "aarch64")  # ESX runs on Arm too
_FIRMWARES = ("", "bios", "efi")
_FEATURES = ("enrolled-keys", "secure-boot")
_SMBIOS_MODES = ("emulate", "host", "sysinfo")


def read_os(domain: Element, top: Mapping[str, Element], forms: XmlForms) -> Os:
    """The ``<os>`` of a domain (F4, F19).

    :param top: the domain's children by name.
    :raises ParseError: there is none, or it is not one of a fully virtualised PC.
    """
    kind = _virtualisation(domain)
    element = top["os"]
    firmware = choice_attr(element, "firmware", _FIRMWARES) or None
    parts = children(element)
    menu, delay = read_boot_menu(parts.get("bootmenu"))
    return Os(
        arch=choice_attr(kind, "arch", ("", *(ARCHITECTURES if forms.more else _OF_LIBVIRT))) or ARCHITECTURES[0],
        firmware=firmware,
        secure_boot=_secure_boot(parts.get("firmware")) if firmware else None,
        nvram=_nvram(parts, firmware, forms) or read_nvram(top.get("metadata")),
        smbios=choice_attr(parts.get("smbios"), "mode", _SMBIOS_MODES),
        boot=read_boot_devices(element) if "boot" in parts else (),
        boot_menu=menu,
        boot_delay_ms=delay,
    )


def _virtualisation(domain: Element) -> Element:
    """The ``<type>`` of a fully virtualised PC."""
    kind = next((kind for system in domain.iterchildren("os") for kind in system.iterchildren("type")), None)
    virtualisation = text_of(kind)
    if kind is None or virtualisation is None:
        raise error_at(domain, "The type of the operating system is missing; expected <os><type>hvm</type></os>")
    if virtualisation != "hvm":
        raise error_at(kind, f"'{virtualisation}' is not known to ESX; expected 'hvm'")
    return kind


def _secure_boot(features: Element | None) -> bool | None:
    """Secure boot by the firmware's features; libvirt does not look at them without a firmware."""
    result = None
    for feature in each(features, "feature"):
        required_attr(feature, "name")
        required_attr(feature, "enabled")
        enabled = truth_attr(feature, "enabled")
        if choice_attr(feature, "name", _FEATURES) == "secure-boot":
            result = enabled
    return result


def is_secure(system: Element | None) -> bool:
    """Whether secure boot is on, by the attribute of the loader or as a feature of the firmware."""
    features = [(one.get("name"), one.get("enabled")) for one in each(child(system, "firmware"), "feature")]
    return attr_of(child(system, "loader"), "secure") == "yes" or ("secure-boot", "yes") in features


def _nvram(parts: Mapping[str, Element], firmware: str | None, forms: XmlForms) -> str | None:
    """The path of the NVRAM, in either of libvirt's forms (N3)."""
    nvram = parts.get("nvram")
    if firmware is None and not forms.more:
        _check_loader(parts)
    if nvram is None:
        return None
    source = child(nvram, "source")
    return text_of(nvram) if source is None else source.get("file")


def _check_loader(parts: Mapping[str, Element]) -> None:
    """Refuse what belongs to a loader where none is named."""
    loader = parts.get("loader")
    needless = parts.get("nvram") if loader is None else loader
    if needless is not None and text_of(loader) is None:
        raise error_at(needless, "There is neither a firmware nor the path of a loader; expected <os firmware='efi'>")


def write_os(os: Os, forms: XmlForms, switches: Keys = ()) -> str:
    """The lines of ``<os>`` (Z4); libvirt's parser takes an NVRAM there beside EFI firmware alone."""
    return "".join(
        (
            f"  <os firmware='{os.firmware}'>\n" if os.firmware else "  <os>\n",
            f"    <type arch='{os.arch}'>hvm</type>\n",
            _of_efi(os, forms) if os.firmware == "efi" else "",
            write_boot(os),
            f"    <smbios mode='{os.smbios}'/>\n" if os.smbios else "",
            write_bios(switches),
            "  </os>\n",
        )
    )


def _of_efi(os: Os, forms: XmlForms) -> str:
    nvram = _nvram_lines(os.nvram, forms) if os.nvram is not None and forms.more else ""
    return _features(os, forms) + nvram


def _features(os: Os, forms: XmlForms) -> str:
    if os.secure_boot is None or not (os.secure_boot or forms.more):
        return ""
    enabled = yes_no(os.secure_boot)
    keys = f"      <feature enabled='{enabled}' name='enrolled-keys'/>\n" if os.secure_boot else ""
    return f"    <firmware>\n{keys}      <feature enabled='{enabled}' name='secure-boot'/>\n    </firmware>\n"


def _nvram_lines(path: str, forms: XmlForms) -> str:
    """An absolute path as the element's text, as libvirt does; the schema wants others in a source."""
    if path.startswith("/"):
        return f"    <nvram>{text(path, forms.exact)}</nvram>\n"
    return f"    <nvram type='file'>\n      <source file='{attribute(path, forms.exact)}'/>\n    </nvram>\n"
