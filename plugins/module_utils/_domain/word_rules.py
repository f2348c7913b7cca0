# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fate of each word of domain XML on the way to a VMX: a rule for each row of the vocabulary.

``EFFECT``: a reader of this floor, or a writer of VMX, sees to it, and says itself what it cannot carry over.
``SILENT``: it says what is so anyway, or what only the host that the XML came from needs.
``REPORT``: it is left out and reported. ``REFUSE``: it is refused, since the domain would be another one without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

EFFECT = "effect"
SILENT = "silent"
REPORT = "report"
REFUSE = "refuse"


class WordRule(NamedTuple):
    """The fate of a word, and the reason."""

    kind: str
    why: str = ""


_EFFECT = WordRule(EFFECT)
_SILENT = WordRule(SILENT)


def _report(why: str) -> WordRule:
    return WordRule(REPORT, why)


def _refuse(why: str) -> WordRule:
    return WordRule(REFUSE, why)


_STATE = _report("VMware keeps no such state of a running domain in its VMX")
_TUNING = _report("ESX has no such tuning")
_NO_FEATURE = _report("VMware has no switch for this feature")
_HYPERV = _report("VMware shows guests its own enlightenments")
_ANOTHER_SOURCE = _refuse(
    "a VMX names a disk by a file in a datastore; this describes another source, and so what the guest sees"
)
_ANOTHER_NETWORK = _refuse("this decides which network the card is in; on ESX only the port group decides that")
_LOST_DEVICE = _report("VMware has no such device")

ROWS: Mapping[str, WordRule] = {
    **dict.fromkeys("a1 a3 a6 a8 b1 b2 b6 b11 c1 c2 c7 c14 o1 o2 o4 o5 o7 o11 o12 o13 f9".split(), _EFFECT),
    **dict.fromkeys("d2 d10 d17 d18 d19 d27 k4 n1 n2 n4 n5 n6 n7 g3 g7 g10 g17".split(), _EFFECT),
    **dict.fromkeys("a10 b5 c15 d1 d11 d26 d28 d29 f1 o3".split(), _SILENT),
    "a4": _EFFECT,
    "a7": _report("a VMX has no title besides displayName and annotation"),
    "a9": _report("a VMX has no place for metadata of other programs"),
    "a11": _refuse("this is for another hypervisor, and can be any device"),
    "a12": _refuse("this is for containers or Xen, not for a virtual machine of VMware"),
    "b3": _EFFECT,
    "b8": _report("ESX chooses the sizes of pages itself"),
    "b9": _report("ESX backs the memory of a domain itself"),
    "b12": _report("the limit of ESX is <currentMemory>, its guarantee <min_guarantee>"),
    "c4": _report("VMware starts all processors, and none is pinned to a place"),
    "c5": _report("VMware has no such threads"),
    "c8": _report("VMware limits processors in MHz, not in parts of a host's time; set the limit of esx_scheduler"),
    "c9": _report("a VMX has one CPU affinity for all processors, cpuset of <vcpu>"),
    "c10": _TUNING,
    "c11": _report("ESX places the memory of a domain itself"),
    "c12": _report("the guest sees the caches and the address width of the host"),
    "c13": _report("ESX makes the NUMA nodes of the guest itself"),
    "c16": _report("the guest sees the CPU of the host"),
    "c17": _report("the guest sees the CPU of the host; its features cannot be chosen one by one"),
    "o6": _refuse("ESX has its own firmware; expected <os firmware='efi'> or <os firmware='bios'>"),
    "o8": _refuse("the NVRAM of a VMX is a file in a datastore"),
    "o9": _refuse("ESX cannot start a kernel from outside the domain's disks"),
    "o14": _report("the BIOS of VMware has no such setting"),
    "o15": _refuse("VMware has no place for an ACPI table, and the guest would miss what is in it"),
    "o16": _refuse("VMware gives the guest no such data; a guest with VMware Tools or cloud-init can read guestinfo.*"),
    "f2": _NO_FEATURE,
    "f4": _HYPERV,
    "f7": _NO_FEATURE,
    "f8": _NO_FEATURE,
    "f10": _report("VMware has its own timers"),
    "f12": _report("VMware decides itself what happens when a guest stops or sleeps"),
    "f13": _TUNING,
    "f14": _refuse("memory encryption cannot be asked for in a VMX, and the guest would run without it"),
    "d3": _report("VMware has no such property of a disk"),
    "d4": _EFFECT,
    "d5": _report("a VMX does not say how snapshots of a disk are made"),
    "d6": _report("VMware has no such property of a disk"),
    "d12": _report("the disk's own file says what it is based on; the chain must be whole, or be flattened before"),
    "d14": _ANOTHER_SOURCE,
    "d15": _EFFECT,
    "d16": _report("ESX has no such tuning of a disk"),
    "d21": _report("the serial number that a guest sees is made of the disk's file"),
    "d22": _report("limits of a disk cannot be written to a VMX"),
    "d23": _report("a disk of VMware has sectors of 512 bytes"),
    "k1": _EFFECT,
    "k2": _report("VMware has no such setting of a controller"),
    "k5": _report("VMware has no such setting of a shared folder"),
    "n3": _ANOTHER_NETWORK,
    "n8": _refuse("a port group has one VLAN; connect the card to the port group of that VLAN"),
    "n9": _refuse("filters, isolation and pairing are settings of a port group, not of a card"),
    "n11": _report("the boot ROM of a card cannot be chosen"),
    "n12": _report("bandwidth is limited by the port group, not by the card"),
    "n13": _report("VMware has no such setting of a network card"),
    "g1": _SILENT,
    "g2": _report("VMware has no such setting of a sound card"),
    "g4": _report("VMware has no such setting of a passed-through device"),
    "g5": _EFFECT,
    "g6": _report("VMware's VNC server has no such setting"),
    "g8": _report("VMware's graphics card has no such setting"),
    "g11": _report("a VMX does not say whether a file is appended to"),
    "g12": _report("VMware has no such setting of a port"),
    "g13": _SILENT,
    "g14": _report("channels are replaced by VMware Tools in the guest"),
    "g15": _refuse("VMware has no such device"),
    "g16": _LOST_DEVICE,
    "g19": _EFFECT,
    "g20": _report("the IOMMU of a guest cannot be written to a VMX"),
}

# Attributes for the place of a PCI controller, which a host decides by itself.
_PCI_TARGET = ("busNr", "chassis", "chassisNr", "hotplug", "index", "memReserve", "port")

# Words whose rule is not that of their row, by the last two elements of their path, or the element and attribute.
WORDS: Mapping[str, WordRule] = {
    "memory@dumpCore": _report("ESX does not leave the memory of a guest out of its core dumps"),
    "domain/hwuuid": _report("the UUID that the guest sees is that in <uuid>"),
    "cpu/feature": ROWS["c17"],
    "features/capabilities": ROWS["a12"],
    "sysinfo@type": _SILENT,
    "memoryBacking/nosharepages": _EFFECT,
    **dict.fromkeys(("domain/numatune", "domain/pm"), _SILENT),
    "numatune/memnode": ROWS["c11"],
    "features/kvm": _SILENT,
    **dict.fromkeys(("features/pmu", "pmu@state", "kvm/hidden", "hidden@state"), _EFFECT),
    **dict.fromkeys(("os/bios", "bios@rebootTimeout", "model/acceleration", "acceleration@accel3d"), _EFFECT),
    **dict.fromkeys(("model/resolution", "resolution@x", "resolution@y"), _EFFECT),
    "os/firmware": _EFFECT,
    "nvram@template": _report("the NVRAM is made by ESX, if there is none"),
    "nvram@templateFormat": _report("the NVRAM is made by ESX, if there is none"),
    "nvram@format": _SILENT,
    "source/reservations": _TUNING,
    "disk/mirror": _SILENT,
    "source@portgroup": _ANOTHER_NETWORK,
    "source@mode": _SILENT,
    "source@dev": _SILENT,
    "source@macTableManager": _TUNING,
    "interface/script": _ANOTHER_NETWORK,
    "interface/downscript": _ANOTHER_NETWORK,
    "interface/portForward": _ANOTHER_NETWORK,
    "interface/ip": _ANOTHER_NETWORK,
    "interface/route": _ANOTHER_NETWORK,
    "hostdev/teaming": _refuse("pairing of cards is not a setting of a passed-through device"),
    "graphics@socket": _refuse("VMware's VNC server listens on an address, not on a socket"),
    "graphics@tlsPort": _SILENT,
    "listen@type": _report("VMware's VNC server listens on an address"),
    "graphics/clipboard": _refuse(
        "whether a guest shares its clipboard is not a setting of VNC; set isolation.tools.copy.disable and "
        "isolation.tools.paste.disable in the VMX"
    ),
    "serial/target@type": _refuse("a serial port of VMware is of the type isa-serial"),
    **dict.fromkeys(("controller/master", "controller/model", "controller/target"), _SILENT),
    **dict.fromkeys([f"controller/target@{name}" for name in _PCI_TARGET], _SILENT),
    **dict.fromkeys(("controller/master@startport", "controller/model@name"), _SILENT),
    "source@tls": _refuse("<protocol type='tls'/> says whether a port is encrypted"),
    "filesystem@accessmode": _SILENT,
    "acpi@index": _report("VMware numbers the cards of a guest itself"),
    "domain/iommufd": _TUNING,
    "disk/target@dev": _EFFECT,
    "interface/target@managed": _report("a VMX does not say who makes the network device"),
    "mac@currentAddress": _SILENT,
    "serial@tty": _SILENT,
    "parallel@tty": _SILENT,
    "devices/memballoon": _SILENT,
    "memballoon@model": _SILENT,
    **dict.fromkeys(("devices/hub", "hub@type"), _SILENT),
    "model@primary": _SILENT,
    "disk/target": _EFFECT,
    "disk/target@bus": _EFFECT,
    "vcpu@placement": _report("ESX chooses the processors of the host itself"),
    "disk/driver@type": _refuse("ESX reads disks in the format vmdk; convert the image with qemu-img and vmkfstools"),
    "disk/driver@cache": _report("ESX does not cache disks; expecting none, default or writethrough"),
    "disk@model": _refuse("VMware has no virtio; leave model out"),
}

# Values that say what is so anyway, or that have an effect where the others have none: the word is silent with them. A
# text stands for the element's own text.
HARMLESS: Mapping[str, tuple[str, ...]] = {
    "memory@dumpCore": ("on",),
    "vcpu@placement": ("static",),
    "hard_limit": ("9007199254740991", "18014398509481983"),
    "soft_limit": ("9007199254740991", "18014398509481983"),
    "swap_hard_limit": ("9007199254740991", "18014398509481983"),
    **dict.fromkeys(("quota", "global_quota", "emulator_quota", "iothread_quota"), ("-1", "0")),
    "cache@mode": ("passthrough",),
    "maxphysaddr@mode": ("passthrough",),
    "model@fallback": ("allow", "forbid"),
    "feature@policy": (),
    "bios@useserial": ("no",),
    "on_poweroff": ("destroy",),
    "on_reboot": ("restart",),
    "on_crash": ("destroy", "restart"),
    "suspend-to-mem@enabled": ("no",),
    "suspend-to-disk@enabled": ("no",),
    "loader@stateless": ("no",),
    "disk@snapshot": ("no", "internal", "external"),
    "disk@rawio": ("no",),
    "disk@sgio": ("filtered",),
    "driver@type": ("raw", "vmdk"),
    "driver@cache": ("none", "default", "writethrough"),
    "driver@io": ("default",),
    "driver@discard": ("default",),
    "driver@detect_zeroes": ("default", "off"),
    "driver@error_policy": ("default",),
    "driver@rerror_policy": ("default",),
    "driver@copy_on_read": ("off",),
    "target@tray": ("closed",),
    "target@removable": ("off",),
    "target@managed": ("yes",),
    "target@type": ("isa-serial", "serial"),
    "model@name": ("isa-serial",),
    "transient@shareBacking": ("no",),
    "port@isolated": ("no",),
    "interface@trustGuestRxFilters": ("no",),
    "graphics@powerControl": ("no",),
    "clipboard@copypaste": ("yes",),
    "filetransfer@enable": ("yes",),
    "acceleration@accel2d": ("no",),
    "source@append": ("off",),
    "source@tls": ("no",),
    "ioapic@driver": ("kvm",),
    "timer@name": ("hpet", "rtc", "pit", "kvmclock", "hypervclock"),
    "timer@tickpolicy": ("catchup", "delay"),
    "timer@present": ("yes", "no"),
    "listen@type": ("address",),
    "blockio@logical_block_size": ("512",),
}

# Values with which an element says what is so anyway, whatever else is in it.
HARMLESS_AS_A_WHOLE: Mapping[str, tuple[str, ...]] = {
    "seclabel@type": ("dynamic", "none"),
    "audio@type": ("none", "spice"),
    "watchdog@model": ("itco",),
}
