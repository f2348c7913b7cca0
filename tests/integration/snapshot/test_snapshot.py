# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of domains on a simulated host."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    Ambiguous,
    EsxError,
    LicenceRestricted,
    NotFound,
    ParseError,
    Refused,
)
from ansible_collections.virt.esx.plugins.modules.esx_snapshot import CONTRACT
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, parameters, start_host
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER, run_playbook
from ansible_collections.virt.esx.tests.integration.snapshot.snapshots import (
    apply,
    names,
    power,
    snapshot,
    state_of,
    take,
)
from ansible_collections.virt.esx.tests.integration.virsh import Virsh
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client


def test_a_tree_grows_and_shrinks(esx: Simulator) -> None:
    first = apply(esx, snapshot="installed", description="Debian 12")
    assert (first["snapshot"]["description"], first["snapshot"]["state"]) == ("Debian 12", "shutoff")
    apply(esx, snapshot="updated")
    assert names(apply(esx, snapshot="a/b", description="with a slash")) == [
        "installed",
        "installed/updated",
        "installed/updated/a%2fb*",
    ]
    assert apply(esx, state="absent", snapshot="updated")["steps"] == ["remove snapshot 'updated'"]
    assert names(snapshot(esx, snapshot="a/b")) == ["installed", "installed/a%2fb*"]
    assert names(apply(esx, state="absent", snapshot="installed", children=True)) == []


def test_a_description_changes_in_place(esx: Simulator) -> None:
    apply(esx, snapshot="one")
    assert apply(esx, snapshot="one", description="new")["steps"] == ["describe snapshot 'one'"]
    assert snapshot(esx, snapshot="one")["snapshot"]["description"] == "new"
    assert apply(esx, snapshot="one", description="")["snapshot"]["description"] == ""


def test_libvirts_xml_describes_a_snapshot(esx: Simulator) -> None:
    xml = "<domainsnapshot><name>one</name><description>x</description><memory snapshot='no'/></domainsnapshot>"
    power(esx, "running")
    result = apply(esx, xml=xml)
    assert (result["snapshot"]["name"], result["snapshot"]["description"]) == ("one", "x")
    assert result["snapshot"]["state"] == "shutoff"
    with pytest.raises(ParseError, match="no such element"):
        snapshot(esx, xml="<domainsnapshot><name>one</name><disks/></domainsnapshot>")
    returned = result["snapshot"]["xml"]
    assert apply(esx, xml=returned)["changed"] is False
    assert apply(esx, xml=returned, state="reverted")["changed"]
    assert names(apply(esx, xml=returned, state="absent")) == []


def test_reverting_restores_the_state_and_reports_the_losses(esx: Simulator) -> None:
    apply(esx, snapshot="off")
    power(esx, "running")
    apply(esx, snapshot="on")
    predicted = snapshot(esx, check=True, state="reverted", snapshot="off")
    assert predicted["lost"][0].startswith(
        "All changes to the disks and settings of domain 'domain-1' since snapshot 'on'"
    )
    assert "not asked to shut down" in predicted["lost"][1]
    assert "+domain" not in predicted["diff"]["before"]
    assert apply(esx, state="reverted", snapshot="off")["domain"]["state"] == "shutoff"
    assert apply(esx, state="reverted", snapshot="on")["domain"]["state"] == "running"
    assert apply(esx, state="reverted", snapshot="on", running=False)["domain"]["state"] == "shutoff"
    result = apply(esx, state="reverted", snapshot="off", running=True)
    assert result["steps"] == ["revert to snapshot 'off'", "power on"]
    assert state_of(esx) == "running"


def test_the_newest_of_a_pattern_are_kept(esx: Simulator) -> None:
    for name in ("nightly-1", "manual", "nightly-2", "nightly-3"):
        snapshot(esx, snapshot=name)
    assert apply(esx, state="absent", snapshot="nightly-*", keep=5)["changed"] is False
    result = apply(esx, state="absent", snapshot="nightly-*", keep=1)
    assert names(result) == ["manual", "manual/nightly-3*"]
    for age in ("1 h", "999999 weeks"):
        assert apply(esx, state="absent", older_than=age)["changed"] is False
    assert names(apply(esx, state="absent", keep=0)) == []


def test_several_domains_in_one_task(esx: Simulator) -> None:
    esx.trace(reset=True)
    result = snapshot(esx, names=["domain-*"], snapshot="nightly")
    assert names(result) == {f"domain-{number}": ["nightly*"] for number in (1, 2, 3)}
    assert result["steps"] == ["create snapshot 'nightly' of domain-1, domain-2, domain-3"]
    assert esx.methods().count("Login") == 1
    assert snapshot(esx, names=["domain-*"], snapshot="nightly")["changed"] is False


def test_an_error_of_one_domain_does_not_hide_the_others(esx: Simulator) -> None:
    esx.inject(method="CreateSnapshot_Task", name="domain-2", fault="SnapshotFault")
    with pytest.raises(EsxError, match=r"failed for 1 of 3 domains\. Domain 'domain-2': ") as caught:
        snapshot(esx, names=["domain-1", "domain-2", "domain-3"], snapshot="x")
    results = caught.value.details["domains"]
    assert [item.get("failed", False) for item in results] == [False, True, False]
    assert [item["changed"] for item in results] == [True, False, True]
    esx.clear_faults()
    again = snapshot(esx, names=["domain-1", "domain-2", "domain-3"], snapshot="x")
    assert [item["changed"] for item in again["domains"]] == [False, True, False]


def test_a_list_of_one_domain_has_its_result_too(esx: Simulator) -> None:
    esx.inject(method="CreateSnapshot_Task", fault="SnapshotFault")
    with pytest.raises(EsxError, match="The task failed for 1 of 1 domains. Domain 'domain-1': ") as caught:
        snapshot(esx, names=["domain-1"], snapshot="x")
    assert [item["failed"] for item in caught.value.details["domains"]] == [True]
    assert caught.value.details["changed"] is False


def test_a_domain_that_its_host_does_not_know_is_left_alone(esx: Simulator) -> None:
    snapshot(esx, name="domain-2", snapshot="x")
    esx.change_from_outside("domain-1", set={"numvcpus": "9999"})
    for check in (True, False):
        with pytest.raises(
            Refused, match="Domain 'domain-1': its snapshots cannot be changed. The domain's VMX is not valid"
        ):
            snapshot(esx, check=check, snapshot="x")
        with pytest.raises(
            EsxError, match="The task failed for 1 of 3 domains. Domain 'domain-1': its snapshots cannot"
        ):
            snapshot(esx, check=check, names=["*"], snapshot="x")


def test_a_domain_that_a_question_blocks_does_not_hold_up_the_others(esx: Simulator) -> None:
    power(esx, "running", "domain-2")
    esx.change_from_outside("domain-2", question="moved")
    for check in (True, False):
        with pytest.raises(
            EsxError, match=r"failed for 1 of 3 domains. Domain 'domain-2': .*blocked by a question"
        ) as info:
            snapshot(esx, names=["*"], snapshot="x", check=check)
        assert names(dict(info.value.details)) == {"domain-1": ["x*"], "domain-2": [], "domain-3": ["x*"]}
    with pytest.raises(EsxError, match=r"^The task is blocked by a question"):
        snapshot(esx, name="domain-2", snapshot="x")


def test_a_domain_that_cannot_have_the_snapshot_does_not_keep_the_others_from_it(esx: Simulator) -> None:
    for name, state in (("domain-1", "running"), ("domain-2", "paused")):
        power(esx, "running", name)
        power(esx, state, name)
    for check in (True, False):
        with pytest.raises(EsxError, match=r"failed for 1 of 3 domains\. Domain 'domain-2' is paused") as caught:
            snapshot(esx, names=["*"], snapshot="x", memory=False, check=check)
        details = caught.value.details
        assert names(dict(details)) == {"domain-1": ["x*"], "domain-2": [], "domain-3": ["x*"]}
        assert (details["changed"], details["steps"]) == (True, ["create snapshot 'x' of domain-1, domain-3"])
    with pytest.raises(EsxError, match=r"failed for 1 of 3 domains\. Domain 'domain-2' has no snapshot 'x'") as caught:
        snapshot(esx, names=["*"], snapshot="x", state="reverted")
    assert [item["changed"] for item in caught.value.details["domains"]] == [True, False, True]
    with pytest.raises(EsxError, match=r"failed for 3 of 3 domains") as caught:
        snapshot(esx, names=["*"], snapshot="y", state="reverted")
    assert caught.value.details["changed"] is False


def test_a_path_that_the_next_snapshot_would_take_is_refused(esx: Simulator) -> None:
    snapshot(esx, snapshot="base")
    for _more in range(2):
        take(esx, "domain-1", name="night")
    for check in (True, False):
        with pytest.raises(Ambiguous, match="Below the snapshot 'base/night' of domain 'domain-1' is one of the same"):
            snapshot(esx, check=check, state="absent", snapshot="base/night")
    first, second = (item["moid"] for item in snapshot(esx, snapshot="base")["snapshots"][1:])
    assert names(apply(esx, state="absent", snapshot=first)) == ["base", "base/night*"]
    assert snapshot(esx, snapshot="base")["snapshots"][1]["moid"] == second
    take(esx, "domain-1", name="night")
    assert names(apply(esx, state="absent", snapshot="base/night", children=True)) == ["base*"]


@pytest.mark.parametrize("name", ["a*", "a?", "[ab]c", "a[*]"])
def test_a_name_that_is_a_pattern_is_not_taken_for_one(esx: Simulator, name: str) -> None:
    """Once the snapshot is gone, a second run with the same text would remove all others that match."""
    for each in (name, "abc", "ac", "bc"):
        snapshot(esx, snapshot=each)
    for check in (True, False):
        with pytest.raises(Ambiguous, match="is a snapshot of domain 'domain-1', and a pattern") as caught:
            snapshot(esx, check=check, state="absent", snapshot=name)
    alone = str(caught.value.hint).split("'")[1]
    assert names(apply(esx, state="absent", snapshot=alone)) == ["abc", "abc/ac", "abc/ac/bc*"]


def test_a_pattern_that_is_also_a_name_can_mean_all_that_match(esx: Simulator) -> None:
    for each in ("a*", "abc", "bc"):
        snapshot(esx, snapshot=each)
    ref = snapshot(esx, snapshot="a*")["snapshot"]["moid"]
    with pytest.raises(Ambiguous) as caught:
        snapshot(esx, state="absent", snapshot="a*")
    assert f"id {ref}; for all that match, give keep" in str(caught.value.hint)
    assert names(apply(esx, state="absent", snapshot="a*", keep=0)) == ["bc*"]


def test_a_pattern_removes_what_is_below_each_that_matches(esx: Simulator) -> None:
    for each in ("base", "night-1", "manual", "night-2", "last"):
        snapshot(esx, snapshot=each)
    result = apply(esx, state="absent", snapshot="night-*", children=True)
    assert (names(result), result["steps"]) == (["base*"], ["remove snapshot 'night-1'"])


def test_names_that_repeat_need_a_path(esx: Simulator) -> None:
    apply(esx, snapshot="base")
    ref = snapshot(esx, snapshot="base")["snapshot"]["moid"]
    with client(esx, login=(USER, PASSWORD)) as other:
        other.wait(other.domain("domain-1").CreateSnapshot_Task("base", "", False, False))
    with pytest.raises(Ambiguous, match="2 snapshots with the name 'base'"):
        snapshot(esx, state="absent", snapshot="base")
    assert names(apply(esx, state="absent", snapshot="base/base")) == ["base*"]
    assert names(apply(esx, state="absent", snapshot=ref)) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "snapshot: it is missing"),
        ({"state": "absent"}, "snapshot: it is missing"),
        ({"snapshot": "x", "keep": 1}, "keep: it has no effect with state 'present'"),
        ({"snapshot": "x", "state": "absent", "quiesce": True}, "quiesce: it has no effect with state 'absent'"),
        ({"snapshot": "x", "state": "reverted", "memory": False}, "memory: it has no effect with state 'reverted'"),
        ({"snapshot": "x", "running": False}, "running: it has no effect with state 'present'"),
        ({"snapshot": "x", "quiesce": True, "memory": True}, "either the memory of the guest or"),
        ({"snapshot": "x", "state": "absent", "older_than": "yesterday"}, "is not an age"),
        ({"snapshot": "x", "state": "absent", "keep": 1, "children": True}, "could be removed"),
    ],
)
def test_options_that_make_no_sense_are_refused(esx: Simulator, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ParseError, match=message):
        snapshot(esx, **arguments)


def test_no_names_at_all_mean_no_domain(esx: Simulator) -> None:
    with pytest.raises(ParseError, match="names: it is empty, so no domain is meant"):
        carry_out(CONTRACT, esx, names=[], snapshot="x")


def test_snapshots_that_the_host_would_refuse_are_refused_before_a_call(esx: Simulator) -> None:
    power(esx, "running")
    with pytest.raises(Refused, match="VMware Tools are not running"):
        snapshot(esx, snapshot="x", quiesce=True)
    power(esx, "paused")
    with pytest.raises(Refused, match="always keeps the memory of a paused domain"):
        snapshot(esx, snapshot="x", memory=False)
    with pytest.raises(NotFound, match="has no snapshot 'x'; it has none"):
        snapshot(esx, snapshot="x", state="reverted")
    with pytest.raises(NotFound, match="There is no domain 'nothing' on the host"):
        snapshot(esx, names=["nothing", "no-*"], snapshot="x")
    assert names(snapshot(esx, names=["no-*"], snapshot="x")) == {}
    assert "CreateSnapshot_Task" not in esx.methods()


def test_a_snapshot_of_a_domain_that_is_off_has_no_memory(esx: Simulator) -> None:
    warnings: list[str] = []
    given = {"uri": esx.uri(user=USER, no_verify=1), "password": PASSWORD, "name": "domain-1", "snapshot": "x"}
    for check in (True, False):
        CONTRACT.run(Invocation(parameters(CONTRACT, **given, memory=True), check, False, warnings.append))
    assert warnings == ["Domain 'domain-1' is shut off: the snapshot 'x' has no memory."] * 2
    assert snapshot(esx, snapshot="y")["snapshot"]["state"] == "shutoff"


def test_a_removal_may_take_as_long_as_it_makes_progress() -> None:
    with start_host("-domains", "1", "-copy-delay", "4000") as host:
        snapshot(host, snapshot="x")
        assert names(snapshot(host, state="absent", snapshot="x", timeout=2)) == []


def test_a_name_and_a_uuid_of_two_domains(esx: Simulator) -> None:
    snapshot(esx, snapshot="x")
    other = esx.domains()["domain-2"]["uuid"]
    for state in ("present", "reverted", "absent"):
        with pytest.raises(Refused, match="has the name 'domain-2', not 'domain-1'"):
            snapshot(esx, uuid=other, snapshot="x", state=state)


def test_a_licence_that_only_reads_says_so() -> None:
    with start_host("-domains", "1", "-licence", "free") as host:
        for check in (True, False):
            with pytest.raises(LicenceRestricted):
                snapshot(host, check=check, snapshot="x")
        assert names(snapshot(host, state="absent", snapshot="x")) == []


@pytest.mark.parametrize("version", ["2.5", "4.0", "6.5"])
def test_old_hosts_have_snapshots_too(version: str) -> None:
    with start_host("-domains", "1", "-version", version) as host:
        assert names(apply(host, snapshot="x")) == ["x*"]


@pytest.mark.skipif(shutil.which("virsh") is None, reason="Debian's libvirt-clients is not installed")
def test_virsh_sees_the_same_tree(esx: Simulator, virsh: Virsh) -> None:
    uri = esx.uri(user=USER, no_verify=1)
    apply(esx, snapshot="ours", description="one & two")
    virsh(uri, "snapshot-create-as", "domain-1", "theirs")
    result = snapshot(esx, snapshot="ours")
    assert names(result) == ["ours", "ours/theirs*"]
    for item in result["snapshots"]:
        assert virsh(uri, "snapshot-dumpxml", "domain-1", item["name"]).strip() == item["xml"].strip()
    assert virsh(uri, "snapshot-current", "domain-1", "--name").strip() == "theirs"
    virsh(uri, "snapshot-revert", "domain-1", "ours")
    assert names(snapshot(esx, snapshot="ours")) == ["ours*", "ours/theirs"]
    apply(esx, state="absent", snapshot="ours", children=True)
    assert virsh(uri, "snapshot-list", "domain-1", "--name").split() == []


def test_the_playbook(esx: Simulator, way: str) -> None:
    variables = {"esx_uri": esx.uri(user=USER, no_verify=1), "esx_password": PASSWORD}
    predicted = run_playbook("esx_snapshot.yml", extra_vars=variables, way=way, check=True, diff=True)
    assert predicted.task("Before the upgrade").changed
    assert "+* before-upgrade" in predicted.output
    assert run_playbook("esx_snapshot.yml", extra_vars=variables, way=way).changed == 2
    assert run_playbook("esx_snapshot.yml", extra_vars=variables, way=way).changed == 0
