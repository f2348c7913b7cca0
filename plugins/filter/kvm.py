# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters that carry a domain from KVM to ESX and back, from domain XML to domain XML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.virt.esx.plugins.filter.conversion import as_name, as_text, as_words, refusing, warn_of
from ansible_collections.virt.esx.plugins.module_utils._domain import kvm_read, kvm_write
from ansible_collections.virt.esx.plugins.module_utils._domain.kvm import Places, check_word
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._report import REFUSE, Report, policy_named
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.wanted import read_wanted

_ESX = DIALECTS["esx"]


def kvm_to_esx(
    domxml: str | bytes,
    datastore: str | None = None,
    disks: Mapping[str, str] | None = None,
    network: str | None = None,
    networks: Mapping[str, str] | None = None,
    disk_bus: str | None = None,
    nic_model: str | None = None,
    unsupported: str | None = None,
) -> str:
    """Convert a domain of KVM to one of ESX; see ``kvm_to_esx.yml``."""
    check_word("disk_bus", disk_bus, kvm_read.DISK_BUSES)
    check_word("nic_model", nic_model, kvm_read.CARD_MODELS)
    if isinstance(datastore, str) and datastore.startswith("["):
        raise EsxError(f"Expecting datastore to be a name alone, found '{datastore}'; leave the brackets out.")
    report = Report(policy_named(unsupported, REFUSE))
    places = _places(as_name("datastore", datastore), disks, network, networks)
    choices = kvm_read.EsxChoices(places, disk_bus, nic_model)
    domain = kvm_read.read_kvm(as_text("the domain XML", domxml), choices, report)
    warn_of("The domain of KVM", report)
    return write_domain(domain, _ESX.xml)


def esx_to_kvm(
    domxml: str | bytes,
    directory: str | None = None,
    disks: Mapping[str, str] | None = None,
    network: str | None = None,
    networks: Mapping[str, str] | None = None,
    disk_bus: str | None = None,
    nic_model: str | None = None,
    unsupported: str | None = None,
) -> str:
    """Convert a domain of ESX to one of KVM; see ``esx_to_kvm.yml``."""
    check_word("disk_bus", disk_bus, kvm_write.DISK_BUSES)
    check_word("nic_model", nic_model, kvm_write.CARD_MODELS)
    report = Report(policy_named(unsupported, REFUSE))
    places = _places(as_name("directory", directory), disks, network, networks)
    choices = kvm_write.KvmChoices(places, disk_bus, nic_model)
    domain = read_wanted(as_text("the domain XML", domxml), _ESX, report)
    xml = kvm_write.write_kvm(domain, choices, report)
    warn_of("The domain of ESX", report)
    return xml


def _places(place: str | None, disks: object, network: object, networks: object) -> Places:
    return Places(
        as_words("disks", disks) or {},
        place,
        as_words("networks", networks) or {},
        as_name("network", network),
    )


class FilterModule:
    """The class that Ansible loads: the filters by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file."""
        return {convert.__name__: refusing(convert) for convert in (kvm_to_esx, esx_to_kvm)}
