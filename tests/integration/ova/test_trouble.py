# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports and exports that fail, are killed or are slow: nothing half done stays, and a second run ends right."""

from __future__ import annotations

import dataclasses
import http.server
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import list_domains
from ansible_collections.virt.esx.plugins.module_utils._driver.ova import importer
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import send_to_url
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.domain.domains import write_file
from ansible_collections.virt.esx.tests.integration.killing import run_and_kill
from ansible_collections.virt.esx.tests.integration.ova.packages import Sources, bring, make_ova, ova
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.integration.storage.volumes import data_of, names
from ansible_collections.virt.esx.tests.simulator_client import Simulator

# How an import may fail: rules of the simulator, and what the message says.
FAILURES: list[tuple[dict[str, Any], str]] = [
    ({"method": "CreateImportSpec", "fault": "InvalidDatastore"}, "CreateImportSpec failed"),
    ({"method": "ImportVApp", "fault": "NoPermission"}, "ImportVApp failed"),
    ({"method": "ImportVApp", "fault": "NotSupported"}, "the server has no leases for files"),
    ({"method": "POST", "name": "/ha-nfc/*/disk-0.vmdk", "http": 500}, "nothing of it is left on the host"),
    ({"method": "POST", "name": "/ha-nfc/*/disk-0.vmdk", "http": 503}, "nothing of it is left on the host"),
    ({"method": "POST", "name": "/ha-nfc/*/disk-0.vmdk", "drop": "before"}, "nothing of it is left on the host"),
    ({"method": "PUT", "name": "/ha-nfc/*/_deviceImage0.iso", "http": 403}, "nothing of it is left on the host"),
    ({"method": "PUT", "name": "/ha-nfc/*/_deviceImage0.iso", "drop": "before"}, "nothing of it is left on the host"),
    ({"method": "HttpNfcLeaseComplete", "fault": "InvalidState"}, "nothing of it is left on the host"),
    ({"method": "HttpNfcLeaseComplete", "drop": "before"}, "nothing of it is left on the host"),
]


@pytest.mark.parametrize(("rule", "message"), FAILURES)
def test_an_import_that_fails_leaves_nothing(
    esx: Simulator, made: Sources, tmp_path: Path, rule: dict[str, Any], message: str
) -> None:
    source = made.ova(tmp_path / "a.ova")
    esx.inject(**rule)
    with pytest.raises(EsxError, match=message):
        bring(esx, source)
    esx.clear_faults()
    assert esx.domains() == {}
    assert names(esx) == []
    assert bring(esx, source)["changed"] is True
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image
    assert bring(esx, source)["changed"] is False


PRETENDED = [
    ("PUT", "/_deviceImage0.iso", r"_deviceImage0.iso, which a drive .* nothing of it is left on the host"),
    ("POST", "/disk-0.vmdk", r"the data of 'appliance-disk1.vmdk' are in no disk .* nothing of it is left on the host"),
]


@pytest.mark.parametrize("allocation", ["thin", "thick"])
@pytest.mark.parametrize(("pretended", "end", "said"), PRETENDED)
def test_a_file_that_the_server_only_pretended_to_take(
    esx: Simulator,
    made: Sources,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pretended: str,
    end: str,
    said: str,
    allocation: str,
) -> None:
    """Anything between can answer 200 with nothing in it."""
    source = made.ova(tmp_path / "a.ova")
    with monkeypatch.context() as patched:
        patched.setattr(importer, "send_to_url", pretending(pretended, end))
        with pytest.raises(EsxError, match=said):
            bring(esx, source, allocation=allocation)
    assert (esx.domains(), names(esx)) == ({}, [])
    assert bring(esx, source)["changed"] is True


def pretending(pretended: str, end: str) -> Callable[..., None]:
    """Return a ``send_to_url`` that sends nothing with a method to a URL with some end."""

    def send(session: Any, url: str, source: Any, size: int, *, method: str, **more: Any) -> None:
        if method != pretended or not url.endswith(end):
            send_to_url(session, url, source, size, method=method, **more)
        while source.read(size):
            pass

    return send


@pytest.mark.parametrize("lost", [None, 0, 1])
def test_each_of_two_disks_has_to_arrive(
    esx: Simulator, made: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int | None
) -> None:
    """They are alike in front; which of them is missing does not matter."""
    source = str(make_ova(tmp_path / "two.ova", two_disks(made)))
    if lost is None:
        assert bring(esx, source)["changed"] is True
        return
    with monkeypatch.context() as patched:
        patched.setattr(importer, "send_to_url", pretending("POST", f"/disk-{lost}.vmdk"))
        with pytest.raises(EsxError, match="are in no disk of the domain"):
            bring(esx, source)
    assert names(esx) == []


def two_disks(made: Sources) -> list[tuple[str, bytes]]:
    """The files of the package with its disk twice."""
    text = made.descriptor.decode()
    file, disk, item = (
        re.search(pattern, text, re.DOTALL)
        for pattern in (
            r'<(?:ovf:)?File [^>]*ovf:id="file1"[^>]*/>',
            r'<(?:ovf:)?Disk [^>]*ovf:fileRef="file1"[^>]*/>',
            r"<Item>(?:(?!</Item>).)*ovf:/disk/(?:(?!</Item>).)*</Item>",
        )
    )
    assert file
    assert disk
    assert item
    again = file[0].replace("file1", "file9").replace("appliance-disk1", "appliance-disk9")
    more = disk[0].replace("file1", "file9").replace("vmdisk1", "vmdisk9")
    device = item[0].replace("vmdisk1", "vmdisk9")
    device = re.sub(r"(AddressOnParent>)\d+", r"\g<1>3", re.sub(r"(InstanceID>)\d+", r"\g<1>99", device))
    for old, new in ((file[0], again), (disk[0], more), (item[0], device)):
        text = text.replace(old, old + new)
    first = made.files["appliance-disk1.vmdk"]
    return [("appliance.ovf", text.encode()), *made.files.items(), ("appliance-disk9.vmdk", first)]


@pytest.mark.parametrize(
    "rule",
    [
        {"method": "GET", "name": "/folder/*", "http": 401},
        {"method": "GET", "name": "/folder/*", "http": 404},
        {"method": "GET", "name": "/folder/*", "http": 500},
    ],
)
def test_a_disk_that_cannot_be_looked_at_is_imported(
    esx: Simulator, made: Sources, tmp_path: Path, rule: dict[str, Any]
) -> None:
    esx.inject(**rule)
    assert bring(esx, made.ova(tmp_path / "a.ova"))["changed"] is True
    esx.clear_faults()
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image


def test_a_lost_answer_to_the_completion(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = made.ova(tmp_path / "a.ova")
    esx.inject(method="HttpNfcLeaseComplete", drop="after", count=1)
    result = bring(esx, source)
    assert (result["changed"], result["domain"]["name"]) == (True, "appliance")
    assert bring(esx, source)["changed"] is False


def test_a_lost_answer_to_the_import(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = made.ova(tmp_path / "a.ova")
    esx.inject(method="ImportVApp", drop="after", count=1)
    began = time.monotonic()
    with pytest.raises(
        EsxError, match="Whether it was carried out is not known.* The host still has the lease of an imp"
    ):
        bring(esx, source)
    assert time.monotonic() - began < 8  # what waits for the lease is the next task
    assert bring(esx, source)["changed"] is True
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image


def test_lost_signs_of_life_do_not_matter(esx: Simulator, made: Sources, tmp_path: Path, slow: SlowServer) -> None:
    slow.serve(Path(made.ova(tmp_path / "a.ova")).read_bytes(), seconds=5)
    esx.inject(method="HttpNfcLeaseProgress", drop="before", count=2)
    assert bring(esx, slow.url)["changed"] is True


class SlowServer:
    """A web server that takes its time: whole seconds for a file, so that a lease has to be kept alive."""

    def __init__(self) -> None:
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.content)))
                self.end_headers()
                step = len(outer.content) // 10 + 1
                for at in range(0, len(outer.content), step):
                    self.wfile.write(outer.content[at : at + step])
                    if at:
                        time.sleep(outer.seconds / 10)
                    if outer.stop_at is not None and at >= outer.stop_at:
                        self.connection.close()
                        return

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.content, self.seconds, self.stop_at = b"", 0.0, None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/a.ova"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    content: bytes
    seconds: float
    stop_at: int | None

    def serve(self, content: bytes, *, seconds: float = 0, stop_at: int | None = None) -> None:
        """Serve a file from now on; the connection breaks after so many bytes."""
        self.content, self.seconds, self.stop_at = content, seconds, stop_at


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    server = SlowServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_a_slow_source_is_waited_for(esx: Simulator, made: Sources, tmp_path: Path, slow: SlowServer) -> None:
    slow.serve(Path(made.ova(tmp_path / "a.ova")).read_bytes(), seconds=6)
    result = bring(esx, slow.url)
    assert result["changed"] is True
    assert "HttpNfcLeaseProgress" in esx.methods()
    assert any("Importing domain 'appliance' from a.ova: " in line and "left" in line for line in result["shown"])


def test_a_source_that_breaks_off(esx: Simulator, made: Sources, tmp_path: Path, slow: SlowServer) -> None:
    slow.serve(Path(made.ova(tmp_path / "a.ova")).read_bytes(), stop_at=200_000)
    with pytest.raises(EsxError, match="nothing of it is left on the host"):
        bring(esx, slow.url)
    assert names(esx) == []


def test_a_lease_that_the_host_ends(esx: Simulator, made: Sources, tmp_path: Path, slow: SlowServer) -> None:
    slow.serve(Path(made.ova(tmp_path / "a.ova")).read_bytes(), seconds=8)
    esx.inject(method="HttpNfcLeaseProgress", fault="Timedout")
    with pytest.raises(EsxError, match=r"HttpNfcLeaseProgress failed: .*nothing of it is left on the host"):
        bring(esx, slow.url)
    esx.clear_faults()
    assert names(esx) == []


@pytest.mark.parametrize("at", [("ImportVApp", 0), ("POST", 0), ("PUT", 0), ("HttpNfcLeaseComplete", 0)])
def test_an_import_that_was_killed(made: Sources, tmp_path: Path, at: tuple[str, int]) -> None:
    flags = ("-domains", "0", "-datastore-name", DATASTORE, "-lease-timeout", "3")
    source = made.ova(tmp_path / "a.ova")
    with start_host(*flags) as host:
        run_and_kill(host, "esx_ova", at, source=source, network="VM Network", accept_eula=True)
        if at[0] == "PUT":
            assert "Another import or export of domain 'appliance'" in bring(host, source, check=True)["warned"][-1]
        result = bring(host, source)
        if at[0] != "HttpNfcLeaseComplete":  # which the host may carry out, or not, after its client has gone
            assert result["changed"] is True
        assert data_of(host, "appliance/disk-0.vmdk") == made.image
        assert bring(host, source)["changed"] is False
        assert [name for name in names(host) if "appliance_1" in name] == []
        host.expire_sessions()


@pytest.mark.parametrize("at", [("ExportVm", 0), ("GET", 0), ("HttpNfcLeaseComplete", 0)])
def test_an_export_that_was_killed(made: Sources, tmp_path: Path, at: tuple[str, int]) -> None:
    flags = ("-domains", "0", "-datastore-name", DATASTORE, "-lease-timeout", "3")
    out = tmp_path / "out"
    out.mkdir()
    export: dict[str, Any] = {"state": "exported", "name": "appliance", "dest": str(out / "a.ova")}
    with start_host(*flags) as host:
        bring(host, made.ova(tmp_path / "a.ova"))
        run_and_kill(host, "esx_ova", at, **export)
        ova(host, **export)
        assert ova(host, **export)["changed"] is False
        assert sorted(file.name for file in out.iterdir()) == ["a.ova", "a.vmx", "a.xml"]
        host.expire_sessions()


EXPORT_FAILURES: list[dict[str, Any]] = [
    {"method": "ExportVm", "fault": "NoPermission"},
    {"method": "CreateDescriptor", "fault": "InvalidState", "skip": 1},
    {"method": "GET", "name": "/ha-nfc/*/disk-0.vmdk", "http": 500},
    {"method": "GET", "name": "/ha-nfc/*/disk-0.vmdk", "drop": "before"},
    {"method": "HttpNfcLeaseComplete", "fault": "InvalidState"},
]


@pytest.mark.parametrize("dest", ["out.ova", "out"])
@pytest.mark.parametrize("rule", EXPORT_FAILURES)
def test_an_export_that_fails_leaves_nothing(
    esx: Simulator, made: Sources, tmp_path: Path, rule: dict[str, Any], dest: str
) -> None:
    bring(esx, made.ova(tmp_path / "a.ova"))
    place = tmp_path / "exports"
    place.mkdir()
    export: dict[str, Any] = {"state": "exported", "name": "appliance", "dest": str(place / dest)}
    esx.inject(**rule)
    with pytest.raises(EsxError):
        ova(esx, **export)
    esx.clear_faults()
    assert list(place.iterdir()) == []
    assert ova(esx, **export)["changed"] is True
    assert sorted(place.glob("*.part")) == []
    assert ova(esx, **export)["changed"] is False


@pytest.mark.parametrize(("content", "said"), [(b"\x00\x01 no VMX", "line 1"), (b"", "it is empty")])
def test_a_damaged_vmx_is_not_exported(
    esx: Simulator, made: Sources, tmp_path: Path, content: bytes, said: str
) -> None:
    bring(esx, made.ova(tmp_path / "a.ova"))
    write_file(esx, f"[{DATASTORE}] appliance/appliance.vmx", content)
    with pytest.raises(EsxError, match=rf"The VMX of domain 'appliance' is damaged: {said}"):
        ova(esx, state="exported", name="appliance", dest=str(tmp_path / "out.ova"))
    assert not (tmp_path / "out.ova").exists()


def test_an_export_into_a_directory_with_other_files(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    bring(esx, made.ova(tmp_path / "a.ova"))
    place = tmp_path / "mine"
    place.mkdir()
    (place / "thesis.txt").write_text("precious", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(Refused, match=r"it also has 'thesis.txt', which does not belong to a package"):
            ova(esx, state="exported", name="appliance", dest=str(place), force=force)
    assert (place / "thesis.txt").read_text(encoding="utf-8") == "precious"


def test_several_that_import_one_package(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    source = made.ova(tmp_path / "a.ova")
    esx.inject(method="ImportVApp", count=4, delay=400)
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _number: bring(esx, source), range(4)))
    assert sorted(result["changed"] for result in results) == [False, False, False, True]
    assert len({result["domain"]["uuid"] for result in results}) == 1
    assert {name.partition("/")[0] for name in names(esx)} == {"appliance"}
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image


@dataclasses.dataclass(frozen=True)
class Namesake:
    """A domain of the same name, as a host that allows several has it."""

    vmx_path: str
    leased: bool = True
    name: str = "appliance"
    ref: str = "vim.VirtualMachine:0"
    state: str = "shutoff"

    @property
    def values(self) -> dict[str, Any]:
        return {"disabledMethod": ["PowerOnVM_Task", "Destroy_Task", "ReconfigVM_Task"] if self.leased else []}


@pytest.mark.parametrize(
    ("namesake", "goes_on"),
    [
        (Namesake(f"[{DATASTORE}] appliance_1/appliance.vmx"), True),
        (Namesake(f"[{DATASTORE}] appliance_12/appliance.vmx"), True),
        (Namesake("[elsewhere] appliance/appliance.vmx", ref="'vim.VirtualMachine:z'"), True),
        (Namesake("[elsewhere] appliance/appliance.vmx", ref="'vim.VirtualMachine:a'"), False),
        (Namesake("[elsewhere] any/any.vmx", leased=False), False),
    ],
)
def test_of_several_imports_that_a_host_allows_one_goes_on(
    esx: Simulator,
    made: Sources,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    namesake: Namesake,
    goes_on: bool,
) -> None:
    """The same one for all clients, whatever they see first."""
    source = made.ova(tmp_path / "a.ova")
    with monkeypatch.context() as patched:
        patched.setattr(importer, "list_domains", lambda *given: [*list_domains(*given), namesake])
        if goes_on:
            assert bring(esx, source)["changed"] is True
            return
        with pytest.raises(Refused, match=r"Another client has .* domain 'appliance'.* nothing of it is left"):
            bring(esx, source)
    assert names(esx) == []
    assert bring(esx, source)["changed"] is True


def test_a_domain_whose_directory_has_another_name(esx: Simulator, made: Sources, tmp_path: Path) -> None:
    """A directory that ends like one that a host makes for a second domain, because the name does."""
    assert bring(esx, made.ova(tmp_path / "a.ova"), name="web_1")["changed"] is True
    assert bring(esx, made.ova(tmp_path / "a.ova"), name="web")["changed"] is True
