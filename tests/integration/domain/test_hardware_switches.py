# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: settings of the virtual hardware in a description, by their words and by keys of the VMX."""

from __future__ import annotations

from ansible_collections.virt.esx.tests.integration.domain.domains import (
    check_apply_repeat,
    domain_xml,
    ensure,
    read_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VMX = "[local-storage] web/web.vmx"
HPET = "<clock offset='utc'><timer name='hpet' present='{}'/></clock>"


def described(clock: str = "") -> str:
    return domain_xml().replace("<devices>", f"{clock}<devices>")


def definition(esx: Simulator) -> str:
    return (read_file(esx, VMX) or b"").decode()


def test_a_setting_of_a_description_is_made_and_changed(esx: Simulator) -> None:
    check_apply_repeat(esx, xml=described(HPET.format("no")))
    assert 'hpet0.present = "FALSE"' in definition(esx)
    assert not ensure(esx, xml=described())["changed"]  # what a description leaves out stays
    check_apply_repeat(esx, xml=described(HPET.format("yes")))
    assert 'hpet0.present = "TRUE"' in definition(esx)


def test_a_key_that_a_task_sets_stays_beside_a_description(esx: Simulator) -> None:
    settings = {"hpet0.present": False, "mks.enable3d": True}
    check_apply_repeat(esx, xml=described(), settings=settings)
    assert 'hpet0.present = "FALSE"' in definition(esx)
    check_apply_repeat(esx, xml=described(), settings={**settings, "hpet0.present": True})
    assert not ensure(esx, xml=described())["changed"]


def test_a_clock_is_set_and_set_back(esx: Simulator) -> None:
    check_apply_repeat(esx, xml=described("<clock offset='variable' adjustment='3600'/>"))
    assert 'rtc.diffFromUTC = "3600"' in definition(esx)
    assert not ensure(esx, xml=described())["changed"]  # what a description leaves out stays
    check_apply_repeat(esx, xml=described("<clock offset='utc'/>"))
    assert "rtc." not in definition(esx)


def test_a_clock_that_a_task_sets_stays_beside_a_description(esx: Simulator) -> None:
    check_apply_repeat(esx, xml=described("<clock offset='utc'/>"), settings={"rtc.diffFromUTC": 3600})
    assert 'rtc.diffFromUTC = "3600"' in definition(esx)
