# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of packages: a package as ovftool writes it, a host, and a web server."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.ova.packages import Sources, make_sources
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """The files of a package, made once."""
    return make_sources(tmp_path_factory.mktemp("package"))


@pytest.fixture
def esx() -> Iterator[Simulator]:
    """A host without domains, whose leases end soon. Afterwards there is no open session and no read by attribute."""
    with start_host("-domains", "0", "-datastore-name", DATASTORE, "-lease-timeout", "3") as host:
        yield host
        assert "Fetch" not in host.methods()
        assert host.sessions() == []


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The URL of a web server with the files of ``tmp_path``."""
    handler = functools.partial(QuietHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files, redirects what begins with /elsewhere, and says nothing."""

    def do_GET(self) -> None:
        if not self.path.startswith("/elsewhere/"):
            super().do_GET()
            return
        self.send_response(302)
        self.send_header("Location", self.path.removeprefix("/elsewhere"))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
