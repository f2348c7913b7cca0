#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_scheduler."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_scheduler
short_description: Set a domain's share of an ESX host
version_added: 0.1.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Sets how much of the host's processors and memory a domain is guaranteed, may use, and gets when they are scarce, as
    C(virsh schedinfo) does.
  - Settings that are not given stay as they are. The module works on running and on shut-off domains.
  - Settings that contradict each other, or the domain's memory, are refused before anything is sent to the host.
options:
  name:
    description:
      - The domain's name.
    type: str
  uuid:
    description:
      - The domain's UUID. If O(name) is also given, the domain must have that name; copies can share a UUID.
    type: str
  moid:
    description:
      - Managed object id of the domain. Overrides O(uuid) and O(name).
    type: str
    version_added: 0.2.0
  vmx_path:
    description:
      - Datastore path of the domain's VMX, such as V([datastore1] web/web.vmx). Overrides O(uuid) and O(name).
    type: str
    version_added: 0.2.0
  reservation:
    description:
      - Processor time that the domain is guaranteed, in MHz.
    type: int
  limit:
    description:
      - Processor time that the domain can use at most, in MHz; V(-1) for no limit.
      - It cannot be less than the reservation, whether the reservation is given here or already set.
    type: int
  shares:
    description:
      - The domain's weight when the host is short of processor time. A number, or one of the levels V(low), V(normal)
        and V(high), which stand for 500, 1000 and 2000 shares for each virtual CPU.
      - V(-1), V(-2) and V(-3) are libvirt's numbers for the levels.
    type: str
  min_guarantee:
    description:
      - Memory that the domain is guaranteed, with a unit, such as V(512 MiB), or in KiB. A number without a unit below
        131072 is refused, since another unit was probably meant. It is rounded up to a MiB.
      - It cannot exceed the memory that the host may give to the domain.
    type: str
  memory_limit:
    description:
      - Maximum memory that the host may give to the domain, in the same form as O(min_guarantee); V(-1) for no limit.
        It is rounded up to a MiB. O(virt.esx.esx_domain#module:memory) sets the same limit.
    type: str
    version_added: 0.2.0
  memory_shares:
    description:
      - The domain's weight when the host is short of memory. A number, or one of the levels V(low), V(normal) and
        V(high), which stand for 5, 10 and 20 shares for each MiB of the domain's memory.
    type: str
    version_added: 0.2.0
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  diff_mode:
    description: Returns the share before and after, as YAML.
notes:
  - All values are set in one request, so a failed task has changed either all of them or none.
  - Privileges to change - C(VirtualMachine.Config.Resource).
seealso:
  - module: virt.esx.esx_domain_info
"""

EXAMPLES = r"""
- name: Guarantee 1 GHz to the database, and limit it to 2 GHz
  virt.esx.esx_scheduler:
    uri: esx://example.com
    name: database
    reservation: 1000
    limit: 2000

- name: Give it high priority, and keep its memory from being swapped
  virt.esx.esx_scheduler:
    uri: esx://example.com
    name: database
    shares: high
    min_guarantee: 4 GiB

- name: Remove the limit
  virt.esx.esx_scheduler:
    uri: esx://example.com
    uuid: 50115e16-9bdc-49d7-f171-53c4d7f91710
    limit: -1
"""

RETURN = r"""
domain:
  description: The domain.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
      sample: database
    uuid:
      description: Its UUID.
      returned: always
      type: str
      sample: 50115e16-9bdc-49d7-f171-53c4d7f91710
    moid:
      description: Its managed object id.
      returned: always
      type: str
      sample: "12"
    state:
      description: One of V(running), V(paused) and V(shutoff).
      returned: always
      type: str
      sample: running
scheduler:
  description: Its share of the host as it is afterwards; in check mode, as it would be.
  returned: success
  type: dict
  contains:
    reservation_mhz:
      description: Processor time that it is guaranteed.
      returned: always
      type: int
      sample: 1000
    limit_mhz:
      description: Processor time that it can use at most, V(-1) for no limit.
      returned: always
      type: int
      sample: 2000
    shares:
      description: Its number of CPU shares.
      returned: always
      type: int
      sample: 2000
    shares_level:
      description: One of V(low), V(normal), V(high) and V(custom).
      returned: always
      type: str
      sample: high
    min_guarantee_kib:
      description: Memory that it is guaranteed.
      returned: always
      type: int
      sample: 4194304
    memory_limit_kib:
      description: Maximum memory that the host may give to it, V(-1) for no limit.
      returned: always
      type: int
      sample: -1
    memory_shares:
      description: Its number of memory shares.
      returned: always
      type: int
      sample: 40960
    memory_shares_level:
      description: One of V(low), V(normal), V(high) and V(custom).
      returned: always
      type: str
      sample: normal
steps:
  description: The steps that were taken, in order; in check mode, those that would be taken.
  returned: success
  type: list
  elements: str
  sample: [set scheduler parameters]
questions:
  description: The questions of the server that were answered.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The question's id.
      returned: always
      type: str
      sample: "17"
    text:
      description: The question.
      returned: always
      type: str
      sample: "msg.uuid.altered:This virtual machine (web) might have been moved or copied."
    answer:
      description: The label of the chosen answer.
      returned: always
      type: str
      sample: I Moved It
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.scheduler.scheduler import read_request, set_scheduler
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Give the domain the requested share."""
    request = read_request(invocation.params)
    with open_connection(invocation) as connection:
        return set_scheduler(connection, invocation, request)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "name": {"type": "str"},
            "uuid": {"type": "str"},
            "moid": {"type": "str"},
            "vmx_path": {"type": "str"},
            "reservation": {"type": "int"},
            "limit": {"type": "int"},
            "shares": {"type": "str"},
            "min_guarantee": {"type": "str"},
            "memory_limit": {"type": "str"},
            "memory_shares": {"type": "str"},
        }
    ),
    run=run,
    required_one_of=[["name", "uuid", "moid", "vmx_path"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
