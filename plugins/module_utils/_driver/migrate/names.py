# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error for a name that a destination does not have."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound
from ansible_collections.virt.esx.plugins.module_utils._names import hint_at
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext


def missing(kind: str, name: str, host: HostContext, names: Iterable[str]) -> NotFound:
    """Return the error for a name, with the existing names, and a similar one as a hint.

    :param kind: the kind of object: ``datastore``.
    """
    listed = sorted(names)
    return NotFound(
        f"The host {host.host_name} has no {kind} '{name}'; it has {', '.join(map(repr, listed)) or 'none'}.",
        hint=hint_at(name, listed),
    )
