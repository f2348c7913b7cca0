# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks to be migrated: domains, and for each where it is to go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.values import to_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError


@dataclass(frozen=True)
class Wish:
    """A domain that is meant, by the first of its name, its UUID and its moid that is given, and where it is to go.

    ``host`` is a name in the vCenter, None for the task's own destination. ``datastore``, ``pool`` and ``folder`` are
    names, None for what stays. ``disks`` has datastores by the labels of disks, ``networks`` names by names.
    """

    name: str | None = None
    uuid: str | None = None
    moid: str | None = None
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
        return f"Domain '{self.name}'" if self.name is not None else f"The domain with the UUID {self.uuid}"

    @property
    def canonical_uuid(self) -> str | None:
        """The UUID in its canonical form; None for what is none."""
        return None if self.uuid is None else to_uuid(self.uuid)


@dataclass(frozen=True)
class MigrationRequest:
    """All that a task asks for; ``patience`` is in seconds, None for no limit."""

    wishes: Sequence[Wish]
    parallel: int
    patience: float | None = None
    strict: bool = False


def read_request(params: Mapping[str, Any]) -> MigrationRequest:
    """Return what the module's options ask for.

    :raises ParseError: for a number that makes no sense, and for a domain that is not named or has no destination.
    """
    for option in ("parallel", "migration_timeout"):
        value = params[option]
        if value is not None and value < 1:
            raise ParseError(f"{value} is not a number of at least 1.", where=option)
    usual = Wish(
        datastore=params["dest_datastore"],
        pool=params["dest_pool"],
        folder=params["dest_folder"],
        networks=_texts(params["dest_networks"]),
    )
    wishes = [replace(usual, name=name) for name in params["names"] or ()]
    wishes += [replace(usual, uuid=uuid) for uuid in params["uuids"] or ()]
    wishes += [_wish(usual, item) for item in params["domains"] or ()]
    has_destination = bool(params["dest_uri"] or params["dest_host"])
    for wish in wishes:
        if not has_destination and not (wish.host or wish.datastore or wish.disks):
            raise ParseError(
                f"{wish} has no destination; give dest_host or dest_datastore for it or for the task.", where="domains"
            )
    return MigrationRequest(wishes, params["parallel"], params["migration_timeout"], params["warnings_are_errors"])


def _wish(usual: Wish, item: Mapping[str, Any]) -> Wish:
    if not any(item[key] for key in ("name", "uuid", "moid")):
        raise ParseError("neither name nor uuid nor moid says which domain is meant.", where="domains")
    return replace(
        usual,
        name=item["name"],
        uuid=item["uuid"],
        moid=item["moid"],
        host=item["dest_host"],
        datastore=item["dest_datastore"] or usual.datastore,
        pool=item["dest_pool"] or usual.pool,
        folder=item["dest_folder"] or usual.folder,
        disks=_texts(item["dest_disks"]),
        networks={**usual.networks, **_texts(item["dest_networks"])},
    )


def _texts(mapping: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (mapping or {}).items()}
