# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk image of any format on the machine where a module runs, as a stream of the bytes that a guest sees.

Raw images, VHD of fixed size and all VMDK formats are read by the collection itself; the others by ``qemu-img``, which
writes them as a sparse raw file into the directory for temporary files.
"""

from __future__ import annotations

import contextlib
import io
import json
import pathlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._images.descriptor import Extent
from ansible_collections.virt.esx.plugins.module_utils._images.formats import HEAD, TAIL, Recognised, raw, recognise
from ansible_collections.virt.esx.plugins.module_utils._images.vmdk import VmdkImage, read_exactly, zeros

_QEMU_IMG = "qemu-img"
_PACKAGES = "Install Debian's and Ubuntu's package qemu-utils, or qemu-img of Fedora, RHEL and their relatives."
# How "qemu-img check" ends for an image with errors, and for one that only has clusters that nothing needs.
_CORRUPTED = 2
_WASTEFUL = 3
# Disks have a whole number of KiB in the VI API.
_UNIT = 1024


@dataclass(frozen=True)
class Image:
    """An image that can become a disk. ``capacity`` in bytes is that of the disk, a multiple of 1 KiB."""

    path: str
    format: str
    capacity: int
    data: int  # the bytes of ``capacity`` that come from the image, the rest is zero
    fixed: bool  # whether the data are the beginning of the file


def inspect_image(path: str, format_: str | None = None) -> Image:
    """Inspect an image without reading its data.

    :param format_: its format, one of ``FORMATS``; None to recognise it.
    :raises NotFound: if there is no such file.
    :raises ParseError: if it is not an image, or incomplete.
    :raises EsxError: if only qemu-img can read it, which is not installed.
    """
    found = _recognise(path, format_)
    if found.format == "vmdk":
        with _named(path):
            capacity = VmdkImage(pathlib.Path(path)).capacity
    elif found.fixed is None:
        capacity = _inspect_with_qemu(path, found.format)
    else:
        capacity = found.fixed
    if not capacity:
        raise ParseError(f"The image '{path}' is empty.")
    return Image(path, found.format, -(-capacity // _UNIT) * _UNIT, capacity, found.fixed is not None)


@contextlib.contextmanager
def raw_blocks(image: Image) -> Iterator[Iterator[bytes]]:
    """Open an image, in a ``with`` block, as the blocks of its raw data, ``capacity`` bytes in total.

    :raises EsxError: if it cannot be read or converted.
    """
    with contextlib.ExitStack() as stack:
        with _named(image.path):
            blocks = _blocks(image, stack)
        yield _padded(blocks, image)


def _blocks(image: Image, stack: contextlib.ExitStack) -> Iterator[bytes]:
    """The blocks of an image's own data; what has to be open for them is left to ``stack``."""
    if image.format == "vmdk":
        return VmdkImage(pathlib.Path(image.path)).blocks()
    path = pathlib.Path(image.path) if image.fixed else stack.enter_context(_converted(image))
    return read_exactly(stack.enter_context(path.open("rb")), Extent(image.data, "FLAT", path.name, 0))


def _padded(blocks: Iterator[bytes], image: Image) -> Iterator[bytes]:
    with _named(image.path):
        yield from blocks
    yield from zeros(image.capacity - image.data)


def _recognise(path: str, format_: str | None) -> Recognised:
    with _named(path), pathlib.Path(path).open("rb") as file:
        head = file.read(HEAD)
        size = _size(file)
        file.seek(max(0, size - TAIL))
        tail = file.read(TAIL)
    if format_ == "raw":
        return raw(size)
    with _named(path):
        found = recognise(head, tail, size)
    if format_ not in (None, found.format):
        raise ParseError(f"The image '{path}' is not of the format {format_}, but {found.format}.")
    return found


def _size(file: BinaryIO) -> int:
    """The length of a file, or of a block device, for which the system's description of files says 0."""
    return file.seek(0, io.SEEK_END)


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """Name the image in an error of reading it, which is none of the connection."""
    try:
        yield
    except ParseError as error:
        raise ParseError(f"The image '{path}' cannot be used: {error.message}", hint=error.hint) from None
    except OSError as error:
        raise NotFound(f"The image '{path}' cannot be read: {error.strerror or error}.") from None


def _inspect_with_qemu(path: str, format_: str) -> int:
    output = _qemu_img(path, "info", "--output=json", "-f", format_, _plain(path))
    facts = json.loads(output)
    if facts.get("backing-filename"):
        raise ParseError(f"The image '{path}' refers to another file, '{facts['backing-filename']}'; flatten it first.")
    if format_ == "qcow2":
        _check_with_qemu(path, format_)
    return int(facts["virtual-size"])


def _check_with_qemu(path: str, format_: str) -> None:
    """Refuse an image whose tables lead behind its end: qemu-img converts it, with zeros in place of what is lost."""
    status, output, _errors = _run(_qemu_img_program(path), ("check", "--output=json", "-f", format_, _plain(path)))
    if status not in (0, _CORRUPTED, _WASTEFUL):
        return  # it says why when it converts the image
    with pathlib.Path(path).open("rb") as file:
        size = _size(file)
    end = int(json.loads(output)["image-end-offset"])
    if end > size and (status == _CORRUPTED or _is_mapped_behind(path, format_, size)):
        what = f"truncated: it has {size} bytes of at least {end}"
    elif status == _CORRUPTED:
        what = "damaged, as qemu-img check says"
    else:
        return
    raise ParseError(f"The image '{path}' cannot be used: the {format_} image is {what}.")


def _is_mapped_behind(path: str, format_: str, size: int) -> bool:
    """Whether data of a disk are behind the end of its image; the last cluster need not be complete."""
    extents = json.loads(_qemu_img(path, "map", "--output=json", "-f", format_, _plain(path)))
    return any(extent["data"] and extent.get("offset", 0) + extent["length"] > size for extent in extents)


@contextlib.contextmanager
def _converted(image: Image) -> Iterator[pathlib.Path]:
    """The path of a sparse raw file with the data of an image, for the duration of a ``with`` block."""
    with tempfile.TemporaryDirectory(prefix="virt-esx-") as place:
        path = pathlib.Path(place, "disk.raw")
        _qemu_img(image.path, "convert", "-f", image.format, "-O", "raw", _plain(image.path), str(path))
        yield path


def _plain(path: str) -> str:
    """A path that qemu-img takes for one: a relative ``disk:1.qcow2`` would name a protocol, ``-x.qcow2`` an option."""
    return str(pathlib.Path(path).absolute())


def _qemu_img(path: str, *arguments: str) -> str:
    status, output, errors = _run(_qemu_img_program(path), arguments)
    if status:
        said = (errors.strip().splitlines() or [f"it ended with status {status}"])[-1]
        raise EsxError(f"{_QEMU_IMG} cannot read the image '{path}': {said.removeprefix('qemu-img: ')}.")
    return output


def _qemu_img_program(path: str) -> str:
    program = shutil.which(_QEMU_IMG)
    if program is None:
        raise EsxError(f"The image '{path}' can only be read by {_QEMU_IMG}, which is not installed.", hint=_PACKAGES)
    return program


def _run(program: str, arguments: Sequence[str]) -> tuple[int, str, str]:
    """Run a program; return its status, output and errors.

    By asyncio, as ansible-test accepts only AnsibleModule's run_command otherwise, which an action does not have.
    """
    import asyncio  # here, as it takes long to import and few tasks have such an image

    async def run() -> tuple[int, bytes, bytes]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(program, *arguments, stdout=pipe, stderr=pipe)
        output, errors = await process.communicate()
        return process.returncode or 0, output, errors

    status, output, errors = asyncio.run(run())
    return status, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace")
