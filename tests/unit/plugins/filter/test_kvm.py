# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains that go from KVM to ESX and back: what they become, what is said, and that libvirt's schema takes them."""

from __future__ import annotations

import inspect
import pathlib
import re
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.virt.esx.plugins.filter import conversion, kvm
from ansible_collections.virt.esx.plugins.module_utils._domain.kvm import kvm_genid, vmware_genid
from ansible_collections.virt.esx.tests.unit.plugins.schema import assert_valid, needs_schema

FILTERS = {**kvm.FilterModule().filters(), **conversion.FilterModule().filters()}
SIDECARS = pathlib.Path(kvm.__file__).parent
KVM = """<domain type='kvm'>
  <name>web</name>
  <uuid>7c1d3f4e-2d8e-4a0b-9c56-0a1b2c3d4e5f</uuid>
  <metadata>
    <libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>
      <libosinfo:os id='OSINFO'/>
    </libosinfo:libosinfo>
  </metadata>
  <memory unit='GiB'>4</memory>
  <vcpu placement='static'>4</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <loader readonly='yes' secure='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.ms.fd</loader>
    <nvram>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>
    <boot dev='hd'/>
  </os>
  <features><acpi/><apic/><smm state='on'/></features>
  <cpu mode='host-passthrough'><topology sockets='1' dies='1' cores='2' threads='2'/></cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap'/>
      <source file='/images/web.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='volume' device='disk'>
      <driver name='qemu' type='raw'/>
      <source pool='default' volume='data.img'/>
      <target dev='vdb' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'>
      <source file='/iso/a.iso'/>
      <target dev='sda' bus='sata'/>
      <readonly/>
    </disk>
    <controller type='usb' index='0' model='qemu-xhci' ports='15'/>
    <controller type='virtio-serial' index='0'/>
    <interface type='network'>
      <mac address='52:54:00:12:34:56'/>
      <source network='default'/>
      <model type='virtio'/>
      <link state='down'/>
    </interface>
    <serial type='pty'><target port='0'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <graphics type='spice' autoport='yes'/>
    <video><model type='qxl' ram='65536' vram='65536' vgamem='16384' heads='1'/></video>
    <memballoon model='virtio'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <watchdog model='itco' action='reset'/>
  </devices>
</domain>
"""
ESX = """<domain type='vmware'><name>web</name><memory>4096</memory>
<memoryBacking><locked/></memoryBacking>
<os><type arch='x86_64'>hvm</type><bootmenu enable='yes' timeout='5000'/><smbios mode='host'/></os><devices>
<disk type='file' device='disk'><driver cache='writethrough'/><source file='[a] a.vmdk'/>
<target dev='sda' bus='scsi'/></disk>
<graphics type='vnc' port='5901' autoport='no' keymap='de'/></devices></domain>"""
RHEL = KVM.replace("OSINFO", "http://redhat.com/rhel/9.6")
WINDOWS = KVM.replace("OSINFO", "http://microsoft.com/win/2k22")
PLACES = {"datastore": "ssd", "networks": {"default": "VM Network"}}


def test_a_usual_domain_of_kvm_becomes_one_that_a_host_takes(warnings: list[str]) -> None:
    xml = FILTERS["kvm_to_esx"](RHEL, **PLACES)
    assert "<source file='[ssd] web/web.vmdk'/>" in xml
    assert "<source file='[ssd] web/data.vmdk'/>" in xml
    assert "<topology sockets='1' dies='1' cores='4' threads='1'/>" in xml
    vmx = FILTERS["domxml_to_vmx"](xml)
    for line in (
        'guestOS = "rhel9-64"',
        'scsi0.virtualDev = "pvscsi"',
        'scsi0:1.fileName = "/vmfs/volumes/ssd/web/data.vmdk"',
        'sata0:0.deviceType = "cdrom-image"',
        'ethernet0.virtualDev = "vmxnet3"',
        'ethernet0.networkName = "VM Network"',
        'ethernet0.address = "52:54:00:12:34:56"',
        'ethernet0.checkMACAddress = "false"',
        'ethernet0.startConnected = "false"',
        'firmware = "efi"',
        'uefi.secureBoot.enabled = "true"',
    ):
        assert line in vmx
    told = "\n".join(warnings)
    for part in ("a.iso", "<graphics>, <video>, <channel>, <rng>, <watchdog>", "type='pty'", "threads and dies become"):
        assert part in told


def test_windows_gets_devices_that_it_has_drivers_for() -> None:
    xml = FILTERS["kvm_to_esx"](WINDOWS, **PLACES)
    assert "model='lsisas1068'" in xml
    assert "<model type='e1000e'/>" in xml
    back = FILTERS["esx_to_kvm"](xml, network="default")
    assert "<target dev='sda' bus='sata'/>" in back
    assert "<model type='e1000e'/>" in back


def test_models_and_places_can_be_chosen() -> None:
    disks = {"/images/web.qcow2": "[a] b/c.vmdk", "default/data.img": "[a] d.vmdk", "/iso/a.iso": "[iso] a.iso"}
    xml = FILTERS["kvm_to_esx"](RHEL, disks=disks, network="N", disk_bus="nvme", nic_model="e1000")
    vmx = FILTERS["domxml_to_vmx"](xml)
    for line in ('nvme0:0.fileName = "/vmfs/volumes/a/b/c.vmdk"', 'ethernet0.virtualDev = "e1000"', "iso/a.iso"):
        assert line in vmx
    with pytest.raises(AnsibleFilterError, match="disk_bus is 'virtio'; expected one of 'pvscsi'"):
        FILTERS["kvm_to_esx"](RHEL, disk_bus="virtio", **PLACES)


def test_all_that_has_no_place_is_refused_at_once() -> None:
    hostdev = "<hostdev mode='subsystem' type='pci'><source><address bus='1'/></source></hostdev></devices>"
    with pytest.raises(AnsibleFilterError) as refusal:
        FILTERS["kvm_to_esx"](RHEL.replace("</devices>", hostdev))
    for part in ("/images/web.qcow2", "default/data.img", "default: the network has no port group", "devices/hostdev"):
        assert part in str(refusal.value)
    assert "<hostdev" not in FILTERS["kvm_to_esx"](RHEL, unsupported="ignore")


def test_who_converts_a_domain_of_kvm_as_it_is_learns_of_the_filter() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"expected type='vmware'\. The filter virt\.esx\.kvm_to_esx .* KVM\.$"
    ):
        FILTERS["domxml_to_vmx"](RHEL)
    with pytest.raises(AnsibleFilterError, match="expected type='vmware'$"):
        FILTERS["domxml_to_vmx"](RHEL.replace("'kvm'", "'lxc'"))


def test_only_domains_of_kvm_are_taken() -> None:
    with pytest.raises(AnsibleFilterError, match="expected the domain XML of a virtual machine"):
        FILTERS["kvm_to_esx"](FILTERS["kvm_to_esx"](RHEL, **PLACES))


@needs_schema
@pytest.mark.parametrize("xml", [RHEL, WINDOWS])
def test_both_ways_are_valid_by_libvirts_schema(xml: str) -> None:
    there = FILTERS["kvm_to_esx"](xml, **PLACES)
    assert_valid(there)
    assert_valid(FILTERS["esx_to_kvm"](ESX))
    back = FILTERS["esx_to_kvm"](there, networks={"VM Network": "bridge:br0"})
    assert_valid(back)
    for part in (
        "<domain type='kvm'>",
        "machine='q35'",
        "<source bridge='br0'/>",
        "/var/lib/libvirt/images/data.qcow2",
    ):
        assert part in back


def test_a_card_without_a_network_is_refused_on_the_way_back() -> None:
    with pytest.raises(AnsibleFilterError, match="VM Network: the port group has no network"):
        FILTERS["esx_to_kvm"](FILTERS["kvm_to_esx"](RHEL, **PLACES))


def test_the_generation_id_keeps_its_bytes() -> None:
    vmware = "8987940a-0951-2cc5-e815-10634ff550b9"  # -8536691797830587195, -1723453263670062919
    assert kvm_genid(vmware) == "09512cc5-940a-8987-b950-f54f631015e8"
    assert vmware_genid(kvm_genid(vmware)) == vmware


@pytest.mark.parametrize("name", ["kvm_to_esx", "esx_to_kvm"])
def test_the_documentation_has_the_filters_options(name: str) -> None:
    loaded: dict[str, Any] = yaml.safe_load((SIDECARS / f"{name}.yml").read_text(encoding="utf-8"))
    options = loaded["DOCUMENTATION"]["options"]
    parameters = list(inspect.signature(getattr(kvm, name)).parameters)
    assert list(options) == ["_input", *parameters[1:]]


SECOND = "<disk type='file' device='disk'><source file='/other/web.raw'/><target dev='vdc' bus='virtio'/></disk>"


def test_two_disks_never_become_one() -> None:
    xml = RHEL.replace("<controller type='usb'", SECOND + "<controller type='usb'")
    with pytest.raises(AnsibleFilterError, match="'.ssd. web/web.vmdk' is that of /images/web.qcow2 too; name it in"):
        FILTERS["kvm_to_esx"](xml, **PLACES)
    moved = FILTERS["kvm_to_esx"](xml, **PLACES, disks={"/other/web.raw": "[ssd] web/b.vmdk"})
    with pytest.raises(AnsibleFilterError, match="/images/web.qcow2' is that of .hdd. a/web.vmdk too; name it in"):
        FILTERS["esx_to_kvm"](
            moved.replace("web/b.vmdk", "b/web.vmdk").replace("[ssd] web/web", "[hdd] a/web"),
            network="default",
            directory="/images",
        )
    assert "/images/b.qcow2" in FILTERS["esx_to_kvm"](moved, network="default", directory="/images")


def test_what_the_new_host_does_not_do_is_reported(warnings: list[str]) -> None:
    xml = RHEL.replace(
        "<vcpu placement='static'>", "<maxMemory slots='2' unit='GiB'>8</maxMemory><vcpu cpuset='0' current='2'>"
    )
    xml = xml.replace("</devices>", "<parallel type='file'><source path='/p'/></parallel></devices>")
    FILTERS["kvm_to_esx"](xml, **PLACES)
    for words in ("maxMemory", "vcpu cpuset='0'", "vcpu current='2'", "devices/parallel"):
        assert words in warnings[0]


def test_what_kvm_does_otherwise_is_reported(warnings: list[str]) -> None:
    xml = FILTERS["esx_to_kvm"](ESX)
    assert "<bootmenu enable='yes' timeout='5000'/>" in xml
    for words in ("memoryBacking/locked", "os/smbios", "sharing, modes, the cache", "the port, address"):
        assert words in warnings[0]


def test_how_a_disk_is_used_is_carried_over_or_refused() -> None:
    used = SECOND.replace("web.raw", "b.raw").replace("device='disk'", "device='disk' snapshot='no'")
    xml = RHEL.replace(
        "<controller type='usb'", used.replace("</disk>", "<transient/></disk>") + "<controller type='usb'"
    )
    written = FILTERS["kvm_to_esx"](xml, **PLACES)
    assert "<disk type='file' device='disk' snapshot='no'>" in written
    assert "<transient/>" in written
    with pytest.raises(AnsibleFilterError, match="<readonly/>: a hard disk of VMware cannot be read-only"):
        FILTERS["kvm_to_esx"](xml.replace("<transient/>", "<readonly/>"), **PLACES)


@pytest.mark.parametrize(
    ("word", "other", "message"),
    [
        ("<name>web</name>", "", "The domain has no name"),
        ("<memory unit='GiB'>4</memory>", "", "The memory is missing or 0"),
        ("52:54:00:12:34:56", "52-54-00-12-34-56", "address='52-54-00-12-34-56' is not a MAC address"),
        ("device='cdrom'", "device='dvd'", "device='dvd' is not known; expected one of 'disk', 'cdrom'"),
    ],
)
def test_what_libvirt_would_not_take_is_refused(word: str, other: str, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        FILTERS["kvm_to_esx"](RHEL.replace(word, other), **PLACES)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<vcpu placement='static'>", "<vcpu cpuset='1-4'>", "vcpu cpuset='1-4': tuning for the old host"),
        ("<vcpu placement='static'>", "<vcpu current='2'>", "vcpu current='2': the domain starts with all"),
        ("<vcpu ", "<maxMemory slots='4' unit='GiB'>8</maxMemory><vcpu ", "maxMemory: the domain gets <memory>"),
        ("<devices>", "<on_reboot>destroy</on_reboot><devices>", "on_reboot destroy: VMware decides itself"),
        ("</cpu>", "<numa><cell id='0' cpus='0-3' memory='4' unit='GiB'/></numa></cpu>", "cpu/numa: ESX makes"),
        ("<boot dev='hd'/>", "<smbios mode='host'/>", "os/smbios mode='host': the guest sees VMware's SMBIOS data"),
        (
            "<boot dev='hd'/>",
            "<bootmenu enable='yes'/>",
            "os/bootmenu enable='yes': VMware has no boot menu, only a delay",
        ),
        (
            "<boot dev='hd'/>\n  </os>",
            "<smbios mode='sysinfo'/></os>"
            "<sysinfo type='smbios'><system><entry name='serial'>ds=nocloud</entry></system></sysinfo>",
            "sysinfo type='smbios': VMware gives the guest no such data",
        ),
        (
            "</devices>",
            "<parallel type='dev'><source path='/dev/parport0'/></parallel></devices>",
            "devices/parallel: ",
        ),
        (
            "</devices>",
            "<memory model='dimm'><target><size unit='MiB'>512</size></target></memory></devices>",
            "devices/memory: VMware has no modules of memory",
        ),
        (
            "</devices>",
            "<interface type='hostdev'><source><address type='pci' bus='1'/></source></interface></devices>",
            "devices/interface type='hostdev': the card is a device of the host",
        ),
    ],
)
def test_what_esx_would_read_and_kvm_s_domain_loses_is_reported(
    old: str, new: str, told: str, warnings: list[str]
) -> None:
    assert old in RHEL
    FILTERS["kvm_to_esx"](RHEL.replace(old, new, 1), datastore="ssd", network="VM Network")
    assert told in "\n".join(warnings)


def test_a_usual_domain_of_kvm_has_no_word_about_its_usual_parts(warnings: list[str]) -> None:
    usual = (
        "<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>"
        "<cpu mode='host-model'/><vcpu placement='static' current='4'>4</vcpu><devices>"
    )
    xml = RHEL.replace("<devices>", usual, 1).replace("<vcpu placement='static'>4</vcpu>", "", 1)
    FILTERS["kvm_to_esx"](re.sub("<cpu .*</cpu>", "", xml), **PLACES)
    assert not [word for word in ("on_", "cpu", "sysinfo", "readonly") if f", {word}" in "\n".join(warnings)]


BIOS = re.sub("<loader.*</nvram>", "", RHEL, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("device", "orders"),
    [
        ("<source file='/images/web.qcow2'/>", 0),
        ("<source pool='default' volume='data.img'/>", 1),
        ("<source file='/iso/a.iso'/>", 1),
        ("<source network='default'/>", 1),
    ],
)
def test_a_boot_order_is_only_left_out_if_it_names_the_first_disk(device: str, orders: int) -> None:
    """A host starts a domain from its first disk anyway; from anything else only if the VMX says so."""
    xml = BIOS.replace("<boot dev='hd'/>", "").replace(device, f"{device}<boot order='1'/>")
    assert FILTERS["kvm_to_esx"](xml, **PLACES).count("<boot order='1'/>") == orders


SERIALS = """<serial type='pty'><target port='0'/></serial>
<serial type='file'><source path='/var/log/web.log'/><target port='1'/></serial>"""


def test_a_serial_port_into_a_file_keeps_its_number_and_gets_a_place(warnings: list[str]) -> None:
    xml = RHEL.replace("<serial type='pty'><target port='0'/></serial>", SERIALS)
    vmx = FILTERS["domxml_to_vmx"](FILTERS["kvm_to_esx"](xml, **PLACES))
    assert 'serial1.fileName = "/vmfs/volumes/ssd/web/web.log"' in vmx
    assert "serial0." not in vmx
    disks = {"/images/web.qcow2": "[a] b.vmdk", "default/data.img": "[a] c.vmdk", "/var/log/web.log": "[logs] w.log"}
    assert "<source path='[logs] w.log'/>" in FILTERS["kvm_to_esx"](xml, disks=disks, network="N")
    del disks["/var/log/web.log"]
    assert "web.log" not in FILTERS["kvm_to_esx"](xml, disks=disks, network="N")
    assert "devices/serial /var/log/web.log: the file of the port has no place on ESX" in warnings[-1]


def test_a_paravirtual_guest_is_refused() -> None:
    xml = RHEL.replace("type='kvm'", "type='xen'").replace(">hvm<", ">linux<")
    with pytest.raises(AnsibleFilterError, match="'linux' is a guest without virtual hardware"):
        FILTERS["kvm_to_esx"](xml, **PLACES)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("<memoryBacking><locked/></memoryBacking><devices>", "memoryBacking/locked: tuning for the old host"),
        ("<devices><graphics type='vnc' port='5901'/>", "devices/graphics: the port, address, keymap and password"),
        (
            "<devices><parallel type='dev'><source path='/dev/parport0'/></parallel>",
            "devices/parallel type='dev': what a",
        ),
    ],
)
def test_what_kvm_does_not_get_is_reported(more: str, told: str, warnings: list[str]) -> None:
    xml = FILTERS["kvm_to_esx"](RHEL, **PLACES).replace("<devices>", more)
    FILTERS["esx_to_kvm"](xml, network="default")
    assert told in warnings[-1]


def test_a_clock_keeps_its_time_zone() -> None:
    clock = "<clock offset='timezone' timezone='Europe/Berlin'/>"
    xml = FILTERS["kvm_to_esx"](RHEL.replace("<devices>", f"{clock}<devices>"), **PLACES)
    assert clock in xml
    assert clock in FILTERS["esx_to_kvm"](xml, network="default")


def test_a_disk_that_forgets_what_is_written_stays_one() -> None:
    xml = FILTERS["kvm_to_esx"](RHEL.replace("bus='virtio'/>", "bus='virtio'/><transient/>", 1), **PLACES)
    assert 'scsi0:0.mode = "independent-nonpersistent"' in FILTERS["domxml_to_vmx"](xml)


def test_a_floppy_s_image_without_a_place_is_reported(warnings: list[str]) -> None:
    floppy = "<disk type='file' device='floppy'><source file='[ssd] a.flp'/><target dev='fda' bus='fdc'/></disk>"
    xml = FILTERS["kvm_to_esx"](RHEL, **PLACES).replace("</devices>", f"{floppy}</devices>")
    warnings.clear()
    assert "<target dev='fda' bus='fdc'/>" in FILTERS["esx_to_kvm"](xml, network="default")
    assert "[ssd] a.flp" in "\n".join(warnings)
    warnings.clear()
    assert "<source file='/a.flp'/>" in FILTERS["esx_to_kvm"](xml, network="default", disks={"[ssd] a.flp": "/a.flp"})
    assert "a.flp" not in "\n".join(warnings)
