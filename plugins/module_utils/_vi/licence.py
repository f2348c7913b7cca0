# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The free licence of ESX, which makes its API read-only: recognised before the first write.

A host with it answers every write with the fault RestrictedVersion; reading works. Reading the licence costs one call,
made only if there is something to write.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import LicenceRestricted
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session

# The edition key of the free licence ("VMware vSphere Hypervisor") begins like this, in all versions since 4.0.
_FREE_EDITION = "esxBasic"

_HINT = "Assign a licence that includes the vSphere API; reading works without one."


class Licence(NamedTuple):
    """A licence of a host: its name, the key of its edition, and whether it makes the API read-only."""

    name: str
    edition: str
    read_only: bool


@contextlib.contextmanager
def writing(session: Session) -> Iterator[None]:
    """Write to a host in the ``with`` block, if its licence allows that; the licence is read once a session.

    :raises LicenceRestricted: before the block is entered if the licence is the free one, and, with the licence's
        name, if the server refuses a write for its licence.
    """
    if not session.is_licensed_to_write:
        name = restricting_licence(session)
        if name is not None:
            raise _restricted(name)
        session.is_licensed_to_write = True
    try:
        yield
    except LicenceRestricted:
        names = [str(licence.name or licence.editionKey) for licence in _licences(session)]
        raise _restricted(", ".join(names) or "unknown") from None


def restricting_licence(session: Session) -> str | None:
    """Return the name of the host's licence if it makes the API read-only, otherwise None."""
    licences = read_licences(session)
    if licences and all(licence.read_only for licence in licences):
        return ", ".join(licence.name for licence in licences)
    return None


def read_licences(session: Session) -> list[Licence]:
    """Return the licences that a host uses, or all of its licences if it marks none; empty through a vCenter."""
    licences = _licences(session)
    used = [licence for licence in licences if licence.used] or licences
    return [
        Licence(
            str(licence.name or licence.editionKey),
            str(licence.editionKey or ""),
            (licence.editionKey or "").startswith(_FREE_EDITION),
        )
        for licence in used
    ]


def _licences(session: Session) -> list[Any]:
    """The LicenseManagerLicenseInfo of a host; before API 4.0, and through a vCenter, there are none to look at."""
    manager = session.content.licenseManager
    if session.about.product != "esx" or not session.has(4, 0) or manager is None:
        return []
    return list(fetch_one(session, manager, ["licenses"])["licenses"] or ())


def _restricted(name: str) -> LicenceRestricted:
    return LicenceRestricted(
        f"The licence of the host ('{name}') makes its API read-only; nothing was changed.",
        hint=_HINT,
        fault="RestrictedVersion",
    )
