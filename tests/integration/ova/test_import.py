# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing packages into a simulated host: from files and web servers, and what is refused."""

from __future__ import annotations

import io
import shutil
import socket
import tarfile
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    ConnectionFailed,
    EsxError,
    LicenceRestricted,
    NotFound,
    ParseError,
    Refused,
)
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host
from ansible_collections.virt.esx.tests.integration.ova.packages import (
    CAPACITY,
    SERIAL,
    Sources,
    bring,
    entries,
    make_disk,
    make_ova,
    ova,
)
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, run_playbook, variables_of
from ansible_collections.virt.esx.tests.integration.storage.volumes import content, data_of, names
from ansible_collections.virt.esx.tests.simulator_client import Simulator

READING = {
    *("RetrieveServiceContent", "Login", "Logout", "RetrievePropertiesEx", "FindByInventoryPath"),
    *("CreateImportSpec", "SearchDatastore_Task", "CreateFilter", "WaitForUpdatesEx", "DestroyPropertyFilter"),
}


def assert_nothing(host: Simulator, name: str = "appliance") -> None:
    """Nothing of an import is left."""
    assert name not in host.domains()
    assert [file for file in names(host) if file.startswith(name)] == []


def test_check_apply_repeat(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = made.ova(tmp_path / "appliance.ova")
    esx.trace(reset=True)
    predicted = bring(esx, source, check=True)
    assert set(esx.methods()) <= READING
    assert_nothing(esx)
    done = bring(esx, source)
    steps = [f"import domain 'appliance' from appliance.ova to [{DATASTORE}]"]
    assert predicted["steps"] == done["steps"] == steps
    assert (predicted["changed"], done["changed"]) == (True, True)
    assert predicted["package"] == done["package"]
    assert done["transferred_bytes"] == sum(len(file) for file in made.files.values())
    assert (done["domain"]["name"], done["domain"]["state"]) == ("appliance", "shutoff")
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image
    assert content(esx, "appliance/_deviceImage0.iso") == made.files["appliance-file1.iso"]
    assert done["warned"] == done["package"]["warnings"]
    assert [text[: len(SERIAL)] for text in done["warned"]] == [SERIAL]
    again = bring(esx, source)
    assert (again["changed"], again["steps"], again["warned"]) == (False, [], [])
    assert again["domain"] == done["domain"]
    assert carry_out(esx_domain.CONTRACT, esx, name="appliance", state="running")["domain"]["state"] == "running"
    assert bring(esx, source)["changed"] is False


@pytest.mark.parametrize("kind", ["descriptor", "directory", "archive's URL", "descriptor's URL", "redirected"])
def test_sources(esx: Simulator, made: Sources, tmp_path: Path, web: str, kind: str) -> None:
    directory = made.directory(tmp_path / "package")
    made.ova(tmp_path / "appliance.ova")
    source = {
        "descriptor": f"{directory}/appliance.ovf",
        "directory": directory,
        "archive's URL": f"{web}/appliance.ova",
        "descriptor's URL": f"{web}/package/appliance.ovf",
        "redirected": f"{web}/elsewhere/appliance.ova?token=x",
    }[kind]
    bring(esx, source, name="web", allocation="thick")
    assert data_of(esx, "web/disk-0.vmdk") == made.image
    again = bring(esx, source, name="web")
    assert (again["changed"], again["warned"]) == (False, [])


def test_the_token_of_a_url_is_in_no_result(esx: Simulator, made: Sources, tmp_path: Path, web: str) -> None:
    made.ova(tmp_path / "index.html")
    result = bring(esx, f"{web}/?token=hunter2")
    assert "hunter2" not in str(result)
    assert result["steps"] == [f"import domain 'appliance' from {web}/ to [{DATASTORE}]"]


def test_a_url_is_streamed_with_constant_memory(esx: Simulator, tmp_path: Path, made: Sources, web: str) -> None:
    capacity = 64 << 20
    make_disk(tmp_path / "big.vmdk", capacity=capacity)
    padding = b"\0" * (48 << 20)
    descriptor = made.descriptor.replace(str(CAPACITY).encode(), str(capacity).encode())
    files = {**made.files, "appliance-disk1.vmdk": (tmp_path / "big.vmdk").read_bytes(), "padding": padding}
    make_ova(tmp_path / "big.ova", [("appliance.ovf", descriptor), *files.items()])
    tracemalloc.start()
    done = bring(esx, f"{web}/big.ova")
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert done["changed"] is True
    assert peak < 24 << 20
    assert "The package's file 'padding' was not imported: the host does not need it." in done["warned"]


def test_another_package_of_that_name_is_told(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    bring(esx, made.ova(tmp_path / "a.ova"))
    newer = made.descriptor.replace(b"1.2</Version>", b"1.3</Version>")
    source = make_ova(tmp_path / "b.ova", [("appliance.ovf", newer), *made.files.items()])
    (warning,) = bring(esx, str(source))["warned"]
    assert "from another package, or another version of it. It is left as it is" in warning
    esx.change_from_outside("appliance", set={"virt.esx.ova": ""})
    result = bring(esx, str(source), name="appliance")
    assert result["changed"] is False
    assert "was created by another means" in result["warned"][0]


@pytest.mark.parametrize("place", ["before", "at the end"])
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_wrong_checksum_ends_the_import(
    esx: Simulator, made: Sources, tmp_path: Path, algorithm: str, place: str
) -> None:
    damaged = bytearray(made.files["appliance-file1.iso"])
    damaged[77] ^= 1
    files = {**made.files, "appliance-file1.iso": bytes(damaged)}
    order = [made.manifest(algorithm), *files.items()]
    if place == "at the end":
        order = [*order[1:], order[0]]
    source = make_ova(tmp_path / "a.ova", [("appliance.ovf", made.descriptor), *order])
    with pytest.raises(Refused, match=f"'appliance-file1.iso' is damaged .* {algorithm}:.*aborted, and nothing of it"):
        bring(esx, str(source))
    assert_nothing(esx)
    assert bring(esx, str(source), verify=False)["changed"] is True


def test_a_descriptor_is_checked_before_anything_is_sent(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    changed = made.descriptor.replace(b"2048", b"4096")
    source = make_ova(tmp_path / "a.ova", [("appliance.ovf", changed), made.manifest(), *made.files.items()])
    esx.trace(reset=True)
    for check in (True, False):
        with pytest.raises(Refused, match=r"'appliance.ovf' is damaged or was changed"):
            bring(esx, str(source), check=check)
    assert "ImportVApp" not in esx.methods()


def test_a_manifest_lists_all_files(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    name, text = made.manifest()
    short = b"\n".join(line for line in text.splitlines() if b".iso" not in line)
    with pytest.raises(Refused, match=r"does not list the package's file 'appliance-file1.iso'"):
        bring(esx, made.ova(tmp_path / "a.ova", (name, short)))
    assert_nothing(esx)


@pytest.mark.parametrize("what", ["cut", "no disk", "not a stream", "not a tar", "no descriptor", "link"])
def test_broken_packages(esx: Simulator, made: Sources, tmp_path: Path, what: str) -> None:
    path = tmp_path / "a.ova"
    source = made.ova(path)
    first = ("appliance.ovf", made.descriptor)
    if what == "cut":
        path.write_bytes(path.read_bytes()[:200_000])
    elif what == "no disk":
        make_ova(path, [first, ("appliance-file1.iso", made.files["appliance-file1.iso"])])
    elif what == "not a stream":
        make_ova(path, [first, ("appliance-disk1.vmdk", made.image[: 1 << 20])])
    elif what == "not a tar":
        path.write_bytes(b"nonsense" * 1000)
    elif what == "no descriptor":
        make_ova(path, [*made.files.items()])
    else:
        with tarfile.open(path, "w") as archive:
            entry = tarfile.TarInfo("appliance.ovf")
            entry.size = len(made.descriptor)
            archive.addfile(entry, io.BytesIO(made.descriptor))
            link = tarfile.TarInfo("appliance-disk1.vmdk")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
    reasons = {
        "cut": "truncated",
        "no disk": "it has no file 'appliance-disk1.vmdk'",
        "not a stream": "not a stream-optimized VMDK",
        "not a tar": "is not an OVA",
        "no descriptor": r"has no descriptor \(.ovf\) in it",
        "link": "is not a plain file",
    }
    with pytest.raises(EsxError, match=reasons[what]):
        bring(esx, source)
    assert_nothing(esx)


def replaced(made: Sources, path: Path, old: str, new: str) -> str:
    """An OVA whose descriptor says something else."""
    assert old in made.descriptor.decode()
    changed = made.descriptor.decode().replace(old, new).encode()
    return str(make_ova(path, [("appliance.ovf", changed), *made.files.items()]))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('ovf:href="appliance-disk1.vmdk"', 'ovf:href="../disk.vmdk"', "is not a file of the package"),
        ('ovf:href="appliance-disk1.vmdk"', 'ovf:href="http://x/disk.vmdk"', "is not a file of the package"),
        ('ovf:id="file1"', 'ovf:id="file1" ovf:chunkSize="100"', "split into chunks"),
        ('ovf:id="file1"', 'ovf:id="file1" ovf:compression="gzip"', "is compressed"),
        ("<vssd:VirtualSystemType>vmx-13<", "<vssd:VirtualSystemType>vmx-99<", "does not accept the package"),
        (
            "</VirtualSystem>",
            "<x:Own xmlns:x='urn:x'/></VirtualSystem>",
            "does not accept the package .* section 'Own'",
        ),
        (f'capacity="{CAPACITY}"', 'capacity="1048576"', f"disk of {CAPACITY} bytes, but .* 1048576 bytes large"),
        (f'capacity="{CAPACITY}"', 'capacity="0"', "<Disk capacity>: a disk cannot have a capacity of 0 bytes"),
        ('AllocationUnits="byte"', 'AllocationUnits="hertz"', "'hertz' is not a unit of bytes"),
        ("<Name>appliance<", "<Name>..<", "no directory can be called '..'"),
    ],
)
def test_descriptors_that_are_refused(
    esx: Simulator, made: Sources, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    source = replaced(made, tmp_path / "a.ova", old, new)
    for check in (True, False):
        with pytest.raises(EsxError, match=reason):
            bring(esx, source, check=check)
    assert esx.domains() == {}
    assert names(esx) == []


def test_collections_are_refused(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    text = made.descriptor.decode().replace("<VirtualSystem ", '<VirtualSystemCollection ovf:id="c"><VirtualSystem ')
    text = text.replace("</VirtualSystem>", "</VirtualSystem></VirtualSystemCollection>")
    source = make_ova(tmp_path / "a.ova", [("appliance.ovf", text.encode())])
    with pytest.raises(Refused, match=r"collection \(vApp\)"):
        bring(esx, str(source))


def test_a_licence_has_to_be_accepted(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="has a licence agreement") as refused:
        bring(esx, made.ova(tmp_path / "a.ova"), accept_eula=False, check=True)
    assert refused.value.details == {"eulas": ["Be nice to each other."]}


def test_networks(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = made.ova(tmp_path / "a.ova")
    with pytest.raises(NotFound, match="has no network 'nat' for the package's network 'nat'; it has '.*VM Network'"):
        bring(esx, source, network=None)
    with pytest.raises(ParseError, match="the package has no network 'lan'; it has 'nat'"):
        bring(esx, source, networks={"lan": "VM Network"})
    bring(esx, source, networks={"nat": "VM Network"}, network=None)
    assert "<source bridge='VM Network'/>" in dumped(esx)


def dumped(host: Simulator, name: str = "appliance") -> str:
    """The domain's XML."""
    (found,) = carry_out(esx_domain_info.CONTRACT, host, name=name, gather=["xml"])["domains"]
    return str(found["xml"])


def test_deployment_options(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = made.ova(tmp_path / "a.ova")
    with pytest.raises(ParseError, match="has no deployment option 'huge'; it has 'small', 'large'"):
        bring(esx, source, deployment_option="huge")
    bring(esx, source, name="small", deployment_option="small")
    bring(esx, source, name="large")
    assert "<vcpu placement='static'>1</vcpu>" in dumped(esx, "small")
    assert "<vcpu placement='static'>4</vcpu>" in dumped(esx, "large")
    assert 'oe:key="guest.hostname.1" oe:value="little"' in entries(esx, "small")["guestinfo.ovfEnv"]


def test_properties_reach_the_guest(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = made.ova(tmp_path / "a.ova")
    done = bring(
        esx, source, properties={"hostname": 'a"b<c', "dhcp": False}, secret_properties={"password": "s3cret!"}
    )
    environment = entries(esx, "appliance")["guestinfo.ovfEnv"]
    assert 'oe:key="guest.hostname.1" oe:value=\'a"b&lt;c\'' in environment
    assert 'oe:key="guest.dhcp.1" oe:value="False"' in environment
    assert 'oe:key="guest.password.1" oe:value="s3cret!"' in environment
    assert 'oe:key="guest.build.1" oe:value="77"' in environment
    assert "s3cret!" not in str(done)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"colour": "x"}, "there is no property 'colour'; the package has 'guest.hostname.1'"),
        ({"build": "78"}, "does not let users set 'build'"),
        ({"dhcp": "maybe"}, "neither true nor false"),
        ({"port": "ssh"}, "not a number"),
        ({"mode": "manual"}, "not one of static, auto"),
        ({"hostname": "x" * 64}, "at most 63 characters"),
    ],
)
def test_properties_that_are_refused(
    esx: Simulator, made: Sources, tmp_path: Path, given: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ParseError, match=reason):
        bring(esx, made.ova(tmp_path / "a.ova"), properties=given, check=True)


def test_a_directory_of_that_name_is_not_touched(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    esx.add_disk(f"[{DATASTORE}] appliance/precious.vmdk")
    before = names(esx)
    for check in (True, False):
        with pytest.raises(Refused, match=r"its directory \[datastore1\] appliance exists"):
            bring(esx, made.ova(tmp_path / "a.ova"), check=check)
    assert names(esx) == before


def test_a_datastore_that_is_too_full(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    esx.change_datastore(DATASTORE, free=1 << 20)
    with pytest.raises(Refused, match=r"too full: the disks need 16.0 MiB"):
        bring(esx, made.ova(tmp_path / "a.ova"), allocation="thick", check=True)
    with pytest.raises(NotFound, match="has no datastore 'other'"):
        bring(esx, made.ova(tmp_path / "a.ova"), pool="other", check=True)


def test_web_servers_that_fail(esx: Simulator, tmp_path: Path, web: str) -> None:
    with pytest.raises(NotFound, match="GET http://127.0.0.1:.*/missing.ova: HTTP status 404"):
        bring(esx, f"{web}/missing.ova?secret=1")
    with pytest.raises(ConnectionFailed, match="GET http://127.0.0.1:1/a.ova failed: "):
        bring(esx, "http://127.0.0.1:1/a.ova")
    with pytest.raises(ParseError, match="a URL with a user or a password"):
        bring(esx, "http://me:hunter2@127.0.0.1/a.ova")
    with pytest.raises(NotFound, match="cannot be read: No such file"):
        bring(esx, str(tmp_path / "missing.ova"))
    with pytest.raises(ParseError, match="needs exactly one .ovf file; it has none"):
        bring(esx, str(tmp_path))


def test_a_web_server_that_says_a_length_of_thousands_of_digits(esx: Simulator) -> None:
    """It is as if it said none; its answer is no package."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\nConnection: close\r\n\r\nnonsense" % (b"9" * 5000)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _address = server.accept()
            with client:
                client.recv(4096)
                client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(ParseError, match="is not an OVA"):
            bring(esx, f"http://127.0.0.1:{server.getsockname()[1]}/a.ova")


def test_options_without_effect_are_refused(esx: Simulator, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="dest: it has no effect with state 'present'"):
        bring(esx, "a.ova", dest="x")
    with pytest.raises(ParseError, match="network: it has no effect with state 'exported'"):
        ova(esx, state="exported", name="x", dest=str(tmp_path / "x.ova"), network="VM Network")


def test_the_free_licence(made: Sources, tmp_path: Path) -> None:
    with start_host("-domains", "0", "-licence", "free") as host, pytest.raises(LicenceRestricted):
        bring(host, made.ova(tmp_path / "a.ova"), check=True)


def test_a_vcenter_names_the_host_that_takes_the_files(made: Sources, tmp_path: Path) -> None:
    flags = ("-kind", "vcenter", "-hosts", "1", "-domains", "0", "-host-endpoints", "auto")
    with start_host(*flags) as vcenter:
        uri = vcenter.uri("vpx", user="root", path="DC0/DC0_H0", no_verify=1)
        arguments: dict[str, Any] = {"uri": uri, "pool": "local-storage", "properties": {"hostname": "web"}}
        assert bring(vcenter, made.ova(tmp_path / "a.ova"), **arguments)["changed"] is True
        assert bring(vcenter, made.ova(tmp_path / "a.ova"), **arguments)["changed"] is False


def test_a_playbook(host: Simulator, way: str, made: Sources, tmp_path: Path) -> None:
    made.ova(tmp_path / "appliance.ova")
    variables = {**variables_of(host), "place": str(tmp_path)}
    predicted = run_playbook("esx_ova.yml", extra_vars=variables, way=way, check=True, diff=True)
    assert predicted.task("Import a package").changed
    run = run_playbook("esx_ova.yml", extra_vars=variables, way=way)
    assert run.changed == 2
    assert "s3cret-of-the-guest" not in run.output
    assert run_playbook("esx_ova.yml", extra_vars=variables, way=way).changed == 0
    shutil.rmtree(tmp_path / "golden")


def test_what_was_imported_can_be_undefined_and_imported_again(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    """The image in its drive came with the package, and goes with the domain."""
    source = made.ova(tmp_path / "a.ova")
    for _run in range(2):
        assert bring(esx, source)["changed"] is True
        assert "appliance/_deviceImage0.iso" in names(esx)
        carry_out(esx_domain.CONTRACT, esx, name="appliance", state="undefined", remove_storage=True)
        assert names(esx) == []
