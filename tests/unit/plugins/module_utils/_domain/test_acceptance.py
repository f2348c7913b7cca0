# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents are accepted and refused as by libvirt's parser, and by libvirt itself where it is installed."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._domain.cases import (
    ACCEPTED,
    MEMORY,
    OS,
    REFUSED,
    domain,
)

# Debian's python3-libvirt belongs to Debian's Python; its test driver parses domain XML as every driver does.
PYTHON = "/usr/bin/python3"
ASK = """
import json, libvirt, sys
libvirt.registerErrorHandler(lambda *arguments: None, None)
connection = libvirt.open("test:///default")
def takes(xml):
    try:
        connection.defineXML(xml).undefine()
    except libvirt.libvirtError:
        return False
    return True
print(json.dumps([takes(xml) for xml in json.load(sys.stdin)]))
"""


def ask_libvirt(documents: list[str]) -> list[bool]:
    """Whether libvirt takes each of the documents, as domains of its test driver."""
    if not any(pathlib.Path("/usr/lib/python3/dist-packages").glob("libvirt.py")):
        pytest.skip("python3-libvirt is not installed")
    asked = [document.replace("type='vmware'", "type='test'", 1) for document in documents]
    answer = subprocess.run([PYTHON, "-c", ASK], input=json.dumps(asked), capture_output=True, text=True, check=True)
    result: list[bool] = json.loads(answer.stdout)
    return result


@pytest.mark.parametrize("xml", ACCEPTED)
def test_accepted(xml: str) -> None:
    read_domain(xml)


@pytest.mark.parametrize("xml", REFUSED)
def test_refused(xml: str) -> None:
    with pytest.raises(ParseError) as refusal:
        read_domain(xml)
    assert refusal.value.where
    assert refusal.value.line


def test_libvirt_says_the_same() -> None:
    verdicts = ask_libvirt(ACCEPTED + REFUSED)
    expected = [True] * len(ACCEPTED) + [False] * len(REFUSED)
    differing = [xml for xml, ours, theirs in zip(ACCEPTED + REFUSED, expected, verdicts) if ours != theirs]
    assert differing == []


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (
            f"<domain type='vmware'>\n<name/>\n{MEMORY}{OS}</domain>",
            "line 1, <domain>: The domain has no name; expected <name>...</name>",
        ),
        (
            domain(devices="\n<disk>\n<source file='/x'/>\n<target dev='sda' bus='nvm'/></disk>"),
            "line 4, <target>: bus='nvm' is not known; expected one of 'ide', 'fdc', 'scsi', 'virtio', 'xen', 'usb',"
            " 'uml', 'sata', 'sd'",
        ),
        (
            domain("<memory unit='MiBi'>1</memory>" + OS),
            "line 1, <memory>: unit='MiBi' is not known; expected bytes, or a letter of KMGTPE with iB or B",
        ),
        (
            domain("<clock offset='timezone'/>" + MEMORY + OS),
            "line 1, <clock>: The attribute 'timezone' is missing",
        ),
        (
            domain().replace("vmware", "kvm"),
            "line 1, <domain>: type='kvm' is not a domain of VMware's; expected type='vmware'",
        ),
        (
            "<network/>",
            "line 1, <network>: The document is not domain XML; expected the root element <domain type='vmware'>",
        ),
        (
            domain(devices="<interface type='user'>\n<mac address='01:00:5e:00:00:01'/></interface>"),
            "line 2, <mac>: address='01:00:5e:00:00:01' is a multicast address; a network card has a unicast one",
        ),
        ("<domain", "line 1: The document is not well-formed XML: Couldn't find end of Start Tag domain line 1"),
    ],
)
def test_a_refusal_says_where_what_and_what_would_be_right(xml: str, message: str) -> None:
    with pytest.raises(ParseError) as refusal:
        read_domain(xml)
    assert str(refusal.value) == message
