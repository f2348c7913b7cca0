# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing a package: its files are sent by a lease and checked on the way; the domain exists when all have arrived.

Until the last step nobody can start the domain. If anything fails before, the host removes all of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.import_plan import ImportPlan
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.lease import Lease, open_lease
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.package import LONGEST_TEXT, Member, OpenPackage
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import ImportRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.source import open_package
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.verify import Hashed, Verifier
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import datastore_file, show_transfer
from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import file_exists
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import send_to_url
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

_DEVICES = "config.hardware.device"

_REMAINS = "The import was aborted, and nothing of it is left on the host."

# The header of a VMDK that can be sent: magic, and the flags of compressed grains with markers.
_HEADER = 512
_STREAM_FLAGS = 0x30000


@dataclass
class Importer:
    """Carries out imports; ``sent`` is the number of bytes, ``unused`` are the files that are not needed."""

    connection: EsxConnection
    request: ImportRequest
    sent: int = 0
    unused: list[str] = field(default_factory=list)

    def run(self, plan: ImportPlan) -> None:
        """Import a package as planned.

        :raises EsxError: if it fails; nothing is left on the host then, as the message says.
        """
        connection, context, offer = self.connection, self.connection.context, plan.offer
        action = f"Importing domain '{offer.name}'"
        self.sent, self.unused = 0, []
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
                self._send_all(package, lease, plan.items, verifier, f"{action} from {offer.source_name}")
                if any(item.create for item in plan.items):
                    self._check_images(lease)
                lease.complete()

    def _send_all(
        self, package: OpenPackage, lease: Lease, items: Sequence[Any], verifier: Verifier | None, action: str
    ) -> None:
        urls = {str(url.importKey): url for url in lease.urls}
        wanted = {str(item.path): item for item in items}
        total = sum(int(item.size or 0) for item in items)
        show = show_transfer(self.connection.progress, action, total)

        def progress(done: int) -> None:
            lease.progress(100 * done // total if total else 0)
            show(done)

        for member in package.members(list(wanted)):
            name = member.name if member.name in wanted else _quoted(member.name, wanted)
            if name is None:
                self._take_other(package, member, verifier)
                continue
            item = wanted.pop(name)
            url = urls.get(str(item.deviceId))
            if url is None:
                raise EsxError(f"The host names no URL for the package's file '{member.name}'.")
            self._send(member, item, url, verifier, progress)
        if wanted:
            missing = ", ".join(f"'{name}'" for name in wanted)
            raise ParseError(f"the package is incomplete: it has no file {missing}.", where="source")
        if verifier is not None:
            verifier.finish()

    def _send(self, member: Member, item: Any, url: Any, verifier: Verifier | None, progress: Any) -> None:
        size = member.size if member.size is not None else item.size
        if not size:
            raise Refused(f"Neither the web server nor the descriptor says how long the file '{member.name}' is.")
        head = member.content.read(_HEADER)
        if not item.create:
            _check_stream(head, member.name)
        content = Hashed(member, int(size), () if verifier is None else verifier.algorithms(member.name), head)
        before = self.sent
        send_to_url(
            self.connection.session,
            url.url,
            cast(BinaryIO, content),
            int(size),
            method="PUT" if item.create else "POST",
            headers={"Overwrite": "t"} if item.create else {"Content-Type": "application/x-vnd.vmware-streamVmdk"},
            thumbprint=url.sslThumbprint or None,
            progress=lambda done: progress(before + done),
        )
        self.sent += int(size)
        if verifier is not None:
            verifier.take_file(member.name, content)

    def _check_images(self, lease: Lease) -> None:
        """Look for the images of the domain's drives, since a server can answer as if it had taken a file.

        The host itself notices disks that are not complete.

        :raises ConnectionFailed: if one is not there.
        """
        session = self.connection.session
        for device in fetch_one(session, lease.entity, [_DEVICES])[_DEVICES] or ():
            path = str(getattr(device.backing, "fileName", None) or "")
            if not isinstance(device, (vim.vm.device.VirtualCdrom, vim.vm.device.VirtualFloppy)) or path[:1] != "[":
                continue
            with contextlib.suppress(Refused, ParseError):  # an account need not be allowed to look
                if not file_exists(session, datastore_file(self.connection, parse_datastore_path(path))):
                    raise ConnectionFailed(
                        f"The server accepted all files of the package, but {path}, which a drive of the domain has, "
                        "is not there.",
                        hint="Something between may have answered for the host. Run the task again.",
                    )

    def _take_other(self, package: OpenPackage, member: Member, verifier: Verifier | None) -> None:
        """Take a file that the host does not ask for: the manifest or its certificate at the end, or an unused one."""
        if member.name in (f"{package.stem}.mf", f"{package.stem}.cert"):
            if verifier is not None:
                verifier.take_late(member.name, member.content.read(LONGEST_TEXT))
        else:
            self.unused.append(member.name)


def _quoted(name: str, wanted: dict[str, Any]) -> str | None:
    """The reference, which is a URI, of a file by its plain name."""
    return next((reference for reference in wanted if unquote(reference) == name), None)


def _check_stream(head: bytes, name: str) -> None:
    """Refuse a disk that no host takes, before it is sent."""
    flags = int.from_bytes(head[8:12], "little")
    if head[:4] != b"KDMV" or flags & _STREAM_FLAGS != _STREAM_FLAGS:
        raise Refused(
            f"The package's disk '{name}' is not a stream-optimized VMDK, which is all that hosts import.",
            hint=f"Convert it: qemu-img convert -O vmdk -o subformat=streamOptimized '{name}' new.vmdk",
        )
