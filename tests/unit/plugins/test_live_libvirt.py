# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialect ``libvirt`` held against a real libvirt; `make fuzz` has ten times as many inputs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.plugins.module_utils._vmx.encoding import decode, errors_of, python_codec
from ansible_collections.virt.esx.tests.unit.plugins.live_libvirt import (
    INSTALLED,
    Libvirt,
    alike,
    disagreements,
    live_libvirt,
    ours,
)

pytestmark = pytest.mark.skipif(not INSTALLED, reason="libvirt is not installed")

HEAD = b'config.version = "8"\nvirtualHW.version = "4"\ndisplayName = "n"\n'


@pytest.fixture(scope="module")
def libvirt() -> Iterator[Libvirt]:
    with live_libvirt() as found:
        yield found


def test_mutants_are_converted_alike(libvirt: Libvirt) -> None:
    assert list(disagreements(libvirt, seed=1, count=2000)) == []


@pytest.mark.parametrize(
    "lines",
    [
        b'serial0.present = "true"\nserial0.fileType = "network"\nserial0.fileName = "tcp://[fe80::1%25vmk0]:22"\n',
        b'serial0.present = "true"\nserial0.fileType = "pipe"\n',
        b'scsi0.present = "true"\nscsi0:0.present = "true"\nscsi0:0.deviceType = "atapi-cdrom"\n',
        b'numvcpus = "4294967297"\ncpuid.coresPerSocket = "2"\n',
    ],
)
def test_odd_settings_are_converted_alike(libvirt: Libvirt, lines: bytes) -> None:
    expected = alike(libvirt.xml_of(HEAD + lines))
    assert expected is not None
    assert alike(ours(HEAD + lines)) == expected


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("windows-949-2000", b"\xb0\xa1\xc0\xe5"),
        ("windows-936-2000", b"\x80\xb2\xe2"),
        ("GBK", b"\x80"),
        ("windows-950-2000", b"\xa3\xe1"),
        ("Big5", b"\xa3\xe1"),
        ("ibm-943_P15A-2003", b"\x87@\\"),
        ("Shift_JIS", b"\x83\\~\\\x81_"),
        ("ibm-5348_P100-1997", b"\x80\x81"),
        ("windows-1252", b"\x80\xfc"),
        ("MacRoman", b"\x80"),
        ("KS_C_5601-1987", b"\xb0\xa1"),
        ("EUC-KR", b"\xb0\xa1"),
    ],
)
def test_encodings_are_decoded_alike(libvirt: Libvirt, name: str, data: bytes) -> None:
    codec = python_codec(name, vmware=False)
    assert codec is not None
    vmx = b'.encoding = "' + name.encode() + b'"\n' + HEAD + b'annotation = "' + data + b'"\n'
    text = decode(data, codec, errors_of(name, vmware=False))
    assert f"<description>{text}</description>" in (libvirt.xml_of(vmx) or "")
    assert alike(ours(vmx)) == alike(libvirt.xml_of(vmx))
