# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``esx_migrate``: the domains to migrate, and the destination of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.values import to_uuid
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import is_pattern
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError


@dataclass(frozen=True)
class MoveRequest:
    """A domain to migrate, identified by its moid or by its name and its UUID or one of them; and its destination.

    ``source`` and ``host`` are names in the vCenter: the host that it is to leave, None for any, and its destination,
    None for the task's own. ``datastore``, ``pool`` and ``folder`` are names, None for what stays. ``disks`` maps the
    labels or targets of disks to datastores, ``networks`` old names to new ones.
    """

    name: str | None = None
    uuid: str | None = None
    moid: str | None = None
    source: str | None = None
    host: str | None = None
    datastore: str | None = None
    pool: str | None = None
    folder: str | None = None
    disks: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """``Domain 'web'``, for messages."""
        if self.moid is not None:
            return f"The domain with the moid {self.moid}"
        if self.name is None:
            return f"The domain with the UUID {self.uuid}"
        return f"Domain '{self.name}'" if self.uuid is None else f"Domain '{self.name}' with the UUID {self.uuid}"

    @property
    def pattern(self) -> str | None:
        """The name if it is a pattern, which can match many domains; None if the request means one domain."""
        only_name = self.moid is None and self.uuid is None
        return self.name if only_name and is_pattern(self.name or "") else None

    @property
    def host_names(self) -> list[str]:
        """The names of the hosts that it names."""
        return [name for name in (self.source, self.host) if name is not None]

    @property
    def has_destination(self) -> bool:
        """Whether it says what is to change, beside the networks, which change only with the host."""
        return bool(self.host) or self._has_place

    @property
    def changes_more_than_host(self) -> bool:
        """Whether it says something about a domain that is on its destination already."""
        return bool(self.networks) or self._has_place

    @property
    def _has_place(self) -> bool:
        return bool(self.datastore or self.disks or self.pool or self.folder)

    @property
    def changes_devices(self) -> bool:
        """Whether it says something about the disks or the cards of a domain."""
        return bool(self.datastore or self.disks or self.networks)

    @property
    def canonical_uuid(self) -> str | None:
        """The UUID in its canonical form; ParseError is raised if it is invalid."""
        if self.uuid is None:
            return None
        uuid = to_uuid(self.uuid)
        if uuid is None:
            raise ParseError(f"'{self.uuid}' is not a UUID, which has 32 hex digits.", where="uuids")
        return uuid


@dataclass(frozen=True)
class MigrationRequest:
    """The request of a task; ``patience`` is in seconds, None for no limit."""

    domains: Sequence[MoveRequest]
    parallel: int
    patience: float | None = None
    strict: bool = False


def read_request(params: Mapping[str, Any]) -> MigrationRequest:
    """Read the module's options.

    :raises ParseError: for an invalid number, and for a domain that is not identified or has no destination.
    """
    for option in ("parallel", "migration_timeout"):
        value = params[option]
        if value is not None and value < 1:
            raise ParseError(f"{value} is not a number of at least 1.", where=option)
    moves = _moves(params)
    for move in moves:
        _check_move(params, move)
    return MigrationRequest(moves, params["parallel"], params["migration_timeout"], params["warnings_are_errors"])


def _moves(params: Mapping[str, Any]) -> list[MoveRequest]:
    defaults = MoveRequest(
        datastore=params["dest_datastore"] or None,
        pool=params["dest_pool"] or None,
        folder=params["dest_folder"] or None,
        networks=_texts(params["dest_networks"], "dest_networks"),
    )
    moves = [replace(defaults, name=name) for name in params["names"] or ()]
    moves += [replace(defaults, uuid=uuid) for uuid in params["uuids"] or ()]
    moves += [_move(defaults, item) for item in params["domains"] or ()]
    return moves


def _check_move(params: Mapping[str, Any], move: MoveRequest) -> None:
    if "" in (move.name, move.uuid, move.moid):
        raise ParseError("an empty text is not the name, UUID or moid of a domain.", where="names")
    if not (params["dest_uri"] or params["dest_host"] or move.has_destination):
        raise ParseError(
            f"{move} has no destination; give dest_host, dest_datastore, dest_pool or dest_folder for it or for "
            "the task.",
            where="domains",
        )
    for new in move.networks.values():
        if move.networks.get(new, new) != new:
            raise ParseError(
                f"'{new}' is a new network and one to replace, so that each run would replace it again.",
                where="dest_networks",
            )


def _move(defaults: MoveRequest, item: Mapping[str, Any]) -> MoveRequest:
    if not any(item[key] for key in ("name", "uuid", "moid")):
        raise ParseError("neither name nor uuid nor moid says which domain is meant.", where="domains")
    return replace(
        defaults,
        name=item["name"],
        uuid=item["uuid"],
        moid=item["moid"],
        source=item["source_host"],
        host=item["dest_host"],
        datastore=item["dest_datastore"] or defaults.datastore,
        pool=item["dest_pool"] or defaults.pool,
        folder=item["dest_folder"] or defaults.folder,
        disks=_texts(item["dest_disks"], "dest_disks"),
        networks={**defaults.networks, **_texts(item["dest_networks"], "dest_networks")},
    )


def _texts(mapping: Mapping[str, Any] | None, option: str) -> dict[str, str]:
    for key, value in (mapping or {}).items():
        if value in (None, ""):
            raise ParseError(f"'{key}' has no value.", where=option)
    return {str(key): str(value) for key, value in (mapping or {}).items()}
