# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cloud-init's data as entries of a VMX, which a guest with open-vm-tools reads (its data source VMware).

::

    guestinfo.metadata = "eyJpbnN0YW5jZS1pZCI6ICJ3ZWIifQ=="
    guestinfo.metadata.encoding = "base64"
    guestinfo.userdata = "H4sIAAAAAAAC..."
    guestinfo.userdata.encoding = "gzip+base64"
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

# Longer values are compressed, and what is still longer than the limit of open-vm-tools (64 KiB) is refused.
COMPRESSED_FROM = 16 * 1024
LONGEST = 60 * 1024
LONGEST_UNPACKED = LONGEST * 1032  # deflate does not compress more than that

# A guest that was told to redact data writes this over them once it has read them.
_REDACTED = ("---", " ")


@dataclass(frozen=True)
class CloudInit:
    """cloud-init's data; ``network_config`` is netplan's form, version 2. None for what is not given."""

    meta_data: Mapping[str, Any]
    user_data: str | None = None
    network_config: Mapping[str, Any] | None = None
    vendor_data: str | None = None


def check_meta_data(meta_data: Mapping[str, Any], where: str) -> None:
    """Check that metadata say which instance this is: cloud-init runs again when that changes.

    :raises ParseError: if they do not.
    """
    if not str(meta_data.get("instance-id") or "").strip():
        raise ParseError("the key 'instance-id' is missing; cloud-init runs again when its value changes.", where=where)


def as_text(data: Mapping[str, Any]) -> str:
    """Return data as JSON, which is YAML too; the same data give the same text."""
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def guestinfo_entries(data: CloudInit) -> dict[str, str]:
    """Return the entries of a VMX, and of ``extraConfig``, by key.

    :raises ParseError: for data that are too long for a guest to read this way.
    """
    check_meta_data(data.meta_data, "meta_data")
    meta_data = dict(data.meta_data)
    if data.network_config is not None:
        check_network_config(data.network_config, "network_config")
        meta_data["network"] = data.network_config
    texts = {"metadata": as_text(meta_data), "userdata": data.user_data, "vendordata": data.vendor_data}
    entries: dict[str, str] = {}
    for name, text in texts.items():
        if text is not None:
            value, encoding = _encoded(name, text)
            entries[f"guestinfo.{name}"] = value
            entries[f"guestinfo.{name}.encoding"] = encoding
    return entries


def check_network_config(config: Mapping[str, Any], where: str) -> None:
    """Check that a network configuration says its version, without which cloud-init configures no network.

    :raises ParseError: if it does not.
    """
    if config and "version" not in config:
        wraps = isinstance(config.get("network"), Mapping)
        raise ParseError(
            "the key 'version' is missing, without which cloud-init ignores the configuration.",
            where=where,
            hint="Give only the content of its key 'network'." if wraps else "Begin it with 'version: 2'.",
        )


def same_guestinfo(present: str | None, wanted: str) -> bool:
    """Whether an entry needs no change: it has the value, or the guest has read and redacted it.

    The same data can be compressed to other bytes: that depends on the version of Python.
    """
    if present == wanted or present in _REDACTED:
        return True
    content = _unpacked(wanted, LONGEST_UNPACKED)
    return content is not None and present is not None and _unpacked(present, len(content) + 1) == content


def _unpacked(value: str, most: int) -> bytes | None:
    """The content of a compressed entry, at most so many bytes of it; None for one that is not compressed."""
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(base64.b64decode(value, validate=True), most)
    except (ValueError, zlib.error):
        return None


def _encoded(name: str, text: str) -> tuple[str, str]:
    """The value of an entry and the name of its encoding."""
    plain = text.encode()
    value, encoding = base64.b64encode(plain).decode(), "base64"
    if len(value) > COMPRESSED_FROM:
        value, encoding = base64.b64encode(gzip.compress(plain, mtime=0)).decode(), "gzip+base64"
    if len(value) > LONGEST:
        raise ParseError(
            f"the {name} of cloud-init take {len(value)} bytes, a guest reads at most {LONGEST} from its host.",
            hint="Give them to the domain on a seed image instead, which has no such limit.",
        )
    return value, encoding
