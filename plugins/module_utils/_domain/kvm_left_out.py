# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a domain of KVM that have no counterpart on ESX, as entries of a report."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.virt.esx.plugins.module_utils._domain.kvm import devices_of
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.unsupported import report_unusual
from ansible_collections.virt.esx.plugins.module_utils._domain.usual_words import unusual_words
from ansible_collections.virt.esx.plugins.module_utils._domain.values import attr_of, size_kib
from ansible_collections.virt.esx.plugins.module_utils._report import REPORT, Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

# Paths that need no word: decoration of virt-install's, and what every virtual machine of VMware has.
_SILENT = re.compile(
    r"features/|features$|cpu(/(?!numa)|$)|clock/timer|pm(/|$)|os/(loader|nvram|firmware|type)|seclabel|resource"
    r"|devices/(emulator|controller|input|memballoon|console|disk/(driver|address|source|alias|target)"
    r"|interface/(driver|address|target|source|alias|virtualport|model))"
)
# Devices of QEMU's that VMware has its own for, or none.
_DROPPED = ("graphics", "video", "channel", "redirdev", "audio", "rng", "watchdog", "panic", "vsock", "smartcard")
# Devices that stay behind, each with the reason.
_LEFT_BEHIND = {
    "hostdev": "a device of the host is not moved; add it on the new host",
    "filesystem": "ESX does not share folders with guests",
    "sound": "ESX has no sound output",
    "parallel": "a parallel port is not carried over; add it on the new host",
    "memory": "VMware has no modules of memory; the domain gets all of <memory>",
}
_OF_OLD_HOST = "tuning for the old host is not carried over"
_TUNING = ("cputune", "memtune", "numatune", "memoryBacking", "blkiotune", "iothreads")  # for the old host


def report_rest(root: Element, top: Mapping[str, Element], domain: Domain, report: Report) -> None:
    """Report what has no place on ESX: the devices that only QEMU has in one entry, the rest word by word."""
    dropped = [tag for tag in _DROPPED if next(devices_of(root, tag), None) is not None]
    if dropped:
        why = "VMware has its own, or needs none"
        report.leave_out("devices", why, word=", ".join(f"<{tag}>" for tag in dropped))
    _report_devices(root, report)
    _report_changed(root, report)
    current = report.attempt(size_kib, top.get("currentMemory"), default=None)
    if current and current < domain.memory_kib:
        why = "the domain gets all of <memory>; on ESX a lower value is a limit, which makes the guest swap"
        report.leave_out("currentMemory", why, word=str(current))
    for tag in _TUNING:
        if tag in top:
            report.leave_out(tag, _OF_OLD_HOST, line=top[tag].sourceline)
    _report_hot_plugging(top, domain, report)
    _report_other_words(root, dropped, report)


def _report_hot_plugging(top: Mapping[str, Element], domain: Domain, report: Report) -> None:
    """Report processors and memory that are added later, and where the processors run."""
    vcpu = top.get("vcpu")
    cpuset, current = attr_of(vcpu, "cpuset"), attr_of(vcpu, "current")
    if vcpu is not None and cpuset:
        report.leave_out("vcpu", _OF_OLD_HOST, word=f"cpuset='{cpuset}'", line=vcpu.sourceline)
    if vcpu is not None and current and current.strip() != str(domain.vcpus):
        why = "the domain starts with all of its processors"
        report.leave_out("vcpu", why, word=f"current='{current}'", line=vcpu.sourceline)
    if "maxMemory" in top:
        why = "the domain gets <memory>; memory that is added later is not supported"
        report.leave_out("maxMemory", why, line=top["maxMemory"].sourceline)


def _report_devices(root: Element, report: Report) -> None:
    """Report the devices that the new host has no counterpart of."""
    for tag, why in _LEFT_BEHIND.items():
        for element in devices_of(root, tag):
            report.leave_out(f"devices/{tag}", why, line=element.sourceline, essential=tag == "hostdev")
    for element in devices_of(root, "serial"):
        if element.get("type") != "file":
            why = "ESX has no such back end of a port; the guest may wait for its console there"
            report.leave_out("devices/serial", why, word=f"type='{element.get('type')}'", line=element.sourceline)


def _report_changed(root: Element, report: Report) -> None:
    """Report the devices and the firmware that are not quite what they were."""
    system = child(root, "os")
    smbios, menu = child(system, "smbios"), child(system, "bootmenu")
    if smbios is not None and smbios.get("mode") == "host":
        why = "the guest sees VMware's SMBIOS data, not those of its host"
        report.leave_out("os/smbios", why, word="mode='host'", line=smbios.sourceline)
    if menu is not None and menu.get("enable") == "yes" and not menu.get("timeout"):
        why = "VMware has no boot menu, only a delay before the start; expected timeout='...'"
        report.leave_out("os/bootmenu", why, word="enable='yes'", line=menu.sourceline)
    for element in devices_of(root, "interface"):
        if element.get("type") == "hostdev":
            why = "the card is a device of the host; it becomes a card of VMware's"
            report.leave_out("devices/interface", why, word="type='hostdev'", line=element.sourceline)


def _report_other_words(root: Element, dropped: list[str], report: Report) -> None:
    inner = Report(REPORT)
    report_unusual(unusual_words(root), inner)
    seen = (
        *(f"devices/{tag}" for tag in (*dropped, *_LEFT_BEHIND, "serial", "tpm", "interface/vlan")),
        *_TUNING,
    )
    for entry in inner.left_out:
        if not entry.where.startswith(seen) and not _SILENT.match(entry.where):
            report.leave_out(entry.where, entry.why, word=entry.word, line=entry.line)
