# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guest operating systems by the names that VMware, its API and libosinfo have for them."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.guest_words import TABLE
from ansible_collections.virt.esx.plugins.module_utils._domain.guests import (
    SYSTEMS,
    arch_of_guest,
    guest_named,
    osinfo_of_word,
    word_of_osinfo,
)


@pytest.mark.parametrize(
    ("identity", "arch", "word", "is_exact"),
    [
        ("http://debian.org/debian/12", "x86_64", "debian12-64", True),
        ("http://debian.org/debian/12", "i686", "debian12", True),
        ("http://debian.org/debian/12", "aarch64", "arm-debian12-64", True),
        ("http://debian.org/debian/99", "x86_64", "debian13-64", False),
        ("http://microsoft.com/win/11", "x86_64", "windows11-64", True),
        ("http://microsoft.com/win/10", "x86_64", "windows9-64", True),
        ("http://microsoft.com/win/2k22", "x86_64", "windows2019srvNext-64", True),
        ("http://microsoft.com/win/2k25", "x86_64", "windows2022srvNext-64", True),
        ("http://redhat.com/rhel/9.2", "x86_64", "rhel9-64", True),
        ("http://redhat.com/rhel/9-unknown", "x86_64", "rhel9-64", True),
        ("http://redhat.com/rhel/9.2", "i686", "otherlinux", False),
        ("rhel9.2", "x86_64", "rhel9-64", True),
        ("centos-stream9", "x86_64", "centos9-64", True),
        ("sles15sp5", "x86_64", "sles15-64", True),
        ("debiantesting", "x86_64", "debian13-64", False),
        ("win", "x86_64", "windows11-64", False),
        ("http://suse.com/sle/15.3", "x86_64", "sles15-64", True),
        ("http://alpinelinux.org/alpinelinux/3.19", "x86_64", "other6xlinux-64", True),
        ("http://suse.com/sles/15", "aarch64", "arm-other6xlinux-64", False),
    ],
)
def test_the_word_of_a_libosinfo_id(identity: str, arch: str, word: str, is_exact: bool) -> None:
    assert word_of_osinfo(identity, arch) == (word, is_exact)


@pytest.mark.parametrize(
    "identity", ["", "http://example.org/os/1", "plan9", "windows10", "winserver2019", "windows2022srv-64"]
)
def test_an_unknown_product_has_no_word(identity: str) -> None:
    assert word_of_osinfo(identity, "x86_64") is None


@pytest.mark.parametrize(
    ("guest", "arch"),
    [
        ("rhel9-64", "x86_64"),
        ("windows9_64Guest", "x86_64"),
        ("otherGuest64", "x86_64"),
        ("ubuntu64Guest", "x86_64"),
        ("vmkernel8", "x86_64"),
        ("winHyperV", "x86_64"),
        ("CRXSys1-64", "x86_64"),
        ("arm-ubuntu-64", "aarch64"),
        ("debian12", "i686"),
        ("", "i686"),
        ("riscv-other-64", None),
    ],
)
def test_the_architecture_of_a_guest(guest: str, arch: str | None) -> None:
    assert arch_of_guest(guest) == arch
    assert arch_of_guest(guest, "arm64") == "aarch64"


def test_each_word_is_in_vmwares_table() -> None:
    words = {word for line in TABLE.split("\n") if line for word in line.split()[2:]}
    stems = {stem for versions in SYSTEMS.values() for stem in versions.values()}
    assert [stem for stem in stems if f"{stem}-64" not in words and stem not in words] == []


def test_identifiers_and_words_belong_together_without_case() -> None:
    name = guest_named("WINDOWS2019SRVNEXT_64GUEST")
    assert name == ("windows2019srvNext-64", "windows2019srvNext_64Guest", 18)
    assert guest_named("winServer2008Web-64") == ("winServer2008Web-64", "winLonghorn64Guest", None)
    assert guest_named("klingon-64") is None


@pytest.mark.parametrize(
    ("guest", "identity"),
    [
        ("rhel9-64", "http://redhat.com/rhel/9-unknown"),
        ("sles15-64", "http://suse.com/sle/15-unknown"),
        ("centos9-64", "http://centos.org/centos-stream/9"),
        ("windows2019srvNext_64Guest", "http://microsoft.com/win/2k22"),
        ("freeBSD14-64", "http://freebsd.org/freebsd/14.0"),
        ("ubuntu-64", "http://libosinfo.org/linux/2022"),
        ("other-64", "http://libosinfo.org/unknown"),
    ],
)
def test_the_libosinfo_id_of_a_word(guest: str, identity: str) -> None:
    assert osinfo_of_word(guest) == identity
