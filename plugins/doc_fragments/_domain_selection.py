# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of which domains are read."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of ``esx_domain_info`` that select domains."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the domain to read, or a shell pattern such as V(web-*). On a host with more than 40 domains, a name
        reads only the first domain that has it; a pattern reads all.
    type: str
  names:
    description:
      - Names of the domains to read, or shell patterns such as V(web-*), instead of O(name). A name that no domain has
        is left out.
    type: list
    elements: str
    version_added: 0.2.0
  uuid:
    description:
      - UUID of the domain to read, in any spelling. If several domains share the UUID, all of them are read.
    type: str
  moid:
    description:
      - Managed object id of the domain to read.
    type: str
    version_added: 0.2.0
  states:
    description:
      - Only domains in one of these states are read.
    type: list
    elements: str
    choices: [running, paused, shutoff]
    default: [running, paused, shutoff]
  autostart:
    description:
      - Whether to read only domains that start with the host, or only those that do not.
    type: bool
    version_added: 0.2.0
  snapshot:
    description:
      - Whether to read only domains with snapshots, or only those without.
    type: bool
    version_added: 0.2.0
  network:
    description:
      - Only domains with a network card in this network; the name can be a shell pattern.
    type: str
    version_added: 0.2.0
  datastore:
    description:
      - Only domains with files in this datastore; the name can be a shell pattern.
    type: str
    version_added: 0.2.0
"""
