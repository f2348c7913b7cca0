# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The product of a server, and the version of the API to speak with it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.virt.esx.plugins.module_utils._vi.about import (
    About,
    best_version,
    oldest_version,
    read_about,
    version_numbers,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import VmomiSupport


def described(line: str = "embeddedEsx", version: str = "8.0.0", api: str = "8.0.0.1", kind: str = "HostAgent") -> Any:
    return SimpleNamespace(
        productLineId=line,
        version=version,
        apiVersion=api,
        apiType=kind,
        name="VMware",
        fullName=f"VMware {version} build-1",
        build="1",
    )


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (described(), "esx"),
        (described("esx", "3.5.0", "2.5"), "esx"),
        (described("gsx", "2.0.0", "2.5"), "gsx"),
        (described("vpx", "2.5.0", "2.5u2", "VirtualCenter"), "vpx"),
        (described("embeddedEsx", "10.0.0", "10.0.0.0"), "esx"),
    ],
)
def test_accepted(about: Any, expected: str) -> None:
    assert read_about(about, expected=expected, server="h:443").product == expected


@pytest.mark.parametrize(
    ("about", "expected", "message"),
    [
        (described(), "vpx", "h:443 is ESX(i) (VMware 8.0.0 build-1), but the connection is for vCenter/VPX."),
        (described("vpx", kind="VirtualCenter"), "esx", "h:443 is vCenter/VPX (VMware 8.0.0 build-1), but the"),
        (described("gsx", "2.0.0", "2.5"), "esx", "is Server/GSX"),
        (described("ws"), "esx", "is neither an ESX host nor a VMware Server nor a vCenter"),
        (described(kind="Workstation"), "esx", "is neither an ESX host"),
        (described("esx", "3.0.0", "2.5"), "esx", "is too old"),
        (described("esx", "3.5.0", "2.0"), "esx", "is too old"),
        (described("gsx", "1.9", "2.5"), "gsx", "Server/GSX 2.0 with VI API 2.5 is the oldest"),
        (described(version="", api=""), "esx", "is too old"),
    ],
)
def test_refused(about: Any, expected: str, message: str) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        read_about(about, expected=expected, server="h:443")
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("6.7.3", (6, 7, 3)),
        ("2.5u2", (2, 5)),
        ("8.0.0.1", (8, 0, 0, 1)),
        ("", ()),
        ("m5CA1EF4D", ()),
        ("9" * 5000, (999_999_999,)),  # more digits than Python makes a number of
    ],
)
def test_version_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert version_numbers(text) == numbers


@pytest.mark.parametrize(
    ("api", "spoken"),
    [
        ("2.5", "2.5"),
        ("2.5u2", "2.5"),
        ("4.0", "4.0"),
        ("4.1", "4.1"),
        ("5.2", "5.1"),
        ("6.7.3", "6.7.3"),
        ("7.0.3.0", "7.0.3.0"),
        ("8.0.0.1", "8.0.0.1"),
    ],
)
def test_the_version_that_is_spoken(api: str, spoken: str) -> None:
    about = About("esx", "n", api, "1", api)
    assert VmomiSupport.versionIdMap[best_version(about)] == spoken


def test_a_server_newer_than_pyvmomi() -> None:
    spoken = best_version(About("esx", "n", "99.0", "1", "99.0"))
    known = [version_numbers(name.split("/")[1]) for name in VmomiSupport.versionMap if name.startswith("vim25/")]
    assert version_numbers(VmomiSupport.versionIdMap[spoken]) == max(known)


def test_the_first_call_is_made_in_the_oldest_version() -> None:
    assert VmomiSupport.versionIdMap[oldest_version()] == "2.5"
