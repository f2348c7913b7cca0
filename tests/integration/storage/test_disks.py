# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_volume`` against a simulated host: disks are created, grown, cloned, moved, wiped and deleted."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    EsxError,
    LicenceRestricted,
    NotFound,
    ParseError,
    Refused,
)
from ansible_collections.virt.esx.plugins.modules import esx_volume
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host, undescribed
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    GIB,
    LOGIN,
    MIB,
    POOL,
    data_of,
    ensure,
    listed,
    names,
    noise,
    pools,
    warnings_of,
    write,
    writes,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client


def check_apply_repeat(host: Simulator, path: str, **arguments: Any) -> dict[str, Any]:
    """Run in check mode, for real, and again; return the real result."""
    host.trace(reset=True)
    predicted = ensure(host, path, **arguments, check=True, diff=True)
    assert writes(host) == []
    done = ensure(host, path, **arguments, diff=True)
    assert done["changed"] is True
    assert predicted["steps"] == done["steps"]
    assert predicted["diff"] == done["diff"]
    writes(host)
    again = ensure(host, path, **arguments, diff=True)
    assert again["changed"] is False
    assert writes(host) == []
    return done


@pytest.mark.parametrize("allocation", ["thin", "thick", "eager"])
def test_a_disk_is_created_with_its_directories(esx: Simulator, allocation: str) -> None:
    done = check_apply_repeat(esx, "a/b/web.vmdk", capacity="1 GiB", allocation=allocation)
    assert done["steps"] == [f"create directory {POOL} a/b", f"create {POOL} a/b/web.vmdk"]
    assert done["volume"]["capacity_bytes"] == GIB
    assert done["volume"]["allocation"] == ("thin" if allocation == "thin" else "thick")
    assert (done["volume"]["allocation_bytes"] >= GIB) == (allocation != "thin")
    assert [name for name in names(esx) if ".part" in name] == []


@pytest.mark.parametrize(
    ("capacity", "size"), [("1048577", MIB + 1024), ("2 MB", 2_000_896), ("3 MiB", 3 * MIB), ("1GB", 10**9 + 512)]
)
def test_a_capacity_is_rounded_up_to_a_kib(esx: Simulator, capacity: str, size: int) -> None:
    assert ensure(esx, "web.vmdk", capacity=capacity)["volume"]["capacity_bytes"] == size
    assert ensure(esx, "web.vmdk", capacity=capacity)["changed"] is False


def test_libvirts_xml_describes_a_disk(esx: Simulator) -> None:
    xml = """<volume><name>new/web.vmdk</name><capacity unit='MiB'>16</capacity><allocation unit='MiB'>16</allocation>
        <target><format type='vmdk'/></target></volume>"""
    done = carry_out(esx_volume.CONTRACT, esx, pool=DATASTORE, xml=xml)
    assert done["volume"]["path"] == f"{POOL} new/web.vmdk"
    assert (done["volume"]["capacity_bytes"], done["volume"]["allocation"]) == (16 * MIB, "thick")
    assert carry_out(esx_volume.CONTRACT, esx, pool=DATASTORE, xml=xml)["changed"] is False


def test_elements_of_the_xml_without_an_effect_are_in_a_warning(esx: Simulator) -> None:
    ensure(esx, "web.vmdk", capacity="16 MiB")
    (xml,) = (volume["xml"] for volume in listed(esx, path=f"{POOL} web.vmdk"))
    xml = re.sub("(<allocation.*>)[0-9]+<", r"\g<1>0<", xml)
    assert warnings_of(esx, pool=DATASTORE, xml=xml) == []
    more = xml.replace("<target>", "<physical>5</physical>\n  <target><permissions><mode>0600</mode></permissions>")
    assert warnings_of(esx, pool=DATASTORE, xml=more) == [
        "These elements of the volume's XML have no effect: <physical>, <target><permissions>."
    ]
    with pytest.raises(ParseError, match="a volume with <encryption> cannot be created"):
        warnings_of(esx, pool=DATASTORE, xml=xml.replace("<target>", "<target><encryption format='luks'/>"))


@pytest.mark.parametrize("allocation", ["thin", "thick"])
def test_a_disk_that_no_domain_has_grows_and_never_shrinks(esx: Simulator, allocation: str) -> None:
    ensure(esx, "web.vmdk", capacity="64 MiB", allocation=allocation)
    done = check_apply_repeat(esx, "web.vmdk", capacity="128 MiB")
    assert done["steps"] == [f"grow {POOL} web.vmdk"]
    assert done["volume"]["capacity_bytes"] == 128 * MIB
    assert done["volume"]["allocation"] == allocation
    for check in (True, False):
        with pytest.raises(Refused, match="cannot become smaller"):
            ensure(esx, "web.vmdk", capacity="127 MiB", check=check)


@pytest.mark.parametrize("state", ["running", "shutoff"])
def test_a_disk_of_a_domain_grows_by_the_domain(esx: Simulator, state: str) -> None:
    if state == "shutoff":
        esx.change_from_outside("domain-1", task="PowerOffVM_Task")
    esx.trace(reset=True)
    done = check_apply_repeat(esx, "domain-1/domain-1.vmdk", capacity="10 GiB")
    assert done["steps"] == [f"grow {POOL} domain-1/domain-1.vmdk"]
    assert done["volume"]["capacity_bytes"] == 10 * GIB


def test_a_disk_with_snapshots_does_not_grow_and_is_not_deleted(esx: Simulator) -> None:
    with client(esx, login=LOGIN) as host:
        host.wait(host.domain("domain-1").CreateSnapshot_Task("before the update", "", False, False))
    with pytest.raises(Refused, match=r"it has snapshots \('before the update'\)"):
        ensure(esx, "domain-1/domain-1.vmdk", capacity="10 GiB")
    for arguments in ({"state": "absent"}, {"state": "wiped"}):
        with pytest.raises(Refused, match=r"used by domain 'domain-1' \(with snapshots\)"):
            ensure(esx, "domain-1/domain-1.vmdk", **arguments)


@pytest.mark.parametrize("allocation", ["thin", "thick"])
def test_a_clone_has_the_bytes_of_its_source(esx: Simulator, tmp_path: Path, allocation: str) -> None:
    data = noise(2 * MIB)
    ensure(esx, "templates/web.vmdk", source=write(tmp_path / "disk.img", data))
    source = f"{POOL} templates/web.vmdk"
    done = check_apply_repeat(esx, "new/web.vmdk", clone_of=source, capacity="4 MiB", allocation=allocation)
    assert done["steps"] == [f"create directory {POOL} new", f"clone {source} to {POOL} new/web.vmdk"]
    assert done["volume"]["allocation"] == allocation
    assert data_of(esx, "new/web.vmdk") == data + bytes(2 * MIB)
    assert data_of(esx, "templates/web.vmdk") == data
    assert ensure(esx, "new/web.vmdk", clone_of=source, capacity="8 MiB")["steps"] == [f"grow {POOL} new/web.vmdk"]


ODD_NAMES = ["ü & 100% +.vmdk", "a[b]*.vmdk", "100%25.vmdk", "#?;=,'$.vmdk", "x.part.vmdk", "a.VMDK", "-.vmdk"]


@pytest.mark.parametrize("check", [True, False])
def test_an_image_cannot_become_a_disk_with_a_quotation_mark(esx: Simulator, tmp_path: Path, check: bool) -> None:
    with pytest.raises(Refused, match="in quotation marks, so its name can have none"):
        ensure(esx, 'q".vmdk', source=write(tmp_path / "disk.img", noise(MIB)), check=check)
    assert ensure(esx, "q.vmdk", source=str(tmp_path / "disk.img"))["changed"] is True


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_disk_with_any_name(esx: Simulator, tmp_path: Path, name: str) -> None:
    data = noise(MIB)
    for directory in ("a & b", "c[1] 50%"):
        ensure(esx, f"{directory}/other.vmdk", capacity="1 MiB")
    ensure(esx, f"a & b/{name}", source=write(tmp_path / "disk.img", data))
    for changed in (True, False):
        assert ensure(esx, f"c[1] 50%/{name}", clone_of=f"{POOL} a & b/{name}")["changed"] is changed
    assert ensure(esx, f"c[1] 50%/{name}", capacity="2 MiB")["volume"]["capacity_bytes"] == 2 * MIB
    for changed in (True, False):
        moved = ensure(esx, f"a & b/moved {name}", moved_from=f"{POOL} c[1] 50%/{name}")
        assert moved["changed"] is changed
    target = tmp_path / "back.vmdk"
    ensure(esx, f"a & b/moved {name}", dest=str(target))
    assert (tmp_path / "back-flat.vmdk").read_bytes() == data + bytes(MIB)
    (found,) = listed(esx, path=f"{POOL} a & b/{name}")
    assert (found["path"], found["capacity_bytes"]) == (f"{POOL} a & b/{name}", MIB)
    for file in (name, f"moved {name}"):
        for changed in (True, False):
            assert ensure(esx, f"a & b/{file}", state="absent")["changed"] is changed
    assert [file for file in names(esx) if file.startswith(("a & b/", "c[1] 50%/"))] == [
        "a & b/other.vmdk",
        "c[1] 50%/other.vmdk",
    ]


def test_a_disk_is_renamed_and_moved_with_its_data(esx: Simulator, tmp_path: Path) -> None:
    data = noise(MIB)
    ensure(esx, "old.vmdk", source=write(tmp_path / "disk.img", data))
    check_apply_repeat(esx, "there/new.vmdk", moved_from=f"{POOL} old.vmdk")
    assert data_of(esx, "there/new.vmdk") == data
    assert [name for name in names(esx) if "old" in name] == []
    ensure(esx, "old.vmdk", capacity="1 MiB")
    with pytest.raises(Refused, match="both exist"):
        ensure(esx, "there/new.vmdk", moved_from=f"{POOL} old.vmdk")
    with pytest.raises(NotFound, match="Neither"):
        ensure(esx, "a.vmdk", moved_from=f"{POOL} b.vmdk")
    with pytest.raises(Refused, match="cannot be moved: it is used by domain 'domain-1'"):
        ensure(esx, "a.vmdk", moved_from=f"{POOL} domain-1/domain-1.vmdk")


def test_a_disk_is_wiped(esx: Simulator, tmp_path: Path) -> None:
    ensure(esx, "web.vmdk", source=write(tmp_path / "disk.img", noise(MIB)))
    assert ensure(esx, "web.vmdk", state="wiped")["steps"] == [f"wipe {POOL} web.vmdk"]
    assert data_of(esx, "web.vmdk") == bytes(MIB)
    with pytest.raises(Refused, match="cannot be wiped"):
        ensure(esx, "domain-1/domain-1.vmdk", state="wiped")


def test_a_disk_is_deleted_with_its_data(esx: Simulator) -> None:
    before = names(esx)
    ensure(esx, "web.vmdk", capacity="1 MiB")
    done = check_apply_repeat(esx, "web.vmdk", state="absent")
    assert done["volume"] is None
    assert names(esx) == before


def test_a_checksum_beside_a_disk_is_somebody_elses(esx: Simulator, tmp_path: Path) -> None:
    """Only files that are no disks have one of ours."""
    ensure(esx, "web.vmdk", capacity="1 MiB")
    ensure(esx, "web.vmdk.sha256", source=write(tmp_path / "sums", b"of the release"))
    ensure(esx, "web.vmdk", state="absent")
    assert "web.vmdk.sha256" in names(esx)
    assert ensure(esx, "web.vmdk", state="absent")["changed"] is False


def test_a_volume_in_use_is_never_deleted(esx: Simulator) -> None:
    for path in ("domain-1/domain-1.vmdk", "domain-1/domain-1.vmx"):
        with pytest.raises(Refused, match="cannot be deleted: it is used by domain 'domain-1'"):
            ensure(esx, path, state="absent")
    with pytest.raises(Refused, match="is a directory"):
        ensure(esx, "domain-1", state="absent")
    assert [volume["used_by"] for volume in listed(esx)] == [["domain-1"]]


def test_an_allocation_that_has_no_effect_is_in_a_warning(esx: Simulator) -> None:
    ensure(esx, "web.vmdk", capacity="1 MiB", allocation="thin")
    assert ensure(esx, "web.vmdk", capacity="1 MiB", allocation="thin")["changed"] is False
    assert ensure(esx, "web.vmdk", capacity="1 MiB")["changed"] is False
    assert warnings_of(esx, path=f"{POOL} web.vmdk", capacity="1 MiB", allocation="thick") == [
        f"The disk {POOL} web.vmdk is thin and stays so; only a clone of it can be thick."
    ]


def test_all_that_is_returned_is_documented(esx: Simulator) -> None:
    result = ensure(esx, "web.vmdk", capacity="1 MiB")
    del result["changed"]
    assert undescribed(result, {"type": "dict", "contains": yaml.safe_load(esx_volume.RETURN)}) == []


def test_a_datastore_that_is_gone_or_unreachable_is_named(esx: Simulator) -> None:
    with pytest.raises(NotFound, match="has no datastore 'gone'; it has 'datastore1'"):
        carry_out(esx_volume.CONTRACT, esx, path="[gone] x.vmdk", capacity="1 byte")
    esx.control("POST", "datastore", {"datastore": DATASTORE, "accessible": False})
    with pytest.raises(Refused, match="cannot access the datastore 'datastore1'"):
        ensure(esx, "x.vmdk", capacity="1 byte")


def test_the_disk_of_a_running_domain_is_not_cloned(esx: Simulator) -> None:
    source = f"{POOL} domain-1/domain-1.vmdk"
    for check in (True, False):
        with pytest.raises(Refused, match="the running domain 'domain-1' writes to it"):
            ensure(esx, "clone.vmdk", clone_of=source, check=check)
    with client(esx, login=LOGIN) as host:
        host.wait(host.domain("domain-1").CreateSnapshot_Task("s", "", False, False))
    assert ensure(esx, "clone.vmdk", clone_of=source)["changed"] is True


def test_a_disk_that_another_host_has_locked_stays_as_it_is(esx: Simulator) -> None:
    ensure(esx, "web.vmdk", capacity="1 MiB")
    for name in ("web.vmdk", "web-flat.vmdk"):
        esx.control("POST", "datastore", {"datastore": DATASTORE, "lock": name})
    before = names(esx)
    for arguments in ({"capacity": "2 MiB"}, {"state": "absent"}, {"state": "wiped"}):
        with pytest.raises(EsxError, match="FileLocked|locked"):
            ensure(esx, "web.vmdk", **arguments)
    assert names(esx) == before
    for name in ("web.vmdk", "web-flat.vmdk"):
        esx.control("POST", "datastore", {"datastore": DATASTORE, "unlock": name})
    assert ensure(esx, "web.vmdk", state="absent")["changed"] is True


def test_a_file_that_is_only_called_a_disk_is_deleted_too(esx: Simulator, tmp_path: Path) -> None:
    subprocess.run(
        ["curl", "-sf", "-k", "-u", ":".join(LOGIN), "-T", write(tmp_path / "x", noise(MIB)),
         f"{esx.url}/folder/web.vmdk?dsName={DATASTORE}"],
        check=True,
    )  # fmt: skip
    assert ensure(esx, "web.vmdk", state="absent")["changed"] is True
    assert "web.vmdk" not in names(esx)


def test_a_datastore_that_fills_up_leaves_nothing_half_made(esx: Simulator, tmp_path: Path) -> None:
    image = write(tmp_path / "disk.img", noise(4 * MIB))
    iso = write(tmp_path / "image.iso", noise(4 * MIB))
    before = names(esx)
    esx.control("POST", "datastore", {"datastore": DATASTORE, "free": 3 * MIB})
    for path, arguments in (
        ("web.vmdk", {"source": image}),
        ("web.vmdk", {"capacity": "4 MiB", "allocation": "thick"}),
        ("web.iso", {"source": iso}),
    ):
        with pytest.raises(Refused, match=r"too full: 4\.0 MiB are needed, 3\.0 MiB are free"):
            ensure(esx, path, **arguments)
    esx.inject(method="CreateVirtualDisk_Task", fault="NoDiskSpace", count=1, **{"in": "task"})
    with pytest.raises(EsxError, match="NoDiskSpace"):
        ensure(esx, "web.vmdk", capacity="1 MiB", allocation="thick")
    assert names(esx) == before


def test_a_host_whose_licence_only_reads_downloads_but_does_not_write(tmp_path: Path) -> None:
    with start_host("-domains", "1", "-datastore-name", DATASTORE, "-licence", "free") as host:
        with pytest.raises(LicenceRestricted):
            ensure(host, "web.vmdk", capacity="1 MiB", check=True)
        assert ensure(host, "domain-1/domain-1.vmx", dest=str(tmp_path))["changed"] is True
        assert b"domain-1" in (tmp_path / "domain-1.vmx").read_bytes()


def test_no_change_costs_eight_calls_over_one_connection(esx: Simulator) -> None:
    ensure(esx, "web.vmdk", capacity="1 MiB")
    esx.trace(reset=True)
    ensure(esx, "web.vmdk", capacity="1 MiB")
    trace = esx.trace()
    assert len(trace) == 8
    assert {call["connection"] for call in trace} == {trace[0]["connection"]}


@pytest.mark.parametrize("version", ["2.5", "4.0", "5.0", "6.5"])
def test_old_hosts_take_it_as_well(version: str, tmp_path: Path) -> None:
    data = noise(MIB)
    with start_host("-domains", "1", "-datastore-name", DATASTORE, "-version", version) as host:
        for changed in (True, False):
            image = write(tmp_path / "disk.img", data)
            assert ensure(host, "web/web.vmdk", source=image, capacity="2 MiB")["changed"] is changed
            assert ensure(host, "web/b.vmdk", clone_of=f"{POOL} web/web.vmdk")["changed"] is changed
            assert ensure(host, "a.iso", source=image)["changed"] is changed
        assert data_of(host, "web/b.vmdk") == data + bytes(MIB)
        assert [volume["used_by"] for volume in listed(host, pattern="domain*")] == [["domain-1"]]
        assert pools(host)[0]["capacity_bytes"] == 1024 * GIB
        assert ensure(host, "web/b.vmdk", state="absent")["changed"] is True
