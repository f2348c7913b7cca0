# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios of the campaign: one line each in ``SCENARIOS``, which is all that a new module has to add."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.virt.esx.plugins.module_utils._argspec import CONNECTION
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.info.inventory_hosts import read_facts
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.plugins.modules import (
    esx_clone,
    esx_domain,
    esx_domain_info,
    esx_host,
    esx_host_info,
    esx_migrate,
    esx_network,
    esx_scheduler,
    esx_snapshot,
    esx_volume,
)
from ansible_collections.virt.esx.tests.chaos.lab import PASSWORD, TIMEOUT, USER, Lab
from ansible_collections.virt.esx.tests.integration.domain.domains import domain_xml
from ansible_collections.virt.esx.tests.simulator_client import Simulator

INVENTORY = Contract(
    argument_spec={**CONNECTION, "gather": {"type": "list", "default": []}},
    run=lambda asked: {"changed": False, "facts": read_facts(asked)},
)
PATIENT = 30

Setup = Callable[[Lab, Simulator], None]


def _connected(simulator: Simulator, **arguments: Any) -> dict[str, Any]:
    """Arguments for a run on a simulated host without the proxy."""
    return {"uri": simulator.uri(user=USER), "password": PASSWORD, "timeout": PATIENT, **arguments}


def _nothing(_lab: Lab, _simulator: Simulator) -> None:
    """The simulator as it starts."""


def _disk(_lab: Lab, simulator: Simulator) -> None:
    """A disk at the path that the domain 'web' needs."""
    params = {"name": "x", **dict.fromkeys(CONNECTION), **_connected(simulator)}
    with open_connection(Invocation(params, False, False, _ignore)) as connection:
        content, datacenter = connection.session.content, connection.context.datacenter
        content.fileManager.MakeDirectory("[datastore1] web", datacenter, True)
        spec = vim.VirtualDiskManager.FileBackedVirtualDiskSpec(
            diskType="thin", adapterType="lsiLogic", capacityKb=1024
        )
        task = content.virtualDiskManager.CreateVirtualDisk_Task("[datastore1] web/web.vmdk", datacenter, spec)
        connection.wait(task, "Creating a disk")


def _ignore(_warning: str) -> None:
    """Ignore a warning of the preparation."""


def _domain(**arguments: Any) -> Setup:
    """The domain 'web', with its disk, after a run of the module."""

    def prepare(lab: Lab, simulator: Simulator) -> None:
        _disk(lab, simulator)
        result = lab.run(esx_domain.CONTRACT, _connected(simulator, xml=XML, **arguments), limit=60)
        assert not result.get("failed"), result

    return prepare


def _tools(_lab: Lab, simulator: Simulator) -> None:
    simulator.change_from_outside("domain-1", set={"simulator.tools": "running"})


@dataclass(frozen=True)
class Scenario:
    """One task to run with faults.

    :param contract: the module's contract.
    :param arguments: its arguments beside the connection.
    :param prepare: brings the simulator into the state before the task.
    :param flags: the simulator's flags.
    :param subject: the object that a message about a failed change must name.
    :param ends: the servers that the task connects to: ``host``, ``vcenter`` or ``both``.
    """

    contract: Contract
    arguments: Mapping[str, Any] = field(default_factory=dict)
    prepare: Setup = _nothing
    flags: tuple[str, ...] = ("-domains", "1")
    subject: str = ""
    ends: str = "host"

    def listeners(self, simulator: Simulator) -> dict[str, tuple[str, int]]:
        """The servers behind the proxy, by name."""
        servers = {"server": ("127.0.0.1", simulator.port)}
        if self.ends == "both":
            addresses = {name: urlsplit(url) for name, url in simulator.hosts.items()}
            servers |= {name: (str(url.hostname), int(url.port or 0)) for name, url in addresses.items()}
        return servers

    def full_arguments(self, simulator: Simulator, ports: Mapping[str, int] | None) -> dict[str, Any]:
        """The task's arguments, through the proxy's ports, or directly and with more time if there are none."""
        given = {**self.arguments, "timeout": PATIENT if ports is None else TIMEOUT}
        end = _End(simulator, ports)
        if self.ends == "host":
            return {**given, "uri": end.uri("esx", "server")}
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


DISK, COPY, ISO = "[datastore1] web/web.vmdk", "[datastore1] copy/copy.vmdk", "[datastore1] iso/some.iso"
XML = domain_xml(disk=DISK)
FROM_NOTHING = {"xml": XML, "disks": [{"target": "sda", "size": "1 MiB"}], "state": "running"}
LARGER = XML.replace("<vcpu>2<", "<vcpu>4<").replace("MiB'>1024", "MiB'>2048")
DATASTORE = ("-datastore-name", "datastore1", "-domains", "1")
VCENTER = ("-domains", "1", "-kind", "vcenter", "-hosts", "2", "-migration-delay", "50")
ENDPOINTS = (*VCENTER, "-host-endpoints", "auto")
GUARANTEE = {"name": "domain-1", "reservation": 500, "limit": 1000, "min_guarantee": "16 MiB"}
LIVE = {"name": "web", "annotation": "hello", "memory": "512 MiB"}
EVERYTHING = {"gather": ["xml", "autostart", "scheduler"]}

NETWORK = {"name": "vSwitch9", "port_groups": [{"name": "Web", "vlan": "20"}]}
AUTOSTART = {"autostart": {"enabled": True, "start_delay": 30, "stop_action": "shutdown"}}

DOMAIN, MIGRATE = esx_domain.CONTRACT, esx_migrate.CONTRACT
SCHEDULER, INFO = esx_scheduler.CONTRACT, esx_domain_info.CONTRACT

SCENARIOS = {
    "define": Scenario(DOMAIN, {"xml": XML, "state": "defined"}, _disk, DATASTORE, "web"),
    "define_and_start": Scenario(DOMAIN, {"xml": XML, "state": "running", "autostart": True}, _disk, DATASTORE, "web"),
    "redefine": Scenario(DOMAIN, {"xml": LARGER}, _domain(), DATASTORE, "web"),
    "live": Scenario(DOMAIN, LIVE, _domain(state="running"), DATASTORE, "web"),
    "start": Scenario(DOMAIN, {"name": "web", "state": "running"}, _domain(), DATASTORE, "web"),
    "shutdown": Scenario(DOMAIN, {"name": "domain-1", "state": "shutdown"}, _tools, subject="domain-1"),
    "destroy": Scenario(DOMAIN, {"name": "domain-1", "state": "destroyed"}, subject="domain-1"),
    "undefine": Scenario(
        DOMAIN, {"name": "web", "state": "undefined", "remove_storage": True}, _domain(), DATASTORE, "web"
    ),
    "info": Scenario(INFO, EVERYTHING, flags=("-domains", "3")),
    "scheduler": Scenario(SCHEDULER, GUARANTEE, subject="domain-1"),
    "inventory": Scenario(INVENTORY, flags=("-domains", "3")),
    "snapshot": Scenario(esx_snapshot.CONTRACT, {"name": "domain-1", "snapshot": "before"}, subject="domain-1"),
    "network": Scenario(esx_network.CONTRACT, NETWORK, subject="vSwitch9"),
    "host": Scenario(esx_host.CONTRACT, AUTOSTART),
    "host_info": Scenario(esx_host_info.CONTRACT),
    "from_nothing": Scenario(DOMAIN, FROM_NOTHING, flags=DATASTORE, subject="web"),
    "volume": Scenario(esx_volume.CONTRACT, {"path": COPY, "capacity": "1 MiB"}, flags=DATASTORE, subject="copy.vmdk"),
    "volume_copy": Scenario(esx_volume.CONTRACT, {"path": COPY, "clone_of": DISK}, _disk, DATASTORE, "copy.vmdk"),
    "upload": Scenario(esx_volume.CONTRACT, {"path": ISO, "source": __file__}, flags=DATASTORE, subject="iso"),
    "clone": Scenario(esx_clone.CONTRACT, {"name": "web", "clone_name": "copy"}, _domain(), DATASTORE, "web"),
    "migrate": Scenario(MIGRATE, {"names": ["domain-1"]}, flags=VCENTER, subject="domain-1", ends="vcenter"),
    "migrate_esx": Scenario(MIGRATE, {"names": ["domain-1"]}, flags=ENDPOINTS, subject="domain-1", ends="both"),
}
