# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that are not read, hardware versions, and the order of starting: what is refused, written and reported."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import REFUSE, Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.hardware import needed_hardware
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import as_in_xml, merge_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._vmx.samples import vmx

ESX = DIALECTS["esx"]
XML = """<domain type='vmware'><name>n</name><memory>4096</memory>
<os{}><type arch='x86_64'>hvm</type>{}</os><devices>{}</devices></domain>"""
EFI = " firmware='efi'"
TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
NVME = "<disk><source file='[ds] a.vmdk'/><target dev='nvme0n1' bus='nvme'/></disk>"
SECURE = "<firmware><feature enabled='yes' name='secure-boot'/></firmware>"


def written(xml: str, hw_version: int | None = None) -> tuple[str, list[str]]:
    """The VMX of a domain, and what is reported."""
    report = Report(REFUSE)
    domain = read_domain(xml, ESX.xml, report)
    text = write_vmx(domain, dialect=ESX, hw_version=hw_version, report=report)
    return text, [entry.where for entry in report.left_out]


def test_keys_without_effect_are_reported_by_name_and_reason() -> None:
    report = Report(REFUSE)
    read_vmx(vmx('guestinfo.secret = "hunter2"\nx.y = "1"\nvcpu.hotadd = "TRUE"\n'), report=report)
    assert [(entry.where, entry.line) for entry in report.entries()] == [
        ("guestinfo.secret", 3),
        ("x.y", 4),
        ("vcpu.hotadd", 5),
    ]
    assert "hunter2" not in str(report.left_out)


SCSI = 'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\n'
IMAGE = SCSI + 'scsi0:0.deviceType = "cdrom-image"\nscsi0:0.fileName = "a.iso"\n'
SERIAL = 'serial0.present = "TRUE"\nserial0.fileType = "file"\nserial0.fileName = "a"\n'
CARD = 'ethernet0.present = "TRUE"\n'
FOLDER = 'isolation.tools.hgfs.disable = "FALSE"\nsharedFolder.maxNum = "2"\n' + "".join(
    f'sharedFolder{number}.{key} = "{value}"\n'
    for number, enabled in ((0, "TRUE"), (1, "FALSE"))
    for key, value in (("present", "TRUE"), ("enabled", enabled), ("hostPath", "/a"), ("guestName", "a"))
)


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ('sched.mem.minSize = "8"\nsched.mem.min = "16"\n', "sched.mem.min"),
        ('sched.cpu.units = "percent"\n', "sched.cpu.units"),
        ('hpet0.present = "maybe"\n', "hpet0.present"),
        ('numa.nodeAffinity = "all"\n', "numa.nodeAffinity"),
        ('svga.maxWidth = "1024"\n', "svga.maxWidth"),
        ('bios.bootRetry.enabled = "TRUE"\nbios.bootRetry.delay = "100"\n', "bios.bootRetry.delay"),
        ('svga.present = "FALSE"\n', "svga.present"),
        ('vwdt.present = "TRUE"\n', "vwdt.present"),
        ('nvdimm0:0.fileName = "a"\n', "nvdimm0:0.fileName"),
        ('uefi.secureBoot.dbDefault.present = "TRUE"\n', "uefi.secureBoot.dbDefault.present"),
        ('rtc.diffFromUTC = "an hour"\n', "rtc.diffFromUTC"),
        ('rtc.startTime = "-5"\n', "rtc.startTime"),
        ('rtc.startTime = "5"\nrtc.diffFromUTC = "60"\n', "rtc.diffFromUTC"),
        ('bios.hddOrder = "scsi0:0"\n', "bios.hddOrder"),
        (SCSI + 'scsi0:0.fileName = "a.vmdk"\nbios.bootOrder = "hdd"\nbios.hddOrder = "scsi9:9"\n', "bios.hddOrder"),
        ('bios.bootDelay = "20000"\n', "bios.bootDelay"),
        ('checkpoint.vmState = "a.vmss"\n', "checkpoint.vmState"),
        ('answer.msg.serial.file.open = "Append"\n', "answer.msg.serial.file.open"),
        ('guestOSAltName = "Haiku"\n', "guestOSAltName"),
        ('usb:1.present = "TRUE"\nusb:1.deviceType = "disk"\nusb:1.fileName = "a.vmdk"\n', "usb:1.present"),
        ('ehci.present = "TRUE"\n', "ehci.present"),
        ('numvcpus = "4"\ncpuid.coresPerSocket = "3"\n', "cpuid.coresPerSocket"),
        ('serial4.present = "TRUE"\n', "serial4.present"),
        ('parallel3.present = "TRUE"\n', "parallel3.present"),
        ('floppy2.present = "TRUE"\n', "floppy2.present"),
        ('scsi4.present = "TRUE"\n', "scsi4.present"),
        ('floppy0.fileType = "file"\nfloppy0.fileName = "a.flp"\n', "floppy0.fileName"),
        ('floppy0.present = "TRUE"\nfloppy0.fileType = "remote"\nfloppy0.fileName = "a.flp"\n', "floppy0.fileType"),
        ('numvcpus = "2"\ncpuid.coresPerSocket = "4"\n', "cpuid.coresPerSocket"),
        (SERIAL.replace('"file"', '"network"'), "serial0.fileName"),
        (SERIAL + 'serial0.vspc = "telnet://h:1"\n', "serial0.vspc"),
        (SERIAL + 'serial0.hardwareFlowControl = "TRUE"\n', "serial0.hardwareFlowControl"),
        ('floppy0.present = "TRUE"\nfloppy0.heads = "1"\n', "floppy0.heads"),
        ('toolScripts.afterPowerOn = "FALSE"\n', "toolScripts.afterPowerOn"),
        ('snapshot.action = "autoRevert"\n', "snapshot.action"),
        ('snapshot.disabled = "TRUE"\n', "snapshot.disabled"),
        ('migrate.encryptionMode = "required"\n', "migrate.encryptionMode"),
        ('mks.use3dRenderer = "hardware"\n', "mks.use3dRenderer"),
        ('RemoteDisplay.vnc.enabled = "TRUE"\nRemoteDisplay.vnc.key = "b2xk"\n', "RemoteDisplay.vnc.key"),
        ('vmx.buildType = "debug"\n', "vmx.buildType"),
        (FOLDER + 'sharedFolder0.readAccess = "FALSE"\n', "sharedFolder0.readAccess"),
        (FOLDER + 'sharedFolder0.followSymlinks = "TRUE"\n', "sharedFolder0.followSymlinks"),
        (SERIAL + 'serial0.startConnected = "FALSE"\n', "serial0.startConnected"),
        (IMAGE + 'scsi0:0.startConnected = "FALSE"\n', "scsi0:0.startConnected"),
        ('sound.present = "TRUE"\nsound.startConnected = "FALSE"\n', "sound.startConnected"),
        (FOLDER, "sharedFolder1.present"),
        (FOLDER.replace("FALSE", "TRUE", 1).replace("sharedFolder1", "x1"), "sharedFolder0.present"),
        ('memsize = "64"\nMemSize = "128"\n', "MemSize"),
        (CARD + 'ethernet0.connectionType = "nat"\nethernet0.networkName = "a"\n', "ethernet0.networkName"),
        (CARD + 'ethernet0.connectionType = "hostonly"\nethernet0.vnet = "vmnet1"\n', "ethernet0.vnet"),
        (
            CARD + 'ethernet0.address = "00:50:56:00:00:01"\nethernet0.checkMACAddress = "maybe"\n',
            "ethernet0.checkMACAddress",
        ),
        (SCSI + 'scsi0:0.deviceType = "tape"\nscsi0:0.fileName = "a.vmdk"\n', "scsi0:0.deviceType"),
        ('uefi.secureBoot.enabled = "TRUE"\n', "uefi.secureBoot.enabled"),
        (CARD + 'ethernet0.connectionType = "custom"\nethernet0.networkName = "a"\n', "ethernet0.connectionType"),
        (FOLDER.replace('0.guestName = "a"', '0.guestName = ""'), "sharedFolder0.present"),
    ],
)
def test_a_key_that_is_lost_is_reported(lines: str, where: str) -> None:
    report = Report(REFUSE)
    read_vmx(vmx(lines), report=report)
    assert where in [entry.where for entry in report.left_out]
    silent = Report()
    read_vmx(vmx(lines), report=silent)
    assert not silent.left_out


@pytest.mark.parametrize(
    "lines",
    [
        'memsize = "64"\nMemSize = "64"\n',
        'sched.mem.minSize = "8"\nsched.mem.min = "8"\n',
        'sched.mem.pshare.enable = "TRUE"\nhpet0.present = "TRUE"\nvwdt.present = "FALSE"\n',
        SCSI.replace("scsi0:0", "scsi0:1"),
        'floppy0.present = "TRUE"\nfloppy0.clientDevice = "TRUE"\nfloppy0.fileName = "vmware-null-remote-floppy"\n',
        'usb.present = "TRUE"\nusb:0.present = "TRUE"\nusb:0.deviceType = "hid"\n',
        'usb.present = "TRUE"\nusb:0.present = "TRUE"\nusb:0.deviceType = "mouse"\n',
        SERIAL + 'serial0.autodetect = "TRUE"\nserial0.yieldOnMsrRead = "TRUE"\nserial0.tryNoRxLoss = "FALSE"\n',
        'floppy0.present = "FALSE"\nfloppy0.autodetect = "TRUE"\nfloppy0.clientDevice = "FALSE"\n',
        'toolScripts.afterPowerOn = "TRUE"\ntools.guest.desktop.autolock = "FALSE"\n',
        'snapshot.action = "keep"\nsnapshot.numSnapshots = "0"\nsnapshot0.uid = "1"\nsnapshot.disabled = "FALSE"\n',
        'migrate.encryptionMode = "opportunistic"\nmigrate.hostLog = "./a.hlog"\nvmx.log.keepOld = "4"\n',
        'mks.enable3d = "TRUE"\nmks.use3dRenderer = "automatic"\nRemoteDisplay.vnc.key = ""\n',
        CARD + 'ethernet0.virtualDev = ""\n',
        CARD + 'ethernet0.linkStatePropagation.enable = "FALSE"\nproxyApps.publishToHost = "FALSE"\n',
        'numvcpus = "4"\ncpuid.coresPerSocket = "0"\n',
        'uefi.secureBoot.enabled = "FALSE"\n',
        'rtc.diffFromUTC = ""\ncheckpoint.vmState = ""\nbios.bootDelay = "0"\n',
    ],
)
def test_a_key_that_says_what_is_so_anyway_is_not(lines: str) -> None:
    report = Report(REFUSE)
    read_vmx(vmx(lines), report=report)
    assert [entry for entry in report.left_out if not entry.where.startswith("scsi0:1")] == []


@pytest.mark.parametrize("key", ["present", "enabled"])
def test_a_folder_that_cannot_be_understood_is_reported_once(key: str) -> None:
    report = Report(REFUSE)
    read_vmx(
        vmx(FOLDER.replace(f'1.{key} = "{"TRUE" if key == "present" else "FALSE"}"', f'1.{key} = "x"')), report=report
    )
    assert [entry.where for entry in report.left_out if "boolean" in entry.why] == [f"sharedFolder1.{key}"]


def test_keys_are_reported_as_they_are_spelled_and_in_their_order() -> None:
    report = Report(REFUSE)
    read_vmx(vmx('numa.vcpu.preferHT = "TRUE"\n# a comment\nnuma.autosize.once = "FALSE"\n'), report=report)
    assert [(entry.where, entry.line) for entry in report.left_out] == [("numa.vcpu.preferHT, numa.autosize.once", 3)]


def test_a_line_that_is_no_statement_shows_no_value() -> None:
    report = Report(REFUSE)
    read_vmx(vmx('RemoteDisplay.vnc.password = "hunter2\n'), report=report)
    assert "RemoteDisplay.vnc.password" in str(report.left_out[0])
    assert "hunter2" not in str(report.left_out)


def test_an_encoded_password_leaves_with_its_vnc_server() -> None:
    base = vmx('RemoteDisplay.vnc.enabled = "TRUE"\nRemoteDisplay.vnc.key = "b2xk"\n')
    domain = read_vmx(base)
    assert "vnc.key" in merge_vmx(base, as_in_xml(domain))
    assert "vnc.key" not in merge_vmx(base, replace(as_in_xml(domain), graphics=()))


def test_a_tpm_that_a_hosted_product_adds_is_one() -> None:
    base = vmx('firmware = "efi"\nmanagedVM.autoAddVTPM = "software"\n')
    domain = read_vmx(base)
    assert len(domain.tpms) == 1
    assert merge_vmx(base, as_in_xml(domain)) == base
    assert "autoAddVTPM" not in merge_vmx(base, as_in_xml(replace(domain, tpms=())))


@pytest.mark.parametrize(
    "line",
    [
        'tools.syncTime = "FALSE"',
        'sched.cpu.shares = "normal"',
        'scsi0:0.redo = ""',
        'vmci0.id = "-7"',
        'ethernet0.pciSlotNumber = "192"',
        'softPowerOff = "FALSE"',
    ],
)
def test_what_a_host_writes_by_itself_is_no_word(line: str) -> None:
    report = Report(REFUSE)
    read_vmx(vmx(line + "\n"), report=report)
    assert not report.left_out


@pytest.mark.parametrize(
    ("xml", "version"),
    [
        (XML.format("", "", ""), 4),
        (XML.format(EFI, "", ""), 8),
        (XML.format(EFI, SECURE, ""), 13),
        (XML.format("", "", NVME), 13),
        (XML.format("", "", "").replace("<devices>", "<features><pmu state='on'/></features><devices>"), 9),
        (XML.format(EFI, "", TPM), 14),
        (XML.format("", "", "<disk><source file='[ds] a.vmdk'/><target dev='sda' bus='sata'/></disk>"), 10),
        (XML.format("", "", "<interface type='bridge'><source bridge='a'/><model type='e1000e'/></interface>"), 8),
        (XML.format("", "", "<controller type='scsi' index='0' model='vmpvscsi'/>"), 7),
    ],
)
def test_a_version_that_lacks_what_is_described_is_refused(xml: str, version: int) -> None:
    assert needed_hardware(read_domain(xml, ESX.xml)) == version
    written(xml, version)
    if version > 4:
        with pytest.raises(ParseError, match=f"needs virtual hardware version {version}; this is {version - 1}"):
            written(xml, version - 1)


def test_the_default_version_is_raised_and_that_is_said() -> None:
    assert written(XML.format("", "", NVME))[1] == []
    text, said = written(XML.format(EFI, "", TPM))
    assert 'virtualHW.version = "14"' in text
    assert said == ["virtualHW.version"]


def test_a_tpm_needs_efi_but_one_that_is_there_stays() -> None:
    with pytest.raises(ParseError, match="TPM needs EFI firmware"):
        written(XML.format("", "", TPM))
    base = vmx('vtpm.present = "TRUE"\nmemsize = "64"\n')
    changed = merge_vmx(base, read_domain(XML.format("", "", TPM), ESX.xml))
    assert 'vtpm.present = "TRUE"' in changed


def test_a_boot_order_beside_efi_is_reported() -> None:
    text, said = written(XML.format(EFI, "<boot dev='cdrom'/>", ""))
    assert "bootOrder" not in text
    assert said == ["os/boot"]


def test_a_description_without_these_words_takes_nothing_away() -> None:
    base = vmx(
        'memsize = "64"\nsched.mem.pin = "TRUE"\nsched.mem.min = "64"\nsched.mem.minSize = "64"\n'
        'bios.bootOrder = "cdrom,hdd"\nusb.present = "TRUE"\nsound.present = "TRUE"\nrtc.diffFromUTC = "60"\n'
        'pciPassthru0.present = "TRUE"\npciPassthru0.id = "00000:059:00.0"\n'
        'pciPassthru0.deviceId = "0x1"\npciPassthru0.vendorId = "0x2"\nethernet0.present = "TRUE"\n'
        'ethernet0.networkName = "a"\nethernet0.startConnected = "FALSE"\n'
    )
    described = read_domain(XML.format("", "", "<interface type='bridge'><source bridge='a'/></interface>"), ESX.xml)
    changed = merge_vmx(base, described)
    for key in (
        "bios.bootOrder",
        "usb.present",
        "sound.present",
        "pciPassthru0.id",
        "startConnected",
        "rtc.",
        "mem.pin",
    ):
        assert key in changed
    assert changed != base  # the memory
    same = read_domain(write_domain(read_vmx(changed), ESX.xml), ESX.xml)
    assert merge_vmx(changed, same) == changed


def test_settings_of_the_hardware_stay_and_change() -> None:
    base = vmx('hpet0.present = "FALSE"\nvpmc.enable = "TRUE"\nnuma.nodeAffinity = "0"\n')
    changed = merge_vmx(base, read_domain(XML.format("", "", ""), ESX.xml))
    assert all(line in changed for line in ('hpet0.present = "FALSE"', 'vpmc.enable = "TRUE"', 'nodeAffinity = "0"'))
    xml = XML.format("", "", "").replace(
        "<devices>",
        "<clock offset='utc'><timer name='hpet' present='yes'/></clock><features><pmu state='off'/></features>"
        "<numatune><memory mode='strict' nodeset='1-2'/></numatune><devices>",
    )
    changed = merge_vmx(changed, read_domain(xml, ESX.xml))
    assert all(line in changed for line in ('hpet0.present = "TRUE"', 'vpmc.enable = "FALSE"', 'nodeAffinity = "1,2"'))
    assert merge_vmx(changed, read_domain(xml, ESX.xml)) == changed


def test_a_timeout_that_is_no_whole_second_is_rounded_up_and_that_is_said() -> None:
    text, said = written(XML.format("", "<bios rebootTimeout='5500'/>", ""))
    assert 'bios.bootRetry.delay = "6"' in text
    assert said == ["os/bios"]


@pytest.mark.parametrize("kind", ["cdrom-image", "cdrom-raw", "atapi-cdrom"])
def test_the_type_of_a_drive_says_what_it_is_whatever_its_image_is_called(kind: str) -> None:
    text = vmx(SCSI + f'scsi0:0.deviceType = "{kind}"\nscsi0:0.fileName = "tools.vmdk"\n')
    (drive,) = read_vmx(text).disks
    assert (drive.device, drive.type, drive.source) == ("cdrom", "file", "tools.vmdk")
    assert read_vmx(text, dialect=DIALECTS["libvirt"]).disks == ()


@pytest.mark.parametrize("service", ["", "0", "-1", "ssh", "99999999999"])
def test_a_port_that_could_not_be_read_again_is_refused(service: str) -> None:
    serial = f"<serial type='tcp'><source mode='bind' host='h' service='{service}'/><protocol type='raw'/></serial>"
    with pytest.raises(ParseError, match=f"service='{service}' is not the number of a port"):
        written(XML.format("", "", serial))


def test_a_card_without_a_device_is_bridged() -> None:
    card = "<interface type='bridge'><source bridge='a'/><target dev=''/></interface>"
    text, _said = written(XML.format("", "", card))
    assert 'ethernet0.connectionType = "bridged"' in text
    assert "vnet" not in text


OSINFO = "http://libosinfo.org/xmlns/libvirt/domain/1.0"


@pytest.mark.parametrize(
    ("identity", "arch", "guest", "is_said"),
    [
        ("http://redhat.com/rhel/9.2", "x86_64", "rhel9-64", False),
        ("http://vmware.com/guestos/rhel9-64", "x86_64", "rhel9-64", False),
        ("http://libosinfo.org/unknown", "x86_64", "other-64", False),
        ("http://redhat.com/rhel/99", "x86_64", "rhel10-64", True),
        ("http://haiku-os.org/haiku/r1", "x86_64", "other-64", True),
        ("rhel_9", "x86_64", "rhel10-64", True),
        ("http://vmware.com/guestos/", "x86_64", "other-64", True),
        ("http://vmware.com/guestos/rhel9-64", "i686", "other", True),
    ],
)
def test_a_guest_that_vmware_does_not_know_is_reported(identity: str, arch: str, guest: str, is_said: bool) -> None:
    metadata = f"<metadata><l:libosinfo xmlns:l='{OSINFO}'><l:os id='{identity}'/></l:libosinfo></metadata>"
    xml = XML.format("", "", "").replace("<memory>", metadata + "<memory>").replace("x86_64", arch)
    text, said = written(xml)
    assert f'guestOS = "{guest}"' in text
    assert bool(said) is is_said, said


def test_a_card_is_connected_again_by_its_link() -> None:
    base = vmx('ethernet0.present = "TRUE"\nethernet0.networkName = "a"\nethernet0.startConnected = "FALSE"\n')
    card = "<interface type='bridge'><source bridge='a'/><link state='up'/></interface>"
    assert 'ethernet0.startConnected = "true"' in merge_vmx(base, read_domain(XML.format("", "", card), ESX.xml))


def test_a_warning_stays_readable_whatever_the_input_is() -> None:
    report = Report(REFUSE)
    lines = "".join(f'unknown{number}.key{number} = "1"\n' for number in range(2000))
    read_vmx(vmx(f'numvcpus = "{"9" * 5000}"\n{lines}'), report=report)
    assert all(len(line) < 1100 for line in (report.warning("The VMX") or "").splitlines())
    assert "unknown1999.key1999" in str(report.left_out)


@pytest.mark.parametrize("line", ['serial{}.present = "TRUE"\n', 'memsize = "{}"\n', 'unknown{}.key = "1"\n'])
def test_a_long_file_is_reported_in_a_short_time(line: str) -> None:
    """It took minutes of the controller's time, as each of the entries was compared and looked for by itself."""
    report = Report(REFUSE)
    started = time.process_time()
    read_vmx(vmx('memsize = "4"\n' + "".join(line.format(number) for number in range(4, 18000))), report=report)
    assert time.process_time() - started < 10
    assert report.left_out
