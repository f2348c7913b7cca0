# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: the whole life of every domain that the tests of the conversions have."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.domain.domains import check_apply_repeat, ensure, read_file
from ansible_collections.virt.esx.tests.integration.running import ROOT
from ansible_collections.virt.esx.tests.simulator_client import Simulator

DATA = pathlib.Path(ROOT, "tests", "unit", "data")
SOURCES = sorted([*DATA.rglob("*.xml"), *DATA.rglob("*.vmx")])

_DATASTORE = re.compile(r"\[[^\]']+\](?= )")
_VOLUME = re.compile(r"/vmfs/volumes/[^/]+/")
_SECOND_STATEMENT = re.compile(r'(?<=");[ ]+(?=[a-z])')  # on a line, as libvirt reads it and no host writes it
_REPEATED = re.compile(r"^MEMSIZE = .*\n", re.MULTILINE)  # the same key again, which a task warns of
_BARE_DISK = re.compile(r'(\.fileName = ")([^"/][^"]*\.vmdk")', re.IGNORECASE)


_NETWORK = re.compile(r"(networkName = \"|<source bridge=')[^\"']*")
_READ_ONLY = re.compile(r"(device='(?:disk|lun)'(?:(?!</disk>).)*?)\s*<readonly/>", re.DOTALL)
_NEW_HARDWARE, _HARDWARE_OF_6_7 = 'virtualHW.version = "19"', 'virtualHW.version = "14"'
_ODD_GUEST = "%20%28mine%29%2F%C3%BC"  # after ubuntu-64: no guest of 64 bits, of which a conversion warns
_TPM = re.compile(r"<tpm .*?</tpm>", re.DOTALL)


def description(path: pathlib.Path) -> dict[str, Any]:
    """The domain with its files in the simulated host's datastore, and without what no host can start."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    text = _NETWORK.sub(r"\1VM Network", text)
    if path.suffix == ".xml":
        text = _READ_ONLY.sub(r"\1", text).replace(_ODD_GUEST, "")
        if "firmware='efi'" not in text:
            text = _TPM.sub("", text)
        return {"xml": _DATASTORE.sub("[local-storage]", text)}
    text = text.replace(_NEW_HARDWARE, _HARDWARE_OF_6_7)
    text = _REPEATED.sub("", _SECOND_STATEMENT.sub("\n", text))
    text = _VOLUME.sub("/vmfs/volumes/local-storage/", text)
    return {"vmx": _BARE_DISK.sub(r"\1/vmfs/volumes/local-storage/files/\2", text)}


@pytest.fixture
def esx() -> Iterator[Simulator]:
    """A host that still has a VNC server, which some of the domains use."""
    with start_host("-domains", "1", "-version", "6.7") as simulator:
        yield simulator


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_domain_s_life(esx: Simulator, path: pathlib.Path) -> None:
    domain_request = description(path)
    domain = check_apply_repeat(esx, **domain_request)["domain"]
    name = domain["name"]
    assert not ensure(esx, xml=domain["xml"])["changed"]
    assert check_apply_repeat(esx, name=name, annotation="changed")["steps"] == ["change annotation"]
    assert check_apply_repeat(esx, **domain_request)["steps"] == (
        ["change annotation"] if "<description>" in domain["xml"] else []
    )
    assert check_apply_repeat(esx, name=name, max_memory="2052 MiB", memory="1 GiB", vcpus=domain["vcpus"] * 2)[
        "changed"
    ]
    assert check_apply_repeat(esx, **domain_request, state="running")["steps"][-1] == "power on"
    assert check_apply_repeat(esx, **domain_request, state="destroyed")["steps"] == ["power off"]
    assert check_apply_repeat(esx, name=name, state="undefined", remove_storage=True)["changed"]
    assert read_file(esx, domain["vmx_path"]) is None
