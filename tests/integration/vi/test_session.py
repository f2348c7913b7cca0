# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions: their number of calls, that they are always closed, and that those that end early are renewed."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    AuthFailed,
    ConnectionFailed,
    EsxError,
    ServerFault,
    TimedOut,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import get_file, put_file
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import find_host
from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, fetch, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session
from ansible_collections.virt.esx.plugins.module_utils._vi.task import wait_for_task
from ansible_collections.virt.esx.tests.integration.vi.servers import (
    Certificate,
    Proxy,
    http_answer,
    read_request,
    serve,
)
from ansible_collections.virt.esx.tests.integration.vi.sessions import (
    BEGIN,
    PASSWORD,
    PATHS,
    USER,
    connection_to,
    find_domain,
    no_change,
    reconfiguration,
    running,
    session_on,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def test_a_task_without_changes(host: Simulator) -> None:
    with session_on(host) as session:
        no_change(session)
    calls = host.trace()
    assert [call["method"] for call in calls] == [*BEGIN, "FindByInventoryPath", "RetrievePropertiesEx", "Logout"]
    assert len({call["connection"] for call in calls}) == 1


def test_the_number_of_domains_does_not_matter() -> None:
    counts = []
    for domains in ("1", "40"):
        with running("-domains", domains) as simulator, session_on(simulator) as session:
            no_change(session)
            fetch(session, "VirtualMachine", PATHS, objects=[find_host(session).host], traversal=HOST_VMS)
            counts.append(session.stub.calls)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("error", [EsxError("x"), RuntimeError(), KeyboardInterrupt(), SystemExit(1)])
def test_a_session_is_closed_after_a_failure(host: Simulator, error: BaseException) -> None:
    with pytest.raises(type(error)), session_on(host):
        assert len(host.sessions()) == 1
        raise error
    assert host.sessions() == []


def test_a_session_is_closed_by_sigterm(host: Simulator) -> None:
    program = """
        import sys, time
        from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
        from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session

        with open_session(resolve({"uri": sys.argv[1], "password": sys.argv[2]}, {})):
            print("open", flush=True)
            time.sleep(60)
    """
    uri = host.uri(user=USER, no_verify=1)
    command = [sys.executable, "-c", textwrap.dedent(program), uri, PASSWORD]
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        assert len(host.sessions()) == 1
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
    assert host.sessions() == []


def test_a_logout_that_fails_is_a_warning_only(host: Simulator) -> None:
    host.inject(method="Logout", fault="SystemError", count=1)
    warnings: list[str] = []
    with open_session(connection_to(host), warn=warnings.append) as session:
        no_change(session)
    assert len(warnings) == 1
    assert "could not be closed" in warnings[0]
    host.expire_sessions()


def test_a_session_that_has_ended_by_itself_needs_no_logout(host: Simulator) -> None:
    with session_on(host) as session:
        no_change(session)
        host.expire_sessions()


@pytest.mark.parametrize("given", [{"username": f"{USER}:{PASSWORD}", "password": "x"}, {"username": f"a:{PASSWORD}"}])
def test_a_password_behind_the_name_of_the_user_is_not_shown(host: Simulator, given: dict[str, Any]) -> None:
    with (
        pytest.raises(AuthFailed, match=r"user '\w+:\*\*\*' on 127") as caught,
        session_on(host, **{"password": None, **given}),
    ):
        pass
    assert PASSWORD not in str(caught.value)


def test_a_wrong_password_is_tried_once(host: Simulator) -> None:
    with pytest.raises(AuthFailed) as caught, session_on(host, password="wr0ng"):
        pass
    place = f"user '{USER}' on 127.0.0.1:{host.port}"
    assert caught.value.message == f"The server did not accept the user name or the password: {place}."
    assert "wr0ng" not in f"{caught.value} {caught.value.hint} {caught.value.details}"
    assert host.methods() == BEGIN


@pytest.mark.parametrize(
    ("scheme", "path", "message"),
    [("vpx", "dc/host", "but the connection is for vCenter/VPX"), ("gsx", "", "but the connection is for Server/GSX")],
)
def test_another_kind_of_server_gets_no_password(host: Simulator, scheme: str, path: str, message: str) -> None:
    with pytest.raises(ConnectionFailed, match=message), session_on(host, scheme, path=path):
        pass
    assert host.methods() == ["RetrieveServiceContent"]


def test_without_a_password_nothing_is_asked(host: Simulator) -> None:
    with pytest.raises(AuthFailed, match="There is no password for user 'root'"), session_on(host, password=None):
        pass
    assert host.methods() == []


def test_the_auth_file(host: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "auth.conf"
    path.write_text(f"[auth-esx-127.0.0.1]\ncredentials=a\n[credentials-a]\nusername={USER}\npassword={PASSWORD}\n")
    path.chmod(0o600)
    with session_on(host, password=None, uri={"authfile": str(path)}) as session:
        no_change(session)


def test_the_user_name_is_sent_as_it_is() -> None:
    name = "dom\\o'brien & <sons>"
    with running("-username", name) as simulator, session_on(simulator, username=name) as session:
        no_change(session)


@pytest.mark.parametrize("version", ["2.5", "4.0", "4.1", "5.5", "6.5", "7.0", "9.0"])
def test_each_version_of_the_api(version: str) -> None:
    with running("-version", version) as simulator:
        with session_on(simulator) as session:
            assert session.about.api_version.startswith(version)
            no_change(session)
            machine = find_domain(session)
            wait_for_task(session, machine.PowerOffVM_Task(), action="Off", vm=machine)
            assert str(fetch_one(session, machine, PATHS)["runtime.powerState"]) == "poweredOff"
        methods = simulator.methods()
        assert methods[:2] == BEGIN
        assert methods.count("RetrieveServiceContent") == 1
        newer = "RetrievePropertiesEx" in methods or "WaitForUpdatesEx" in methods
        assert newer == (version not in ("2.5", "4.0"))
        assert simulator.sessions() == []


def test_gsx() -> None:
    with running("-product", "gsx", "-version", "2.5") as simulator, session_on(simulator, "gsx") as session:
        assert session.about.product == "gsx"
        no_change(session)


def test_plain_http() -> None:
    with running("-tls=false") as simulator, session_on(simulator) as session:
        assert session.options.uri.transport == "http"
        no_change(session)


@pytest.mark.parametrize("trust", ["ca_path", "thumbprint"])
def test_calls_and_files_check_the_same_certificate(host: Simulator, trust: str) -> None:
    certificate = Certificate(Path(str(host.certificate)), Path())
    trusted = {"ca_path": host.certificate} if trust == "ca_path" else {"thumbprint": certificate.thumbprint()}
    with session_on(host, uri={"no_verify": 0}, **trusted) as session:
        no_change(session)
        transfer(session)
        session.pool.close()
        transfer(session)
    assert host.sessions() == []


@pytest.mark.parametrize("kind", ["http", "socks4", "socks4a", "socks5"])
def test_calls_and_files_go_through_the_same_proxy(host: Simulator, kind: str) -> None:
    proxy = Proxy()
    with serve(proxy.handle) as port:
        with session_on(host, uri={"proxy": f"{kind}://127.0.0.1:{port}"}) as session:
            no_change(session)
            transfer(session)
            session.pool.close()
            transfer(session)
        assert [asked[2] for asked in proxy.asked] == [host.port, host.port]
    assert len({call["connection"] for call in host.trace()}) == 2


def transfer(session: Any) -> None:
    """Write a file and read it back."""
    wanted = DatastoreFile("ha-datacenter", "local-storage", "transferred.txt")
    put_file(session, wanted, b"content")
    assert get_file(session, wanted) == b"content"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_read_is_repeated_when_the_connection_breaks(host: Simulator, when: str) -> None:
    with session_on(host) as session:
        machine = find_domain(session)
        host.inject(method="RetrievePropertiesEx", drop=when, count=1)
        assert fetch_one(session, machine, PATHS)["name"] == "domain-1"


def test_a_read_is_repeated_only_once(host: Simulator) -> None:
    with session_on(host) as session:
        machine = find_domain(session)
        host.inject(method="RetrievePropertiesEx", drop="before", count=2)
        with pytest.raises(ConnectionFailed) as caught:
            fetch_one(session, machine, PATHS)
    assert "broke during RetrievePropertiesEx" in caught.value.message
    assert "not known" not in caught.value.message


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_is_not_repeated_when_the_connection_breaks(host: Simulator, when: str) -> None:
    with session_on(host) as session:
        machine = find_domain(session)
        host.inject(method="ReconfigVM_Task", drop=when, count=1)
        with pytest.raises(ConnectionFailed, match="Whether it was carried out is not known"):
            machine.ReconfigVM_Task(reconfiguration())
    assert host.methods().count("ReconfigVM_Task") == 1


def test_an_expired_session_is_renewed_for_reads_and_writes(host: Simulator) -> None:
    with session_on(host) as session:
        machine = find_domain(session)
        host.expire_sessions()
        assert fetch_one(session, machine, PATHS)["name"] == "domain-1"
        host.expire_sessions()
        wait_for_task(session, machine.ReconfigVM_Task(reconfiguration()), action="Note")
        host.expire_sessions()
        no_change(session)
    assert host.methods().count("Login") == 4
    written = [call for call in host.trace() if call["method"] == "ReconfigVM_Task" and call["status"] == 200]
    assert len(written) == 1


def test_a_session_is_renewed_once_for_a_call(host: Simulator) -> None:
    with session_on(host) as session:
        machine = find_domain(session)
        host.inject(method="RetrievePropertiesEx", fault="NotAuthenticated")
        with pytest.raises(AuthFailed):
            fetch_one(session, machine, PATHS)
        host.clear_faults()
        host.inject(method="ReconfigVM_Task", fault="NotAuthenticated")
        with pytest.raises(AuthFailed):
            machine.ReconfigVM_Task(reconfiguration())
    assert host.methods().count("Login") == 3
    host.expire_sessions()  # the fault was not true: the first session had not ended


def test_a_session_that_ends_during_a_wait(host: Simulator) -> None:
    with session_on(host) as session:
        machine = find_domain(session)
        task = machine.ReconfigVM_Task(reconfiguration())
        host.inject(method="WaitForUpdatesEx", fault="NotAuthenticated", count=1)
        wait_for_task(session, task, action="Note")
    host.expire_sessions()  # the fault was not true: the first session had not ended


def test_an_answer_that_takes_too_long(host: Simulator) -> None:
    with session_on(host, timeout=1) as session:
        machine = find_domain(session)
        host.inject(method="ReconfigVM_Task", delay=1500, count=1)
        with pytest.raises(TimedOut, match="did not answer ReconfigVM_Task within 1 seconds. Whether it was carried"):
            machine.ReconfigVM_Task(reconfiguration())
    while "ReconfigVM_Task" not in host.methods():
        time.sleep(0.05)  # the simulator traces a call when it has ended


def test_faults_have_their_names(host: Simulator) -> None:
    with session_on(host) as session:
        machine = find_domain(session)
        host.inject(method="ReconfigVM_Task", fault="InvalidState", count=1)
        with pytest.raises(ServerFault) as caught:
            machine.ReconfigVM_Task(reconfiguration())
    assert caught.value.fault == "InvalidState"
    assert "ReconfigVM_Task failed" in caught.value.message


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            http_answer(b"<html>no</html>", "404 Not Found"),
            r"did not carry out RetrieveServiceContent \(HTTP status 404",
        ),
        (
            http_answer(b"", "301 Moved", "Location: https://h/\r\n"),
            r"redirects RetrieveServiceContent to another address \(HTTP status 301",
        ),
        (http_answer(b"<html>welcome"), "is not an answer to RetrieveServiceContent: it is an HTML page"),
        (http_answer(b"<a><b/></a>"), "is not an answer to RetrieveServiceContent: it has no SOAP body"),
        (http_answer(b"<a><b/>"), "it is not XML"),
        (http_answer(b""), "it is empty"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n<a/>", "it is not HTTP"),
        (http_answer(b"\x1f\x8b", headers="Content-Encoding: gzip\r\n"), "broke in the middle"),
        (http_answer(b"<a/>", headers="Content-Encoding: gzip\r\n"), "its compression is damaged"),
        (http_answer(b"<a/>", headers="Content-Encoding: br\r\n"), "it has the encoding 'br', which was not asked for"),
        (http_answer(b"", "404 " + "x" * 60_000), r"\(HTTP status 404 x{200}\)"),
        (b"220 mail.example.com ESMTP\r\n", "RetrieveServiceContent"),
        (b"", "broke during RetrieveServiceContent"),
    ],
)
def test_another_kind_of_server_answers(answer: bytes, message: str) -> None:
    def handle(channel: Any) -> None:
        while read_request(channel) and answer:
            channel.sendall(answer)

    with serve(handle) as port:
        connection = resolve({"uri": f"esx://root@127.0.0.1:{port}/?transport=http", "password": PASSWORD}, {})
        with pytest.raises(ConnectionFailed, match=message), open_session(connection):
            pass
