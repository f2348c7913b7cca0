# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In a cached session, a domain is found once by its name; what has become of it since is noticed all the same."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous
from ansible_collections.virt.esx.plugins.module_utils._vi.session_cache import cache_directory
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info, esx_migrate
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host
from ansible_collections.virt.esx.tests.integration.running import USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture(name="host")
def _host() -> Iterator[Simulator]:
    """A host on whose domain ``domain-1`` a task has looked."""
    with start_host("-domains", "3") as simulator:
        look(simulator, "domain-1")
        yield simulator


def look(host: Simulator, name: str, **more: Any) -> str | None:
    """The moid of the domain that a task finds by a name, None if it finds none; it changes nothing."""
    found = carry_out(esx_domain_info.CONTRACT, host, name=name, session_cache=True, **more)["domains"]
    assert len(found) < 2
    return str(found[0]["moid"]) if found else None


def moid_of(host: Simulator, name: str) -> str:
    return str(host.domains()[name]["moid"])


def test_the_next_task_makes_one_call(host: Simulator) -> None:
    host.trace(reset=True)
    assert (
        carry_out(esx_domain.CONTRACT, host, name="domain-1", state="running", session_cache=True)["changed"] is False
    )
    assert host.methods() == ["RetrievePropertiesEx"]


def test_a_domain_that_was_renamed_is_not_it(host: Simulator) -> None:
    before = moid_of(host, "domain-1")
    host.change_from_outside("domain-1", set={"displayName": "other"})
    assert look(host, "domain-1") is None
    assert look(host, "other") == before
    host.change_from_outside("domain-2", set={"displayName": "domain-1"})
    assert look(host, "domain-1") == moid_of(host, "domain-1") != before
    host.trace(reset=True)
    look(host, "domain-1")
    assert host.methods() == ["RetrievePropertiesEx"]


def test_a_domain_that_is_gone_is_not_found(host: Simulator) -> None:
    options: dict[str, Any] = {"name": "domain-1", "session_cache": True}
    place = host.domains()["domain-1"]["vmx"]
    carry_out(esx_domain.CONTRACT, host, **options, state="destroyed")
    carry_out(esx_domain.CONTRACT, host, **options, state="undefined")
    assert look(host, "domain-1") is None
    carry_out(esx_domain.CONTRACT, host, vmx_path=place, session_cache=True)
    assert look(host, "domain-1") == moid_of(host, "domain-1")


def test_a_second_domain_of_the_name_is_noticed(host: Simulator) -> None:
    host.change_from_outside("domain-2", set={"displayName": "domain-1"})
    with pytest.raises(Ambiguous):
        carry_out(esx_domain.CONTRACT, host, name="domain-1", state="destroyed", session_cache=True)


@pytest.mark.parametrize("content", ["", "[1]", '{"domain  domain-1": 7}', '{"domain  domain-1": "vm-of-nobody"}'])
def test_damaged_notes_do_no_harm(host: Simulator, content: str) -> None:
    (notes,) = cache_directory(os.environ).glob("*.notes")
    assert notes.stat().st_mode & 0o777 == 0o600
    notes.write_text(content, encoding="utf-8")
    assert look(host, "domain-1") == moid_of(host, "domain-1")


def test_a_note_of_another_domain_does_no_harm(host: Simulator) -> None:
    (notes,) = cache_directory(os.environ).glob("*.notes")
    text = notes.read_text(encoding="utf-8")
    notes.write_text(text.replace(moid_of(host, "domain-1"), moid_of(host, "domain-2")), encoding="utf-8")
    assert look(host, "domain-1") == moid_of(host, "domain-1")


def test_a_domain_that_was_moved_is_looked_for_where_it_should_be() -> None:
    with start_host("-kind", "vcenter") as vcenter:
        here, there = (vcenter.uri("vpx", user=USER, path=f"DC0/DC0_H{number}", no_verify=1) for number in (0, 1))
        assert look(vcenter, "domain-1", uri=here) == moid_of(vcenter, "domain-1")
        moved = carry_out(
            esx_migrate.CONTRACT, vcenter, name="domain-1", uri=here, dest_host="DC0_H1", session_cache=True
        )
        assert moved["changed"]
        assert look(vcenter, "domain-1", uri=here) is None
        assert look(vcenter, "domain-1", uri=there) == moid_of(vcenter, "domain-1")
