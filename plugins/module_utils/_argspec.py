# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options that every module and plugin of the collection takes.

Their documentation is the fragment ``virt.esx._connection``; a test compares both. Defaults from the environment, the
URI and libvirt's authentication file are resolved in ``_vi/options.py``, since their order depends on other options.
"""

from __future__ import annotations

from typing import Any

CONNECTION: dict[str, dict[str, Any]] = {
    "uri": {"type": "str"},
    "hostname": {"type": "str"},
    "port": {"type": "int"},
    "validate_certs": {"type": "bool"},
    "username": {"type": "str", "aliases": ["user", "admin"]},
    "password": {"type": "str", "no_log": True, "aliases": ["pass", "pwd"]},
    "vcenter_username": {"type": "str"},
    "vcenter_password": {"type": "str", "no_log": True},
    "proxy_password": {"type": "str", "no_log": True},
    "auth_file": {"type": "path"},
    "proxy_host": {"type": "str"},
    "proxy_port": {"type": "int"},
    "ca_path": {"type": "path"},
    "thumbprint": {"type": "str"},
    "timeout": {"type": "int", "default": 300},
    "answers": {"type": "dict", "default": {}},
    "session_cache": {"type": "bool", "default": False},
}


def with_connection(options: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A module's own ``options`` and the connection's, as one argument spec."""
    return {**CONNECTION, **options}
