# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of an export: which domain or snapshot, whether it can be exported, and what exists already."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.dumpxml import (
    read_texts,
    readable,
    to_domain,
    with_uuid,
    xml_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import check_dest, written
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, get_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.carried import Original
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.leased import DISABLED_PATH
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import ExportRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.writers import check_replaceable
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import (
    SNAPSHOT_PATHS,
    get_snapshot,
    snapshot_list,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._report import REPORT, Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile

ANNOTATION_PATH = "config.annotation"
_UNSAFE = re.compile(r"[^\w .()+,@=-]")


@dataclass(frozen=True)
class ExportPlan(Plan):
    """A plan to export a domain, or a snapshot of it, to ``dest``.

    ``stem`` is the name of the package's descriptor without its ending, ``definition`` has the domain's VMX and XML by
    the endings of their files. ``original`` is the domain, None if it cannot be read or is a snapshot.
    """

    domain: DomainRecord
    dest: pathlib.Path
    stem: str
    snapshot: Any = None
    definition: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    original: Original | None = field(default=None, repr=False)
    warnings: dict[str, None] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        """The paths afterwards: the package, and the files beside it."""
        if self.dest.suffix.lower() == ".ova":
            return [str(self.dest), *(str(self.dest.parent / f"{self.stem}.{ending}") for ending in self.definition)]
        return [str(self.dest)]


def plan_export(connection: EsxConnection, request: ExportRequest, run: Callable[[ExportPlan], None]) -> ExportPlan:
    """Return the plan that exports a domain: one step, or none where the package exists.

    :param run: carries out an export.
    :raises NotFound: if there is no such domain, snapshot, or directory for the package.
    :raises Refused: if the domain is not shut off.
    """
    paths = [*PENDING_PATHS, *SNAPSHOT_PATHS, ANNOTATION_PATH, DISABLED_PATH]
    record, facts = get_domain(connection, DomainKey(request.name, request.uuid), paths=paths)
    dest = pathlib.Path(request.dest)
    stem = _UNSAFE.sub("_", dest.name[: -len(".ova")] if request.is_archive else dest.name)
    plan = ExportPlan((), None, record, dest, stem)
    if _exists(request, dest) and not request.force:
        return plan
    if not connection.session.has(4, 1):
        raise Refused("The server does not export OVF packages; hosts do so since ESX 4.1.")
    if request.snapshot is not None:
        plan = replace(plan, snapshot=get_snapshot(snapshot_list(record.values), request.snapshot, record.name).ref)
    else:
        if record.state != "shutoff":
            raise Refused(
                f"Domain '{record.name}' is {record.state}; only a domain that is shut off can be exported.",
                hint="Shut it off first, or take a snapshot and export that.",
            )
        definition, original = _definition(connection, record, facts, plan.warnings)
        plan = replace(plan, definition=definition, original=original)
    plan = replace(plan, record=record)
    return replace(plan, steps=(Step(f"export domain '{record.name}' to {dest}", lambda: run(plan)),))


def _exists(request: ExportRequest, dest: pathlib.Path) -> bool:
    """Whether the package exists; anything else of its name is refused."""
    with written(str(dest)):
        if not dest.parent.is_dir():
            raise NotFound(f"The directory '{dest.parent}' for the package does not exist.")
        return _archive_exists(dest) if request.is_archive else _directory_exists(dest)


def _archive_exists(dest: pathlib.Path) -> bool:
    if dest.is_dir():
        raise ParseError(f"'{dest}' is a directory, not an OVA.", where="dest")
    check_dest(dest)
    return dest.exists()


def _directory_exists(dest: pathlib.Path) -> bool:
    if not dest.exists():
        return False
    if not dest.is_dir():
        raise ParseError(f"'{dest}' is a file; a package becomes a directory, or ends with '.ova'.", where="dest")
    check_replaceable(dest)
    return any(one.suffix.lower() == ".ovf" for one in dest.iterdir())


def _definition(
    connection: EsxConnection, record: DomainRecord, facts: HostFacts, warnings: dict[str, None]
) -> tuple[dict[str, bytes], Original | None]:
    """The domain's VMX and XML, without the VNC password, and the domain itself.

    :raises EsxError: if the VMX cannot be read, or is damaged.
    """
    (text,) = read_texts(connection, [record])
    if isinstance(text, EsxError):
        raise text
    try:
        if not text.strip():
            raise ParseError("it is empty.")
        VmxFile(text, DIALECTS["esx"])
    except ParseError as error:
        raise ParseError(f"The VMX of domain '{record.name}' is damaged: {error.message}") from None
    definition = {"vmx": readable(text).encode("utf-8", "surrogateescape")}
    report = Report(REPORT)
    try:
        domain = with_uuid(to_domain(connection, record, facts, text, report), record)
        definition["xml"] = xml_of(domain).encode("utf-8", "surrogateescape")
    except ParseError as error:
        warnings[f"The definition of domain '{record.name}' cannot be written as domain XML: {error.message}"] = None
        return definition, None
    return definition, Original(domain, report)
