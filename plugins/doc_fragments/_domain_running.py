# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of how a domain starts, runs and ends."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of ``esx_domain`` for autostart, waiting, power cycles and the end of a domain."""

    DOCUMENTATION = r"""
options:
  wait_for:
    description:
      - The conditions that the task waits for when the domain runs, for at most O(timeout) - V(tools) until VMware
        Tools run in the guest, V(heartbeat) until they send heartbeats, V(address) until the guest has an address that
        is not link-local. In check mode, it does not wait.
      - A guest that was asked to reboot runs on for a moment. So with O(state=rebooted) or O(state=reset), the task
        waits until VMware Tools have stopped first, and then for the conditions.
      - Waiting is not a change. RV(domain.guest) has the facts about the guest.
    type: list
    elements: str
    version_added: 0.2.0
    choices: [tools, heartbeat, address]
  autostart:
    description:
      - Whether the host starts the domain when it starts itself.
      - If autostart is disabled on the host, V(true) enables it. That is refused if other domains have an autostart
        entry, since these would start, too.
    type: bool
  autostart_settings:
    description:
      - When the host starts the domain, and how it stops the domain when the host itself shuts down. Requires
        O(autostart=true).
      - Settings that are not given stay as they are. In a new entry, they follow the host's own settings.
    type: dict
    version_added: 0.2.0
    suboptions:
      start_order:
        description: The domain's place among those that the host starts, V(-1) for any.
        type: int
      start_delay:
        description: Seconds that the host waits after starting the domain, V(-1) for the host's own setting.
        type: int
      wait_for_heartbeat:
        description: Whether the host continues as soon as VMware Tools run in the guest.
        type: str
        choices: [default, "yes", "no"]
      stop_delay:
        description: Seconds that the domain has to stop, V(-1) for the host's own setting.
        type: int
      stop_action:
        description: How the host stops the domain when the host itself shuts down.
        type: str
        choices: [default, shutdown, destroy, suspend, none]
  power_cycle:
    description:
      - Whether a running domain may be shut down by VMware Tools, changed and started again, if a change requires it to
        be shut off. Otherwise such a change is refused, and the error lists the reasons.
      - The domain is started again even if the change fails. If it does not start with the new definition, the former
        one is restored. The task then fails, and its result has the present RV(domain) and the RV(steps) that were
        made.
      - It is not needed with O(state=shutdown) and O(state=destroyed); the domain is changed when it is off.
      - If the task is killed while the domain is off, running it again only starts the domain with O(state=running).
    type: bool
    default: false
  shutdown_timeout:
    description:
      - Seconds that the guest has to shut down, V(0) or more. After that, the domain is powered off. If VMware Tools do
        not run in the guest, it is powered off at once.
      - If not set, the guest has O(timeout) seconds. Then the task fails, and the domain keeps running.
    type: int
  remove_storage:
    description:
      - With O(state=undefined), whether to delete the domain's own disks, its VMX and the files that the host keeps
        beside it, and its directory if it is then empty. In check mode, RV(steps) lists the files.
      - An empty directory of disks elsewhere is deleted if it has the name of the domain's directory, or is below one
        that has it, such as C([datastore2] web) for C([datastore1] web/web.vmx). Any other directory stays.
      - A disk that several domains in O(names) share is deleted with the last of them.
      - The domain is unregistered last. If the task is interrupted, run it again to remove the rest.
      - A disk that another domain of the host or one of its snapshots references is never deleted, and neither are
        CD-ROM and floppy images, files that do not belong to the domain, and a disk elsewhere that one of the domain's
        disks is only based on, such as the disk of a template. Images that came with an imported package, such as
        C(_deviceImage0.iso), are deleted with the domain's directory.
    type: bool
    default: false
"""
