# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of every VMX: nothing is lost, and each direction takes what the other gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import as_in_xml, merge_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge_defaults import with_settings_of
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._vmx.samples import vmx_texts
from ansible_collections.virt.esx.tests.unit.plugins.schema import assert_valid, needs_schema
from hypothesis import assume, given
from hypothesis import strategies as st

ESX = DIALECTS["esx"]
directories = st.sampled_from([None, "[datastore] directory"])


def accepted(text: str, directory: str | None) -> Domain:
    """The domain of a VMX; examples that are refused say nothing here."""
    try:
        return read_vmx(text, directory=directory)
    except EsxError:
        assume(False)
        raise


@given(vmx_texts, directories)
def test_an_unchanged_domain_changes_nothing(text: str, directory: str | None) -> None:
    wanted = read_domain(write_domain(accepted(text, directory), ESX.xml), ESX.xml)
    assert merge_vmx(text, wanted) == text
    assert merge_vmx(text.encode(), wanted, directory=directory) == text.encode()


@given(vmx_texts, directories)
def test_what_is_read_can_be_written_and_is_the_same_when_it_is_read_again(text: str, directory: str | None) -> None:
    xml = write_domain(accepted(text, directory), ESX.xml)
    written = write_vmx(read_domain(xml, ESX.xml))
    assert write_domain(read_vmx(written, directory=directory), ESX.xml) == xml


def has_client_drives(domain: Domain) -> bool:
    return any("clientDevice" in dict(disk.keys) for disk in domain.disks)


def starts_from(domain: Domain, disks: Sequence[Disk]) -> list[object]:
    """The slots of the disks that a domain tries, in their order: libvirt has two ways to say that."""
    if domain.os.firmware == "efi":
        return []  # the order is in the NVRAM
    if domain.os.boot:
        kinds = {"disk": "hd", "lun": "hd", "cdrom": "cdrom", "floppy": "fd"}
        ordered = [disk for kind in domain.os.boot for disk in disks if kinds[disk.device] == kind]
    else:
        ordered = sorted((disk for disk in disks if disk.boot_order), key=lambda disk: disk.boot_order or 0)
    # With one drive for media, all of its kind are tried, one after the other: VMware has a word for the kind alone.
    tried = [disk if disk.device in ("disk", "lun") else disk.device for disk in ordered]
    ordered = [
        disk
        for one in dict.fromkeys(tried)
        for disk in ([one] if not isinstance(one, str) else [disk for disk in disks if disk.device == one])
    ]
    return [(disk.bus, disk.address) for disk in ordered]


def told(domain: Domain, *, has_names: bool) -> dict[str, Any]:
    """A domain without the values that would be taken from a present one.

    :param has_names: compare the names of disks; they depend on the drives of a console's PC, which libvirt does not
        see, and which stay where nothing else is in their slots.
    """
    plain = ("name", "description", "memory_kib", "current_memory_kib", "min_guarantee_kib", "vcpus", "cpuset", "cpu")
    devices = ("serials", "parallels", "graphics", "tpms")
    disks = [disk for disk in domain.disks if "clientDevice" not in dict(disk.keys)]
    return {
        **{name: getattr(domain, name) for name in plain + devices},
        "disks": [replace(disk, boot_order=None, target=disk.target if has_names else "") for disk in disks],
        "boot": starts_from(domain, disks),
        "folders": sorted((folder.source, folder.target, folder.readonly) for folder in domain.filesystems),
        "networks": sorted((card.type, card.source or "", card.target or "") for card in domain.interfaces),
        "arch": domain.os.arch,
        "efi": domain.os.firmware == "efi",
    }


@given(vmx_texts, vmx_texts)
def test_any_vmx_can_become_any_domain(text: str, other: str) -> None:
    present, wanted = as_in_xml(accepted(text, None)), as_in_xml(accepted(other, None))
    result = merge_vmx(text, wanted, hw_version=21)  # older virtual hardware may have too few slots
    changed = as_in_xml(read_vmx(result))
    compare(changed, with_settings_of(wanted, present), has_names=not has_client_drives(present))
    assert merge_vmx(result, wanted) == result
    again = as_in_xml(read_vmx(merge_vmx(result, present)))
    compare(again, with_settings_of(present, changed), has_names=not has_client_drives(changed))


def compare(found: Domain, expected: Domain, *, has_names: bool) -> None:
    assert told(found, has_names=has_names) == told(expected, has_names=has_names)


@needs_schema
@given(vmx_texts)
def test_the_xml_is_valid_by_libvirts_schema(text: str) -> None:
    plain = text.replace("|22", "")  # the schema wants no quotes in the name of a network, which VMware allows
    assert_valid(write_domain(accepted(plain, "[datastore] directory"), ESX.xml))
