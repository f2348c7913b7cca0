# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on which a task about one domain could cost more than on a small host, and must not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, ROOT_TO_HOST, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@dataclasses.dataclass(frozen=True)
class Place:
    """A server of a kind.

    :param flags: of the simulator.
    :param scheme: of the URI to reach it by; ``path`` is that of the URI.
    :param calls: those that a task makes there beyond those on a small host.
    :param bytes: the most that it receives there.
    :param prepare: what else is done before.
    """

    name: str
    flags: tuple[str, ...]
    bytes: int
    calls: int = 0
    scheme: str = "esx"
    path: str = ""
    prepare: Callable[[Simulator], None] = lambda _host: None

    def uri(self, host: Simulator) -> str:
        """The URI to reach the domain ``domain-1`` by."""
        return host.uri(self.scheme, user=USER, path=self.path, host="localhost")


def give_autostart(host: Simulator) -> None:
    """Make an entry in the autostart list of a host for each of its domains."""
    kind = vim.host.AutoStartManager
    options = resolve({"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD}, {})
    with open_session(options, warn=lambda _text: None) as session:
        root, path = session.content.rootFolder, "configManager.autoStartManager"
        [(ref, values)] = fetch(session, "HostSystem", [path], objects=[root], traversal=ROOT_TO_HOST)
        domains = fetch(session, "VirtualMachine", ["name"], objects=[ref], traversal=HOST_VMS)
        entries = [
            kind.AutoPowerInfo(
                key=domain,
                startOrder=-1,
                startDelay=-1,
                waitForHeartbeat="systemDefault",
                startAction="powerOn",
                stopDelay=-1,
                stopAction="systemDefault",
            )
            for domain, _values in domains
        ]
        values[path].ReconfigureAutostart(kind.Config(powerInfo=entries))


VCENTER = ("-kind", "vcenter")
PLACES = (
    Place("a host with 1,000 autostart entries", ("-domains", "1000"), 18_000, prepare=give_autostart),
    Place("a host with 100 datastores", ("-datastores", "100"), 10_000),
    Place(
        "a vCenter with 32 hosts and 100 datastores",
        (*VCENTER, "-hosts", "32", "-datastores", "100"),
        16_000,
        calls=2,  # the host by its path, and the objects along the path: a tree read whole is one call of any size
        scheme="vpx",
        path="DC0/DC0_H0",
    ),
    Place(
        "a vCenter with 1,000 domains on each host",
        (*VCENTER, "-domains", "1000"),
        25_000,
        calls=2,
        scheme="vpx",
        path="DC0/DC0_H0",
    ),
)
