# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exporting domains of a simulated host to packages, and importing these again."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info, esx_snapshot
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.ova.packages import Sources, bring, ova
from ansible_collections.virt.esx.tests.integration.storage.volumes import data_of
from ansible_collections.virt.esx.tests.simulator_client import Simulator

READING = {
    *("RetrieveServiceContent", "Login", "Logout", "RetrievePropertiesEx", "FindByInventoryPath", "GET"),
    *("RetrieveProperties", "FindAllByUuid"),
}


def definition(host: Simulator, name: str) -> str:
    """The domain's XML without what is another for each domain: name, UUID, MAC, files."""
    (found,) = carry_out(esx_domain_info.CONTRACT, host, name=name, gather=["xml"])["domains"]
    text = re.sub(r"<(name|uuid)>.*</\1>|<mac .*/>|<source file='.*'/>|<esx:nvram .*/>", "", str(found["xml"]))
    return re.sub(r" id='[0-9]+'", "", text)


def set_state(host: Simulator, state: str, name: str = "appliance") -> None:
    carry_out(esx_domain.CONTRACT, host, name=name, state=state)


@pytest.mark.parametrize("dest", ["golden.ova", "golden"])
def test_import_start_export_import(esx: Simulator, made: Sources, tmp_path: Path, dest: str) -> None:
    bring(esx, made.ova(tmp_path / "appliance.ova"))
    set_state(esx, "running")
    set_state(esx, "destroyed")
    esx.change_from_outside("appliance", set={"RemoteDisplay.vnc.password": "hunter2"})
    export: dict[str, Any] = {"state": "exported", "name": "appliance", "dest": str(tmp_path / dest)}
    esx.trace(reset=True)
    predicted = ova(esx, check=True, **export)
    assert set(esx.methods()) <= READING
    done = ova(esx, **export)
    assert predicted["steps"] == done["steps"] == [f"export domain 'appliance' to {tmp_path / dest}"]
    assert predicted["files"] == done["files"]
    assert all(Path(file).exists() for file in done["files"])
    assert ova(esx, **export)["changed"] is False
    result = ova(esx, source=str(tmp_path / dest), name="again")
    assert result["changed"] is True
    assert data_of(esx, "again/disk-0.vmdk") == made.image
    set_state(esx, "running", "again")
    set_state(esx, "destroyed", "again")
    assert without_cdrom(definition(esx, "again")) == without_cdrom(definition(esx, "appliance"))
    texts = [file for file in tmp_path.rglob("golden.*") if file.suffix in (".vmx", ".xml")]
    assert sorted(file.suffix for file in texts) == [".vmx", ".xml"]
    assert [file for file in texts if "hunter2" in file.read_text(encoding="utf-8")] == []
    assert 'displayName = "appliance"' in next(file for file in texts if file.suffix == ".vmx").read_text("utf-8")


def without_cdrom(xml: str) -> str:
    """Images of drives stay on the host when a domain is exported."""
    return re.sub(r"\s*<disk type='\w+' device='cdrom'>.*?</disk>", "", xml, flags=re.DOTALL)


def test_other_programs_read_the_archive(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    bring(esx, made.ova(tmp_path / "appliance.ova"))
    ova(esx, state="exported", name="appliance", dest=str(tmp_path / "golden.ova"))
    listed = subprocess.run(["tar", "tf", str(tmp_path / "golden.ova")], check=True, capture_output=True, text=True)
    assert listed.stdout.split() == ["golden.ovf", "golden.mf", "golden-disk1.vmdk"]
    with tarfile.open(tmp_path / "golden.ova") as archive:
        archive.extractall(tmp_path / "out", filter="data")
    for line in (tmp_path / "out" / "golden.mf").read_text(encoding="utf-8").splitlines():
        name, digits = re.fullmatch(r"SHA256\((.+)\)= ([0-9a-f]{64})", line).groups()  # type: ignore[union-attr]
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == digits
    disk = tmp_path / "out" / "golden-disk1.vmdk"
    subprocess.run(["qemu-img", "convert", "-f", "vmdk", "-O", "raw", str(disk), str(tmp_path / "raw")], check=True)
    assert (tmp_path / "raw").read_bytes() == made.image


def test_a_snapshot_of_a_running_domain(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    bring(esx, made.ova(tmp_path / "appliance.ova"))
    carry_out(esx_snapshot.CONTRACT, esx, name="appliance", snapshot="clean")
    set_state(esx, "running")
    export: dict[str, Any] = {"state": "exported", "name": "appliance"}
    with pytest.raises(Refused, match="'appliance' is running; only a domain that is shut off can be exported"):
        ova(esx, dest=str(tmp_path / "x.ova"), check=True, **export)
    with pytest.raises(NotFound, match="has no snapshot 'dirty'; it has 'clean'"):
        ova(esx, dest=str(tmp_path / "x.ova"), snapshot="dirty", **export)
    done = ova(esx, dest=str(tmp_path / "x.ova"), snapshot="clean", **export)
    assert done["files"] == [str(tmp_path / "x.ova")]
    ova(esx, source=str(tmp_path / "x.ova"), name="again")
    assert data_of(esx, "again/disk-0.vmdk") == made.image


@pytest.mark.parametrize("dest", ["golden.ova", "golden"])
def test_a_package_is_replaced_when_forced(esx: Simulator, made: Sources, tmp_path: Path, dest: str) -> None:
    bring(esx, made.ova(tmp_path / "appliance.ova"))
    place = tmp_path / "exports"
    place.mkdir()
    (place / f"{dest}.part").write_text("of a run that was killed", encoding="utf-8")
    export: dict[str, Any] = {"state": "exported", "name": "appliance", "dest": str(place / dest)}
    ova(esx, **export)
    before = sorted((file.name, file.stat().st_size) for file in place.rglob("*") if file.is_file())
    assert ova(esx, force=True, **export)["changed"] is True
    after = sorted((file.name, file.stat().st_size) for file in place.rglob("*") if file.is_file())
    assert [name for name, _size in before] == [name for name, _size in after]
    assert list(place.glob("*.part")) == []


def test_places_that_are_refused(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    bring(esx, made.ova(tmp_path / "appliance.ova"))
    export: dict[str, Any] = {"state": "exported", "name": "appliance"}
    with pytest.raises(NotFound, match="The directory '.*/missing' for the package does not exist"):
        ova(esx, dest=str(tmp_path / "missing" / "x.ova"), **export)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ParseError, match="is a file; a package becomes a directory"):
        ova(esx, dest=str(tmp_path / "file"), **export)
    (tmp_path / "directory.ova").mkdir()
    with pytest.raises(ParseError, match="is a directory, not an OVA"):
        ova(esx, dest=str(tmp_path / "directory.ova"), **export)
    for dest in ("", ".", "/", ".."):
        with pytest.raises(ParseError, match=f"^dest: '{dest}' is not a name for the package"):
            ova(esx, dest=dest, **export)
    with pytest.raises(NotFound, match="No domain of the host has the name 'other'"):
        ova(esx, state="exported", name="other", dest=str(tmp_path / "x.ova"))
    with pytest.raises(ParseError, match="name: it is missing"):
        ova(esx, state="exported", dest=str(tmp_path / "x.ova"))


def test_what_a_package_does_not_have_is_told(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    bring(esx, made.ova(tmp_path / "appliance.ova"))
    export: dict[str, Any] = {"state": "exported", "name": "appliance", "force": True}
    (plain,) = ova(esx, **export, dest=str(tmp_path / "a.ova"))["warned"]
    assert plain.startswith("The package lacks the medium of the cdrom ")
    assert plain.endswith("; 'a.vmx' has all of it.")
    lost = {
        "serial0.present": "TRUE",
        "serial0.fileType": "pipe",
        "serial0.fileName": "com",
        "sched.cpu.shares": "high",
    }
    esx.change_from_outside("appliance", set={**lost, "guestinfo.role": "web", "isolation.tools.copy.disable": "TRUE"})
    (full,) = ova(esx, **export, dest=str(tmp_path / "b.ova"))["warned"]
    for part in ("serial pipe", "cputune/shares 8000", "guestinfo.role", "isolation.tools.copy.disable"):
        assert part in full
        assert part not in plain


def test_an_answer_that_is_not_a_disk_is_an_error(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    """Hosts before 6.7 have no checksum that would tell."""
    bring(esx, made.ova(tmp_path / "appliance.ova"))
    esx.inject(method="HttpNfcLeaseSetManifestChecksumType", fault="NotSupported")
    esx.inject(method="GET", name="/ha-nfc/*/disk-0.vmdk", http=200, count=1)
    export: dict[str, Any] = {"state": "exported", "name": "appliance", "dest": str(tmp_path / "golden.ova")}
    with pytest.raises(ConnectionFailed, match="the disk 'golden-disk1.vmdk' is not a disk"):
        ova(esx, **export)
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("golden")] == []
    assert ova(esx, **export)["changed"] is True


@pytest.mark.parametrize("dest", ["out.ova", "out"])
def test_two_tasks_that_export_to_one_place(esx: Simulator, made: Sources, tmp_path: Path, dest: str) -> None:
    """One of them writes the package, the other one is refused: the package is never a mixture of both."""
    names = ("one", "two")
    for name in names:
        bring(esx, made.ova(tmp_path / "a.ova"), name=name)
    place = tmp_path / "exports"
    place.mkdir()
    esx.inject(method="GET", name="/ha-nfc/*", count=2, delay=500)

    def export(name: str) -> str:
        try:
            return str(ova(esx, state="exported", name=name, dest=str(place / dest))["changed"])
        except Refused as error:
            return error.message

    with ThreadPoolExecutor(2) as threads:
        done = dict(zip(names, threads.map(export, names)))
    (written,) = (name for name in names if done[name] == "True")
    (refused,) = (said for said in done.values() if said != "True")
    assert "Another task writes '" in refused
    assert sorted(place.glob("**/*.part")) == []
    assert ova(esx, name="again", source=str(place / dest), network="VM Network")["changed"] is True
    assert data_of(esx, "again/disk-0.vmdk") == made.image
    definition = place / "out.xml" if dest == "out.ova" else place / "out" / "out.xml"
    assert f"<name>{written}</name>" in definition.read_text(encoding="utf-8")
