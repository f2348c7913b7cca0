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
  - Puts an ESX host into maintenance mode and takes it out again, reboots it or shuts it down, and sets its defaults
    for starting and stopping domains.
  - A host does not stop running domains by itself; it waits until none is running before it enters maintenance mode.
    This module therefore refuses to start while domains are running, unless O(domains) says what to do with them.
  - The module talks to the host directly, unless the URI names its vCenter, as V(esx://HOST/?vcenter=*) or
    V(vpx://...).
  - For everything else on a host, use other tools, such as community.vmware. That includes services, the firewall,
    users and roles, certificates, patches, advanced settings, datastores on block devices, VMkernel interfaces and
    distributed switches.
options:
  state:
    description:
      - V(maintenance) stops the domains as O(domains) says and enters maintenance mode; V(active) leaves it.
      - V(rebooted) reboots the host in maintenance mode and waits until it is back. A host that was active is active
        again afterwards; one that was in maintenance mode, or entering it, stays in it. Each run reboots the host.
      - V(shutoff) shuts the host down.
      - If not set, only O(autostart) is applied.
    type: str
    choices: [active, maintenance, rebooted, shutoff]
  domains:
    description:
      - How to treat running domains if O(state) is V(maintenance), V(rebooted) or V(shutoff).
      - V(fail) refuses to start. V(shutdown) asks the guests to shut down, which needs VMware Tools in all of them.
        V(suspend) suspends the domains, which may take longer than O(timeout) as long as it makes progress; V(destroy)
        powers them off.
      - V(leave) leaves them alone. The host enters maintenance mode as soon as no domain is running on it. In a cluster
        with fully automated DRS, the vCenter migrates them.
      - Stopped domains are not started again; RV(stopped) lists them.
      - The role P(virt.esx.evacuate#role) moves them to other hosts of a vCenter.
    type: str
    choices: [fail, shutdown, suspend, destroy, leave]
    default: fail
  shutdown_timeout:
    description: Seconds in which all guests must shut down. After that the task fails, and the remaining domains keep
      running.
    type: int
    default: 300
  wait:
    description:
      - Whether O(state=maintenance) waits until the host is in maintenance mode. If V(false), it only starts entering
        it.
    type: bool
    default: true
  maintenance_timeout:
    description: Seconds without progress after which entering maintenance mode is cancelled.
    type: int
    default: 3600
  reboot_timeout:
    description: Seconds in which the host must be back after a reboot.
    type: int
    default: 1200
  autostart:
    description: The host's defaults for starting and stopping domains with itself. Settings that are not given stay as
      they are.
    type: dict
    suboptions:
      enabled:
        description: Whether domains are started at all, whatever their own settings are.
        type: bool
      start_delay:
        description: Seconds between the starts of two domains.
        type: int
      stop_delay:
        description: Seconds to wait for a domain to stop before the next one is stopped.
        type: int
      wait_for_heartbeat:
        description: Whether the next domain is started as soon as VMware Tools answer.
        type: bool
      stop_action:
        description: How the host stops its domains when it shuts down.
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
notes:
  - The message of a failure says which steps were carried out. The host can be in maintenance mode then, and domains
    that were stopped are not started again.
  - Privileges for maintenance mode, reboot and shutdown - C(Host.Config.Maintenance).
  - Privileges to shut down, power off or suspend domains - C(VirtualMachine.Interact.PowerOff),
    C(VirtualMachine.Interact.Suspend).
  - Privileges for autostart defaults - C(Host.Config.AutoStart).
seealso:
  - module: virt.esx.esx_host_info
"""

EXAMPLES = r"""
- name: Shut down all guests within ten minutes, then the host, because of a power failure
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

- name: Start domains with autostart when the host starts, and shut them down with it
  virt.esx.esx_host:
    uri: esx://esx.example.com
    autostart: {enabled: true, start_delay: 30, stop_action: shutdown}

- name: Reboot a host that is in maintenance mode, and wait for it
  virt.esx.esx_host:
    uri: esx://esx.example.com
    state: rebooted

- name: Leave maintenance mode
  virt.esx.esx_host:
    uri: esx://esx.example.com
    state: active
"""

RETURN = r"""
host:
  description: The host.
  returned: success
  type: dict
  contains:
    name: {description: Its name in the server's inventory., returned: always, type: str, sample: esx.example.com}
    state:
      description: One of V(active), V(entering), V(maintenance) and V(shutoff).
      returned: always
      type: str
      sample: active
    boot_time:
      description: When it was started, in ISO 8601.
      returned: always
      type: str
      sample: "2026-11-26T11:10:07+00:00"
    running:
      description: The names of the running domains.
      returned: always
      type: list
      elements: str
      sample: ["domain-1", "domain-2"]
    autostart:
      description: The defaults for starting and stopping domains with the host.
      returned: always
      type: dict
      contains:
        enabled: {description: Whether domains are started at all., returned: always, type: bool}
        start_delay: {description: Seconds between two starts., returned: always, type: int, sample: 120}
        stop_delay: {description: Seconds between two stops., returned: always, type: int, sample: 120}
        wait_for_heartbeat: {description: Whether VMware Tools end the delay early., returned: always, type: bool}
        stop_action: {description: How the host stops its domains., returned: always, type: str, sample: destroy}
stopped:
  description: The names of the domains that the task stopped.
  returned: success
  type: list
  elements: str
  sample: ["domain-1", "domain-2"]
steps:
  description: The steps that were taken, in order; in check mode, those that would be taken.
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
    id: {description: The question's id., returned: always, type: str, sample: "17"}
    text:
      description: The question.
      returned: always
      type: str
      sample: "msg.uuid.altered:This virtual machine (web) might have been moved or copied."
    answer: {description: The label of the chosen answer., returned: always, type: str, sample: I Moved It}
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
