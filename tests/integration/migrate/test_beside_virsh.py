# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_migrate`` beside ``virsh migrate``: on two equal vCenters, both leave every domain in the same place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.modules import esx_migrate
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import (
    C0,
    C1,
    H0,
    H1,
    PATHS,
    Said,
    carry_out,
    change_state,
    start_vcenter,
)
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.integration.virsh import Virsh
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim

RUNNING, SHUT_OFF, IN_CLUSTER = "domain-1", "domain-2", "domain-5"
OTHER = "DC1_H0"
TWO_DATACENTERS = ("-datacenters", "2", "-hosts", "1", "-clusters", "0", "-domains", "1")
OWN_DATASTORES = ("-datastores", "0", "-local-datastores", "1")

_Prepare = Callable[[Simulator, Client], None]


def suspended(vcenter: Simulator, _center: Client) -> None:
    change_state(vcenter, RUNNING, "SuspendVM_Task", "paused")


def a_template(_vcenter: Simulator, center: Client) -> None:
    center.domain(SHUT_OFF).MarkAsTemplate()


def in_maintenance(_vcenter: Simulator, center: Client) -> None:
    host = center.all(vim.HostSystem)[H1]
    for domain in center.get(host, "vm"):
        if center.get(domain, "runtime.powerState") == "poweredOn":
            center.wait(domain.PowerOffVM_Task())
    center.wait(host.EnterMaintenanceMode_Task(0, False))


def disconnected(_vcenter: Simulator, center: Client) -> None:
    center.wait(center.all(vim.HostSystem)[H1].DisconnectHost_Task())


def without_vmotion(vcenter: Simulator, _center: Client) -> None:
    vcenter.change_host(H1, vmotion=False)


def with_a_warning(vcenter: Simulator, _center: Client) -> None:
    vcenter.change_from_outside(RUNNING, set={"simulator.migration.warning": "NoGuestHeartbeat"})


def with_an_error(vcenter: Simulator, _center: Client) -> None:
    vcenter.change_from_outside(RUNNING, set={"simulator.migration.error": "NoCompatibleHost"})


def with_a_network_of_one_host(_vcenter: Simulator, center: Client) -> None:
    host = center.all(vim.HostSystem)[H0]
    network = center.get(host, "configManager.networkSystem")
    spec = vim.host.PortGroup.Specification(
        name="Lab Network", vlanId=0, vswitchName="vSwitch0", policy=vim.host.NetworkPolicy()
    )
    network.AddPortGroup(spec)
    domain = center.domain(RUNNING)
    (card,) = (each for each in center.get(domain, "config.hardware.device") if hasattr(each, "macAddress"))
    card.backing.deviceName, card.backing.network = "Lab Network", None
    change = vim.vm.device.VirtualDeviceSpec(operation="edit", device=card)
    center.reconfigure(domain, deviceChange=[change])


def nothing(_vcenter: Simulator, _center: Client) -> None:
    pass


def state_of(center: Client) -> dict[str, tuple[Any, ...]]:
    """Where each domain is: its host, its folder, its VMX, its pool, and whether it runs."""
    paths = ["name", "runtime.host", "parent", "config.files.vmPathName", "resourcePool", "runtime.powerState"]
    view = center.content.viewManager.CreateContainerView(center.content.rootFolder, [vim.VirtualMachine], True)
    rows = center.read(center.get(view, "view"), paths)
    return {f"{row['runtime.host']}, {row['name']}": tuple(str(row.get(path)) for path in paths) for row in rows}


# what it is, the vCenter, what is done before, the domain, from where to where, the scheme of both URIs
CASES: list[tuple[str, tuple[str, ...], _Prepare, str, str, str, str]] = [
    ("running", (), nothing, RUNNING, H0, H1, "vpx"),
    ("running, by the hosts' own URIs", (), nothing, RUNNING, H0, H1, "esx"),
    ("shut off", (), nothing, SHUT_OFF, H0, H1, "vpx"),
    ("suspended", (), suspended, RUNNING, H0, H1, "vpx"),
    ("into a cluster", (), nothing, RUNNING, H0, C0, "vpx"),
    ("within a cluster", (), nothing, IN_CLUSTER, C0, C1, "vpx"),
    ("out of a cluster", (), nothing, IN_CLUSTER, C0, H1, "vpx"),
    ("to the host where it is", (), nothing, RUNNING, H0, H0, "vpx"),
    ("a name that nothing has", (), nothing, "none", H0, H1, "vpx"),
    ("into another datacenter", TWO_DATACENTERS, nothing, RUNNING, H0, OTHER, "vpx"),
    ("a datastore that the destination lacks", OWN_DATASTORES, nothing, RUNNING, H0, H1, "vpx"),
    ("a datastore that the destination lacks, shut off", OWN_DATASTORES, nothing, SHUT_OFF, H0, H1, "vpx"),
    ("a network that the destination lacks", (), with_a_network_of_one_host, RUNNING, H0, H1, "vpx"),
    ("a destination in maintenance mode", (), in_maintenance, RUNNING, H0, H1, "vpx"),
    ("a destination that is disconnected", (), disconnected, RUNNING, H0, H1, "vpx"),
    ("a destination without vMotion", (), without_vmotion, RUNNING, H0, H1, "vpx"),
    ("shut off, to a destination without vMotion", (), without_vmotion, SHUT_OFF, H0, H1, "vpx"),
    ("the vCenter warns", (), with_a_warning, RUNNING, H0, H1, "vpx"),
    ("the vCenter refuses", (), with_an_error, RUNNING, H0, H1, "vpx"),
]

# Requests that libvirt refuses and the module carries out: to move a template, or a domain that is there already.
ONLY_BY_MODULE: list[tuple[str, tuple[str, ...], _Prepare, str, str, str, str]] = [
    ("a template", (), a_template, SHUT_OFF, H0, H1, "vpx"),
    ("from a host where it is not", (), nothing, RUNNING, H1, H0, "vpx"),
]


def by_virsh(virsh: Virsh, source: str, destination: str, domain: str) -> str | None:
    """Migrate with libvirt; return its error."""
    try:
        virsh(source, "migrate", "--live", domain, destination)
    except RuntimeError as error:
        return str(error)
    return None


def by_module(_virsh: Virsh, source: str, destination: str, domain: str) -> str | None:
    """Migrate with the module, for which warnings are errors as for libvirt; return its error."""
    ends: dict[str, Any] = {"uri": source, "dest_uri": destination, "dest_password": PASSWORD}
    try:
        carry_out(esx_migrate.CONTRACT, names=[domain], warnings_are_errors=True, said=Said(), **ends)
    except EsxError as error:
        return str(error)
    return None


def uri_in(vcenter: Simulator, host: str, scheme: str) -> str:
    """A URI that libvirt understands, too."""
    if scheme == "esx":
        return vcenter.uri("esx", user=USER, host=host, vcenter="*", no_verify=1)
    return vcenter.uri("vpx", user=USER, path=PATHS.get(host, f"DC1/{host}"), no_verify=1)


def migrated(virsh: Virsh, case: tuple[Any, ...]) -> tuple[list[str | None], list[dict[str, tuple[Any, ...]]]]:
    """The errors and the states after a migration by libvirt and by the module."""
    _title, flags, prepare, domain, source, destination, scheme = case
    errors: list[str | None] = []
    states: list[dict[str, tuple[Any, ...]]] = []
    for migrate in (by_virsh, by_module):
        with start_vcenter(*flags) as vcenter, client(vcenter, login=(USER, PASSWORD)) as center:
            prepare(vcenter, center)
            ends = uri_in(vcenter, source, scheme), uri_in(vcenter, destination, scheme)
            errors.append(migrate(virsh, *ends, domain))
            states.append(state_of(center))
    return errors, states


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_both_leave_the_same(virsh: Virsh, case: tuple[Any, ...]) -> None:
    errors, states = migrated(virsh, case)
    assert states[0] == states[1]
    assert (errors[0] is None) == (errors[1] is None), errors


@pytest.mark.parametrize("case", ONLY_BY_MODULE, ids=lambda case: case[0])
def test_the_module_does_more(virsh: Virsh, case: tuple[Any, ...]) -> None:
    errors, _states = migrated(virsh, case)
    assert errors[0] is not None
    assert errors[1] is None
