# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options for a domain's system, as typed values; applying them is in ``parts_system.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError


class SystemOptions(NamedTuple):
    """The options for a domain's system; None where nothing is said."""

    guest_os: str | None = None
    hw_version: int | None = None
    firmware: str | None = None
    secure_boot: bool | None = None
    boot: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        """Whether anything is said."""
        return any(value is not None for value in self)


def read_system(params: Mapping[str, Any]) -> SystemOptions:
    """Return the options for the system.

    :raises ParseError: for a virtual hardware version that never was, and for an empty boot order.
    """
    version, boot = params["hw_version"], params["boot"]
    if version is not None and not 3 <= version <= 99:
        raise ParseError(
            f"{version} is not a virtual hardware version; ESXi 6.0 has 11, 8.0 has 20.", where="hw_version"
        )
    if boot is not None and (not boot or len(set(boot)) < len(boot)):
        raise ParseError("it names nothing, or a device twice.", where="boot")
    return SystemOptions(
        guest_os=params["guest_os"],
        hw_version=version,
        firmware=params["firmware"],
        secure_boot=params["secure_boot"],
        boot=None if boot is None else tuple(boot),
    )


def system_settings(params: Mapping[str, Any]) -> dict[str, str | None]:
    """Return those options that are keys of the VMX, as settings."""
    hotplug = params["hotplug"] or {}
    values = {
        "mem.hotadd": hotplug.get("memory"),
        "vcpu.hotadd": hotplug.get("vcpus"),
        "vhv.enable": params["nested_virtualisation"],
    }
    return {key: "TRUE" if value else "FALSE" for key, value in values.items() if value is not None}
