# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: cards and ports whose numbers a host chooses by itself: it takes the first free one."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    MAC,
    check_apply_repeat,
    domain_xml,
    ensure,
    read_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

SECOND = "00:50:56:00:00:07"


def serial(port: int) -> dict[str, object]:
    """A serial port with a file behind it."""
    return {"port": port, "type": "file", "path": f"[local-storage] web/{port}.log"}


@pytest.fixture
def web(esx: Simulator) -> Simulator:
    """A host with the domain ``web``, which is shut off."""
    ensure(esx, xml=domain_xml())
    return esx


def serials_of(host: Simulator) -> list[int]:
    """The numbers of the serial ports in the VMX."""
    vmx = VmxFile(read_file(host, "[local-storage] web/web.vmx") or b"", DIALECTS["esx"])
    return [port for port in range(4) if vmx.boolean(f"serial{port}.present")]


def test_a_serial_port_has_the_number_that_is_requested(web: Simulator) -> None:
    """The API has no way to say it."""
    assert check_apply_repeat(web, name="web", serials=[serial(2)])["steps"] == ["change serial 2 in the VMX"]
    assert serials_of(web) == [2]
    both = check_apply_repeat(web, name="web", serials=[serial(0), serial(3)])
    assert both["steps"] == ["change serial 0", "change serial 3 in the VMX"]
    assert serials_of(web) == [0, 2, 3]
    others = [serial(1), {"port": 0, "state": "absent"}]
    assert check_apply_repeat(web, name="web", serials=others)["changed"]
    assert serials_of(web) == [1, 2, 3]


def test_ports_in_order_are_added_by_the_api(web: Simulator) -> None:
    result = check_apply_repeat(web, name="web", serials=[serial(1), serial(0)])
    assert result["steps"] == ["change serial 0, serial 1"]
    assert serials_of(web) == [0, 1]


@pytest.mark.parametrize("check", [True, False])
def test_a_new_card_that_would_not_have_its_index_is_refused(web: Simulator, check: bool) -> None:
    """The same task run again would move another card into its network."""
    ensure(web, name="web", interfaces=[{"mac": SECOND, "network": "VM Network"}])
    ensure(web, name="web", interfaces=[{"mac": MAC, "state": "absent"}])
    new = {"index": 1, "network": "Lab Network"}
    with pytest.raises(Refused, match="would not have the index 1 afterwards") as refused:
        ensure(web, check=check, name="web", interfaces=[new])
    assert "by a mac of its own" in str(refused.value.hint)
    with pytest.raises(Refused, match="would not have the index 1 afterwards"):
        ensure(web, check=check, name="web", interfaces=[new, {"index": 0, "state": "absent"}])
    assert check_apply_repeat(web, name="web", interfaces=[{"mac": MAC, "network": "Lab Network"}])["changed"]
    last = {"index": 2, "network": "Lab Network"}
    assert [ensure(web, name="web", interfaces=[last])["changed"] for _time in range(2)] == [True, False]
