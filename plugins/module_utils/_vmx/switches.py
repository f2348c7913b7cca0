# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the virtual hardware that are one key each.

::

    hpet0.present = "FALSE"
    vpmc.enable = "TRUE"
    hypervisor.cpuid.v0 = "FALSE"
    sched.mem.pshare.enable = "FALSE"
    sched.mem.lpage.enable1GPage = "TRUE"
    mks.enable3d = "TRUE"
    numa.nodeAffinity = "0,1"
    bios.bootRetry.enabled = "TRUE"
    bios.bootRetry.delay = "10"
    svga.maxWidth = "1024"
    svga.maxHeight = "768"
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Keys
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import HUGE, MAX_REBOOT_MS, PATHS
from ansible_collections.virt.esx.plugins.module_utils._domain.values import cpu_ranges, round_up, to_cpus
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import Entry, WriteContext


class _Truth(NamedTuple):
    """A key with a truth value: the value of the setting that TRUE and FALSE are, None for what is so anyway."""

    key: str
    true: str | None
    false: str | None


_TRUTHS = {
    "hpet": _Truth("hpet0.present", None, "no"),
    "pmu": _Truth("vpmc.enable", "on", None),
    "hidden": _Truth("hypervisor.cpuid.v0", None, "on"),
    "nosharepages": _Truth("sched.mem.pshare.enable", None, "yes"),
    "hugepages": _Truth("sched.mem.lpage.enable1GPage", HUGE, None),
    "accel3d": _Truth("mks.enable3d", "yes", None),
}
_NODES = "numa.nodeAffinity"
_RETRY, _DELAY = "bios.bootRetry.enabled", "bios.bootRetry.delay"
_SIDES = ("svga.maxWidth", "svga.maxHeight")
_DELAY_S = 10  # until a start is tried again, where the VMX does not say it
KINDS = "hpet vpmc hypervisor sched mks numa bios svga"


def read_switches(context: ReadContext) -> Keys:
    """The settings that a VMX has, by the names of ``_domain/switches.py``."""
    if not context.dialect.switches:
        return ()
    found: dict[str, str | None] = {}
    for name in {_NAME_OF[key] for key in _NAME_OF.keys() & context.vmx.raw.keys()}:
        found[name] = _READERS[name](context) if name in _READERS else _read_truth(context, _TRUTHS[name])
    return tuple(sorted([(name, value) for name, value in found.items() if value is not None]))


def _read_truth(context: ReadContext, truth: _Truth) -> str | None:
    return truth.true if context.vmx.boolean(truth.key, truth.true is None) else truth.false


def _read_nodes(context: ReadContext) -> str | None:
    text = context.vmx.get(_NODES) or ""
    nodes = to_cpus(text)
    if text and nodes is None:
        context.leave_out(_NODES, f"expecting numbers of NUMA nodes such as '0,1', found '{text}'")
    return None if nodes is None else cpu_ranges(nodes)


def _read_timeout(context: ReadContext) -> str | None:
    if not context.vmx.boolean(_RETRY):
        return None
    milliseconds = context.vmx.integer(_DELAY, _DELAY_S) * 1000
    if 0 <= milliseconds <= MAX_REBOOT_MS:
        return str(milliseconds)
    context.leave_out(_DELAY, f"libvirt waits at most {MAX_REBOOT_MS // 1000} seconds, found {milliseconds // 1000}")
    return None


def _read_resolution(context: ReadContext) -> str | None:
    sides = [context.vmx.integer(key, 0) for key in _SIDES]
    if min(sides) > 0:
        return "x".join(map(str, sides))
    if max(sides) > 0:
        given = _SIDES[0] if sides[0] > 0 else _SIDES[1]
        context.leave_out(given, f"libvirt has a resolution only if both {_SIDES[0]} and {_SIDES[1]} are set")
    return None


_READERS = {"numa_nodes": _read_nodes, "reboot_timeout": _read_timeout, "resolution": _read_resolution}
# The name of a setting by the keys, in lower case, that say that it is there.
_NAME_OF = {
    **{truth.key.lower(): name for name, truth in _TRUTHS.items()},
    _NODES.lower(): "numa_nodes",
    _RETRY.lower(): "reboot_timeout",
    **dict.fromkeys(map(str.lower, _SIDES), "resolution"),
}


def write_switches(domain: Domain, context: WriteContext) -> list[Entry]:
    """The lines of all settings."""
    said = dict(domain.switches) if context.dialect.switches else {}
    lines = [
        (truth.key, "TRUE" if _is_true(name, said[name]) else "FALSE")
        for name, truth in _TRUTHS.items()
        if name in said
    ]
    if "numa_nodes" in said:
        lines.append((_NODES, ",".join(map(str, to_cpus(said["numa_nodes"]) or ()))))
    if "reboot_timeout" in said:
        lines += _timeout(int(said["reboot_timeout"]), context)
    if "resolution" in said:
        lines += zip(_SIDES, said["resolution"].split("x"))
    return lines


def _is_true(name: str, value: str) -> bool:
    truth = _TRUTHS[name]
    return value == truth.true if truth.true is not None else value != truth.false


def _timeout(milliseconds: int, context: WriteContext) -> list[Entry]:
    if milliseconds < 0:
        return [(_RETRY, "FALSE")]
    seconds = round_up(milliseconds, 1000) // 1000
    if seconds * 1000 != milliseconds:
        why = f"VMware waits for whole seconds; it is written as {seconds}"
        context.report.leave_out(PATHS["reboot_timeout"], why, word=f"rebootTimeout='{milliseconds}'")
    return [(_RETRY, "TRUE"), (_DELAY, str(seconds))]
