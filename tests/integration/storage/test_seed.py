# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_seed_image`` makes an image once, changes it if the data change, and never shows the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.modules import esx_seed_image
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, undescribed
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER, run_playbook
from ansible_collections.virt.esx.tests.integration.storage.volumes import POOL, content
from ansible_collections.virt.esx.tests.simulator_client import Simulator

PATH = f"{POOL} web/web-seed.iso"
DATA: dict[str, Any] = {
    "meta_data": {"instance-id": "web"},
    "user_data": "#cloud-config\npassword: very secret indeed\n",
    "network_config": {"version": 2},
}


def seed(host: Simulator, **arguments: Any) -> dict[str, Any]:
    return carry_out(esx_seed_image.CONTRACT, host, **{"path": PATH, **DATA, **arguments})


def test_an_image_is_made_once_and_changes_with_its_data(esx: Simulator) -> None:
    predicted = seed(esx, check=True, diff=True)
    done = seed(esx, diff=True)
    assert (
        predicted["steps"]
        == done["steps"]
        == [
            f"create directory {POOL} web",
            f"upload the seed image to {PATH}",
        ]
    )
    assert predicted["diff"] == done["diff"]
    assert b"very secret indeed" in content(esx, "web/web-seed.iso")
    assert seed(esx)["changed"] is False
    assert seed(esx, meta_data={"instance-id": "web-2"})["steps"] == [f"upload the seed image to {PATH}"]
    del done["changed"]
    assert (
        undescribed(
            done, {"type": "dict", "contains": {**yaml.safe_load(esx_seed_image.RETURN), "diff": {"type": "dict"}}}
        )
        == []
    )


def test_invalid_seed_images_are_refused(esx: Simulator) -> None:
    with pytest.raises(ParseError, match="'instance-id' is missing"):
        seed(esx, meta_data={"hostname": "web"})
    with pytest.raises(ParseError, match=r"does not end in \.iso"):
        seed(esx, path=f"{POOL} web/seed.img")
    with pytest.raises(ParseError, match="has a control character"):
        seed(esx, path=f"{POOL} web/a\nb.iso")
    with pytest.raises(ParseError, match="has 304 bytes, expecting at most 255"):
        seed(esx, path=f"{POOL} web/{'n' * 300}.iso")
    assert esx.trace() == []


def test_user_data_are_in_no_output(esx: Simulator, tmp_path: Path, way: str) -> None:
    task = {"uri": "{{ uri }}", "password": "{{ password }}", "path": PATH, **DATA}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"name": "Seed", "virt.esx.esx_seed_image": task}]}
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([play]))
    variables = {"uri": esx.uri(user=USER, no_verify=1), "password": PASSWORD}
    done = run_playbook(playbook, extra_vars=variables, way=way, diff=True, arguments=["-vvv"])
    assert done.changed == 1
    assert "very secret" not in done.output
    assert "very secret" not in str(done.tasks)
