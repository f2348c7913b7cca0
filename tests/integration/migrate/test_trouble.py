# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults during a migration: a question, a timeout, a failing vCenter."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.tests.integration.migrate.relay import relay_to
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import (
    H0,
    H1,
    Said,
    host_of,
    migrate,
    only,
    result_of,
    start_vcenter,
    uri_of,
    wait_until,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

ASKS = "simulator.question.RelocateVM_Task"


@pytest.mark.parametrize("delay", ["", ":delay=200"])
def test_a_question_in_the_middle_is_answered(vcenter: Simulator, delay: str) -> None:
    vcenter.change_from_outside("domain-1", set={ASKS: f"moved{delay}"})
    answers = {"msg.uuid.altered": "button.uuid.movedTheVM"}
    result = migrate(vcenter, H0, H1, names=["domain-1", "domain-2"], answers=answers)
    first, second = result["domains"]
    assert [question["answer"] for question in first["questions"]] == ["button.uuid.movedTheVM"]
    assert second["questions"] == []
    assert (host_of(vcenter, "domain-1"), host_of(vcenter, "domain-2")) == (H1, H1)


def test_a_question_takes_its_default_answer(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-1", set={ASKS: "append"})
    result = migrate(vcenter, H0, H1, uri=uri_of(vcenter, H0, auto_answer=1), names=["domain-1"])
    assert [question["answer"] for question in only(result)["questions"]] == ["Append"]


def test_a_question_that_stays_open_cancels_the_migration(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-1", set={ASKS: "append:cancelable"})
    with pytest.raises(EsxError, match=r"The task is blocked by a question: question is 'msg\.serial") as caught:
        migrate(vcenter, H0, H1, names=["domain-1"])
    assert str(caught.value).endswith("The task was cancelled. It is on DC0_H0, running.")
    assert caught.value.details["question"]["choices"] == ["Append", "Replace", "Cancel"]
    assert only(result_of(caught.value))["host"] == H0


def test_a_question_of_one_does_not_keep_the_others(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-1", set={ASKS: "append:cancelable:delay=50"})
    with pytest.raises(EsxError, match="1 of 2 domains were not migrated") as caught:
        migrate(vcenter, H0, H1, names=["domain-1", "domain-2"])
    assert [domain["host"] for domain in result_of(caught.value)["domains"]] == [H0, H1]


def test_a_migration_without_progress_is_cancelled() -> None:
    with start_vcenter("-migration-delay", "60000") as vcenter:
        with pytest.raises(EsxError, match="made no progress for 1 seconds") as caught:
            migrate(vcenter, H0, H1, names=["domain-1"], migration_timeout=1)
        assert str(caught.value).endswith("The task was cancelled. It is on DC0_H0, running.")
        assert vcenter.sessions() == []


@pytest.mark.parametrize("delay", ["0", "1500"])
def test_a_lost_answer_is_followed_by_a_look(delay: str) -> None:
    """The migration is under way, or has ended already."""
    with start_vcenter("-clusters", "0", "-migration-delay", delay) as vcenter:
        vcenter.inject(method="RelocateVM_Task", count=1, drop="after")
        assert migrate(vcenter, H0, H1, "vpx", names=["domain-1"])["changed"]
        assert host_of(vcenter, "domain-1") == H1
        assert vcenter.methods().count("RelocateVM_Task") == 1


@pytest.mark.parametrize("times", [1, 3])
def test_a_task_of_another_client_is_waited_for(vcenter: Simulator, times: int) -> None:
    """It began after the domain was looked at for the last time."""
    task = {"task": {"type": "Task", "value": "task-1"}}
    vcenter.inject(method="RelocateVM_Task", fault="TaskInProgress", properties=task, count=times)
    result = migrate(vcenter, H0, H1, names=["domain-1", "domain-2"])
    assert [(domain["changed"], domain["host"]) for domain in result["domains"]] == [(True, H1), (True, H1)]


def test_a_call_that_never_arrived_says_where_the_domain_is(vcenter: Simulator) -> None:
    vcenter.inject(method="RelocateVM_Task", count=1, drop="before")
    with pytest.raises(EsxError, match="Whether it was carried out is not known.* It is on DC0_H0, running."):
        migrate(vcenter, H0, H1, "vpx", names=["domain-1"])


def test_the_vcenter_fails_while_the_domain_moves() -> None:
    """The hosts themselves are asked for the domain, which is still on the source at first."""
    with start_vcenter("-migration-delay", "5000") as vcenter, relay_to(vcenter.port) as relay:
        said = Said()
        with pytest.raises(EsxError) as caught:
            migrate(
                *(vcenter, H0, H1),
                uri=uri_of(vcenter, H0, vcenter=f"127.0.0.1:{relay.port}"),
                dest_uri=vcenter.uri("esx", user="root", host=H1, no_verify=1),
                names=["domain-1", "domain-2", "domain-3"],
                parallel=1,
                progress=lambda _line: relay.cut(),
                said=said,
            )
        first, second, third = result_of(caught.value)["domains"]
        assert (first["host"], first["state"], first["changed"]) == (H0, "running", False)
        assert first["msg"].endswith("It is on DC0_H0, running. (The host itself says so.)")
        assert (second["host"], second["state"], second["changed"]) == (H0, "shutoff", False)
        assert "Migrating domain 'domain-2' from DC0_H0 to DC0_H1 was not begun" in second["msg"]
        assert (third["host"], third["changed"], third["failed"]) == (H1, False, False)


def test_the_vcenter_fails_and_the_domain_arrives() -> None:
    with start_vcenter("-migration-delay", "500") as vcenter, relay_to(vcenter.port) as relay:

        def cut(_line: str) -> None:
            relay.cut()
            wait_until(lambda: host_of(vcenter, "domain-1") == H1)

        with pytest.raises(EsxError, match=r"It is on DC0_H1, running. \(The host itself says so.\)") as caught:
            migrate(
                *(vcenter, H0, H1),
                uri=uri_of(vcenter, H0, vcenter=f"127.0.0.1:{relay.port}"),
                dest_uri=vcenter.uri("esx", user="root", host=H1, no_verify=1),
                names=["domain-1"],
                progress=cut,
                said=Said(),
            )
        result = result_of(caught.value)
        assert (result["changed"], only(result)["host"], only(result)["changed"]) == (True, H1, True)


def test_the_vcenter_fails_and_no_host_can_be_reached() -> None:
    with start_vcenter("-migration-delay", "500") as vcenter, relay_to(vcenter.port) as relay:
        through = [uri_of(vcenter, host, "vpx").replace(f":{vcenter.port}/", f":{relay.port}/") for host in (H0, H1)]
        with pytest.raises(EsxError, match="Its host is not known, as neither the vCenter nor a host can") as caught:
            migrate(
                *(vcenter, H0, H1),
                uri=through[0],
                dest_uri=through[1],
                names=["domain-1"],
                progress=lambda _line: relay.cut(),
                said=Said(),
            )
        assert "host" not in only(result_of(caught.value))


def test_a_session_that_ends_in_the_middle_is_renewed(vcenter: Simulator) -> None:
    def expire(_line: str) -> None:
        assert vcenter.expire_sessions() == 3

    assert only(migrate(vcenter, H0, H1, names=["domain-1"], progress=expire))["host"] == H1


def test_an_interruption_cancels_running_migrations(vcenter: Simulator) -> None:
    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(vcenter, H0, H1, names=["domain-1", "domain-2"], progress=interrupt)
    assert vcenter.methods().count("CancelTask") == 2
    assert (host_of(vcenter, "domain-1"), host_of(vcenter, "domain-2")) == (H0, H0)


def test_a_cached_session_is_used_again(vcenter: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for way in ((H0, H1), (H1, H0)):
        assert migrate(vcenter, *way, names=["domain-1", "domain-2"], session_cache=True)["changed"]
    assert vcenter.methods().count("Login") == 3
    assert vcenter.expire_sessions() == 3
