# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that a description leaves out come from the present domain: one policy for ``base`` and ``esx_domain``.

Identifiers stay: the UUID, the generation id, MAC addresses, ports of distributed switches. So does what was
chosen once: the guest type, firmware and secure boot (a guest does not start with another firmware than the one that it
was installed with), the nvram file, models of controllers and cards, cores of a socket, affinity, the graphics card. So
does what has tasks of its own: the annotation, CPU shares, the guaranteed memory, the VNC password.

A device that a description leaves out is unwanted, unless libvirt does not see it: the drive of a console's own PC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import NO_MAC
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    UTC,
    Clock,
    Controller,
    Cpu,
    Disk,
    Domain,
    Graphics,
    Hostdev,
    Interface,
    Os,
    VdsPort,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.shares import same_shares
from ansible_collections.virt.esx.plugins.module_utils._domain.values import round_up
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import NO_UUID
from ansible_collections.virt.esx.plugins.module_utils._vmx.peripherals import usb_kind

_Setting = TypeVar("_Setting")

_SAID_UTC = Clock("variable", 0)


def with_settings_of(described: Domain, present: Domain, *, keeps_shares: bool = False) -> Domain:
    """A description with the present settings where it says nothing of them.

    :param keeps_shares: whether the present CPU shares are a number of their own, and not a level, which goes with the
        number of processors.
    """
    described = _with_boot_order(described, present)
    return replace(
        described,
        description=_stated(described.description, present.description),
        min_guarantee_kib=_guarantee(described, present),
        memory_locked=described.memory_locked or present.memory_locked,
        shares=_shares(described, present, keeps_shares),
        cpuset=described.cpuset or present.cpuset,
        cpu=described.cpu or _same_cores(present.cpu, described.vcpus),
        os=_same_firmware(described.os, present.os),
        graphics=_with_password(described.graphics, present.graphics),
    )


def _stated(wanted: _Setting | None, present: _Setting | None) -> _Setting | None:
    """A setting as it is wanted, or as it is where nothing is said of it."""
    return present if wanted is None else wanted


def _guarantee(described: Domain, present: Domain) -> int | None:
    """The guaranteed memory: all of it where it is locked, and never more than there is."""
    if described.memory_locked or present.memory_locked:
        return round_up(described.memory_kib, 4096)
    if described.min_guarantee_kib is not None or not present.min_guarantee_kib:
        return described.min_guarantee_kib
    return min(present.min_guarantee_kib, described.current_memory_kib or described.memory_kib)


def _shares(described: Domain, present: Domain, keeps_shares: bool) -> int | None:
    if described.shares is not None or present.shares is None:
        return described.shares
    return present.shares if keeps_shares else same_shares(present.shares, present.vcpus, described.vcpus)


def _same_cores(present: Cpu | None, vcpus: int) -> Cpu | None:
    """Sockets with as many cores as now, where the processors can be spread over them."""
    if present is None or vcpus % present.cores:
        return None
    return replace(present, sockets=vcpus // present.cores)


def _same_firmware(described: Os, present: Os) -> Os:
    if described.firmware is not None:
        return described
    secure_boot = _stated(described.secure_boot, present.secure_boot)
    return replace(described, firmware=present.firmware, secure_boot=secure_boot)


def _with_password(described: tuple[Graphics, ...], present: tuple[Graphics, ...]) -> tuple[Graphics, ...]:
    """No XML that was read from a host has the VNC password: one without it leaves it as it is."""
    if not described or not present or described[0].password is not None:
        return described
    return (replace(described[0], password=present[0].password), *described[1:])


def filled_from(wanted: Domain, present: Domain, cards: Sequence[Interface | None]) -> Domain:
    """A wanted domain that has its settings, with all else that it leaves out.

    :param cards: for each wanted interface, the present one that it is; None for a new one.
    """
    uuid = wanted.uuid if wanted.uuid != NO_UUID else None
    wanted = replace(wanted, disks=(*wanted.disks, *_client_drives(wanted, present)))
    same_arch = wanted.os.arch == present.os.arch
    return replace(
        wanted,
        uuid=uuid or present.uuid,
        genid=wanted.genid or present.genid,
        guest_os=wanted.guest_os or (present.guest_os if same_arch else None),
        os=_os(wanted.os, present.os),
        controllers=_controllers(wanted, present),
        interfaces=_interfaces(wanted, present, cards),
        videos=wanted.videos or present.videos,
        sounds=wanted.sounds or present.sounds,
        hostdevs=_hostdevs(wanted, present),
        clock=_clock(wanted.clock, present.clock),
        switches=tuple(sorted({**dict(present.switches), **dict(wanted.switches)}.items())),
    )


def _with_boot_order(described: Domain, present: Domain) -> Domain:
    """The description with the present boot order, where it says nothing of one at all; cards follow when known."""
    if described.os.boot or described.boot_orders or not (present.os.boot or present.boot_orders):
        return described
    orders = {disk.slot: disk.boot_order for disk in present.disks}
    return replace(
        described,
        os=replace(described.os, boot=present.os.boot),
        disks=tuple(replace(disk, boot_order=orders.get(disk.slot)) for disk in described.disks),
    )


def _keeps_order_of_cards(wanted: Domain, present: Domain) -> bool:
    """Whether the cards keep their places in the boot order: nothing is said of them, and the disks have theirs."""
    orders = {disk.slot: disk.boot_order for disk in present.disks}
    same = all(orders.get(disk.slot) == disk.boot_order for disk in wanted.disks)
    return same and not wanted.os.boot and not any(card.boot_order for card in wanted.interfaces)


def _clock(wanted: Clock | None, present: Clock | None) -> Clock | None:
    """The clock; hosted products need a key for one that shows UTC, which stays."""
    is_same = wanted == UTC and present == _SAID_UTC
    return present if wanted is None or is_same else wanted


def _hostdevs(wanted: Domain, present: Domain) -> tuple[Hostdev, ...]:
    """The devices of the host, with the keys that XML cannot express."""
    known = {device.address: device for device in present.hostdevs}
    return tuple(
        known[device.address] if not device.keys and device.address in known else device
        for device in wanted.hostdevs or present.hostdevs
    )


def _os(wanted: Os, present: Os) -> Os:
    same_firmware = wanted.firmware == present.firmware
    menu = present if wanted.boot_menu is None else wanted
    return replace(
        wanted,
        secure_boot=_stated(wanted.secure_boot, present.secure_boot) if same_firmware else wanted.secure_boot,
        nvram=wanted.nvram or present.nvram,
        boot_menu=menu.boot_menu,
        boot_delay_ms=menu.boot_delay_ms,
    )


def _client_drives(wanted: Domain, present: Domain) -> list[Disk]:
    """The drives of a console's own PC, which libvirt does not see, and its XML so leaves out."""
    taken = {disk.slot for disk in wanted.disks}
    return [disk for disk in present.disks if "clientDevice" in dict(disk.keys) and disk.slot not in taken]


def _controllers(wanted: Domain, present: Domain) -> tuple[Controller, ...]:
    """The controllers with their models, and those that have no disks now and are not spoken of."""
    without_usb = any((one.type, one.model) == ("usb", "none") for one in wanted.controllers)
    known = {_controller(one): one for one in present.controllers if not (without_usb and one.type == "usb")}
    named = {disk.controller for disk in wanted.disks if disk.driver_name}
    emptied = {disk.controller for disk in present.disks} - {disk.controller for disk in wanted.disks}
    result = []
    for controller in wanted.controllers:
        key = _controller(controller)
        before = known.pop(key, controller)
        keeps_model = controller.model is None and key not in named
        result.append(replace(controller, model=before.model) if keeps_model else controller)
    return (*result, *(controller for key, controller in known.items() if key not in emptied))


def _controller(controller: Controller) -> tuple[str, int | str | None]:
    """How a controller is identified: by its place; of USB a domain has one controller of a kind."""
    return controller.type, usb_kind(controller) if controller.type == "usb" else controller.index


def _interfaces(wanted: Domain, present: Domain, cards: Sequence[Interface | None]) -> tuple[Interface, ...]:
    keeps_order = _keeps_order_of_cards(wanted, present)
    return tuple(
        interface if card is None else _interface(interface, card, keeps_order)
        for interface, card in zip(wanted.interfaces, cards)
    )


def _interface(wanted: Interface, present: Interface, keeps_order: bool) -> Interface:
    """A card with its address and model; how the address came about is known where it is the same."""
    mac = wanted.mac if wanted.mac not in (None, NO_MAC) else present.mac
    same = mac == present.mac and wanted.mac_type is None
    return replace(
        wanted,
        mac=mac,
        mac_type=present.mac_type if same else wanted.mac_type,
        mac_check=present.mac_check if same and wanted.mac_check is None else wanted.mac_check,
        model=wanted.model or present.model,
        link=wanted.link or present.link,
        boot_order=present.boot_order if keeps_order else wanted.boot_order,
        vds=_port(wanted.vds, present.vds),
    )


def _port(wanted: VdsPort | None, present: VdsPort | None) -> VdsPort | None:
    """A port on the same switch and in the same group; its number is the switch's to choose."""
    if wanted is None or present is None or wanted.switch_id != present.switch_id:
        return wanted
    group = wanted.portgroup_id or present.portgroup_id
    if group != present.portgroup_id:
        return wanted
    return VdsPort(
        wanted.switch_id,
        wanted.port_id or present.port_id,
        group,
        wanted.connection_id or present.connection_id,
    )
