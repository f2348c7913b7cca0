# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preparations that bring a simulator into the state that a scenario begins with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._argspec import CONNECTION
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.plugins.modules import esx_domain
from ansible_collections.virt.esx.tests.chaos.lab import PASSWORD, USER, Lab
from ansible_collections.virt.esx.tests.integration.domain.domains import domain_xml
from ansible_collections.virt.esx.tests.integration.ova.packages import make_sources
from ansible_collections.virt.esx.tests.simulator_client import Simulator

PATIENT = 30
DISK = "[datastore1] web/web.vmdk"
XML = domain_xml(disk=DISK)
# Files of the lab, beside the simulator's datastores: a package to import, and where one is exported to.
PACKAGE, EXPORTED = "package/appliance.ova", "simulator/exported"

Setup = Callable[[Lab, Simulator], None]


def connected(simulator: Simulator, **arguments: Any) -> dict[str, Any]:
    """Arguments for a run on a simulated host without the proxy."""
    return {"uri": simulator.uri(user=USER), "password": PASSWORD, "timeout": PATIENT, **arguments}


def as_it_starts(_lab: Lab, _simulator: Simulator) -> None:
    """The simulator as it starts."""


def with_disk(_lab: Lab, simulator: Simulator) -> None:
    """A disk at the path that the domain 'web' needs."""
    params = {"name": "x", **dict.fromkeys(CONNECTION), **connected(simulator)}
    with open_connection(Invocation(params, False, False, _ignore)) as connection:
        content, datacenter = connection.session.content, connection.context.datacenter
        content.fileManager.MakeDirectory("[datastore1] web", datacenter, True)
        spec = vim.VirtualDiskManager.FileBackedVirtualDiskSpec(
            diskType="thin", adapterType="lsiLogic", capacityKb=1024
        )
        task = content.virtualDiskManager.CreateVirtualDisk_Task(DISK, datacenter, spec)
        connection.wait(task, "Creating a disk")


def _ignore(_warning: str) -> None:
    """Ignore a warning of the preparation."""


def with_domain(**arguments: Any) -> Setup:
    """The domain 'web', with its disk, after a run of the module."""

    def prepare(lab: Lab, simulator: Simulator) -> None:
        with_disk(lab, simulator)
        after(esx_domain.CONTRACT, xml=XML, **arguments)(lab, simulator)

    return prepare


def after(contract: Any, **arguments: Any) -> Setup:
    """The state after a run of a module."""

    def prepare(lab: Lab, simulator: Simulator) -> None:
        result = lab.run(contract, connected(simulator, **arguments), limit=60)
        assert not result.get("failed"), result

    return prepare


def in_turn(*setups: Setup) -> Setup:
    """One preparation after the other."""

    def prepare(lab: Lab, simulator: Simulator) -> None:
        for setup in setups:
            setup(lab, simulator)

    return prepare


def with_tools(domain: str) -> Setup:
    """VMware Tools run in the guest of a domain."""

    def prepare(_lab: Lab, simulator: Simulator) -> None:
        simulator.change_from_outside(domain, set={"simulator.tools": "running"})

    return prepare


def with_package(lab: Lab, _simulator: Simulator) -> None:
    """A package to import, which is made once."""
    package = lab.directory / PACKAGE
    if not package.exists():
        package.parent.mkdir()
        make_sources(package.parent).ova(package)


def with_place(lab: Lab, _simulator: Simulator) -> None:
    """An empty directory for what is exported."""
    (lab.directory / EXPORTED).mkdir()
