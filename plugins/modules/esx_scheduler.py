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
  - Sets how much of its host's processors and memory a domain is guaranteed, may use, and gets when there is not enough
    for all, as C(virsh schedinfo) does.
  - Settings that are not given stay as they are. The module works on running and on shut-off domains.
  - Settings that the host would refuse are refused before anything is sent to it.
options:
  name:
    description:
      - The domain's name.
    type: str
  uuid:
    description:
      - The domain's UUID. With O(name) too, it has to have this name if there are several with this UUID.
    type: str
  moid:
    description:
      - Managed object id of the domain. It overrides O(uuid) and O(name).
    type: str
  vmx_path:
    description:
      - Datastore path of the domain's VMX, as V([datastore1] web/web.vmx). It overrides O(uuid) and O(name).
    type: str
  reservation:
    description:
      - What the domain is guaranteed of the host's processors, in MHz.
    type: int
  limit:
    description:
      - What the domain can have of the host's processors at most, in MHz, V(-1) for no limit.
      - It cannot be less than the reservation, whether that is given or already set.
    type: int
  shares:
    description:
      - The domain's weight when the host is short of processor time. A number of at least 0, or one of the
        levels V(low), V(normal) and V(high), which stand for 500, 1000 and 2000 shares for each virtual CPU.
      - V(-1), V(-2) and V(-3) are libvirt's numbers for the levels.
    type: str
  min_guarantee:
    description:
      - Memory that the domain is guaranteed, in KiB or with a unit as in V(512 MiB). It is rounded up to a MiB.
      - It cannot be more than the memory that the host may give to the domain.
    type: str
  memory_limit:
    description:
      - Memory that the host may give to the domain at most, in KiB or with a unit as in V(2 GiB), V(-1) for no limit.
        It is rounded up to a MiB. O(virt.esx.esx_domain#module:memory) sets the same limit.
    type: str
  memory_shares:
    description:
      - The domain's weight when the host is short of memory. A number of at least 0, or one of the levels V(low),
        V(normal) and V(high), which stand for 5, 10 and 20 shares for each MiB of the domain's memory.
    type: str
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  diff_mode:
    description: Returns the share before and after, as YAML.
seealso:
  - module: virt.esx.esx_domain_info
"""

EXAMPLES = r"""
- name: Guarantee one GHz to the database, and let it have two at most
  virt.esx.esx_scheduler:
    uri: esx://example.com
    name: database
    reservation: 1000
    limit: 2000

- name: Prefer it to the others, and keep its memory from being swapped
  virt.esx.esx_scheduler:
    uri: esx://example.com
    name: database
    shares: high
    min_guarantee: 4 GiB

- name: Take the limit away
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
      description: The VI API's managed object id.
      returned: always
      type: str
      sample: "12"
    state:
      description: One of V(running), V(paused) and V(shutoff).
      returned: always
      type: str
      sample: running
scheduler:
  description: Its share of the host, as it is afterwards; in check mode as it would be.
  returned: success
  type: dict
  contains:
    reservation_mhz:
      description: What is guaranteed to it.
      returned: always
      type: int
      sample: 1000
    limit_mhz:
      description: What it can have at most, V(-1) for as much as there is.
      returned: always
      type: int
      sample: 2000
    shares:
      description: Its number of shares.
      returned: always
      type: int
      sample: 2000
    shares_level:
      description: One of V(low), V(normal), V(high) and V(custom).
      returned: always
      type: str
      sample: high
    min_guarantee_kib:
      description: Memory that is guaranteed to it.
      returned: always
      type: int
      sample: 4194304
    memory_limit_kib:
      description: Memory that the host may give to it at most, V(-1) for as much as it has.
      returned: always
      type: int
      sample: -1
    memory_shares:
      description: Its number of shares of memory.
      returned: always
      type: int
      sample: 40960
    memory_shares_level:
      description: One of V(low), V(normal), V(high) and V(custom).
      returned: always
      type: str
      sample: normal
steps:
  description: What was done, in order; in check mode, what would be done.
  returned: success
  type: list
  elements: str
  sample: [set scheduler parameters]
questions:
  description: The questions of the server that were answered meanwhile.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The question's id.
      returned: always
      type: str
    text:
      description: The question.
      returned: always
      type: str
    answer:
      description: Label of the choice that was taken.
      returned: always
      type: str
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.scheduler.scheduler import read_request, set_scheduler
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Give the domain the share that is wanted."""
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
