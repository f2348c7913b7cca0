# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of an import, from what exists and what the host says of the package. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, find_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.disk_check import check_files
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.leased import DISABLED_PATH, is_leased
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.offer import (
    Offer,
    check_eulas,
    map_networks,
    read_offer,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import PROVISIONING, ImportRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.translate import Translation, translation_of
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import Pool, read_pools, usable_pool
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import amount_text
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import find_volumes
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    check_lengths,
    directory_of_name,
    escape_name,
    quoted,
    unescape_name,
)
from ansible_collections.virt.esx.plugins.module_utils._ovf.properties import environment, not_allowed
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import fault_text
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    HOST_NETWORKS,
    fetch,
    fetch_content,
    list_at,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

# The entry of a domain's extraConfig with the checksum of the descriptor that it was imported from.
MARKER = "virt.esx.ova"
_ENVIRONMENT = "guestinfo.ovfEnv"

_EXTRA_PATH = "config.extraConfig"


@dataclass(frozen=True)
class ImportPlan(Plan):
    """A plan to import a package; ``existing`` is the domain that has its name already.

    ``is_blocked`` says that another import or export of it goes on. ``spec`` and ``items`` are what OvfManager makes of
    the package: an ImportSpec, and the files that it needs.
    """

    offer: Offer
    existing: DomainRecord | None = None
    pool: Pool | None = None
    spec: Any = None
    items: Sequence[Any] = ()
    warnings: Sequence[str] = ()
    is_blocked: bool = False


def plan_import(connection: EsxConnection, request: ImportRequest, run: Callable[[ImportPlan], None]) -> ImportPlan:
    """Return the plan that brings a package's domain to the host: one step, or none where it is there.

    Where another import or export of the domain goes on, the plan is the one for the time when that has ended.

    :param run: carries out an import.
    :raises EsxError: if the package cannot be read, or the host does not take it.
    """
    offer = read_offer(request, float(connection.session.options.timeout))
    found = find_domain(connection, DomainKey(offer.name), paths=[_EXTRA_PATH, DISABLED_PATH], volumes=False)
    existing = None if found is None else found[0]
    is_blocked = existing is not None and is_leased(existing)
    if existing is not None and not is_blocked:
        return ImportPlan((), None, offer, existing, warnings=_differences(existing, offer))
    check_eulas(offer, request)
    pools = read_pools(connection)
    pool = _pool(pools, request.pool)
    if existing is None:
        _check_directory(connection, pools, pool, offer.name)
    _check_space(pool, offer, thin=request.allocation == "thin")
    translation = translation_of(offer)
    result = _import_spec(connection, request, offer, pool, translation)
    items = tuple(result.fileItem or ())
    warnings = [
        *(translation.warnings if translation else ()),
        *(_host_says(fault) for fault in result.warning or ()),
        *not_allowed(offer.system.properties, offer.values),
        *check_files(offer, items),
    ]
    plan = ImportPlan((), None, offer, None, pool, result.importSpec, items, warnings, is_blocked)
    step = Step(f"import domain '{offer.name}' from {offer.source_name} to [{pool.name}]", lambda: run(plan))
    return replace(plan, steps=(step,))


def _differences(record: DomainRecord, offer: Offer) -> list[str]:
    """The warning about a domain that exists, if it was not imported from this package."""
    marks = [str(entry.value) for entry in list_at(record.values, _EXTRA_PATH) if entry.key == MARKER]
    if marks == [offer.digest]:
        return []
    other = "from another package, or another version of it" if marks else "by another means"
    return [
        f"Domain '{record.name}' exists, and was created {other}. It is left as it is; to import "
        f"'{offer.source_name}', give it another name or undefine the domain first."
    ]


def _pool(pools: dict[str, Pool], name: str | None) -> Pool:
    if name is None and len(pools) != 1:
        raise ParseError(f"it is missing; the host has the datastores {quoted(pools)}.", where="pool")
    return usable_pool(pools, next(iter(pools)) if name is None else name)


def _check_directory(connection: EsxConnection, pools: dict[str, Pool], pool: Pool, name: str) -> None:
    """A host would take another directory, NAME_1, beside what may be an unregistered domain of the same name."""
    named = [check_lengths(DatastorePath(pool.name, directory), where="name") for directory in directories_of(name)]
    found = find_volumes(connection, pools, named)
    directory = next((one for one in named if one in found), None)
    if directory is not None:
        raise Refused(
            f"There is no domain of that name, but its directory {directory} exists.",
            hint="Register the domain in it, delete it, or import the package under another name.",
        )


def directories_of(name: str) -> list[str]:
    """The names that the directory of a domain can have: hosts and clients differ in how they write some characters.

    :raises ParseError: for a name that no directory can have.
    """
    return list(dict.fromkeys((directory_of_name(name, where="name"), escape_name(name))))


def _check_space(pool: Pool, offer: Offer, *, thin: bool) -> None:
    needed = offer.needed_bytes(thin=thin)
    if needed > pool.available:
        raise Refused(
            f"The datastore '{pool.name}' is too full: the disks need {'at least ' if thin else ''}"
            f"{amount_text(needed)}, {amount_text(pool.available)} are free."
        )


def _import_spec(
    connection: EsxConnection, request: ImportRequest, offer: Offer, pool: Pool, translation: Translation | None
) -> Any:
    """Let OvfManager read the package, and return its result; all of its errors are raised at once."""
    manager = _ovf_manager(connection)
    wanted = _import_params(connection, request, offer)
    has_vapp = not connection.is_direct and translation is None
    if has_vapp:
        wanted.propertyMapping = _property_mapping(offer)
    if translation is None:
        wanted.deploymentOption = offer.option or ""
    text = offer.text if translation is None else translation.text
    result = manager.CreateImportSpec(text, connection.context.pool, pool.ref, wanted)
    _check_accepted(offer, result)
    _add_entries(connection, offer, result.importSpec.configSpec, has_vapp=has_vapp)
    return result


def _ovf_manager(connection: EsxConnection) -> Any:
    manager = fetch_content(connection.session, "ovfManager") if connection.session.has(4, 0) else None
    if manager is None:
        raise Refused("The server does not import OVF packages; hosts do so since ESX 4.0.")
    return manager


def _property_mapping(offer: Offer) -> list[Any]:
    """The values of the properties that a user may set."""
    settable = [one.key for one in offer.system.properties if one.user_configurable]
    return [vim.KeyValue(key=key, value=offer.values[key]) for key in settable]


def _check_accepted(offer: Offer, result: Any) -> None:
    errors = [_host_says(fault) for fault in result.error or ()]
    if errors or result.importSpec is None:
        reasons = " ".join(dict.fromkeys(errors)) or "It does not say why."
        raise Refused(f"The host does not accept the package '{offer.source_name}'. {reasons}")


def _import_params(connection: EsxConnection, request: ImportRequest, offer: Offer) -> Any:
    """What OvfManager needs for any package: the domain's name, the disks' allocation, the networks and the host."""
    host = connection.context.host
    rows = fetch(connection.session, "Network", ["name"], objects=[host], traversal=HOST_NETWORKS)
    networks = {unescape_name(values["name"] or ""): ref for ref, values in rows}
    mapped = map_networks(offer.package, request, networks)
    return vim.OvfManager.CreateImportSpecParams(
        locale="",
        deploymentOption="",
        entityName=offer.name,
        diskProvisioning=PROVISIONING[request.allocation],
        networkMapping=[vim.OvfManager.NetworkMapping(name=name, network=ref) for name, ref in mapped],
        hostSystem=None if connection.is_direct else host,
    )


def _host_says(fault: Any) -> str:
    """An error or a warning of OvfManager, as a sentence."""
    text = (fault.localizedMessage or "").strip() if hasattr(fault, "localizedMessage") else ""
    return f"{(text or fault_text(getattr(fault, 'fault', fault))).rstrip('.')}."


def _add_entries(connection: EsxConnection, offer: Offer, config: Any, *, has_vapp: bool) -> None:
    """Record in the domain which package it comes from, and the properties for its guest if no vApp has them."""
    entries = {MARKER: offer.digest}
    if not has_vapp and offer.system.properties:
        about = connection.session.about
        entries[_ENVIRONMENT] = environment(
            offer.values, product="VMware ESXi", version=about.version, vendor="VMware, Inc."
        )
    config.extraConfig = [
        *(entry for entry in config.extraConfig or () if entry.key not in entries),
        *(vim.option.OptionValue(key=key, value=value) for key, value in entries.items()),
    ]
