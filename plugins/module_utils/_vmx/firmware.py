# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guest type and firmware: architecture, BIOS or EFI, secure boot, nvram, SMBIOS, TPM (P15 to P19, F18, F19, N3, N8).

::

    guestOS = "rhel7-64"
    smbios.reflecthost = "true"
    firmware = "efi"
    uefi.secureBoot.enabled = "TRUE"
    nvram = "web.nvram"
    vtpm.present = "TRUE"
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.firmware import ARCHITECTURES
from ansible_collections.virt.esx.plugins.module_utils._domain.guests import arch_of_guest, other_guest
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Os, Tpm
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import NO, YES, Entry, WriteContext, error_at

_OTHERS = tuple(other_guest(arch) for arch in ARCHITECTURES)

_SECURE_BOOT = "uefi.secureBoot.enabled"
_64_BIT = "-64"
_NOT_ADDED = (None, "", "none", "false")  # values of managedVM.autoAddVTPM, which else is "software"


def _arch(context: ReadContext) -> str:
    """The architecture of the guest (P15)."""
    guest = context.vmx.get("guestOS") or ""
    if not context.dialect.true_architecture:
        return "x86_64" if guest.endswith(_64_BIT) else "i686"
    isa = context.vmx.get("virtualHW.isa") or context.vmx.get("architecture") or ""
    arch = arch_of_guest(guest, isa)
    if arch is None:
        raise context.vmx.error_at("guestOS", f"'{guest}' has an architecture that libvirt's VMware domains lack")
    return arch


def read_guest(context: ReadContext) -> str | None:
    """The ``guestOS``, where the dialect keeps it and it says more than the architecture."""
    guest = context.vmx.get("guestOS") if context.dialect.keeps_guest_os else None
    return None if guest in _OTHERS else guest or None


def read_os(context: ReadContext) -> Os:
    """Architecture and firmware."""
    kinds = context.vmx.kinds
    firmware = context.attempt(_firmware, context, default=None) if "firmware" in kinds else None
    secure_boot = _secure_boot(context) if "uefi" in kinds else None
    if secure_boot and firmware != "efi" and context.dialect.reports:
        context.leave_out(_SECURE_BOOT, "without EFI firmware there is no secure boot")
    return Os(
        arch=_arch(context),
        firmware=firmware,
        secure_boot=secure_boot if firmware == "efi" else None,
        nvram=context.attempt(_nvram, context, default=None) if "nvram" in kinds else None,
        smbios="host" if "smbios" in kinds and context.vmx.boolean("smbios.reflecthost") else None,
    )


def _firmware(context: ReadContext) -> str | None:
    value = context.vmx.get("firmware")
    if value is None or value == "efi":
        return value
    if context.dialect.any_firmware:
        if not value:
            return None
        if value.lower() in ("bios", "efi"):
            return value.lower()
    raise context.vmx.error_at("firmware", f"unknown value '{value}', expecting 'efi'")


def _secure_boot(context: ReadContext) -> bool | None:
    is_on = context.vmx.boolean(_SECURE_BOOT)
    is_said = context.dialect.writes_secure_boot and _SECURE_BOOT in context.vmx
    return is_on if is_on or is_said else None


def _nvram(context: ReadContext) -> str | None:
    name = context.vmx.get("nvram") if context.dialect.keeps_nvram else None
    return context.path("nvram", name) if name else None


def read_tpm(context: ReadContext) -> tuple[Tpm, ...]:
    """The TPM, if there is one (N8), or a hosted product adds one when the domain starts next."""
    if not context.dialect.has_tpm:
        return ()
    is_added = context.vmx.word("managedVM.autoAddVTPM") not in _NOT_ADDED
    return (Tpm(),) if is_added or context.vmx.boolean("vtpm.present") else ()


def write_guest(domain: Domain, context: WriteContext) -> list[Entry]:
    """``guestOS``: the one that is known, if it has the architecture, else no more than that (F18)."""
    default = other_guest(domain.os.arch)
    if default is None:
        raise ParseError(f"arch='{domain.os.arch}' is not supported, only 'i686' and 'x86_64'", where="<type>")
    known = domain.guest_os if context.dialect.keeps_guest_os else None
    if known and arch_of_guest(known) == domain.os.arch:
        return [("guestOS", known)]
    if known:
        why = f"'{known}' is not a guest of this architecture; it is written as '{default}'"
        context.report.leave_out("os/type", why, word=f"arch='{domain.os.arch}'")
    return [("guestOS", default)]


def write_smbios(domain: Domain, _writing: WriteContext) -> list[Entry]:
    """``smbios.reflecthost`` (F19)."""
    if domain.os.smbios in (None, "emulate"):
        return []
    if domain.os.smbios == "host":
        return [("smbios.reflecthost", YES)]
    raise ParseError(f"mode='{domain.os.smbios}' is not supported, only 'host' and 'emulate'", where="<smbios>")


def write_firmware(domain: Domain, context: WriteContext) -> list[Entry]:
    """``firmware``, secure boot and ``nvram``."""
    dialect, system = context.dialect, domain.os
    lines = []
    if system.firmware == "efi" or (system.firmware == "bios" and dialect.any_firmware):
        lines.append(("firmware", system.firmware))
    if system.secure_boot is not None and system.firmware == "efi" and dialect.writes_secure_boot:
        lines.append((_SECURE_BOOT, YES if system.secure_boot else NO))
    if system.nvram is not None and dialect.keeps_nvram:
        lines.append(("nvram", context.path(system.nvram, "<nvram>", None)))
    return lines


def write_tpm(domain: Domain, context: WriteContext) -> list[Entry]:
    """``vtpm.present``, in the one spelling that newer versions of libvirt write (N9)."""
    if not domain.tpms or not context.dialect.has_tpm:
        return []
    tpm = domain.tpms[0]
    if len(domain.tpms) > 1 or (tpm.model, tpm.backend, tpm.version or "2.0") != ("tpm-crb", "emulator", "2.0"):
        raise error_at(tpm, "only one TPM is supported, model 'tpm-crb' with an emulator of version 2.0")
    return [("vtpm.present", "TRUE")]
