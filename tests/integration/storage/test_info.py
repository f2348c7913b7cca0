# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_pool_info`` and ``esx_volume_info``, compared with libvirt."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound
from ansible_collections.virt.esx.plugins.modules import esx_pool_info, esx_volume_info
from ansible_collections.virt.esx.tests.integration.contracts import parameters, start_host, undescribed
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    GIB,
    LOGIN,
    MIB,
    POOL,
    data_of,
    ensure,
    listed,
    noise,
    pools,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

needs_virsh = pytest.mark.skipif(shutil.which("virsh") is None, reason="Debian's libvirt-clients is not installed")


class Virsh:
    """libvirt's client, connected to a simulated host."""

    def __init__(self, host: Simulator, place: Path) -> None:
        self.uri = host.uri(user=USER, no_verify=1)
        auth = place / "auth.conf"
        auth.write_text(f"[credentials-x]\nusername={USER}\npassword={PASSWORD}\n[auth-esx-127.0.0.1]\ncredentials=x\n")
        self.environment = {**os.environ, "LIBVIRT_AUTH_FILE": str(auth), "LIBVIRT_DEBUG": "4", "LC_ALL": "C"}

    def __call__(self, *arguments: str) -> str:
        command = ["virsh", "-q", "-c", self.uri, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def facts(self, *arguments: str) -> dict[str, str]:
        """The ``Name:   value`` lines of a command."""
        lines = (line.partition(":") for line in self(*arguments).splitlines() if ":" in line)
        return {name.strip(): value.strip() for name, _colon, value in lines}


@pytest.fixture
def virsh(esx: Simulator, tmp_path: Path) -> Virsh:
    return Virsh(esx, tmp_path)


@needs_virsh
def test_libvirt_says_the_same_of_a_pool(esx: Simulator, virsh: Virsh) -> None:
    ensure(esx, "web.vmdk", capacity="64 MiB", allocation="thick")
    (pool,) = pools(esx)
    assert virsh("pool-dumpxml", DATASTORE).strip() == pool["xml"].strip()
    assert virsh("pool-list", "--name").split() == [pool["name"]]
    facts = virsh.facts("pool-info", "--bytes", DATASTORE)
    assert (facts["UUID"], facts["State"]) == (pool["uuid"], pool["state"])
    for name in ("Capacity", "Allocation", "Available"):
        assert int(facts[name]) == pool[f"{name.lower()}_bytes"]
    assert (facts["Persistent"], facts["Autostart"]) == ("yes", "yes")
    assert virsh("pool-list", "--name", "--inactive").split() == []
    assert virsh("pool-list", "--name", "--persistent", "--autostart").split() == [pool["name"]]
    assert virsh("pool-name", pool["uuid"]).strip() == pool["name"]
    assert virsh("pool-uuid", DATASTORE).strip() == pool["uuid"]
    virsh("pool-autostart", DATASTORE)
    with pytest.raises(AssertionError, match="autostart"):
        virsh("pool-autostart", DATASTORE, "--disable")
    virsh("pool-refresh", DATASTORE)
    assert pools(esx, refresh=True) == pools(esx)


@needs_virsh
def test_libvirt_says_the_same_of_a_share(tmp_path: Path) -> None:
    with start_host("-domains", "0", "-datastore-name", DATASTORE, "-datastore-types", "nfs") as host:
        (pool,) = pools(host)
        assert pool["type"] == "nfs"
        assert pool["source"]["host"]
        assert Virsh(host, tmp_path)("pool-dumpxml", DATASTORE).strip() == pool["xml"].strip()


@needs_virsh
def test_libvirt_says_the_same_of_iscsi_targets(tmp_path: Path) -> None:
    with start_host("-domains", "0", "-datastore-name", DATASTORE, "-iscsi-targets", "2") as host:
        virsh, found = Virsh(host, tmp_path), pools(host)
        assert sorted(virsh("pool-list", "--name").split()) == sorted(pool["name"] for pool in found)
        targets = [pool for pool in found if pool["type"] == "iscsi"]
        assert len(targets) == 2
        for pool in targets:
            assert virsh("pool-dumpxml", pool["name"]).strip() == pool["xml"].strip()
            (volume,) = pool["volumes"]
            assert virsh("vol-list", pool["name"]).split() == [volume["name"], volume["path"]]
            assert virsh("vol-key", "--pool", pool["name"], volume["name"]).strip() == volume["key"]
            facts = virsh.facts("vol-info", "--bytes", "--pool", pool["name"], volume["name"])
            assert int(facts["Capacity"].split()[0]) == volume["capacity_bytes"] == 10 * GIB
        result = {"pools": pools(host, name=targets[1]["name"], refresh=True)}
        assert result["pools"] == targets[1:]
        assert "RescanHba" in host.methods()
        assert undescribed(result, {"type": "dict", "contains": yaml.safe_load(esx_pool_info.RETURN)}) == []


@needs_virsh
def test_libvirt_says_the_same_of_volumes(esx: Simulator, virsh: Virsh, tmp_path: Path) -> None:
    ensure(esx, "web/a b.vmdk", capacity="64 MiB")
    ensure(esx, "web/thick.vmdk", capacity="1 MiB", allocation="thick")
    ensure(esx, "iso/debian.iso", source=write(tmp_path / "debian.iso", noise(MIB)))
    ensure(esx, "notes.txt", source=write(tmp_path / "notes.txt", b"notes"))
    ours = listed(esx)
    assert [volume["name"] for volume in ours] == [
        "domain-1/domain-1.vmdk",
        "iso/debian.iso",
        "web/a b.vmdk",
        "web/thick.vmdk",
    ]
    theirs = [line.split("  ")[0].strip() for line in virsh("vol-list", DATASTORE).splitlines() if line.strip()]
    assert sorted(theirs) == [volume["name"] for volume in ours]
    for volume in ours:
        (one,) = listed(esx, path=volume["path"])
        assert virsh("vol-dumpxml", "--pool", DATASTORE, volume["path"]).strip() == one["xml"].strip()
        facts = virsh.facts("vol-info", "--bytes", "--pool", DATASTORE, volume["path"])
        assert int(facts["Capacity"].split()[0]) == volume["capacity_bytes"]
        assert int(facts["Allocation"].split()[0]) == volume["allocation_bytes"]
        assert virsh("vol-key", "--pool", DATASTORE, volume["path"]).strip() == one["key"]
        assert virsh("vol-path", "--pool", DATASTORE, volume["name"]).strip() == one["path"]
        assert virsh("vol-pool", one["path"]).strip() == one["pool"]
        assert virsh("vol-name", one["key"]).strip() == one["name"]


@needs_virsh
def test_libvirt_and_the_collection_share_volumes(esx: Simulator, virsh: Virsh, tmp_path: Path) -> None:
    arguments = ("--capacity", "32M", "--allocation", "0", "--format", "vmdk")
    virsh("vol-create-as", DATASTORE, "web/web.vmdk", *arguments)
    assert ensure(esx, "web/web.vmdk", capacity="32 MiB")["changed"] is False
    virsh("vol-clone", "--pool", DATASTORE, "web/web.vmdk", "web/clone.vmdk")
    assert ensure(esx, "web/clone.vmdk", clone_of=f"{POOL} web/web.vmdk")["changed"] is False
    virsh("vol-delete", "--pool", DATASTORE, f"{POOL} web/clone.vmdk")
    assert ensure(esx, "web/clone.vmdk", state="absent")["changed"] is False
    ensure(esx, "web/web.vmdk", state="absent")
    assert virsh("vol-list", DATASTORE).split() == ["domain-1/domain-1.vmdk", POOL, "domain-1/domain-1.vmdk"]
    data = noise(MIB)
    ensure(esx, "web/web.vmdk", source=write(tmp_path / "disk.img", data))
    virsh("vol-clone", "--pool", DATASTORE, "web/web.vmdk", "web/clone.vmdk")
    assert data_of(esx, "web/clone.vmdk") == data
    virsh("vol-wipe", "--pool", DATASTORE, "web/clone.vmdk")
    assert data_of(esx, "web/clone.vmdk") == bytes(MIB)


def test_a_pool_is_told_by_name_and_by_its_domains(esx: Simulator) -> None:
    (pool,) = pools(esx, domains=True)
    assert pool["domains"] == ["domain-1"]
    assert pools(esx, name=DATASTORE)[0]["capacity_bytes"] == 1024 * GIB
    assert pools(esx, name="none") == []
    esx.control("POST", "datastore", {"datastore": DATASTORE, "maintenance": "inMaintenance"})
    assert pools(esx)[0]["maintenance"] is True
    esx.control("POST", "datastore", {"datastore": DATASTORE, "accessible": False})
    (gone,) = pools(esx)
    assert (gone["state"], gone["capacity_bytes"], gone["available_bytes"]) == ("inaccessible", 0, 0)
    assert listed(esx) == []


def test_one_datastore_that_the_host_cannot_rescan_does_not_hide_the_others() -> None:
    with start_host("-domains", "0", "-datastores", "2", "-datastore-types", "vmfs,nfs") as host:
        both = pools(host)
        assert len(both) == 2
        host.inject(method="RefreshDatastore", fault="HostConfigFault", count=1)
        warnings: list[str] = []
        given = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, "refresh": True}
        params = parameters(esx_pool_info.CONTRACT, **given)
        found = esx_pool_info.CONTRACT.run(Invocation(params, False, False, warnings.append))["pools"]
        assert [pool["name"] for pool in found] == [pool["name"] for pool in both]
        assert re.fullmatch(f"The datastore '{both[0]['name']}' was not rescanned: .*HostConfigFault.*", warnings[0])
        host.inject(method="RefreshDatastore", fault="HostConfigFault", count=1)
        with pytest.raises(EsxError, match="HostConfigFault"):
            pools(host, name=both[0]["name"], refresh=True)


def test_all_that_is_returned_is_documented(esx: Simulator) -> None:
    for module, result in (
        (esx_pool_info, {"pools": pools(esx, domains=True)}),
        (esx_volume_info, {"volumes": listed(esx, path=f"{POOL} domain-1/domain-1.vmdk")}),
    ):
        assert undescribed(result, {"type": "dict", "contains": yaml.safe_load(module.RETURN)}) == []


@pytest.fixture
def mixed(esx: Simulator, tmp_path: Path) -> Simulator:
    """A host with a file of each type, and a VMX that no domain uses."""
    for name in ("iso/a.iso", "floppy/a.flp", "notes/a.txt", "old/old.vmx"):
        ensure(esx, name, source=write(tmp_path / "source", b"text"))
    ensure(esx, "old/old.vmdk", capacity="1 MiB")
    return esx


def paths(host: Simulator, **arguments: Any) -> list[str]:
    return [volume["name"] for volume in listed(host, **arguments)]


def test_volumes_are_chosen_by_type_pattern_and_use(mixed: Simulator) -> None:
    own = "domain-1/domain-1"
    assert paths(mixed) == [f"{own}.vmdk", "floppy/a.flp", "iso/a.iso", "old/old.vmdk"]
    assert paths(mixed, type=["vmx"]) == [f"{own}.vmx", "old/old.vmx"]
    assert paths(mixed, type=["vmx"], unused=True) == ["old/old.vmx"]
    assert paths(mixed, type=["vmdk"], unused=True) == ["old/old.vmdk"]
    assert paths(mixed, type=["file"], pattern="notes/*") == ["notes/a.txt", "notes/a.txt.sha256"]
    assert paths(mixed, pattern="*.iso") == ["iso/a.iso"]
    assert paths(mixed, path=f"{POOL} iso/a.iso") == ["iso/a.iso"]
    for path in (f"{POOL} none.iso", f"{POOL} none/none.iso", "[none] a.iso", f"{POOL} iso"):
        assert paths(mixed, path=path) == []
    with pytest.raises(NotFound, match="no datastore 'none'"):
        listed(mixed, pool="none")


def test_a_disk_that_is_called_like_a_piece_of_another(esx: Simulator) -> None:
    """As that of a machine whose name ends in -s001; a piece of a disk in several files is no volume."""
    ensure(esx, "web-s001/web-s001.vmdk", capacity="1 MiB")
    assert ensure(esx, "web-s001/web-s001.vmdk", capacity="1 MiB")["changed"] is False
    assert "web-s001/web-s001.vmdk" in paths(esx)
    ensure(esx, "web-s001/web.vmdk", capacity="1 MiB")
    assert "web-s001/web.vmdk" in paths(esx)
    assert "web-s001/web-s001.vmdk" not in paths(esx)


def test_a_disk_that_only_a_snapshot_has_is_used(esx: Simulator) -> None:
    with client(esx, login=LOGIN) as host:
        host.wait(host.domain("domain-1").CreateSnapshot_Task("s", "", False, False))
    assert {tuple(volume["used_by"]) for volume in listed(esx)} == {("domain-1",)}
    assert paths(esx, type=["vmdk"], unused=True) == []


def test_the_calls_do_not_grow_with_the_volumes(esx: Simulator) -> None:
    counts = []
    for number in (1, 30):
        for index in range(number):
            ensure(esx, f"many/{index}.vmdk", capacity="1 MiB")
        esx.trace(reset=True)
        listed(esx)
        # the number of polls for the end of the search depends on its duration
        counts.append(len([method for method in esx.methods() if not method.startswith("WaitForUpdates")]))
    assert counts[0] == counts[1] <= 9
