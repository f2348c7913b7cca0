# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of a VMX that a conversion to domain XML leaves out: which are reported, and why.

Keys that only describe the state of a domain, or that hosts and VMware Tools write by themselves, are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._vmx.file import MOST_SEARCHES, VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext

# Keys that are read, or that say nothing about the domain; n is any number, * any rest.
_SILENT = """
.encoding config.version virtualhw.version virtualhw.productcompatibility virtualhw.isa architecture
displayname annotation uuid.bios vc.uuid uuid.location uuid.action vm.createdate vm.lastpowerrequesttimestamp
vm.genid vm.genidx guestos guestos.detailed.data guestinfo.detailed.data guestinfo.appinfo
guestinfo.vmtools.* guestinfo.vmware.components.available
memsize numvcpus cpuid.corespersocket cpuid.corespersocket.cookie numa.autosize.cookie numa.autosize.vcpu.*
sched.cpu.affinity sched.cpu.shares sched.mem.max sched.mem.min sched.mem.minsize sched.mem.pin
sched.swap.derivedname hostcpuid.n guestcpuid.n usercpuid.n monitor.phys_bits_used replay.*
hpetn.present vpmc.enable hypervisor.cpuid.vn sched.mem.pshare.enable sched.mem.lpage.enablengpage
numa.nodeaffinity bios.bootretry.enabled svga.maxwidth svga.maxheight rtc.difffromutc rtc.starttime
firmware uefi.secureboot.enabled nvram
bios.bootorder bios.hddorder bios.bootdelay bios.bootretry.delay bios.forcesetuponce
smbios.reflecthost vtpm.present vtpm.ek* managedvm.autoaddvtpm encryption.* encryptedvm.guid vmx.encryptiontype
scsin.present scsin.virtualdev scsin.sharedbus scsin.saswwid satan.present nvmen.present nvmen.sharedbus
nvmen.subnqnuuid *.pcislotnumber iden.present
ethernetn.present pcipassthrun.present sound.present vmcin.present usb.present ehci.present usb_xhci.present
sound.filename sound.autodetect *.startconnected *.allowguestconnectioncontrol *.connectionstatus *.exclusive
*:n.ctkenabled ctkenabled usb:n.* ehci:n.* usb_xhci:n.*
snapshot.current snapshot.numsnapshots snapshot.lastuid snapshot.mrun.* snapshotn.*
checkpoint.* undopoint* cleanshutdown softpoweroff
ethernetn.virtualdev ethernetn.networkname ethernetn.connectiontype ethernetn.vnet ethernetn.addresstype
ethernetn.address ethernetn.generatedaddress ethernetn.generatedaddressoffset ethernetn.checkmacaddress
ethernetn.features ethernetn.dvs.* ethernetn.opaquenetwork.* ethernetn.externalid ethernetn.pvnid
ethernetn.wakeonpcktrcv ethernetn.uptcompatibility ethernetn.displayname ethernetn.bsdname
pcipassthrun.id pcipassthrun.deviceid pcipassthrun.vendorid pcipassthrun.systemid pcipassthrun.virtualdev
sound.virtualdev serialn.network.endpoint serialn.pipe.endpoint serialn.yieldonmsrread vmcin.id pcibridgen.*
svga.vramsize svga.autodetect
svga.guestbackedprimaryaware mks.* vmotion.* remotedisplay.vnc.enabled remotedisplay.vnc.port remotedisplay.vnc.ip
remotedisplay.vnc.keymap remotedisplay.vnc.password remotedisplay.vnc.key
isolation.tools.hgfs.disable sharedfolder.maxnum hgfs.*
toolsinstallmanager.* vmware.tools.* tools.capability.* tools.remindinstall chipset.*
extendedconfigfile vmxstats.filename migrate.* log.* logging msg.autoanswer gui.* unity.* proxyapps.* viv.moid
vmx.log.* vmx.scoreboard.*
featurecompat.* __* _*
"""

_OF_DISKS = " ".join(
    f"{bus}n:n.{key}"
    for bus in ("scsi", "sata", "nvme", "ide")
    for key in "present filename devicetype autodetect writethrough mode sharing clientdevice".split()
)
_OF_PORTS = " ".join(
    f"{device}n.{key}"
    for device in ("serial", "parallel", "floppy")
    for key in "present filetype filename autodetect clientdevice".split()
)
_OF_FOLDERS = " ".join(f"sharedfoldern.{key}" for key in "present enabled hostpath guestname writeaccess".split())

# Settings among those, which are reported.
_SETTINGS = (
    ("the domain is suspended; the state that it continues from is not converted", "checkpoint.vmstate"),
    ("encryption on the way to another host is not converted", "migrate.encryptionmode migrate.ftencryptionmode"),
    ("the renderer of 3D graphics is not converted", "mks.usendrenderer"),
    ("the password of VNC is encoded, and not converted", "remotedisplay.vnc.key"),
)

# Why keys are left out, and which they are.
_REPORTED = (
    ("a limit or a guarantee of the processors cannot be expressed in domain XML", "sched.cpu.min sched.cpu.max"),
    ("scheduling cannot be expressed in domain XML", "sched.cpu.* sched.vcpun.* sched.mem.* sched.swap.* sched.*"),
    ("NUMA placement is not converted", "numa.*"),
    ("hot add cannot be expressed in domain XML", "vcpu.hotadd mem.hotadd maxvcpus"),
    ("what the guest sees of the CPU is not converted", "cpuid.* featmask.* evccompatibilitymode hypervisor.cpuid.*"),
    ("virtualisation features of the guest are not converted", "vhv.* vpmc.* vvtd.* windows.vbs.*"),
    ("timers of the guest are not converted", "hpetn.* precisionclockn.* tools.synctime time.*"),
    ("settings of the firmware are not converted", "uefi.* efi.* bios.* biosn.* networkbootprotocol"),
    ("SMBIOS data is not converted", "smbios.* board-id* hw.model* serialnumber* system-id.* smc.* ich7m.*"),
    ("starting a kernel directly is not converted", "directboot.*"),
    ("data for the guest cannot be expressed in domain XML", "guestinfo.*"),
    ("disk identifiers and locking are not converted", "disk.* disklib.* diskcleanup.* hard-disk.*"),
    ("a redo log, or a setting of the disk, is not converted", "scsin:n.* satan:n.* nvmen:n.* iden:n.*"),
    ("settings of the card are not converted", "ethernetn.*"),
    ("settings of the port are not converted", "serialn.* paralleln.*"),
    ("settings of the floppy drive are not converted", "floppyn.*"),
    ("settings of shared folders are not converted", "sharedfolder*"),
    ("what may be done with snapshots is not converted", "snapshot.*"),
    ("settings of devices that are passed through are not converted", "pcipassthru*"),
    ("a USB device is not converted", "usb.* usb_xhci.* ehci.* mouse.* keyboard.* sensor.*"),
    ("settings of VMCI are not converted", "vmcin.* vmci.*"),
    ("settings of the graphics card are not converted", "svga.*"),
    ("settings of VNC are not converted", "remotedisplay.*"),
    ("the isolation of the guest cannot be expressed in domain XML", "isolation.* devices.hotplug"),
    ("policies of VMware Tools and of the power buttons are not converted", "tools.* toolscripts.* powertype.*"),
    ("the location of disks and swap is not converted", "workingdir"),
    (
        "tuning of the monitor is not converted",
        "monitor.* monitor_control.* ulm.* prefvmx.* mainmem.* mem* priority.* vmx.*",
    ),
    ("the name by which VMware shows the guest is not converted", "guestosaltname"),
    ("answers to questions of the domain are not converted", "answer.msg.*"),
    ("the device is not converted", "nvdimm* sgx.* sev.* vwdt.* debugstub.*"),
)
_UNKNOWN = "the key is not known"

_MOMENTS = ("afterpoweron", "afterresume", "beforesuspend", "beforepoweroff", "beforestandby")
# Values that hosts write by themselves, or that are the default.
_DEFAULTS = frozenset(
    {
        ("sched.cpu.min", "0"),
        ("sched.cpu.max", "unlimited"),
        ("sched.cpu.max", "0"),
        ("sched.cpu.latencysensitivity", "normal"),
        ("sched.mem.shares", "normal"),
        ("sched.cpu.units", "mhz"),
        ("svga.present", "true"),
        ("vmcin.present", "true"),
        ("tools.synctime", "false"),
        ("tools.upgrade.policy", "manual"),
        ("remotedisplay.maxconnections", "-1"),
        ("numa.autosize.once", "true"),
        ("vcpu.hotadd", "false"),
        ("mem.hotadd", "false"),
        ("disk.enableuuid", "false"),
        ("vmcin.unrestricted", "false"),
        ("vhv.enable", "false"),
        ("vvtd.enable", "false"),
        ("serialn.trynorxloss", "false"),
        ("paralleln.bidirectional", "false"),
        ("ethernetn.linkstatepropagation.enable", "false"),
        ("tools.guest.desktop.autolock", "false"),
        ("sharedfoldern.readaccess", "true"),
        ("sharedfoldern.expiration", "never"),
        ("sharedfolder.option", "alwaysenabled"),
        ("mks.usendrenderer", "automatic"),
        ("snapshot.action", "keep"),
        ("snapshot.disabled", "false"),
        ("migrate.encryptionmode", "opportunistic"),
        ("migrate.ftencryptionmode", "ftencryptionopportunistic"),
        *((f"toolscripts.{moment}", "true") for moment in _MOMENTS),
    }
)
_HARMLESS = frozenset({"", "normal", "off", "soft", "default", "preset"})
# A device that is not there needs no word, but for those that are there unless it is said.
_ABSENT = frozenset({"false", "0", "no", "off"})
_THERE_ANYWAY = ("svga.present",)
_ZERO = "|00"
_NAMES = re.compile(r"^[ \t]*[^ \t\r\n=#]+[ \t]*=", re.MULTILINE)
_NUMBER = re.compile(r"[0-9]+")


class _Kind(NamedTuple):
    """The kind of a key: its name with n for numbers, and why it is left out; no reason if it is not."""

    pattern: str
    why: str


def _matcher(words: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word).replace(r"\*", ".*") for word in words.split()))


_MATCHERS = tuple(
    (why, _matcher(words))
    for why, words in (*_SETTINGS, ("", f"{_SILENT} {_OF_DISKS} {_OF_PORTS} {_OF_FOLDERS}"), *_REPORTED)
)


@lru_cache(maxsize=4096)
def _kind(key: str) -> _Kind:
    pattern = _NUMBER.sub("n", key)
    why = next((why for why, matcher in _MATCHERS if matcher.fullmatch(pattern)), _UNKNOWN)
    return _Kind(pattern, why)


# Keys among those that are not reported which are settings nevertheless: what a user sets stays.
_SETTABLE = _matcher("log.* logging bios.forcesetuponce bios.bootretry.delay")


_LEAVE_WITH_DEVICE = frozenset({"remotedisplay.vnc.key"})  # parts of a device, although they are reported


def is_of_domain(key: str) -> bool:
    """Whether a key, in lower case, is read as a part of the domain, or only describes its state."""
    pattern = _NUMBER.sub("n", key)
    return (not _kind(key).why or key in _LEAVE_WITH_DEVICE) and not _SETTABLE.fullmatch(pattern)


# Keys that were found to be silent: the files of a fleet have nearly all their keys in common.
_SEEN_SILENT: set[str] = set()
_MOST_SEEN = 4096


def report_unread(context: ReadContext) -> None:
    """Report the keys that have no effect, those of the same reason in one entry, unless reports are off."""
    if context.report.is_silent or not context.dialect.reports:
        return
    _report_repeated(context)
    _report_cut(context)
    found = _unread(context.vmx.raw)
    if not found:
        return
    places = _places(context.vmx, [key for keys in found.values() for key in keys])
    text = context.vmx.text
    for why, keys in found.items():
        starts = sorted([(places[key], len(key)) for key in keys])
        names = [text[start : start + length] for start, length in starts]
        context.report.leave_out(", ".join(names), why, line=text.count("\n", 0, starts[0][0]) + 1)


def _unread(raw: Mapping[str, str]) -> dict[str, list[str]]:
    """The keys that have no effect and say something, by why they are left out."""
    doubtful = raw.keys() - _SEEN_SILENT
    found: dict[str, list[str]] = {}
    for key in [key for key in raw if key in doubtful]:
        pattern, why = _kind(key)
        if not why:
            _remember_silent(key)
        elif not _says_nothing(pattern, raw[key].lower()):
            found.setdefault(why, []).append(key)
    return found


def _places(vmx: VmxFile, keys: Sequence[str]) -> dict[str, int]:
    """Where in the text the first statement of each key begins."""
    lower = vmx.text.lower()
    is_usual = len(lower) == len(vmx.text) and '"""' not in lower and len(keys) <= MOST_SEARCHES
    found = {key: _line_start(lower, key) for key in keys} if is_usual else {}
    if found and min(found.values()) >= 0:
        return found
    return {statement.name.lower(): statement.start for statement in reversed(list(vmx.statements()))}


def _line_start(text: str, key: str) -> int:
    """Where a key is the first word of a line, -1 where it is not."""
    at = text.find(key)
    while at > 0 and text[at - 1] not in "\r\n":
        at = text.find(key, at + 1)
    end = at + len(key)
    return at if text[end : end + 1] in (" ", "=") else -1


def _says_nothing(pattern: str, value: str) -> bool:
    if pattern.endswith(".present") and value in _ABSENT and pattern not in _THERE_ANYWAY:
        return True
    return value in _HARMLESS or (pattern, value) in _DEFAULTS


def _report_repeated(context: ReadContext) -> None:
    """Report a key that is there once more with another value, where the first is read (L17)."""
    vmx = context.vmx
    text, count = vmx.text, len(vmx.raw)
    if text.count("=") == count:
        return  # the usual case: each statement has one, and there are as many as keys
    one_a_line = ";" not in text and '"""' not in text
    if one_a_line and (text.count("\n") == count or len(_NAMES.findall(text)) == count):
        return  # there are as many lines, or statements, as keys
    for name, line in vmx.repeated():
        why = f"the key occurs more than once; the first value, in line {vmx.line(name)}, is read"
        context.report.leave_out(name, why, line=line)


def _report_cut(context: ReadContext) -> None:
    """Report a value that goes on behind an escaped zero byte, where a text ends (L29)."""
    if _ZERO not in context.vmx.text:
        return
    for key, value in context.vmx.raw.items():
        if _ZERO in value and not _kind(key).why:
            context.leave_out(key, f"the value ends at {_ZERO}, which is the end of a text for VMware")


def _remember_silent(key: str) -> None:
    if len(_SEEN_SILENT) >= _MOST_SEEN:
        _SEEN_SILENT.clear()
    _SEEN_SILENT.add(key)
