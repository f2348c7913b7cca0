# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``esx_network`` as typed values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain import networks
from ansible_collections.virt.esx.plugins.module_utils._domain.networks import BANDWIDTH_LIMIT, MTU, TRUNK, Bandwidth
from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import UNCHANGED, Policy
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

# The option's values, and the API's.
BALANCING = {
    "port": "loadbalance_srcid",
    "ip": "loadbalance_ip",
    "mac": "loadbalance_srcmac",
    "failover": "failover_explicit",
}

# The options that say what a switch is to be like.
_PROPERTIES = ("uplinks", "mtu", "security", "teaming", "bandwidth", "port_groups")

_LONGEST_NAME = 32
_NUMBER = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True)
class GroupRequest:
    """A port group to have or to remove; ``vlan`` and the members of ``policy`` are None to stay as they are."""

    name: str
    vlan: int | None = None
    policy: Policy = UNCHANGED
    absent: bool = False


@dataclass(frozen=True)
class NetworkRequest:
    """A virtual switch to have or to remove; members that are None stay as they are."""

    name: str
    absent: bool = False
    uplinks: tuple[str, ...] | None = None
    mtu: int | None = None
    policy: Policy = UNCHANGED
    groups: Sequence[GroupRequest] = ()


def read_request(params: Mapping[str, Any]) -> NetworkRequest:
    """Read validated options; they override ``xml``.

    :raises ParseError: for values that no host accepts, and for options that contradict each other.
    """
    if params["state"] == "absent":
        _check_removal(params)
    described = None if params["xml"] is None else networks.read_network(params["xml"])
    name = params["name"] or (described.name if described else "")
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ParseError(f"'{name}' does not have 1 to {_LONGEST_NAME} characters.", where="name")
    request = NetworkRequest(name, absent=params["state"] == "absent")
    if described is not None:
        request = replace(
            request,
            uplinks=described.uplinks,
            mtu=described.mtu,
            policy=_shaped(described.bandwidth, ""),
            groups=[
                GroupRequest(group.name, group.vlan, _shaped(group.bandwidth, f"port_groups '{group.name}', "))
                for group in described.port_groups
            ],
        )
    return _with_options(request, params)


def without_effect(params: Mapping[str, Any]) -> str | None:
    """Return a sentence about the options that have no effect on a switch to be removed; None if there are none."""
    given = [option for option in _PROPERTIES if params[option]] if params["state"] == "absent" else []
    return f"{', '.join(given)} {'has' if len(given) == 1 else 'have'} no effect with state absent." if given else None


def _check_removal(params: Mapping[str, Any]) -> None:
    """Refuse to remove a switch and to have one of its port groups: perhaps only the port group is to be removed."""
    for group in params["port_groups"] or ():
        if group["state"] != "absent":
            raise ParseError(
                f"'{group['name']}' is to be present, and the state absent of the switch removes all port groups.",
                where="port_groups",
                hint="To remove only a port group, give the state absent to it, and not to the switch.",
            )


def _shaped(bandwidth: Bandwidth | None, where: str) -> Policy:
    return Policy(bandwidth=None if bandwidth is None else complete_bandwidth(bandwidth, where))


def _with_options(request: NetworkRequest, params: Mapping[str, Any]) -> NetworkRequest:
    mtu, uplinks = params["mtu"], params["uplinks"]
    if mtu is not None and not MTU[0] <= mtu <= MTU[1]:
        raise ParseError(f"{mtu} is not between {MTU[0]} and {MTU[1]}.", where="mtu")
    groups = _with_groups(request.groups, params["port_groups"] or ())
    return replace(
        request,
        uplinks=request.uplinks if uplinks is None else tuple(dict.fromkeys(uplinks)),
        mtu=request.mtu if mtu is None else mtu,
        policy=request.policy.merged(_policy(params, "")),
        groups=tuple(groups),
    )


def _with_groups(described: Sequence[GroupRequest], given: Sequence[Mapping[str, Any]]) -> Iterable[GroupRequest]:
    groups = {group.name: group for group in described}
    named: set[str] = set()
    for options in given:
        group = _group(options)
        if group.name in named:
            raise ParseError(f"the port group '{group.name}' is given twice.", where="port_groups")
        named.add(group.name)
        before = groups.get(group.name)
        groups[group.name] = group if before is None else _merged(before, group)
    return groups.values()


def _merged(before: GroupRequest, group: GroupRequest) -> GroupRequest:
    return replace(
        group,
        vlan=before.vlan if group.vlan is None else group.vlan,
        policy=before.policy.merged(group.policy),
    )


def _group(options: Mapping[str, Any]) -> GroupRequest:
    where = f"port_groups '{options['name']}'"
    if not options["name"]:
        raise ParseError("a port group needs a name.", where="port_groups")
    return GroupRequest(
        name=options["name"],
        vlan=_vlan(options["vlan"], where),
        policy=_policy(options, f"{where}, "),
        absent=options["state"] == "absent",
    )


def _vlan(text: str | None, where: str) -> int | None:
    if text is None:
        return None
    if text.strip().lower() == "trunk":
        return TRUNK
    if not _NUMBER.fullmatch(text.strip()) or int(text) > TRUNK:
        raise ParseError(f"vlan '{text}' is neither a number from 0 to {TRUNK} nor 'trunk'.", where=where)
    return int(text)


def _policy(options: Mapping[str, Any], where: str) -> Policy:
    security, teaming, shaping = options["security"] or {}, options["teaming"] or {}, options["bandwidth"]
    active, standby = _cards(teaming.get("active")), _cards(teaming.get("standby"))
    if set(active or ()) & set(standby or ()):
        raise ParseError("a network card is both active and standby.", where=f"{where}teaming")
    return Policy(
        promiscuous=security.get("promiscuous"),
        mac_changes=security.get("mac_changes"),
        forged_transmits=security.get("forged_transmits"),
        balancing=BALANCING.get(teaming.get("balancing") or ""),
        notify=teaming.get("notify"),
        failback=teaming.get("failback"),
        active=active,
        standby=standby,
        bandwidth=None if shaping is None else _bandwidth(shaping, where),
    )


def _cards(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def complete_bandwidth(bandwidth: Bandwidth, where: str) -> Bandwidth:
    """Return a shaping with all three values, as a host requires.

    The peak defaults to the average, the burst to the traffic of one second at that rate.

    :param where: what the shaping is of, for the message.
    :raises ParseError: if the peak is below the average, or only some of the values are 0.
    """
    average, where = bandwidth.average, f"{where}bandwidth"
    peak = average if bandwidth.peak is None else bandwidth.peak
    burst = average if bandwidth.burst is None else bandwidth.burst
    if peak < average:
        raise ParseError(f"the peak of {peak} is below the average of {average}.", where=where)
    if 0 in (average, peak, burst) and any((average, peak, burst)):
        raise ParseError("either all of average, peak and burst are 0, which disables it, or none is.", where=where)
    return Bandwidth(average, peak, burst)


def _bandwidth(shaping: Mapping[str, Any], where: str) -> Bandwidth:
    for name, value in shaping.items():
        if value is not None and not 0 <= value <= BANDWIDTH_LIMIT:
            text = f"{name} {value} is not between 0 and {BANDWIDTH_LIMIT}."
            raise ParseError(text, where=f"{where}bandwidth")
    return complete_bandwidth(Bandwidth(**shaping), where)
