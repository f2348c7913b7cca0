# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boot order: kinds of devices in ``<os>``, or an order in each device, and the boot menu.

::

    <os>
      <boot dev='cdrom'/>
      <boot dev='hd'/>
      <bootmenu enable='yes' timeout='3000'/>
    </os>

    <disk type='file' device='disk'>
      <boot order='1'/>
    </disk>
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import yes_no
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Os
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    UINT_MAX,
    attr_of,
    choice_attr,
    error_at,
    int_attr,
    required_attr,
    truth_attr,
)
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

_DEVICES = ("fd", "cdrom", "hd", "network")
_MAX_TIMEOUT = 65535  # milliseconds


def read_boot_devices(system: Element) -> tuple[str, ...]:
    """The kinds of devices that ``<os>`` lists, in their order.

    :raises ParseError: for a kind that libvirt does not know.
    """
    found = []
    for element in system.iterchildren("boot"):
        required_attr(element, "dev")
        found.append(choice_attr(element, "dev", _DEVICES) or "hd")
    return tuple(dict.fromkeys(found))


def read_boot_menu(menu: Element | None) -> tuple[bool | None, int | None]:
    """Whether there is a boot menu, and the milliseconds that it waits.

    :param menu: ``<bootmenu>``.
    :raises ParseError: for another word than yes or no, or a time that libvirt does not take.
    """
    enabled = truth_attr(menu, "enable")
    return enabled, int_attr(menu, "timeout", 0, _MAX_TIMEOUT) if enabled else None


def read_boot_order(parts: Mapping[str, Element]) -> int | None:
    """The place of a device in the boot order, None where it has none.

    :param parts: the children of the device, by name.
    :raises ParseError: ``<boot>`` has no order of 1 or more.
    """
    element = parts.get("boot")
    if element is None:
        return None
    required_attr(element, "order")
    return int_attr(element, "order", 1, UINT_MAX)


def check_boot_order(domain: Domain, devices: Iterable[Element], report: Report) -> None:
    """Refuse a place in the boot order that two devices have, and one beside kinds of devices in ``<os>``."""
    if not domain.boot_orders:
        return
    taken: set[str] = set()
    for boot, order in _orders(devices):
        if domain.os.boot:
            report.refuse(error_at(boot, "Boot devices are also given in <os>; expected them in one place only"))
        elif order in taken:
            report.refuse(error_at(boot, f"An earlier device has order='{order}' too"))
        taken.add(order)


def _orders(devices: Iterable[Element]) -> Iterator[tuple[Element, str]]:
    """The ``<boot>`` of each device that has one with an order, and the order as it is written."""
    for device in devices:
        boot = child(device, "boot")
        order = attr_of(boot, "order")
        if boot is not None and order is not None:
            yield boot, order


def write_boot(system: Os) -> str:
    """The lines of ``<os>`` that say what a domain starts from."""
    devices = "".join([f"    <boot dev='{device}'/>\n" for device in system.boot])
    if system.boot_menu is None:
        return devices
    timeout = "" if system.boot_delay_ms is None else f" timeout='{system.boot_delay_ms}'"
    return f"{devices}    <bootmenu enable='{yes_no(system.boot_menu)}'{timeout}/>\n"


def write_boot_order(order: int | None) -> str:
    """The line of a device that is in the boot order."""
    return "" if order is None else f"      <boot order='{order}'/>\n"
