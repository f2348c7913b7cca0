# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity of a server: its product, its version, and whether the driver and the URI accept it.

The rules are those of libvirt's driver (esx-driver-rules.md, section 4), but applied before credentials are sent.
"""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import VmomiSupport

PRODUCTS = {"gsx": "gsx", "esx": "esx", "embeddedEsx": "esx", "vpx": "vpx"}
PRODUCT_NAMES = {"gsx": "Server/GSX", "esx": "ESX(i)", "vpx": "vCenter/VPX"}
LEAST_VERSION = {"gsx": (2, 0), "esx": (3, 5), "vpx": (2, 5)}
LEAST_API = (2, 5)

_NUMBERS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})*")
_RELEASED = re.compile(r"[0-9.]+")


class About(NamedTuple):
    """A server as it describes itself.

    ``product`` is ``esx``, ``gsx`` or ``vpx``; ``api`` is ``api_version`` as numbers, for comparisons.
    """

    product: str
    name: str
    version: str
    build: str
    api_version: str

    @property
    def api(self) -> tuple[int, ...]:
        """The API version as numbers: (6, 7, 3) for ``6.7.3``."""
        return version_numbers(self.api_version)


def read_about(about: Any, *, expected: str, server: str) -> About:
    """Return the identity of a server.

    :param about: the ``about`` of its ServiceContent.
    :param expected: the product that the connection is for, ``esx``, ``gsx`` or ``vpx``.
    :param server: the server for messages.
    :raises ConnectionFailed: if it is another product, or too old.
    """
    product = PRODUCTS.get(about.productLineId or "")
    if product is None or about.apiType not in ("HostAgent", "VirtualCenter"):
        raise ConnectionFailed(f"{server} is neither an ESX host nor a VMware Server nor a vCenter: {about.fullName}.")
    if product != expected:
        raise ConnectionFailed(
            f"{server} is {PRODUCT_NAMES[product]} ({about.fullName}), "
            f"but the connection is for {PRODUCT_NAMES[expected]}.",
            hint=f"The URI of such a server begins with {product}://.",
        )
    if version_numbers(about.version) < LEAST_VERSION[product] or version_numbers(about.apiVersion) < LEAST_API:
        least = ".".join(str(number) for number in LEAST_VERSION[product])
        raise ConnectionFailed(
            f"{server} is too old: {about.fullName} with VI API {about.apiVersion}; "
            f"{PRODUCT_NAMES[product]} {least} with VI API 2.5 is the oldest that is supported."
        )
    return About(
        product=product,
        name=about.name or "",
        version=about.version,
        build=about.build or "",
        api_version=about.apiVersion,
    )


@functools.lru_cache(maxsize=64)
def version_numbers(text: str) -> tuple[int, ...]:
    """Return (6, 7, 3) for ``6.7.3``, and (2, 5) for ``2.5u2``; empty for anything that is not a version."""
    match = _NUMBERS.match(text or "")
    return tuple(int(number) for number in match.group().split(".")) if match else ()


def preload() -> None:
    """Have the versions that pyVmomi knows in order, before workers are forked."""
    if VmomiSupport is not None:
        pyvmomi_versions()


def oldest_version() -> str:
    """Return pyVmomi's name of the API version that every supported server speaks, 2.5."""
    return str(VmomiSupport.versionMap["vim25/2.5"])


def best_version(about: About) -> str:
    """Return pyVmomi's name of the newest API version that both pyVmomi and the server know."""
    known = [(version, name) for version, name in pyvmomi_versions() if version <= about.api]
    return max(known)[1] if known else oldest_version()


def newest_version() -> str:
    """Return pyVmomi's name of the newest released API version that it knows."""
    return max(pyvmomi_versions())[1]


@functools.lru_cache(maxsize=1)
def pyvmomi_versions() -> tuple[tuple[tuple[int, ...], str], ...]:
    """Return the released versions of the API that pyVmomi knows, as numbers and by pyVmomi's names."""
    found = []
    for namespace, name in VmomiSupport.versionMap.items():
        service, _slash, version = namespace.partition("/")
        if service == "vim25" and _RELEASED.fullmatch(version):
            found.append((version_numbers(version), str(name)))
    return tuple(found)
