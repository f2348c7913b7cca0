# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processors of a domain in XML: their number, which CPUs of the host they run on, shares and topology.

::

    <vcpu placement='static' cpuset='0-2,5'>4</vcpu>
    <cputune>
      <shares>8000</shares>
    </cputune>
    <cpu>
      <topology sockets='2' dies='1' clusters='1' cores='2' threads='1'/>
    </cpu>
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.forms import LIBVIRT, XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Cpu, Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    UINT_MAX,
    ULONG_MAX,
    choice_attr,
    cpu_ranges,
    error_at,
    int_attr,
    required_attr,
    text_number,
    text_of,
    to_cpus,
)
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

_MODES = ("custom", "host-model", "host-passthrough", "maximum")
_PLACEMENTS = ("static", "auto")


def read_vcpus(element: Element | None) -> tuple[int, int | None, tuple[int, ...] | None]:
    """The number of processors, how many of them are there at the start (None for all), and their CPUs (F7, F26).

    :raises ParseError: where libvirt's parser refuses ``<vcpu>``.
    """
    if element is None:
        return 1, None, None
    count = text_number(element, UINT_MAX)
    if not count:
        raise error_at(element, f"'{text_of(element) or ''}' is not a number of processors; expected 1 or more")
    current = int_attr(element, "current", 0, UINT_MAX)
    if current is not None and current > count:
        raise error_at(element, f"current='{current}' is more than the {count} processors that there are at most")
    return count, current, _affinity(element)


def _affinity(element: Element) -> tuple[int, ...] | None:
    """The CPUs of the host that the processors run on, None for all."""
    cpuset = element.get("cpuset")
    if choice_attr(element, "placement", _PLACEMENTS) == "auto" or cpuset is None:
        return None
    cpus = to_cpus(cpuset)
    if cpus is None:
        raise error_at(element, f"cpuset='{cpuset}' is not a set of CPUs; expected one like '0-3,^2,7'")
    return cpus


def read_shares(tuning: Element | None) -> int | None:
    """The CPU shares (F29).

    :raises ParseError: they are not a number.
    """
    return text_number(child(tuning, "shares"), ULONG_MAX)


def read_cpu(element: Element | None, forms: XmlForms = LIBVIRT) -> Cpu | None:
    """The topology of the processors (F27); with forms of our own, all else has no effect: the CPU is the host's.

    :raises ParseError: where libvirt's parser refuses ``<cpu>``.
    """
    if element is None:
        return None
    mode = choice_attr(element, "mode", _MODES) or "custom"
    if mode == "custom" and text_of(child(element, "model")) is None:
        _check_without_model(element)
    topology = child(element, "topology")
    if topology is None:
        return None if forms.more else Cpu(mode=mode, line=element.sourceline)
    return Cpu(*_read_topology(topology), "custom" if forms.more else mode, element.sourceline)


def _read_topology(topology: Element) -> tuple[int, int, int, int, int]:
    """Sockets, and cores, threads, dies and clusters of one."""
    for attribute in ("sockets", "cores", "threads"):
        required_attr(topology, attribute)
    sockets, cores, threads, dies, clusters = (
        int_attr(topology, attribute, 1, UINT_MAX) or 1
        for attribute in ("sockets", "cores", "threads", "dies", "clusters")
    )
    return sockets, cores, threads, dies, clusters


def _check_without_model(element: Element) -> None:
    for tag in ("feature", "vendor"):
        if child(element, tag) is not None:
            raise error_at(element, f"<{tag}> needs a CPU model, <model>...</model>")


def write_vcpus(domain: Domain, forms: XmlForms) -> str:
    """The lines of ``<vcpu>`` and ``<cputune>`` (P11, P13, P14)."""
    placement = " placement='static'" if forms.placement else ""
    cpuset = f" cpuset='{cpu_ranges(domain.cpuset)}'" if domain.cpuset is not None else ""
    current = f" current='{domain.current_vcpus}'" if domain.current_vcpus not in (None, domain.vcpus) else ""
    vcpu = f"  <vcpu{placement}{cpuset}{current}>{domain.vcpus}</vcpu>\n"
    if domain.shares is None or not forms.tuning:
        return vcpu
    return f"{vcpu}  <cputune>\n    <shares>{domain.shares}</shares>\n  </cputune>\n"


def write_cpu(cpu: Cpu | None, forms: XmlForms) -> str:
    """The lines of ``<cpu>`` (P12)."""
    if cpu is None or cpu.sockets is None:
        return ""
    clusters = f" clusters='{cpu.clusters}'" if forms.clusters else ""
    return (
        f"  <cpu>\n    <topology sockets='{cpu.sockets}' dies='{cpu.dies}'{clusters} cores='{cpu.cores}'"
        f" threads='{cpu.threads}'/>\n  </cpu>\n"
    )
