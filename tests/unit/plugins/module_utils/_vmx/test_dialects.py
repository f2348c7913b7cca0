# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialect esx: each repair, from VMX to XML and from XML to VMX, beside what libvirt does."""

from __future__ import annotations

from dataclasses import fields

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS, Dialect, dialect_named
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._vmx.repairs import CASES, Repair
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._vmx.samples import vmx

REPAIRS = {flag.name for flag in fields(Dialect) if flag.metadata and not flag.metadata.get("dialect")}
ONLY_WRITTEN = {"driver_name_on_scsi", "hardware_needs", "reports"}


def through(given: str, dialect: Dialect) -> tuple[str, str]:
    xml = write_domain(read_vmx(given, dialect=dialect), dialect.xml)
    return xml, write_vmx(read_domain(xml, dialect.xml), dialect=dialect, random=bytes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.flag)
def test_each_repair_both_ways(case: Repair) -> None:
    esx = DIALECTS["esx"]
    if case.error_at:
        with pytest.raises(EsxError) as refusal:
            read_vmx(vmx(case.given))
        assert str(refusal.value).startswith(case.error_at)
        read_vmx(vmx(case.given), dialect=DIALECTS["libvirt"])
        return
    xml, written = through(vmx(case.given), esx)
    for part in case.xml:
        assert part in xml
    for part in case.absent:
        assert part not in xml
    for part in case.written:
        assert part in written
    assert through(written, esx)[0] == xml


@pytest.mark.parametrize("case", [case for case in CASES if not case.error_at], ids=lambda case: case.flag)
def test_libvirt_does_otherwise(case: Repair) -> None:
    given = 'displayName = "n"\n' + case.given
    try:
        xml, written = through(vmx(given), DIALECTS["libvirt"])
    except EsxError:
        return
    assert (
        any(part not in xml for part in case.xml)
        or any(part in xml for part in case.absent)
        or any(part not in written for part in case.written)
    )


def test_every_repair_is_tested() -> None:
    assert {case.flag for case in CASES} | ONLY_WRITTEN == REPAIRS


def test_esx_has_every_repair_and_libvirt_none() -> None:
    assert all(getattr(DIALECTS["esx"], flag) for flag in REPAIRS)
    assert not any(getattr(DIALECTS["libvirt"], flag) for flag in REPAIRS)


def test_the_driver_name_of_a_disk_is_the_model_of_its_own_controller() -> None:
    xml = """<domain type='vmware'><name>n</name><memory>4096</memory><os><type>hvm</type></os><devices>
      <disk type='file'><driver name='lsilogic'/><source file='[ds] a.vmdk'/><target dev='sda'/></disk>
      <controller type='ide' index='0'/></devices></domain>"""
    written = {
        name: write_vmx(read_domain(xml, dialect.xml), dialect=dialect, random=bytes)
        for name, dialect in DIALECTS.items()
    }
    assert 'scsi0.virtualDev = "lsilogic"' in written["esx"]
    assert "virtualDev" not in written["libvirt"]


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(EsxError, match="no dialect 'vmware'; expected one of 'esx', 'libvirt', 'classic'"):
        dialect_named("vmware")
