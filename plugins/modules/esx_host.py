#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_host
short_description: Maintenance, reboot and autostart defaults of an ESX host
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Brings an ESX host into maintenance mode and back, reboots it or shuts it down, and sets its defaults for starting
    and stopping domains.
  - A host itself leaves running domains alone. Entering maintenance mode waits until none runs. So this module refuses
    to begin while domains run, unless O(domains) says what happens to them.
  - The host is asked itself, unless the URI names its vCenter, as V(esx://HOST/?vcenter=*) or V(vpx://...).
  - Everything else about a host is left to other tools, such as community.vmware. That includes services, firewall,
    users and roles, certificates, patches, advanced settings, datastores of block devices, VMkernel interfaces and
    distributed switches.
options:
  state:
    description:
      - V(maintenance) stops the domains and enters maintenance mode, V(active) leaves it.
      - V(rebooted) reboots the host in maintenance mode and waits until it is back. A host that was active is active
        again afterwards. It acts each time that it is run.
      - V(shutoff) shuts the host down.
      - If not set, only O(autostart) is considered.
    type: str
    choices: [active, maintenance, rebooted, shutoff]
  domains:
    description:
      - What happens to running domains if O(state) is V(maintenance), V(rebooted) or V(shutoff).
      - V(fail) refuses to begin. V(shutdown) asks the guests, V(suspend) suspends the domains, V(destroy) powers
        them off.
      - V(leave) leaves them alone. The host is in maintenance mode as soon as nothing runs on it any more. In a cluster
        with fully automated DRS, the vCenter migrates them by itself.
      - They are not started again, see RV(stopped).
      - Role P(virt.esx.evacuate#role) moves them to other hosts of a vCenter.
    type: str
    choices: [fail, shutdown, suspend, destroy, leave]
    default: fail
  shutdown_timeout:
    description: Seconds that all guests together have to shut down. After that, the task fails and the rest still runs.
    type: int
    default: 300
  wait:
    description:
      - Whether O(state=maintenance) waits until the host is in maintenance mode. Otherwise it only begins to enter it.
    type: bool
    default: true
  maintenance_timeout:
    description: Seconds that entering maintenance mode may take without progress. Then it is given up.
    type: int
    default: 3600
  reboot_timeout:
    description: Seconds that the host has to return after a reboot.
    type: int
    default: 1200
  autostart:
    description: The host's defaults for starting and stopping domains together with itself. What is not given stays.
    type: dict
    suboptions:
      enabled:
        description: Whether domains are started at all, whatever their own setting says.
        type: bool
      start_delay:
        description: Seconds between the starts of two domains.
        type: int
      stop_delay:
        description: Seconds that a domain has to stop before the next one is stopped.
        type: int
      wait_for_heartbeat:
        description: Whether the next domain is started as soon as VMware Tools answer.
        type: bool
      stop_action:
        description: What happens to domains when the host shuts down.
        type: str
        choices: [none, destroy, suspend, shutdown]
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  diff_mode:
    description: Returns the state, the running domains and the autostart defaults before and after.
  idempotent:
    description: Changes nothing when run again with the same arguments, except for O(state=rebooted).
    support: partial
seealso:
  - module: virt.esx.esx_host_info
"""

EXAMPLES = r"""
- name: Shut all guests down within ten minutes, then the host, because the power is gone
  virt.esx.esx_host:
    uri: esx://esx.example.com
    state: shutoff
    domains: shutdown
    shutdown_timeout: 600

- name: Put a host of a cluster into maintenance mode, and let the cluster empty it
  virt.esx.esx_host:
    uri: vpx://administrator@vcenter.example.com/dc1/cluster1/esx1.example.com
    state: maintenance
    domains: leave

- name: Start the domains that want it when the host starts, and shut them down with it
  virt.esx.esx_host:
    uri: esx://esx.example.com
    autostart: {enabled: true, start_delay: 30, stop_action: shutdown}
"""

RETURN = r"""
host:
  description: The host.
  returned: success
  type: dict
  contains:
    name: {description: Its name in the server's inventory., returned: always, type: str, sample: esx.example.com}
    state: {description: "One of V(active), V(entering), V(maintenance) and V(shutoff).", returned: always, type: str}
    boot_time: {description: "When it was started, in ISO 8601.", returned: always, type: str}
    running: {description: The names of the domains that run., returned: always, type: list, elements: str}
    autostart:
      description: The defaults for starting and stopping domains with the host.
      returned: always
      type: dict
      contains:
        enabled: {description: Whether domains are started at all., returned: always, type: bool}
        start_delay: {description: Seconds between two starts., returned: always, type: int}
        stop_delay: {description: Seconds between two stops., returned: always, type: int}
        wait_for_heartbeat: {description: Whether VMware Tools end the delay early., returned: always, type: bool}
        stop_action: {description: What happens to domains., returned: always, type: str}
stopped:
  description: The names of the domains that were stopped, to be started again.
  returned: success
  type: list
  elements: str
steps:
  description: What was done, in order; in check mode, what would be done.
  returned: success
  type: list
  elements: str
  sample: ["enter maintenance mode"]
questions:
  description: The questions of the server that were answered.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: The question's id., returned: always, type: str}
    text: {description: The question., returned: always, type: str}
    answer: {description: Label of the choice that was taken., returned: always, type: str}
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.node.ensure import ensure_host
from ansible_collections.virt.esx.plugins.module_utils._driver.node.request import read_request
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Bring the host into the requested state."""
    request = read_request(invocation.params)
    with open_connection(invocation) as connection:
        return ensure_host(connection, invocation, request)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "state": {"type": "str", "choices": ["active", "maintenance", "rebooted", "shutoff"]},
            "domains": {
                "type": "str",
                "choices": ["fail", "shutdown", "suspend", "destroy", "leave"],
                "default": "fail",
            },
            "shutdown_timeout": {"type": "int", "default": 300},
            "wait": {"type": "bool", "default": True},
            "maintenance_timeout": {"type": "int", "default": 3600},
            "reboot_timeout": {"type": "int", "default": 1200},
            "autostart": {
                "type": "dict",
                "options": {
                    "enabled": {"type": "bool"},
                    "start_delay": {"type": "int"},
                    "stop_delay": {"type": "int"},
                    "wait_for_heartbeat": {"type": "bool"},
                    "stop_action": {"type": "str", "choices": ["none", "destroy", "suspend", "shutdown"]},
                },
            },
        }
    ),
    run=run,
    required_one_of=[["state", "autostart"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
