# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt's parser checks in elements that the conversion to VMX leaves out (F52, F64, F74).

It is refused where libvirt refuses it: a word that nobody knows is an error of whoever wrote it, be it used or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.document import Element, child
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    INT_MAX,
    ON_OFF,
    UINT_MAX,
    ULONG_MAX,
    YES_NO,
    choice_attr,
    error_at,
    int_attr,
    one_of,
    required_attr,
    size_kib,
    text_number,
    text_of,
    uuid_of,
)


class Rule(NamedTuple):
    """What an attribute may be: one of some words, or a number not below one."""

    attribute: str
    words: Collection[str] = ()
    least: int | None = None
    required_attr: bool = False


def _one(attribute: str, words: str) -> Rule:
    return Rule(attribute, tuple(words.split()))


def _must(attribute: str, words: str) -> Rule:
    return Rule(attribute, tuple(words.split()), required_attr=True)


def _number(attribute: str, least: int = 0) -> Rule:
    return Rule(attribute, least=least)


_ORDER = (Rule("order", least=1, required_attr=True),)
_CHAR_SOURCE = (Rule("append", ON_OFF), Rule("tls", YES_NO))
_ENABLED = (Rule("enabled", YES_NO),)

# (parent, element) -> its rules.
_RULES: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("domain", "memory"): (Rule("dumpCore", ON_OFF),),
    ("domain", "clock"): (_one("offset", "utc localtime variable timezone absolute"),),
    ("domain", "cpu"): (
        _one("match", "minimum exact strict"),
        _one("check", "none partial full"),
        Rule("migratable", ON_OFF),
    ),
    ("domain", "seclabel"): (_one("type", "static dynamic none"),),
    ("domain", "sysinfo"): (_must("type", "smbios fwcfg"),),
    ("domain", "launchSecurity"): (_must("type", "sev sev-snp s390-pv tdx"),),
    ("clock", "timer"): (
        _must("name", "platform pit rtc hpet tsc kvmclock hypervclock armvtimer"),
        _one("tickpolicy", "delay catchup merge discard"),
        Rule("present", YES_NO),
    ),
    ("cpu", "model"): (_one("fallback", "allow forbid"),),
    ("cpu", "feature"): (_one("policy", "force require optional disable forbid"), Rule("name", required_attr=True)),
    ("cpu", "cache"): (_must("mode", "emulate passthrough disable"),),
    ("numatune", "memory"): (_one("mode", "strict preferred interleave restrictive"),),
    ("os", "boot"): (_must("dev", "fd cdrom hd network"),),
    ("os", "bootmenu"): (Rule("enable", YES_NO), _number("timeout")),
    ("os", "loader"): (Rule("readonly", YES_NO), Rule("secure", YES_NO), _one("type", "rom pflash")),
    ("pm", "suspend-to-mem"): _ENABLED,
    ("pm", "suspend-to-disk"): _ENABLED,
    ("devices", "disk"): (
        _one("snapshot", "no internal external manual"),
        Rule("rawio", YES_NO),
        _one("sgio", "filtered unfiltered"),
        _one("model", "virtio virtio-transitional virtio-non-transitional"),
    ),
    ("disk", "boot"): _ORDER,
    ("disk", "driver"): (
        _one("type", "raw dir bochs cloop dmg iso vpc vdi fat vhd ploop cow qcow qcow2 qed vmdk none"),
        _one("error_policy", "default stop report ignore enospace"),
        _one("rerror_policy", "default stop report ignore"),
        _one("io", "default native threads io_uring"),
        _one("discard", "default unmap ignore"),
        _one("detect_zeroes", "default off on unmap"),
        Rule("copy_on_read", ON_OFF),
        Rule("ioeventfd", ON_OFF),
        Rule("event_idx", ON_OFF),
        _number("queues"),
    ),
    ("disk", "transient"): (Rule("shareBacking", YES_NO),),
    ("disk", "target"): (
        _one("tray", "open closed"),
        Rule("removable", ON_OFF),
        _number("rotation_rate"),
    ),
    ("disk", "blockio"): (_number("logical_block_size"), _number("physical_block_size")),
    ("disk", "geometry"): (_number("cyls"), _number("heads"), _number("secs")),
    ("devices", "interface"): (Rule("trustGuestRxFilters", YES_NO),),
    ("interface", "boot"): _ORDER,
    ("interface", "link"): (_one("state", "up down"),),
    ("interface", "mtu"): (_number("size"),),
    ("devices", "controller"): (_number("ports", -INT_MAX), _number("vectors", -INT_MAX)),
    ("controller", "driver"): (_number("queues"), _number("cmd_per_lun"), _number("max_sectors")),
    ("devices", "filesystem"): (
        _one("accessmode", "passthrough mapped squash"),
        _one("multidevs", "default remap forbid warn"),
        _one("model", "virtio virtio-transitional virtio-non-transitional"),
        _number("fmode"),
        _number("dmode"),
    ),
    ("filesystem", "driver"): (_one("type", "path handle loop nbd ploop virtiofs mtp"), _one("wrpolicy", "immediate")),
    ("serial", "source"): _CHAR_SOURCE,
    ("parallel", "source"): _CHAR_SOURCE,
    ("console", "source"): _CHAR_SOURCE,
    ("devices", "graphics"): (
        _one("sharePolicy", "allow-exclusive force-shared ignore"),
        Rule("powerControl", YES_NO),
        _number("websocket", -INT_MAX),
    ),
    ("model", "acceleration"): (Rule("accel2d", YES_NO), Rule("accel3d", YES_NO)),
    ("devices", "input"): (
        _must("type", "mouse tablet keyboard passthrough evdev"),
        _one("bus", "ps2 usb parallels virtio none"),
    ),
    ("devices", "sound"): (_must("model", "sb16 es1370 pcspk ac97 ich6 ich9 usb ich7 virtio"),),
    ("devices", "watchdog"): (
        _must("model", "i6300esb ib700 diag288 itco"),
        _one("action", "reset shutdown poweroff pause none dump inject-nmi"),
    ),
    ("devices", "memballoon"): (_must("model", "virtio xen none virtio-transitional virtio-non-transitional"),),
    ("devices", "hub"): (_must("type", "usb"),),
    ("devices", "hostdev"): (
        _one("mode", "subsystem capabilities"),
        _must("type", "usb pci scsi scsi_host mdev storage misc net"),
        Rule("managed", YES_NO),
    ),
    ("channel", "target"): (_must("type", "none guestfwd virtio xen"),),
    ("devices", "rng"): (_must("model", "virtio virtio-transitional virtio-non-transitional"),),
    ("devices", "audio"): (Rule("id", least=1, required_attr=True), Rule("type", required_attr=True)),
    ("devices", "redirdev"): (_one("bus", "usb"),),
    ("devices", "smartcard"): (_must("mode", "host host-certificates passthrough"),),
    ("devices", "panic"): (_one("model", "default pseries isa hyperv s390 pvpanic"),),
    ("devices", "shmem"): (Rule("name", required_attr=True),),
    ("devices", "iommu"): (Rule("model", required_attr=True),),
}
# The same by element, and then by parent: most elements of a document have none.
_RULES_OF: dict[str, dict[str, tuple[Rule, ...]]] = {}
for (_parent, _element), _rules in _RULES.items():
    _RULES_OF.setdefault(_element, {})[_parent] = _rules

# Devices -> the child that each has to have; a random number generator has it once.
_CHILDREN = {"hostdev": "source", "channel": "target", "rng": "backend"}
_FEATURES = frozenset(
    "acpi apic pae hap viridian privnet hyperv kvm pvspinlock capabilities pmu vmport gic smm ioapic hpt vmcoreinfo"
    " htm nested-hv msrs ccf-assist xen cfpc sbbc ibs tcg async-teardown ras ps2 aia".split()
)
_LIFECYCLE = ("destroy", "restart", "rename-restart", "preserve")
_ACTIONS = {
    "on_poweroff": _LIFECYCLE,
    "on_reboot": _LIFECYCLE,
    "on_crash": (*_LIFECYCLE, "coredump-destroy", "coredump-restart"),
    "on_lockfailure": ("poweroff", "restart", "pause", "ignore"),
}
# Children of <cputune> -> the numbers that they may hold.
_PERIOD = (1000, 1000000)
_QUOTA = (1000, 17592186044415)
_TUNING = {
    "period": _PERIOD,
    "global_period": _PERIOD,
    "emulator_period": _PERIOD,
    "iothread_period": _PERIOD,
    "quota": _QUOTA,
    "global_quota": _QUOTA,
    "emulator_quota": _QUOTA,
    "iothread_quota": _QUOTA,
}


def check_unused(
    elements: Collection[Element], top: Mapping[str, Element], devices: Mapping[str, list[Element]]
) -> None:
    """Refuse what libvirt's parser refuses, in elements that are not used.

    :param elements: all of the document.
    :param top: the domain's children by name.
    :param devices: the devices by tag.
    """
    for element in elements:
        by_parent = _RULES_OF.get(element.tag)
        parent = element.getparent() if by_parent else None
        if by_parent and parent is not None:
            _check(element, by_parent.get(parent.tag, ()))
    _check_domain(top)
    _check_tuning(top)
    _check_devices(devices)
    if any(element.tag == "boot" for element in elements):
        _check_boot_order(top, devices)


def _check(element: Element, rules: Iterable[Rule]) -> None:
    for rule in rules:
        if element.get(rule.attribute) is None:
            if rule.required_attr:
                required_attr(element, rule.attribute)
        elif rule.words:
            choice_attr(element, rule.attribute, rule.words)
        elif rule.least is not None:
            int_attr(element, rule.attribute, rule.least, UINT_MAX)


def _check_domain(top: Mapping[str, Element]) -> None:
    title = top.get("title")
    if title is not None and "\n" in (text_of(title) or ""):
        raise error_at(title, "A title is one line")
    uuid_of(top.get("genid"))
    text_number(top.get("iothreads"), UINT_MAX)
    for tag, actions in _ACTIONS.items():
        element = top.get(tag)
        action = text_of(element)
        if element is not None and action is not None and action not in actions:
            raise error_at(element, f"'{action}' is not known; {one_of(actions)}")
    features = top.get("features")
    for feature in () if features is None else features.iterchildren("*"):
        if feature.tag not in _FEATURES:
            raise error_at(feature, "The feature is not known to libvirt")


def _check_tuning(top: Mapping[str, Element]) -> None:
    memory = top.get("memtune")
    for limit in () if memory is None else memory.iterchildren("hard_limit", "soft_limit", "swap_hard_limit"):
        size_kib(limit)
    cpu = top.get("cputune")
    for element in () if cpu is None else cpu.iterchildren(*_TUNING):
        least, most = _TUNING[element.tag]
        value = text_number(element, most)
        if value is not None and value < least:
            raise error_at(element, f"'{value}' is not a number from {least} to {most}")


def _check_devices(devices: Mapping[str, list[Element]]) -> None:
    for tag, part in _CHILDREN.items():
        for element in devices.get(tag, ()):
            found = len(list(element.iterchildren(part)))
            if not found or (found > 1 and tag == "rng"):
                raise error_at(element, f"The <{tag}> needs one <{part}>")
    for disk in devices.get("disk", ()):
        _check_disk(disk)
    if len(devices.get("memballoon", ())) > 1:
        raise error_at(devices["memballoon"][1], "There can be only one <memballoon>")
    usb = [one.get("model") for one in devices.get("controller", ()) if one.get("type") == "usb"]
    if devices.get("redirdev") and (not usb or "none" in usb):
        raise error_at(devices["redirdev"][0], "A redirected USB device needs <controller type='usb'/>")


def _check_disk(disk: Element) -> None:
    target, limits = child(disk, "target"), child(disk, "iotune")
    for limit in () if limits is None else limits.iterchildren("*"):
        if limit.tag != "group_name":
            text_number(limit, ULONG_MAX)
    if disk.get("rawio") == "yes" and disk.get("device") != "lun":
        raise error_at(disk, "rawio='yes' is for device='lun' only")
    if target is None:
        return
    if target.get("tray") is not None and disk.get("device") not in ("cdrom", "floppy"):
        raise error_at(target, "The attribute 'tray' is for CD-ROMs and floppies only")
    if target.get("removable") is not None and target.get("bus") not in ("usb", "scsi"):
        raise error_at(target, "The attribute 'removable' is for USB and SCSI disks only")


def _check_boot_order(top: Mapping[str, Element], devices: Mapping[str, list[Element]]) -> None:
    taken: set[str] = set()
    of_domain = child(top.get("os"), "boot") is not None
    for device in (*devices.get("disk", ()), *devices.get("interface", ())):
        boot = child(device, "boot")
        order = None if boot is None else boot.get("order")
        if boot is None or order is None:
            continue
        if of_domain:
            raise error_at(boot, "Boot devices are given in <os> too; expected them in one place")
        if order in taken:
            raise error_at(boot, f"An earlier device has order='{order}' too")
        taken.add(order)
