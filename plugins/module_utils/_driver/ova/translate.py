# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages for other hypervisors, such as VirtualBox, whose hardware no host accepts: they are rewritten for VMware.

The machine is read as a domain, and the domain written as a host writes it. Properties, licences and networks are
those of the package all the same, as the import does not take them from the translation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from ansible_collections.virt.esx.plugins.module_utils._driver.ova.offer import Offer
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._ovf.capacity import disk_capacity
from ansible_collections.virt.esx.plugins.module_utils._ovf.to_domain import Choices, to_domain
from ansible_collections.virt.esx.plugins.module_utils._ovf.write import DiskFile, write_package
from ansible_collections.virt.esx.plugins.module_utils._report import REPORT, Report

# The oldest virtual hardware with all that a translation may have in it; hosts know it since ESXi 5.5.
_HARDWARE = 10


@dataclass(frozen=True)
class Translation:
    """A descriptor in VMware's words, and what it leaves out."""

    text: str
    warnings: Sequence[str]


def translation_of(offer: Offer) -> Translation | None:
    """Return the translation of a package for another hypervisor; None if it is for VMware's, or does not say.

    :raises ParseError: if the package has a machine that cannot be a domain.
    :raises Refused: if it requires a section that is unknown.
    """
    families = offer.system.families
    if not families or any(family.lower().startswith("vmx-") for family in families):
        return None
    for name, line in offer.package.unknown:
        raise Refused(
            f"The package requires the section '{name}' in line {line} of its descriptor, which cannot be translated.",
            hint='If it does not matter for the machine, give it the attribute ovf:required="false".',
        )
    report = Report(REPORT)
    domain = to_domain(offer.package, Choices(name=offer.name, option=offer.option), report)
    disks = _disk_files(offer)
    if disks is None:
        return None  # the host says what it thinks of it
    text = write_package(domain, disks, _HARDWARE, report)
    first = f"The package is made for {', '.join(families)}; the host gets the same machine in VMware's terms."
    entries = [f"{entry}." for entry in report.entries() if entry.where != "ProductSection"]
    return Translation(text, [first, *entries])


def _disk_files(offer: Offer) -> dict[str, DiskFile] | None:
    """The files of the disks by name; None if a disk has none."""
    files = {file.id: file for file in offer.package.files}
    disks = {}
    for disk in offer.package.disks:
        file = files.get(disk.file or "")
        if file is None:
            return None
        disks[unquote(file.href)] = DiskFile(file.href, disk_capacity(disk, offer.values), file.size)
    return disks
