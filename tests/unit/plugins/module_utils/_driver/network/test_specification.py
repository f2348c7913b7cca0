# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specification that a host gets for a changed policy."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import Policy
from ansible_collections.virt.esx.plugins.module_utils._driver.network.specification import policy_spec
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim


def test_the_present_teaming_stays_as_it_is_to_be_restored() -> None:
    kind = vim.host.NetworkPolicy
    order = kind.NicOrderPolicy(activeNic=["vmnic0"], standbyNic=[])
    present = kind(nicTeaming=kind.NicTeamingPolicy(nicOrder=order))
    changed = policy_spec(present, Policy(active=("vmnic1",), standby=("vmnic0",)))
    assert (changed.nicTeaming.nicOrder.activeNic, changed.nicTeaming.nicOrder.standbyNic) == (["vmnic1"], ["vmnic0"])
    assert present.nicTeaming.nicOrder.activeNic == ["vmnic0"]
