#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_snapshot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_snapshot
short_description: Take, remove and revert to snapshots of domains
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Takes, describes, removes and reverts to snapshots of one or several domains, and consolidates their disks.
  - Several domains are read in one call, and their tasks run in parallel.
  - A snapshot that the host would refuse, or would silently take in another way than requested, is refused before
    anything is sent. Reasons are raw device mappings in physical mode, disks shared with other domains, devices of the
    host, independent disks together with memory, paused domains without memory, and quiescing without VMware Tools.
options:
  name:
    description:
      - The domain's name.
    type: str
  uuid:
    description:
      - The domain's UUID. If O(name) is also given, the domain must have that name; copies can share a UUID.
    type: str
  names:
    description:
      - Names of domains, and shell patterns such as V(web-*).
      - A name that no domain has is an error. A pattern may match none.
    type: list
    elements: str
  state:
    description:
      - V(present) takes the snapshot unless a snapshot of that name exists anywhere in the domain's tree. If one
        exists, only its description can change.
      - V(absent) removes snapshots. Their changes stay in the domain.
      - V(reverted) brings the domain back to the snapshot. Everything since then is lost, see RV(lost). It acts on
        each run, since there is no way to tell whether the domain has changed since.
      - V(consolidated) merges files that earlier removals left behind, if the host reports any.
    type: str
    choices: [present, absent, reverted, consolidated]
    default: present
  snapshot:
    description:
      - The snapshot's name, its path in the tree such as V(installed/updated), or its managed object id.
      - A name takes precedence over a path. In a path, a slash that belongs to a name is written V(%2f).
      - With O(state=absent) it can be a shell pattern for names, and can be left out if O(keep) or O(older_than) is
        given. To remove a snapshot whose own name has one of the characters V(*), V(?) and V([), write V([*]), V([?])
        and V([[]) for them, or give its managed object id.
    type: str
  description:
    description:
      - The snapshot's description. If not set, an existing snapshot keeps its description.
    type: str
  memory:
    description:
      - Whether the snapshot of a running domain includes the memory of its guest, so that reverting resumes the guest
        where it was. Without it the domain is shut off after reverting.
      - By default the memory is included, as in libvirt, unless O(quiesce=true).
    type: bool
  quiesce:
    description:
      - Whether VMware Tools bring the guest's file systems into a consistent state first. They must be running.
      - A snapshot cannot be quiesced and include the memory.
    type: bool
    default: false
  children:
    description:
      - Whether O(state=absent) also removes all snapshots below this one, or below each one that matches.
    type: bool
    default: false
  keep:
    description:
      - With O(state=absent), the number of the newest snapshots matching O(snapshot) to keep.
    type: int
  older_than:
    description:
      - With O(state=absent), only snapshots older than this by the host's clock are removed, such as V(12 h), V(7 days)
        or V(2 weeks).
      - If O(keep) is also given, the newest ones stay, whatever their age.
    type: str
  running:
    description:
      - Whether the domain runs after reverting. By default, it is in the state in which the snapshot was taken.
    type: bool
  xml:
    description:
      - libvirt's XML of the snapshot, C(<domainsnapshot>), for name, description and memory. O(snapshot),
        O(description) and O(memory) override it.
    type: str
  parallel:
    description:
      - The number of domains whose tasks run at the same time.
    type: int
    default: 4
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  diff_mode:
    description: Returns the trees of snapshots before and after.
  idempotent:
    description: Changes nothing when run again with the same arguments, except for O(state=reverted).
    support: partial
notes:
  - Taking a snapshot with memory, and merging the files of one that is removed, may take longer than O(timeout), as
    long as the host makes progress.
  - If the task fails for one of the O(names), the others are still processed. RV(domains) has the result of
    each.
  - Privileges to create - C(VirtualMachine.State.CreateSnapshot).
  - Privileges to rename - C(VirtualMachine.State.RenameSnapshot).
  - Privileges to remove or consolidate - C(VirtualMachine.State.RemoveSnapshot).
  - Privileges to revert - C(VirtualMachine.State.RevertToSnapshot), C(VirtualMachine.Interact.PowerOn).
seealso:
  - module: virt.esx.esx_domain_info
"""

EXAMPLES = r"""
- name: Take a snapshot before an upgrade
  virt.esx.esx_snapshot:
    uri: esx://esx.example.com
    name: web
    snapshot: before-upgrade
    description: Debian 12

- name: Return to it
  virt.esx.esx_snapshot:
    uri: esx://esx.example.com
    name: web
    snapshot: before-upgrade
    state: reverted
    running: true

- name: Take a snapshot of all web servers each night
  virt.esx.esx_snapshot:
    uri: esx://esx.example.com
    names: [web-*]
    snapshot: "nightly-{{ now(fmt='%Y-%m-%d') }}"
    memory: false

- name: Keep the last seven of them
  virt.esx.esx_snapshot:
    uri: esx://esx.example.com
    names: [web-*]
    snapshot: nightly-*
    keep: 7
    state: absent

- name: Merge the files that a backup left behind
  virt.esx.esx_snapshot:
    uri: esx://esx.example.com
    names: ["*"]
    state: consolidated
"""

RETURN = r"""
domain:
  description: The domain.
  returned: unless O(names) is given
  type: dict
  contains: &domain
    name:
      description: Its name.
      returned: always
      type: str
      sample: web
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
snapshot:
  description: The snapshot, if it exists afterwards.
  returned: unless O(names) is given
  type: dict
  contains: &snapshot
    name:
      description: Its name.
      returned: always
      type: str
      sample: before-upgrade
    path:
      description: The names from the root of the tree to this snapshot.
      returned: always
      type: str
      sample: installed/before-upgrade
    moid:
      description: Its managed object id, V(none) for one that does not exist yet.
      returned: always
      type: str
      sample: 12-snapshot-2
    parent:
      description: Managed object id of its parent, V(none) for a root snapshot.
      returned: always
      type: str
      sample: 12-snapshot-1
    description:
      description: Its description.
      returned: always
      type: str
      sample: Debian 12
    created:
      description: When it was taken, in ISO 8601.
      returned: always
      type: str
      sample: "2026-11-26T03:00:00+00:00"
    state:
      description: The state of the domain after reverting to it.
      returned: always
      type: str
      sample: running
    quiesced:
      description: Whether the guest's file systems were quiesced.
      returned: always
      type: bool
      sample: false
    current:
      description: Whether the domain's present disks are based on it.
      returned: always
      type: bool
      sample: true
    xml:
      description: Its libvirt XML.
      returned: always
      type: str
      sample: "<domainsnapshot>..."
snapshots:
  description: All snapshots of the domain afterwards, parents before children.
  returned: unless O(names) is given
  type: list
  elements: dict
  contains: *snapshot
consolidation_needed:
  description: Whether the host reports that the domain has files of removed snapshots; O(state=consolidated) merges
    them.
  returned: unless O(names) is given
  type: bool
  sample: false
lost:
  description: The data that reverting discards, as sentences.
  returned: unless O(names) is given
  type: list
  elements: str
  sample: ["All changes to the disks and settings of domain 'web' since 2026-11-26 03:00:00 UTC."]
domains:
  description: The results of several domains, sorted by name.
  returned: when O(names) is given, also on failure
  type: list
  elements: dict
  contains:
    domain:
      description: The domain.
      returned: always
      type: dict
      contains: *domain
    snapshot:
      description: The snapshot, V(none) if it does not exist afterwards.
      returned: always
      type: dict
      contains: *snapshot
    snapshots:
      description: All snapshots of the domain afterwards, parents before children.
      returned: always
      type: list
      elements: dict
      contains: *snapshot
    consolidation_needed:
      description: Whether the host reports that the domain has files of removed snapshots.
      returned: always
      type: bool
    lost:
      description: The data that reverting discards, as sentences.
      returned: always
      type: list
      elements: str
      sample: ["All changes to the disks and settings of domain 'web' since 2026-11-26 03:00:00 UTC."]
    steps:
      description: The steps that were taken for this domain, in order; in check mode, those that would be taken.
      returned: always
      type: list
      elements: str
      sample: ["create snapshot 'before-upgrade'"]
    changed:
      description: Whether the domain or its snapshots changed.
      returned: always
      type: bool
    failed:
      description: Whether it failed for this domain.
      returned: if it failed
      type: bool
    msg:
      description: Why it failed.
      returned: if it failed
      type: str
      sample: "Domain 'web': create snapshot 'before-upgrade' failed: ..."
steps:
  description: The steps that were taken, in order; in check mode, those that would be taken.
  returned: success
  type: list
  elements: str
  sample: ["create snapshot 'before-upgrade'"]
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
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.ensure import ensure_snapshots
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.request import read_request
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Bring the snapshots of the domains into the requested state."""
    request = read_request(invocation.params)
    with open_connection(invocation) as connection:
        return ensure_snapshots(connection, invocation, request)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "name": {"type": "str"},
            "uuid": {"type": "str"},
            "names": {"type": "list", "elements": "str"},
            "state": {
                "type": "str",
                "choices": ["present", "absent", "reverted", "consolidated"],
                "default": "present",
            },
            "snapshot": {"type": "str"},
            "description": {"type": "str"},
            "memory": {"type": "bool"},
            "quiesce": {"type": "bool", "default": False},
            "children": {"type": "bool", "default": False},
            "keep": {"type": "int"},
            "older_than": {"type": "str"},
            "running": {"type": "bool"},
            "xml": {"type": "str"},
            "parallel": {"type": "int", "default": 4},
        }
    ),
    run=run,
    required_one_of=[["name", "uuid", "names"]],
    mutually_exclusive=[["name", "names"], ["uuid", "names"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
