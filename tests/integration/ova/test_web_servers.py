# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages from web servers that send their files in pieces, or compressed although they were not asked to."""

from __future__ import annotations

import gzip
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.tests.integration.ova.packages import Sources, bring
from ansible_collections.virt.esx.tests.integration.storage.volumes import data_of, names
from ansible_collections.virt.esx.tests.simulator_client import Simulator


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files``: with the encoding that it names, in pieces if it is ``chunked``, up to ``cut`` bytes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.encoding = ""
        self.chunked = False
        self.cut: int | None = None
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        content = self.server.files.get(self.path.strip("/"))
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        if self.server.encoding:
            content = gzip.compress(content, 1)[: self.server.cut]
            self.send_header("Content-Encoding", self.server.encoding)
        if self.server.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            content = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
        else:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server(made: Sources, tmp_path: Path) -> Iterator[Server]:
    """A web server with the package in all forms; ``silent.ovf`` does not say how long the files are."""
    with Server() as server:
        server.files = {
            "a.ova": Path(made.ova(tmp_path / "a.ova")).read_bytes(),
            "appliance.ovf": made.descriptor,
            "appliance.mf": made.manifest()[1],
            "silent.ovf": re.sub(rb' ovf:size="\d+"', b"", made.descriptor),
            **made.files,
        }
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("name", ["a.ova", "appliance.ovf"])
@pytest.mark.parametrize(("encoding", "chunked"), [("", True), ("gzip", False), ("x-gzip", True)])
def test_files_in_pieces_and_compressed(
    esx: Simulator, made: Sources, server: Server, name: str, encoding: str, chunked: bool
) -> None:
    server.encoding, server.chunked = encoding, chunked
    assert bring(esx, f"{server.url}/{name}")["changed"] is True
    assert data_of(esx, "appliance/disk-0.vmdk") == made.image


@pytest.mark.parametrize(
    ("name", "encoding", "cut", "said"),
    [
        ("a.ova", "br", None, r"the server sends it compressed \(br\), which it was asked not to do"),
        ("a.ova", "gzip", 150_000, "broke off after 150000 compressed bytes"),
        ("silent.ovf", "gzip", None, "Neither the web server nor the descriptor says how long the file"),
    ],
)
def test_what_cannot_be_taken(
    esx: Simulator, server: Server, name: str, encoding: str, cut: int | None, said: str
) -> None:
    server.encoding, server.cut = encoding, cut
    with pytest.raises(EsxError, match=said):
        bring(esx, f"{server.url}/{name}")
    assert names(esx) == []


@pytest.mark.parametrize("verify", [True, False])
def test_a_file_that_is_longer_than_its_descriptor_says(
    esx: Simulator, made: Sources, server: Server, verify: bool
) -> None:
    """Only the descriptor says its size; what is behind would be cut off."""
    server.chunked = True
    iso = made.files["appliance-file1.iso"]
    server.files["appliance-file1.iso"] = iso + b"more"
    with pytest.raises(EsxError, match=rf"'appliance-file1.iso' has more than the {len(iso)} bytes of ovf:size"):
        bring(esx, f"{server.url}/appliance.ovf", verify=verify)
    assert names(esx) == []
