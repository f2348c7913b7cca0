#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_maintenance."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_maintenance
short_description: Put an ESX host into maintenance mode
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Puts a host into maintenance mode, in which no domain runs on it, or lets it leave the mode.
  - A host enters the mode as soon as nothing runs on it any more. In a cluster with fully automated DRS, the vCenter
    migrates the running domains by itself; otherwise migrate them. The role P(virt.esx.evacuate#role) does both.
  - To stop the domains instead, on a host without a vCenter as well, there is M(virt.esx.esx_host).
options:
  state:
    description:
      - V(maintenance) - the host is in maintenance mode.
      - V(normal) - it is not, and does not go on entering it.
    type: str
    choices: [maintenance, normal]
    default: maintenance
  wait:
    description:
      - Whether the task waits until the host is in maintenance mode. Otherwise it only begins to enter the mode.
    type: bool
    default: true
  maintenance_timeout:
    description:
      - Seconds that may pass without progress. Then the host does not enter the mode, and the task fails.
    type: int
    default: 3600
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  diff_mode:
    description: Returns the mode before and after.
notes:
  - The host is asked itself, unless the URI names its vCenter, as C(esx://HOST/?vcenter=*) or C(vpx://...).
seealso:
  - module: virt.esx.esx_host
  - module: virt.esx.esx_migrate
"""

EXAMPLES = r"""
- name: Put a host into maintenance mode, and let its cluster empty it
  virt.esx.esx_maintenance:
    uri: vpx://administrator@vcenter.example.com/dc1/cluster1/esx1.example.com

- name: Let it work again
  virt.esx.esx_maintenance:
    uri: vpx://administrator@vcenter.example.com/dc1/cluster1/esx1.example.com
    state: normal
"""

RETURN = r"""
host:
  description: Name of the host, as the server has it.
  returned: success
  type: str
  sample: esx1.example.com
state:
  description: V(maintenance), V(normal), or V(entering) while something runs on a host that enters the mode. In check
    mode, as it would be.
  returned: success
  type: str
  sample: maintenance
steps:
  description: What was done, in order; in check mode, what would be done.
  returned: success
  type: list
  elements: str
  sample: [enter maintenance mode]
questions:
  description: The questions of the server that were answered, none here.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.maintenance import set_maintenance
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Bring the host into the wanted mode."""
    with open_connection(invocation) as connection:
        return set_maintenance(connection, invocation)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "state": {"type": "str", "choices": ["maintenance", "normal"], "default": "maintenance"},
            "wait": {"type": "bool", "default": True},
            "maintenance_timeout": {"type": "int", "default": 3600},
        }
    ),
    run=run,
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
