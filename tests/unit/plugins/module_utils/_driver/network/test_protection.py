# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that would cut off an interface of the host, where its port group inherits the order of cards."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import Policy, PortGroup, Switch
from ansible_collections.virt.esx.plugins.module_utils._driver.network.protection import check_change_of_switch
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused

GROUP = PortGroup("Management Network", vmkernel=("vmk0",))
CARDS = ("vmnic0", "vmnic1")


@pytest.mark.parametrize("policy", [Policy(active=("vmnic0",), standby=("vmnic1",)), Policy()])
@pytest.mark.parametrize("active", [(), ("vmnic0",), ("vmnic1",)])
def test_an_interface_keeps_a_card_that_its_switch_uses(policy: Policy, active: tuple[str, ...]) -> None:
    before = Switch("vSwitch0", "", CARDS, 1500, policy, (GROUP,))
    own = Policy(active=active, standby=())
    after = replace(before, groups=(replace(GROUP, policy=own),))
    if set(active) & set(policy.active or CARDS):
        check_change_of_switch(before, after)
    else:
        with pytest.raises(Refused, match="The teaming of port group 'Management Network' needs at least one of the"):
            check_change_of_switch(before, after)
