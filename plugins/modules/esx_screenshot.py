#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_screenshot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_screenshot
short_description: Take a screenshot of a domain
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Takes a screenshot of a running domain, as C(virsh screenshot) does, and writes it to a file or returns it.
options:
  name:
    description: The domain's name.
    type: str
  uuid:
    description: The domain's UUID. If O(name) is also given, the domain must have that name; copies can share a UUID.
    type: str
  dest:
    description:
      - The file to write the screenshot to, in PNG format. Its directory must exist.
      - By default, the screenshot is returned.
    type: path
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.reading
attributes:
  check_mode:
    description: Finds the domain, but takes no screenshot.
  idempotent:
    description: The file changes with the screen.
    support: partial
notes:
  - After a failure, an existing file in O(dest) is unchanged.
  - Privileges to take the screenshot - C(VirtualMachine.Interact.ConsoleInteract).
"""

EXAMPLES = r"""
- name: See the screen of a guest that does not respond
  virt.esx.esx_screenshot:
    uri: esx://esx.example.com
    name: web
    dest: "{{ lookup('ansible.builtin.env', 'HOME') }}/web.png"
"""

RETURN = r"""
domain:
  description: The domain.
  returned: success
  type: dict
  contains:
    name: {description: Its name., returned: always, type: str, sample: web}
    uuid: {description: Its UUID., returned: always, type: str, sample: 50115e16-9bdc-49d7-f171-53c4d7f91710}
    moid: {description: Its managed object id., returned: always, type: str, sample: "12"}
    state:
      description: One of V(running), V(paused) and V(shutoff).
      returned: always
      type: str
      sample: running
dest:
  description: The file that the screenshot was written to.
  returned: when O(dest) is given
  type: str
  sample: /srv/screenshots/web.png
content:
  description: The screenshot in PNG format, base64-encoded.
  returned: when O(dest) is not given, except in check mode
  type: str
  sample: "iVBORw0KGgoAAAANSUhEUgAA..."
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.node.screenshot import take_screenshot
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Take the screenshot."""
    with open_connection(invocation) as connection:
        return take_screenshot(connection, invocation)


CONTRACT = Contract(
    argument_spec=with_connection({"name": {"type": "str"}, "uuid": {"type": "str"}, "dest": {"type": "path"}}),
    run=run,
    required_one_of=[["name", "uuid"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
