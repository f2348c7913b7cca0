# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of libvirt's parser in elements that the conversion to VMX does not use (F52, F64, F74).

A document that libvirt refuses is refused here too, whether the conversion uses the element or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.unsupported import report_unusual
from ansible_collections.virt.esx.plugins.module_utils._domain.usual_words import WHOLE, unusual_words
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    INT_MAX,
    LONG_MAX,
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
    to_int,
)
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child, each


class Rule(NamedTuple):
    """The values that an attribute may have: some words, or numbers from ``least``."""

    attribute: str
    words: Collection[str] = ()
    least: int | None = None
    required: bool = False


def _one(attribute: str, words: str) -> Rule:
    return Rule(attribute, tuple(words.split()))


def _must(attribute: str, words: str) -> Rule:
    return Rule(attribute, tuple(words.split()), required=True)


def _number(attribute: str, least: int = 0) -> Rule:
    return Rule(attribute, least=least)


_CHAR_SOURCE = (Rule("append", ON_OFF), Rule("tls", YES_NO))
_ENABLED = (Rule("enabled", YES_NO),)

# (parent, element) -> its rules.
_RULES: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("domain", "memory"): (Rule("dumpCore", ON_OFF),),
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
    ("features", "pmu"): (Rule("state", ON_OFF),),
    ("kvm", "hidden"): (Rule("state", ON_OFF, required=True),),
    ("cpu", "model"): (_one("fallback", "allow forbid"),),
    ("cpu", "feature"): (_one("policy", "force require optional disable forbid"), Rule("name", required=True)),
    ("cpu", "cache"): (_must("mode", "emulate passthrough disable"),),
    ("numatune", "memory"): (_one("mode", "strict preferred interleave restrictive"),),
    ("os", "loader"): (Rule("readonly", YES_NO), Rule("secure", YES_NO), _one("type", "rom pflash")),
    ("pm", "suspend-to-mem"): _ENABLED,
    ("pm", "suspend-to-disk"): _ENABLED,
    ("devices", "disk"): (
        _one("snapshot", "no internal external manual"),
        Rule("rawio", YES_NO),
        _one("sgio", "filtered unfiltered"),
        _one("model", "virtio virtio-transitional virtio-non-transitional"),
    ),
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
    ("devices", "audio"): (Rule("id", least=1, required=True), Rule("type", required=True)),
    ("devices", "redirdev"): (_one("bus", "usb"),),
    ("devices", "smartcard"): (_must("mode", "host host-certificates passthrough"),),
    ("devices", "panic"): (_one("model", "default pseries isa hyperv s390 pvpanic"),),
    ("devices", "shmem"): (Rule("name", required=True),),
    ("devices", "iommu"): (Rule("model", required=True),),
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
# Children of <cputune> -> the numbers that they may hold: 0 says nothing, and a negative quota is no limit.
_PERIOD = (0, 1000, 1000000)
_QUOTA = (-LONG_MAX - 1, 1000, 17592186044415)
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
    root: Element, top: Mapping[str, Element], devices: Mapping[str, list[Element]], forms: XmlForms, report: Report
) -> bool:
    """Refuse what libvirt's parser refuses in elements that are not used, and report what has no effect.

    :param top: the domain's children by name.
    :param devices: the devices by tag.
    :returns: whether there are any words but the usual ones.
    """
    _check_numbers(devices, report)
    unusual = unusual_words(root)
    if not unusual:
        return False  # all that is looked at below is unusual
    for element, look in unusual:
        for inner in element.iter("*") if look == WHOLE else (element,):
            _check(inner, report)
    _check_domain(top, report)
    _check_tuning(top, report)
    _check_devices(devices, report)
    if forms.reports and not report.is_silent:
        report_unusual(unusual, report)
    return True


def _check(element: Element, report: Report) -> None:
    by_parent = _RULES_OF.get(element.tag)
    parent = element.getparent() if by_parent else None
    for rule in by_parent.get(parent.tag, ()) if by_parent and parent is not None else ():
        report.attempt(_check_attribute, element, rule, default=None)


def _check_attribute(element: Element, rule: Rule) -> None:
    if element.get(rule.attribute) is None:
        if rule.required:
            required_attr(element, rule.attribute)
    elif rule.words:
        choice_attr(element, rule.attribute, rule.words)
    elif rule.least is not None:
        int_attr(element, rule.attribute, rule.least, UINT_MAX)


def _check_domain(top: Mapping[str, Element], report: Report) -> None:
    report.attempt(_check_title, top.get("title"), default=None)
    report.attempt(text_number, top.get("iothreads"), UINT_MAX, default=None)
    for tag, actions in _ACTIONS.items():
        report.attempt(_check_action, top.get(tag), actions, default=None)
    for feature in each(top.get("features"), "*"):
        if feature.tag not in _FEATURES:
            report.refuse(error_at(feature, "The feature is not known to libvirt"))


def _check_title(title: Element | None) -> None:
    if title is not None and "\n" in (text_of(title) or ""):
        raise error_at(title, "A title has one line only")


def _check_action(element: Element | None, actions: Collection[str]) -> None:
    action = text_of(element)
    if element is not None and action is not None and action not in actions:
        raise error_at(element, f"'{action}' is not known; {one_of(actions)}")


def _check_tuning(top: Mapping[str, Element], report: Report) -> None:
    for limit in each(top.get("memtune"), "hard_limit", "soft_limit", "swap_hard_limit"):
        report.attempt(size_kib, limit, default=None)
    for element in each(top.get("cputune"), *_TUNING):
        report.attempt(_check_limits, element, *_TUNING[element.tag], default=None)


def _check_limits(element: Element, lowest: int, least: int, most: int) -> None:
    text = text_of(element)
    value = None if text is None else to_int(text, lowest, most)
    if text is not None and (value is None or 0 < value < least):
        raise error_at(element, f"'{text}' is not a number from {least} to {most}")


def _check_numbers(devices: Mapping[str, list[Element]], report: Report) -> None:
    """Refuse devices without the child that they need, and a second balloon; usual documents can have them."""
    for tag, part in _CHILDREN.items():
        report.attempt_each(_check_child, devices.get(tag, ()), part)
    if len(devices.get("memballoon", ())) > 1:
        report.refuse(error_at(devices["memballoon"][1], "There can be only one <memballoon>"))


def _check_child(element: Element, part: str) -> None:
    found = len(list(element.iterchildren(part)))
    if not found or (found > 1 and element.tag == "rng"):
        raise error_at(element, f"The <{element.tag}> needs one <{part}>")


def _check_devices(devices: Mapping[str, list[Element]], report: Report) -> None:
    report.attempt_each(_check_disk, devices.get("disk", ()))
    usb = [one.get("model") for one in devices.get("controller", ()) if one.get("type") == "usb"]
    if devices.get("redirdev") and (not usb or "none" in usb):
        report.refuse(error_at(devices["redirdev"][0], "A redirected USB device needs <controller type='usb'/>"))


def _check_disk(disk: Element) -> None:
    for limit in each(child(disk, "iotune"), "*"):
        if limit.tag != "group_name":
            text_number(limit, ULONG_MAX)
    if disk.get("rawio") == "yes" and disk.get("device") != "lun":
        raise error_at(disk, "rawio='yes' is for device='lun' only")
    target = child(disk, "target")
    if target is not None:
        _check_target(target, disk.get("device"))


def _check_target(target: Element, device: str | None) -> None:
    if target.get("tray") is not None and device not in ("cdrom", "floppy"):
        raise error_at(target, "The attribute 'tray' is for CD-ROMs and floppies only")
    if target.get("removable") is not None and target.get("bus") not in ("usb", "scsi"):
        raise error_at(target, "The attribute 'removable' is for USB and SCSI disks only")
