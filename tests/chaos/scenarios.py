# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios of the campaign: one line each in ``SCENARIOS``, which is all that a new module has to add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.virt.esx.plugins.module_utils._argspec import CONNECTION
from ansible_collections.virt.esx.plugins.module_utils._driver import registration
from ansible_collections.virt.esx.plugins.module_utils._driver.info.inventory_hosts import read_facts
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract
from ansible_collections.virt.esx.plugins.modules import (
    esx_clone,
    esx_domain,
    esx_domain_info,
    esx_host,
    esx_host_info,
    esx_migrate,
    esx_network,
    esx_network_info,
    esx_ova,
    esx_placement_info,
    esx_pool_info,
    esx_scheduler,
    esx_screenshot,
    esx_seed_image,
    esx_snapshot,
    esx_volume,
    esx_volume_info,
)
from ansible_collections.virt.esx.tests.chaos.lab import PASSWORD, STALL, TIMEOUT, USER, Lab
from ansible_collections.virt.esx.tests.chaos.preparations import (
    DISK,
    EXPORTED,
    PACKAGE,
    PATIENT,
    XML,
    Setup,
    after,
    as_it_starts,
    in_turn,
    with_disk,
    with_domain,
    with_package,
    with_place,
    with_tools,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

INVENTORY = Contract(
    argument_spec={**CONNECTION, "gather": {"type": "list", "default": []}},
    run=lambda asked: {"changed": False, "facts": read_facts(asked)},
)


@dataclass(frozen=True)
class Scenario:
    """One task to run with faults.

    :param contract: the module's contract.
    :param arguments: its arguments beside the connection.
    :param prepare: brings the simulator into the state before the task.
    :param flags: the simulator's flags.
    :param subject: the object that a message about a failed change must name.
    :param ends: the servers that the task connects to: ``host``, ``vcenter``, ``both`` for a migration, or ``plan``
        for a vCenter that is asked for a placement.
    :param files: arguments that are files of the lab, by their paths below its directory.
    :param longest: the seconds that the task may take with a ``timeout`` of one.
    :param idempotent: whether the task finds nothing to do when it is run again, as nearly all do.
    """

    contract: Contract
    arguments: Mapping[str, Any] = field(default_factory=dict)
    prepare: Setup = as_it_starts
    flags: tuple[str, ...] = ("-domains", "1")
    subject: str = ""
    ends: str = "host"
    files: Mapping[str, str] = field(default_factory=dict)
    longest: float = 4.0
    idempotent: bool = True

    def listeners(self, simulator: Simulator) -> dict[str, tuple[str, int]]:
        """The servers behind the proxy, by name."""
        servers = {"server": ("127.0.0.1", simulator.port)}
        if self.ends == "both":
            addresses = {name: urlsplit(url) for name, url in simulator.hosts.items()}
            servers |= {name: (str(url.hostname), int(url.port or 0)) for name, url in addresses.items()}
        return servers

    def full_arguments(self, lab: Lab, simulator: Simulator, ports: Mapping[str, int] | None) -> dict[str, Any]:
        """The task's arguments, through the proxy's ports, or directly and with more time if there are none."""
        files = {name: str(lab.directory / path) for name, path in self.files.items()}
        given = {**self.arguments, **files, "timeout": PATIENT if ports is None else TIMEOUT}
        end = _End(simulator, ports)
        if self.ends == "host":
            return {**given, "uri": end.uri("esx", "server")}
        if self.ends == "plan":
            return {**given, "uri": end.uri("vpx", "server", path="DC0/DC0_H0")}
        given |= {"vcenter_username": USER, "vcenter_password": PASSWORD, "dest_password": PASSWORD}
        hosts = ("DC0_H0", "DC0_H1")
        if self.ends == "vcenter":
            source, destination = (end.uri("vpx", "server", path=f"DC0/{host}") for host in hosts)
        else:
            vcenter = end.address("server")
            source, destination = (end.uri("esx", host, vcenter=vcenter) for host in hosts)
        return {**given, "uri": source, "dest_uri": destination}


@dataclass(frozen=True)
class _End:
    """Addresses of servers, directly or through the proxy."""

    simulator: Simulator
    ports: Mapping[str, int] | None

    def address(self, name: str) -> str:
        if self.ports is not None:
            return f"127.0.0.1:{self.ports[name]}"
        return urlsplit(self.simulator.hosts.get(name, self.simulator.url)).netloc

    def uri(self, scheme: str, name: str, *, path: str = "", vcenter: str = "") -> str:
        query = "transport=http" if self.ports is None else "no_verify=1"
        more = f"&vcenter={vcenter}" if vcenter else ""
        return f"{scheme}://{USER}@{self.address(name)}/{path}?{query}{more}"


COPY, ISO = "[datastore1] copy/copy.vmdk", "[datastore1] iso/some.iso"
FROM_NOTHING = {"xml": XML, "disks": [{"target": "sda", "size": "1 MiB"}], "state": "running"}
LARGER = XML.replace("<vcpu>2<", "<vcpu>4<").replace("MiB'>1024", "MiB'>2048")
DATASTORE = ("-datastore-name", "datastore1", "-domains", "1")
# Leases end soon after their client was killed.
LEASES = ("-lease-timeout", "5")
VCENTER = ("-domains", "1", "-kind", "vcenter", "-hosts", "2", "-migration-delay", "50")
ENDPOINTS = (*VCENTER, "-host-endpoints", "auto")
GUARANTEE = {"name": "domain-1", "reservation": 500, "limit": 1000, "min_guarantee": "16 MiB"}
LIVE = {"name": "web", "annotation": "hello", "memory": "512 MiB"}
EVERYTHING = {"gather": ["xml", "autostart", "scheduler"]}
SWITCH = {"name": "vSwitch9", "port_groups": [{"name": "Web", "vlan": "20"}]}
AUTOSTART = {"autostart": {"enabled": True, "start_delay": 30, "stop_action": "shutdown"}}
SEED = {"path": "[datastore1] iso/seed.iso", "meta_data": {"instance-id": "web"}, "user_data": "#cloud-config\n"}
IMPORT = {"name": "web", "network": "VM Network", "accept_eula": True}
EXPORT = {"state": "exported", "name": "web"}
FIRST, SECOND = ({"name": "web", "snapshot": name} for name in ("first", "second"))

DOMAIN, MIGRATE, NETWORK, OVA = esx_domain.CONTRACT, esx_migrate.CONTRACT, esx_network.CONTRACT, esx_ova.CONTRACT
SCHEDULER, INFO, SNAPSHOT, VOLUME = (
    module.CONTRACT for module in (esx_scheduler, esx_domain_info, esx_snapshot, esx_volume)
)
IMAGE = after(VOLUME, path=ISO, source=__file__)
SNAPSHOTS = in_turn(with_domain(), after(SNAPSHOT, **FIRST), after(SNAPSHOT, **SECOND))

# A registration of which the answer was lost is waited for, whatever the timeout, as files depend on it.
REGISTERING = 4.0 + sum(registration._PAUSES)

SCENARIOS = {
    "define": Scenario(DOMAIN, {"xml": XML, "state": "defined"}, with_disk, DATASTORE, "web", longest=REGISTERING),
    "define_and_start": Scenario(
        DOMAIN,
        {"xml": XML, "state": "running", "autostart": True},
        with_disk,
        DATASTORE,
        "web",
        longest=REGISTERING,
    ),
    "redefine": Scenario(DOMAIN, {"xml": LARGER}, with_domain(), DATASTORE, "web"),
    "power_cycle": Scenario(
        DOMAIN,
        {"xml": LARGER, "power_cycle": True, "state": "running"},
        in_turn(with_domain(state="running"), with_tools("web")),
        DATASTORE,
        "web",
    ),
    "live": Scenario(DOMAIN, LIVE, with_domain(state="running"), DATASTORE, "web"),
    "start": Scenario(DOMAIN, {"name": "web", "state": "running"}, with_domain(), DATASTORE, "web"),
    "shutdown": Scenario(DOMAIN, {"name": "domain-1", "state": "shutdown"}, with_tools("domain-1"), subject="domain-1"),
    "destroy": Scenario(DOMAIN, {"name": "domain-1", "state": "destroyed"}, subject="domain-1"),
    "undefine": Scenario(
        DOMAIN, {"name": "web", "state": "undefined", "remove_storage": True}, with_domain(), DATASTORE, "web"
    ),
    "info": Scenario(INFO, EVERYTHING, flags=("-domains", "3")),
    "scheduler": Scenario(SCHEDULER, GUARANTEE, subject="domain-1"),
    "inventory": Scenario(INVENTORY, flags=("-domains", "3")),
    "snapshot": Scenario(SNAPSHOT, {"name": "domain-1", "snapshot": "before"}, subject="domain-1"),
    "revert": Scenario(SNAPSHOT, {**FIRST, "state": "reverted"}, SNAPSHOTS, DATASTORE, "web", idempotent=False),
    "snapshot_away": Scenario(SNAPSHOT, {**FIRST, "state": "absent"}, SNAPSHOTS, DATASTORE, "web"),
    "network": Scenario(NETWORK, SWITCH, subject="vSwitch9"),
    "network_away": Scenario(
        NETWORK, {"name": "vSwitch9", "state": "absent"}, after(NETWORK, **SWITCH), subject="vSwitch9"
    ),
    "network_info": Scenario(esx_network_info.CONTRACT),
    "host": Scenario(esx_host.CONTRACT, AUTOSTART),
    "host_info": Scenario(esx_host_info.CONTRACT),
    "maintenance": Scenario(esx_host.CONTRACT, {"state": "maintenance"}, flags=("-domains", "0")),
    "screenshot": Scenario(esx_screenshot.CONTRACT, {"name": "domain-1"}),
    "from_nothing": Scenario(DOMAIN, FROM_NOTHING, flags=DATASTORE, subject="web", longest=REGISTERING),
    "pool_info": Scenario(esx_pool_info.CONTRACT, {"refresh": True, "domains": True}, flags=DATASTORE),
    "volume": Scenario(VOLUME, {"path": COPY, "capacity": "1 MiB"}, flags=DATASTORE, subject="copy.vmdk"),
    "volume_larger": Scenario(VOLUME, {"path": DISK, "capacity": "2 MiB"}, with_disk, DATASTORE, "web.vmdk"),
    "volume_copy": Scenario(VOLUME, {"path": COPY, "clone_of": DISK}, with_disk, DATASTORE, "copy.vmdk"),
    "volume_wiped": Scenario(
        VOLUME, {"path": DISK, "state": "wiped"}, with_disk, DATASTORE, "web.vmdk", idempotent=False
    ),
    "volume_away": Scenario(VOLUME, {"path": DISK, "state": "absent"}, with_disk, DATASTORE, "web.vmdk"),
    "volume_info": Scenario(esx_volume_info.CONTRACT, {"pool": "datastore1"}, with_disk, DATASTORE),
    "upload": Scenario(VOLUME, {"path": ISO, "source": __file__}, flags=DATASTORE, subject="iso"),
    "download": Scenario(
        VOLUME, {"path": ISO}, in_turn(IMAGE, with_place), DATASTORE, files={"dest": f"{EXPORTED}/some.iso"}
    ),
    "seed_image": Scenario(esx_seed_image.CONTRACT, SEED, flags=DATASTORE, subject="seed.iso"),
    "clone": Scenario(
        esx_clone.CONTRACT,
        {"name": "web", "clone_name": "copy"},
        with_domain(),
        DATASTORE,
        "web",
        longest=REGISTERING,
    ),
    "import": Scenario(OVA, IMPORT, with_package, (*DATASTORE, *LEASES), "web", files={"source": PACKAGE}),
    "export": Scenario(
        OVA,
        EXPORT,
        in_turn(with_domain(), with_place),
        (*DATASTORE, *LEASES),
        "web",
        files={"dest": f"{EXPORTED}/web.ova"},
    ),
    "placement": Scenario(esx_placement_info.CONTRACT, {"destinations": ["DC0_H1"]}, flags=VCENTER, ends="plan"),
    # A migration has no limit of time: it waits for an answer that trickles, which here takes three times the stall.
    "migrate": Scenario(
        MIGRATE, {"names": ["domain-1"]}, flags=VCENTER, subject="domain-1", ends="vcenter", longest=4.0 + 3 * STALL
    ),
    "migrate_esx": Scenario(
        MIGRATE, {"names": ["domain-1"]}, flags=ENDPOINTS, subject="domain-1", ends="both", longest=4.0 + 3 * STALL
    ),
}
