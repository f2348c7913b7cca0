# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Screenshots of simulated domains."""

from __future__ import annotations

import base64
import errno
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_screenshot
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host, undescribed
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER, run_playbook
from ansible_collections.virt.esx.tests.simulator_client import Simulator

TEXT = {"type": "dict", "contains": {**yaml.safe_load(esx_screenshot.RETURN), "changed": {"type": "bool"}}}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def esx() -> Iterator[Simulator]:
    with start_host("-domains", "1") as host:
        yield host


def take(host: Simulator, **arguments: Any) -> dict[str, Any]:
    result = carry_out(esx_screenshot.CONTRACT, host, name="domain-1", **arguments)
    assert undescribed(result, TEXT) == []
    return result


def test_a_screenshot_is_written_to_a_file(esx: Simulator, tmp_path: pathlib.Path) -> None:
    dest = tmp_path / "screen.png"
    assert take(esx, dest=str(dest), check=True)["changed"] is True
    assert not dest.exists()
    assert take(esx, dest=str(dest))["changed"] is True
    assert dest.read_bytes().startswith(PNG)
    assert take(esx, dest=str(dest))["changed"] is False
    assert [path.name for path in tmp_path.iterdir()] == ["screen.png"]


def test_a_picture_is_returned(esx: Simulator) -> None:
    result = take(esx)
    assert result["changed"] is False
    assert base64.b64decode(result["content"]).startswith(PNG)


def test_a_domain_without_a_screen_is_refused(esx: Simulator, tmp_path: pathlib.Path) -> None:
    for check in (True, False):
        with pytest.raises(Refused, match="The directory of '.*/none/screen.png' does not exist"):
            take(esx, dest=str(tmp_path / "none" / "screen.png"), check=check)
    carry_out(esx_domain.CONTRACT, esx, name="domain-1", state="destroyed")
    with pytest.raises(Refused, match="only a running domain has a screen"):
        take(esx)


def test_nothing_is_left_of_a_picture_that_cannot_be_written(
    esx: Simulator, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: pathlib.Path, _target: pathlib.Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pathlib.Path, "replace", fail)
    with pytest.raises(EsxError, match="cannot be written to .*/screen.png: No space left on device"):
        take(esx, dest=str(tmp_path / "screen.png"))
    assert list(tmp_path.iterdir()) == []


def test_the_playbook(esx: Simulator, way: str, tmp_path: pathlib.Path) -> None:
    dest = str(tmp_path / "screen.png")
    variables = {"esx_uri": esx.uri(user=USER, no_verify=1), "esx_password": PASSWORD, "dest": dest}
    run = run_playbook("esx_node.yml", extra_vars=variables, way=way)
    assert run.task("Take a picture").changed
    assert pathlib.Path(dest).read_bytes().startswith(PNG)
