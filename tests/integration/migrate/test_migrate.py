# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_migrate`` against a simulated vCenter and its hosts: which domains move, which do not, and the calls."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    AuthFailed,
    EsxError,
    NotFound,
    ParseError,
    Refused,
)
from ansible_collections.virt.esx.plugins.modules import esx_migrate
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import (
    C0,
    C1,
    H0,
    H1,
    KINDS,
    POWER_STATES,
    Said,
    carry_out,
    change_state,
    host_of,
    migrate,
    only,
    result_of,
    start_vcenter,
    uri_of,
)
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator

# Addresses for the hosts of a second vCenter.
ELSEWHERE = "127.0.0.12,127.0.0.13,127.0.0.14"

WRITES = ("RelocateVM_Task", "MigrateVM_Task", "AnswerVM", "CancelTask")


def writes(vcenter: Simulator) -> list[str]:
    """The calls since the last time that make changes."""
    return [method for method in vcenter.methods(reset=True) if method in WRITES]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("domain", "state"), [("domain-1", "running"), ("domain-2", "shutoff"), ("domain-1", "paused")]
)
def test_there_and_back_again(vcenter: Simulator, kind: str, domain: str, state: str) -> None:
    if state == "paused":
        change_state(vcenter, domain, "SuspendVM_Task", state)
    known = vcenter.domains()[domain]
    expected = {"name": domain, "uuid": known["uuid"], "moid": known["moid"], "state": state, "failed": False}
    result = migrate(vcenter, H0, H1, kind, names=[domain])
    assert (result["changed"], result["source"], result["destination"]) == (True, H0, H1)
    empty: dict[str, Any] = {"warnings": [], "errors": [], "questions": []}
    assert only(result) == {**expected, "source": H0, "host": H1, "changed": True, **empty}
    after = vcenter.domains()[domain]
    assert (after["host"], after["state"], after["uuid"]) == (H1, POWER_STATES[state], known["uuid"])
    writes(vcenter)
    again = migrate(vcenter, H0, H1, kind, names=[domain])
    assert (again["changed"], only(again)["host"], only(again)["changed"]) == (False, H1, False)
    assert writes(vcenter) == []
    back = migrate(vcenter, H1, H0, kind, names=[domain])
    assert (back["changed"], only(back)["host"], host_of(vcenter, domain)) == (True, H0, H0)


@pytest.mark.parametrize("source_kind", KINDS)
def test_both_kinds_of_uri_can_be_mixed(vcenter: Simulator, source_kind: str) -> None:
    other = next(kind for kind in KINDS if kind != source_kind)
    destination = uri_of(vcenter, H1, other)
    assert migrate(vcenter, H0, H1, source_kind, dest_uri=destination, names=["domain-1"])["changed"]
    assert host_of(vcenter, "domain-1") == H1


@pytest.mark.parametrize("kind", KINDS)
def test_a_destination_by_its_name_in_the_vcenter(vcenter: Simulator, kind: str) -> None:
    source = uri_of(vcenter, H0, kind)
    result = carry_out(esx_migrate.CONTRACT, uri=source, dest_host=H1, names=["domain-1"])
    assert (result["changed"], host_of(vcenter, "domain-1")) == (True, H1)


def test_a_destination_needs_no_vcenter_in_its_uri(vcenter: Simulator) -> None:
    destination = vcenter.uri("esx", user=USER, host=H1, no_verify=1)
    assert migrate(vcenter, H0, H1, dest_uri=destination, names=["domain-1"])["changed"]


def test_by_uuid_in_any_spelling_and_named_twice(vcenter: Simulator) -> None:
    uuid = vcenter.domains()["domain-1"]["uuid"].upper().replace("-", "")
    result = migrate(vcenter, H0, H1, names=["domain-1"], uuids=[uuid])
    assert (only(result)["name"], host_of(vcenter, "domain-1")) == ("domain-1", H1)


def test_nothing_to_migrate_is_no_change(vcenter: Simulator) -> None:
    result = migrate(vcenter, H0, H1, names=[], uuids=[])
    assert (result["changed"], result["domains"], writes(vcenter)) == (False, [], [])


@pytest.mark.parametrize("way", [(H0, C0), (C0, C1), (C1, H1)])
def test_into_a_cluster_within_it_and_out_again(vcenter: Simulator, way: tuple[str, str]) -> None:
    """Within a cluster a domain stays in its pool; elsewhere it goes into the destination's."""
    domain = next(name for name, known in vcenter.domains().items() if known["host"] == way[0])
    assert migrate(vcenter, *way, "vpx", names=[domain])["changed"]
    assert host_of(vcenter, domain) == way[1]


@pytest.mark.parametrize(
    ("version", "calls"),
    [
        ("4.0", {"ValidateMigration", "MigrateVM_Task"}),
        ("6.0", {"ValidateMigration", "MigrateVM_Task"}),
        ("6.5", {"CheckRelocate_Task", "RelocateVM_Task"}),
    ],
)
def test_the_calls_that_a_version_has(version: str, calls: set[str]) -> None:
    every = {"ValidateMigration", "CheckMigrate_Task", "CheckRelocate_Task", "MigrateVM_Task", "RelocateVM_Task"}
    with start_vcenter("-version", version) as vcenter:
        vcenter.change_from_outside("domain-2", set={"simulator.migration.warning": "NoGuestHeartbeat"})
        vcenter.change_from_outside("domain-3", set={"simulator.migration.error": "NoCompatibleHost"})
        said = Said()
        result = migrate(vcenter, H0, H1, names=["domain-1", "domain-2"], said=said)
        assert [domain["host"] for domain in result["domains"]] == [H1, H1]
        assert set(vcenter.methods()) & every == calls
        assert [len(domain["warnings"]) for domain in result["domains"]] == [0, 1]
        with pytest.raises(EsxError, match="Domain 'domain-3' cannot be migrated from DC0_H1 to DC0_H0: ") as caught:
            migrate(vcenter, H1, H0, names=["domain-3"])
        assert len(only(result_of(caught.value))["errors"]) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_one_session_a_server(vcenter: Simulator, kind: str) -> None:
    migrate(vcenter, H0, H1, kind, names=["domain-1"])
    assert vcenter.methods().count("Login") == {"esx": 3, "vpx": 1}[kind]


def test_check_mode_says_whether_it_would_work(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-2", set={"simulator.migration.error": "NoCompatibleHost"})
    result = migrate(vcenter, H0, H1, names=["domain-1"], check=True, diff=True)
    assert (result["changed"], only(result)["host"]) == (True, H1)
    assert result["diff"] == {"before": "domain-1: DC0_H0\n", "after": "domain-1: DC0_H1\n"}
    with pytest.raises(EsxError, match="Domain 'domain-2' cannot be migrated") as caught:
        migrate(vcenter, H0, H1, names=["domain-2"], check=True)
    assert result_of(caught.value)["changed"] is False
    assert writes(vcenter) == []
    assert host_of(vcenter, "domain-1") == H0


def test_warnings_of_the_validation_are_warnings(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-1", set={"simulator.migration.warning": "NoGuestHeartbeat"})
    said = Said()
    domain = only(migrate(vcenter, H0, H1, names=["domain-1"], said=said))
    assert (domain["changed"], domain["errors"]) == (True, [])
    (text,) = domain["warnings"]
    assert "NoGuestHeartbeat" in text
    assert said.warnings == [f"Domain 'domain-1', migrating from DC0_H0 to DC0_H1: {text}"]


def test_errors_of_the_validation_refuse(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-1", set={"simulator.migration.error": "NoCompatibleHost"})
    with pytest.raises(EsxError) as caught:
        migrate(vcenter, H0, H1, names=["domain-1"])
    domain = only(result_of(caught.value))
    assert "NoCompatibleHost" in domain["errors"][0]
    assert (domain["host"], domain["changed"], domain["failed"], domain["msg"]) == (H0, False, True, str(caught.value))
    assert writes(vcenter) == []


def test_one_failure_does_not_hide_the_others(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-2", set={"simulator.migration.error": "NoCompatibleHost"})
    with pytest.raises(EsxError) as caught:
        migrate(vcenter, H0, H1, names=["nobody", "domain-2", "domain-3", "domain-1"], diff=True)
    result = result_of(caught.value)
    assert str(caught.value).startswith("2 of 4 domains were not migrated from DC0_H0 to DC0_H1. Domain 'nobody' is ")
    assert "Domain 'domain-2' cannot be migrated" in str(caught.value)
    assert result["changed"] is True
    shown = [(domain["name"], domain.get("host"), domain["changed"], domain["failed"]) for domain in result["domains"]]
    assert shown == [
        ("nobody", None, False, True),
        ("domain-2", H0, False, True),
        ("domain-3", H1, False, False),
        ("domain-1", H1, True, False),
    ]
    assert result["diff"]["before"] == "nobody: unknown\ndomain-2: DC0_H0\ndomain-3: DC0_H1\ndomain-1: DC0_H0\n"
    assert result["diff"]["after"] == "nobody: unknown\ndomain-2: DC0_H0\ndomain-3: DC0_H1\ndomain-1: DC0_H1\n"
    assert host_of(vcenter, "domain-1") == H1


def test_a_task_that_fails_says_where_the_domain_is(vcenter: Simulator) -> None:
    vcenter.inject(method="RelocateVM_Task", name="domain-1", fault="NotEnoughLicenses", **{"in": "task"})
    with pytest.raises(EsxError) as caught:
        migrate(vcenter, H0, H1, names=["domain-1", "domain-2"])
    first, second = result_of(caught.value)["domains"]
    assert (first["host"], first["state"], first["changed"], first["failed"]) == (H0, "running", False, True)
    assert "(NotEnoughLicenses). It is on DC0_H0, running." in first["msg"]
    assert (second["host"], second["changed"]) == (H1, True)


def test_no_more_at_once_than_allowed(vcenter: Simulator) -> None:
    migrate(vcenter, H0, H1, names=["domain-1", "domain-2"], parallel=1)
    methods = [method for method in vcenter.methods() if method in (*WRITES, "WaitForUpdatesEx")]
    first, second = (number for number, method in enumerate(methods) if method == "RelocateVM_Task")
    assert second - first > 1  # the first one was waited for
    with pytest.raises(ParseError, match="parallel: 0 is not a number of at least 1"):
        migrate(vcenter, H0, H1, names=["domain-1"], parallel=0)


def test_progress_is_shown_by_domain(vcenter: Simulator) -> None:
    said = Said()
    migrate(vcenter, H0, H1, names=["domain-1", "domain-2"], said=said)
    for name in ("domain-1", "domain-2"):
        lines = [line for line in said.progress if f"'{name}'" in line]
        assert len(lines) == 1  # the next one would be shown two seconds later
        assert lines[0].startswith(f"Migrating domain '{name}' from DC0_H0 to DC0_H1: ")
        assert lines[0].endswith("%")


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"dest_host": "esx9"}, NotFound, "The vCenter knows no host 'esx9'; it has "),
        ({"names": ["nobody"]}, EsxError, "Domain 'nobody' is neither on DC0_H0 nor on DC0_H1."),
        ({"uuids": ["no-uuid"], "names": None}, EsxError, "uuids: 'no-uuid' is not a UUID, which has 32 hex digits."),
        ({"uuids": ["0" * 32], "names": None}, EsxError, "The domain with the UUID 0+ is neither on DC0_H0 nor on"),
        ({"names": ["domain-5"]}, EsxError, "Domain 'domain-5' is neither on DC0_H0 nor on DC0_H1."),
    ],
)
def test_missing_objects(vcenter: Simulator, change: dict[str, Any], kind: type[EsxError], message: str) -> None:
    arguments = {"uri": uri_of(vcenter, H0), "dest_host": H1, "names": ["domain-1"], **change}
    with pytest.raises(kind, match=message):
        carry_out(esx_migrate.CONTRACT, **arguments)
    assert writes(vcenter) == []


def test_a_path_that_leads_to_no_host(vcenter: Simulator) -> None:
    nowhere = vcenter.uri("vpx", user=USER, path="DC0/esx9", no_verify=1)
    with pytest.raises(NotFound, match="names no folder or host or cluster 'esx9'"):
        migrate(vcenter, H0, H1, "vpx", dest_uri=nowhere, names=["domain-1"])


def test_a_source_without_a_vcenter(vcenter: Simulator) -> None:
    alone = vcenter.uri("esx", user=USER, host=H0, no_verify=1)
    with pytest.raises(Refused, match="needs the vCenter of the host, and the URI names none"):
        migrate(vcenter, H0, H1, uri=alone, names=["domain-1"])


@pytest.mark.parametrize("kind", KINDS)
def test_another_vcenter(vcenter: Simulator, kind: str) -> None:
    with start_vcenter("-clusters", "0", "-hosts", "3", "-host-endpoints", ELSEWHERE) as other:
        with pytest.raises(Refused, match="Source and destination have different vCenters, 127.0.0.1:"):
            migrate(vcenter, H0, H1, kind, dest_uri=uri_of(other, H1, kind), names=["domain-1"])
        assert other.sessions() == []
    assert writes(vcenter) == []


def test_a_host_that_the_vcenter_does_not_know(vcenter: Simulator) -> None:
    with start_vcenter("-clusters", "0", "-hosts", "3", "-host-endpoints", ELSEWHERE) as other:
        stranger = other.uri("esx", user=USER, host="DC0_H2", no_verify=1)
        with pytest.raises(NotFound, match="The vCenter 127.0.0.1 does not know the host 127.0.0.14"):
            migrate(vcenter, H0, H1, dest_uri=stranger, names=["domain-1"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_password_of_the_destination(vcenter: Simulator, kind: str) -> None:
    with pytest.raises(AuthFailed, match="Destination: The server did not accept") as caught:
        migrate(vcenter, H0, H1, kind, dest_password="wrong", names=["domain-1"])
    assert "dest_password" in str(caught.value.hint)


def test_the_sources_password_is_not_the_destinations(vcenter: Simulator) -> None:
    with pytest.raises(AuthFailed, match="Destination: There is no password for user 'root' on 127.0.0"):
        migrate(vcenter, H0, H1, dest_password=None, names=["domain-1"])
    assert migrate(vcenter, H0, H1, "vpx", dest_password=None, names=["domain-1"])["changed"]


def test_parts_of_the_sources_uri_say_nothing_of_the_destination(
    vcenter: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = uri_of(vcenter, H0)
    monkeypatch.setenv("VMWARE_HOST", source.split("@")[1].split(":")[0])
    assert migrate(vcenter, H0, H1, uri=source, validate_certs=False, names=["domain-1"])["changed"]
    assert PASSWORD not in str(migrate(vcenter, H0, H1, names=["domain-1"]))
