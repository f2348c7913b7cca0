# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``esx_snapshot`` as typed values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.snapshots import SnapshotDescription, read_snapshot
from ansible_collections.virt.esx.plugins.module_utils._driver.options import if_given, parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

_AGE = re.compile(r"\s*([0-9]{1,6})\s*(minutes?|min|hours?|h|days?|d|weeks?|w)\s*", re.IGNORECASE)
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
# The options that have an effect with one state only.
_STATE_OF = {
    "description": "present",
    "memory": "present",
    "quiesce": "present",
    "children": "absent",
    "keep": "absent",
    "older_than": "absent",
    "running": "reverted",
}
# Those of them that are false by default, not none.
_SWITCHES = ("quiesce", "children")


@dataclass(frozen=True)
class SnapshotRequest:
    """The domains, the snapshot, and the requested state.

    ``names`` are names and patterns of domains; otherwise ``name`` or ``uuid`` is the one domain. ``snapshot`` is a
    name, a path, a managed object id or, for state absent, a pattern. ``older_than`` is in seconds.
    """

    state: str
    name: str | None = None
    uuid: str | None = None
    names: Sequence[str] = ()
    snapshot: str | None = None
    description: str | None = None
    memory: bool = True
    asks_memory: bool = False  # whether the memory is not only the default
    quiesce: bool = False
    children: bool = False
    keep: int | None = None
    older_than: int | None = None
    running: bool | None = None
    parallel: int = 4

    @property
    def selects(self) -> bool:
        """Whether it chooses snapshots by number or age."""
        return self.keep is not None or self.older_than is not None


def read_request(params: Mapping[str, Any]) -> SnapshotRequest:
    """Read validated options; ``snapshot``, ``description`` and ``memory`` override those of ``xml``.

    :raises ParseError: for options that contradict each other.
    """
    _check_domains(params)
    _check_effect(params)
    described = _description(params)
    request = SnapshotRequest(
        state=params["state"],
        name=params["name"],
        uuid=if_given(params["uuid"], parse_uuid),
        names=tuple(params["names"] or ()),
        snapshot=described.name,
        description=described.description,
        memory=not params["quiesce"] if described.memory is None else described.memory,
        asks_memory=bool(described.memory),
        quiesce=params["quiesce"],
        children=params["children"],
        keep=params["keep"],
        older_than=if_given(params["older_than"], _seconds),
        running=params["running"],
        parallel=params["parallel"],
    )
    _check_snapshot(request)
    _check(request)
    return request


def _check_domains(params: Mapping[str, Any]) -> None:
    """Refuse a list of domains that has been computed and is empty."""
    if params["names"] == [] and params["name"] is None and params["uuid"] is None:
        raise ParseError("it is empty, so no domain is meant.", where="names")


def _description(params: Mapping[str, Any]) -> SnapshotDescription:
    """The description in ``xml``, overridden by single options."""
    xml = if_given(params["xml"], read_snapshot) or SnapshotDescription()
    given = {option: params[option] for option in ("description", "memory") if params[option] is not None}
    return replace(xml, name=params["snapshot"] or xml.name, **given)


def _check_effect(params: Mapping[str, Any]) -> None:
    """Refuse options that have no effect in this state; a description in ``xml`` may say more than is needed."""
    for option, state in _STATE_OF.items():
        is_given = params[option] if option in _SWITCHES else params[option] is not None
        if params["state"] != state and is_given:
            raise ParseError(f"it has no effect with state '{params['state']}', only with '{state}'.", where=option)


def _check_snapshot(request: SnapshotRequest) -> None:
    """Refuse a request that does not say which snapshot is meant."""
    needs_none = request.state == "consolidated" or (request.state == "absent" and request.selects)
    if request.snapshot is None and not needs_none:
        raise ParseError("it is missing; it names the snapshot that is meant.", where="snapshot")


def _check(request: SnapshotRequest) -> None:
    """Refuse options that contradict each other, and numbers that are too small."""
    if request.quiesce and request.memory:
        raise ParseError("a snapshot has either the memory of the guest or a quiesced file system.", where="quiesce")
    if request.keep is not None and request.keep < 0:
        raise ParseError(f"{request.keep} is less than 0.", where="keep")
    if request.children and request.selects:
        raise ParseError("with it, snapshots that are to be kept could be removed.", where="children")
    if request.parallel < 1:
        raise ParseError(f"{request.parallel} is not at least 1.", where="parallel")


def _seconds(text: str) -> int:
    found = _AGE.fullmatch(text)
    if found is None:
        raise ParseError(f"'{text}' is not an age, such as '7 days', '12 h' or '2 weeks'.", where="older_than")
    return int(found[1]) * _SECONDS[found[2][0].lower()]
