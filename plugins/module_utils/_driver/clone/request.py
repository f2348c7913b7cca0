# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``esx_clone``, read and checked without a connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import to_mac
from ansible_collections.virt.esx.plugins.module_utils._driver.options import if_given, parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, check_vmx_path
from ansible_collections.virt.esx.plugins.module_utils._vmx.mac import is_multicast


@dataclass(frozen=True)
class CloneRequest:
    """The source, by name, UUID or the path of its VMX, and the properties of the clone."""

    name: str | None
    uuid: str | None
    vmx_path: DatastorePath | None
    snapshot: str | None
    clone_name: str
    clone_uuid: str | None
    description: str | None
    macs: Sequence[str]
    pool: str | None
    allocation: str


def read_request(params: Mapping[str, Any]) -> CloneRequest:
    """Read a module's options.

    :raises ParseError: for a value that no domain can have.
    """
    name = params["clone_name"]
    _check_name(name)
    macs = _read_macs(params["macs"] or ())
    path = if_given(params["vmx_path"], check_vmx_path)
    return CloneRequest(
        name=params["name"],
        uuid=if_given(params["uuid"], parse_uuid),
        vmx_path=path,
        snapshot=params["snapshot"],
        clone_name=name,
        clone_uuid=if_given(params["clone_uuid"], partial(parse_uuid, option="clone_uuid")),
        description=params["description"],
        macs=macs,
        pool=params["pool"],
        allocation=params["allocation"],
    )


def _check_name(name: str) -> None:
    if not name or len(name) > 80 or any(ord(character) < 32 for character in name):
        raise ParseError(
            f"{name!r} is not a valid name of a domain; a name has 1 to 80 characters in one line.", where="clone_name"
        )


def _read_macs(texts: Iterable[str]) -> list[str]:
    """The MAC addresses of the clone's cards, each once."""
    macs: list[str] = []
    for text in texts:
        mac = to_mac(text)
        if mac is None or is_multicast(mac):
            raise ParseError(f"'{text}' is not the MAC address of a network card.", where="macs")
        if mac in macs:
            raise ParseError(f"'{text}' is given twice.", where="macs")
        macs.append(mac)
    return macs
