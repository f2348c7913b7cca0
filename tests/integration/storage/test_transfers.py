# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_volume`` uploads and downloads: unchanged files, refusals, and the files left after a failure."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_volume
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER, run_playbook
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    LOGIN,
    MIB,
    POOL,
    connected_type,
    content,
    data_of,
    ensure,
    names,
    noise,
    sha256,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

needs_qemu_img = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="Debian's qemu-utils is not installed")

OWN = ["domain-1", "domain-1/domain-1.vmdk", "domain-1/domain-1.vmx"]


def transfers(host: Simulator) -> list[str]:
    """The requests of plain HTTP so far that carry files."""
    return [call for call in host.methods(reset=True) if call in ("GET", "PUT", "DELETE")]


def test_a_file_is_uploaded_once(esx: Simulator, tmp_path: Path) -> None:
    data = noise(3 * MIB)
    source = write(tmp_path / "debian.iso", data)
    esx.trace(reset=True)
    predicted = ensure(esx, "iso/debian.iso", source=source, check=True, diff=True)
    assert transfers(esx) == []
    done = ensure(esx, "iso/debian.iso", source=source, diff=True)
    assert (
        predicted["steps"]
        == done["steps"]
        == [
            f"create directory {POOL} iso",
            f"upload {source} to {POOL} iso/debian.iso",
        ]
    )
    assert predicted["diff"] == done["diff"]
    assert done["volume"]["type"] == "iso"
    assert content(esx, "iso/debian.iso") == data
    assert content(esx, "iso/debian.iso.sha256").decode() == f"{sha256(data)}  debian.iso\n"
    assert set(names(esx)) == {*OWN, "iso", "iso/debian.iso", "iso/debian.iso.sha256"}
    transfers(esx)
    assert ensure(esx, "iso/debian.iso", source=source)["changed"] is False
    assert transfers(esx) == ["GET"]


def test_another_content_of_the_same_size_replaces_it(esx: Simulator, tmp_path: Path) -> None:
    ensure(esx, "a.iso", source=write(tmp_path / "a", noise(MIB)))
    other = noise(MIB, seed=2)
    done = ensure(esx, "a.iso", source=write(tmp_path / "b", other), diff=True)
    assert done["changed"] is True
    assert sha256(other) in done["diff"]["after"]
    assert content(esx, "a.iso") == other
    assert ensure(esx, "a.iso", source=str(tmp_path / "b"))["changed"] is False


def test_a_file_that_others_have_uploaded_is_read_back_once(esx: Simulator, tmp_path: Path) -> None:
    """Without a checksum beside it, the content is compared, and the checksum is recorded."""
    source = write(tmp_path / "a.iso", noise(MIB))
    put(esx, "a.iso", Path(source))
    done = ensure(esx, "a.iso", source=source)
    assert done["steps"] == [f"note the checksum of {POOL} a.iso"]
    transfers(esx)
    assert ensure(esx, "a.iso", source=source)["changed"] is False
    assert transfers(esx) == ["GET"]


def test_a_checksum_that_is_older_than_its_file_is_not_trusted(esx: Simulator, tmp_path: Path) -> None:
    source, other = write(tmp_path / "a", noise(MIB)), write(tmp_path / "b", noise(MIB, seed=2))
    ensure(esx, "a.iso", source=source)
    time.sleep(0.05)
    put(esx, "a.iso", Path(other))
    assert ensure(esx, "a.iso", source=source)["steps"] == [f"upload {source} to {POOL} a.iso"]
    assert content(esx, "a.iso") == Path(source).read_bytes()


def test_the_checksum_of_a_former_file_is_not_that_of_one_that_is_moved_there(esx: Simulator, tmp_path: Path) -> None:
    """The checksum that was left is younger than the file that is moved, as if it had been recorded for it."""
    source, other = write(tmp_path / "a", noise(MIB)), write(tmp_path / "b", noise(MIB, seed=2))
    put(esx, "other.iso", Path(other))
    ensure(esx, "a.iso", source=source)
    with client(esx, login=LOGIN) as host:
        host.wait(host.content.fileManager.DeleteDatastoreFile_Task(f"{POOL} a.iso"))
    ensure(esx, "a.iso", moved_from=f"{POOL} other.iso")
    assert ensure(esx, "a.iso", source=source)["steps"] == [f"upload {source} to {POOL} a.iso"]
    assert content(esx, "a.iso") == Path(source).read_bytes()


def put(host: Simulator, path: str, source: Path) -> None:
    """Upload a file as another client does."""
    url = f"{host.url}/folder/{path}?dsName={DATASTORE}"
    subprocess.run(["curl", "-sf", "-k", "-u", ":".join(LOGIN), "-T", str(source), url], check=True)


@pytest.mark.parametrize("name", ["empty.iso", "ü & 100% +.iso", "x.iso.sha256", "no ending", "a[b]*.flp"])
@pytest.mark.parametrize("size", [0, 1, MIB + 1])
def test_any_name_and_any_size(esx: Simulator, tmp_path: Path, name: str, size: int) -> None:
    source = write(tmp_path / "source", noise(MIB + 1)[:size])
    assert ensure(esx, f"a dir/{name}", source=source)["changed"] is True
    assert ensure(esx, f"a dir/{name}", source=source)["changed"] is False
    target = tmp_path / "back"
    assert ensure(esx, f"a dir/{name}", dest=str(target))["changed"] is True
    assert target.read_bytes() == Path(source).read_bytes()
    ensure(esx, f"a dir/{name}", state="absent")
    assert [file for file in names(esx) if file.startswith("a dir/")] == []


def test_a_datastore_with_any_name(tmp_path: Path) -> None:
    source = write(tmp_path / "source", noise(MIB))
    with start_host("-domains", "0", "-datastore-name", "a & b +1 100%") as host:
        for changed in (True, False):
            path = "[a & b +1 100%] dir/x.iso"
            assert carry_out(esx_volume.CONTRACT, host, path=path, source=source)["changed"] is changed


def test_a_wrong_checksum_is_noticed_before_anything_is_sent(esx: Simulator, tmp_path: Path) -> None:
    data = noise(MIB)
    source, right = write(tmp_path / "a.iso", data), sha256(data)
    for check in (True, False):
        with pytest.raises(ParseError, match=f"has the checksum sha256:{right}, not sha256:0{{64}}"):
            ensure(esx, "a.iso", source=source, checksum="0" * 64, check=check)
        with pytest.raises(ParseError, match="has the checksum"):
            ensure(esx, "a.vmdk", source=source, checksum=f"sha256:{'0' * 64}", check=check)
    assert names(esx) == OWN
    assert ensure(esx, "a.iso", source=source, checksum=f"SHA256:{right.upper()}")["changed"] is True


def test_a_source_that_is_missing_is_named(esx: Simulator, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=f"'{tmp_path}/none' cannot be read: No such file"):
        ensure(esx, "a.iso", source=str(tmp_path / "none"))
    with pytest.raises(ParseError, match="is a directory"):
        ensure(esx, "a.iso", source=str(tmp_path))


FAILURES: list[dict[str, Any]] = [
    {"method": "PUT", "http": 500},
    {"method": "PUT", "http": 403},
    {"method": "PUT", "drop": "before"},
    {"method": "PUT", "drop": "after"},
    {"method": "MoveDatastoreFile_Task", "fault": "FileLocked", "in": "task"},
    {"method": "MoveDatastoreFile_Task", "fault": "NoPermission"},
    {"method": "MakeDirectory", "fault": "CannotCreateFile"},
]


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_upload_leaves_nothing_under_the_final_name(
    esx: Simulator, tmp_path: Path, failure: dict[str, Any]
) -> None:
    source = write(tmp_path / "a.iso", noise(MIB))
    esx.inject(count=1, **failure)
    with pytest.raises(EsxError):
        ensure(esx, "new/a.iso", source=source)
    assert [name for name in names(esx) if name.startswith("new/")] == []
    assert ensure(esx, "new/a.iso", source=source)["changed"] is True
    assert ensure(esx, "new/a.iso", source=source)["changed"] is False
    assert content(esx, "new/a.iso") == Path(source).read_bytes()


def test_a_failed_upload_leaves_the_old_file_as_it_is(esx: Simulator, tmp_path: Path) -> None:
    old = noise(MIB)
    ensure(esx, "a.iso", source=write(tmp_path / "a", old))
    esx.inject(method="MoveDatastoreFile_Task", fault="FileLocked", count=1, **{"in": "task"})
    with pytest.raises(EsxError, match="FileLocked"):
        ensure(esx, "a.iso", source=write(tmp_path / "b", noise(2 * MIB)))
    assert content(esx, "a.iso") == old


def test_an_image_in_the_drive_of_a_running_domain_is_not_replaced(esx: Simulator, tmp_path: Path) -> None:
    ensure(esx, "a.iso", source=write(tmp_path / "a", noise(MIB)))
    with client(esx, login=LOGIN) as host:
        domain = host.domain("domain-1")
        drive = next(d for d in host.get(domain, "config.hardware.device") if d.key == 3002 or "cdrom" in str(type(d)))
        drive.backing = connected_type("vm").device.VirtualCdrom.IsoBackingInfo(fileName=f"{POOL} a.iso")
        change = connected_type("vm").device.VirtualDeviceSpec(operation="edit", device=drive)
        host.reconfigure(domain, deviceChange=[change])
    with pytest.raises(Refused, match="domain 'domain-1' uses it and is not shut off"):
        ensure(esx, "a.iso", source=write(tmp_path / "b", noise(2 * MIB)))
    assert ensure(esx, "a.iso", source=str(tmp_path / "a"))["changed"] is False


def test_a_file_of_a_domain_is_not_replaced(esx: Simulator, tmp_path: Path) -> None:
    """Not even of one that is shut off: its host has read the VMX, and would write it again."""
    source = tmp_path / "a.vmx"
    source.write_bytes(b"other")
    carry_out(esx_domain.CONTRACT, esx, name="domain-1", state="destroyed")
    before = content(esx, "domain-1/domain-1.vmx")
    for check in (True, False):
        with pytest.raises(Refused, match="cannot be replaced: it is used by domain 'domain-1'"):
            ensure(esx, "domain-1/domain-1.vmx", source=str(source), check=check)
    assert content(esx, "domain-1/domain-1.vmx") == before


def test_a_download_is_complete_or_not_there(esx: Simulator, tmp_path: Path) -> None:
    data = noise(5 * MIB)
    ensure(esx, "a.iso", source=write(tmp_path / "a", data))
    target = tmp_path / "back.iso"
    with pytest.raises(ParseError, match=r"\[datastore1\] a.iso' has the checksum"):
        ensure(esx, "a.iso", dest=str(target), checksum="0" * 64)
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
    predicted = ensure(esx, "a.iso", dest=str(target), check=True)
    assert not target.exists()
    done = ensure(esx, "a.iso", dest=str(target), checksum=sha256(data))
    assert predicted["steps"] == done["steps"] == [f"download {POOL} a.iso to {target}"]
    assert target.read_bytes() == data
    assert ensure(esx, "a.iso", dest=str(target))["changed"] is False
    os.utime(target)
    assert ensure(esx, "a.iso", dest=str(target))["changed"] is True


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file on this machine can become longer than 1 MiB, as if its disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_here_is_not_called_a_broken_connection(
    esx: Simulator, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ensure(esx, "a.iso", source=write(tmp_path / "a", noise(5 * MIB)))
    request.getfixturevalue("small_files")
    with pytest.raises(EsxError, match=r"^'.*/back\.iso.*' cannot be written: File too large\."):
        ensure(esx, "a.iso", dest=str(tmp_path / "back.iso"))
    assert not (tmp_path / "back.iso").exists()


@pytest.mark.parametrize("failure", [{"http": 503}, {"http": 403}, {"http": 500}])
def test_a_descriptor_that_cannot_be_read_is_not_taken_for_the_data_of_a_disk(
    esx: Simulator, tmp_path: Path, failure: dict[str, Any]
) -> None:
    """A few lines of text would be all that there is of the disk, and the task would succeed."""
    ensure(esx, "web.vmdk", source=write(tmp_path / "disk.img", noise(MIB)))
    esx.inject(method="GET", count=1, **failure)
    with pytest.raises(EsxError, match=r"GET \[datastore1\] web\.vmdk"):
        ensure(esx, "web.vmdk", dest=str(tmp_path / "back.vmdk"))
    assert list(tmp_path.iterdir()) == [tmp_path / "disk.img"]


def test_a_descriptor_that_leads_elsewhere_is_refused(esx: Simulator, tmp_path: Path) -> None:
    text = '# Disk DescriptorFile\ncreateType="vmfs"\nRW 2048 VMFS "/vmfs/volumes/other/web-flat.vmdk"\n'
    put(esx, "web.vmdk", Path(write(tmp_path / "web", text.encode())))
    for check in (True, False):
        with pytest.raises(Refused, match=r"web\.vmdk cannot be downloaded: .*not in its own directory"):
            ensure(esx, "web.vmdk", dest=str(tmp_path / "back.vmdk"), check=check)


@needs_qemu_img
def test_a_disk_is_downloaded_as_a_vmdk_that_others_can_read(esx: Simulator, tmp_path: Path) -> None:
    data = noise(MIB) + bytes(4 * MIB) + noise(MIB, seed=2)
    ensure(esx, "web.vmdk", source=write(tmp_path / "disk.img", data))
    target, raw = tmp_path / "back.vmdk", tmp_path / "back.img"
    assert ensure(esx, "web.vmdk", dest=str(target))["changed"] is True
    subprocess.run(["qemu-img", "convert", "-f", "vmdk", "-O", "raw", str(target), str(raw)], check=True)
    assert raw.read_bytes() == data
    assert (tmp_path / "back-flat.vmdk").stat().st_blocks * 512 < 3 * MIB
    assert ensure(esx, "web.vmdk", dest=str(target))["changed"] is False
    ensure(esx, "again.vmdk", source=str(target))
    assert data_of(esx, "again.vmdk") == data
    with pytest.raises(Refused, match=r"has to end in \.vmdk"):
        ensure(esx, "web.vmdk", dest=str(tmp_path / "web.img"))
    with pytest.raises(Refused, match="used by the running domain 'domain-1'"):
        ensure(esx, "domain-1/domain-1.vmdk", dest=str(target))


def test_the_playbook(esx: Simulator, tmp_path: Path, way: str) -> None:
    """Run each task in check mode and twice for real, in both ways."""
    write(tmp_path / "image.iso", noise(MIB))
    write(tmp_path / "disk.img", noise(MIB))
    variables = {"esx_uri": esx.uri(user=USER, no_verify=1), "esx_password": PASSWORD, "place": str(tmp_path)}
    predicted = run_playbook("esx_volume.yml", extra_vars=variables, way=way, check=True, diff=True)
    assert predicted.changed == 3
    assert "+capacity_bytes: 67108864" in predicted.output
    assert run_playbook("esx_volume.yml", extra_vars=variables, way=way).changed == 5
    assert run_playbook("esx_volume.yml", extra_vars=variables, way=way).changed == 0


@pytest.mark.parametrize("option", ["source", "disks.image"])
def test_a_file_beside_the_playbook_is_found(esx: Simulator, tmp_path: Path, way: str, option: str) -> None:
    (tmp_path / "files").mkdir()
    write(tmp_path / "files" / "disk.img", noise(MIB))
    login = {"uri": "{{ uri }}", "password": "{{ password }}"}
    xml = (
        "<domain type='vmware'><name>web</name><memory>65536</memory><os><type arch='x86_64'>hvm</type></os><devices>"
        f"<disk type='file' device='disk'><source file='{POOL} web/web.vmdk'/><target dev='sda' bus='scsi'/></disk>"
        "</devices></domain>"
    )
    tasks: dict[str, dict[str, Any]] = {
        "source": {"virt.esx.esx_volume": {**login, "path": f"{POOL} web/web.vmdk", "source": "disk.img"}},
        "disks.image": {
            "virt.esx.esx_domain": {**login, "xml": xml, "disks": [{"target": "sda", "image": "disk.img"}]}
        },
    }
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"name": "Bring it", **tasks[option]}]}
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([play]))
    variables = {"uri": esx.uri(user=USER, no_verify=1), "password": PASSWORD}
    for changed in (1, 0):
        assert run_playbook(playbook, extra_vars=variables, way=way).changed == changed
    assert data_of(esx, "web/web.vmdk") == noise(MIB)


@pytest.mark.parametrize("name", ["a\\b.iso", "x[1].iso", "100%25.iso"])
def test_a_file_with_a_name_that_a_search_takes_for_a_pattern(esx: Simulator, tmp_path: Path, name: str) -> None:
    source = write(tmp_path / "a.iso", b"x")
    assert [ensure(esx, name, source=source)["changed"] for _run in range(2)] == [True, False]
    assert [ensure(esx, name, state="absent")["changed"] for _run in range(2)] == [True, False]
