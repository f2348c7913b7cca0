#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_placement_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_placement_info
short_description: Plan which hosts the domains of an ESX host fit on
version_added: 0.1.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Plans which hosts of the same vCenter the domains of a host can be migrated to, by the datastores and networks that
    those hosts reach and the memory that they have free. The role P(virt.esx.evacuate#role) carries out such a plan
    with M(virt.esx.esx_migrate).
  - A destination must reach all datastores of a domain and, if the domain runs, its networks. The vCenter validates
    each placement. If it refuses one, the domain is placed again without that host. If none is left, hosts that at
    least reach the domain's VMX are tried, as the vCenter accepts ISO images and networks that are not in use.
  - A running domain takes the memory that its host may give to it. A domain that is shut off or paused takes none, but
    is placed on a host where it could be started, if there is one.
  - Domains are spread, the largest first, each to the host with the most memory left or, if several have the same, to
    the one with the most free processor time. If they do not fit that way, they are packed, each to the host with the
    least memory left where it fits. If that fails, all combinations are tried. The same input always gives the same
    plan.
  - Domains of cluster services (vCLS) and domains managed by an extension are left out with a warning.
options:
  destinations:
    description:
      - Names (ignoring case) or addresses, in the vCenter, of the hosts that domains may be placed on.
      - A host that is in maintenance mode or entering it, disconnected from the vCenter, or the source itself is left
        out with a warning.
    type: list
    elements: str
    required: true
  names:
    description:
      - Names of the domains to place, or shell patterns such as V(web-*). A name that no domain of the vCenter
        has is an error; a pattern may match none. A domain that is already on another host is not placed.
      - The name of a domain that is a pattern as well is refused; V([[]) stands for a C([).
    type: list
    elements: str
    default: ["*"]
  reserve_memory:
    description:
      - Memory to keep free on each destination, such as V(4 GiB) or V(10%).
    type: str
    version_added: 0.2.0
    default: "0"
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.reading
notes:
  - The URI must lead to the host's vCenter, as C(esx://HOST/?vcenter=*) or
    C(vpx://VCENTER/[folder/...]datacenter/[folder/...][cluster/]HOST).
  - Privileges - only those of the role Read-only.
seealso:
  - module: virt.esx.esx_migrate
"""

EXAMPLES = r"""
- name: Plan where to migrate the web servers of a host
  virt.esx.esx_placement_info:
    uri: esx://esx1.example.com/?vcenter=*
    destinations: [esx2.example.com, esx3.example.com]
    names: ["web-*"]
  register: plan

- name: Migrate them
  virt.esx.esx_migrate:
    uri: esx://esx1.example.com/?vcenter=*
    domains: "{{ plan.moves }}"
"""

RETURN = r"""
source:
  description: Name of the host of the URI in the vCenter.
  returned: success
  type: str
  sample: esx1.example.com
placements:
  description: The destinations, in the order of O(destinations).
  returned: success
  type: list
  elements: dict
  contains:
    host: {description: Name of the host in the vCenter., returned: always, type: str, sample: esx2.example.com}
    free_kib: {description: Memory that is free on the host now., returned: always, type: int, sample: 16777216}
    free_after_kib:
      description: Memory that would be free on the host with the domains placed on it.
      returned: always
      type: int
      sample: 15728640
    domains:
      description: The domains that are placed on the host, the largest first.
      returned: always
      type: list
      elements: dict
      contains:
        name: &name {description: Its name., returned: always, type: str, sample: Fedora11}
        uuid: &uuid {description: Its UUID., returned: always, type: str, sample: 50115e16-9bdc-49d7-f171-53c4d7f91710}
        moid: &moid {description: Its managed object id in the vCenter., returned: always, type: str, sample: vm-12}
        state: &state
          description: One of V(running), V(paused) and V(shutoff).
          returned: always
          type: str
          sample: running
        memory_kib:
          description: Memory that it takes on the host, V(0) if it does not run.
          returned: always
          type: int
          sample: 1048576
moves:
  description: The placements as O(virt.esx.esx_migrate#module:domains) takes them.
  returned: success
  type: list
  elements: dict
  contains:
    moid: {description: The domain's managed object id in the vCenter., returned: always, type: str, sample: vm-12}
    source_host: {description: Name of the host of the URI., returned: always, type: str, sample: esx1.example.com}
    dest_host:
      description: Name of the host that it is placed on.
      returned: always
      type: str
      sample: esx2.example.com
refused:
  description: Domains that no destination can take.
  returned: success
  type: list
  elements: dict
  contains:
    name: *name
    uuid: *uuid
    moid: *moid
    state: *state
    reasons:
      description: The reasons, by the name of the destination.
      returned: always
      type: dict
      sample: {esx2.example.com: "The operation failed: NoCompatibleHost (NoCompatibleHost)"}
    msg:
      description: All reasons as one sentence.
      returned: always
      type: str
      sample: "Domain 'Fedora11' cannot be migrated from esx1.example.com to esx2.example.com: ..."
left_out:
  description: Domains that must not be moved.
  returned: success
  type: list
  elements: dict
  contains:
    name: *name
    uuid: *uuid
    moid: *moid
    state: *state
    reason:
      description: Why it is left out.
      returned: always
      type: str
      sample: it is managed by the extension com.vendor.backup
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.evacuation import plan_evacuation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Return the plan."""
    with open_connection(invocation) as connection:
        return plan_evacuation(connection, invocation.params)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "destinations": {"type": "list", "elements": "str", "required": True},
            "names": {"type": "list", "elements": "str", "default": ["*"]},
            "reserve_memory": {"type": "str", "default": "0"},
        }
    ),
    run=run,
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
