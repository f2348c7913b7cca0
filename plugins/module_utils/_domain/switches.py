# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the virtual hardware that are one word each.

::

    <memoryBacking><hugepages><page size='1' unit='G'/></hugepages><nosharepages/></memoryBacking>
    <numatune><memory mode='strict' nodeset='0-1'/></numatune>
    <os><bios rebootTimeout='10000'/></os>
    <features><kvm><hidden state='on'/></kvm><pmu state='on'/></features>
    <clock offset='utc'><timer name='hpet' present='no'/></clock>
    <video><model type='vmvga'><acceleration accel3d='yes'/><resolution x='1024' y='768'/></model></video>

A domain has them by name, each with its value: ``("hpet", "no")``, ``("resolution", "1024x768")``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Keys
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    UINT_MAX,
    attr_of,
    bytes_per,
    cpu_ranges,
    int_attr,
    required_attr,
    to_cpus,
)
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

HUGE = "1GiB"  # the one size of pages that can be asked for
MAX_REBOOT_MS = 0xFFFF
_STRICT = ("strict", "restrictive")

# Where each of them is in the XML, below ``<domain>``.
PATHS = {
    "accel3d": "devices/video/model/acceleration",
    "hidden": "features/kvm/hidden",
    "hpet": "clock/timer",
    "hugepages": "memoryBacking/hugepages",
    "nosharepages": "memoryBacking/nosharepages",
    "numa_nodes": "numatune/memory",
    "pmu": "features/pmu",
    "reboot_timeout": "os/bios",
    "resolution": "devices/video/model/resolution",
}


def read_switches(top: Mapping[str, Element], devices: Mapping[str, Sequence[Element]]) -> Keys:
    """The settings that a document has, by name.

    :param top: the domain's children by name.
    :param devices: the devices by tag.
    :raises ParseError: for a number that is none.
    """
    found: dict[str, str | None] = {}
    for tag, read in _READERS.items():
        element = top.get(tag)
        if element is not None and len(element):
            found.update(read(element))
    for video in devices.get("video", ())[:1]:
        found.update(_of_video(child(video, "model")))
    return tuple(sorted([(name, value) for name, value in found.items() if value is not None]))


def _of_backing(backing: Element) -> dict[str, str | None]:
    pages = child(backing, "hugepages")
    return {
        "hugepages": HUGE if pages is not None and is_huge(pages) else None,
        "nosharepages": "yes" if child(backing, "nosharepages") is not None else None,
    }


def is_huge(pages: Element) -> bool:
    """Whether ``<hugepages>`` asks for pages of 1 GiB for the whole domain."""
    page = child(pages, "page")
    if page is None or len(pages) > 1 or page.get("nodeset") is not None:
        return False
    scale = bytes_per(page.get("unit") or "KiB") or 0
    return (int_attr(page, "size", 0, UINT_MAX) or 0) * scale == 1 << 30


def _of_tuning(tuning: Element) -> dict[str, str | None]:
    memory = child(tuning, "memory")
    nodes = None if memory is None or not is_strict(memory) else to_cpus(memory.get("nodeset") or "")
    return {"numa_nodes": None if nodes is None else cpu_ranges(nodes)}


def is_strict(memory: Element) -> bool:
    """Whether ``<numatune><memory>`` names the nodes of the host that the domain has its memory on."""
    return (memory.get("mode") or "strict") in _STRICT and to_cpus(memory.get("nodeset") or "") is not None


def _of_system(system: Element) -> dict[str, str | None]:
    timeout = int_attr(child(system, "bios"), "rebootTimeout", -1, MAX_REBOOT_MS)
    return {"reboot_timeout": None if timeout is None else str(timeout)}


def _of_features(features: Element) -> dict[str, str | None]:
    pmu, hidden = child(features, "pmu"), child(features, "kvm", "hidden")
    return {
        "pmu": None if pmu is None else pmu.get("state") or "on",
        "hidden": attr_of(hidden, "state"),
    }


def _of_clock(clock: Element) -> dict[str, str | None]:
    timers = [timer for timer in clock.iterchildren("timer") if timer.get("name") == "hpet"]
    return {"hpet": timers[0].get("present") if timers else None}


_READERS: dict[str, Callable[[Element], dict[str, str | None]]] = {
    "memoryBacking": _of_backing,
    "numatune": _of_tuning,
    "os": _of_system,
    "features": _of_features,
    "clock": _of_clock,
}


def _of_video(model: Element | None) -> dict[str, str | None]:
    if model is None or not len(model):
        return {}
    acceleration, resolution = child(model, "acceleration"), child(model, "resolution")
    return {
        "accel3d": attr_of(acceleration, "accel3d"),
        "resolution": None if resolution is None else "x".join(_side(resolution, side) for side in ("x", "y")),
    }


def _side(resolution: Element, side: str) -> str:
    required_attr(resolution, side)
    return str(int_attr(resolution, side, 1, UINT_MAX))


def write_backing(domain: Domain) -> str:
    """The lines of ``<memoryBacking>``."""
    if not domain.switches and not domain.memory_locked:
        return ""
    said = dict(domain.switches)
    lines = (
        "    <hugepages>\n      <page size='1' unit='GiB'/>\n    </hugepages>\n" if "hugepages" in said else "",
        "    <nosharepages/>\n" if "nosharepages" in said else "",
        "    <locked/>\n" if domain.memory_locked else "",
    )
    inside = "".join(lines)
    return f"  <memoryBacking>\n{inside}  </memoryBacking>\n" if inside else ""


def write_numa(switches: Keys) -> str:
    """The lines of ``<numatune>``."""
    nodes = dict(switches).get("numa_nodes") if switches else None
    if nodes is None:
        return ""
    return f"  <numatune>\n    <memory mode='strict' nodeset='{nodes}'/>\n  </numatune>\n"


def write_bios(switches: Keys) -> str:
    """The line of ``<bios>``."""
    timeout = dict(switches).get("reboot_timeout") if switches else None
    return "" if timeout is None else f"    <bios rebootTimeout='{timeout}'/>\n"


def write_features(switches: Keys) -> str:
    """The lines of ``<features>``."""
    if not switches:
        return ""
    said = dict(switches)
    hidden = f"    <kvm>\n      <hidden state='{said['hidden']}'/>\n    </kvm>\n" if "hidden" in said else ""
    pmu = f"    <pmu state='{said['pmu']}'/>\n" if "pmu" in said else ""
    return f"  <features>\n{hidden}{pmu}  </features>\n" if hidden or pmu else ""


def write_timers(switches: Keys) -> str:
    """The lines within ``<clock>``."""
    hpet = dict(switches).get("hpet") if switches else None
    return "" if hpet is None else f"    <timer name='hpet' present='{hpet}'/>\n"


def write_of_video(switches: Keys) -> str:
    """The lines within the ``<model>`` of the graphics card."""
    if not switches:
        return ""
    said = dict(switches)
    accel = f"        <acceleration accel3d='{said['accel3d']}'/>\n" if "accel3d" in said else ""
    if "resolution" not in said:
        return accel
    width, _x, height = said["resolution"].partition("x")
    return f"{accel}        <resolution x='{width}' y='{height}'/>\n"
