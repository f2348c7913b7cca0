# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of the collections community.vmware and vmware.vmware, for messages that translate them."""

from __future__ import annotations

import re

# States of vmware_guest, vmware_guest_powerstate and vmware.vmware.vm_powerstate -> those of esx_domain.
STATES = {
    "present": "'defined'",
    "absent": "'undefined' (with remove_storage: true its disks are deleted as well)",
    "poweredon": "'running'",
    "poweredoff": "'destroyed'",
    "shutdownguest": "'shutdown'",
    "suspended": "'paused'",
    "restarted": "'reset'",
    "rebootguest": "'rebooted'",
}
# The message of Ansible for a choice that is none: "value of state must be one of: defined, running, ..., got: present"
_NO_STATE = re.compile(r"value of state must be one of: (?P<choices>.*), got: (?P<state>\S+)")


def translated(message: str) -> str:
    """A message about arguments; where a state of another collection was given, it names ours."""
    found = _NO_STATE.fullmatch(message)
    if found is None or "undefined" not in found["choices"]:
        return message
    ours = STATES.get(re.sub("[-_]", "", found["state"]).lower())
    return f"{message}. '{found['state']}' is {ours} in this collection." if ours else message
