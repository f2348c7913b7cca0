# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_clone`` against a simulated host: what a clone shares with its source, what differs, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    LicenceRestricted,
    NotFound,
    ParseError,
    Refused,
)
from ansible_collections.virt.esx.plugins.modules import esx_clone
from ansible_collections.virt.esx.tests.integration.clone.clones import DATA, SYSTEM, VMX, clone, prepare, values
from ansible_collections.virt.esx.tests.integration.contracts import start_host, undescribed
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER, run_playbook
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    LOGIN,
    MIB,
    POOL,
    content,
    data_of,
    ensure,
    names,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client


def test_check_mode_predicts_a_clone_and_a_second_run_changes_nothing(host: Simulator) -> None:
    predicted = clone(host, check=True, diff=True)
    assert set(host.domains()) == {"web"}
    done = clone(host, diff=True)
    assert (
        predicted["steps"]
        == done["steps"]
        == [
            f"create directory {POOL} web2",
            "mark the clone as incomplete",
            f"clone {POOL} web/web.vmdk to {POOL} web2/web2.vmdk",
            f"clone {POOL} data/web-data.vmdk to {POOL} web2/web2_1.vmdk",
            f"copy {POOL} web/web.nvram to {POOL} web2/web2.nvram",
            "define domain 'web2'",
        ]
    )
    assert predicted["diff"] == done["diff"]
    again = clone(host, diff=True)
    assert again["changed"] is False
    assert again["domain"] == done["domain"]
    assert [name for name in names(host) if name.startswith("web2/")] == [
        "web2/web2.nvram",
        "web2/web2.vmdk",
        "web2/web2.vmx",
        "web2/web2_1.vmdk",
    ]


def test_a_clone_has_its_sources_data_and_hardware_and_its_own_identity(host: Simulator) -> None:
    done = clone(host, description="The second one")
    assert data_of(host, "web2/web2.vmdk") == SYSTEM
    assert data_of(host, "web2/web2_1.vmdk") == DATA
    assert content(host, "web2/web2.nvram") == b"firmware"
    source, made = values(host, "web/web.vmx"), values(host, "web2/web2.vmx")
    assert "# a comment stays, too" in content(host, "web2/web2.vmx").decode()
    for gone in ("uuid.location", "sched.swap.derivedName", "scsi0:0.redo", "ethernet1.address"):
        del source[gone]
    changed = {key for key in source if made.get(key) != source[key]}
    assert changed == {
        "displayName",
        "annotation",
        "uuid.bios",
        "nvram",
        "scsi0:0.fileName",
        "scsi0:1.fileName",
        "ethernet0.generatedAddress",
        "ethernet1.addressType",
    }
    assert set(made) - set(source) == {
        "ethernet0.generatedAddressOffset",
        "ethernet1.generatedAddress",
        "ethernet1.generatedAddressOffset",
    }
    assert (made["displayName"], made["annotation"], made["nvram"]) == ("web2", "The second one", "web2.nvram")
    assert (made["scsi0:0.fileName"], made["scsi0:1.fileName"]) == ("web2.vmdk", "web2_1.vmdk")
    assert made["unknown.key"] == "stays"
    domains = host.domains()
    assert domains["web2"]["uuid"] == done["domain"]["uuid"] != domains["web"]["uuid"]
    assert values(host, "web/web.vmx")["displayName"] == "web"


def test_uuid_macs_and_description_are_chosen(host: Simulator) -> None:
    uuid = "50115e16-9bdc-49d7-f171-53c4d7f91799"
    done = clone(host, clone_uuid=uuid.upper(), macs=["00:50:56:01:02:03", "52:54:00:01:02:03"], description="")
    made = values(host, "web2/web2.vmx")
    assert done["domain"]["uuid"] == uuid
    assert (made["ethernet0.addressType"], made["ethernet0.address"]) == ("static", "00:50:56:01:02:03")
    assert (made["ethernet1.address"], made["ethernet1.checkMACAddress"]) == ("52:54:00:01:02:03", "false")
    assert "annotation" not in made


def test_a_snapshot_of_a_running_domain_is_cloned(host: Simulator) -> None:
    with client(host, login=LOGIN) as connected:
        domain = connected.domain("web")
        connected.wait(domain.CreateSnapshot_Task("before", "", False, False))
        connected.wait(domain.PowerOnVM_Task())
    with pytest.raises(Refused, match="it is running"):
        clone(host)
    with pytest.raises(NotFound, match="has no snapshot 'after'"):
        clone(host, snapshot="after")
    assert clone(host, snapshot="before")["changed"] is True
    assert data_of(host, "web2/web2.vmdk") == SYSTEM
    assert data_of(host, "web2/web2_1.vmdk") == DATA


def test_a_vmx_that_no_domain_uses_is_cloned(host: Simulator) -> None:
    with client(host, login=LOGIN) as connected:
        connected.domain("web").UnregisterVM()
    for number in (2, 3):
        done = clone(host, vmx_path=f"{POOL} web/web.vmx", clone_name=f"a/b % {number}")
        assert done["domain"]["name"] == f"a/b % {number}"
    assert set(host.domains()) == {"a%2fb %25 2", "a%2fb %25 3"}
    with pytest.raises(NotFound, match="There is no VMX"):
        clone(host, vmx_path=f"{POOL} none.vmx", clone_name="none")


def test_the_vmx_of_a_suspended_domain_is_not_cloned(host: Simulator) -> None:
    """Its disks lack what its guest holds in memory; no lock of the host protects them."""
    with client(host, login=LOGIN) as connected:
        domain = connected.domain("web")
        connected.wait(domain.PowerOnVM_Task())
        connected.wait(domain.SuspendVM_Task())
    for check in (True, False):
        with pytest.raises(Refused, match="The domain 'web' cannot be cloned: it is paused"):
            clone(host, vmx_path=f"{POOL} web/web.vmx", check=check)


def test_an_image_beside_the_sources_vmx_is_shared(host: Simulator, tmp_path: Path) -> None:
    """Its bare name would stand for a file in the clone's directory, which is not there."""
    floppy = 'floppy0.present = "TRUE"\nfloppy0.fileType = "file"\nfloppy0.fileName = "drivers/a.img"\n'
    empty = 'ide0:0.present = "TRUE"\nide0:0.deviceType = "cdrom-image"\nide0:0.fileName = "emptyBackingString"\n'
    log = 'serial0.present = "TRUE"\nserial0.fileType = "file"\nserial0.fileName = "console.log"\n'
    bare = VMX.replace("/vmfs/volumes/datastore1/iso/debian.iso", "seed.iso") + floppy + empty + log
    ensure(host, "web/bare.vmx", source=write(tmp_path / "bare.vmx", bare.encode()))
    clone(host, vmx_path=f"{POOL} web/bare.vmx")
    made = values(host, "web2/web2.vmx")
    assert made["ide1:0.fileName"] == "/vmfs/volumes/datastore1/web/seed.iso"
    assert made["floppy0.fileName"] == "/vmfs/volumes/datastore1/web/drivers/a.img"
    assert made["ide0:0.fileName"] == "emptyBackingString"
    assert made["serial0.fileName"] == "console.log"


def test_all_that_is_returned_is_documented(host: Simulator) -> None:
    result = clone(host)
    del result["changed"]
    assert undescribed(result, {"type": "dict", "contains": yaml.safe_load(esx_clone.RETURN)}) == []


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"name": "none"}, NotFound, "No domain of the host has the name 'none'"),
        ({"pool": "none"}, NotFound, "no datastore 'none'"),
        ({"clone_name": ""}, ParseError, "is not a valid name of a domain"),
        ({"clone_name": "a\nb"}, ParseError, "is not a valid name of a domain"),
        ({"macs": ["1"]}, ParseError, "is not the MAC address"),
        ({"macs": ["01:00:5e:00:00:01"]}, ParseError, "is not the MAC address"),
        (
            {"macs": [f"00:50:56:00:00:0{number}" for number in range(3)]},
            Refused,
            "There are 3 macs, but the domain has 2",
        ),
        ({"clone_uuid": "1"}, ParseError, "clone_uuid: '1' is not a UUID"),
        ({"macs": ["00:50:56:00:00:01"] * 2}, ParseError, "'00:50:56:00:00:01' is given twice"),
        ({"clone_uuid": "50115e16-9bdc-49d7-f171-53c4d7f91710"}, Refused, "domain 'web' has the UUID"),
        ({"vmx_path": f"{POOL} ../web.vmx"}, ParseError, "has an empty, '.' or '..' segment"),
        ({"vmx_path": f"{POOL} web"}, ParseError, "is not the name of a VMX file"),
        ({"vmx_path": f"{POOL} web/web.vmdk"}, ParseError, "is not the name of a VMX file"),
        (
            {"vmx_path": f"{POOL} iso/broken.vmx"},
            ParseError,
            "iso/broken.vmx is not a VMX that can be cloned: line 1, Dear: ",
        ),
        ({"vmx_path": f"{POOL} iso/dangling.vmx"}, NotFound, "does not exist"),
    ],
)
def test_impossible_requests_are_refused_before_any_change(
    host: Simulator, tmp_path: Path, arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    ensure(host, "iso/broken.vmx", source=write(tmp_path / "broken.vmx", b"Dear host,\nwhere are you?\n"))
    dangling = VMX.replace('"web.vmdk"', '"none.vmdk"').encode()
    ensure(host, "iso/dangling.vmx", source=write(tmp_path / "dangling.vmx", dangling))
    before = names(host)
    for check in (True, False):
        with pytest.raises(kind) as caught:
            clone(host, **arguments, check=check)
        assert message in str(caught.value)
    assert names(host) == before


def test_files_of_others_are_not_taken_over(host: Simulator) -> None:
    ensure(host, "web2/web2_1.vmdk", capacity="1 MiB")
    with pytest.raises(Refused, match=r"cannot be made: \[datastore1\] web2/web2_1.vmdk already exists"):
        clone(host)
    assert data_of(host, "web2/web2_1.vmdk") == bytes(MIB)


def test_an_encrypted_domain_is_refused(host: Simulator) -> None:
    host.change_from_outside("web", vmx=VMX + 'encryption.keySafe = "vmware:key/list"\n')
    with pytest.raises(Refused, match="is encrypted"):
        clone(host)


def test_the_disks_are_copied_side_by_side(tmp_path: Path) -> None:
    with start_host("-domains", "0", "-datastore-name", DATASTORE, "-copy-delay", "600") as host:
        prepare(host, tmp_path)
        host.trace(reset=True)
        clone(host)
        methods = host.methods()
        first, last = (index for index, method in enumerate(methods) if method == "CopyVirtualDisk_Task")
        assert last == first + 1


def test_a_host_whose_licence_only_reads_says_so() -> None:
    flags = ("-domains", "1", "-autostart=false", "-datastore-name", DATASTORE, "-licence", "free")
    with start_host(*flags) as host, pytest.raises(LicenceRestricted):
        clone(host, name="domain-1")


def test_through_a_vcenter_too() -> None:
    flags = (
        "-kind",
        "vcenter",
        "-hosts",
        "1",
        "-clusters",
        "0",
        "-domains",
        "1",
        "-autostart=false",
        "-datastore-name",
        DATASTORE,
    )
    with start_host(*flags) as vcenter:
        uri = vcenter.uri("vpx", user=USER, path="DC0/DC0_H0", no_verify=1)
        for changed in (True, False):
            assert clone(vcenter, uri=uri, name="domain-1")["changed"] is changed
        assert set(vcenter.domains()) == {"domain-1", "web2"}


def test_the_playbook(host: Simulator, way: str) -> None:
    """Run each task in check mode and twice for real, in both ways."""
    variables = {"esx_uri": host.uri(user=USER, no_verify=1), "esx_password": PASSWORD}
    predicted = run_playbook("esx_clone.yml", extra_vars=variables, way=way, check=True, diff=True)
    assert predicted.changed == 1
    assert "+name: web2" in predicted.output
    assert run_playbook("esx_clone.yml", extra_vars=variables, way=way).changed == 1
    assert run_playbook("esx_clone.yml", extra_vars=variables, way=way).changed == 0
