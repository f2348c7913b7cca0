# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elements of domain XML that libvirt's parser takes or refuses, each tried with libvirt itself.

They are written once and used twice: held against our reader, and, where libvirt is installed, against libvirt.
"""

from __future__ import annotations

UUID = "564d9bef-acd9-b4e0-c8f0-aea8b9103515"
OS = "<os><type>hvm</type></os>"
MEMORY = "<memory>4096</memory>"


def domain(inside: str = MEMORY + OS, *, devices: str = "", kind: str = "vmware", name: str = "t") -> str:
    """A domain with these elements."""
    return f"<domain type='{kind}'><name>{name}</name><uuid>{UUID}</uuid>{inside}<devices>{devices}</devices></domain>"


_SOURCE = "<source file='/x.vmdk'/>"
_SDA = "<target dev='sda' bus='scsi'/>"


def _disk(inside: str, attributes: str = "") -> str:
    return f"<disk{attributes}>{inside}</disk>"


def _disks(*names: str, bus: str) -> str:
    return "".join(_disk(f"{_SOURCE}<target dev='{name}' bus='{bus}'/>") for name in names)


def _card(inside: str = "", kind: str = "bridge", mac: str = "<mac address='00:0c:29:11:22:33'/>") -> str:
    return f"<interface type='{kind}'>{mac}{inside}</interface>"


_BRIDGE = "<source bridge='a'/>"
_SWITCH = "503426b2-94e9-3b16-1d68-87bfff4a5440"
_FILE = "<source path='/a'/>"
_TCP = "<source mode='connect' host='h' service='1'/>"

ACCEPTED_DEVICES = [
    _disk(_SOURCE + _SDA),
    _disk(_SOURCE + "<target dev='sda1' bus='scsi'/>"),
    _disk(_SOURCE + "<target dev='sda' bus='usb'/>"),
    _disk(_SOURCE + "<target dev='vda'/>"),
    _disk(_SOURCE + "<target dev='ubda'/>"),
    _disk(_SOURCE + "<target dev='hda' bus='scsi'/>"),
    _disk(_SOURCE + _SDA + "<target dev='sdb' bus='scsi'/>"),
    _disk("<source file=''/>" + _SDA, " device='cdrom'"),
    _disk("<target dev='fda'/>", " device='floppy'"),
    _disk("<target dev='fda1'/>", " device='floppy'"),
    _disk("<target dev='fda' bus='scsi'/>", " device='cdrom'"),
    _disk("<source startupPolicy='optional'/>" + _SDA, " type='block' device='cdrom'"),
    _disk("<source/>" + _SDA, " type='block' device='lun'"),
    _disk(_SOURCE + _SDA + "<driver name='x' type='raw' cache='none' io='native' discard='unmap'/>"),
    _disk(_SOURCE + _SDA + "<address type='drive'/>"),
    _disk(_SOURCE + _SDA + "<address type='drive' controller='+1' unit=' 4'/>"),
    _disk(_SOURCE + "<target dev='sdfoo9' bus='scsi'/><address type='drive' unit='1'/>"),
    _disk(_SOURCE + "<target dev='vda' bus='virtio'/><address type='pci' domain='0' bus='0' slot='5' function='0'/>"),
    _disk(_SOURCE + _SDA + "<boot order='1'/>"),
    _disk(_SOURCE + _SDA + "<shareable/><readonly/><transient/>"),
    _disk("<source protocol='nbd' name='x'/>" + _SDA, " type='network'"),
    _disk("<source dir='/x'/>" + _SDA, " type='dir'"),
    "<controller type='scsi'/><controller type='scsi'/>",
    "<controller/>",
    "<controller type='scsi' index='5' model='virtio-scsi'/>",
    "<controller type='usb' index='0'/><controller type='usb' index='0'/>",
    "<controller type='ide' index='0' model='piix3'/>",
    "<filesystem><source dir=''/><target dir='g'/></filesystem>",
    "<filesystem type='file' accessmode='mapped'><source file='/h'/><target dir='g'/></filesystem>",
    _card("<source bridge=''/>"),
    "<interface/>",
    _card(_BRIDGE, mac="<mac/>"),
    _card(_BRIDGE, mac="<mac address='0:c:29:1:2:3'/>"),
    _card(_BRIDGE, mac="<mac address='00:0c:29:11:22:33 foo'/>"),
    _card(_BRIDGE, mac="<mac type='generated' check='yes'/>"),
    _card(_BRIDGE + "<model type=''/>"),
    _card(_BRIDGE + "<model type='VMXNET3'/>"),
    _card(_BRIDGE + "<target dev=''/>"),
    _card(_BRIDGE + "<link/>"),
    _card(f"<source switchid='{_SWITCH}' portid='-1' portgroupid='' connectionid='3'/>", "vds"),
    _card(kind="null"),
    _card("<source network='x'/>", "network"),
    "<serial/>",
    "<serial type='dev'><source path=''/></serial>",
    "<serial type='dev'><source path='/a'/><target port='-1'/></serial>",
    f"<serial type='tcp'>{_TCP}<protocol/></serial>",
    "<serial type='tcp'><source mode='connect' host='' service=''/></serial>",
    "<console/>",
    f"<console type='file'>{_FILE}<target type='xen'/></console>",
    f"<serial type='dev'>{_FILE}</serial><console type='tcp'/>",
    "<graphics type='vnc' autoport='foo'/>",
    "<graphics type='vnc' port=' 5901'/>",
    "<graphics type='vnc' listen='1.2.3.4'><listen type='address' address='1.2.3.4'/></graphics>",
    "<graphics type='vnc' listen='1.2.3.4'><listen type='network' network='x'/></graphics>",
    "<graphics type='vnc'><listen type='none'/></graphics>",
    "<video/>",
    "<video><model type=''/></video>",
    "<video><model type='vmvga' vram='4294967295'/></video>",
    "<parallel type='null'/><parallel type='null'><target port='1'/></parallel>",
    "<video><model type='vmvga'><acceleration accel3d='yes'/></model></video>",
    "<input type='mouse' bus='ps2'/>",
    "<sound model='ac97'/>",
    "<memballoon model='none'/>",
    "<foo/>",
    "<emulator/>",
    "<channel type='unix'><target type='virtio' name='x'/></channel>",
    "<rng model='virtio'><backend model='random'>/dev/random</backend></rng>",
    "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>",
    "<hostdev mode='subsystem' type='usb'><source/></hostdev>",
    "<redirdev bus='usb' type='tcp'><source mode='connect' host='h' service='1'/></redirdev><controller type='usb'/>",
]

REFUSED_DEVICES = [
    _disk(_SOURCE + "<target dev='sd' bus='scsi'/>"),
    _disk(_SOURCE + "<target dev='sda' bus='SCSI'/>"),
    _disk(_SOURCE + "<target dev='sdzzzzzzzzzz' bus='scsi'/>"),
    _disk(_SOURCE + "<target dev='/dev/sda' bus='scsi'/>"),
    _disk(_SOURCE + "<target dev='fda' bus='scsi'/>"),
    _disk(_SOURCE + "<target dev='nvme0n1' bus='nvme'/>"),
    _disk(_SOURCE + "<target/>"),
    _disk(_SOURCE),
    _disk(_SDA),
    _disk("<source file=''/>" + _SDA),
    _disk(_SOURCE + _SDA, " type='foo'"),
    _disk(_SOURCE + _SDA, " device='foo'"),
    _disk("<target dev='fda' bus='ide'/>", " device='floppy'"),
    _disk("<target dev='sda' bus='fdc'/>", " device='floppy'"),
    _disk("<target dev='fda' bus='fdc'/>", " device='cdrom'"),
    _disk("<target dev='foo' bus='ide'/>", " device='cdrom'"),
    _disk("<target dev='hda' bus='ide'/>", " type='file' device='lun'"),
    _disk("<source dev='/x'/><target dev='foo' bus='scsi'/><address type='drive'/>", " type='block' device='lun'"),
    _disk("<source file='/a' startupPolicy='foo'/>" + _SDA),
    _disk(_SOURCE + _SDA + "<driver cache='foo'/>"),
    _disk(_SOURCE + _SDA + "<driver type='foo'/>"),
    _disk(_SOURCE + _SDA + "<address/>"),
    _disk(_SOURCE + _SDA + "<address type='foo'/>"),
    _disk(_SOURCE + _SDA + "<address type='usb' bus='0' port='1'/>"),
    _disk(_SOURCE + _SDA + "<address type='drive' controller='0x1'/>"),
    _disk(_SOURCE + _SDA + "<address type='drive' controller='-1'/>"),
    _disk(_SOURCE + _SDA + "<boot order='0'/>"),
    _disk(_SOURCE + _SDA + "<boot/>"),
    _disk(_SOURCE + "<target dev='sda' bus='scsi' tray='open'/>"),
    _disk(_SOURCE + "<target dev='sda' bus='scsi' removable='foo'/>"),
    _disk(_SOURCE + _SDA, " snapshot='foo'"),
    _disk(_SOURCE + _SDA, " rawio='yes'"),
    _disks("sda", "sda", bus="scsi"),
    _disks("sda1", "sda2", bus="scsi"),
    _disks("sda", bus="scsi") + _disks("sda", bus="sata"),
    _disks("sda", bus="sata") + _disk(_SOURCE + "<target dev='sdb' bus='sata'/><address type='drive'/>"),
    "<controller type='scsi' index='0' model='pvscsi'/>",
    "<controller type='scsi' index='0' model=''/>",
    "<controller type='sata' index='0' model='ahci'/>",
    "<controller type='foo'/>",
    "<controller type='scsi' index='x'/>",
    "<controller type='scsi' index='-1'/>",
    "<controller type='scsi' index='0'/><controller type='scsi' index='0'/>",
    "<filesystem><target dir='g'/></filesystem>",
    "<filesystem><source dir='/h'/><target dir=''/></filesystem>",
    "<filesystem type='foo'><source dir='/h'/><target dir='g'/></filesystem>",
    "<filesystem accessmode='foo'><source dir='/h'/><target dir='g'/></filesystem>",
    _card("<source/>"),
    _card(_BRIDGE, "foo"),
    _card(_BRIDGE, mac="<mac address=''/>"),
    _card(_BRIDGE, mac="<mac address='00-0c-29-11-22-33'/>"),
    _card(_BRIDGE, mac="<mac address=' 00:0c:29:11:22:33'/>"),
    _card(_BRIDGE, mac="<mac address='000:0c:29:11:22:33'/>"),
    _card(_BRIDGE, mac="<mac address='01:00:5e:00:00:01'/>"),
    _card(_BRIDGE, mac="<mac address='00:0c:29:11:22:33' type='x'/>"),
    _card(_BRIDGE, mac="<mac address='00:0c:29:11:22:33' check=''/>"),
    _card(_BRIDGE + "<link state='foo'/>"),
    _card(_BRIDGE + "<mtu size='x'/>"),
    _card(kind="vds"),
    _card("<source switchid='x' portid='1' portgroupid='p' connectionid='3'/>", "vds"),
    _card(f"<source switchid='{_SWITCH}' portid='x' portgroupid='p' connectionid='3'/>", "vds"),
    _card(kind="network"),
    "<serial type='dev'/>",
    "<serial type='foo'/>",
    f"<serial type='dev'>{_FILE}<target port='x'/></serial>",
    f"<serial type='dev'>{_FILE}{_FILE}</serial>",
    f"<serial type='file'>{_FILE}<target type='foo'/></serial>",
    "<serial type='tcp'><source mode='bind' service='1'/></serial>",
    "<serial type='tcp'><source mode='foo' host='h' service='1'/></serial>",
    f"<serial type='tcp'>{_TCP}<protocol type='foo'/></serial>",
    f"<serial type='tcp'>{_TCP}<protocol type='raw'/><protocol type='raw'/></serial>",
    f"<serial type='dev'>{_FILE}</serial><console/><console/>",
    f"<console type='file'>{_FILE}<target type='foo'/></console>",
    "<console type='dev'/>",
    "<graphics/>",
    "<graphics type='foo'/>",
    "<graphics type='vnc' port='x'/>",
    "<graphics type='vnc' listen='1.2.3.4'><listen type='address' address='2.3.4.5'/></graphics>",
    "<graphics type='vnc'><listen/></graphics>",
    "<graphics type='vnc'><listen type='network'/></graphics>",
    "<graphics type='vnc' sharePolicy='foo'/>",
    "<video><model type='foo'/></video>",
    "<video><model type='vmvga' vram='x'/></video>",
    "<video><model type='vmvga' vram='-1'/></video>",
    "<video><model type='vmvga' vgamem='4'/></video>",
    "<input/>",
    "<sound/>",
    "<watchdog model='foo'/>",
    "<memballoon model='none'/><memballoon model='none'/>",
    "<channel type='unix'/>",
    "<rng model='virtio'/>",
    "<tpm model='tpm-crb'/>",
    "<tpm model='tpm-crb'><backend type='foo'/></tpm>",
    "<hostdev mode='subsystem' type='usb'/>",
    "<redirdev bus='usb' type='tcp'><source mode='connect' host='h' service='1'/></redirdev>",
]

_VCPU = MEMORY + OS + "<vcpu{}</vcpu>"
_CPU = MEMORY + OS + "<vcpu>2</vcpu><cpu>{}</cpu>"

ACCEPTED_DOMAINS = [
    "<memory>+4096</memory>" + OS,
    "<memory> 4096</memory>" + OS,
    "<memory unit=''>4096</memory>" + OS,
    "<memory unit='kb'>4096</memory>" + OS,
    "<memory unit='MIB'>5</memory>" + OS,
    "<memory unit='Byte'>1025</memory>" + OS,
    "<memory>9007199254740991</memory>" + OS,
    "<memory>4096</memory><memory>8192</memory>" + OS,
    MEMORY + "<currentMemory/><maxMemory/><memtune/>" + OS,
    _VCPU.format(">+2"),
    _VCPU.format(" cpuset=' 0 - 1 , 3'>2"),
    _VCPU.format(" cpuset='0-1,'>2"),
    _VCPU.format(" cpuset='^0,0'>1"),
    _VCPU.format(" cpuset='16383'>1"),
    _VCPU.format(" placement='auto'>2"),
    MEMORY + OS + "<cputune><shares/></cputune>",
    _CPU.format("<topology sockets='1' cores='2' threads='1'/>"),
    MEMORY + OS + "<genid/><title/><description/><metadata/>",
    MEMORY + OS + "<on_poweroff/><on_crash>coredump-destroy</on_crash>",
    MEMORY + OS + "<features><acpi/></features><clock offset='localtime'/>",
    MEMORY + "<os firmware=''><type arch=''>hvm</type><smbios/></os>",
    MEMORY + "<os><type>hvm</type><firmware><feature enabled='foo'/></firmware></os>",
    MEMORY + "<os firmware='efi'><type>hvm</type><nvram type='file'><source file='/y'/></nvram></os>",
    MEMORY + "<os><type>hvm</type><loader>/x</loader><nvram>/y</nvram></os>",
    MEMORY + OS + "<foo:bar/>",
    MEMORY + OS + "<foo/><seclabel type='none'/>",
]

REFUSED_DOMAINS = [
    OS,
    "<memory/>" + OS,
    "<memory>0</memory>" + OS,
    "<memory>4096 </memory>" + OS,
    "<memory>0x10</memory>" + OS,
    "<memory>4096k</memory>" + OS,
    "<memory unit='foo'>4096</memory>" + OS,
    "<memory unit='by'>4096</memory>" + OS,
    "<memory unit='E'>100</memory>" + OS,
    "<memory>9007199254740992</memory>" + OS,
    "<memory>99999999999999999999</memory>" + OS,
    MEMORY + "<currentMemory>-1</currentMemory>" + OS,
    MEMORY + "<memtune><min_guarantee>x</min_guarantee></memtune>" + OS,
    MEMORY + "<memtune><hard_limit>x</hard_limit></memtune>" + OS,
    MEMORY + "<maxMemory>8192</maxMemory>" + OS,
    _VCPU.format(">"),
    _VCPU.format(">x"),
    _VCPU.format(">2.0"),
    _VCPU.format(" current='3'>2"),
    _VCPU.format(" current=''>2"),
    _VCPU.format(" cpuset=''>2"),
    _VCPU.format(" cpuset='3-1'>2"),
    _VCPU.format(" cpuset='0,,1'>2"),
    _VCPU.format(" cpuset='0-3,^1-2'>2"),
    _VCPU.format(" cpuset='^ 1,0-2'>2"),
    _VCPU.format(" cpuset='1,^1'>2"),
    _VCPU.format(" cpuset='16384'>2"),
    _VCPU.format(" placement='foo'>2"),
    MEMORY + OS + "<cputune><shares>5.0</shares></cputune>",
    MEMORY + OS + "<cputune><period>5</period></cputune>",
    _CPU.format("<topology/>"),
    _CPU.format("<topology sockets='0' cores='2' threads='1'/>"),
    _CPU.format("<feature name='x' policy='require'/>"),
    MEMORY + OS + "<cpu mode='foo'/>",
    MEMORY + OS + "<genid>x</genid>",
    MEMORY + OS + "<title>a\nb</title>",
    MEMORY + OS + "<on_poweroff>foo</on_poweroff>",
    MEMORY + OS + "<features><foo/></features>",
    MEMORY + OS + "<clock offset='foo'/>",
    MEMORY,
    MEMORY + "<os/>",
    MEMORY + "<os><type> hvm </type></os>",
    MEMORY + "<os><type arch='X86_64'>hvm</type></os>",
    MEMORY + "<os firmware='EFI'><type>hvm</type></os>",
    MEMORY + "<os firmware='efi'><type>hvm</type><firmware><feature enabled='no' name='foo'/></firmware></os>",
    MEMORY + "<os><type>hvm</type><nvram>/y</nvram></os>",
    MEMORY + "<os><type>hvm</type><smbios mode='foo'/></os>",
    MEMORY + "<os><type>hvm</type><boot dev='foo'/></os>",
    MEMORY + "<os><type>hvm</type><boot dev='hd'/></os><devices>"
    "<interface type='user'><boot order='1'/></interface></devices>",
]

ACCEPTED = [domain(devices=case) for case in ACCEPTED_DEVICES] + [domain(case) for case in ACCEPTED_DOMAINS]
REFUSED = [domain(devices=case) for case in REFUSED_DEVICES] + [domain(case) for case in REFUSED_DOMAINS]
