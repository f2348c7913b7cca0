# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of each item of a loop, whose session stays open: no item asks again for what an earlier one was told."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, NotFound
from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session
from ansible_collections.virt.esx.plugins.modules import esx_domain
from ansible_collections.virt.esx.tests.integration.contracts import calls_of, carry_out, parameters, start_host
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
        """The calls of one item."""
        self.host.trace(reset=True)
        self.item(**arguments)
        return calls_of(self.host)

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


def test_a_change_of_power_makes_four_calls(loop: Loop) -> None:
    """Nobody looks twice: the domain is read, the task is started, and what it has made comes with its end."""
    for call, state in (("PowerOffVM_Task", "destroyed"), ("PowerOnVM_Task", "running")) * 2:
        wanted = ["RetrievePropertiesEx", call, "CreateFilter", "WaitForUpdatesEx"]
        assert loop.methods(name="domain-2", state=state)[-4:] == wanted


NEW = """
<domain type='vmware'>
  <name>{name}</name><memory unit='MiB'>{memory}</memory><vcpu>1</vcpu><os><type arch='x86_64'>hvm</type></os>
  <devices><interface type='bridge'><source bridge='VM Network'/><model type='e1000'/></interface></devices>
</domain>
"""


def test_a_change_of_the_definition_makes_six_calls(loop: Loop) -> None:
    for name in ("new-1", "new-2"):
        loop.item(xml=NEW.format(name=name, memory=512), pool=DATASTORE, directory=name)
    for name in ("domain-1", "new-1"):  # both names are known from now on
        loop.item(name=name)
    for name in ("new-1", "new-2"):
        methods = loop.methods(xml=NEW.format(name=name, memory=1024))
        wanted = ["RetrievePropertiesEx", "GET", "ReconfigVM_Task", "CreateFilter", "WaitForUpdatesEx"]
        assert methods == [*wanted, "GET"]


def test_a_definition_makes_nine_calls(loop: Loop) -> None:
    """Another client may take the name or the place at any time, so that both are looked at before and after."""
    planned = ["RetrievePropertiesEx", "GET"]
    made = ["MakeDirectory", "PUT", "RegisterVM_Task", "CreateFilter", "WaitForUpdatesEx"]
    loop.item(xml=NEW.format(name="new-1", memory=512), pool=DATASTORE, directory="new-1")
    methods = loop.methods(xml=NEW.format(name="new-2", memory=512), pool=DATASTORE, directory="new-2")
    assert methods == [*planned, *made, "GET", "RetrievePropertiesEx"]


def test_a_name_that_another_client_takes_between_two_items_is_noticed(loop: Loop) -> None:
    for item in (1, 2):  # of the second one, the host's names are read with its facts
        loop.item(xml=NEW.format(name=f"new-{item}", memory=512), pool=DATASTORE, directory=f"new-{item}")
    carry_out(esx_domain.CONTRACT, loop.host, xml=NEW.format(name="web", memory=512), pool=DATASTORE, directory="web")
    wanted = {"xml": NEW.format(name="web", memory=1024), "pool": DATASTORE, "directory": "elsewhere"}
    assert loop.item(**wanted)["steps"] == ["change max_memory"]
    assert not loop.item(**wanted)["changed"]


def test_what_the_server_tells_late_is_read_again(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vCenter may be told of the end of a task before it is told what its host has made."""
    told = EsxConnection.wait_and_read

    def late(self: EsxConnection, *arguments: Any, **named: Any) -> dict[str, Any]:
        return {**told(self, *arguments, **named), "runtime.powerState": "poweredOn"}

    monkeypatch.setattr(EsxConnection, "wait_and_read", late)
    result = loop.item(name="domain-2", state="destroyed")
    assert (result["domain"]["state"], loop.host.methods()[-1]) == ("shutoff", "RetrievePropertiesEx")
