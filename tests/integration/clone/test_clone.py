# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_clone`` against a simulated host: what a clone shares with its source, what differs, and what is refused."""

from __future__ import annotations

import concurrent.futures
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._driver import registration
from ansible_collections.virt.esx.plugins.module_utils._driver.clone import clone as cloning
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import find_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    EsxError,
    LicenceRestricted,
    NotFound,
    ParseError,
    Refused,
    ServerFault,
)
from ansible_collections.virt.esx.plugins.modules import esx_clone, esx_domain
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, parameters, start_host, undescribed
from ansible_collections.virt.esx.tests.integration.killing import run_and_kill
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER, run_playbook
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    LOGIN,
    MIB,
    POOL,
    content,
    data_of,
    ensure,
    names,
    noise,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

VMX = """\
.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "13"
displayName = "web"
annotation = "The first one"
guestOS = "rhel7-64"
memsize = "1024"
uuid.bios = "50 11 5e 16 9b dc 49 d7-f1 71 53 c4 d7 f9 17 10"
uuid.location = "56 4d 12 23 f8 35 c4 b1-bb f6 e3 23 90 d6 2b d3"
sched.swap.derivedName = "/vmfs/volumes/datastore1/web/web-1.vswp"
nvram = "web.nvram"
unknown.key = "stays"
# a comment stays, too
scsi0.present = "TRUE"
scsi0.virtualDev = "lsilogic"
scsi0:0.present = "TRUE"
scsi0:0.deviceType = "scsi-hardDisk"
scsi0:0.fileName = "web.vmdk"
scsi0:0.redo = ""
scsi0:1.present = "TRUE"
scsi0:1.deviceType = "scsi-hardDisk"
scsi0:1.fileName = "/vmfs/volumes/datastore1/data/web-data.vmdk"
ide1:0.present = "TRUE"
ide1:0.deviceType = "cdrom-image"
ide1:0.fileName = "/vmfs/volumes/datastore1/iso/debian.iso"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "e1000"
ethernet0.networkName = "VM Network"
ethernet0.addressType = "generated"
ethernet0.generatedAddress = "00:0c:29:00:00:01"
ethernet1.present = "TRUE"
ethernet1.networkName = "VM Network"
ethernet1.addressType = "static"
ethernet1.address = "00:50:56:00:00:02"
"""
SYSTEM, DATA = noise(2 * MIB), noise(MIB, seed=2)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Simulator]:
    """A host with the domain ``web``, which is shut off and has two disks, and its files."""
    with start_host("-domains", "0", "-datastore-name", DATASTORE) as simulator:
        prepare(simulator, tmp_path)
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []


def prepare(host: Simulator, place: Path) -> None:
    ensure(host, "web/web.vmdk", source=write(place / "system.img", SYSTEM))
    ensure(host, "data/web-data.vmdk", source=write(place / "data.img", DATA), source_format="raw")
    ensure(host, "iso/debian.iso", source=write(place / "debian.iso", noise(MIB)))
    ensure(host, "web/web.nvram", source=write(place / "web.nvram", b"firmware"))
    ensure(host, "web/web.vmx", source=write(place / "web.vmx", VMX.encode()))
    for name in ("web/web.nvram.sha256", "web/web.vmx.sha256"):
        ensure(host, name, state="absent")
    with client(host, login=LOGIN) as connected:
        connected.register(f"{POOL} web/web.vmx")


def clone(host: Simulator, **arguments: Any) -> dict[str, Any]:
    source = {} if "vmx_path" in arguments else {"name": "web"}
    return carry_out(esx_clone.CONTRACT, host, **{**source, "clone_name": "web2", **arguments})


def values(host: Simulator, path: str) -> dict[str, str]:
    """The keys of a VMX file and their values."""
    return dict(re.findall(r'^([\w.:]+) = "(.*)"$', content(host, path).decode(), re.MULTILINE))


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
    with pytest.raises(Refused, match=r"as there is \[datastore1\] web2/web2_1.vmdk already"):
        clone(host)
    assert data_of(host, "web2/web2_1.vmdk") == bytes(MIB)


def test_an_encrypted_domain_is_refused(host: Simulator) -> None:
    host.change_from_outside("web", vmx=VMX + 'encryption.keySafe = "vmware:key/list"\n')
    with pytest.raises(Refused, match="is encrypted"):
        clone(host)


@pytest.mark.parametrize(
    "failure",
    [
        {"method": "PUT", "http": 500},
        {"method": "CopyVirtualDisk_Task", "fault": "NoDiskSpace", "in": "task"},
        {"method": "CopyVirtualDisk_Task", "fault": "NoDiskSpace", "in": "task", "skip": 1},
        {"method": "CopyDatastoreFile_Task", "fault": "FileLocked", "in": "task"},
        {"method": "PUT", "http": 500, "skip": 1},
        {"method": "RegisterVM_Task", "fault": "InvalidState", "in": "task"},
    ],
)
def test_whatever_fails_nothing_is_left(host: Simulator, failure: dict[str, Any]) -> None:
    before = names(host)
    host.inject(count=1, **failure)
    with pytest.raises(EsxError):
        clone(host)
    assert set(names(host)) <= {*before, "web2"}
    assert clone(host)["changed"] is True
    assert data_of(host, "web2/web2_1.vmdk") == DATA


@pytest.mark.parametrize(
    "at",
    [
        ("MakeDirectory", 0),
        ("PUT", 0),
        ("CopyVirtualDisk_Task", 0),
        ("MoveVirtualDisk_Task", 1),
        ("CopyDatastoreFile_Task", 0),
        ("PUT", 1),
        ("RegisterVM_Task", 0),
        ("DeleteDatastoreFile_Task", 0),
    ],
)
def test_a_clone_that_was_killed(host: Simulator, at: tuple[str, int]) -> None:
    run_and_kill(host, "esx_clone", at, name="web", clone_name="web2")
    clone(host)
    assert clone(host)["changed"] is False
    assert data_of(host, "web2/web2.vmdk") == SYSTEM
    assert data_of(host, "web2/web2_1.vmdk") == DATA
    assert [name for name in names(host) if name.startswith("web2/")] == [
        "web2/web2.nvram",
        "web2/web2.vmdk",
        "web2/web2.vmx",
        "web2/web2_1.vmdk",
    ]
    host.expire_sessions()


@pytest.mark.parametrize("at", [("MoveVirtualDisk_Task", 1), ("CopyDatastoreFile_Task", 0), ("PUT", 1)])
def test_a_clone_that_fails_after_it_was_killed_leaves_nothing(host: Simulator, at: tuple[str, int]) -> None:
    """Not even what the killed task had completed, which without its marker nothing would continue with."""
    run_and_kill(host, "esx_clone", at, name="web", clone_name="web2")
    host.inject(method="RegisterVM_Task", fault="InvalidArgument", count=1)
    with pytest.raises(EsxError, match="The files of the clone were deleted again"):
        clone(host)
    assert [name for name in names(host) if name.startswith("web2/")] == []
    assert clone(host)["changed"] is True
    assert data_of(host, "web2/web2.vmdk") == SYSTEM
    host.expire_sessions()


def test_a_finished_clone_with_another_name_is_not_continued(host: Simulator) -> None:
    """Its task was killed just before it deleted the marker, and then it was renamed: its VMX would be overwritten."""
    run_and_kill(host, "esx_clone", ("RegisterVM_Task", 0), name="web", clone_name="web2")
    with client(host, login=LOGIN) as connected:
        connected.wait(connected.domain("web2").Rename_Task("shop"))
    before = content(host, "web2/web2.vmx")
    for check in (True, False):
        with pytest.raises(Refused, match=r"web2/web2.vmx .*: it is used by domain 'shop'"):
            clone(host, check=check)
    assert content(host, "web2/web2.vmx") == before
    host.expire_sessions()


def test_a_registration_that_goes_on_keeps_the_files(host: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to the call is lost, and the host shows the domain only at the third look."""
    looks = itertools.count()

    def late(find: Callable[..., Any]) -> Callable[..., Any]:
        def look(*arguments: Any, **options: Any) -> Any:
            is_hidden = "RegisterVM_Task" in host.methods() and next(looks) < 2
            return None if is_hidden else find(*arguments, **options)

        return look

    monkeypatch.setattr(registration, "find_registered", late(registration.find_registered))
    monkeypatch.setattr(cloning, "find_registered", late(registration.find_registered))
    monkeypatch.setattr(cloning, "find_domain", late(find_domain))
    host.trace(reset=True)
    host.inject(method="RegisterVM_Task", drop="after", count=1)
    with pytest.raises(EsxError, match="RegisterVM_Task"):
        clone(host)
    assert {"web2/web2.vmx", "web2/web2.vmdk", "web2/web2_1.vmdk"} <= set(names(host))
    clone(host)
    assert clone(host)["changed"] is False


def test_of_two_tasks_that_make_one_clone_one_makes_it(tmp_path: Path) -> None:
    """The other one fails before it has made anything, and so deletes nothing of the first one's."""
    with start_host("-domains", "0", "-datastore-name", DATASTORE, "-copy-delay", "500") as host:
        prepare(host, tmp_path)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            tasks = [pool.submit(clone, host) for _task in range(2)]
        errors = [error for task in tasks if (error := task.exception()) is not None]
        assert [type(error) for error in errors] == [Refused]
        assert "may be making the same clone" in str(errors[0])
        assert {"web2/web2.vmdk", "web2/web2_1.vmdk", "web2/web2.vmx"} <= set(names(host))
        carry_out(esx_domain.CONTRACT, host, name="web2", state="running")


def test_a_clone_whose_name_another_client_has_taken_leaves_nothing(
    host: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host refuses the name at the very end; that the domain is there by then is what was asked for."""
    other = VMX.replace('displayName = "web"', 'displayName = "web2"').encode()
    ensure(host, "other/web2.vmx", source=write(tmp_path / "other.vmx", other))

    def overtaken(*_arguments: Any) -> Any:
        with client(host, login=LOGIN) as connected:
            connected.register(f"{POOL} other/web2.vmx")
        raise ServerFault("The name 'web2' already exists.", fault="DuplicateName")

    monkeypatch.setattr(cloning, "register_vmx", overtaken)
    warnings: list[str] = []
    given = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, "name": "web", "clone_name": "web2"}
    params = parameters(esx_clone.CONTRACT, **given)
    result = esx_clone.CONTRACT.run(Invocation(params, False, False, warnings.append))
    assert result["domain"]["vmx_path"] == f"{POOL} other/web2.vmx"
    told = "Another client has made domain 'web2' at the same time. The files of the clone were deleted again."
    assert warnings == [told]
    assert [name for name in names(host) if name.startswith("web2/")] == []


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
