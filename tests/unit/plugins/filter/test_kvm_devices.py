# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single devices on their way between KVM and ESX: what each becomes, and that none is lost in silence."""

from __future__ import annotations

import re

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.virt.esx.tests.unit.plugins.filter.test_kvm import ESX, FILTERS, PLACES, RHEL


def bios(devices: str) -> str:
    """A domain of KVM with a BIOS, and with these devices alone."""
    xml = re.sub(r"<os>.*</os>", "<os><type arch='x86_64'>hvm</type></os>", RHEL, flags=re.DOTALL)
    return re.sub(r"<devices>.*</devices>", f"<devices>{devices}</devices>", xml, flags=re.DOTALL)


def a_disk(name: str, inside: str = "") -> str:
    return f"<disk><source file='/images/{name}.raw'/><target dev='{name}' bus='virtio'/>{inside}</disk>"


FIRST = "<boot order='1'/>"


@pytest.mark.parametrize(
    ("devices", "order"),
    [
        (a_disk("vda", FIRST) + a_disk("vdb"), None),
        (a_disk("vda") + a_disk("vdb", FIRST), 'bios.bootOrder = "hdd"\nbios.hddOrder = "scsi0:1"'),
        (
            a_disk("vda") + f"<interface type='network'><source network='default'/>{FIRST}</interface>",
            'bios.bootOrder = "ethernet0"',
        ),
        (
            a_disk("vda") + f"<disk device='cdrom'><target dev='sda' bus='sata'/>{FIRST}</disk>",
            'bios.bootOrder = "cdrom"',
        ),
    ],
)
def test_a_boot_order_stays_unless_it_only_names_the_first_disk(devices: str, order: str | None) -> None:
    vmx = FILTERS["domxml_to_vmx"](FILTERS["kvm_to_esx"](bios(devices), **PLACES))
    assert "bootOrder" not in vmx if order is None else order in vmx


@pytest.mark.parametrize(
    ("devices", "options", "message"),
    [
        (
            "<disk type='nvme'><source type='pci' managed='yes' namespace='1'><address bus='1'/></source>"
            "<target dev='vda' bus='virtio'/></disk>",
            {},
            "devices/disk: the disk has no source that can get a place on ESX",
        ),
        (a_disk("vda").replace("<source file='/images/vda.raw'/>", ""), {}, "devices/disk: the disk has no source"),
        ("".join(map(a_disk, ("vda", "vdb", "vdc", "vdd", "vde"))), {"disk_bus": "ide"}, "4 places on bus 'ide'"),
        (a_disk("vda"), {"datastore": ""}, "Expecting datastore to be a name, found ''"),
        (a_disk("vda"), {"datastore": "[ssd]"}, "Expecting datastore to be a name alone, found '\\[ssd\\]'"),
        (a_disk("vda"), {"network": " "}, "Expecting network to be a name, found ' '"),
    ],
)
def test_no_disk_is_left_out_in_silence(devices: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        FILTERS["kvm_to_esx"](bios(devices), **{**PLACES, **options})


def test_a_tpm_without_efi_stays_behind(warnings: list[str]) -> None:
    tpm = "<tpm model='tpm-tis'><backend type='emulator' version='2.0'/></tpm>"
    assert "<tpm" not in FILTERS["kvm_to_esx"](bios(tpm), **PLACES)
    assert "devices/tpm: VMware's TPM needs EFI firmware, so there is none" in warnings[0]
    assert "<tpm" in FILTERS["kvm_to_esx"](RHEL.replace("</devices>", f"{tpm}</devices>"), **PLACES)


def test_an_image_that_is_based_on_another_is_reported(warnings: list[str]) -> None:
    based = "<backingStore type='file'><format type='raw'/><source file='/images/base.raw'/></backingStore>"
    FILTERS["kvm_to_esx"](bios(a_disk("vda", "<backingStore/>")), **PLACES)
    assert "backingStore" not in "".join(warnings)
    FILTERS["kvm_to_esx"](bios(a_disk("vda", based)), **PLACES)
    assert "devices/disk/backingStore type='file': the disk's own file says what it is based on" in warnings[-1]


def esx_disk(inside: str = "", **attributes: str) -> str:
    """A domain of ESX with one disk."""
    words = " ".join(f"{name}='{value}'" for name, value in attributes.items())
    return re.sub(r"<devices>.*</devices>", f"<devices><disk {words}>{inside}</disk></devices>", ESX, flags=re.DOTALL)


FILE = "<source file='[a] a.vmdk'/><target dev='sda' bus='scsi'/>"


@pytest.mark.parametrize(
    ("place", "lines"),
    [
        ("/dev/vg/a", ("<disk type='block' ", "<driver name='qemu' type='raw'/>", "<source dev='/dev/vg/a'/>")),
        ("/i/a.vmdk", ("<disk type='file' ", "<driver name='qemu' type='vmdk'/>", "<source file='/i/a.vmdk'/>")),
        ("/i/a.img", ("<disk type='file' ", "<driver name='qemu' type='raw'/>", "<source file='/i/a.img'/>")),
    ],
)
def test_a_disk_is_what_its_new_place_says(place: str, lines: tuple[str, ...]) -> None:
    xml = FILTERS["esx_to_kvm"](esx_disk(FILE), disks={"[a] a.vmdk": place})
    assert all(line in xml for line in lines)


def test_a_device_of_the_old_host_is_no_image(warnings: list[str]) -> None:
    device = "<source dev='/vmfs/devices/disks/a'/><target dev='sda' bus='scsi'/>"
    lun = esx_disk(device, type="block", device="lun")
    with pytest.raises(AnsibleFilterError, match="source /vmfs/devices/disks/a: a device of the host is not"):
        FILTERS["esx_to_kvm"](lun)
    assert "dev='/dev/sdb'" in FILTERS["esx_to_kvm"](lun, disks={"/vmfs/devices/disks/a": "/dev/sdb"})
    rdm = esx_disk(FILE).replace(
        "<memory>4096",
        "<metadata><esx:vmx xmlns:esx='urn:virt.esx:domain:1.0'><esx:disk target='sda' deviceType='scsi-passthru-rdm'/>"
        "</esx:vmx></metadata><memory>4096",
    )
    FILTERS["esx_to_kvm"](rdm)
    assert "devices/disk sda: sharing, modes, the cache and the raw device of the disk are not" in warnings[-1]


def test_ide_needs_the_older_chipset() -> None:
    assert "machine='q35'" in FILTERS["esx_to_kvm"](esx_disk(FILE))
    assert "machine='pc'" in FILTERS["esx_to_kvm"](esx_disk(FILE), disk_bus="ide")


def test_a_name_has_no_slash_on_kvm(warnings: list[str]) -> None:
    assert "<name>web-01</name>" in FILTERS["esx_to_kvm"](ESX.replace("<name>web", "<name>web/01"))
    assert "name web/01: the name of a domain of KVM has no slash; it is written as 'web-01'" in warnings[0]
