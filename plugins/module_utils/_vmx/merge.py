# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A present VMX made to describe a wanted domain, with all that it has besides.

The domain that the VMX reads as, and the wanted one, are both put into lines of VMX, and only where the lines differ is
the file changed. So what a domain cannot say stays, and a domain that is what the VMX reads as changes nothing at all.

A device that leaves takes all its keys along, known or not; one that stays keeps them, and its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._vmx import filesystems, interfaces, merge_matching, passthrough
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS, Dialect
from ansible_collections.virt.esx.plugins.module_utils._vmx.edit import Source, VmxEdit, edited
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.hardware import check_needs
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge_defaults import filled_from, with_settings_of
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge_paths import on_snapshots, with_names_of
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import Place
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import begin_reading, read_parts
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.resources import has_level
from ansible_collections.virt.esx.plugins.module_utils._vmx.unread_keys import is_of_domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import entries, escaped
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import YES, WriteContext, lsilogic

# A key of what is a device of its own: all its keys come and go with it, sched.scsi0:0.shares too.
_DEVICE = re.compile(
    r"(?:sched\.)?((?:scsi|sata|nvme)[0-9]+(?::[0-9]+)?|ide[0-9]+:[0-9]+"
    r"|(?:floppy|serial|parallel|ethernet|sharedfolder|pcipassthru)[0-9]+|(?:usb|ehci|usb_xhci)(?::[0-9]+)?|sound)\."
)
_VNC = "remotedisplay.vnc"
_FOLDER = "sharedfolder"
_FOLDERS = {"isolation.tools.hgfs.disable", "sharedfolder.maxnum"}
_BOOLEANS = ("true", "false")
_HARDWARE = "virtualHW.version"
_SHARES = "sched.cpu.shares"
_SAME = {"managedvm.autoaddvtpm": "vtpm.present"}  # keys that say the same as one that is written
_SLOT = ".pcislotnumber"  # where the guest sees a device
_PASSES = 4  # a change can wake up keys that had no effect, which a second pass then sees; more are never needed

_Lines = dict[str, tuple[str, str]]  # key in lower case -> key as spelled, value


@dataclass(frozen=True)
class _Present:
    """A VMX, the domain that it reads as, and the numbers of its numbered devices."""

    vmx: VmxFile
    hw_version: int
    domain: Domain  # as it returns from XML
    interfaces: tuple[int, ...]
    folders: tuple[int, ...]
    hostdevs: tuple[int, ...]


@dataclass(frozen=True)
class _Wanted:
    """The wanted domain, its lines, and the numbered devices of the present one that leave."""

    domain: Domain
    hw_version: int
    lines: _Lines
    leaving: frozenset[str]


def merge_vmx(
    base: Source,
    domain: Domain,
    *,
    dialect: Dialect = DIALECTS["esx"],
    hw_version: int | None = None,
    directory: str | None = None,
    datastores: Mapping[str, str] | None = None,
    scsi_model: Callable[[Disk], str] = lsilogic,
    report: Report | None = None,
    removed: Collection[str] = (),
) -> Source:
    """The present VMX, changed so that it describes the domain.

    :param base: the present VMX: bytes, or text.
    :param domain: the wanted domain; what it leaves out is taken from the present one (``merge_defaults.py``).
    :param hw_version: VMware's virtual hardware version, where it is to change.
    :param directory: the datastore directory of the VMX; without it, it is concluded from the domain's file names.
    :param datastores: the datastore's name by volume; without it, names are concluded likewise.
    :param removed: targets of drives, and addresses of devices of the host, that leave though a domain that leaves
        them out keeps them otherwise.
    :returns: bytes for bytes, text for text; the very same object where nothing is different.
    :raises ParseError: for a VMX that cannot be read, or a domain that VMX cannot hold.
    """
    dialect = dialect if dialect.keep_missing_ids else replace(dialect, keep_missing_ids=True)
    place = Place(directory, datastores)
    context = begin_reading(VmxFile(base, dialect), dialect, place)
    described = read_parts(context)
    domain = replace(domain, id=None, moref=None, datacenter_path=None)  # the server's, which no VMX says
    domain = with_settings_of(domain, described, keeps_shares=not has_level(context.vmx))
    named = with_names_of(domain, described, place)
    domain = on_snapshots(domain, named)
    changes_more = bool(removed) or hw_version not in (None, context.hw_version)
    if not changes_more and _is_described(_filled(domain, named), named):
        return base  # the usual case, and no more than a short cut
    now = _present(context, described, domain)
    if not changes_more and domain == now.domain:
        return base
    writing = WriteContext(dialect, hw_version or now.hw_version, scsi_model, report=report or Report())
    return _changed(base, now, _wanted(now, domain, writing, removed), context)


def _changed(base: Source, now: _Present, wanted: _Wanted, context: ReadContext) -> Source:
    """The VMX that describes the wanted domain, after as many passes as that takes.

    :param context: the base, being read.
    """
    dialect, place = context.dialect, context.place
    leaving = wanted.leaving
    for _pass in range(_PASSES):
        changed = _with_lines(base, now, wanted.lines, leaving, dialect)
        if changed == base:
            return base
        base, leaving = changed, frozenset()
        context = begin_reading(VmxFile(base, dialect), dialect, place)
        described = read_parts(context)
        named = with_names_of(wanted.domain, described, place)
        if context.hw_version == wanted.hw_version and _is_described(wanted.domain, named):
            return base
        now = _present(context, described, wanted.domain)
    raise EsxError("The VMX cannot be changed in place so that it describes the domain.")


def _with_lines(base: Source, now: _Present, lines: _Lines, replaced: Collection[str], dialect: Dialect) -> Source:
    """The present VMX with the wanted lines, the very same where it has them."""
    change = _difference(now, lines, replaced, dialect)
    if change is None:
        return base
    changed = edited(base, now.vmx, change)
    if changed != base:
        return changed
    # Keys of a device hide what is wanted, such as a type that libvirt cannot express.
    return edited(base, now.vmx, _difference(now, lines, replaced, dialect, whole=True) or change)


def _is_described(wanted: Domain, named: Domain) -> bool:
    """Whether a VMX describes the wanted domain already, in whatever order its controllers are.

    :param named: what the VMX describes, with the file names of the wanted domain.
    """
    return set(wanted.controllers) == set(named.controllers) and (
        wanted == named or wanted == replace(named, controllers=wanted.controllers)
    )


def _filled(domain: Domain, present: Domain) -> Domain:
    """The wanted domain with what it leaves out, from the present one."""
    cards = merge_matching.match_interfaces(domain.interfaces, present.interfaces)
    return filled_from(domain, present, [None if at is None else present.interfaces[at] for at in cards])


def _wanted(now: _Present, domain: Domain, context: WriteContext, removed: Collection[str]) -> _Wanted:
    present = now.domain
    cards = merge_matching.match_interfaces(domain.interfaces, present.interfaces)
    folders = merge_matching.match_folders(domain.filesystems, present.filesystems)
    wanted = _filled(domain, _without(present, removed))
    devices = merge_matching.match_hostdevs(wanted.hostdevs, present.hostdevs)
    context = replace(
        context,
        interfaces=merge_matching.numbered(cards, now.interfaces, _numbers(now.vmx, "ethernet")),
        folders=merge_matching.numbered(folders, now.folders, _numbers(now.vmx, _FOLDER)),
        hostdevs=merge_matching.numbered(devices, now.hostdevs, _numbers(now.vmx, passthrough.WORD)),
    )
    if context.dialect.hardware_needs:
        same_version = context.hw_version == now.hw_version
        check_needs(wanted, context.hw_version, context.report, present if same_version else None)
    lines = _lines(wanted, context)
    lines[_HARDWARE.lower()] = (_HARDWARE, str(context.hw_version))
    if wanted.shares is not None and wanted.shares == present.shares and not has_level(now.vmx):
        lines[_SHARES] = (_SHARES, now.vmx.get(_SHARES) or "")  # a number, also where it happens to be a level
    left = _left("ethernet", cards, now.interfaces) | _left(_FOLDER, folders, now.folders)
    left |= _left(passthrough.WORD, devices, now.hostdevs)
    return _Wanted(domain, context.hw_version, lines, left)


def _without(present: Domain, removed: Collection[str]) -> Domain:
    return replace(
        present,
        disks=tuple(disk for disk in present.disks if disk.target not in removed),
        hostdevs=tuple(device for device in present.hostdevs if str(device.address) not in removed),
    )


def as_in_xml(domain: Domain, dialect: Dialect = DIALECTS["esx"]) -> Domain:
    """The domain as it returns from its XML: what XML cannot say is gone, what it implies is there."""
    return read_domain(write_domain(domain, dialect.xml), dialect.xml)


def _present(context: ReadContext, described: Domain, wanted: Domain) -> _Present:
    return _Present(
        context.vmx,
        context.hw_version,
        with_names_of(wanted, as_in_xml(described, context.dialect), context.place),
        interfaces.interface_indexes(context),
        filesystems.folder_indexes(context),
        passthrough.hostdev_indexes(context),
    )


def _numbers(vmx: VmxFile, word: str) -> set[int]:
    """The numbers of all devices of a kind that have keys in the file."""
    tails = (section[len(word) :] for section in vmx.sections if section.startswith(word))
    return {int(tail) for tail in tails if tail.isdecimal()}


def _left(word: str, matches: Collection[int | None], present: tuple[int, ...]) -> frozenset[str]:
    """The present devices of a kind that no wanted one is."""
    matched = set(matches)
    return frozenset(f"{word}{number}" for place, number in enumerate(present) if place not in matched)


def _lines(domain: Domain, context: WriteContext) -> _Lines:
    result: _Lines = {}
    for key, value in entries(domain, context):
        result.setdefault(key.lower(), (key, value))
    return result


def _difference(
    now: _Present, lines: _Lines, replaced: Collection[str], dialect: Dialect, *, whole: bool = False
) -> Callable[[VmxEdit], None] | None:
    """The change that gives the file the wanted lines; None if it has them.

    :param whole: of a device that differs, write all lines, and drop all other keys that are read.
    """
    writing = WriteContext(
        dialect, now.hw_version, interfaces=now.interfaces, folders=now.folders, hostdevs=now.hostdevs
    )
    before = _lines(now.domain, writing)
    before[_HARDWARE.lower()] = (_HARDWARE, str(now.hw_version))
    unwanted = before.keys() - lines.keys()
    differing = {key for key, line in lines.items() if key not in before or before[key][1] != line[1]}
    if not unwanted and not differing and not replaced:
        return None
    rewritten = {_device(key) for key in (*unwanted, *differing)} - {None} if whole else set()
    there, wanted = _devices(before), _devices(lines)
    moving = (there ^ wanted) | set(replaced)  # devices that leave, and that come, be it to a place that others left
    if not _FOLDERS.isdisjoint(differing):
        moving.add(_FOLDER)

    def is_unwanted(key: str) -> bool:
        if _SAME.get(key, key) in unwanted:
            return True
        device = _device(key)
        if key in lines:
            return False
        if device in rewritten and is_of_domain(key) and not key.endswith(_SLOT):
            return True
        # Enabling the controller would enable the disabled devices below it.
        return device in moving or (_holder(device) in moving and device not in wanted)

    def change(edit: VmxEdit) -> None:
        edit.remove(is_unwanted)
        for key, (spelled, value) in lines.items():
            device = _device(key)
            if (key in differing or device in replaced or device in rewritten) and not _has_value(now.vmx, key, value):
                edit.set(spelled, escaped(spelled, value, dialect))

    return change


def _devices(lines: _Lines) -> set[str]:
    """The devices that are there."""
    switches = (key.rpartition(".") for key, (_spelled, value) in lines.items() if value == YES)
    return {device for device, _dot, last in switches if last == "present" or device == _VNC}


def _device(key: str) -> str | None:
    """The device that a key (in lower case) is of: its own, or one that schedules it; None where it is of none."""
    if key.startswith(_VNC):
        return _VNC
    found = _DEVICE.match(key)
    return found[1] if found else None


def _holder(device: str | None) -> str | None:
    """The device that another needs to have an effect: a disk its controller, a shared folder the folder sharing."""
    if device is not None and device.startswith(_FOLDER):
        return _FOLDER
    return device.partition(":")[0] if device and ":" in device else None


def _has_value(vmx: VmxFile, key: str, value: str) -> bool:
    """Whether the key has that value already, truth values in any case."""
    present = vmx.get(key)
    return present == value or (value in _BOOLEANS and present is not None and present.lower() == value)
