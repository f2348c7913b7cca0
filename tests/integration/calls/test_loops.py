# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each item of a loop costs, whose session stays open: nothing is asked twice that an earlier item was told."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, NotFound
from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session
from ansible_collections.virt.esx.plugins.modules import esx_domain
from ansible_collections.virt.esx.tests.integration.contracts import parameters, start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator


class Loop:
    """The items of a loop, all in one session."""

    def __init__(self, host: Simulator, session: Any) -> None:
        self.host = host
        self.session = session

    def item(self, **arguments: Any) -> dict[str, Any]:
        """The result of one item; it must not warn."""
        given = {"uri": self.host.uri(user=USER, no_verify=1), "password": PASSWORD, **arguments}
        warnings: list[str] = []
        params = parameters(esx_domain.CONTRACT, **given)
        invocation = Invocation(params, False, False, warnings.append, connect=self._connect)
        result = esx_domain.CONTRACT.run(invocation)
        assert warnings == []
        return result

    def methods(self, **arguments: Any) -> list[str]:
        """The calls of one item; a wait counts once, as a busy host lets it ask more often."""
        self.host.trace(reset=True)
        self.item(**arguments)
        methods = self.host.methods()
        return [name for name, before in zip(methods, ["", *methods]) if not name == before == "WaitForUpdatesEx"]

    def _connect(self, options: Any, *, warn: Any) -> contextlib.AbstractContextManager[Any]:  # noqa: ARG002
        return contextlib.nullcontext(self.session)


@pytest.fixture(name="loop")
def _loop() -> Iterator[Loop]:
    """A loop over the domains of a host, whose first item is done."""
    with start_host("-domains", "5", "-datastore-name", DATASTORE) as host:
        options = resolve({"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD}, os.environ)
        with open_session(options) as session:
            loop = Loop(host, session)
            loop.item(name="domain-1", state="running")
            yield loop


def test_an_item_without_changes_makes_one_call(loop: Loop) -> None:
    for name in ("domain-2", "domain-3", "domain-2"):
        assert loop.methods(name=name, state="running") == ["RetrievePropertiesEx"]


def test_a_domain_that_was_renamed_meanwhile_is_not_it(loop: Loop) -> None:
    loop.host.change_from_outside("domain-2", set={"displayName": "other"})
    with pytest.raises(NotFound):
        loop.item(name="domain-2", state="running")
    assert loop.item(name="other", state="running")["domain"]["name"] == "other"


def test_a_second_domain_of_the_name_is_noticed(loop: Loop) -> None:
    loop.host.change_from_outside("domain-2", set={"displayName": "domain-3"})
    with pytest.raises(Ambiguous):
        loop.item(name="domain-3", state="destroyed")


def test_a_domain_that_is_gone_is_not_found(loop: Loop) -> None:
    loop.item(name="domain-2", state="destroyed")
    loop.item(name="domain-2", state="undefined")
    with pytest.raises(NotFound):
        loop.item(name="domain-2", state="running")
    assert loop.item(name="domain-2", state="undefined")["changed"] is False
