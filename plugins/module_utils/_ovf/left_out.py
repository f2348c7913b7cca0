# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of an OVF package that no domain has a place for, as entries of a report."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._ovf.model import Item, Package, System
from ansible_collections.virt.esx.plugins.module_utils._report import Report

# VMware's own settings of the system (vmw:Config) that a domain has.
FIRMWARE, SECURE_BOOT = "firmware", "bootOptions.efiSecureBootEnabled"
# Settings of devices that hosts choose, that domains have, or that say what is so anyway.
_USUAL_DETAILS = frozenset(
    "videoRamSizeInKB slotInfo.pciSlotNumber connectable.allowGuestControl wakeOnLanEnabled yieldOnPoll useAutoDetect"
    " uptCompatibilityEnabled graphicsMemorySizeInKB".split()
)
_USUAL_VALUES = ("", "false", "automatic")
# The entry of a VMX, in vmw:ExtraConfig, whose file comes in the package: the variables of EFI.
NVRAM, OWN_FILE = "nvram", "ovf:/file/"


def leave_out_package(package: Package, system: System, report: Report) -> None:
    """Report the parts of a package that no domain has a place for."""
    for name, line in package.unread:
        report.leave_out(name, "domain XML cannot express this section", line=line)
    if system.properties:
        names = ", ".join(one.key for one in system.properties)
        report.leave_out("ProductSection", "properties get their values when the package is imported", word=names)
    _leave_out_settings(system, report)


def _leave_out_settings(system: System, report: Report) -> None:
    """Report VMware's own settings that the domain does not have."""
    is_efi = system.config.get("firmware", "").lower() == "efi"
    for key, value in system.config.items():
        if not _is_read(key, value.lower(), is_efi):
            report.leave_out(f"vmw:Config {key}", "domain XML cannot express it", word=value)
    for key, value in system.extra_config.items():
        if key != NVRAM or not value.startswith(OWN_FILE):
            why = "it is an entry of a VMX that domain XML cannot express"
            report.leave_out(f"vmw:ExtraConfig {key}", why, word=value)


def _is_read(key: str, value: str, is_efi: bool) -> bool:
    """Whether the domain has a setting: its firmware, and secure boot where the firmware has it."""
    if key == SECURE_BOOT:
        return is_efi or value != "true"
    return key == FIRMWARE and value in ("", "bios", "efi")


def leave_out_details(item: Item, report: Report) -> None:
    """Report VMware's own settings of a device, and numbers that are none."""
    for key, value in item.config.items():
        if key not in _USUAL_DETAILS and value.lower() not in _USUAL_VALUES:
            report.leave_out(
                f"Item {item.id} vmw:Config {key}", "domain XML cannot express it", word=value, line=item.line
            )
    for word, value in item.not_numbers:
        report.leave_out(f"Item {item.id} {word}", "it is not a whole number", word=value, line=item.line)
