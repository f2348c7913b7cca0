# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: what a host could not start, or would do otherwise, is refused before anything is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info, esx_scheduler
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    READING,
    UUID,
    check_apply_repeat,
    domain_xml,
    ensure,
    ensure_with_warnings,
    open_as_user,
    read_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VMX = "[local-storage] web/web.vmx"
OTHER = UUID.replace("5", "6")
ISO = "<disk type='file' device='cdrom'><source file='{}'/><target dev='{}' bus='ide'/></disk>"
DISK = "<disk type='file' device='disk'><source file='{}'/><target dev='sdb' bus='scsi'/></disk>"
CARD = "<interface type='bridge'><mac address='{}'/><source bridge='{}'/><model type='e1000'/></interface>"
GUARANTEE = "<memtune><min_guarantee unit='TiB'>1</min_guarantee></memtune><vcpu>"

VMX_TEXT = """config.version = "8"
virtualHW.version = "13"
displayName = "web"
annotation = "x"
guestOS = "other-64"
memsize = "64"
scsi0.present = "true"
scsi0:0.present = "true"
scsi0:0.deviceType = "scsi-hardDisk"
scsi0:0.fileName = "/vmfs/volumes/local-storage/web/web.vmdk"
ethernet0.present = "true"
ethernet0.networkName = "VM Network"
"""

# The description, and the error.
REFUSED = [
    (
        domain_xml(devices=ISO.format("[local-strage] iso/a.iso", "hda")),
        r"the host has no datastore 'local-strage'; it has 'local-storage'",
    ),
    (domain_xml(network="VM network"), "has no network 'VM network'; it has 'Lab Network', 'VM Network'"),
    (domain_xml(network="DMZ"), "has no network 'DMZ'"),
    (
        domain_xml().replace("<vcpu>2", "<vcpu>9999"),
        "9999 vcpus are not possible on this host, which has 64 logical processors|9999 processors needs",
    ),
    (
        domain_xml().replace("<memory unit='MiB'>1024", "<memory unit='TiB'>900"),
        "KiB of memory are not possible|of memory needs virtual hardware",
    ),
    (
        domain_xml().replace("<vcpu>", GUARANTEE).replace("<memory unit='MiB'>1024", "<memory unit='TiB'>2"),
        "guaranteed",
    ),
    (
        domain_xml(devices="".join(CARD.format(f"00:50:56:00:00:0{number}", "VM Network") for number in range(10))),
        "11 network cards are not possible|out of",
    ),
    (domain_xml(devices=ISO.format("[local-storage] a&#10;b.iso", "hda")), "has a control character"),
    (domain_xml(devices=ISO.format(f"[local-storage] {'n' * 256}.iso", "hda")), "has 260 bytes, expecting at most 255"),
    (domain_xml(devices=ISO.format("[local-storage] a.iso", "hdb")), "slave of IDE channel 0, which has no master"),
    (domain_xml(devices=CARD.format("00:50:56:25:48:c7", "VM Network")), "2 cards have the MAC address"),
    (
        domain_xml(devices=DISK.format("[local-storage] web/web-flat.vmdk")),
        r"expecting .* '\[local-storage\] web/web.vmdk'",
    ),
    (domain_xml(devices=DISK.format("[local-storage] domain-1/domain-1.vmdk")), "in use by the domain 'domain-1'"),
    (
        domain_xml().replace("<vcpu>2", "<vcpu>96"),
        "96 vcpus are not possible on this host, which has 64 logical processors",
    ),
    (domain_xml(devices="<controller type='scsi' index='4'/>"), r"index='4'>: index out of \[0..3\] range"),
    (domain_xml(devices="<controller type='sata' index='4'/>"), r"index='4'>: index out of \[0..3\] range"),
    (domain_xml(devices=DISK.format("[local-storage] web//b.vmdk")), "empty, '.' or '..' segment"),
    (
        domain_xml(devices=DISK.format("[local-storage] web/web.vmdk")),
        r"<disk> sdb: the file '\[local-storage\] web/web.vmdk' is that of the disk sda already",
    ),
    (domain_xml(devices=DISK.format("[local-storage]web/web.vmdk")), "is that of the disk sda already"),
    (
        domain_xml(devices=ISO.format("[local-storage]", "hda")),
        r"<disk> hda: '\[local-storage\]' is not the name of a file",
    ),
    (
        domain_xml(devices=ISO.format("[local-storage] web/web.vmdk", "hda")),
        "web.vmdk' is a disk, not an image for a cdrom drive",
    ),
]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize(("xml", "said"), REFUSED)
def test_nothing_is_sent(esx: Simulator, xml: str, said: str, exists: bool, check: bool) -> None:
    if exists:
        ensure(esx, xml=domain_xml())
    before = read_file(esx, VMX)
    esx.trace(reset=True)
    with pytest.raises(EsxError, match=said):
        ensure(esx, xml=xml, check=check, with_disks=False)
    assert set(esx.methods()) <= READING
    assert read_file(esx, VMX) == before


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("place", "option"),
    [({"pool": "local-strage"}, "pool"), ({"vmx_path": "[local-strage] web/web.vmx"}, "vmx_path")],
)
def test_a_place_in_a_datastore_that_the_host_lacks(
    esx: Simulator, place: dict[str, Any], option: str, check: bool
) -> None:
    """The disk would be made in its own datastore before the upload of the VMX fails."""
    disks = [{"target": "sda", "size": "8 MiB", "source": "[local-storage] web/web.vmdk"}]
    esx.trace(reset=True)
    with pytest.raises(NotFound, match=rf"^{option}: the host has no datastore 'local-strage'; it has 'local-storage'"):
        ensure(esx, xml=domain_xml(), disks=disks, check=check, with_disks=False, **place)
    assert set(esx.methods()) <= READING


@pytest.mark.parametrize("name", ["n" * 252, "ü" * 100, "n" * 70_000])
def test_a_name_that_no_file_can_have(esx: Simulator, name: str) -> None:
    esx.trace(reset=True)
    with pytest.raises(EsxError, match=r"^name: the file name '.{40}\.\.\.' has \d+ bytes, expecting at most 255"):
        ensure(esx, xml=domain_xml(name))
    assert set(esx.methods()) <= READING


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("displayName", "a|01b", r"line \d+, displayname: the value has the character U\+0001"),
        ("displayName", "a|0ab", r"line \d+, displayname: it has a line end"),
        ("annotation", "a\x1b[2Jb", r"line \d+, annotation: the value has the character U\+001B"),
        ("scsi0:0.fileName", "/vmfs/volumes/local-storage/web/w|01.vmdk", r"line \d+, scsi0:0.filename: the value has"),
        ("ethernet0.networkName", "VM |02Network", r"the value has the character U\+0002"),
    ],
)
def test_a_vmx_that_says_what_no_domain_xml_can(esx: Simulator, key: str, value: str, said: str) -> None:
    vmx = re.sub(rf'(?m)^({re.escape(key)} = ").*"$', lambda found: f'{found[1]}{value}"', VMX_TEXT)
    assert value in vmx
    esx.trace(reset=True)
    with pytest.raises(EsxError, match=said):
        ensure(esx, vmx=vmx, with_disks=False)
    assert set(esx.methods()) <= READING


def test_other_keys_of_a_vmx_may_have_any_character(esx: Simulator) -> None:
    assert ensure(esx, vmx=VMX_TEXT + 'guestinfo.colour = "|1b[31m"\n')["changed"]
    assert not ensure(esx, vmx=VMX_TEXT + 'guestinfo.colour = "|1b[31m"\n')["changed"]


def test_an_annotation_that_no_domain_xml_can_have(esx: Simulator) -> None:
    descriptions: list[dict[str, Any]] = [{"xml": domain_xml()}, {"name": "domain-1"}]
    for given in descriptions:
        with pytest.raises(EsxError, match=r"^annotation: it has the character U\+0001"):
            ensure(esx, **given, annotation="a\x01b")


@pytest.mark.parametrize("moid", ["<x>", "vm-1</obj>", "a&b", "vm 1", 'vm-"1'])
def test_what_is_no_id_of_a_managed_object(esx: Simulator, moid: str) -> None:
    """It would be written into the requests as it is."""
    contracts: list[tuple[Any, dict[str, Any]]] = [
        (esx_domain.CONTRACT, {"state": "running"}),
        (esx_domain_info.CONTRACT, {}),
        (esx_scheduler.CONTRACT, {"reservation": 5}),
    ]
    for contract, more in contracts:
        with pytest.raises(EsxError, match="^moid: '.*' is not the id of a managed object"):
            carry_out(contract, esx, moid=moid, **more)


def test_a_path_of_a_vmx_that_is_a_disk_s(esx: Simulator) -> None:
    with pytest.raises(EsxError, match=r"vmx_path: '\[local-storage\] web/web.vmdk' is not the name of a VMX file"):
        ensure(esx, vmx_path="[local-storage] web/web.vmdk", state="running")


@pytest.mark.parametrize("check", [True, False])
def test_a_new_file_in_place_of_a_disk_s(esx: Simulator, check: bool) -> None:
    """The file would not be made, as the domain has a disk of that target, and the host would not find it."""
    ensure(esx, xml=domain_xml())
    xml = domain_xml().replace("web/web.vmdk", "web/new.vmdk")
    with pytest.raises(Refused, match=r"is '\[local-storage\] web/web.vmdk', not '\[local-storage\] web/new.vmdk'"):
        carry_out(esx_domain.CONTRACT, esx, check=check, xml=xml, disks=[{"target": "sda", "size": "8 MiB"}])


def test_an_iso_that_is_there_stays_when_another_is_misspelt(esx: Simulator) -> None:
    ensure(esx, xml=domain_xml(devices=ISO.format("[local-storage] iso/a.iso", "hda")))
    with pytest.raises(EsxError, match="no datastore 'local'"):
        ensure(esx, xml=domain_xml(devices=ISO.format("[local] iso/a.iso", "hda")))
    assert b"iso/a.iso" in (read_file(esx, VMX) or b"")


def test_the_datastore_of_a_vmx_s_image(esx: Simulator) -> None:
    ensure(esx, xml=domain_xml(devices=ISO.format("[local-storage] iso/a.iso", "hda")))
    vmx = (read_file(esx, VMX) or b"").decode()
    with pytest.raises(EsxError, match="no datastore 'gone'"):
        ensure(esx, vmx=vmx.replace("local-storage/iso", "gone/iso"))


def test_a_network_that_is_gone_is_no_reason_to_refuse_another_change(esx: Simulator) -> None:
    ensure(esx, xml=domain_xml())
    esx.change_from_outside("web", set={"ethernet0.networkName": "gone"})
    assert ensure(esx, xml=domain_xml(network="gone"), annotation="x")["steps"] == ["change annotation"]


def test_domains_that_both_share_a_disk(esx: Simulator) -> None:
    shared = "<shareable/><target dev='sda'"
    ensure(esx, xml=domain_xml().replace("<target dev='sda'", shared))
    with pytest.raises(EsxError, match="in use by the domain 'web'"):
        ensure(esx, xml=domain_xml("other", uuid=OTHER, mac=None))
    ensure(esx, xml=domain_xml("other", uuid=OTHER, mac=None).replace("<target dev='sda'", shared))
    assert {"web", "other"} <= set(esx.domains())


@pytest.mark.parametrize(("version", "refused"), [("4.0", True), ("4.1", False)])
def test_old_hosts_take_an_even_number_of_processors(version: str, refused: bool) -> None:
    with start_host("-domains", "0", "-version", version) as esx:
        xml = domain_xml().replace("<vcpu>2", "<vcpu>3")
        if refused:
            with pytest.raises(EsxError, match="it takes 1 or an even number"):
                ensure(esx, xml=xml)
        else:
            assert ensure(esx, xml=xml)["changed"]


def test_storage_is_removed_with_undefined_only(esx: Simulator) -> None:
    _result, warnings = ensure_with_warnings(esx, name="domain-1", remove_storage=True)
    assert warnings == ["remove_storage has no effect with state defined; it is for state undefined."]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"shutdown_timeout": 5}, "shutdown_timeout has no effect with state defined; it is for state shutdown and"),
        (
            {"state": "undefined", "vcpus": 2, "settings": {"a.b": "c"}},
            "vcpus, settings have no effect with state undef",
        ),
        (
            {"state": "undefined", "annotation": "", "autostart": False, "overwrite": True},
            "annotation, autostart, overwrite have no effect with state undef",
        ),
    ],
)
def test_what_has_no_effect_is_said(esx: Simulator, given: dict[str, Any], said: str) -> None:
    _result, warnings = ensure_with_warnings(esx, name="gone" if "state" in given else "domain-1", **given)
    assert len(warnings) == 1
    assert warnings[0].startswith(said)


def test_a_domain_that_an_earlier_task_would_define(esx: Simulator) -> None:
    with pytest.raises(EsxError) as failed:
        ensure(esx, name="new", state="running", check=True)
    assert "In check mode" in (failed.value.hint or "")


MISSING = ISO.format("[local-storage] iso/missing.iso", "hda")
NO_IMAGE = r"<disk> hda: there is no file '\[local-storage\] iso/missing.iso'\."


def test_an_image_that_is_not_there(esx: Simulator) -> None:
    """A host registers a domain with it, and refuses to start it or to put it into a drive."""
    xml = domain_xml(devices=MISSING)
    esx.add_disk("[local-storage] web/web.vmdk")
    with pytest.raises(NotFound, match=NO_IMAGE):
        ensure(esx, xml=xml, state="running", with_disks=False)
    assert "web" not in esx.domains()
    _result, warnings = ensure_with_warnings(esx, xml=xml, with_disks=False)
    assert [re.match(NO_IMAGE, text) is not None for text in warnings] == [True]
    assert "The drive cannot be connected without it. Upload the image first" in warnings[0]
    assert not ensure(esx, xml=xml, with_disks=False)["changed"]


def test_an_image_that_is_a_directory(esx: Simulator) -> None:
    ensure(esx, xml=domain_xml())
    with pytest.raises(EsxError, match=r"HEAD \[local-storage\] web with an HTML page") as caught:
        ensure(esx, name="web", cdroms=[{"target": "hda", "source": "[local-storage] web"}])
    assert "for a directory: name a file in it" in str(caught.value.hint)


@pytest.mark.parametrize("state", ["defined", "running"])
def test_an_image_that_is_not_there_is_not_put_into_a_drive(esx: Simulator, state: str) -> None:
    ensure(esx, xml=domain_xml(devices=ISO.format("[local-storage] iso/a.iso", "hda")), state=state)
    esx.trace(reset=True)
    with pytest.raises(NotFound, match=NO_IMAGE):
        ensure(esx, xml=domain_xml(devices=MISSING), with_disks=False)
    assert set(esx.methods()) <= READING


def test_a_domain_whose_vmx_the_host_could_not_read_is_repaired(esx: Simulator) -> None:
    """A host neither starts nor reconfigures it, but reads its VMX again."""
    ensure(esx, xml=domain_xml())
    vmx = (read_file(esx, VMX) or b"").decode()
    esx.change_from_outside("web", vmx=vmx.replace('numvcpus = "2"', 'numvcpus = "9999"'))
    with open_as_user(esx) as host:
        (web,) = host.session.content.searchIndex.FindAllByUuid(None, UUID, True, False)
        web.Reload()
    for check in (True, False):
        for change in ({"state": "running"}, {"settings": {"guestinfo.a": "b"}}):
            with pytest.raises(Refused, match=r"its host could not read \[local-storage\] web/web.vmx"):
                ensure(esx, name="web", check=check, **change)
    assert check_apply_repeat(esx, name="web", vcpus=4)["steps"] == ["change vcpus in the VMX"]
    check_apply_repeat(esx, name="web", settings={"guestinfo.a": "b"}, state="running")


@pytest.mark.parametrize("check", [True, False])
def test_a_new_name_that_is_too_long_is_refused(esx: Simulator, check: bool) -> None:
    ensure(esx, xml=domain_xml())
    with pytest.raises(ParseError, match="name: .* has 81 characters, expecting at most 80"):
        ensure(esx, uuid=UUID, name="n" * 81, check=check)
    check_apply_repeat(esx, uuid=UUID, name="n" * 80)


@pytest.mark.parametrize(("option", "words"), [("name", "it is empty"), ("uuid", "'' is not a UUID")])
def test_an_empty_name_or_uuid_says_nothing_and_is_refused(esx: Simulator, option: str, words: str) -> None:
    """It comes from an empty variable; without it, another domain than is meant could be."""
    empty: dict[str, Any] = {option: ""}
    with pytest.raises(ParseError, match=f"{option}: {words}"):
        ensure(esx, xml=domain_xml(), state="undefined", **empty)
