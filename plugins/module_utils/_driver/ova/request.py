# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``esx_ova`` as typed values."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.options import if_given, parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.web import check_url, is_url
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

PRESENT, EXPORTED = "present", "exported"

# How the options call the allocation of disks, and OvfManager.
PROVISIONING = {"thin": "thin", "thick": "thick", "eager": "eagerZeroedThick"}

# The options that one state alone has, with the values that stand for "not given".
_ONLY: dict[str, tuple[str, ...]] = {
    PRESENT: (
        *("source", "pool", "networks", "network", "allocation", "deployment_option", "properties"),
        *("secret_properties", "accept_eula", "verify", "signer"),
    ),
    EXPORTED: ("dest", "uuid", "snapshot", "force"),
}


@dataclass(frozen=True)
class ImportRequest:
    """A package to import; ``name`` None stands for the name that the package has for its machine."""

    source: str
    name: str | None = None
    pool: str | None = None
    networks: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    allocation: str = "thin"
    deployment_option: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    accept_eula: bool = False
    verify: bool = True
    signer: str | None = None


@dataclass(frozen=True)
class ExportRequest:
    """A domain to export to an OVA (``dest`` ends with ``.ova``) or into a directory."""

    dest: str
    name: str | None = None
    uuid: str | None = None
    snapshot: str | None = None
    force: bool = False

    @property
    def is_archive(self) -> bool:
        """Whether the package becomes one file."""
        return self.dest.lower().endswith(".ova")


def read_request(params: Mapping[str, Any]) -> ImportRequest | ExportRequest:
    """Return what validated options ask for.

    :raises ParseError: for options that contradict each other, or have no effect in this state.
    """
    state = params["state"]
    for owner, options in _ONLY.items():
        for option in options:
            if owner != state and params[option] is not None:
                raise ParseError(f"it has no effect with state '{state}', only with '{owner}'.", where=option)
    return _import_request(params) if state == PRESENT else _export_request(params)


def _import_request(params: Mapping[str, Any]) -> ImportRequest:
    properties = _properties(params["properties"] or {}, params["secret_properties"] or {})
    verify = params["verify"] is not False
    if params["signer"] is not None and not verify:
        raise ParseError("it has no effect with 'verify: false'.", where="signer")
    if is_url(params["source"]):
        check_url(params["source"])
    return ImportRequest(
        source=params["source"],
        name=params["name"],
        pool=params["pool"],
        networks={str(key): str(value) for key, value in (params["networks"] or {}).items()},
        network=params["network"],
        allocation=params["allocation"] or "thin",
        deployment_option=params["deployment_option"],
        properties=properties,
        accept_eula=bool(params["accept_eula"]),
        verify=verify,
        signer=params["signer"],
    )


def _properties(plain: Mapping[str, Any], secret: Mapping[str, Any]) -> dict[str, str]:
    twice = sorted(set(plain) & set(secret))
    if twice:
        raise ParseError(f"'{twice[0]}' is in properties, too.", where="secret_properties")
    return {str(key): _plain(value) for key, value in {**plain, **secret}.items()}


def _export_request(params: Mapping[str, Any]) -> ExportRequest:
    if params["name"] is None and params["uuid"] is None:
        raise ParseError("it is missing; it names the domain to export.", where="name")
    if pathlib.Path(params["dest"]).name in ("", ".."):
        raise ParseError(f"'{params['dest']}' is not a name for the package.", where="dest")
    return ExportRequest(
        dest=params["dest"],
        name=params["name"],
        uuid=if_given(params["uuid"], parse_uuid),
        snapshot=params["snapshot"],
        force=bool(params["force"]),
    )


def _plain(value: Any) -> str:
    """A value of YAML as text."""
    if isinstance(value, bool):
        return "True" if value else "False"
    return "" if value is None else str(value)
