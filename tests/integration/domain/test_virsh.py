# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real virsh sees each part as a task has changed it, and the same domain as our reader of libvirt's dialect."""

from __future__ import annotations

import re
import shutil
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.virt.esx.plugins.filter.conversion import vmx_to_domxml
from ansible_collections.virt.esx.plugins.modules import esx_domain_info
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.domain.domains import ensure_with_warnings, read_file
from ansible_collections.virt.esx.tests.integration.running import USER
from ansible_collections.virt.esx.tests.integration.virsh import Virsh
from ansible_collections.virt.esx.tests.simulator_client import Simulator

IMAGE = "[local-storage] iso/a.iso"
LOG = "[local-storage] domain-1/console.log"

# The options of a task; the place of its effect in virsh's XML; and the attribute or text there, or no element.
CHANGES: list[tuple[dict[str, Any], str, str | None]] = [
    ({"annotation": "noted"}, "description", "noted"),
    ({"disks": [{"target": "sdb", "size": "8 MiB"}]}, "devices/disk/target[@dev='sdb']/@bus", "scsi"),
    ({"disks": [{"target": "sdb", "state": "absent"}]}, "devices/disk/target[@dev='sdb']", None),
    ({"interfaces": [{"index": 1, "network": "Lab Network"}]}, "devices/interface[2]/source/@bridge", "Lab Network"),
    ({"interfaces": [{"index": 1, "network": "VM Network"}]}, "devices/interface[2]/source/@bridge", "VM Network"),
    ({"interfaces": [{"index": 1, "state": "absent"}]}, "devices/interface[2]", None),
    ({"state": "destroyed"}, "devices/disk/target[@dev='sda']/@bus", "scsi"),
    ({"max_memory": "2 GiB", "memory": "1 GiB"}, "memory", str(2 * 1024 * 1024)),
    ({"memory": "1536 MiB"}, "currentMemory", str(1536 * 1024)),
    ({"vcpus": 4}, "vcpu", "4"),
    ({"cdroms": [{"target": "hdc", "source": IMAGE}]}, "devices/disk[@device='cdrom']/source/@file", IMAGE),
    ({"cdroms": [{"target": "hdc", "source": ""}]}, "devices/disk[@device='cdrom']/source", None),
    ({"cdroms": [{"target": "hdc", "state": "absent"}]}, "devices/disk[@device='cdrom']", None),
    ({"floppies": [{"source": "[local-storage] a.flp"}]}, "devices/disk[@device='floppy']/target/@dev", "fda"),
    ({"serials": [{"type": "file", "path": LOG}]}, "devices/serial/source/@path", LOG),
    ({"serials": [{"type": "tcp", "service": "2000"}]}, "devices/serial/source/@service", "2000"),
    ({"serials": [{"state": "absent"}]}, "devices/serial", None),
    ({"guest_os": "debian12"}, "os/type/@arch", "x86_64"),
    ({"boot": ["hd", "network"]}, "name", "domain-1"),
    ({"settings": {"guestinfo.role": "web"}}, "name", "domain-1"),
    ({"firmware": "efi"}, "os/type", "hvm"),  # which warns that the boot order is in the NVRAM now
    ({"name": "renamed", "uuid": "UUID"}, "name", "renamed"),
]


def found(root: ElementTree.Element, path: str) -> str | None:
    """The attribute, text, or absence that a path stands for."""
    place, _at, attribute = path.partition("/@")
    element = root.find(place)
    if element is None:
        return None
    return element.get(attribute) if attribute else (element.text or "").strip()


@pytest.mark.skipif(shutil.which("virsh") is None, reason="Debian's libvirt-clients is not installed")
def test_virsh_agrees_after_each_change_of_a_part(esx: Simulator, virsh: Virsh) -> None:
    uri = esx.uri(user=USER, no_verify=1)
    for image in (IMAGE, "[local-storage] a.flp"):
        esx.add_file(image)
    uuid = esx.domains()["domain-1"]["uuid"]
    wrong = []
    for said, path, expected in CHANGES:
        arguments = {"name": "domain-1", **said, **({"uuid": uuid} if "uuid" in said else {})}
        ensure_with_warnings(esx, **arguments)
        name = arguments["name"]
        xml = virsh(uri, "dumpxml", name)
        if found(ElementTree.fromstring(xml), path) != expected:  # noqa: S314
            wrong.append((said, path, expected, xml))
        assert without_ids(xml) == without_ids(ours(esx, name)), said
    assert wrong == []


def ours(esx: Simulator, name: str) -> str:
    """The domain XML of a domain in libvirt's dialect, read from its VMX."""
    (domain,) = carry_out(esx_domain_info.CONTRACT, esx, name=name)["domains"]
    vmx = (read_file(esx, domain["vmx_path"]) or b"").decode()
    directory = domain["vmx_path"].rpartition("/")[0]
    volumes = dict.fromkeys(re.findall("/vmfs/volumes/([^/]+)/", vmx), "local-storage")
    return vmx_to_domxml(vmx, dialect="libvirt", directory=directory, datastores=volumes)


def without_ids(xml: str) -> list[str]:
    """The lines of domain XML, without what only a connection knows: the id and the managed objects."""
    lines = [line for line in xml.strip().splitlines() if "<vmware:" not in line]
    return ["<domain>", *lines[1:]]
