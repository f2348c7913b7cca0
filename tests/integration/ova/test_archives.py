# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVA files as all kinds of programs pack them: the format of the archive, the order of its files, their names."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.source import open_package
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.writers import new_archive
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError
from ansible_collections.virt.esx.tests.integration.ova.packages import SERIAL, Sources, bring, manifest, ova
from ansible_collections.virt.esx.tests.integration.storage.volumes import content, data_of, names
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def pack(path: Path, files: Sequence[tuple[str, bytes]], format_: int = tarfile.PAX_FORMAT) -> str:
    """Write an archive with a directory in it, and names as ``tar -c .`` writes them."""
    with tarfile.open(path, "w", format=format_) as archive:
        directory = tarfile.TarInfo("./")
        directory.type = tarfile.DIRTYPE
        archive.addfile(directory)
        for name, data in files:
            entry = tarfile.TarInfo(f"./{name}")
            entry.size, entry.mtime = len(data), 1.5  # a fraction needs a header of its own in the format pax
            entry.uname = "ein Benutzer mit Umläuten"
            archive.addfile(entry, io.BytesIO(data))
    return str(path)


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("order", ["the standard's", "of the alphabet", "manifest last"])
def test_stored_archives(esx: Simulator, made: Sources, tmp_path: Path, format_: int, order: str) -> None:
    files = [("appliance.ovf", made.descriptor), made.manifest(), *made.files.items()]
    if order == "of the alphabet":
        files.sort()
        assert files[0][0] == "appliance-disk1.vmdk"
    elif order == "manifest last":
        files.append(files.pop(1))
    done = bring(esx, pack(tmp_path / "a.ova", files, format_))
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image
    assert content(esx, "appliance/_deviceImage0.iso") == made.files["appliance-file1.iso"]
    assert [text[: len(SERIAL)] for text in done["warned"]] == [SERIAL]


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_streams(esx: Simulator, made: Sources, tmp_path: Path, web: str, format_: int) -> None:
    pack(tmp_path / "a.ova", [("appliance.ovf", made.descriptor), *made.files.items(), made.manifest()], format_)
    bring(esx, f"{web}/a.ova")
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image


def test_a_stream_begins_with_the_descriptor(esx: Simulator, made: Sources, tmp_path: Path, web: str) -> None:
    pack(tmp_path / "a.ova", [*made.files.items(), ("appliance.ovf", made.descriptor)])
    with pytest.raises(ParseError, match="its descriptor .* is 'appliance-disk1.vmdk' instead") as refused:
        bring(esx, f"{web}/a.ova")
    assert "tar --format=ustar" in str(refused.value.hint)
    assert names(esx) == []


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_file_of_nine_gibibytes_and_what_follows_it(tmp_path: Path, format_: Any) -> None:
    disk = tarfile.TarInfo("disk.vmdk")
    disk.size = 9 << 30
    with (tmp_path / "a.ova").open("wb") as file:
        for entry, content in (
            (tarfile.TarInfo("a.ovf"), b"<Envelope/>"),
            (disk, b""),
            (tarfile.TarInfo("a.mf"), b"x"),
        ):
            entry.size = entry.size or len(content)
            file.write(entry.tobuf(format_) + content)
            file.truncate(file.tell() - len(content) + -(-entry.size // 512) * 512)
            file.seek(0, io.SEEK_END)
        file.write(bytes(1024))
    with open_package(str(tmp_path / "a.ova"), 10) as package:
        assert (package.descriptor, package.manifest) == (b"<Envelope/>", b"x")
        (member,) = package.members(["disk.vmdk"])
        assert (member.name, member.size) == ("disk.vmdk", 9 << 30)


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE])
def test_a_file_that_is_longer_than_any(tmp_path: Path, kind: bytes) -> None:
    disk = tarfile.TarInfo("disk.vmdk")
    disk.size, disk.type = 1 << 80, kind
    (tmp_path / "a.ova").write_bytes(disk.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(ParseError, match="is not an OVA"), open_package(str(tmp_path / "a.ova"), 10):
        pass


def test_an_archive_of_a_domain_with_as_many_disks_as_a_host_takes(tmp_path: Path) -> None:
    """Their sizes are in the descriptor only when all of them have come."""
    disks = [f"disk{number}.vmdk" for number in range(256)]
    draft = "".join(f'<File ovf:href="{name}" ovf:size="0"/>' for name in disks)
    final = draft.replace('ovf:size="0"', f'ovf:size="{1 << 45}"') + f' ovf:populatedSize="{1 << 45}"' * len(disks)
    with new_archive(tmp_path / "a.ova", "a", disks, len(draft)) as writer:
        for name in disks:
            with writer.part(name) as part:
                part.write(b"x")
        writer.finish(final.encode())
    with tarfile.open(tmp_path / "a.ova") as archive:
        assert archive.getnames() == ["a.ovf", "a.mf", *disks]


def test_two_files_of_one_name(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = pack(tmp_path / "a.ova", [("appliance.ovf", made.descriptor), *made.files.items(), *made.files.items()])
    with pytest.raises(ParseError, match="has two files 'appliance-disk1.vmdk'"):
        bring(esx, source)


def test_a_truncated_archive_is_refused_before_anything_is_sent(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    path = tmp_path / "a.ova"
    pack(path, [("appliance.ovf", made.descriptor), made.manifest(), *made.files.items()])
    path.write_bytes(path.read_bytes().rstrip(b"\0")[:-700])
    esx.trace(reset=True)
    with pytest.raises(ParseError, match="is truncated"):
        bring(esx, str(path), check=True)
    assert "CreateImportSpec" not in esx.methods()


@pytest.mark.parametrize("manner", ["spaces", "carriage returns", "byte order mark", "upper case", "SHA-256"])
def test_manifests_of_all_manners(esx: Simulator, made: Sources, tmp_path: Path, manner: str) -> None:
    name, text = made.manifest()
    text = {
        "spaces": text.replace(b"(", b" ( ").replace(b")= ", b" ) = ").replace(b" ( ", b" (").replace(b" ) ", b") "),
        "carriage returns": text.replace(b"\n", b"\r\n"),
        "byte order mark": b"\xef\xbb\xbf" + text,
        "upper case": b"\n".join(
            line.partition(b"= ")[0] + b"=" + line.partition(b"= ")[2].upper() for line in text.splitlines()
        ),
        "SHA-256": text.replace(b"SHA256", b"SHA-256") + b"\n\n",
    }[manner]
    assert bring(esx, made.ova(tmp_path / "a.ova", (name, text)))["changed"] is True


@pytest.mark.parametrize("listed", ["my disk.vmdk", "my%20disk.vmdk", "./my disk.vmdk"])
@pytest.mark.parametrize("kind", ["archive", "stream", "directory"])
def test_names_with_blanks(esx: Simulator, made: Sources, tmp_path: Path, web: str, kind: str, listed: str) -> None:
    descriptor = made.descriptor.replace(b'href="appliance-disk1.vmdk"', b'href="my%20disk.vmdk"')
    disk, iso = made.files.values()
    files = [("a.ovf", descriptor), ("my disk.vmdk", disk), ("appliance-file1.iso", iso)]
    sums = manifest({"a.ovf": descriptor, listed: disk, "appliance-file1.iso": iso})
    files.insert(1, ("a.mf", sums))
    pack(tmp_path / "a.ova", files)
    for name, data in files:
        (tmp_path / name).write_bytes(data)
    source = {"archive": f"{tmp_path}/a.ova", "stream": f"{web}/a.ova", "directory": f"{tmp_path}/a.ovf"}[kind]
    bring(esx, source)
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image
    again = ova(esx, source=source, accept_eula=True)
    assert (again["changed"], again["warned"]) == (False, [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"MD5(appliance.ovf)= 00", "is not a checksum such as"),
        (b"SHA256(appliance.ovf)= 1234", "is not a checksum such as"),
        (b"<html>not found</html>", "is not a checksum such as"),
        (b"\xff\xfe\x00", "is not a checksum such as"),
        (b"", "does not list the package's file 'appliance.ovf'"),
    ],
)
def test_manifests_that_are_none(esx: Simulator, made: Sources, tmp_path: Path, text: bytes, reason: str) -> None:
    with pytest.raises(EsxError, match=reason):
        bring(esx, made.ova(tmp_path / "a.ova", ("appliance.mf", text)))
    assert names(esx) == []
