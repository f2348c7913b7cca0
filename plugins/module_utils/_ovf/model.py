# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OVF package as typed values: what its descriptor says, before a deployment option is chosen.

Names follow DMTF's DSP0243. Sizes are in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Types of hardware items (CIM_ResourceAllocationSettingData.ResourceType).
CPU, MEMORY, IDE, SCSI, ETHERNET = 3, 4, 5, 6, 10
FLOPPY, CDROM, DVD, DISK, STORAGE = 14, 15, 16, 17, 20
SERIAL, PARALLEL, USB, GRAPHICS, SOUND, OTHER = 21, 22, 23, 24, 35, 1


@dataclass(frozen=True)
class OvfFile:
    """A file of the package; ``size`` is None where the descriptor does not say it."""

    id: str
    href: str
    size: int | None = None
    compression: str | None = None
    chunk_size: int | None = None


@dataclass(frozen=True)
class OvfDisk:
    """A virtual disk: its capacity, and the file with its content; ``file`` None stands for an empty disk."""

    id: str
    capacity: str
    units: str = "byte"
    file: str | None = None
    parent: str | None = None
    format: str | None = None
    populated: int | None = None
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class OvfNetwork:
    """A network by the name that it has in the package."""

    name: str
    description: str = ""


@dataclass(frozen=True)
class DeploymentOption:
    """A size or kind in which the package can be deployed."""

    id: str
    label: str = ""
    description: str = ""
    is_default: bool = False


@dataclass(frozen=True)
class Property:
    """A setting for the guest. ``defaults`` has its values by deployment option; ``""`` is that of all others."""

    key: str  # as VMware writes it: class.key.instance
    id: str  # the key alone
    type: str = "string"
    label: str = ""
    description: str = ""
    category: str = ""
    qualifiers: str = ""
    user_configurable: bool = False
    is_password: bool = False
    defaults: Mapping[str, str] = field(default_factory=dict)

    def default(self, option: str | None) -> str:
        """Return its value with a deployment option where the user gives none."""
        return self.defaults.get(option or "", self.defaults.get("", ""))


@dataclass(frozen=True)
class Item:
    """An item of hardware; ``config`` are VMware's own settings of it (``vmw:Config``)."""

    id: str
    type: int
    subtype: str = ""
    name: str = ""
    quantity: str | None = None
    units: str | None = None
    connection: str | None = None
    host_resource: str | None = None
    address: str | None = None
    address_on_parent: str | None = None
    parent: str | None = None
    is_required: bool = True
    starts_connected: bool = True
    options: tuple[str, ...] = ()
    reservation: int | None = None
    limit: int | None = None
    weight: int | None = None
    cores_per_socket: int | None = None
    not_numbers: tuple[tuple[str, str], ...] = ()  # those of the four whose text is none, with that
    config: Mapping[str, str] = field(default_factory=dict)
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class System:
    """The virtual machine of a package."""

    id: str = ""
    name: str = ""
    os_id: int | None = None
    os_type: str | None = None  # VMware's guestId: debian12_64Guest
    annotation: str = ""
    product: str = ""
    product_version: str = ""
    families: tuple[str, ...] = ()  # vmx-13, virtualbox-2.2 ...
    items: tuple[Item, ...] = ()
    config: Mapping[str, str] = field(default_factory=dict)  # vmw:Config
    extra_config: Mapping[str, str] = field(default_factory=dict)  # vmw:ExtraConfig
    properties: tuple[Property, ...] = ()
    eulas: tuple[str, ...] = ()


@dataclass(frozen=True)
class Package:
    """The content of an OVF descriptor; ``systems`` are several where it is a collection."""

    files: tuple[OvfFile, ...] = ()
    disks: tuple[OvfDisk, ...] = ()
    networks: tuple[OvfNetwork, ...] = ()
    options: tuple[DeploymentOption, ...] = ()
    systems: tuple[System, ...] = ()
    is_collection: bool = False
    unread: tuple[tuple[str, int | None], ...] = ()  # sections that nothing is made of, with their lines
    unknown: tuple[tuple[str, int | None], ...] = ()  # those that must not be passed over (DSP0243, section 7.1)

    @property
    def network_names(self) -> list[str]:
        """The names of its networks, and of those that only cards name."""
        cards = (item for system in self.systems for item in system.items if item.type == ETHERNET)
        names = (*(network.name for network in self.networks), *(card.connection for card in cards))
        return list(dict.fromkeys(name for name in names if name))

    @property
    def default_option(self) -> str | None:
        """The deployment option that is taken where none is chosen."""
        chosen = [option for option in self.options if option.is_default] or self.options
        return chosen[0].id if chosen else None
