# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading an OVF descriptor, whoever wrote it: ovftool, vSphere, VirtualBox, govc, or a build script.

Elements and attributes are known by their local names. Writers differ in the version of the namespace (1 and 2), in
whether attributes have one at all, and in their names for items of storage and of networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import unquote

from ansible_collections.virt.esx.plugins.module_utils._domain.values import attr_of
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._ovf.model import (
    DeploymentOption,
    Item,
    OvfDisk,
    OvfFile,
    OvfNetwork,
    Package,
    Property,
    System,
)
from ansible_collections.virt.esx.plugins.module_utils._ovf.units import whole_number
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, each, parse

_OVF = tuple(f"{{http://schemas.dmtf.org/ovf/envelope/{version}}}" for version in (1, 2))
_VMW = "{http://www.vmware.com/schema/ovf}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ITEMS = ("Item", "StorageItem", "EthernetPortItem")
# Sections of the envelope and of a system that the model has a place for.
_READ = {
    *("References", "DiskSection", "NetworkSection", "DeploymentOptionSection", "VirtualSystem"),
    *("VirtualSystemCollection", "Info", "Name", "OperatingSystemSection", "AnnotationSection", "ProductSection"),
    *("EulaSection", "VirtualHardwareSection", "Strings"),
}


# Sections that say how a machine is installed, started and placed, which a user of the domain decides.
_PASSED_OVER = {
    *("InstallSection", "StartupSection", "ResourceAllocationSection", "BootOrderSection", "IpAssignmentSection"),
    *("StorageSection", "StorageGroupSection", "EnvironmentFilesSection"),
}

_Part = TypeVar("_Part")


def read_package(text: str | bytes) -> Package:
    """Return the content of a descriptor.

    :param text: the descriptor; bytes are decoded as it declares.
    :raises ParseError: if it is not an OVF descriptor, or names files that are not its own.
    :raises MissingLibrary: lxml is not installed.
    """
    root = parse(text)
    if _local(root) != "Envelope":
        raise ParseError(f"the root element is <{_local(root)}>, not <Envelope>.", where="OVF descriptor")
    _fill_in_messages(root)
    collection = _find(root, "VirtualSystemCollection")
    systems = list(_each(collection if collection is not None else root, "VirtualSystem"))
    if not systems:
        raise ParseError("it has no <VirtualSystem>.", where="OVF descriptor")
    sections = [section for holder in (root, *systems) for section in _unread_sections(holder)]
    files = _read_all(_read_file, root, "References", "File")
    disks = _read_all(_read_disk, root, "DiskSection", "Disk")
    _check_references(files, disks)
    return Package(
        files=files,
        disks=disks,
        networks=_read_all(_read_network, root, "NetworkSection", "Network"),
        options=_read_all(_read_option, root, "DeploymentOptionSection", "Configuration"),
        systems=tuple(map(_read_system, systems)),
        is_collection=collection is not None,
        unread=(*_named(sections), *_further_hardware(systems)),
        unknown=_named(filter(_is_unknown, sections)),
    )


def _read_all(read: Callable[[Element], _Part], root: Element, section: str, name: str) -> tuple[_Part, ...]:
    """The elements of a name in all sections of a name, read."""
    return tuple([read(one) for holder in _each(root, section) for one in _each(holder, name)])


def _unread_sections(holder: Element) -> Iterator[Element]:
    return (section for section in holder.iterchildren("*") if _local(section) not in _READ)


def _is_unknown(section: Element) -> bool:
    """Whether a section is one that must not be passed over by those who do not know it."""
    return _local(section) not in _PASSED_OVER and _is_required(section)


def _named(sections: Iterable[Element]) -> tuple[tuple[str, int | None], ...]:
    """The names of sections, with their lines."""
    return tuple((_local(section), section.sourceline) for section in sections)


def _further_hardware(systems: Sequence[Element]) -> Iterator[tuple[str, int | None]]:
    """The descriptions of the hardware behind the first one of a system, which is the one that is read."""
    for system in systems:
        for section in list(_each(system, "VirtualHardwareSection"))[1:]:
            yield "VirtualHardwareSection (another one)", section.sourceline


def _fill_in_messages(root: Element) -> None:
    """Give the elements whose text is elsewhere (``ovf:msgid``) the text of the package's own language.

    That is English where the package has it, else its first language. A text in the element itself stays.
    """
    messages = _messages(root)
    for element in root.iter("*"):
        key = _attr(element, "msgid")
        if key and not len(element) and not (element.text or "").strip():
            element.text = messages.get(key) or ""


def _messages(root: Element) -> dict[str | None, str | None]:
    bundles = list(_each(root, "Strings"))
    english = [one for one in bundles if (one.get(_LANGUAGE) or "en").lower().startswith("en")]
    return {
        _attr(message, "msgid"): message.text for bundle in (english or bundles)[:1] for message in _each(bundle, "Msg")
    }


def _check_references(files: Sequence[OvfFile], disks: Sequence[OvfDisk]) -> None:
    """Refuse ambiguous names and names of nothing; a disk without its file would silently become an empty one."""
    of_files, of_disks = [file.id for file in files], [disk.id for disk in disks]
    _check_distinct("files", of_files)
    _check_distinct("disks", of_disks)
    for disk in disks:
        if disk.file not in (None, *of_files):
            raise ParseError(f"the file '{disk.file}' is not in the References.", where="<Disk>", line=disk.line)
        if disk.parent not in (None, *of_disks):
            raise ParseError(f"its parent '{disk.parent}' is not in the DiskSection.", where="<Disk>", line=disk.line)


def _check_distinct(kind: str, ids: Sequence[str]) -> None:
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise ParseError(f"two {kind} have the id '{twice}'.", where="OVF descriptor")


def _read_file(element: Element) -> OvfFile:
    href = _required(element, "href")
    if "://" in href or not all(_is_inside(name) for name in (href, unquote(href))):
        raise ParseError(f"'{href}' is not a file of the package.", where="<File href>", line=element.sourceline)
    return OvfFile(
        id=_required(element, "id"),
        href=href,
        size=_integer(element, "size"),
        compression=_attr(element, "compression") or None,
        chunk_size=_integer(element, "chunkSize"),
    )


def _is_required(element: Element) -> bool:
    return not _is_false(_attr(element, "required"))


def _is_inside(name: str) -> bool:
    """Whether a path is that of a file below the descriptor's directory."""
    items = name.replace("\\", "/").split("/")
    return "\0" not in name and ".." not in items and items[0] != "" and items[-1] not in ("", ".")


def _read_disk(element: Element) -> OvfDisk:
    return OvfDisk(
        id=_required(element, "diskId"),
        capacity=_required(element, "capacity"),
        units=_attr(element, "capacityAllocationUnits") or "byte",
        file=_attr(element, "fileRef"),
        parent=_attr(element, "parentRef"),
        format=_attr(element, "format"),
        populated=_integer(element, "populatedSize"),
        line=element.sourceline,
    )


def _read_network(element: Element) -> OvfNetwork:
    return OvfNetwork(_required(element, "name"), _text(element, "Description"))


def _read_option(element: Element) -> DeploymentOption:
    return DeploymentOption(
        id=_required(element, "id"),
        label=_text(element, "Label"),
        description=_text(element, "Description"),
        is_default=_is_true(_attr(element, "default")),
    )


def _read_system(element: Element) -> System:
    guest = _find(element, "OperatingSystemSection")
    hardware = _find(element, "VirtualHardwareSection")
    product = _find(element, "ProductSection")
    return System(
        id=_word(element, "id"),
        name=_text(element, "Name"),
        os_id=_integer(guest, "id"),
        os_type=attr_of(guest, f"{_VMW}osType"),
        annotation=_text(_find(element, "AnnotationSection"), "Annotation"),
        product=_text(product, "Product"),
        product_version=_text(product, "Version"),
        families=tuple(_text(_find(hardware, "System"), "VirtualSystemType").replace(",", " ").split()),
        items=tuple(_read_item(one) for name in _ITEMS for one in _each(hardware, name)),
        config=_settings(hardware, "Config"),
        extra_config=_settings(hardware, "ExtraConfig"),
        properties=tuple(one for section in _each(element, "ProductSection") for one in _read_properties(section)),
        eulas=tuple(_text(one, "License") for one in _each(element, "EulaSection")),
    )


def _read_item(element: Element) -> Item:
    kind = whole_number(_text(element, "ResourceType"))
    if kind is None:
        raise ParseError("it has no <ResourceType> that is a number.", where="<Item>", line=element.sourceline)
    return Item(
        id=_text(element, "InstanceID") or _text(element, "InstanceId"),
        type=kind,
        subtype=_text(element, "ResourceSubType"),
        name=_text(element, "ElementName") or _text(element, "Caption"),
        quantity=_stated(element, "VirtualQuantity"),
        units=_stated(element, "AllocationUnits"),
        connection=_stated(element, "Connection"),
        host_resource=_stated(element, "HostResource"),
        address=_stated(element, "Address"),
        address_on_parent=_stated(element, "AddressOnParent"),
        parent=_stated(element, "Parent"),
        is_required=_is_required(element),
        starts_connected=not _is_false(_text(element, "AutomaticAllocation")),
        options=tuple(_word(element, "configuration").split()),
        reservation=whole_number(_text(element, "Reservation")),
        limit=whole_number(_text(element, "Limit")),
        weight=whole_number(_text(element, "Weight")),
        cores_per_socket=whole_number(_text(element, "CoresPerSocket")),
        not_numbers=tuple(_not_numbers(element)),
        config=_settings(element, "Config"),
        line=element.sourceline,
    )


def _not_numbers(element: Element) -> Iterator[tuple[str, str]]:
    """The texts of an item where numbers belong; -1 is no limit."""
    for name in ("Reservation", "Limit", "Weight", "CoresPerSocket"):
        text = _text(element, name)
        if text not in ("", "-1") and whole_number(text) is None:
            yield name, text


def _read_properties(product: Element) -> Iterator[Property]:
    """The properties of a product; a <Category> is that of all that follow it."""
    category = ""
    for element in product.iterchildren("*"):
        if _local(element) == "Category":
            category = (element.text or "").strip()
        elif _local(element) == "Property":
            yield _read_property(element, product, category)


def _read_property(element: Element, product: Element, category: str) -> Property:
    key = _required(element, "key")
    return Property(
        key=".".join(filter(None, (_word(product, "class"), key, _word(product, "instance")))),
        id=key,
        type=_attr(element, "type") or "string",
        label=_text(element, "Label"),
        description=_text(element, "Description"),
        category=category,
        qualifiers=_attr(element, "qualifiers") or element.get(f"{_VMW}qualifiers") or "",
        user_configurable=_is_true(_attr(element, "userConfigurable")),
        is_password=_is_true(_attr(element, "password")),
        defaults={
            "": _word(element, "value"),
            **{_word(one, "configuration"): _word(one, "value") for one in _each(element, "Value")},
        },
    )


def _settings(element: Element | None, name: str) -> dict[str, str]:
    """VMware's settings: ``<vmw:Config vmw:key='firmware' vmw:value='efi'/>``."""
    return {one.get(f"{_VMW}key") or "": one.get(f"{_VMW}value") or "" for one in each(element, f"{_VMW}{name}")}


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _each(element: Element | None, name: str) -> Iterator[Element]:
    """The children of a local name; none where there is no element."""
    return (one for one in each(element, "*") if _local(one) == name)


def _find(element: Element | None, name: str) -> Element | None:
    return next(_each(element, name), None)


def _text(element: Element | None, name: str) -> str:
    """The text of the first child of a name, empty where there is none."""
    found = _find(element, name)
    return "" if found is None else "".join(found.itertext()).strip()


def _stated(element: Element, name: str) -> str | None:
    """The same, None where there is none or it is empty."""
    return _text(element, name) or None


def _attr(element: Element | None, name: str) -> str | None:
    """An attribute in any of OVF's namespaces or in none, None where it or the element is not given."""
    values = (attr_of(element, f"{space}{name}") for space in (*_OVF, ""))
    return next((value for value in values if value is not None), None)


def _word(element: Element, name: str) -> str:
    """The same, empty where it is not given."""
    return _attr(element, name) or ""


def _required(element: Element, name: str) -> str:
    value = _attr(element, name)
    if not value:
        raise ParseError(f"it has no attribute '{name}'.", where=f"<{_local(element)}>", line=element.sourceline)
    return value


def _integer(element: Element | None, name: str) -> int | None:
    value = _attr(element, name)
    if element is None or not value:
        return None
    number = whole_number(value)
    if number is None:
        raise ParseError(f"'{value}' is not a number.", where=f"<{_local(element)} {name}>", line=element.sourceline)
    return number


def _is_true(value: str | None) -> bool:
    return (value or "").strip().lower() in ("true", "1")


def _is_false(value: str | None) -> bool:
    return (value or "").strip().lower() in ("false", "0")
