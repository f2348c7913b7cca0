# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repairs of each flag of the dialect esx: lines of a VMX, and their conversion."""

from __future__ import annotations

from typing import NamedTuple


class Repair(NamedTuple):
    """The effect of one flag: lines of a VMX, their XML, and the VMX of that again."""

    flag: str
    given: str
    xml: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()  # what the XML does not have
    error_at: str = ""  # for input that is refused where libvirt takes it


def disk(section: str, name: str, kind: str = "", *more: str) -> str:
    lines = [f'{section}.present = "TRUE"', f'{section}.fileName = "{name}"', *more]
    lines += [f'{section}.deviceType = "{kind}"'] if kind else []
    return "\n".join(lines) + "\n"


def at(controller: int, unit: int, bus: int = 0) -> str:
    return f"<address type='drive' controller='{controller}' bus='{bus}' target='0' unit='{unit}'/>"


def nic(*lines: str) -> str:
    return "".join(f"ethernet0.{line}\n" for line in ('present = "TRUE"', *lines))


SWITCH = "50 34 26 b2 94 e9 3b 16-1d 68 87 bf ff 4a 54 40"
SCSI0 = 'scsi0.present = "TRUE"\n'
SCSI1 = 'scsi1.present = "TRUE"\n'
SATA0 = 'sata0.present = "TRUE"\n'
FOREIGN = ('addressType = "static"', 'address = "52:54:00:11:22:33"')

CASES = [
    Repair(
        "escapes",
        nic('networkName = "VM |22one|22"'),
        ("<source bridge='VM &quot;one&quot;'/>",),
        ('ethernet0.networkName = "VM |22one|22"',),
    ),
    Repair("escapes", 'annotation = "line 1|0Aline |7c|20"\n', ("line 1\nline | </",), ('"line 1|0aline |7c "',)),
    Repair("escapes", 'displayName = "100% |"\n', ("<name>100% |</name>",), ('displayName = "100%25 |7c"',)),
    Repair("strict_text", 'annotation = "a"\n\0', error_at="line 4: the file has a zero byte"),
    Repair("strict_text", "# \udce4\n", error_at="line 3: byte 0xe4 is not valid in the file's encoding, UTF-8"),
    Repair("strict_numbers", 'numvcpus = "4294967297"\n', error_at="line 3, numvcpus: 4294967297 is out of range"),
    Repair("strict_numbers", 'sched.cpu.shares = "-1"\n', absent=("<cputune>",)),
    Repair("lax_syntax", "numvcpus = 2\n_key = x#\n// comment\nsched.mem.max =\n", (">2</vcpu>",), ('numvcpus = "2"',)),
    Repair(
        "codecs_of_vmware",
        '.encoding = "Shift_JIS"\nannotation = "\udc87@ C:\\"\n',
        ("<description>\u2460 C:\\</description>",),
    ),
    Repair(
        "tolerant", SCSI0 + 'scsi0.virtualDev = ""\n' + disk("scsi0:0", "a.vmdk"), ("a.vmdk",), ("scsi0:0.present",)
    ),
    Repair("tolerant", SCSI0 + disk("scsi0:0", "a.raw") + disk("scsi0:1", "b.vmdk"), ("b.vmdk",), absent=("a.raw",)),
    Repair("tolerant", 'smbios.reflecthost = "yes"\nfirmware = "uefi"\n', ("<smbios mode='host'/>",)),
    Repair("tolerant", nic('addressType = ""', 'networkName = "a"'), ("<source bridge='a'/>",)),
    Repair(
        "tolerant",
        nic('connectionType = "bridged"'),
        ("<source bridge=''/>",),
        ('ethernet0.present = "true"\nethernet0.connectionType = "bridged"\nethernet0.addressType',),
    ),
    Repair(
        "tolerant",
        nic('connectionType = "custom"', 'vnet = "VMnet2"'),
        ("<source bridge=''/>\n      <target dev='VMnet2'/>",),
        ('ethernet0.connectionType = "custom"\nethernet0.vnet = "VMnet2"',),
    ),
    Repair(
        "tolerant",
        nic('opaqueNetwork.id = "0a000000-0000"', 'opaqueNetwork.type = "nsx.LogicalSwitch"'),
        ("<source bridge='0a000000-0000'/>", "opaqueNetwork.type='nsx.LogicalSwitch'"),
        ('ethernet0.opaqueNetwork.id = "0a000000-0000"\nethernet0.opaqueNetwork.type = "nsx.LogicalSwitch"',),
    ),
    Repair(
        "tolerant",
        nic('connectionType = "bridged"', f'dvs.switchId = "{SWITCH}"', 'dvs.portId = "0a0b-1"'),
        ("<interface type='vds'>", "dvs.portId='0a0b-1'"),
        (f'ethernet0.dvs.switchId = "{SWITCH}"\nethernet0.dvs.portId = "0a0b-1"',),
    ),
    Repair(
        "tolerant",
        nic('connectionType = "pvn"', 'pvnID = "52 00"'),
        ("<interface type='null'>", "connectionType='pvn' pvnID='52 00'"),
        ('ethernet0.connectionType = "pvn"\nethernet0.pvnID = "52 00"',),
    ),
    *(
        Repair("switches", given, (xml,), (given.rstrip("\n"),))
        for given, xml in (
            ('hpet0.present = "FALSE"\n', "<timer name='hpet' present='no'/>"),
            ('vpmc.enable = "TRUE"\n', "<pmu state='on'/>"),
            ('hypervisor.cpuid.v0 = "FALSE"\n', "<kvm>\n      <hidden state='on'/>"),
            ('sched.mem.pshare.enable = "FALSE"\n', "<nosharepages/>"),
            ('sched.mem.lpage.enable1GPage = "TRUE"\n', "<page size='1' unit='GiB'/>"),
            ('numa.nodeAffinity = "0,1"\n', "<memory mode='strict' nodeset='0-1'/>"),
            ('bios.bootRetry.enabled = "TRUE"\nbios.bootRetry.delay = "15"\n', "<bios rebootTimeout='15000'/>"),
            ('mks.enable3d = "TRUE"\n', "<acceleration accel3d='yes'/>"),
            ('svga.maxWidth = "1024"\nsvga.maxHeight = "768"\n', "<resolution x='1024' y='768'/>"),
        )
    ),
    Repair(
        "either_guarantee",
        'memsize = "1024"\nsched.mem.min = "512"\n',
        ("<min_guarantee unit='KiB'>524288</min_guarantee>",),
        ('sched.mem.minsize = "512"\nsched.mem.min = "512"',),
    ),
    Repair("true_architecture", 'guestOS = "vmkernel8"\n', ("arch='x86_64'",), ('guestOS = "vmkernel8"',)),
    Repair("true_architecture", 'guestOS = "windows9_64Guest"\n', ("arch='x86_64'",), ('"windows9_64Guest"',)),
    Repair("true_architecture", 'guestOS = "arm-ubuntu-64"\n', ("arch='aarch64'",), ('"arm-ubuntu-64"',)),
    Repair(
        "keeps_disk_modes",
        SCSI0 + disk("scsi0:0", "a.vmdk", "", 'scsi0:0.mode = "independent-persistent"'),
        ("<disk type='file' device='disk' snapshot='no'>",),
        ('scsi0:0.mode = "independent-persistent"',),
    ),
    Repair(
        "keeps_disk_modes",
        SCSI0 + disk("scsi0:0", "a.vmdk", "", 'scsi0:0.mode = "nonpersistent"'),
        ("<transient/>", "<esx:disk target='sda' mode='nonpersistent'/>"),
        ('scsi0:0.mode = "nonpersistent"',),
    ),
    Repair(
        "keeps_disk_modes",
        SCSI0 + disk("scsi0:1", "a.vmdk", "scsi-nonpassThru-rdm", 'scsi0:1.sharing = "multi-writer"'),
        ("<shareable/>", "<esx:disk target='sdb' deviceType='scsi-nonpassThru-rdm'/>"),
        ('scsi0:1.deviceType = "scsi-nonpassThru-rdm"', 'scsi0:1.sharing = "multi-writer"'),
    ),
    Repair(
        "keeps_disk_modes",
        SCSI1 + 'scsi1.sharedBus = "virtual"\n' + disk("scsi1:0", "a.vmdk"),
        ("<shareable/>", "<esx:controller type='scsi' index='1' sharedBus='virtual'/>"),
        ('scsi1.sharedBus = "virtual"', 'scsi1:0.fileName = "a.vmdk"\nfloppy0'),
    ),
    Repair(
        "keeps_disk_modes",
        SCSI1 + 'scsi1.sharedBus = "physical"\n' + disk("scsi1:0", "a.vmdk", "", 'scsi1:0.sharing = "Multi-Writer"'),
        ("sharing='multi-writer'",),
        ('scsi1:0.sharing = "multi-writer"',),
    ),
    Repair(
        "address_is_slot",
        SCSI0 + SCSI1 + SATA0 + disk("scsi0:0", "a.vmdk") + disk("scsi0:16", "b.vmdk") + disk("scsi1:0", "c.vmdk"),
        (
            "<target dev='sda' bus='scsi'/>\n      " + at(0, 0),
            "<target dev='sdti' bus='scsi'/>\n      " + at(0, 16),
            "<target dev='sdp' bus='scsi'/>\n      " + at(1, 0),
            "<controller type='sata' index='0'/>",
        ),
        ('scsi0:16.fileName = "b.vmdk"', 'scsi1:0.fileName = "c.vmdk"', 'sata0.present = "true"'),
    ),
    Repair(
        "address_is_slot",
        SCSI0 + SATA0 + disk("scsi0:0", "a.vmdk") + disk("sata0:0", "b.iso", "cdrom-image") + disk("sata0:7", "c.vmdk"),
        (
            "<target dev='sdiw' bus='sata'/>\n      <readonly/>\n      " + at(0, 0),
            "<target dev='sdh' bus='sata'/>\n      " + at(0, 7),
        ),
        ('sata0:0.fileName = "b.iso"', 'sata0:7.fileName = "c.vmdk"'),
    ),
    Repair(
        "writes_sata_nvme",
        'nvme1.present = "TRUE"\n' + disk("nvme1:2", "a.vmdk"),
        ("<source file='a.vmdk'/>",),
        ('nvme1.present = "true"', 'nvme1:2.present = "true"\nnvme1:2.fileName = "a.vmdk"'),
    ),
    Repair(
        "writes_sata_nvme",
        SATA0 + disk("sata0:0", "a.vmdk"),
        ("<target dev='sda' bus='sata'/>",),
        ('sata0.present = "true"', 'sata0:0.deviceType = "ata-hardDisk"'),
    ),
    Repair(
        "any_mac_check",
        nic('checkMACAddress = "TRUE"', *FOREIGN),
        ("type='static' check='yes'/>",),
        ('ethernet0.checkMACAddress = "true"',),
    ),
    Repair("states_mac_check", nic(*FOREIGN), ("check='yes'",), ('ethernet0.checkMACAddress = "true"',)),
    Repair(
        "either_mac_key",
        nic('addressType = "vpx"', 'address = "00:50:56:91:48:c7"'),
        ("<mac address='00:50:56:91:48:c7' type='generated'/>",),
        ('ethernet0.addressType = "vpx"', 'ethernet0.generatedAddress = "00:50:56:91:48:c7"'),
    ),
    Repair("drops_empty", 'annotation = ""\n', absent=("<description>",)),
    Repair("keep_missing_ids", nic(), (), ('uuid.action = "create"', 'ethernet0.addressType = "generated"\nsvga')),
    Repair(
        "keeps_guest_os",
        'guestOS = "rhel7-64"\n',
        ("<libosinfo:os id='http://vmware.com/guestos/rhel7-64'/>",),
        ('guestOS = "rhel7-64"',),
    ),
    Repair("keeps_nvram", 'nvram = "web.nvram"\n', ("file='web.nvram'",), ('nvram = "web.nvram"',)),
    Repair(
        "writes_genid",
        'vm.genid = "-5"\nvm.genidX = "7"\n',
        ("<genid>ffffffff-ffff-fffb-0000-000000000007</genid>",),
        ('vm.genid = "-5"\nvm.genidX = "7"',),
    ),
    Repair("any_firmware", 'firmware = "bios"\n', ("<os firmware='bios'>",), ('firmware = "bios"',)),
    Repair("any_firmware", 'firmware = "EFI"\n', ("<os firmware='efi'>",), ('firmware = "efi"',)),
    Repair(
        "writes_secure_boot",
        'firmware = "efi"\nuefi.secureBoot.enabled = "TRUE"\n',
        ("<feature enabled='yes' name='secure-boot'/>",),
        ('uefi.secureBoot.enabled = "true"',),
    ),
    Repair(
        "has_tpm",
        'firmware = "efi"\nvtpm.present = "TRUE"\n',
        ("<tpm model='tpm-crb'>", "<backend type='emulator' version='2.0'/>"),
        ('virtualHW.version = "14"', 'vtpm.present = "TRUE"'),
    ),
    Repair("even_topology", 'numvcpus = "6"\ncpuid.coresPerSocket = "4"\n', absent=("<cpu>",)),
    Repair(
        "any_affinity",
        'numvcpus = "4"\nsched.cpu.affinity = "1,0"\n',
        ("cpuset='0-1'",),
        ('sched.cpu.affinity = "0,1"',),
    ),
    Repair("always_named", SCSI0 + disk("scsi0:0", "web.01.vmdk"), ("<name>web</name>",), ('displayName = "web"',)),
    Repair("always_named", 'displayName = "a|0ab"\n', ("<name>a b</name>",)),
    Repair(
        "raw_and_passthrough_disks",
        SCSI0 + disk("scsi0:0", "a.vmdk", "rdm"),
        ("<disk type='file' device='disk'>",),
        ('scsi0:0.fileName = "a.vmdk"',),
    ),
    Repair(
        "raw_and_passthrough_disks",
        SCSI0 + disk("scsi0:0", "/vmfs/devices/disks/naa.1", "scsi-hardDisk"),
        ("<disk type='block' device='disk'>", "<source dev='/vmfs/devices/disks/naa.1'/>"),
        ('scsi0:0.fileName = "/vmfs/devices/disks/naa.1"',),
    ),
    Repair(
        "raw_and_passthrough_disks",
        SCSI0 + disk("scsi0:0", "/vmfs/devices/genscsi/1", "scsi-passthru"),
        ("<disk type='block' device='lun'>",),
        ('scsi0:0.deviceType = "scsi-passthru"',),
    ),
    Repair(
        "raw_and_passthrough_disks",
        disk("ide0:0", "/vmimages/tools/linux", "cdrom-image"),
        ("<source file='/vmimages/tools/linux'/>",),
        ('ide0:0.deviceType = "cdrom-image"',),
    ),
    Repair(
        "raw_and_passthrough_disks",
        disk("ide0:0", "/dev/sda", "rawDisk"),
        ("<source dev='/dev/sda'/>",),
        ('ide0:0.deviceType = "rawDisk"',),
    ),
    Repair(
        "raw_and_passthrough_disks",
        disk("floppy0", "Auto detect"),
        ("<disk type='block' device='floppy'>\n      <source startupPolicy='optional'/>",),
        ('floppy0.fileType = "device"\nfloppy0.fileName = "auto detect"',),
    ),
    Repair(
        "raw_and_passthrough_disks",
        disk("floppy0", "A:"),
        ("<source dev='A:'/>",),
        ('floppy0.fileType = "device"\nfloppy0.fileName = "A:"',),
    ),
    Repair(
        "raw_and_passthrough_disks",
        disk("floppy0", "a.img"),
        ("<disk type='file' device='floppy'>", "<source file='a.img'/>"),
        ('floppy0.fileType = "file"\nfloppy0.fileName = "a.img"',),
    ),
    Repair(
        "keep_empty_drive_kind",
        'ide0:0.present = "TRUE"\nide0:0.deviceType = "atapi-cdrom"\n',
        ("<disk type='block' device='cdrom'>",),
        ('ide0:0.deviceType = "atapi-cdrom"\nfloppy0',),
    ),
    Repair("ide_cache", disk("ide0:0", "a.vmdk", "", 'ide0:0.writeThrough = "TRUE"'), (), ("ide0:0.writeThrough",)),
    Repair("vram_in_64k_steps", 'svga.vramSize = "1"\n', ("vram='64'",), ('svga.vramSize = "65536"',)),
    Repair(
        "hostonly",
        nic('connectionType = "hostonly"'),
        ("<interface type='network'>", "<source network='hostonly'/>"),
        ('ethernet0.connectionType = "hostonly"',),
    ),
    Repair(
        "boot_order",
        'bios.bootOrder = "cdrom,HDD"\nbios.bootDelay = "3000"\n',
        ("<boot dev='cdrom'/>\n    <boot dev='hd'/>\n    <bootmenu enable='yes' timeout='3000'/>",),
        ('bios.bootOrder = "cdrom,hdd"', 'bios.bootDelay = "3000"'),
    ),
    Repair(
        "boot_order",
        SCSI0
        + disk("scsi0:0", "a.vmdk")
        + disk("scsi0:1", "b.vmdk")
        + nic()
        + 'bios.bootOrder = "ethernet0,hdd"\nbios.hddOrder = "scsi0:1,scsi0:0"\n',
        ("<boot order='1'/>\n    </interface>", "<target dev='sdb' bus='scsi'/>\n      <boot order='2'/>"),
        ('bios.bootOrder = "ethernet0,hdd"', 'bios.hddOrder = "scsi0:1,scsi0:0"'),
    ),
    Repair(
        "link_state",
        nic('startConnected = "FALSE"'),
        ("<link state='down'/>",),
        ('ethernet0.startConnected = "false"',),
    ),
    Repair(
        "clock",
        'rtc.diffFromUTC = "-3600"\n',
        ("<clock offset='variable' adjustment='-3600' basis='utc'/>",),
        ('rtc.diffFromUTC = "-3600"',),
    ),
    Repair("clock", 'rtc.startTime = "1767225600"\n', ("start='1767225600'/>",), ('rtc.startTime = "1767225600"',)),
    Repair(
        "usb_and_sound",
        'usb.present = "TRUE"\nehci.present = "TRUE"\nusb_xhci.present = "TRUE"\n',
        (
            "<controller type='usb' index='0' model='piix3-uhci'/>",
            "<controller type='usb' index='1' model='ehci'/>",
            "<controller type='usb' index='2' model='qemu-xhci'/>",
        ),
        ('usb.present = "true"', 'ehci.present = "true"', 'usb_xhci.present = "true"'),
    ),
    Repair(
        "usb_and_sound",
        'sound.present = "TRUE"\nsound.virtualDev = "hdaudio"\n',
        ("<sound model='ich6'/>",),
        ('sound.present = "true"', 'sound.virtualDev = "hdaudio"'),
    ),
    Repair(
        "passthrough",
        'pciPassthru0.present = "TRUE"\npciPassthru0.id = "00000:059:00.0"\n'
        'pciPassthru0.deviceId = "0x1db6"\npciPassthru0.vendorId = "0x10de"\n',
        ("<address domain='0x0000' bus='0x3b' slot='0x00' function='0x0'/>", "vendorId='0x10de'"),
        ('pciPassthru0.id = "00000:059:00.0"', 'pciPassthru0.deviceId = "0x1db6"'),
    ),
    Repair(
        "memory_lock",
        'sched.mem.pin = "TRUE"\nmemsize = "64"\nsched.mem.minsize = "64"\n',
        ("<locked/>",),
        ('sched.mem.pin = "TRUE"', 'sched.mem.min = "64"', 'sched.mem.minsize = "64"'),
    ),
    Repair("any_model", nic('virtualDev = "sriov"'), ("<model type='sriov'/>",), ('ethernet0.virtualDev = "sriov"',)),
    Repair("lenient_ethernet", 'ethernet.foo = "x"\n', ("<devices>",)),
    Repair(
        "any_interfaces",
        "".join(f'ethernet{number}.present = "TRUE"\n' for number in range(11)),
        ("<interface type='null'>",),
        ('ethernet10.present = "true"',),
    ),
    Repair(
        "plain_portgroup",
        nic('dvs.switchId = "' + "50" * 16 + '"', 'dvs.portgroupId = "a&b"'),
        ("portgroupid='a&amp;b'",),
        ('ethernet0.dvs.portgroupId = "a&b"',),
    ),
    Repair(
        "null_ports",
        'serial1.present = "TRUE"\nserial1.fileType = "file"\nparallel0.present = "TRUE"\n',
        ("<serial type='null'>\n      <target port='1'/>", "<parallel type='null'>"),
        ('serial1.fileType = "network"\nserial1.fileName = ""', 'parallel0.present = "true"'),
    ),
    Repair(
        "null_ports",
        'parallel0.present = "TRUE"\nparallel0.fileName = "/dev/parport0"\n',
        ("<parallel type='dev'>\n      <source path='/dev/parport0'/>",),
        ('parallel0.fileType = "device"\nparallel0.fileName = "/dev/parport0"',),
    ),
    Repair(
        "ipv6_brackets",
        'serial0.present = "TRUE"\nserial0.fileType = "network"\nserial0.fileName = "tcp://[::1]:7"\n',
        ("host='::1' service='7'",),
        ('serial0.fileName = "tcp://[::1]:7"',),
    ),
    Repair(
        "relative_paths",
        SCSI0 + disk("scsi0:0", "disks/a.vmdk"),
        ("<source file='disks/a.vmdk'/>",),
        ('scsi0:0.fileName = "disks/a.vmdk"',),
    ),
]
