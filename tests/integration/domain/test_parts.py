# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: a domain from nothing, and its parts one by one: disks, drives, cards, ports, devices of the host."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    MAC,
    READING,
    UUID,
    check_apply_repeat,
    create_disk,
    domain_xml,
    ensure,
    files_in,
    open_as_user,
    read_file,
    vmx_of,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

DIRECTORY = "[local-storage] web"
VMX = f"{DIRECTORY}/web.vmx"
MIB = 1 << 20
OTHER = UUID.replace("5", "6")
NEW: dict[str, Any] = {"name": "new", "pool": "local-storage", "max_memory": "1 GiB"}


@pytest.fixture
def off(esx: Simulator) -> Simulator:
    """A host with the domain ``web``, which is shut off."""
    ensure(esx, xml=domain_xml())
    return esx


@pytest.fixture
def on(off: Simulator) -> Simulator:
    """The same, running, with tools that can be asked to shut the guest down."""
    off.change_from_outside("web", set={"simulator.tools": "running"})
    ensure(off, name="web", state="running")
    return off


def test_a_domain_from_nothing_starts(esx: Simulator) -> None:
    esx.add_file("[local-storage] iso/debian.iso")
    result = check_apply_repeat(
        esx,
        **NEW,
        vcpus=2,
        disks=[{"target": "sda", "size": "8 MiB"}, {"target": "sdb", "clone_of": "[local-storage] web/web.vmdk"}],
        cdroms=[{"target": "hda", "source": "[local-storage] iso/debian.iso"}],
        interfaces=[{"index": 0, "network": "VM Network"}],
        state="running",
    )
    assert result["steps"] == [
        "create directory [local-storage] new",
        "create [local-storage] new/new.vmdk",
        "clone [local-storage] web/web.vmdk to [local-storage] new/new-sdb.vmdk",
        "define",
        "power on",
    ]
    assert (result["domain"]["state"], result["domain"]["vcpus"]) == ("running", 2)
    assert result["domain"]["vmx_path"] == "[local-storage] new/new.vmx"
    assert "size of disk sda: " in result["diff"]["after"]
    assert esx.domains()["new"]["disks"] == ["[local-storage] new/new.vmdk", "[local-storage] new/new-sdb.vmdk"]


def test_the_disks_of_a_description_are_made(esx: Simulator) -> None:
    xml = domain_xml(name="fresh", uuid=None, mac=None, disk="[local-storage] elsewhere/root.vmdk")
    result = check_apply_repeat(
        esx, xml=xml, disks=[{"target": "sda", "size": "16 MiB"}], state="running", with_disks=False
    )
    assert result["steps"][1] == "create [local-storage] elsewhere/root.vmdk"
    ensure(esx, name="fresh", state="destroyed")
    gone = check_apply_repeat(esx, name="fresh", state="undefined", remove_storage=True)
    assert "delete [local-storage] elsewhere/root.vmdk" in gone["steps"]


def test_a_disk_is_filled_from_an_image(off: Simulator, tmp_path: pathlib.Path) -> None:
    image = tmp_path / "small.raw"
    image.write_bytes(bytes(510) + b"\x55\xaa" + bytes(MIB - 512))
    result = check_apply_repeat(off, name="web", disks=[{"target": "sdb", "image": str(image), "size": "2 MiB"}])
    assert result["steps"] == [f"create {DIRECTORY}/web-sdb.vmdk from {image}", "change disk sdb"]


def test_a_domain_without_disks_is_placed_in_a_pool(esx: Simulator) -> None:
    result = check_apply_repeat(esx, **NEW, directory="pxe/one", interfaces=[{"index": 0, "network": "VM Network"}])
    assert result["domain"]["vmx_path"] == "[local-storage] pxe/one/new.vmx"


@pytest.mark.parametrize("name", [" ", ".", ".."])
def test_a_name_that_no_directory_can_have_is_refused(esx: Simulator, name: str) -> None:
    with pytest.raises(ParseError, match="name: no directory can be called"):
        ensure(esx, **{**NEW, "name": name}, disks=[{"target": "sda", "size": "8 MiB"}])
    assert files_in(esx, "[local-storage]") == ["domain-1", "web"]


@pytest.mark.parametrize("directory", [" ", "web ", "[local-storage] web", "../web"])
def test_a_directory_is_a_path_in_the_pool(esx: Simulator, directory: str) -> None:
    with pytest.raises(ParseError, match="^directory: "):
        ensure(esx, **NEW, directory=directory)


def test_blanks_around_a_name_are_not_in_its_directory(esx: Simulator) -> None:
    arguments = {**NEW, "name": " new "}
    check_apply_repeat(esx, **arguments, disks=[{"target": "sda", "size": "8 MiB"}], state="running")
    assert "new" in files_in(esx, "[local-storage]")


def test_a_pool_says_nothing_of_a_domain_that_exists(off: Simulator) -> None:
    assert not ensure(off, name="web", pool="other", directory="there", vcpus=2)["changed"]


def test_without_a_pool_no_domain_is_made(esx: Simulator) -> None:
    with pytest.raises(NotFound, match="No domain of the host has the name 'new'"):
        ensure(esx, name="new", max_memory="1 GiB", disks=[{"target": "sda", "size": "8 MiB"}])


def test_a_task_that_was_interrupted_goes_on_with_its_disks(esx: Simulator) -> None:
    create_disk(esx, "[local-storage] new/new.vmdk")
    disks = [{"target": "sda", "size": "2 GiB"}, {"target": "sdb", "size": "8 MiB"}]
    result = check_apply_repeat(esx, **NEW, disks=disks)
    assert [step for step in result["steps"] if "new.vmdk" in step] == ["grow [local-storage] new/new.vmdk"]
    assert result["steps"][0] == "create [local-storage] new/new-sdb.vmdk"


def test_parts_are_added_to_a_running_domain_in_one_call(on: Simulator) -> None:
    on.add_file("[local-storage] iso/a.iso")
    on.trace(reset=True)
    parts: dict[str, Any] = {
        "disks": [{"target": "sdb", "size": "8 MiB"}, {"target": "sdc", "size": "8 MiB", "allocation": "thick"}],
        "interfaces": [{"index": 1, "network": "VM Network"}, {"index": 0, "link": "down"}],
    }
    result = ensure(on, name="web", **parts)
    assert result["steps"][-1].startswith("change disk sdb, disk sdc, interface")
    assert not ensure(on, name="web", **parts)["changed"]
    assert list(on.methods()).count("ReconfigVM_Task") == 1
    vmx = vmx_of(on)
    assert (vmx["scsi0:2.fileName"], vmx["ethernet0.startConnected"]) == ("web-sdc.vmdk", "FALSE")
    assert vmx["ethernet1.virtualDev"] == "e1000"
    away = [{"target": "sdb", "state": "absent"}], [{"index": 1, "state": "absent"}, {"index": 0, "link": "up"}]
    removed = ensure(on, name="web", disks=away[0], interfaces=away[1])
    assert removed["steps"][0].startswith("change disk sdb, interface")
    assert f"{DIRECTORY}/web-sdb.vmdk" not in on.domains()["web"]["disks"]
    assert "web-sdb.vmdk" in files_in(on, DIRECTORY)


def test_a_disk_grows_while_the_domain_runs_with_all_else_in_one_call(on: Simulator) -> None:
    ensure(on, name="web", disks=[{"target": "sdb", "size": "8 MiB"}])
    on.trace(reset=True)
    disks = [{"target": "sdb", "size": "24 MiB"}, {"target": "sdc", "size": "8 MiB"}]
    result = check_apply_repeat(on, name="web", disks=disks, annotation="grown")
    assert result["steps"] == [f"create {DIRECTORY}/web-sdc.vmdk", "change annotation, disk sdc, size of disk sdb"]
    assert "size of disk sdb: 8 MiB\n" in result["diff"]["before"]
    assert "size of disk sdb: 24 MiB\nsize of disk sdc: 8 MiB\n" in result["diff"]["after"]
    assert list(on.methods()).count("ReconfigVM_Task") == 1
    with pytest.raises(Refused, match="a disk cannot become smaller"):
        ensure(on, name="web", disks=[{"target": "sdb", "size": "8 MiB"}])


def test_an_image_goes_in_and_out_while_the_domain_runs(off: Simulator) -> None:
    off.add_file("[local-storage] iso/a.iso")
    off.add_file("[local-storage] a.flp")
    check_apply_repeat(off, name="web", cdroms=[{"target": "hda"}], floppies=[{"source": "[local-storage] a.flp"}])
    ensure(off, name="web", state="running")
    inserted = check_apply_repeat(off, name="web", cdroms=[{"target": "hda", "source": "[local-storage] iso/a.iso"}])
    assert inserted["steps"] == ["change disk hda"]
    assert not ensure(off, name="web", cdroms=[{"target": "hda"}])["changed"]
    assert check_apply_repeat(off, name="web", cdroms=[{"target": "hda", "source": ""}])["changed"]
    with pytest.raises(Refused, match="disk hda"):
        ensure(off, name="web", cdroms=[{"target": "hda", "state": "absent"}])
    ensure(off, name="web", state="destroyed")
    gone = check_apply_repeat(
        off, name="web", cdroms=[{"target": "hda", "state": "absent"}], floppies=[{"state": "absent"}]
    )
    assert gone["steps"] == ["change disk hda, disk fda"]


def test_a_port_changes_with_a_power_cycle(on: Simulator) -> None:
    serials = [
        {"type": "tcp", "service": "4001", "protocol": "telnet"},
        {"port": 1, "type": "file", "path": f"{DIRECTORY}/b.log"},
    ]
    with pytest.raises(Refused, match="serial 0, serial 1"):
        ensure(on, name="web", serials=serials)
    result = check_apply_repeat(on, name="web", serials=serials, power_cycle=True)
    assert result["steps"] == ["shut down", "change serial 0, serial 1", "power on"]
    assert vmx_of(on)["serial1.fileName"] == "b.log"
    ensure(on, name="web", state="destroyed")
    assert check_apply_repeat(on, name="web", serials=[{"state": "absent"}])["steps"] == ["change serial 0"]


def test_a_card_is_known_by_its_address(on: Simulator) -> None:
    mac = "00:50:56:00:00:07"
    check_apply_repeat(on, name="web", interfaces=[{"mac": mac, "network": "VM Network", "model": "vmxnet3"}])
    assert vmx_of(on)["ethernet1.address"] == mac
    check_apply_repeat(on, name="web", interfaces=[{"mac": mac.upper(), "state": "absent"}])
    assert "ethernet1.present" not in vmx_of(on)


def test_a_card_has_an_address_of_another_hypervisor(off: Simulator) -> None:
    """A host starts a domain with it only if the VMX says that the address is not to be checked."""
    macs = ["52:54:00:11:22:33", "52:54:00:11:22:34"]
    check_apply_repeat(off, name="web", interfaces=[{"mac": mac, "network": "VM Network"} for mac in macs])
    check_apply_repeat(off, name="web", interfaces=[{"mac": "00:50:56:00:00:21", "network": "VM Network"}])
    check_apply_repeat(off, name="web", interfaces=[{"mac": macs[0], "state": "absent"}], state="running")
    check_apply_repeat(off, name="web", interfaces=[{"mac": macs[0], "network": "VM Network"}])
    ensure(off, name="web", state="destroyed")
    for mac in (macs[0], "00:50:56:00:00:22", "00:0c:29:11:22:33"):
        check_apply_repeat(off, xml=domain_xml(mac=mac), state="running")
        ensure(off, name="web", state="destroyed")


def test_a_device_of_the_host_comes_and_goes(off: Simulator) -> None:
    added = check_apply_repeat(off, name="web", hostdevs=[{"address": "0000:00:07.0"}])
    assert added["steps"] == ["change hostdev 0000:00:07.0 in the VMX"]
    assert vmx_of(off)["pciPassthru0.vendorId"] == "0x8086"
    with pytest.raises(NotFound, match="has no PCI device 0000:3b:00.0"):
        ensure(off, name="web", hostdevs=[{"address": "0000:3b:00.0"}])
    check_apply_repeat(off, name="web", hostdevs=[{"address": "00:07.0", "state": "absent"}])
    assert not [key for key in vmx_of(off) if key.lower().startswith("pcipassthru")]


# The request, and the error.
WRONG: list[tuple[dict[str, Any], type[EsxError], str]] = [
    ({"disks": [{"target": "sdb", "source": f"{DIRECTORY}/none.vmdk"}]}, NotFound, "no file '.*none.vmdk'"),
    ({"disks": [{"target": "sda", "source": f"{DIRECTORY}/b.vmdk"}]}, Refused, "is '.*web.vmdk', not '.*b.vmdk'"),
    ({"disks": [{"target": "sda", "bus": "sata"}]}, Refused, "on the bus scsi"),
    ({"disks": [{"target": "xyz", "size": "8 MiB"}]}, ParseError, "expecting one of 'sd...'"),
    ({"disks": [{"target": "sdb", "size": "8 MiB", "state": "absent"}]}, ParseError, "size has no effect"),
    ({"disks": [{"target": "sdb", "size": "1 EiB"}]}, Refused, "at most"),
    ({"disks": [{"target": "sdb", "source": "[none] b.vmdk", "size": "8 MiB"}]}, NotFound, "no datastore 'none'"),
    ({"disks": [{"target": "sdb", "source": f"{DIRECTORY}/web.vmdk"}]}, ParseError, "is that of the disk sda already"),
    (
        {
            "disks": [
                {"target": target, "source": f"{DIRECTORY}/new.vmdk", "size": "8 MiB"} for target in ("sdb", "sdc")
            ]
        },
        ParseError,
        "<disk> sdc: the file '.*new.vmdk' is that of the disk sdb already",
    ),
    (
        {"disks": [{"target": "sda", "source": f"{DIRECTORY}/none.vmdk", "size": "8 MiB"}]},
        Refused,
        "is '.*web.vmdk', not '.*none.vmdk'",
    ),
    (
        {"disks": [{"target": "sdb", "clone_of": f"{DIRECTORY}/b-flat.vmdk"}]},
        ParseError,
        "disks, sdb, clone_of: .*expecting the disk's own file, '.* web/b.vmdk'",
    ),
    (
        {"disks": [{"target": "sdb", "source": f"{DIRECTORY}/b.vmdk", "clone_of": f"{DIRECTORY}/b.vmdk"}]},
        ParseError,
        "disks, sdb, clone_of: .* is the disk itself",
    ),
    ({"cdroms": [{"target": "hda", "source": "[local-storage]"}]}, ParseError, "is not the name of a file"),
    ({"cdroms": [{"target": "hda", "source": f"{DIRECTORY}/b.vmdk"}]}, ParseError, "is a disk, not an image"),
    ({"cdroms": [{"target": "sda"}]}, Refused, "is a hard disk, not a CD-ROM drive"),
    ({"interfaces": [{"index": 3, "network": "VM Network"}]}, ParseError, "a new one has the index 1"),
    ({"interfaces": [{"index": 1}]}, ParseError, "needs a network"),
    ({"interfaces": [{"index": 1, "network": "none"}]}, NotFound, "no network 'none'"),
    ({"interfaces": [{"network": "VM Network"}]}, ParseError, "neither mac nor index"),
    *(
        (
            {"interfaces": [{"mac": mac, "network": "VM Network"}]},
            ParseError,
            "is not the MAC address of a network card",
        )
        for mac in ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00")
    ),
    *(
        ({"interfaces": [{"index": 0, **first}, {"mac": MAC, **second}]}, ParseError, f"with the index 0 {words}")
        for first, second, words in [
            ({"link": "down"}, {"link": "up"}, "is named twice, by its index and by its mac"),
            ({"state": "absent"}, {"network": "VM Network"}, "is also to be absent"),
            ({"link": "down"}, {"state": "absent"}, "is named twice"),
        ]
    ),
    ({"serials": [{"type": "tcp"}]}, ParseError, "service is missing"),
    ({"serials": [{"type": "dev", "path": ""}]}, ParseError, "path is missing"),
    *(
        ({"serials": [{"type": "tcp", "service": service}]}, ParseError, "expecting a port number from 1 to 65535")
        for service in ("telnet", "0", "70000", "+5", "23 ")
    ),
    *(
        ({"serials": [{**port, **more}]}, ParseError, f"{next(iter(more))} has no effect with type {port['type']}")
        for port, more in [
            ({"type": "tcp", "service": "4001"}, {"path": "/dev/ttyS0"}),
            ({"type": "dev", "path": "/dev/ttyS0"}, {"host": "192.0.2.7"}),
            ({"type": "pipe", "path": "com1"}, {"mode": "connect"}),
            ({"type": "file", "path": f"{DIRECTORY}/s.log"}, {"protocol": "telnet"}),
        ]
    ),
    *(
        ({"hostdevs": [{"address": address, "state": state}]}, ParseError, "is not a PCI address")
        for address in ("nowhere", "-1:-2:-3.-4", "0000:3b:20.0", "3b:00.8", "1:2:3:4.0", "3b.0")
        for state in ("present", "absent")
    ),
]


@pytest.mark.parametrize(("parts", "error", "words"), WRONG)
def test_what_is_wrong_is_refused_before_anything_is_done(
    off: Simulator, parts: dict[str, Any], error: type[EsxError], words: str
) -> None:
    create_disk(off, f"{DIRECTORY}/b.vmdk")
    before = read_file(off, VMX), files_in(off, DIRECTORY)
    with pytest.raises(error, match=words):
        ensure(off, name="web", **parts)
    assert (read_file(off, VMX), files_in(off, DIRECTORY)) == before


def test_a_disk_with_snapshots_is_named_by_either_file_and_does_not_grow(off: Simulator) -> None:
    with open_as_user(off) as host:
        (web,) = host.session.content.searchIndex.FindAllByUuid(None, UUID, True, False)
        host.wait(web.CreateSnapshot_Task("s1", "", False, False), "Making a snapshot")
    assert not ensure(off, name="web", disks=[{"target": "sda", "source": f"{DIRECTORY}/web.vmdk"}])["changed"]
    with pytest.raises(Refused, match="has the snapshots 's1'"):
        ensure(off, name="web", disks=[{"target": "sda", "size": "2 GiB"}])


def test_a_disk_does_not_grow_beyond_its_datastore(off: Simulator) -> None:
    """A thin disk may become larger than what is free, as when it is made."""
    new = [{"target": "sdb", "size": "8 MiB", "allocation": "thick"}, {"target": "sdc", "size": "8 MiB"}]
    ensure(off, name="web", disks=new)
    off.change_datastore("local-storage", free=100 << 20)
    for target, size, said in (("sdb", "1 GiB", "1016.0 MiB are needed, 100.0 MiB"), ("sdc", "63 TiB", "at most 62.0")):
        for check in (True, False):
            with pytest.raises(Refused, match=said):
                ensure(off, check=check, name="web", disks=[{"target": target, "size": size}])
    assert ensure(off, name="web", disks=[{"target": "sdc", "size": "1 GiB"}])["changed"]


@pytest.mark.parametrize(
    ("old", "new"), [("web/web.vmdk", "web/other.vmdk"), ("dev='sda' bus='scsi'", "dev='sda' bus='sata'")]
)
def test_a_disk_that_is_replaced_does_not_grow(off: Simulator, old: str, new: str) -> None:
    """It would grow although the domain no longer has it, and not the one in its place."""
    create_disk(off, f"{DIRECTORY}/other.vmdk")
    sda = [{"target": "sda", "size": "2 GiB"}]
    off.trace(reset=True)
    with pytest.raises(Refused, match="sda of the domain 'web', '.* web/web.vmdk', cannot grow in the task that"):
        ensure(off, xml=domain_xml().replace(old, new), disks=sda)
    assert set(off.methods()) <= READING
    check_apply_repeat(off, xml=domain_xml().replace(old, new))
    assert check_apply_repeat(off, name="web", disks=sda)["steps"] == ["change size of disk sda"]


def test_a_disk_that_domains_share_does_not_grow(off: Simulator) -> None:
    shared = domain_xml().replace("<target dev='sda'", "<shareable/><target dev='sda'")
    ensure(off, xml=shared)
    ensure(off, xml=shared.replace("<name>web", "<name>two").replace(UUID, OTHER), pool="local-storage")
    for check in (True, False):
        with pytest.raises(Refused, match=r"web.vmdk cannot grow: the domains 'two', 'web' share it"):
            ensure(off, name="web", disks=[{"target": "sda", "size": "2 GiB"}], check=check)


@pytest.mark.parametrize("how", [{"clone_of": f"{DIRECTORY}/other.vmdk"}, {"size": "2 GiB"}])
def test_no_file_is_made_to_replace_that_of_a_disk(off: Simulator, how: dict[str, str]) -> None:
    create_disk(off, f"{DIRECTORY}/other.vmdk")
    xml = domain_xml(disk=f"{DIRECTORY}/fresh.vmdk")
    for check in (True, False):
        with pytest.raises(Refused, match="is '.*web.vmdk', not '.*fresh.vmdk', which does not exist"):
            ensure(off, xml=xml, disks=[{"target": "sda", **how}], check=check, with_disks=False)


def test_a_disk_that_a_description_leaves_out_is_the_one_that_the_domain_has(off: Simulator) -> None:
    create_disk(off, f"{DIRECTORY}/other.vmdk")
    check_apply_repeat(off, name="web", disks=[{"target": "sdb", "source": f"{DIRECTORY}/other.vmdk"}])
    grown = check_apply_repeat(off, xml=domain_xml(), disks=[{"target": "sdb", "size": "2 GiB"}])
    assert grown["steps"] == ["change size of disk sdb"]
    assert off.domains()["web"]["disks"][1] == f"{DIRECTORY}/other.vmdk"


def test_disks_and_drives_go_on_other_buses(off: Simulator) -> None:
    check_apply_repeat(off, name="web", hw_version=17)
    disks = [
        {"target": "nvme0n1", "size": "8 MiB"},
        {"target": "sdq", "bus": "sata", "size": "8 MiB"},
        {"target": "hda", "size": "8 MiB"},
    ]
    check_apply_repeat(off, name="web", disks=disks, cdroms=[{"target": "hdb"}], state="running")
    vmx = vmx_of(off)
    assert (vmx["nvme0:0.fileName"], vmx["ide0:0.fileName"]) == ("web-nvme0n1.vmdk", "web-hda.vmdk")
    assert vmx["sata0:16.fileName"] == "web-sdq.vmdk"
