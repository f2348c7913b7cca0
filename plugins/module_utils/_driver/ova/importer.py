# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing a package: its files are sent by a lease and checked on the way; the domain exists when all have arrived.

Until the last step nobody can start the domain. If anything fails before, the host removes all of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, list_domains
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.arrival import Sample, Sampled, check_arrived
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.disk_check import check_disk, incomplete
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.import_plan import ImportPlan, directories_of
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.lease import Lease, open_lease
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.leased import DISABLED_PATH, is_leased
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.package import (
    HEAD,
    Member,
    OpenPackage,
    beside,
    read_small,
    spellings,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import ImportRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.source import open_package
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.verify import Hashed, Verifier
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import show_transfer
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import canonical_path
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import send_to_url

_REMAINS = "The import was aborted, and nothing of it is left on the host."


@dataclass
class Importer:
    """Carries out imports; ``sent`` is the number of bytes, ``unused`` are the files that are not needed.

    ``ref`` is the domain that was imported, ``attempts`` is how often an import was begun.
    """

    connection: EsxConnection
    request: ImportRequest
    sent: int = 0
    ref: Any = None
    attempts: int = 0
    unused: list[str] = field(default_factory=list)
    _samples: list[Sample] = field(default_factory=list)

    def run(self, plan: ImportPlan) -> None:
        """Import a package as planned.

        :raises EsxError: if it fails; nothing is left on the host then, as the message says.
        """
        connection, context, offer = self.connection, self.connection.context, plan.offer
        action = f"Importing domain '{offer.name}'"
        self.sent, self.unused, self._samples = 0, [], []
        self.attempts += 1
        with open_package(self.request.source, float(connection.session.options.timeout)) as package:
            if package.descriptor != offer.descriptor:
                raise EsxError(
                    f"The package '{offer.source_name}' was changed while it was read; nothing was imported."
                )
            verifier = Verifier(package, self.request.signer) if self.request.verify else None
            host = None if connection.is_direct else context.host

            def start() -> Any:
                return context.pool.ImportVApp(plan.spec, context.vm_folder, host)

            with open_lease(connection, start, action, _REMAINS) as lease:
                self._check_is_first(lease, offer.name)
                self._send_all(package, lease, plan, verifier, f"{action} from {offer.source_name}")
                check_arrived(connection, lease.entity, self._samples)
                lease.complete()
                self.ref = lease.entity

    def _check_is_first(self, lease: Lease, name: str) -> None:
        """Leave the domain to another client that has one of the same name by now, or imports it at the same time.

        Hosts allow that, and make all of them. One has the directory of the name, the others have NAME_1, NAME_2, ...

        :raises Refused: if another one comes before this one.
        """
        records = [record for record in list_domains(self.connection, [DISABLED_PATH]) if record.name == name]
        ours = next((_precedence(record, name) for record in records if record.ref == lease.entity), None)
        if ours is not None and any(_precedence(record, name) < ours for record in records):
            raise Refused(f"Another client has imported or defined a domain '{name}'.", fault="DuplicateName")

    def _send_all(
        self, package: OpenPackage, lease: Lease, plan: ImportPlan, verifier: Verifier | None, action: str
    ) -> None:
        urls = {str(url.importKey): url for url in lease.urls}
        wanted = {str(item.path): item for item in plan.items}
        total = sum(int(item.size or 0) for item in plan.items)
        show = show_transfer(self.connection.progress, action, total)

        def progress(done: int) -> None:
            lease.progress(done, total)
            show(done)

        for member in package.members(list(wanted)):
            name = _reference(member.name, wanted)
            if name is None:
                self._take_other(package, member, verifier)
                continue
            item = wanted.pop(name)
            url = _url_of(item, urls, member)
            content = _opened(member, item, plan.offer.capacity_of(name), verifier)
            self._send(member.name, content, item, url, progress)
            content.check_end()
            if verifier is not None:
                verifier.take_file(member.name, content)
        if wanted:
            raise incomplete(list(wanted))
        if verifier is not None:
            verifier.finish()

    def _send(self, name: str, content: Hashed, item: Any, url: Any, progress: Callable[[int], None]) -> None:
        before, sampled = self.sent, Sampled(content)
        send_to_url(
            self.connection.session,
            url.url,
            cast(BinaryIO, sampled),
            content.size,
            method="PUT" if item.create else "POST",
            headers={"Overwrite": "t"} if item.create else {"Content-Type": "application/x-vnd.vmware-streamVmdk"},
            thumbprint=url.sslThumbprint or None,
            progress=lambda done: progress(before + done),
        )
        self.sent += content.size
        sample = None if item.create else sampled.sample(name)
        if sample is not None:
            self._samples.append(sample)

    def _take_other(self, package: OpenPackage, member: Member, verifier: Verifier | None) -> None:
        """Take a file that the host does not ask for: the manifest or its certificate at the end, or an unused one."""
        ending = next((one for one in (".mf", ".cert") if beside(package.descriptor_name, one, [member.name])), None)
        if ending is None:
            self.unused.append(member.name)
        elif verifier is not None:
            verifier.take_late(package.stem + ending, read_small(member.content, member.name))


def _precedence(record: DomainRecord, name: str) -> tuple[bool, int, str]:
    """Which of several domains of one name stays, the same for all clients: a complete one, or the first directory."""
    directory = canonical_path(record.vmx_path or "").partition("] ")[2].rpartition("/")[0]
    patterns = (rf"{re.escape(one)}_([0-9]+)" for one in directories_of(name))
    numbers = [int(found[1]) for pattern in patterns if (found := re.fullmatch(pattern, directory))]
    return is_leased(record), min(numbers, default=0), str(record.ref)


def _url_of(item: Any, urls: Mapping[str, Any], member: Member) -> Any:
    url = urls.get(str(item.deviceId))
    if url is None:
        raise EsxError(f"The host names no URL for the package's file '{member.name}'.")
    return url


def _opened(member: Member, item: Any, capacity: int | None, verifier: Verifier | None) -> Hashed:
    """A file that the host asks for, checked as far as its beginning shows, and ready to be sent."""
    size = member.size if member.size is not None else item.size or None
    if size is None:
        raise Refused(
            f"Neither the web server nor the descriptor says how long the file '{member.name}' is.",
            hint="Download the package, and set source to its path.",
        )
    head = member.content.read(HEAD)
    if not item.create:
        check_disk(head, member.name, capacity)
    return Hashed(member, int(size), () if verifier is None else verifier.algorithms(member.name), head)


def _reference(name: str, wanted: Mapping[str, Any]) -> str | None:
    """The reference, which is a URI, to a file with a plain name."""
    return name if name in wanted else next((one for one in wanted if name in spellings(one)), None)
