# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to another host, as far as Ansible knows: it ends in this machine."""

from __future__ import annotations

DOCUMENTATION = """
name: elsewhere
short_description: Run on this machine, and do not tell
description:
  - It is for the tests of the collection.
"""

from ansible.plugins.connection.local import Connection as Local  # noqa: E402  (as the documentation comes first)


class Connection(Local):  # type: ignore[misc]
    """The local connection by another name."""

    @property
    def transport(self) -> str:
        """The platform, which the action asks for."""
        return "elsewhere"
