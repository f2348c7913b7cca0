# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several filter specs in one read: each object has the properties of its own spec, and pages go over all of them."""

from __future__ import annotations

from ansible_collections.virt.esx.tests.simulator_client import start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim, vmodl


def test_each_spec_has_its_own_properties() -> None:
    pc = vmodl.query.PropertyCollector
    with start_simulator("-domains", "5") as simulator, client(simulator) as host:
        domains = host.all(vim.VirtualMachine)

        def spec(names: list[str], path: str) -> object:
            return pc.FilterSpec(
                objectSet=[pc.ObjectSpec(obj=domains[name]) for name in names],
                propSet=[pc.PropertySpec(type=vim.VirtualMachine, pathSet=[path])],
            )

        specs = [spec(["domain-1"], "runtime.powerState"), spec(list(domains), "name")]
        collector = host.content.propertyCollector
        first = collector.RetrievePropertiesEx(specs, pc.RetrieveOptions(maxObjects=4))
        rest = collector.ContinueRetrievePropertiesEx(first.token)
        assert (len(first.objects), len(rest.objects), rest.token) == (4, 2, None)
        paths = [[prop.name for prop in content.propSet] for content in (*first.objects, *rest.objects)]
        assert paths == [["runtime.powerState"], *[["name"]] * 5]
