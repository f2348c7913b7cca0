# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that qemu-img made are read byte for byte; what is damaged or refers to other files is refused."""

from __future__ import annotations

import contextlib
import hashlib
import pathlib
import random
import shutil
import subprocess

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._images.image import inspect_image, raw_blocks
from ansible_collections.virt.esx.tests.unit.plugins.encrypted_image import encrypt

needs_qemu_img = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="Debian's qemu-utils is not installed")

MIB = 1 << 20
SIZE = 5 * MIB + 512 * 3  # not a whole number of grains, nor of KiB


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A raw image with a boot signature, data, and holes."""
    path = tmp_path_factory.mktemp("images") / "disk.img"
    noise = random.Random(1).randbytes(MIB)  # noqa: S311
    with path.open("wb") as file:
        file.write(noise[:510] + b"\x55\xaa" + noise[512:])
        file.seek(3 * MIB)
        file.write(b"text " * 1000)
        file.seek(SIZE - 512)
        file.write(noise[:512])
    return path


def qemu_img(*arguments: object) -> None:
    subprocess.run(["qemu-img", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def digest_of(path: pathlib.Path, format_: str | None = None) -> tuple[int, str]:
    """The capacity of an image and the checksum of its data."""
    image = inspect_image(str(path), format_)
    digest, length = hashlib.sha256(), 0
    with raw_blocks(image) as blocks:
        for block in blocks:
            digest.update(block)
            length += len(block)
    assert length == image.capacity
    return image.capacity, digest.hexdigest()


def expected(raw: pathlib.Path) -> tuple[int, str]:
    """The same of the raw file, whose end is filled up to a KiB."""
    data = raw.read_bytes()
    data += bytes(-len(data) % 1024)
    return len(data), hashlib.sha256(data).hexdigest()


VMDKS = ["monolithicSparse", "monolithicFlat", "streamOptimized", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"]


@needs_qemu_img
@pytest.mark.parametrize("kind", VMDKS)
def test_all_kinds_of_vmdk_are_read_without_qemu_img(
    kind: str, raw: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "disk.vmdk"
    qemu_img("convert", "-f", "raw", "-O", "vmdk", "-o", f"subformat={kind}", raw, image)
    monkeypatch.setenv("PATH", "")
    assert digest_of(image) == expected(raw)


@needs_qemu_img
@pytest.mark.parametrize("format_", ["qcow2", "vhdx", "vpc", "vdi"])
def test_other_formats_are_converted(format_: str, raw: pathlib.Path, tmp_path: pathlib.Path) -> None:
    image = tmp_path / "disk"
    arguments = ("-o", "force_size=on") if format_ == "vpc" else ()
    qemu_img("convert", "-f", "raw", "-O", format_, *arguments, raw, image)
    capacity, _digest = expected(raw)
    found, digest = digest_of(image)
    data = raw.read_bytes()
    assert found >= capacity
    assert digest == hashlib.sha256(data + bytes(found - len(data))).hexdigest()


@needs_qemu_img
def test_a_vhd_of_fixed_size_needs_no_qemu_img(
    raw: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "disk.vhd"
    qemu_img("convert", "-f", "raw", "-O", "vpc", "-o", "subformat=fixed,force_size=on", raw, image)
    monkeypatch.setenv("PATH", "")
    assert digest_of(image) == expected(raw)


def test_a_raw_image_is_read_as_it_is(raw: pathlib.Path) -> None:
    assert digest_of(raw) == expected(raw)


def test_a_raw_image_without_partitions_has_to_be_named_so(tmp_path: pathlib.Path) -> None:
    image = tmp_path / "data"
    image.write_bytes(b"no signature" * 1000)
    with pytest.raises(ParseError, match="is not a disk image"):
        inspect_image(str(image))
    assert inspect_image(str(image), "raw").capacity == 12288


@needs_qemu_img
@pytest.mark.parametrize("kind", VMDKS)
@pytest.mark.parametrize("part", [0.05, 0.5, 0.9])
def test_a_truncated_vmdk_is_refused_before_anything_is_sent(
    kind: str, part: float, raw: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    image = tmp_path / "disk.vmdk"
    qemu_img("convert", "-f", "raw", "-O", "vmdk", "-o", f"subformat={kind}", raw, image)
    data = max(tmp_path.iterdir(), key=lambda path: path.stat().st_size)
    with data.open("r+b") as file:
        file.truncate(int(data.stat().st_size * part) // 512 * 512)
    with pytest.raises(ParseError):
        inspect_image(str(image))


@needs_qemu_img
@pytest.mark.parametrize(
    ("format_", "options"),
    [("qcow2", ()), ("qcow2", ("-c",)), ("vdi", ()), ("vhdx", ()), ("vpc", ()), ("vpc", ("-o", "subformat=fixed"))],
)
@pytest.mark.parametrize("part", [0.05, 0.5, 0.9, 0.999])
def test_no_data_of_a_truncated_image_are_lost_silently(
    format_: str, options: tuple[str, ...], part: float, raw: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """qemu-img reads zeros behind the end of an image, and so converts one that has lost data without a word."""
    image = tmp_path / "disk.img"
    qemu_img("convert", "-f", "raw", "-O", format_, *options, raw, image)
    complete = digest_of(image, format_)
    with image.open("r+b") as file:
        file.truncate(int(image.stat().st_size * part))
    with contextlib.suppress(EsxError):
        inspect_image(str(image), format_)
        assert digest_of(image, format_) == complete  # only what nothing needs is missing


def test_a_raw_image_without_its_end_is_refused(tmp_path: pathlib.Path) -> None:
    image = tmp_path / "disk.img"
    table = bytes(510) + b"\x55\xaa" + b"EFI PART" + bytes(24) + (2047).to_bytes(8, "little")
    image.write_bytes(table.ljust(MIB, b"\0"))
    assert inspect_image(str(image)).capacity == MIB
    image.write_bytes(table.ljust(MIB - 512, b"\0"))
    with pytest.raises(ParseError, match=f"the raw image is truncated: it has {MIB - 512} bytes of {MIB}"):
        inspect_image(str(image))


@needs_qemu_img
def test_images_that_refer_to_another_file_are_refused(raw: pathlib.Path, tmp_path: pathlib.Path) -> None:
    base, image, delta = tmp_path / "base.qcow2", tmp_path / "disk.qcow2", tmp_path / "disk.vmdk"
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, base)
    qemu_img("create", "-f", "qcow2", "-b", base, "-F", "qcow2", image)
    with pytest.raises(ParseError, match="backing file"):
        inspect_image(str(image))
    sparse = tmp_path / "sparse.vmdk"
    qemu_img("convert", "-f", "raw", "-O", "vmdk", raw, sparse)
    qemu_img("create", "-f", "vmdk", "-b", sparse, "-F", "vmdk", delta)
    with pytest.raises(ParseError, match="a difference to another one"):
        inspect_image(str(delta))


@needs_qemu_img
@pytest.mark.parametrize("format_", ["qcow2", "luks"])
def test_an_encrypted_image_is_refused_before_anything_is_sent(
    format_: str, raw: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    image = tmp_path / "disk.img"
    encrypt(raw, image, format_)
    with pytest.raises(ParseError, match="is encrypted"):
        inspect_image(str(image))


def test_a_descriptor_cannot_reach_out_of_its_directory(tmp_path: pathlib.Path) -> None:
    image = tmp_path / "disk.vmdk"
    image.write_text('# Disk DescriptorFile\ncreateType="monolithicFlat"\nRW 2048 FLAT "../secret" 0\n')
    with pytest.raises(ParseError, match="not in its own directory"):
        inspect_image(str(image))


def test_a_descriptor_with_long_lines_is_read_at_once(tmp_path: pathlib.Path) -> None:
    """An image of a stranger must not keep the task busy for ever."""
    image = tmp_path / "disk.vmdk"
    lines = f'a={" " * 120_000}"b"c"', 'parentCID = "fffffffe"', "RW 2048 ZERO"
    image.write_text("\n".join(("# Disk DescriptorFile", *lines)))
    with pytest.raises(ParseError, match="a difference to another one"):
        inspect_image(str(image))


def test_an_extent_with_a_name_that_no_file_has(tmp_path: pathlib.Path) -> None:
    image = tmp_path / "disk.vmdk"
    image.write_text(f'# Disk DescriptorFile\ncreateType="monolithicFlat"\nRW 2048 FLAT "{"a" * 300}" 0\n')
    with pytest.raises(EsxError, match="The image '.*disk.vmdk' cannot be"):
        inspect_image(str(image))


@needs_qemu_img
def test_data_that_turn_out_to_be_damaged_are_said_of_the_image(raw: pathlib.Path, tmp_path: pathlib.Path) -> None:
    image = tmp_path / "disk.vmdk"
    qemu_img("convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, image)
    data = bytearray(image.read_bytes())
    begin = data.index(b"\x78\xda")  # of the first compressed grain
    data[begin + 2 : begin + 200] = bytes(198)
    image.write_bytes(data)
    with pytest.raises(ParseError, match="^The image '.*disk.vmdk' cannot be used: the VMDK image is"):
        digest_of(image)


@needs_qemu_img
@pytest.mark.parametrize("sector", [2**64 - 1, 2**40])
def test_a_header_that_leads_behind_the_end(raw: pathlib.Path, tmp_path: pathlib.Path, sector: int) -> None:
    image = tmp_path / "disk.vmdk"
    qemu_img("convert", "-f", "raw", "-O", "vmdk", raw, image)
    data = bytearray(image.read_bytes())
    data[28:36] = sector.to_bytes(8, "little")  # where the descriptor begins
    image.write_bytes(data)
    with pytest.raises(ParseError, match="The image '.*' cannot be used: .*its descriptor is behind its end"):
        inspect_image(str(image))


def test_an_image_that_becomes_shorter_is_not_filled_up_with_zeros(tmp_path: pathlib.Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(b"x" * MIB)
    found = inspect_image(str(image), "raw")
    image.write_bytes(b"x" * 1024)
    with pytest.raises(ParseError, match="became shorter while it was read"), raw_blocks(found) as blocks:
        list(blocks)


@needs_qemu_img
@pytest.mark.parametrize("name", ["disk:1.qcow2", "-x.qcow2", "json:{}"])
def test_a_name_that_qemu_img_would_not_take_for_one(
    name: str, raw: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert digest_of(pathlib.Path(name)) == expected(raw)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"\xfd7zXZ\x00", "is compressed by xz"),
        (b"\x1f\x8b\x08", "is compressed by gzip"),
        (b"BZh9", "is compressed by bzip2"),
        (b"\x28\xb5\x2f\xfd", "is compressed by zstd"),
        (b"\x04\x22\x4d\x18", "is compressed by lz4"),
        (b"7z\xbc\xaf\x27\x1c", "is a 7z archive"),
        (b"LUKS\xba\xbe", "is encrypted"),
        (b"PK\x03\x04", "is a ZIP archive"),
        (bytes(257) + b"ustar", "is a tar archive or an OVA"),
        (bytes(32769) + b"CD001", "is an ISO image"),
        (b"hello", "is not a disk image"),
        (b"", "is not a disk image"),
        (b"KDMV", "truncated or damaged"),
        (b"QFI\xfb", "header is not complete"),
    ],
)
def test_a_file_that_is_no_image_is_named(head: bytes, message: str, tmp_path: pathlib.Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(head)
    with pytest.raises(ParseError, match=message) as caught:
        inspect_image(str(image))
    assert str(image) in str(caught.value)


def test_a_missing_file_and_a_missing_program_give_hints(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound, match="cannot be read: No such file"):
        inspect_image(str(tmp_path / "none"))
    image = tmp_path / "image"
    image.write_bytes(b"vhdxfile" + bytes(1000))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EsxError, match="qemu-img, which is not installed") as caught:
        inspect_image(str(image))
    assert "qemu-utils" in str(caught.value.hint)


def test_a_format_that_is_named_has_to_be_right(raw: pathlib.Path) -> None:
    with pytest.raises(ParseError, match="not of the format qcow2, but raw"):
        inspect_image(str(raw), "qcow2")
