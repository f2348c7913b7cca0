# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States of other collections are translated in the message that refuses them."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._peers import translated

OF_DOMAINS = "value of state must be one of: defined, running, undefined, got: "


@pytest.mark.parametrize(
    ("state", "ours"),
    [
        ("present", "'defined'"),
        ("absent", "'undefined' (with remove_storage: true its disks are deleted as well)"),
        ("powered-on", "'running'"),
        ("poweredOff", "'destroyed'"),
        ("shutdownguest", "'shutdown'"),
    ],
)
def test_a_state_of_another_collection_is_translated(state: str, ours: str) -> None:
    assert translated(OF_DOMAINS + state) == f"{OF_DOMAINS}{state}. '{state}' is {ours} in this collection."


@pytest.mark.parametrize(
    "message", [f"{OF_DOMAINS}runing", "value of state must be one of: present, absent, got: absent", "No such domain."]
)
def test_other_messages_stay(message: str) -> None:
    assert translated(message) == message
