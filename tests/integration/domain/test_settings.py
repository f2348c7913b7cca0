# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: keys of the VMX, cloud-init's data, and the system: guest, hardware version, firmware, boot order."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError, Refused
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    UUID,
    check_apply_repeat,
    domain_xml,
    ensure,
    ensure_with_warnings,
    read_file,
    vmx_of,
    write_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VMX = "[local-storage] web/web.vmx"
DISK = "<disk type='file' device='cdrom'><target dev='hda' bus='ide'/></disk>"


@pytest.fixture
def off(esx: Simulator) -> Simulator:
    """A host with the domain ``web``, which is shut off."""
    ensure(esx, xml=domain_xml(devices=DISK))
    return esx


@pytest.fixture
def on(off: Simulator) -> Simulator:
    """The same, running, with tools that can be asked to shut the guest down."""
    off.change_from_outside("web", set={"simulator.tools": "running"})
    ensure(off, name="web", state="running")
    return off


SETTINGS = {"guestinfo.role": 'a "web" server', "tools.syncTime": True, "disk.EnableUUID": "TRUE", "x.number": 7}


def test_truth_values_are_shown_as_the_host_writes_them(off: Simulator) -> None:
    words = {"mem.hotadd": "yes", "logging": "off", "tools.syncTime": "1", "ctkEnabled": "on", "x.word": "yes"}
    result = check_apply_repeat(off, name="web", settings=words)
    written = {
        "mem.hotadd": "TRUE",
        "logging": "FALSE",
        "tools.syncTime": "TRUE",
        "ctkEnabled": "TRUE",
        "x.word": "yes",
    }
    shown = dict(line.split(": ", 1) for line in result["diff"]["after"].splitlines() if ": " in line)
    assert {key: shown[key] for key in words} == written
    assert {key: vmx_of(off)[key] for key in words} == written


def test_settings_change_while_the_domain_runs(on: Simulator) -> None:
    on.trace(reset=True)
    result = check_apply_repeat(on, name="web", settings=SETTINGS)
    assert result["steps"] == ["change guestinfo.role, tools.syncTime, disk.EnableUUID, x.number"]
    assert list(on.methods()).count("ReconfigVM_Task") == 1
    assert 'guestinfo.role: a "web" server\n' in result["diff"]["after"]
    vmx = vmx_of(on)
    assert (vmx["guestinfo.role"], vmx["tools.syncTime"], vmx["x.number"]) == ("a |22web|22 server", "TRUE", "7")
    gone = check_apply_repeat(on, name="web", settings={"GuestInfo.Role": None, "tools.syncTime": False, "none": None})
    assert gone["steps"] == ["change guestinfo.role, tools.syncTime"]
    assert "guestinfo.role" not in vmx_of(on)


def test_a_new_domain_has_its_settings(esx: Simulator) -> None:
    options = {"settings": {**SETTINGS, "none": None}, "cloud_init": {"user_data": "#cloud-config\n"}}
    xml = domain_xml(uuid=None, mac=None)
    result = check_apply_repeat(esx, xml=xml, nested_virtualisation=True, boot=["cdrom", "hd"], **options)
    assert result["steps"] == ["define"]
    assert (vmx_of(esx)["vhv.enable"], vmx_of(esx)["disk.EnableUUID"]) == ("TRUE", "TRUE")


def test_cloud_init_data_are_settings_of_the_domain(off: Simulator) -> None:
    data = {"user_data": "#cloud-config\npassword: geheim\n", "network_config": {"version": 2}}
    result = check_apply_repeat(off, name="web", cloud_init=data)
    meta_data = json.loads(base64.b64decode(vmx_of(off)["guestinfo.metadata"]))
    assert meta_data == {"instance-id": UUID, "local-hostname": "web", "network": {"version": 2}}
    assert "geheim" not in str(result)
    assert base64.b64encode(b"geheim").decode() not in str(result)
    off.change_from_outside("web", set={"guestinfo.userdata": "---"})
    assert not ensure(off, name="web", cloud_init=data)["changed"]
    assert check_apply_repeat(off, name="web", cloud_init={**data, "meta_data": {"instance-id": "two"}})["changed"]
    check_apply_repeat(off, name="web", cloud_init={**data, "user_data": ""})
    assert not {"guestinfo.userdata", "guestinfo.userdata.encoding"}.intersection(vmx_of(off))


WRONG: list[tuple[dict[str, Any], type[EsxError], str]] = [
    ({"settings": {"memsize": 2048}}, ParseError, "set by max_memory"),
    ({"settings": {"scsi0:1.fileName": "b.vmdk"}}, ParseError, "set by disks"),
    ({"settings": {"numa.autosize.cookie": "1"}}, ParseError, "host writes this key"),
    ({"settings": {"a b": "1"}}, ParseError, "cannot be the name of a key"),
    ({"settings": {"guestinfo.a/b": "1"}}, ParseError, "letters, digits and"),
    ({"settings": {"1a": "1"}}, ParseError, "begins with a letter"),
    ({"settings": {"guestinfo.a": {"b": 1}}}, ParseError, "its value is not a text"),
    ({"settings": {"guestinfo.a": "x" * 600_000}}, Refused, "would have 6.* a VMX is at most 524288 bytes"),
    ({"settings": {f"guestinfo.{n}": '"' * 50_000 for n in range(4)}}, Refused, "a VMX is at most 524288 bytes"),
    ({"guest_os": "nothing"}, ParseError, "is not a known guest operating system"),
    ({"hw_version": 4}, Refused, "no host lowers it"),
    ({"hw_version": 2}, ParseError, "not a virtual hardware version"),
    ({"secure_boot": True}, ParseError, "secure boot needs the firmware efi"),
    ({"boot": ["sdz"]}, ParseError, "has no device 'sdz'"),
    ({"boot": []}, ParseError, "names nothing"),
    ({"cloud_init": {"user_data": "".join(map(str, range(60000)))}}, ParseError, "a guest reads at most"),
]


@pytest.mark.parametrize(("options", "error", "words"), WRONG)
def test_what_is_wrong_is_refused(off: Simulator, options: dict[str, Any], error: type[EsxError], words: str) -> None:
    with pytest.raises(error, match=words):
        ensure(off, name="web", **options)


@pytest.mark.parametrize("name", ["debian12-64", "debian12_64Guest", "debian12", "http://debian.org/debian/12"])
def test_a_guest_has_many_names(off: Simulator, name: str) -> None:
    assert check_apply_repeat(off, name="web", guest_os=name)["steps"] == ["change guest operating system"]
    assert vmx_of(off)["guestOS"] == "debian12-64"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("ubuntu-64", "ubuntu-64"),
        ("oraclelinux8-64", "oraclelinux8-64"),
        ("freebsd13_64Guest", "freeBSD13-64"),
        ("windows9srv-64", "windows9srv-64"),
        ("winServer2008Standard-64", "longhorn-64"),
        ("linux", "otherlinux"),
    ],
)
def test_a_guest_is_known_again_by_the_word_that_the_host_writes(off: Simulator, name: str, word: str) -> None:
    check_apply_repeat(off, name="web", guest_os=name)
    assert vmx_of(off)["guestOS"] == word


def test_a_word_that_means_the_same_guest_is_no_change(off: Simulator) -> None:
    ensure(off, name="web", guest_os="longhorn-64", vcpus=1)
    xml = ensure(off, name="web", guest_os="longhorn-64")["domain"]["xml"]
    for arguments in (
        {"name": "web", "guest_os": "winServer2008Web-64"},
        {"xml": xml.replace("longhorn-64", "winServer2008Web-64")},
    ):
        assert not ensure(off, **arguments)["changed"]


def test_the_hardware_is_upgraded_with_all_else(off: Simulator) -> None:
    result = check_apply_repeat(off, name="web", hw_version=17, vcpus=4)
    assert result["steps"] == ["upgrade to hardware version 17", "change vcpus"]
    assert vmx_of(off)["virtualHW.version"] == "17"
    assert check_apply_repeat(off, name="web", hw_version=19)["steps"] == ["upgrade to hardware version 19"]


@pytest.mark.parametrize("check", [True, False])
def test_no_domain_gets_hardware_that_its_host_does_not_have(off: Simulator, check: bool) -> None:
    words = r"cannot be version 22: the host is ESXi 8\.0\.[0-9.]*, which has none above 21"
    vmx = (read_file(off, "[local-storage] web/web.vmx") or b"").decode()
    newer = vmx.replace('virtualHW.version = "13"', 'virtualHW.version = "22"')
    for options in ({"name": "web", "hw_version": 22}, {"vmx": newer}):
        with pytest.raises(Refused, match=words):
            ensure(off, check=check, **options)
    with pytest.raises(Refused, match=words):
        ensure(off, check=check, name="new", pool="local-storage", max_memory="1 GiB", hw_version=22)


def test_the_hardware_of_a_running_domain_is_upgraded_with_a_power_cycle(on: Simulator) -> None:
    with pytest.raises(Refused, match="hardware version"):
        ensure(on, name="web", hw_version=17)
    result = check_apply_repeat(on, name="web", hw_version=17, annotation="new", power_cycle=True)
    assert result["steps"] == ["shut down", "upgrade to hardware version 17", "change annotation", "power on"]


def test_the_boot_order_of_a_running_domain_is_that_of_its_next_start(esx: Simulator) -> None:
    for boot in (["network"], ["hd", "network"], ["sda"]):
        result = check_apply_repeat(esx, name="domain-1", boot=boot)
        assert result["domain"]["state"] == "running"


def test_a_domain_gets_firmware_boot_order_and_hot_add(off: Simulator) -> None:
    options: dict[str, Any] = {
        "boot": ["cdrom", "hd", "network"],
        "hotplug": {"memory": True, "vcpus": True},
        "nested_virtualisation": True,
    }
    result = check_apply_repeat(off, name="web", **options)
    assert len(result["steps"]) == 1
    vmx = vmx_of(off)
    assert (vmx["bios.bootOrder"], vmx["mem.hotadd"], vmx["vhv.enable"]) == ("cdrom,hdd,ethernet0", "TRUE", "TRUE")
    check_apply_repeat(off, name="web", boot=["sda", "hda"])
    assert vmx_of(off)["bios.hddOrder"] == "scsi0:0"
    check_apply_repeat(off, name="web", disks=[{"target": "sdb", "size": "8 MiB"}], boot=["sdb", "hd", "network"])
    assert vmx_of(off)["bios.hddOrder"] == "scsi0:1,scsi0:0"
    ensure(off, name="web", state="running")
    grown = check_apply_repeat(off, name="web", vcpus=4, max_memory="2 GiB", memory="2 GiB")
    assert grown["steps"] == ["change max_memory, vcpus"]


def test_the_firmware_is_an_option(off: Simulator) -> None:
    result = check_apply_repeat(off, name="web", firmware="efi", secure_boot=True, hw_version=17)
    assert result["steps"] == ["upgrade to hardware version 17", "change firmware"]
    assert (vmx_of(off)["firmware"], vmx_of(off)["uefi.secureBoot.enabled"]) == ("efi", "TRUE")


GIT = """.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "{hw}"
displayName = "web"
guestOS = "debian11-64"
memsize = "1024"
numvcpus = "1"
scsi0.present = "TRUE"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "/vmfs/volumes/local-storage/web/web.vmdk"
guestinfo.userdata = "{userdata}"
mem.hotadd = "{hot}"
isolation.tools.copy.disable = "TRUE"
"""


def test_a_vmx_is_wanted_with_all_its_keys(esx: Simulator) -> None:
    check_apply_repeat(esx, vmx=GIT.format(hw=19, userdata="abc", hot="FALSE"))
    text = GIT.format(hw=20, userdata="xyz", hot="TRUE").replace('copy.disable = "TRUE"', 'copy.disable = "FALSE"')
    changed = check_apply_repeat(esx, vmx=text)
    assert changed["steps"] == [
        "upgrade to hardware version 20",
        "change guestinfo.userdata, mem.hotadd, isolation.tools.copy.disable",
    ]
    _result, warnings = ensure_with_warnings(esx, vmx=GIT.format(hw=19, userdata="xyz", hot="TRUE"))
    assert any("no host lowers it" in warning for warning in warnings)


def test_keys_that_others_have_added_stay(off: Simulator) -> None:
    write_file(off, VMX, (read_file(off, VMX) or b"") + b'someone.elses = "key"\n')
    check_apply_repeat(off, name="web", settings={"guestinfo.role": "web"})
    assert vmx_of(off)["someone.elses"] == "key"
