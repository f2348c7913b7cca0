# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: two who define one name with different descriptions; whoever loses is told."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain import define, definition_plans, disk_users
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import make_new_directory
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import put_file
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    UUID,
    domain_xml,
    ensure,
    ensure_with_warnings,
    files_in,
    open_as_user,
    read_file,
    write_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VMX = "[local-storage] web/web.vmx"
OTHER = UUID.replace("5", "6")

# Two descriptions of one name, and what of the result tells them apart.
PAIRS = [
    (domain_xml(uuid=None), domain_xml(uuid=None).replace("<vcpu>2", "<vcpu>4"), "vcpus"),
    (domain_xml(uuid=UUID), domain_xml(uuid=OTHER), "uuid"),
]


@pytest.mark.parametrize(("first", "second", "part"), PAIRS)
@pytest.mark.parametrize("slow", ["PUT", "RegisterVM_Task"])
def test_whoever_is_told_that_it_is_defined_has_defined_it(
    esx: Simulator, slow: str, first: str, second: str, part: str
) -> None:
    """The first one uploads, then the second one uploads to the same place before the first one has registered it."""

    def result_of(xml: str) -> Any:
        try:
            return ensure(esx, xml=xml)["domain"][part]
        except EsxError as error:
            return error

    esx.inject(method=slow, count=1, delay=700)
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(result_of, first)
        time.sleep(0.4)
        other = threads.submit(result_of, second)
        said = [one.result(), other.result()]
    wanted: list[Any] = [2, 4] if part == "vcpus" else [UUID, OTHER]
    assert [value for value, right in zip(said, wanted) if value != right and not isinstance(value, EsxError)] == []
    assert files_in(esx, "[local-storage] web") == ["web.vmdk", "web.vmx"]


def test_what_another_client_uploaded_in_between_is_not_reported_as_defined(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overwritten(session: Any, file: Any, content: bytes, **_how: Any) -> None:
        put_file(session, file, content.replace(b'numvcpus = "2"', b'numvcpus = "8"'))

    monkeypatch.setattr(define, "put_file", overwritten)
    with pytest.raises(EsxError, match="Another client has defined the domain 'web' .* differs in vcpus"):
        ensure(esx, xml=domain_xml())
    assert esx.domains()["web"]


def test_what_another_client_uploaded_in_between_is_not_removed(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host then takes neither of them."""

    def overwritten(session: Any, file: Any, _content: bytes, **_how: Any) -> None:
        put_file(session, file, b"of another client")

    monkeypatch.setattr(define, "put_file", overwritten)
    esx.inject(method="RegisterVM_Task", fault="NoPermission")
    with pytest.raises(EsxError, match="Another client has uploaded .* which was left alone"):
        ensure(esx, xml=domain_xml())
    assert read_file(esx, VMX) == b"of another client"


def test_an_upload_that_did_not_happen_is_not_reported_as_defined(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server says that it has the file, and has not."""
    monkeypatch.setattr(define, "put_file", lambda *_file, **_how: None)
    with pytest.raises(EsxError, match="Nothing was uploaded"):
        ensure(esx, xml=domain_xml())
    monkeypatch.undo()
    assert ensure(esx, xml=domain_xml())["changed"]


def test_the_place_of_a_domain_whose_files_are_gone_is_not_taken(esx: Simulator) -> None:
    where: dict[str, Any] = {"pool": "local-storage", "max_memory": "1 GiB", "directory": "web"}
    ensure(esx, name="web", **where)
    esx.change_from_outside("web", set={"displayName": "other"})
    with open_as_user(esx) as host:
        manager, datacenter = host.session.content.fileManager, host.context.datacenter
        host.wait(manager.DeleteDatastoreFile_Task("[local-storage] web", datacenter), "Deleting web")
    with pytest.raises(Refused, match="is the VMX of the domain 'other'"):
        ensure(esx, name="web", **where)
    assert files_in(esx, "[local-storage] web") == []


def test_a_directory_that_another_client_makes_meanwhile_is_looked_into(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: dict[str, Any] = {"pool": "local-storage", "max_memory": "1 GiB", "directory": "web"}
    make = make_new_directory

    def overtaken(*arguments: Any) -> None:
        monkeypatch.setattr(define, "make_new_directory", make)
        ensure(esx, name="web", **where)
        esx.change_from_outside("web", set={"displayName": "other"})
        make(*arguments)

    monkeypatch.setattr(define, "make_new_directory", overtaken)
    with pytest.raises(Refused, match="is the VMX of the domain 'other'"):
        ensure(esx, name="web", **where)
    assert b'displayName = "other"' in (read_file(esx, VMX) or b"")


@pytest.mark.parametrize("uuid", [None, UUID])
def test_a_domain_that_another_client_defines_meanwhile_is_the_same_domain(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch, uuid: str | None
) -> None:
    """Its disk is then in use, by itself."""
    look = disk_users.check_unused

    def overtaken(*arguments: Any) -> None:
        monkeypatch.setattr(define, "check_unused", look)
        ensure(esx, xml=domain_xml(uuid=uuid))
        look(*arguments)

    monkeypatch.setattr(define, "check_unused", overtaken)
    result = ensure(esx, xml=domain_xml(uuid=uuid))
    assert (result["changed"], result["domain"]["name"]) == (False, "web")


def test_what_another_client_changes_after_a_reload_is_told(esx: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The VMX is what is wanted, but the host has not read it: the task makes it read it, and is overtaken then."""
    ensure(esx, xml=domain_xml())
    content = read_file(esx, VMX)
    assert content
    write_file(esx, VMX, content.replace(b'numvcpus = "2"', b'numvcpus = "4"'))
    look = definition_plans.xml_as_made

    def overtaken(*arguments: Any) -> str:
        monkeypatch.setattr(definition_plans, "xml_as_made", look)
        ensure(esx, name="web", vcpus=8)
        return look(*arguments)

    monkeypatch.setattr(definition_plans, "xml_as_made", overtaken)
    result, warnings = ensure_with_warnings(esx, xml=domain_xml().replace("<vcpu>2", "<vcpu>4"))
    assert result["steps"] == ["reload"]
    assert warnings == ["The host has defined the domain 'web' differently than requested in vcpus."]


def test_a_domain_has_its_ids_from_the_first_minute(esx: Simulator) -> None:
    result = ensure(esx, xml=domain_xml(uuid=None, mac=None))
    uuid = result["domain"]["uuid"]
    tail = uuid[-6:]
    mac = f"00:0c:29:{tail[:2]}:{tail[2:4]}:{tail[4:]}"
    assert f"<uuid>{uuid}</uuid>" in result["domain"]["xml"]
    assert f"<mac address='{mac}'" in result["domain"]["xml"]
    ensure(esx, name="web", state="running")
    after = ensure(esx, name="web", annotation="x")["domain"]
    assert (after["uuid"], f"<mac address='{mac}'" in after["xml"]) == (uuid, True)
    assert not ensure(esx, xml=domain_xml(uuid=None, mac=None))["changed"]
