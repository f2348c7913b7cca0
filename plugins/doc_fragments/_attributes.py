# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes shared by all modules of the collection."""

from __future__ import annotations


class ModuleDocFragment:
    """The fragment ``virt.esx._attributes``; ``.acting`` is for modules that make changes, ``.reading`` for others."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/virt.esx.esx) in C(module_defaults) to set connection options once for all modules.
    support: full
    membership:
      - virt.esx.esx
  async:
    description: Can be run with C(async); it then runs as an ordinary module.
    support: full
  platform:
    description: The platform the module manages.
    platforms: VMware ESX, ESXi, GSX (VMware Server 2.0), vCenter
    support: full
"""

    ACTING = r"""
options: {}
attributes:
  check_mode:
    description: Reports the changes without making them.
    support: full
  diff_mode:
    description: Returns the domain XML before and after.
    support: full
  idempotent:
    description: Changes nothing when run again with the same arguments.
    support: full
"""

    READING = r"""
options: {}
attributes:
  check_mode:
    description: Runs as usual, as the module only reads.
    support: full
  diff_mode:
    description: The module changes nothing, so there is no difference to show.
    support: N/A
  idempotent:
    description: Changes nothing.
    support: full
"""
