# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations: from any host of a vCenter, several hosts in one task, other datastores, pools and datacenters."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.modules import esx_migrate
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import (
    C0,
    H0,
    H1,
    Said,
    carry_out,
    host_of,
    migrate,
    only,
    start_vcenter,
    uri_of,
    wait_until,
)
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim

H2 = "DC0_H2"
OWN_HOSTS = "127.0.0.12,127.0.0.13"
OTHER_HOSTS = "127.0.0.22,127.0.0.23"


@pytest.fixture
def three() -> Iterator[Simulator]:
    """Three standalone hosts with a shared datastore, and their own one each; two domains on each host."""
    flags = ("-hosts", "3", "-clusters", "0", "-domains", "2", "-local-datastores", "1", "-migration-delay", "0")
    with start_vcenter(*flags) as vcenter:
        yield vcenter
        assert vcenter.sessions() == []


def everywhere(vcenter: Simulator, **arguments: Any) -> dict[str, Any]:
    """Migrate from any host of the datacenter."""
    uri = vcenter.uri("vpx", user=USER, path="DC0", no_verify=1)
    return carry_out(esx_migrate.CONTRACT, uri=uri, **arguments)


def relocate_from_outside(vcenter: Simulator, domain: str, host: str) -> None:
    with client(vcenter, login=(USER, PASSWORD)) as center:
        to = center.all(vim.HostSystem)[host]
        pool = center.get(center.get(to, "parent"), "resourcePool")
        center.domain(domain).RelocateVM_Task(vim.vm.RelocateSpec(host=to, pool=pool))


def test_a_domain_is_found_wherever_it_is(three: Simulator) -> None:
    for name in ("domain-1", "domain-4", "domain-6"):
        before = host_of(three, name)
        done = only(everywhere(three, names=[name], dest_host=H2))
        assert (done["source"], done["host"], done["changed"]) == (before, H2, before != H2)
        assert host_of(three, name) == H2
    assert not everywhere(three, names=["domain-1", "domain-6"], dest_host=H2)["changed"]
    assert not migrate(three, H2, H2, names=["domain-1"])["changed"]


@pytest.mark.parametrize("by", ["names", "uuids"])
def test_the_message_says_where_a_missing_domain_is(three: Simulator, by: str) -> None:
    meant: dict[str, Any] = {by: ["domain-5" if by == "names" else three.domains()["domain-5"]["uuid"]]}
    with pytest.raises(EsxError, match="is neither on DC0_H0 nor on DC0_H1. It is on DC0_H2.") as caught:
        migrate(three, H0, H1, **meant)
    assert "ends with the datacenter" in str(caught.value.hint)


def test_a_name_that_two_have_on_the_destination(three: Simulator) -> None:
    """The second run of a task is no error: whichever is meant, it is where it is to be."""
    with client(three, login=(USER, PASSWORD)) as center:
        (datacenter,) = center.all(vim.Datacenter).values()
        folder = center.get(datacenter, "vmFolder").CreateFolder("other")
        center.wait(folder.MoveIntoFolder_Task([center.domain("domain-3")]))
        center.wait(center.domain("domain-3").Rename_Task("domain-1"))
    uri = uri_of(three, H0)
    wanted: dict[str, Any] = {"uri": uri, "names": ["domain-1"], "dest_host": H1}
    assert carry_out(esx_migrate.CONTRACT, **wanted)["changed"] is True
    again = carry_out(esx_migrate.CONTRACT, **wanted)
    assert (again["changed"], [domain["host"] for domain in again["domains"]]) == (False, [H1, H1])
    assert everywhere(three, names=["domain-1"], dest_host=H1)["changed"] is False
    with pytest.raises(EsxError, match="can be 2 domains"):
        carry_out(esx_migrate.CONTRACT, **wanted, dest_datastore="datastore1 (1)")
    with pytest.raises(EsxError, match="can be 2 domains"):
        everywhere(three, names=["domain-1"], dest_host=H2)


def test_a_moid_means_a_domain_on_any_host(three: Simulator) -> None:
    """A plan of moves is carried out even if the vCenter has moved a domain by itself in between."""
    moves = [{"moid": three.domains()["domain-5"]["moid"], "dest_host": H1}]
    done = only(carry_out(esx_migrate.CONTRACT, uri=uri_of(three, H0), domains=moves))
    assert (done["source"], done["host"], done["changed"]) == (H2, H1, True)
    moves = [{"moid": "vm-9999", "dest_host": H1}]
    with pytest.raises(EsxError, match="The vCenter knows no domain with the moid vm-9999."):
        carry_out(esx_migrate.CONTRACT, uri=uri_of(three, H0), domains=moves)


def test_a_domain_that_has_left_its_source_is_not_changed(three: Simulator) -> None:
    """As by the role ``evacuate``, while DRS empties the host by itself."""
    moves = [{"name": "domain-1", "source_host": "dc0_h0", "dest_host": H1}]
    with client(three, login=(USER, PASSWORD)) as center:
        to = center.all(vim.HostSystem)[H2]
        pool = center.get(center.get(to, "parent"), "resourcePool")
        center.wait(center.domain("domain-1").RelocateVM_Task(vim.vm.RelocateSpec(host=to, pool=pool)))
    done = only(everywhere(three, domains=moves))
    assert (done["host"], done["changed"], host_of(three, "domain-1")) == (H2, False, H2)
    with pytest.raises(EsxError, match="The vCenter knows no host 'DC0_H9'"):
        everywhere(three, domains=[{**moves[0], "source_host": "DC0_H9"}])


def test_a_domain_that_leaves_its_source_meanwhile_is_not_moved_on() -> None:
    with start_vcenter("-hosts", "3", "-clusters", "0", "-domains", "2", "-migration-delay", "1500") as vcenter:
        uri, moves = uri_of(vcenter, H0), [{"name": "domain-1", "source_host": H0, "dest_host": H1}]
        relocate_from_outside(vcenter, "domain-1", H2)
        vcenter.trace(reset=True)
        done = only(carry_out(esx_migrate.CONTRACT, uri=uri, domains=moves))
        assert (done["host"], done["changed"], host_of(vcenter, "domain-1")) == (H2, False, H2)
        assert "RelocateVM_Task" not in vcenter.methods()


def test_a_domain_with_a_name_and_a_uuid_has_both(three: Simulator) -> None:
    uuids = {name: known["uuid"] for name, known in three.domains().items()}
    move = {"name": "domain-1", "uuid": uuids["domain-1"].upper(), "dest_host": H1}
    assert everywhere(three, domains=[move])["changed"]
    with pytest.raises(EsxError, match=f"Domain 'domain-1' with the UUID {uuids['domain-2']} is neither on"):
        everywhere(three, domains=[{**move, "uuid": uuids["domain-2"]}])


def test_a_domain_has_one_destination(three: Simulator) -> None:
    moves = [{"name": "domain-1", "dest_host": H1}, {"name": "domain-?", "dest_host": H2}]
    with pytest.raises(EsxError, match="Domain 'domain-1' is named twice, with different destinations.") as caught:
        everywhere(three, domains=moves)
    assert [each["failed"] for each in caught.value.details["domains"]].count(True) == 1
    assert (host_of(three, "domain-1"), host_of(three, "domain-2")) == (H0, H2)


@pytest.mark.parametrize("wanted", [{"names": [""]}, {"uuids": [""]}, {"domains": [{"moid": "", "name": "domain-1"}]}])
def test_an_empty_name_is_refused(three: Simulator, wanted: dict[str, Any]) -> None:
    with pytest.raises(EsxError, match="names: an empty text is not the name, UUID or moid of a domain"):
        everywhere(three, **wanted, dest_host=H1)


def test_a_folder_is_chosen_on_the_same_host(three: Simulator) -> None:
    with client(three, login=(USER, PASSWORD)) as center:
        folder = center.get(center.datacenter(), "vmFolder").CreateFolder("web/prod")
        wanted: dict[str, Any] = {"names": ["domain-1"], "dest_folder": "web%2fprod"}
        predicted = everywhere(three, **wanted, check=True, diff=True)["diff"]
        assert predicted == {"before": "domain-1: DC0_H0\n", "after": "domain-1: DC0_H0, folder web%2fprod\n"}
        assert everywhere(three, **wanted)["changed"]
        assert not everywhere(three, **wanted)["changed"]
        assert center.get(center.domain("domain-1"), "parent") == folder
        assert host_of(three, "domain-1") == H0
        assert not everywhere(three, names=["domain-1"], dest_host=H0, dest_folder="", dest_pool="")["changed"]
        assert everywhere(three, names=["domain-1"], dest_folder="/")["changed"]


def test_a_domain_is_no_folder(three: Simulator) -> None:
    for check in (True, False):
        with pytest.raises(EsxError, match="The datacenter 'DC0' has no folder 'domain-2' of domains"):
            everywhere(three, names=["domain-1"], dest_folder="domain-2", check=check)


@pytest.mark.parametrize("option", ["dest_disks", "dest_networks"])
def test_a_disk_or_a_network_without_a_new_one_is_refused(three: Simulator, option: str) -> None:
    with pytest.raises(EsxError, match=f"{option}: 'old' has no value"):
        everywhere(three, domains=[{"name": "domain-1", option: {"old": None}}], dest_host=H1)


def test_networks_that_a_second_run_would_replace_again_are_refused(three: Simulator) -> None:
    wanted: dict[str, Any] = {"names": ["domain-1"], "dest_host": H1}
    with pytest.raises(EsxError, match="dest_networks: 'B' is a new network and one to replace"):
        everywhere(three, **wanted, dest_networks={"A": "B", "B": "A"})


def test_a_message_lists_a_few_errors() -> None:
    with start_vcenter("-hosts", "2", "-clusters", "0", "-domains", "12") as vcenter:
        vcenter.change_host(H1, connection="disconnected")
        with pytest.raises(EsxError, match="12 of 12 domains were not migrated") as caught:
            migrate(vcenter, H0, H1, "vpx", names=["*"])
        assert caught.value.message.endswith("The other 2 are in domains.")
        assert len(caught.value.details["domains"]) == 12


def test_one_task_takes_pairs_of_domain_and_destination(three: Simulator) -> None:
    moves = [{"name": "domain-1", "dest_host": H1}, {"name": "domain-2", "dest_host": H2}]
    three.change_from_outside("domain-2", set={"simulator.migration.error": "NoCompatibleHost"})
    three.trace(reset=True)
    with pytest.raises(EsxError, match="Domain 'domain-2' cannot be migrated from DC0_H0 to DC0_H2") as caught:
        everywhere(three, domains=moves)
    first, second = caught.value.details["domains"]
    assert (first["host"], first["changed"], second["host"], second["changed"]) == (H1, True, H0, False)
    methods = three.methods()
    last_check = max(number for number, method in enumerate(methods) if method == "CheckRelocate_Task")
    assert last_check < methods.index("RelocateVM_Task")


def test_patterns_are_taken(three: Simulator) -> None:
    result = migrate(three, H0, H1, names=["domain-[12]", "none-*"])
    assert [domain["name"] for domain in result["domains"]] == ["domain-1", "domain-2"]
    assert {host_of(three, name) for name in ("domain-1", "domain-2")} == {H1}


@pytest.mark.parametrize("name", ["dc0_h1", "127.0.0.3"])
def test_a_destination_in_any_case_or_by_its_address(three: Simulator, name: str) -> None:
    assert everywhere(three, dest_host=name, names=["domain-1"])["destination"] == H1


def test_the_nearest_name_is_told(three: Simulator) -> None:
    with pytest.raises(EsxError) as caught:
        everywhere(three, names=["domain-1"], dest_host="DC0-H1")
    assert caught.value.hint == "Did you mean 'DC0_H1'?"
    with pytest.raises(EsxError) as caught:
        everywhere(three, names=["domian-1"], dest_host=H1)
    assert caught.value.hint == "Did you mean 'domain-1'?"


@pytest.mark.parametrize("name", ["domain-1", "domain-2"])
def test_storage_moves_with_the_domain_and_alone(three: Simulator, name: str) -> None:
    wanted = {"names": [name], "dest_datastore": "datastore1 (1)"}
    assert everywhere(three, **wanted, dest_host=H1)["changed"]
    assert not everywhere(three, **wanted, dest_host=H1)["changed"]
    assert not everywhere(three, **wanted)["changed"]
    with client(three, login=(USER, PASSWORD)) as center:
        assert center.get(center.domain(name), "config.files.vmPathName") == f"[datastore1 (1)] {name}/{name}.vmx"
    done = everywhere(three, names=[name], dest_datastore="local-storage", check=True, diff=True)
    assert (done["changed"], only(done)["host"]) == (True, H1)
    assert done["diff"] == {
        "before": f"{name}: DC0_H1, files in datastore1 (1)\n",
        "after": f"{name}: DC0_H1, files in local-storage\n",
    }
    assert everywhere(three, names=[name], dest_datastore="local-storage")["changed"]
    with pytest.raises(EsxError, match="The host DC0_H1 has no datastore 'datastore1'; it has") as caught:
        everywhere(three, names=[name], dest_datastore="datastore1")
    assert caught.value.hint == "Did you mean 'datastore1 (1)'?"


@pytest.mark.parametrize("disk", ["Hard disk 1", "sda"])
def test_a_single_disk_moves(three: Simulator, disk: str) -> None:
    moves = [{"name": "domain-1", "dest_disks": {disk: "datastore1"}}]
    assert everywhere(three, domains=moves)["changed"]
    assert not everywhere(three, domains=moves)["changed"]
    with client(three, login=(USER, PASSWORD)) as center:
        assert len(center.get(center.domain("domain-1"), "datastore")) == 2
    moves = [{"name": "domain-1", "dest_disks": {"Hard disk 9": "datastore1"}}]
    with pytest.raises(EsxError, match="The domain has no disk 'Hard disk 9'; it has 'Hard disk 1' or 'sda'."):
        everywhere(three, domains=moves)


@pytest.mark.parametrize(
    ("change", "reason"), [({"free": 0}, "NoDiskSpace"), ({"accessible": False}, "InaccessibleDatastore")]
)
def test_a_datastore_that_cannot_take_it_is_refused_in_check_mode(
    three: Simulator, change: dict[str, Any], reason: str
) -> None:
    three.change_datastore("datastore1", **change)
    move = {"name": "domain-1", "dest_disks": {"sda": "datastore1"}}
    for check in (True, False):
        with pytest.raises(EsxError, match=f"'domain-1' cannot be migrated on DC0_H0: .*{reason}"):
            carry_out(esx_migrate.CONTRACT, uri=uri_of(three, H0), domains=[move], check=check)


def test_space_moves_with_a_disk(three: Simulator) -> None:
    def free() -> list[int]:
        with client(three, login=(USER, PASSWORD)) as center:
            stores = center.all(vim.Datastore)
            return [center.get(stores[name], "summary.freeSpace") for name in ("local-storage", "datastore1")]

    here, there = free()
    move = {"name": "domain-1", "dest_disks": {"sda": "datastore1"}}
    carry_out(esx_migrate.CONTRACT, uri=uri_of(three, H0), domains=[move])
    size = there - free()[1]
    assert free() == [here + size, there - size]
    assert size > 0


def test_a_network_is_replaced(three: Simulator) -> None:
    with client(three, login=(USER, PASSWORD)) as center:
        network = center.get(center.all(vim.HostSystem)[H1], "configManager.networkSystem")
        spec = vim.host.PortGroup.Specification
        network.AddPortGroup(
            spec(name="Lab Network", vlanId=0, vswitchName="vSwitch0", policy=vim.host.NetworkPolicy())
        )
    wanted = {"names": ["domain-1"], "dest_host": H1, "dest_networks": {"VM Network": "Lab Network"}}
    assert everywhere(three, **wanted)["changed"]
    assert not everywhere(three, **wanted)["changed"]
    with client(three, login=(USER, PASSWORD)) as center:
        devices = center.get(center.domain("domain-1"), "config.hardware.device")
        (card,) = (device for device in devices if isinstance(device, vim.vm.device.VirtualEthernetCard))
        assert card.backing.deviceName == "Lab Network"


def test_a_pool_is_kept_or_chosen() -> None:
    with start_vcenter("-hosts", "1", "-clusters", "2", "-cluster-hosts", "1", "-domains", "1") as vcenter:
        name = next(name for name, known in vcenter.domains().items() if known["host"] == C0)
        with client(vcenter, login=(USER, PASSWORD)) as center:
            pools = {}
            for host, pool_names in ((C0, ["prod"]), ("DC0_C1_H0", ["prod", "test"])):
                root = center.get(center.get(center.all(vim.HostSystem)[host], "parent"), "resourcePool")
                amount = vim.ResourceAllocationInfo(
                    reservation=0, limit=-1, expandableReservation=True, shares=vim.SharesInfo(level="normal", shares=0)
                )
                spec = vim.ResourceConfigSpec(cpuAllocation=amount, memoryAllocation=amount)
                for each in pool_names:
                    pools[host, each] = root.CreateResourcePool(each, spec)
            center.wait(center.domain(name).RelocateVM_Task(vim.vm.RelocateSpec(pool=pools[C0, "prod"])))
            everywhere(vcenter, names=[name], dest_host="DC0_C1_H0")
            assert center.get(center.domain(name), "resourcePool") == pools["DC0_C1_H0", "prod"]
            wanted = {"names": [name], "dest_host": "DC0_C1_H0", "dest_pool": "test"}
            assert everywhere(vcenter, **wanted)["changed"]
            assert not everywhere(vcenter, **wanted)["changed"]
            assert center.get(center.domain(name), "resourcePool") == pools["DC0_C1_H0", "test"]
            assert everywhere(vcenter, names=[name], dest_pool="/")["changed"]
            assert not everywhere(vcenter, names=[name], dest_pool="/")["changed"]


def test_across_datacenters() -> None:
    with start_vcenter("-datacenters", "2", "-hosts", "1", "-clusters", "0", "-domains", "1") as vcenter:
        assert everywhere(vcenter, names=["domain-1"], dest_host="DC1_H0")["changed"]
        assert host_of(vcenter, "domain-1") == "DC1_H0"


def test_across_datacenters_the_datastore_has_to_be_there() -> None:
    flags = ("-datacenters", "2", "-hosts", "1", "-clusters", "0", "-domains", "1")
    with start_vcenter(*flags, "-datastores", "0", "-local-datastores", "1") as vcenter:
        with pytest.raises(EsxError, match="'DC1' does not have the domain's datastore 'datastore1'") as caught:
            everywhere(vcenter, names=["domain-1"], dest_host="DC1_H0", check=True)
        assert "dest_datastore" in str(caught.value.hint)
        assert everywhere(vcenter, names=["domain-1"], dest_host="DC1_H0", dest_datastore="datastore1 (1)")["changed"]


def test_a_domain_that_another_client_moves_is_looked_at_again() -> None:
    with start_vcenter("-hosts", "3", "-clusters", "0", "-domains", "1", "-migration-delay", "1500") as vcenter:
        relocate_from_outside(vcenter, "domain-1", H2)
        done = migrate(vcenter, H0, H1, names=["domain-1"])
        assert (only(done)["source"], only(done)["host"]) == (H2, H1)
        relocate_from_outside(vcenter, "domain-1", H0)
        again = everywhere(vcenter, names=["domain-1"], dest_host=H0, diff=True)
        assert (again["changed"], again["diff"]["before"]) == (False, "domain-1: DC0_H0\n")
        assert vcenter.methods().count("RelocateVM_Task") == 3


def test_a_domain_that_leaves_just_before_its_turn(three: Simulator) -> None:
    """The check has passed, and the domain is on another host when its migration is about to begin."""
    moved = threading.Event()

    def move_once(_line: str) -> None:
        if not moved.is_set():
            moved.set()
            relocate_from_outside(three, "domain-2", H2)
            wait_until(lambda: host_of(three, "domain-2") == H2)

    done = migrate(three, H0, H1, names=["domain-1", "domain-2"], parallel=1, progress=move_once, said=Said())
    first, second = done["domains"]
    assert (first["source"], second["source"], second["host"]) == (H0, H2, H1)


def test_warnings_can_be_errors(three: Simulator) -> None:
    three.change_from_outside("domain-1", set={"simulator.migration.warning": "NoGuestHeartbeat"})
    with pytest.raises(EsxError, match="Domain 'domain-1' cannot be migrated from DC0_H0 to DC0_H1: .*NoGuestHeart"):
        migrate(three, H0, H1, names=["domain-1"], warnings_are_errors=True)
    assert host_of(three, "domain-1") == H0


def test_an_error_of_a_call_names_its_domain(three: Simulator) -> None:
    three.inject(method="RelocateVM_Task", name="domain-2", fault="NotEnoughLicenses")
    with pytest.raises(EsxError, match="Migrating domain 'domain-2' from DC0_H0 to DC0_H1 failed: "):
        migrate(three, H0, H1, names=["domain-1", "domain-2"])


@pytest.mark.parametrize("is_like", ["board", "board and address"])
def test_a_host_of_another_vcenter_is_never_taken_for_one_of_this(is_like: str) -> None:
    with (
        start_vcenter("-clusters", "0", "-host-endpoints", OWN_HOSTS) as vcenter,
        start_vcenter("-clusters", "0", "-host-endpoints", OTHER_HOSTS) as other,
    ):
        with client(vcenter, login=(USER, PASSWORD)) as center:
            host = center.all(vim.HostSystem)[H1]
            board = center.get(host, "hardware.systemInfo.uuid")
            addresses = [card.spec.ip.ipAddress for card in center.get(host, "config.network.vnic")]
        other.change_host(H1, uuid=board)
        if is_like == "board and address":
            other.change_host(H1, addresses=addresses, management_server="192.0.2.9")
        destination = f"esx://{USER}@127.0.0.23:{other.port}/?no_verify=1"
        with pytest.raises(EsxError, match="does not know the host 127.0.0.23. It has 'DC0_H1', which shares an addr"):
            migrate(vcenter, H0, H1, dest_uri=destination, names=["domain-1"])
        assert host_of(vcenter, "domain-1") == H0
