# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values: escapes and numbers, MAC ranges, names in datastores."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import (
    escape_datastore_item,
    escape_name,
    parse_datastore_path,
    unescape,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.mac import Range, mac_use
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import (
    Place,
    vmx_file_name,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.values import (
    escape,
    format_uuid,
    parse_integer,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("64", 64),
        ("064", 64),
        (" \t+7", 7),
        ("-3", -3),
        ("Unlimited", -1),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", None),
        ("0" * 5000 + "4", 4),
        ("9" * 5000, None),
        ("", None),
        ("0x40", None),
        ("64.0", None),
        ("64M", None),
        ("64 ", None),
        ("٣", None),
    ],
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert parse_integer(text) == number


@pytest.mark.parametrize(
    ("value", "introducer", "decoded"),
    [
        ("a|22b|7C", "|", 'a"b|'),
        ("a%2Fb|22", "%", "a/b|22"),
        ("|c3|BC", "|", "ü"),
        ("a|00b", "|", "a"),
        ("line 1|0Aline 2", "|", "line 1\nline 2"),
    ],
)
def test_escapes_are_decoded(value: str, introducer: str, decoded: str) -> None:
    assert unescape(value, introducer, lenient=False) == unescape(value, introducer, lenient=True) == decoded


@pytest.mark.parametrize("value", ["a|", "|2", "|zz", "|22|"])
def test_what_is_no_escape_is_refused_or_stands_for_itself(value: str) -> None:
    with pytest.raises(ValueError, match="two hex digits"):
        unescape(value, "|", lenient=False)
    assert unescape(value, "|", lenient=True) == value.replace("|22", '"')


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_what_is_escaped_is_safe_and_decodes_to_itself(value: str) -> None:
    written = escape(value, controls=True)
    assert not set(written) & set('"\r\n')
    assert unescape(written, "|", lenient=False) == value
    name = escape(escape_name(value), controls=True)
    assert unescape(unescape(name, "%", lenient=False), "|", lenient=False) == value


def test_uuids_are_written_as_vmware_does() -> None:
    written = "56 4d 12 23 f8 35 c4 b1-bb f6 e3 23 90 d6 2b d3"
    assert format_uuid("564d1223-f835-c4b1-bbf6-e32390d62bd3") == written


@pytest.mark.parametrize(
    ("mac", "kind", "check", "use"),
    [
        ("00:0c:29:dd:ee:ff", None, None, Range("generated")),
        ("00:50:56:00:00:00", None, None, Range("static")),
        ("00:50:56:3f:ff:ff", None, None, Range("static")),
        ("00:50:56:40:00:00", None, None, Range("static", check=False)),
        ("00:50:56:80:00:00", None, None, Range("generated", vpx=True)),
        ("00:50:56:bf:ff:ff", "static", None, Range("static", vpx=True)),
        ("00:50:56:c0:00:00", None, True, Range("static", check=True)),
        ("52:54:00:11:22:33", "generated", None, Range("generated")),
        ("52:54:00:11:22:33", "static", None, Range("static", check=False)),
    ],
)
def test_mac_ranges(mac: str, kind: str | None, check: bool | None, use: Range) -> None:
    assert mac_use(mac, kind, check) == use


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("web 01", "web 01"),
        ("a/b%c:d", "a+JQ-2fb+JQ-25c_d"),
        ("über", "+w7w-ber"),
        ('x"y|z', "x_y_z"),
        ("tab+plus,comma", "tab+Kw-plus,comma"),
        ("end+", "end+Kw"),
    ],
)
def test_names_of_files_in_datastores(name: str, escaped: str) -> None:
    assert escape_datastore_item(name) == escaped


def test_datastore_paths_have_parts() -> None:
    path = parse_datastore_path("[local-storage]   web/disks/web.vmdk")
    assert (path.datastore, path.directory, path.name) == ("local-storage", "web/disks", "web.vmdk")
    assert str(path) == "[local-storage] web/disks/web.vmdk"
    assert parse_datastore_path("[ds] web.vmx").directory == ""
    for wrong in ("", "web.vmdk", "[] web.vmdk", "[ds"):
        with pytest.raises(ParseError, match="expected format"):
            parse_datastore_path(wrong)


UUID = "498076b2-02796c1a-ef5b-000ae484a6a3"


@pytest.mark.parametrize(
    ("name", "directory", "datastores", "source"),
    [
        ("web.vmdk", None, None, "web.vmdk"),
        ("web.vmdk", "[ds] web", None, "[ds] web/web.vmdk"),
        ("web.vmdk", "[ds]", None, "[ds] web.vmdk"),
        ("disks/web.vmdk", "[ds] web", None, "[ds] web/disks/web.vmdk"),
        (f"/vmfs/volumes/{UUID}/a/b.vmdk", None, None, f"[{UUID}] a/b.vmdk"),
        (f"/vmfs/volumes/{UUID}/a/b.vmdk", None, {UUID: "ds"}, "[ds] a/b.vmdk"),
        ("/vmfs/volumes/ds/a/b.vmdk", None, {UUID: "ds"}, "[ds] a/b.vmdk"),
        ("/vmfs/volumes/ds1/b.vmdk", None, {UUID: "ds"}, None),
        ("/usr/lib/vmware/isoimages/linux.iso", "[ds] web", {}, "/usr/lib/vmware/isoimages/linux.iso"),
        ("C:\\VMs\\web.vmdk", "[ds] web", None, "C:\\VMs\\web.vmdk"),
        ("[ds] a/b.vmdk", "[ds] web", None, "[ds] a/b.vmdk"),
        ("[old].vmdk", "[ds] web", None, "[ds] web/[old].vmdk"),
        ("[old].vmdk", None, None, "[old].vmdk"),
        ("[ds", "[ds] web", None, "[ds] web/[ds"),
        ("[] /vmimages/tools-isoimages/linux.iso", "[ds] web", None, "/vmimages/tools-isoimages/linux.iso"),
    ],
)
def test_file_names_of_vmx_as_sources(
    name: str, directory: str | None, datastores: dict[str, str] | None, source: str | None
) -> None:
    assert Place(directory, datastores).resolve(name, relative_paths=True) == source


@pytest.mark.parametrize("name", ["/vmfs/volumes/", "/vmfs/volumes/ds", "/vmfs/volumes/ds/"])
def test_file_names_that_name_nothing_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected format"):
        Place("[ds] web").resolve(name, relative_paths=True)


def test_libvirt_knows_no_relative_directories() -> None:
    with pytest.raises(ValueError, match="relative"):
        Place("[ds] web").resolve("disks/web.vmdk", relative_paths=False)
    with pytest.raises(ValueError, match="neither"):
        vmx_file_name("web.vmdk", verbatim=False)
    assert vmx_file_name("[ds]  web/web.vmdk", verbatim=False) == "/vmfs/volumes/ds/web/web.vmdk"
