# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exporting a domain: its disks come by a lease, and go into the package as they arrive."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.carried import warning_of
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.export_plan import ANNOTATION_PATH, ExportPlan
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.lease import Lease, open_lease
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import ExportRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.writers import (
    ALGORITHM,
    Part,
    Writer,
    new_archive,
    new_directory,
    replace_file,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import show_transfer
from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._images.formats import VMDK_MAGIC
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import fault_text
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_content
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import receive_from_url
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

_REMAINS = "The export was aborted, and nothing of it is left here."


@dataclass
class Exporter:
    """Carries out exports; ``received`` is the number of bytes."""

    connection: EsxConnection
    request: ExportRequest
    received: int = 0

    def run(self, plan: ExportPlan) -> None:
        """Export a domain as planned.

        :raises EsxError: if it fails; a package that was there before is there still.
        """
        self.received = 0
        action = f"Exporting domain '{plan.domain.name}'"
        start = plan.domain.ref.ExportVm if plan.snapshot is None else plan.snapshot.ExportSnapshot
        with open_lease(self.connection, start, action, _REMAINS) as lease:
            files = [(url, _file_name(plan.stem, number, url)) for number, url in enumerate(lease.urls, 1)]
            _choose_checksums(lease, files)
            draft = self._descriptor(plan, [_ovf_file(url, name, 0) for url, name in files])
            with self._writer(plan, [name for _url, name in files], len(draft)) as writer:
                received = self._receive_all(lease, files, writer, f"{action} to {plan.dest}")
                descriptor = self._descriptor(plan, received)
                writer.finish(descriptor)
                lease.complete()
                self._write_definition(plan, writer.directory)
        self._warn_of_lost(plan, descriptor)

    def _writer(
        self, plan: ExportPlan, names: Sequence[str], expected: int
    ) -> contextlib.AbstractContextManager[Writer]:
        if self.request.is_archive:
            return new_archive(plan.dest, plan.stem, names, expected)
        return new_directory(plan.dest, plan.stem)

    def _receive_all(self, lease: Lease, files: Sequence[tuple[Any, str]], writer: Writer, action: str) -> list[Any]:
        """The lease tells the capacity of the disks, which is the most that can come."""
        show = show_transfer(self.connection.progress, action, lease.capacity)
        found = []
        for url, name in files:
            before = self.received

            def progress(done: int, before: int = before) -> None:
                total = before + done
                lease.progress(total, lease.capacity)
                show(min(total, lease.capacity))

            with writer.part(name) as part:
                target = cast(BinaryIO, part)
                thumbprint = url.sslThumbprint or None
                receive_from_url(self.connection.session, url.url, target, thumbprint=thumbprint, progress=progress)
            if url.disk and part.head != VMDK_MAGIC:
                raise ConnectionFailed(f"The answer to the request for the disk '{name}' is not a disk.")
            self.received += part.size
            found.append((url, part))
        return _checked(lease, found)

    def _descriptor(self, plan: ExportPlan, files: Sequence[Any]) -> bytes:
        """The descriptor that the host writes of the domain."""
        wanted = vim.OvfManager.CreateDescriptorParams(ovfFiles=list(files), name=plan.domain.name)
        annotation = plan.domain.values[ANNOTATION_PATH]
        if annotation:
            wanted.description = annotation
        if plan.snapshot is not None:
            wanted.snapshot = plan.snapshot
        manager = fetch_content(self.connection.session, "ovfManager")
        return _text_of(plan, manager.CreateDescriptor(plan.domain.ref, wanted)).encode()

    def _warn_of_lost(self, plan: ExportPlan, descriptor: bytes) -> None:
        """Say what an import of the package would not bring back, if the host's descriptor can be read here."""
        if plan.original is None:
            return
        with contextlib.suppress(ParseError):
            warning = warning_of(plan.original, descriptor.decode(), f"{plan.stem}.vmx")
            plan.warnings.update({} if warning is None else {warning: None})

    def _write_definition(self, plan: ExportPlan, directory: pathlib.Path) -> None:
        for ending, content in plan.definition.items():
            replace_file(directory / f"{plan.stem}.{ending}", content)


def _text_of(plan: ExportPlan, result: Any) -> str:
    """The descriptor that a host has written; its warnings are added to those of the plan."""
    errors = [fault_text(fault.fault) for fault in result.error or ()]
    if errors or not result.ovfDescriptor:
        raise Refused(f"The host cannot describe domain '{plan.domain.name}' as OVF: {'; '.join(errors)}.")
    for fault in result.warning or ():
        plan.warnings[fault.localizedMessage or fault_text(fault.fault)] = None
    return str(result.ovfDescriptor)


def _file_name(stem: str, number: int, url: Any) -> str:
    """The name of a file in the package: disks are numbered, as ovftool does, others keep how their name ends."""
    if url.disk:
        return f"{stem}-disk{number}.vmdk"
    ending = pathlib.PurePosixPath(str(url.targetId or url.url)).suffix
    return f"{stem}{ending}" if ending == ".nvram" else f"{stem}-file{number}{ending}"


def _ovf_file(url: Any, name: str, size: int, populated: int | None = None) -> Any:
    file = vim.OvfManager.OvfFile(deviceId=url.key, path=name, size=size)
    if populated is not None:
        file.populatedSize = populated
    return file


def _choose_checksums(lease: Lease, files: Sequence[tuple[Any, str]]) -> None:
    """Servers before 6.7 have SHA-1 only; the checksums are not compared there."""
    with contextlib.suppress(EsxError):
        lease.choose_checksums([url.key for url, _name in files], ALGORITHM)


def _checked(lease: Lease, found: Sequence[tuple[Any, Part]]) -> list[Any]:
    """The files for the descriptor, once the host's checksums have been compared with what arrived."""
    entries = lease.manifest()
    files = []
    for url, part in found:
        entry = entries.get(str(url.key))
        checksum = None if entry is None or entry.checksumType != ALGORITHM else str(entry.checksum).lower()
        if checksum is not None and checksum != part.digest.digits:
            raise ConnectionFailed(f"The file '{part.name}' was damaged in transit: the host has another checksum.")
        populated = getattr(entry, "populatedSize", None) if url.disk else None
        files.append(_ovf_file(url, part.name, part.size, populated))
    return files
