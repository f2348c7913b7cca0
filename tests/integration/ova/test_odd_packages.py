# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that are odd, or not what their descriptors say: imported, or refused before anything is sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.tests.integration.ova.packages import (
    CAPACITY,
    Sources,
    bring,
    make_ova,
    manifest,
)
from ansible_collections.virt.esx.tests.integration.ova.test_import import assert_nothing, replaced
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.integration.storage.volumes import data_of
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client


@pytest.mark.parametrize("what", ["no disk", "not a stream", "one file for two disks"])
def test_check_mode_looks_at_the_files(esx: Simulator, made: Sources, tmp_path: Path, what: str) -> None:
    iso = ("appliance-file1.iso", made.files["appliance-file1.iso"])
    disk = ("appliance-disk1.vmdk", made.image if what == "not a stream" else made.files["appliance-disk1.vmdk"])
    descriptor = made.descriptor.decode()
    if what == "one file for two disks":
        (own,) = re.findall(r"<Disk .*?/>", descriptor)
        (item,) = re.findall(r"<Item>(?:(?!<Item).)*?/disk/vmdisk1.*?</Item>", descriptor, re.DOTALL)
        second = item.replace("vmdisk1", "vmdisk2").replace("OnParent>0<", "OnParent>1<").replace("ID>5<", "ID>50<")
        descriptor = descriptor.replace(own, own + own.replace("vmdisk1", "vmdisk2")).replace(item, item + second)
    files = [("appliance.ovf", descriptor.encode()), *([] if what == "no disk" else [disk]), iso]
    reason = {
        "no disk": "it has no file 'appliance-disk1.vmdk'",
        "not a stream": "not a stream-optimized VMDK",
        "one file for two disks": "is the content of several devices",
    }[what]
    (tmp_path / "package").mkdir()
    for name, data in files:
        (tmp_path / "package" / name).write_bytes(data)
    for source in (make_ova(tmp_path / "a.ova", files), tmp_path / "package"):
        for check in (True, False):
            with pytest.raises(EsxError, match=reason):
                bring(esx, str(source), check=check)
    assert_nothing(esx)


def test_a_file_of_another_size_is_told(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    size = len(made.files["appliance-file1.iso"])
    source = replaced(made, tmp_path / "a.ova", f'ovf:size="{size}"', 'ovf:size="5000"')
    sizes = f"has {size} bytes, but 5000 according to the descriptor"
    told = f"The package's file 'appliance-file1.iso' {sizes}; it may be truncated."
    assert bring(esx, source, check=True)["warned"][1:] == [told]
    assert bring(esx, source)["warned"][1:] == [told]


@pytest.mark.parametrize("units", ["MegaBytes", "megabyte", "MB", "Byte * 2 ^ 20", "byte * 2^10 * 2^10"])
def test_capacities_in_all_units(esx: Simulator, made: Sources, tmp_path: Path, units: str) -> None:
    text = made.descriptor.replace(b'AllocationUnits="byte"', b'AllocationUnits="%s"' % units.encode())
    text = text.replace(b'capacity="%d"' % CAPACITY, b'capacity="16"')
    bring(esx, str(make_ova(tmp_path / "a.ova", [("appliance.ovf", text), *made.files.items()])))
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image


def test_a_specification_that_the_host_refuses_leaves_nothing(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = made.ova(tmp_path / "a.ova")
    esx.inject(method="ImportVApp", fault="InvalidArgument", count=1)
    with pytest.raises(EsxError, match="InvalidArgument"):
        bring(esx, source)
    assert_nothing(esx)
    assert bring(esx, source)["changed"] is True


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "UTF-8"])
def test_descriptors_in_all_encodings(esx: Simulator, made: Sources, tmp_path: Path, encoding: str) -> None:
    text = made.descriptor.decode().replace("UTF-8", encoding).replace("An appliance", "Für alle Fälle")
    mark = "\ufeff" if encoding == "UTF-8" else ""
    source = make_ova(tmp_path / "a.ova", [("appliance.ovf", (mark + text).encode(encoding)), *made.files.items()])
    bring(esx, str(source))
    with client(esx, login=(USER, PASSWORD)) as connected:
        note = connected.get(connected.domain("appliance"), "config.annotation")
    assert note == "Für alle Fälle\nof two lines"


def test_a_file_that_cannot_be_read_is_not_called_a_broken_connection(
    esx: Simulator, made: Sources, tmp_path: Path
) -> None:
    (tmp_path / "appliance.ovf").write_bytes(made.descriptor)
    (tmp_path / "appliance-file1.iso").write_bytes(made.files["appliance-file1.iso"])
    (tmp_path / "appliance-disk1.vmdk").symlink_to("/proc/self/mem")  # whose first bytes are not there
    for check in (True, False):
        with pytest.raises(NotFound, match="The file '.*appliance-disk1.vmdk' cannot be read: Input/output error"):
            bring(esx, str(tmp_path), check=check)


def test_a_declaration_with_many_blanks(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    """Its descriptor is read in a moment, not in hours."""
    text = made.descriptor.replace(b"<?xml ", b"<?xml " + b" " * 1_000_000).replace(b"UTF-8", b"ISO-8859-1")
    source = make_ova(tmp_path / "a.ova", [("appliance.ovf", text), *made.files.items()])
    assert bring(esx, str(source), check=True)["changed"] is True


def test_files_in_directories_and_a_manifest_in_capitals(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    """As packers on Windows write it; the manifest is checked all the same."""
    text = made.descriptor.replace(b'"appliance-disk1', b'"./disks/appliance-disk1')
    disk, iso = made.files.items()
    files = {"APPLIANCE.OVF": text, f"disks/{disk[0]}": disk[1], iso[0]: iso[1]}
    good = ("APPLIANCE.MF", manifest(files))
    bad = ("APPLIANCE.MF", manifest({**files, iso[0]: b""}))
    for number, (listed, matches) in enumerate([(good, True), (bad, False)]):
        place = tmp_path / str(number)
        (place / "disks").mkdir(parents=True)
        for name, data in (*files.items(), listed):
            (place / name).write_bytes(data)
        archive = make_ova(tmp_path / f"{number}.ova", [*list(files.items())[:1], listed, *list(files.items())[1:]])
        for source in (place, archive):
            name = f"vm-{number}-{source.suffix[1:]}"
            if matches:
                bring(esx, str(source), name=name)
                assert data_of(esx, f"{name}/disk-0.vmdk") == made.image
            else:
                with pytest.raises(Refused, match="'appliance-file1.iso' is damaged or was changed"):
                    bring(esx, str(source), name=name)


def test_a_manifest_that_is_too_long_is_not_passed_over(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    directory = made.directory(tmp_path / "package")
    (tmp_path / "package" / "appliance.mf").write_bytes(b"\n" * (5 << 20))
    with pytest.raises(ParseError, match="'appliance.mf' is longer than 4 MiB"):
        bring(esx, directory, check=True)


def test_a_capacity_that_a_property_has(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    """A host without a vCenter would take the property's default."""
    size = '<Property ovf:key="size" ovf:type="uint64" ovf:userConfigurable="true" ovf:value="16777216"/>'
    text = made.descriptor.decode().replace(f'capacity="{CAPACITY}"', 'capacity="${size}"')
    text = text.replace("<Category>", f"{size}<Category>", 1)
    source = str(make_ova(tmp_path / "a.ova", [("appliance.ovf", text.encode()), *made.files.items()]))
    with pytest.raises(Refused, match=f"of {CAPACITY} bytes, but the descriptor makes the disk 4096 bytes large"):
        bring(esx, source, properties={"size": 4096})
    bring(esx, source, properties={"size": 2 * CAPACITY})
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image + bytes(CAPACITY)


def test_a_property_that_has_to_be_set(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = replaced(made, tmp_path / "a.ova", 'key="password"', 'key="password" ovf:qualifiers="MinLen(8)"')
    reason = "the value of 'guest.password.1' has to be at least 8 characters."
    told = f"The property 'guest.password.1' should be set: {reason}"
    assert told in bring(esx, source, check=True)["warned"]
    assert told not in bring(esx, source, secret_properties={"password": "long enough"})["warned"]


def test_a_network_that_only_a_card_names(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = replaced(made, tmp_path / "a.ova", "<rasd:Connection>nat<", "<rasd:Connection>other<")
    with pytest.raises(NotFound, match="no network 'other' for .*, the package has 'nat', 'other'"):
        bring(esx, source, network=None, networks={"nat": "VM Network"})
    bring(esx, source, network=None, networks={"nat": "VM Network", "other": "Lab Network"})
    with client(esx, login=(USER, PASSWORD)) as connected:
        (network,) = connected.get(connected.domain("appliance"), "network")
        assert connected.get(network, "name") == "Lab Network"


def test_memory_in_gibibytes_and_more_than_a_host_has(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    text = made.descriptor.decode().replace("byte * 2^20</", "byte * 2^30</").replace(">2048<", ">2<")
    bring(esx, str(make_ova(tmp_path / "a.ova", [("appliance.ovf", text.encode()), *made.files.items()])))
    with client(esx, login=(USER, PASSWORD)) as connected:
        assert connected.get(connected.domain("appliance"), "config.hardware.memoryMB") == 2048
    source = replaced(made, tmp_path / "b.ova", "Quantity>4</", "Quantity>1000</")
    with pytest.raises(EsxError, match=r"numCPUs.*nothing of it is left"):
        bring(esx, source, name="other")
    assert_nothing(esx, "other")
