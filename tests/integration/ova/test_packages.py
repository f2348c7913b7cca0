# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of other makers: imported as govc imports them, started, exported, and imported again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.modules import esx_domain_info
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.ova.packages import (
    descriptor,
    entries,
    make_disk,
    make_ova,
    manifest,
    ova,
)
from ansible_collections.virt.esx.tests.integration.ova.test_export import definition, set_state, without_cdrom
from ansible_collections.virt.esx.tests.integration.ova.test_govc import govc, program
from ansible_collections.virt.esx.tests.integration.storage.volumes import content, data_of, names
from ansible_collections.virt.esx.tests.simulator_client import Simulator

__all__ = ["program"]  # a fixture

# The disks and other files of the packages, and how each is imported.
DISKS = {
    "vsphere": ("lab-1.vmdk", "lab-2.vmdk"),
    "localized": ("system.vmdk",),
    "cloud": ("noble-server-cloudimg-amd64.vmdk",),
    "virtualbox": ("box-disk001.vmdk",),
}
OTHERS = {"vsphere": {"lab-3.nvram": b"variables of EFI" * 512}}
OPTIONS: dict[str, dict[str, Any]] = {
    "vsphere": {},
    "localized": {"network": "VM Network", "accept_eula": True, "deployment_option": "tiny"},
    "cloud": {"properties": {"hostname": "noble"}},
    "virtualbox": {"network": "VM Network"},
}


def make(place: Path, tool: str) -> tuple[str, list[bytes]]:
    """Write a package; return its path, and the bytes that a guest sees of its disks."""
    images = [make_disk(place / name, seed=name) for name in DISKS[tool]]
    files = {**{name: (place / name).read_bytes() for name in DISKS[tool]}, **OTHERS.get(tool, {})}
    text = descriptor(tool, files).encode()
    sums = manifest({"a.ovf": text, **files})
    return str(make_ova(place / "a.ova", [("a.ovf", text), ("a.mf", sums), *files.items()])), images


def address_of(host: Simulator, name: str) -> str:
    """The address of the first card."""
    (found,) = carry_out(esx_domain_info.CONTRACT, host, name=name, gather=["xml"])["domains"]
    address = re.search(r"<mac address='([^']+)'", str(found["xml"]))
    assert address is not None
    return address[1]


@pytest.mark.parametrize("tool", DISKS)
def test_import_start_export_import(esx: Simulator, tmp_path: Path, tool: str) -> None:
    source, images = make(tmp_path, tool)
    assert ova(esx, source=source, name="a", **OPTIONS[tool])["changed"] is True
    assert address_of(esx, "a").startswith("00:0c:29:")
    for number, image in enumerate(images):
        assert data_of(esx, f"a/disk-{number}.vmdk") == image
    set_state(esx, "running", "a")
    set_state(esx, "destroyed", "a")
    ova(esx, state="exported", name="a", dest=str(tmp_path / "golden.ova"))
    again = ova(esx, source=str(tmp_path / "golden.ova"), name="b")
    assert again["package"]["warnings"] == []
    for number, image in enumerate(images):
        assert data_of(esx, f"b/disk-{number}.vmdk") == image
    set_state(esx, "running", "b")
    set_state(esx, "destroyed", "b")
    assert without_cdrom(definition(esx, "b")) == without_cdrom(definition(esx, "a"))


def test_the_variables_of_efi_come_along(esx: Simulator, tmp_path: Path) -> None:
    source, _images = make(tmp_path, "vsphere")
    ova(esx, source=source, name="a")
    variables = OTHERS["vsphere"]["lab-3.nvram"]
    assert content(esx, "a/a.nvram") == variables
    ova(esx, state="exported", name="a", dest=str(tmp_path / "golden"))
    assert (tmp_path / "golden" / "golden.nvram").read_bytes() == variables
    ova(esx, source=str(tmp_path / "golden"), name="b")
    assert content(esx, "b/b.nvram") == variables


@pytest.mark.parametrize("tool", ["localized", "cloud"])
def test_the_same_machine_as_govcs(esx: Simulator, tmp_path: Path, tool: str, program: Path) -> None:
    source, images = make(tmp_path, tool)
    options = {
        "Name": "theirs",
        "DiskProvisioning": "thin",
        "Deployment": OPTIONS[tool].get("deployment_option", ""),
        "NetworkMapping": [{"Name": "Network 1" if tool == "localized" else "VM Network", "Network": "VM Network"}],
    }
    (tmp_path / "options.json").write_text(json.dumps(options), encoding="utf-8")
    govc(program, esx, "import.ova", "-options", str(tmp_path / "options.json"), source)
    ova(esx, source=source, name="ours", **OPTIONS[tool])
    assert definition(esx, "ours") == definition(esx, "theirs")
    assert data_of(esx, "ours/disk-0.vmdk") == data_of(esx, "theirs/disk-0.vmdk") == images[0]


def test_what_a_cloud_image_reads(esx: Simulator, tmp_path: Path) -> None:
    ova(esx, source=make(tmp_path, "cloud")[0], name="a", **OPTIONS["cloud"])
    environment = entries(esx, "a")["guestinfo.ovfEnv"]
    assert 'oe:key="hostname" oe:value="noble"' in environment
    assert 'oe:key="instance-id" oe:value="id-ovf"' in environment


def test_the_texts_of_a_bundle(esx: Simulator, tmp_path: Path) -> None:
    source, _images = make(tmp_path, "localized")
    options = {**OPTIONS["localized"], "accept_eula": False}
    with pytest.raises(Refused) as refused:
        ova(esx, source=source, check=True, **options)
    assert refused.value.details == {"eulas": ["End user license agreement: be fair."]}
    package = ova(esx, source=source, check=True, **OPTIONS["localized"])["package"]
    assert package["networks"][0]["description"] == "The network of the appliance"
    assert package["deployment_options"][0]["label"] == "Tiny"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('ovf:fileRef="file2"', 'ovf:fileRef="file2" ovf:parentRef="vmdisk1"', "only the difference to its disk"),
        ('ovf:fileRef="file2"', 'ovf:fileRef="file9"', "the file 'file9' is not in the References"),
        ('ovf:diskId="vmdisk2"', 'ovf:diskId="vmdisk1"', "two disks have the id 'vmdisk1'"),
    ],
)
def test_references_that_lead_nowhere(esx: Simulator, tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = descriptor("vsphere", {}).replace("@SIZE lab-1.vmdk@", "7").replace("@SIZE lab-2.vmdk@", "7")
    text = text.replace("@SIZE lab-3.nvram@", "7")
    assert old in text
    source = make_ova(tmp_path / "a.ova", [("a.ovf", text.replace(old, new).encode())])
    with pytest.raises((ParseError, Refused), match=reason):
        ova(esx, source=str(source), check=True)
    assert names(esx) == []


def test_a_package_of_virtualbox_is_translated(esx: Simulator, tmp_path: Path) -> None:
    source, images = make(tmp_path, "virtualbox")
    predicted = ova(esx, source=source, check=True, **OPTIONS["virtualbox"])
    assert esx.domains() == {}
    done = ova(esx, source=source, **OPTIONS["virtualbox"])
    assert done["package"]["warnings"] == predicted["package"]["warnings"]
    assert done["warned"][0].startswith("The package is made for virtualbox-2.2; the host gets the same machine")
    assert ova(esx, source=source, **OPTIONS["virtualbox"])["changed"] is False
    (found,) = carry_out(esx_domain_info.CONTRACT, esx, name="box", gather=["xml"])["domains"]
    xml = str(found["xml"])
    for part in ("<vcpu placement='static'>2</vcpu>", "bus='sata'", "<model type='e1000'/>", "bridge='VM Network'"):
        assert part in xml
    assert data_of(esx, "box/disk-0.vmdk") == images[0]


@pytest.mark.parametrize("required", [True, False])
def test_a_section_that_nobody_knows_is_only_passed_over_if_it_may_be(
    esx: Simulator, tmp_path: Path, required: bool
) -> None:
    make(tmp_path, "virtualbox")
    files = {name: (tmp_path / name).read_bytes() for name in DISKS["virtualbox"]}
    section = "<x:Own xmlns:x='urn:x'/>" if required else "<x:Own xmlns:x='urn:x' ovf:required='false'/>"
    text = descriptor("virtualbox", files).replace("</VirtualSystem>", f"{section}</VirtualSystem>")
    source = str(make_ova(tmp_path / "b.ova", [("b.ovf", text.encode()), *files.items()]))
    if required:
        with pytest.raises(Refused, match="requires the section 'Own' in line [0-9]+ of its descriptor"):
            ova(esx, source=source, check=True, **OPTIONS["virtualbox"])
    else:
        told = ova(esx, source=source, check=True, **OPTIONS["virtualbox"])["warned"]
        assert any("Own: domain XML cannot express this section" in text for text in told)
