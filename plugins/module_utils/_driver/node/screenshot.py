# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking a screenshot of a running domain: what the module ``esx_screenshot`` does.

It comes from ``/screen?id=...`` of the server, as in libvirt's driver.
"""

from __future__ import annotations

import base64
import io
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import check_dest
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, confirm_name, get_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.options import if_given, parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import receive_from_url

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def take_screenshot(connection: EsxConnection, invocation: Invocation) -> dict[str, Any]:
    """Take a screenshot of a domain, and write it to a file or return it; return the module's result.

    :raises NotFound: if there is no such domain.
    :raises Ambiguous: if the domain was found by a name that others share.
    :raises Refused: if it is not running, as only a running domain has a screen.
    """
    params = invocation.params
    uuid = if_given(params["uuid"], parse_uuid)
    record, _facts = get_domain(connection, DomainKey(params["name"], uuid), volumes=False)
    confirm_name(connection, record)
    if record.state != "running":
        raise Refused(
            f"Domain '{record.name}' is {record.state}; only a running domain has a screen.",
            hint="Bring it into state running first.",
        )
    dest = params["dest"]
    if dest is not None:
        check_dest(Path(dest))
    if invocation.check_mode:
        return {"domain": record.identity(), "changed": dest is not None, "dest": dest}
    image = _read(connection, record)
    if dest is None:
        return {"domain": record.identity(), "changed": False, "content": base64.b64encode(image).decode()}
    return {"domain": record.identity(), "changed": _write(Path(dest), image), "dest": dest}


def _read(connection: EsxConnection, record: DomainRecord) -> bytes:
    endpoint = connection.session.pool.endpoint
    image = io.BytesIO()
    url = f"{endpoint.transport}://{endpoint}/screen?id={quote(record.moid, safe='')}"
    receive_from_url(connection.session, url, image)
    if not image.getvalue().startswith(_SIGNATURE):
        raise EsxError(f"The server did not send a picture of the screen of domain '{record.name}'.")
    return image.getvalue()


def _write(path: Path, image: bytes) -> bool:
    """Write the file atomically; return whether it has changed.

    :raises EsxError: if the file cannot be written.
    """
    try:
        if path.is_file() and path.read_bytes() == image:
            return False
        _replace(path, image)
    except OSError as error:
        raise EsxError(f"The picture cannot be written to {path}: {error.strerror}.") from None
    return True


def _replace(path: Path, image: bytes) -> None:
    """Write a file beside the other, and put it in its place; it does not stay if that fails."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".screenshot-", delete=False) as file:
        written = Path(file.name)
        try:
            file.write(image)
            file.flush()
            written.chmod(0o644)
            written.replace(path)
        except OSError:
            written.unlink()
            raise
