# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMX texts for the tests: short ones made on the spot, and those that hypothesis makes up."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

HEAD = 'config.version = "8"\nvirtualHW.version = "13"\n'

Lines = list[tuple[str, str]]


def vmx(body: str = "", *, hardware: int = 13) -> str:
    """A VMX that is minimal but for the body."""
    return f'config.version = "8"\nvirtualHW.version = "{hardware}"\n{body}'


_TRUTH = ("true", "TRUE", "false", "False")
_MACS = ("00:0c:29:00:00:01", "00:50:56:91:48:C7", "00:50:56:3a:00:01", "52:54:00:11:22:33", "00:00:00:00:00:00")
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters='"'), max_size=8)

# Key -> the values that it may have; one of them, or none at all.
_Choices = Mapping[str, tuple[str, ...]]

_PLAIN: _Choices = {
    "memsize": ("4", "64", "2048"),
    "sched.mem.max": ("0", "32", "4096", "unlimited"),
    "sched.mem.minsize": ("0", "8", "unlimited"),
    "numvcpus": ("1", "2", "6"),
    "cpuid.coresPerSocket": ("1", "2", "4"),
    "sched.cpu.affinity": ("all", "0,0", "0,1,2,3,5,7"),
    "sched.cpu.shares": ("low", "normal", "high", "17", "0"),
    "guestOS": ("other", "rhel7-64", "windows9_64Guest", ""),
    "smbios.reflecthost": _TRUTH,
    "firmware": ("efi", "EFI", "bios", ""),
    "uefi.secureBoot.enabled": _TRUTH,
    "nvram": ("x.nvram", "", "/vmfs/volumes/ds1/x/x.nvram"),
    "vtpm.present": _TRUTH,
    "bios.bootOrder": ("hdd", "cdrom,HDD", "ethernet0, hdd,floppy", "disk", ""),
    "bios.hddOrder": ("scsi0:1,scsi0:0", "ide0:0", "nvme0:9"),
    "bios.bootDelay": ("0", "3000", "99999"),
    "rtc.diffFromUTC": ("0", "-3600", ""),
    "rtc.startTime": ("1767225600",),
    "sched.mem.pin": _TRUTH,
    "usb.present": _TRUTH,
    "ehci.present": _TRUTH,
    "usb_xhci.present": _TRUTH,
    "sound.present": _TRUTH,
    "sound.virtualDev": ("es1371", "HDAudio", "sb16", "ac97"),
    "uuid.bios": ("56 4d 12 23 f8 35 c4 b1-bb f6 e3 23 90 d6 2b d3", "00" * 16),
    "vm.genid": ("0", "-5", "81985529216486895"),
    "vm.genidX": ("0", "-1"),
    "RemoteDisplay.vnc.enabled": _TRUTH,
    "RemoteDisplay.vnc.port": ("0", "5901", "-1"),
    "RemoteDisplay.vnc.ip": ("", "0.0.0.0"),  # noqa: S104 - no socket
    "svga.vramSize": ("1", "8388608", "0", "5000000"),
    "isolation.tools.hgfs.disable": _TRUTH,
    "sharedFolder.maxNum": ("0", "1", "3"),
    "hpet0.present": _TRUTH,
    "vpmc.enable": _TRUTH,
    "hypervisor.cpuid.v0": _TRUTH,
    "sched.mem.pshare.enable": _TRUTH,
    "numa.nodeAffinity": ("0,1", "", "3"),
    "bios.bootRetry.enabled": _TRUTH,
    "bios.bootRetry.delay": ("10", "100"),
    "mks.enable3d": _TRUTH,
    "svga.maxWidth": ("1024", "0"),
    "svga.maxHeight": ("768",),
    "tools.syncTime": _TRUTH,
    "weird:key.x-y*": ("|22", ""),
    "ethernetfoo": ("x",),
}
_DISK: _Choices = {
    "present": _TRUTH,
    "mode": ("independent-nonpersistent", "persistent"),
    "writeThrough": _TRUTH,
    "clientDevice": ("false", "FALSE", "TRUE"),
    "redo": ("",),
}
# Types and files of disks that go together.
_BACKINGS = (
    ("scsi-hardDisk", "a.vmdk"),
    ("disk", "sub/b.vmdk"),
    ("ata-hardDisk", "/vmfs/volumes/ds1/x/c.VMDK"),
    ("rdm", "../o/a.vmdk"),
    ("disk", "C:\\vm\\a|22b.vmdk"),
    ("scsi-hardDisk", "/vmfs/devices/disks/naa.1"),
    ("cdrom-image", "/vmfs/volumes/4d8a-1/x.iso"),
    ("cdrom-image", "emptyBackingString"),
    ("cdrom-image", ""),
    ("cdrom-image", "/vmimages/linux"),
    ("atapi-cdrom", "auto detect"),
    ("atapi-cdrom", "/dev/cdrom"),
    ("CDROM-RAW", "emptyBackingString"),
    ("cdrom-raw", "/dev/sr0"),
)
_SCSI_BACKINGS = (*_BACKINGS, ("scsi-passthru", "/vmfs/devices/cdrom/m"), ("scsi-passthru", "/vmfs/devices/genscsi/1"))
_CONTROLLERS = ("scsi0", "scsi1", "sata0", "sata1", "nvme0")
_DISKS = ("scsi0:0", "scsi0:1", "scsi0:16", "scsi1:0", "scsi1:64", "sata0:0", "sata0:7", "sata1:0", "ide0:0", "ide1:1")
_NVME_DISKS = ("nvme0:0", "nvme0:3")
_INTERFACE: _Choices = {
    "present": _TRUTH,
    "virtualDev": ("e1000", "VMXNET3", "vmxnet", "sriov", "vlance"),
    "features": ("15", "1"),
    "networkName": ("VM Network", "VM |22x|22", ""),
    "connectionType": ("nat", "hostonly"),
    "addressType": ("generated", "vpx", "static"),
    "generatedAddress": _MACS,
    "address": _MACS,
    "checkMACAddress": _TRUTH,
    "dvs.switchId": ("50 34 26 b2 94 e9 3b 16-1d 68 87 bf ff 4a 54 40",),
    "dvs.portId": ("5", "-1"),
    "dvs.portgroupId": ("g", "a&b"),
    "pciSlotNumber": ("192",),
}
_SERIAL: _Choices = {
    "present": _TRUTH,
    "fileType": ("device", "file", "pipe", "network", "thinprint"),
    "fileName": ("", "tcp://h:1", "telnet://[::1]:22", "ConsoleProxy", "/dev/ttyS0", "x.txt", "ssl://a:5/x"),
    "network.endPoint": ("server", "client"),
}
_FLOPPY: _Choices = {
    "present": _TRUTH,
    "fileType": ("device", "file"),
    "fileName": ("", "a.flp", "/dev/fd0", "emptyBackingString", "auto detect"),
}


def _choices(choices: _Choices, prefix: str = "") -> st.SearchStrategy[Lines]:
    keys = [st.sampled_from([[], *([(prefix + key, value)] for value in values)]) for key, values in choices.items()]
    return st.tuples(*keys).map(_joined)


def _joined(parts: tuple[Lines, ...]) -> Lines:
    return [line for part in parts for line in part]


def _disk(section: str, backings: tuple[tuple[str, str], ...]) -> st.SearchStrategy[Lines]:
    backing = st.sampled_from(
        [[(f"{section}.deviceType", kind), (f"{section}.fileName", name)] for kind, name in backings]
    )
    return st.one_of(st.just([]), st.tuples(_choices(_DISK, section + "."), backing).map(_joined))


def _folder(number: int) -> st.SearchStrategy[Lines]:
    section = f"sharedFolder{number}"
    fixed = [(f"{section}.hostPath", "/srv"), (f"{section}.guestName", f"f{number}")]
    switches = {"present": _TRUTH, "enabled": _TRUTH, "writeAccess": _TRUTH}
    return st.one_of(st.just([]), _choices(switches, section + ".").map(lambda lines: lines + fixed))


def _custom(section: str) -> st.SearchStrategy[Lines]:
    fixed = [(f"{section}.present", "TRUE"), (f"{section}.networkName", "VM Network")]
    vnet = st.sampled_from(["vmnet7", "vnet3"]).map(
        lambda device: [*fixed, (f"{section}.connectionType", "custom"), (f"{section}.vnet", device)]
    )
    return st.one_of(vnet, _choices(_INTERFACE, section + "."))


def _passthrough(section: str) -> st.SearchStrategy[Lines]:
    fixed = [(f"{section}.deviceId", "0x1db6"), (f"{section}.vendorId", "0x10de")]
    switches = {"present": _TRUTH, "id": ("00000:059:00.0", "06:00.1", "x")}
    return st.one_of(st.just([]), _choices(switches, section + ".").map(lambda lines: lines + fixed))


_BODY = st.tuples(
    st.sampled_from([[("virtualHW.version", str(version))] for version in (4, 7, 10, 13, 14, 20)]),
    st.one_of(st.just([]), _TEXT.map(lambda text: [("displayName", text.replace("|", "|7c"))])),
    st.one_of(st.just([]), _TEXT.map(lambda text: [("annotation", text)])),
    _choices(_PLAIN),
    *(_choices({"present": _TRUTH, "pciSlotNumber": ("160",)}, f"{name}.") for name in _CONTROLLERS),
    _choices({"scsi0.virtualDev": ("pvscsi", "LSILOGIC"), "scsi1.virtualDev": ("buslogic",)}),
    *(_disk(section, _SCSI_BACKINGS if section.startswith("scsi") else _BACKINGS) for section in _DISKS),
    *(_disk(section, _BACKINGS[:5]) for section in _NVME_DISKS),
    *(_custom(f"ethernet{number}") for number in (0, 1, 3)),
    *(_choices(_SERIAL, f"serial{number}.") for number in (0, 2)),
    st.sampled_from([[], [("parallel0.present", "TRUE"), ("parallel0.fileType", "file"), ("parallel0.fileName", "p")]]),
    *(_choices(_FLOPPY, f"floppy{number}.") for number in (0, 1)),
    *(_folder(number) for number in (0, 2)),
    *(_passthrough(f"pciPassthru{number}") for number in (0, 3)),
).map(_joined)


def _startable(lines: Lines) -> Lines:
    """Without what no product of VMware starts: a TPM beside a BIOS."""
    efi = ("firmware", "efi") in [(key, value.lower()) for key, value in lines]
    return [line for line in lines if efi or line[0] != "vtpm.present"]


def _text(lines: Lines, line_end: str) -> str:
    return "".join(f'{key} = "{value}"{line_end}' for key, value in [("config.version", "8"), *_startable(lines)])


vmx_texts = st.builds(_text, _BODY.flatmap(st.permutations), st.sampled_from(["\n", "\r\n", "\r", " # ;\n", "; "]))
