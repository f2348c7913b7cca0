# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk images of every format become disks with the image's bytes."""

from __future__ import annotations

import gzip
import lzma
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError, Refused
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_volume
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, USER
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    MIB,
    POOL,
    data_of,
    ensure,
    names,
    noise,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.unit.plugins.encrypted_image import encrypt

pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="Debian's qemu-utils is not installed")

DATA = noise(MIB) + bytes(2 * MIB) + noise(MIB, seed=2)

IMAGES = [
    ("raw", ()),
    ("qcow2", ()),
    ("qcow2", ("-c",)),
    ("vhdx", ()),
    ("vdi", ()),
    ("vpc", ("-o", "force_size=on")),
    ("vpc", ("-o", "subformat=fixed,force_size=on")),
    *(("vmdk", ("-o", f"subformat={kind}")) for kind in ("monolithicSparse", "monolithicFlat", "streamOptimized")),
    *(("vmdk", ("-o", f"subformat={kind}")) for kind in ("twoGbMaxExtentSparse", "twoGbMaxExtentFlat")),
]


DOMAIN = (
    "<domain type='vmware'><name>web</name><memory>65536</memory><os><type arch='x86_64'>hvm</type></os><devices>"
    f"<disk type='file' device='disk'><source file='{POOL} web/web.vmdk'/><target dev='sda' bus='scsi'/></disk>"
    "</devices></domain>"
)


def image_of(place: Path, format_: str, arguments: tuple[str, ...] = ()) -> str:
    """An image with ``DATA``, made by qemu-img."""
    raw, image = place / "disk.raw", place / "image"
    raw.write_bytes(DATA)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", format_, *arguments, str(raw), str(image)], check=True)
    return str(image)


@pytest.mark.parametrize(("format_", "arguments"), IMAGES)
def test_an_image_becomes_a_disk_that_grows_to_its_capacity(
    esx: Simulator, tmp_path: Path, format_: str, arguments: tuple[str, ...]
) -> None:
    source = image_of(tmp_path, format_, arguments)
    predicted = ensure(esx, "web/web.vmdk", source=source, capacity="6 MiB", check=True)
    done = ensure(esx, "web/web.vmdk", source=source, capacity="6 MiB")
    assert (
        predicted["steps"]
        == done["steps"]
        == [
            f"create directory {POOL} web",
            f"create {POOL} web/web.vmdk from {source}",
        ]
    )
    assert done["volume"]["capacity_bytes"] == 6 * MIB
    assert done["volume"]["allocation"] == "thin"
    assert done["volume"]["allocation_bytes"] < 3 * MIB
    assert data_of(esx, "web/web.vmdk") == DATA + bytes(2 * MIB)
    assert ensure(esx, "web/web.vmdk", source=source, capacity="6 MiB")["changed"] is False
    assert [name for name in names(esx) if name.startswith("web/")] == ["web/web.vmdk"]


def test_an_existing_disk_is_not_made_again(esx: Simulator, tmp_path: Path) -> None:
    ensure(esx, "web.vmdk", source=image_of(tmp_path, "qcow2"))
    other = write(tmp_path / "other.img", noise(MIB, seed=3))
    assert ensure(esx, "web.vmdk", source=other)["changed"] is False
    assert data_of(esx, "web.vmdk") == DATA


def test_a_capacity_that_is_less_than_the_images_is_refused(esx: Simulator, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot become smaller"):
        ensure(esx, "web.vmdk", source=image_of(tmp_path, "qcow2"), capacity="3 MiB")


@pytest.mark.parametrize("kind", ["streamOptimized", "monolithicSparse", "qcow2", "vdi"])
def test_a_truncated_image_leaves_nothing(esx: Simulator, tmp_path: Path, kind: str) -> None:
    is_vmdk = kind not in ("qcow2", "vdi")
    image = Path(image_of(tmp_path, "vmdk" if is_vmdk else kind, ("-o", f"subformat={kind}") if is_vmdk else ()))
    image.write_bytes(image.read_bytes()[: MIB + 512])
    before = names(esx)
    for check in (True, False):
        with pytest.raises(ParseError, match="truncated"):
            ensure(esx, "web.vmdk", source=str(image), check=check)
    assert names(esx) == before


def test_a_file_that_is_no_image_is_refused(esx: Simulator, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="is not a disk image"):
        ensure(esx, "web.vmdk", source=write(tmp_path / "letter.txt", b"Dear host, " * 1000))


def bad_image(place: Path, kind: str) -> tuple[dict[str, str], str]:
    """A file that cannot become a disk, as options of an image, and what the message says of it."""
    if kind == "wrong checksum":
        return {"image": image_of(place, "qcow2"), "checksum": f"sha256:{'0' * 64}"}, "has the checksum sha256:"
    if kind == "wrong format":
        return {"image": image_of(place, "qcow2"), "image_format": "vhdx"}, "is not of the format vhdx, but qcow2"
    if kind == "backing file":
        base, image = image_of(place, "qcow2"), str(place / "child.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", image], check=True)
        return {"image": image}, "has a backing file"
    if kind == "encrypted":
        raw, image = write(place / "disk.raw", DATA), str(place / "disk.qcow2")
        encrypt(raw, image, "qcow2")
        return {"image": image}, "is encrypted"
    content, message = {
        "gzip": (gzip.compress(DATA), "is compressed by gzip"),
        "xz": (lzma.compress(DATA[:1000]), "is compressed by xz"),
        "text": (b"Dear host, " * 1000, "is not a disk image"),
        "empty": (b"", "is not a disk image"),
        "missing": (None, "cannot be read: No such file"),
    }[kind]
    return {"image": str(place / "gone") if content is None else write(place / "image", content)}, message


KINDS = ["wrong checksum", "wrong format", "backing file", "encrypted", "gzip", "xz", "text", "empty", "missing"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_become_a_disk_is_refused_before_any_change(esx: Simulator, tmp_path: Path, kind: str) -> None:
    options, message = bad_image(tmp_path, kind)
    before = names(esx)
    given = {{"image": "source", "image_format": "source_format"}.get(key, key): options[key] for key in options}
    for check in (True, False):
        with pytest.raises(EsxError, match=message):
            ensure(esx, "web.vmdk", check=check, **given)
        with pytest.raises(EsxError, match=message):
            carry_out(
                esx_domain.CONTRACT, esx, check=check, xml=DOMAIN, disks=[{"target": "sda", "size": "8 MiB", **options}]
            )
    assert names(esx) == before
    assert "web" not in esx.domains()
    good = {"target": "sda", "size": "8 MiB", "image": write(tmp_path / "good.img", DATA)}
    assert carry_out(esx_domain.CONTRACT, esx, xml=DOMAIN, disks=[good])["changed"] is True
    assert data_of(esx, "web/web.vmdk") == DATA + bytes(4 * MIB)


@pytest.mark.parametrize(
    ("method", "where"),
    [
        ("PUT", {"http": 500}),
        ("CopyVirtualDisk_Task", {"fault": "NoDiskSpace", "in": "task"}),
        ("ExtendVirtualDisk_Task", {"fault": "NoDiskSpace", "in": "task"}),
        ("MoveVirtualDisk_Task", {"fault": "FileLocked", "in": "task"}),
    ],
)
def test_whatever_fails_nothing_half_made_is_left(
    esx: Simulator, tmp_path: Path, method: str, where: dict[str, object]
) -> None:
    source = image_of(tmp_path, "qcow2")
    before = names(esx)
    esx.inject(method=method, count=1, **where)
    with pytest.raises(EsxError, match=r"The disk \[datastore1\] web.vmdk was not created"):
        ensure(esx, "web.vmdk", source=source, capacity="6 MiB")
    assert names(esx) == before
    ensure(esx, "web.vmdk", source=source, capacity="6 MiB")
    assert data_of(esx, "web.vmdk") == DATA + bytes(2 * MIB)


def test_through_a_vcenter_too(tmp_path: Path) -> None:
    source = image_of(tmp_path, "qcow2")
    with start_host("-kind", "vcenter", "-domains", "0", "-datastore-name", DATASTORE) as vcenter:
        uri = vcenter.uri("vpx", user=USER, path="DC0/DC0_H0", no_verify=1)
        for changed in (True, False):
            done = carry_out(
                esx_volume.CONTRACT, vcenter, uri=uri, path=f"{POOL} web/web.vmdk", source=source, capacity="6 MiB"
            )
            assert done["changed"] is changed
            assert done["volume"]["capacity_bytes"] == 6 * MIB
        clone = carry_out(
            esx_volume.CONTRACT, vcenter, uri=uri, path=f"{POOL} web/b.vmdk", clone_of=f"{POOL} web/web.vmdk"
        )
        assert clone["volume"]["capacity_bytes"] == 6 * MIB
