# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: defining domains that the host does not know, whatever they are called and wherever they lie."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    EsxError,
    LicenceRestricted,
    NotFound,
    ParseError,
    Refused,
    ServerFault,
)
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    UUID,
    check_apply_repeat,
    create_disk,
    domain_xml,
    ensure,
    ensure_with_warnings,
    files_in,
    predict_and_apply,
    read_file,
    write_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VMX = "[local-storage] web/web.vmx"

# Name, disk, and where the VMX has to be.
PLACES = [
    ("web", "[local-storage] web/web.vmdk", "[local-storage] web/web.vmx"),
    ("web", "[local-storage] a/b/c/disk 1.VMDK", "[local-storage] a/b/c/web.vmx"),
    ("web", "[local-storage] web.vmdk", "[local-storage] web.vmx"),
    ("a/b%c:d", "[local-storage] x/x.vmdk", "[local-storage] x/a+JQ-2fb+JQ-25c_d.vmx"),
    ("a\\b", "[local-storage] x/x.vmdk", "[local-storage] x/a+JQ-5cb.vmx"),
    ("über", "[local-storage] straße/ü#?&+%2f.vmdk", "[local-storage] straße/+w7w-ber.vmx"),
    ('x"y|z', "[local-storage] x/x.vmdk", "[local-storage] x/x_y_z.vmx"),
    ("two words", "[local-storage] two words/it's.vmdk", "[local-storage] two words/two words.vmx"),
    ("%41", "[local-storage] x/x.vmdk", "[local-storage] x/+JQ-2541.vmx"),
    ("日本", "[local-storage] x/x.vmdk", "[local-storage] x/+5pel5pys.vmx"),
]


@pytest.mark.parametrize(("name", "disk", "vmx"), PLACES)
def test_a_domain_is_placed_beside_its_first_disk(esx: Simulator, name: str, disk: str, vmx: str) -> None:
    result = check_apply_repeat(esx, xml=domain_xml(name, disk=disk), state="running")
    assert result["steps"] == ["define", "power on"]
    assert (result["domain"]["name"], result["domain"]["vmx_path"]) == (name, vmx)
    assert f"<source file='{disk}'/>".replace("&", "&amp;").replace("'s.", "&apos;s.") in result["domain"]["xml"]
    assert not ensure(esx, name=name, state="running")["changed"]
    ensure(esx, name=name, state="destroyed")
    assert check_apply_repeat(esx, name=name, state="undefined")["changed"]


@pytest.mark.parametrize("present", [[], ["[local-storage] web/notes.txt"]])
def test_a_directory_is_made_before_anything_is_uploaded_into_it(esx: Simulator, present: list[str]) -> None:
    """Hosts refuse an upload into a directory that they do not have, and it is not documented how."""
    for path in present:
        esx.add_file(path)
    esx.trace(reset=True)
    assert ensure(esx, name="web", max_memory="64 MiB", pool="local-storage", directory="web")["changed"]
    assert [name for name in esx.methods() if name in ("MakeDirectory", "PUT")] == ["MakeDirectory", "PUT"]


def test_a_datastore_with_spaces() -> None:
    with start_host("-domains", "0", "-datastore-name", "slow & old disks") as esx:
        result = check_apply_repeat(esx, xml=domain_xml(disk="[slow & old disks] web/web.vmdk"))
        assert result["domain"]["vmx_path"] == "[slow & old disks] web/web.vmx"


def test_what_nobody_gives_the_host_makes(esx: Simulator) -> None:
    result = check_apply_repeat(esx, xml=domain_xml(uuid=None, mac=None))
    assert len(result["domain"]["uuid"]) == len(UUID)


def test_options_come_before_the_description(esx: Simulator) -> None:
    result = check_apply_repeat(
        esx, xml=domain_xml("other"), name="web", vcpus=4, max_memory="2 GiB", memory="978 MiB", annotation="a | b\nc"
    )
    domain = result["domain"]
    assert (domain["name"], domain["vcpus"]) == ("web", 4)
    assert (domain["max_memory_kib"], domain["memory_kib"]) == (2097152, 978 * 1024)
    assert domain["vmx_path"] == VMX
    assert "<description>a | b\nc</description>" in domain["xml"]


def test_memory_is_rounded_as_the_host_does(esx: Simulator) -> None:
    """A warning says what is rounded."""
    result, warnings = ensure_with_warnings(esx, xml=domain_xml(), max_memory="1048577")
    assert result["domain"]["max_memory_kib"] == 1052672
    assert warnings == ["max_memory: 1048577 KiB are rounded up to 1052672 KiB, 4 MiB at a time."]
    xml = domain_xml().replace("<memory unit='MiB'>1024", "<memory unit='KiB'>1048577")
    ensure(esx, name="web", state="undefined")
    for changed in (True, False):
        result, warnings = ensure_with_warnings(esx, xml=xml, overwrite=True)
        assert result["changed"] is changed
        assert "<memory>: 1048577 KiB are rounded up to 1052672 KiB, 4 MiB at a time." in warnings


def test_a_new_domain_starts_with_the_host(esx: Simulator) -> None:
    result = check_apply_repeat(esx, xml=domain_xml(), autostart=True, state="running")
    assert result["steps"] == ["define", "switch autostart on", "power on"]
    assert result["domain"]["autostart"] is True


def test_a_vmx_is_uploaded_as_it_is(esx: Simulator) -> None:
    vmx = read_definition(esx)
    result = check_apply_repeat(esx, vmx=vmx)
    assert result["domain"]["name"] == "web"
    assert (read_file(esx, VMX) or b"").decode() == vmx


def test_a_key_of_a_vmx_that_changes_nothing_is_told(esx: Simulator) -> None:
    vmx = read_definition(esx)
    ensure(esx, vmx=vmx)
    assert ensure_with_warnings(esx, vmx=vmx)[1] == []
    result, warnings = ensure_with_warnings(esx, vmx=f'{vmx}ethernet0.of.my.own = "new"\n')
    assert (result["changed"], ["ethernet0.of.my.own" in warning for warning in warnings]) == (False, [True])


def test_a_key_that_no_domain_has_changes_with_the_vmx(esx: Simulator) -> None:
    vmx = read_definition(esx)
    ensure(esx, vmx=vmx)
    result = check_apply_repeat(esx, vmx=vmx.replace('of.my.own = "kept"', 'of.my.own = "other"'))
    assert result["steps"] == ["change of.my.own"]


def test_a_vmx_with_another_name_keeps_its_other_keys(esx: Simulator) -> None:
    vmx = read_definition(esx)
    result = check_apply_repeat(esx, vmx=vmx, name="shop", uuid="11111111-2222-3333-4444-555555555555")
    assert result["domain"]["vmx_path"] == "[local-storage] web/shop.vmx"
    uploaded = (read_file(esx, "[local-storage] web/shop.vmx") or b"").decode()
    assert 'of.my.own = "kept"' in uploaded
    assert "# a comment" in uploaded


@pytest.mark.parametrize("check", [True, False])
def test_a_name_is_not_taken_by_a_new_place(esx: Simulator, check: bool) -> None:
    """With vmx_path, the domain was not looked up by its name."""
    xml = domain_xml("domain-1", uuid=None)
    with pytest.raises(Refused, match=r"has a domain 'domain-1' already, of .* domain-1/domain-1.vmx and"):
        ensure(esx, xml=xml, vmx_path="[local-storage] web/web.vmx", check=check)
    assert sorted(esx.domains()) == ["domain-1"]


@pytest.mark.parametrize(
    "described",
    [
        {"xml": domain_xml("domain-1", uuid=None)},
        {"name": "domain-1", "pool": "local-storage", "max_memory": "1 GiB"},
    ],
)
def test_a_moid_that_no_domain_has_defines_none(esx: Simulator, described: dict[str, Any]) -> None:
    for check in (True, False):
        with pytest.raises(NotFound, match="No domain of the host has the moid vm-9999"):
            ensure(esx, moid="vm-9999", check=check, **described)
    assert sorted(esx.domains()) == ["domain-1"]


def test_a_new_domain_is_placed_where_vmx_path_says(esx: Simulator) -> None:
    vmx, place = read_definition(esx), "[local-storage] web/before its renaming.vmx"
    result = check_apply_repeat(esx, vmx=vmx, vmx_path=place)
    assert result["domain"]["vmx_path"] == place
    assert files_in(esx, "[local-storage] web")[0] == "before its renaming.vmx"
    with pytest.raises(ParseError, match="pool: vmx_path says where the domain's VMX is"):
        ensure(esx, vmx=vmx, vmx_path=place, pool="local-storage")


def test_a_vmx_that_lies_there_with_other_disks_is_not_replaced(esx: Simulator) -> None:
    vmx = read_definition(esx)
    ensure(esx, vmx=vmx)
    ensure(esx, name="web", state="undefined")
    with pytest.raises(Refused, match="or has other disks") as info:
        ensure(esx, vmx=vmx.replace("web.vmdk", "older.vmdk"))
    assert "Register it with vmx_path alone" in str(info.value.hint)


def read_definition(esx: Simulator) -> str:
    """A VMX of the user's own: one from a host, with a comment and a key that nobody knows."""
    ensure(esx, xml=domain_xml())
    vmx = (read_file(esx, VMX) or b"").decode()
    ensure(esx, name="web", state="undefined", remove_storage=True)
    assert files_in(esx, "[local-storage] web") == []
    return f'# a comment\n{vmx}of.my.own = "kept"\n'


def test_bare_names_in_a_vmx_say_no_place(esx: Simulator) -> None:
    vmx = read_definition(esx).replace("/vmfs/volumes/local-storage/web/", "")
    with pytest.raises(ParseError, match="the place of the VMX does not follow from 'web.vmdk'"):
        ensure(esx, vmx=vmx)


# The missing part of a description, and the error.
UNPLACEABLE = [
    (domain_xml(disk="/var/lib/web.vmdk"), "does not follow from '/var/lib/web.vmdk'"),
    (domain_xml(disk="[local-storage] web/web.img"), "expecting it to end in '.vmdk'"),
    (
        domain_xml(disk="[local-storage] web/web.iso").replace("device='disk'", "device='cdrom'"),
        "has no hard disk that is a file",
    ),
    ("<domain type='kvm'/>", "not a domain of VMware's"),
]


@pytest.mark.parametrize(("xml", "said"), UNPLACEABLE)
def test_a_description_that_cannot_be_placed(esx: Simulator, xml: str, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        ensure(esx, xml=xml)


def test_a_datastore_that_is_not_there(esx: Simulator) -> None:
    with pytest.raises(NotFound, match=r"no datastore 'other'; it has 'local-storage'\."):
        ensure(esx, xml=domain_xml(disk="[other] web/web.vmdk"), with_disks=False)


def test_a_name_that_another_domain_has(esx: Simulator) -> None:
    with pytest.raises(Refused, match="has a domain 'domain-1' already"):
        ensure(esx, xml=domain_xml("domain-1"))


@pytest.mark.parametrize("check", [True, False])
def test_the_vmx_of_another_domain_is_never_overwritten(esx: Simulator, check: bool) -> None:
    ensure(esx, xml=domain_xml())
    ensure(esx, name="web", uuid=UUID, annotation="first")
    ensure(esx, uuid=UUID, name="renamed")
    before = read_file(esx, VMX)
    with pytest.raises(Refused, match="is the VMX of the domain 'renamed'"):
        ensure(esx, xml=domain_xml(uuid="11111111-2222-3333-4444-555555555555"), overwrite=True, check=check)
    assert read_file(esx, VMX) == before


@pytest.mark.parametrize("check", [True, False])
def test_a_strange_file_is_not_overwritten_unless_asked_for(esx: Simulator, check: bool) -> None:
    write_file(esx, VMX, b"not ours")
    with pytest.raises(Refused, match=r"exists and is not this domain's VMX"):
        ensure(esx, xml=domain_xml(), check=check)
    assert read_file(esx, VMX) == b"not ours"
    assert "web" not in esx.domains()


def test_a_strange_file_is_overwritten_where_asked_for(esx: Simulator) -> None:
    write_file(esx, VMX, b"not ours")
    assert check_apply_repeat(esx, xml=domain_xml(), overwrite=True)["steps"] == ["define"]


@pytest.mark.parametrize("where", ["call", "task"])
@pytest.mark.parametrize("former", [None, b"not ours"])
def test_a_define_that_fails_leaves_all_as_it_was(esx: Simulator, where: str, former: bytes | None) -> None:
    if former is not None:
        write_file(esx, VMX, former)
    esx.inject(method="RegisterVM_Task", fault="NoPermission", **{"in": where})
    with pytest.raises(ServerFault, match="again") as failed:
        ensure(esx, xml=domain_xml(), overwrite=True, state="running")
    assert failed.value.fault == "NoPermission"
    assert read_file(esx, VMX) == former
    assert "web" not in esx.domains()


def test_a_vmx_that_the_host_refuses_leaves_nothing(esx: Simulator) -> None:
    esx.inject(method="PUT", http=507)
    with pytest.raises(EsxError, match="datastore is full"):
        ensure(esx, xml=domain_xml())
    assert files_in(esx, "[local-storage] web") == ["web.vmdk"]


def test_the_free_licence_is_recognised_before_the_first_write() -> None:
    with start_host("-domains", "1", "-licence", "free") as esx:
        assert is_as_wanted(esx)
        with pytest.raises(LicenceRestricted):
            ensure(esx, xml=domain_xml())
        assert "PUT" not in esx.methods()


def is_as_wanted(esx: Simulator) -> bool:
    """Reading, and doing nothing, are free."""
    return not ensure(esx, name="domain-1", state="running")["changed"]


@pytest.mark.parametrize(("version", "has_server"), [("6.7", True), ("7.0", False), ("8.0", False)])
def test_vnc_is_warned_of_where_a_host_has_no_server_for_it(version: str, has_server: bool) -> None:
    vnc = "<graphics type='vnc' port='5901'/>"
    with start_host("-domains", "0", "-version", version) as esx:
        expected = [] if has_server else [f"The host is ESXi {version}.0, which has no VNC server"]
        warnings = ensure_with_warnings(esx, xml=domain_xml(devices=vnc))[1]
        assert [text.partition(" (")[0] for text in warnings] == expected
        assert ensure_with_warnings(esx, xml=domain_xml(devices=vnc))[1] == []
        ensure(esx, xml=domain_xml())
        warnings = ensure_with_warnings(esx, xml=domain_xml(devices=vnc))[1]
        assert [text.partition(" (")[0] for text in warnings] == expected


@pytest.mark.parametrize(
    ("state", "can_start"), [("incapable", False), ("prepared", False), ("safe", True), ("", True)]
)
def test_a_tpm_is_warned_of_where_a_host_has_no_key(esx: Simulator, state: str, can_start: bool) -> None:
    esx.change_host(crypto_state=state)
    expected = [] if can_start else [f"the encryption state of the host is '{state}'."]
    tpm = domain_xml(devices="<tpm><backend type='emulator'/></tpm>").replace("<os>", "<os firmware='efi'>")
    warnings = ensure_with_warnings(esx, xml=tpm)[1]
    assert [text.partition("; ")[2] for text in warnings] == expected
    assert ensure_with_warnings(esx, xml=tpm)[1] == []
    ensure(esx, name="web", annotation="note")
    ensure(esx, name="web", state="undefined")
    assert len(ensure_with_warnings(esx, xml=tpm)[1]) == len(expected)


@pytest.mark.parametrize(("version", "hardware"), [("4.0", 7), ("5.5", 10), ("6.0", 11), ("6.5", 13), ("8.0", 13)])
def test_the_hardware_is_one_that_the_host_has(version: str, hardware: int) -> None:
    with start_host("-domains", "0", "-version", version) as esx:
        predict_and_apply(esx, xml=domain_xml())
        assert f'virtualHW.version = "{hardware}"'.encode() in (read_file(esx, VMX) or b"")


def test_an_auto_controller_is_what_its_disk_was_made_for(esx: Simulator) -> None:
    create_disk(esx, "[local-storage] web/web.vmdk")
    result = check_apply_repeat(esx, xml=domain_xml().replace("model='lsilogic'", "model='auto'"))
    assert "<controller type='scsi' index='0' model='lsilogic'/>" in result["domain"]["xml"]


def test_an_auto_controller_needs_the_disk(esx: Simulator) -> None:
    with pytest.raises(ParseError, match="does not say for which SCSI controller"):
        ensure(
            esx,
            xml=domain_xml(disk="[local-storage] a.vmdk").replace("model='lsilogic'", "model='auto'"),
            with_disks=False,
        )


def test_a_vmx_without_a_name_needs_one(esx: Simulator) -> None:
    vmx = read_definition(esx).replace('displayName = "web"\n', "")
    with pytest.raises(ParseError, match="name"):
        ensure(esx, vmx=vmx)
    assert check_apply_repeat(esx, vmx=vmx, name="shop")["domain"]["name"] == "shop"
    assert not ensure(esx, vmx=vmx)["changed"]  # its UUID says which one is meant


def test_a_vmx_is_uploaded_in_its_own_encoding(esx: Simulator) -> None:
    vmx = read_definition(esx).replace('"UTF-8"', '"windows-1252"') + 'annotation = "grün"\n'
    assert "<description>grün</description>" in check_apply_repeat(esx, vmx=vmx)["domain"]["xml"]
    assert b'"gr\xfcn"' in (read_file(esx, VMX) or b"")
    ensure(esx, name="web", state="undefined", remove_storage=True)
    as_read = vmx.encode("windows-1252").decode("utf-8", "surrogateescape")
    assert "<description>grün</description>" in check_apply_repeat(esx, vmx=as_read)["domain"]["xml"]
    with pytest.raises(ParseError, match="lacks '日'"):
        ensure(esx, vmx=vmx.replace("grün", "日"), name="other", uuid=UUID.replace("5", "6"))


def test_differences_show_domain_xml(esx: Simulator) -> None:
    defined = ensure(esx, xml=domain_xml())["diff"]
    assert defined["before"] == ""
    assert "<name>web</name>" in defined["after"]
    started = ensure(esx, name="web", state="running")["diff"]
    assert ("state: shutoff" in started["before"], "state: running" in started["after"]) == (True, True)
    assert "<domain type='vmware' id='" in started["after"]
    ensure(esx, name="web", state="destroyed")
    removed = ensure(esx, name="web", state="undefined")["diff"]
    assert ("<name>web</name>" in removed["before"], removed["after"]) == (True, "")
