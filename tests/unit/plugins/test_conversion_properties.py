# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of every VMX: nothing is lost on the way to XML and back, and each side takes what the other makes."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.filter.conversion import FilterModule
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.tests.unit.plugins.generated import USUAL_NETWORKS, vmx_files, xml_domains
from ansible_collections.virt.esx.tests.unit.plugins.schema import assert_valid, needs_schema
from hypothesis import given

DIRECTORY = "[datastore] directory"
CONVERTERS = FilterModule().filters()
ESX = DIALECTS["esx"].xml


def to_xml(vmx: str | bytes, **options: Any) -> str:
    result: str = CONVERTERS["vmx_to_domxml"](vmx, directory=DIRECTORY, **options)
    return result


def to_vmx(xml: str, **options: Any) -> Any:
    return CONVERTERS["domxml_to_vmx"](xml, directory=DIRECTORY, **options)


@given(vmx_files())
def test_a_vmx_returns_from_xml_as_it_was(vmx: str) -> None:
    assert to_vmx(to_xml(vmx), base=vmx) == vmx


@given(vmx_files())
def test_bytes_return_as_they_were(vmx: str) -> None:
    data = vmx.encode()
    assert to_vmx(to_xml(data), base=data) == data


@given(vmx_files())
def test_a_new_vmx_describes_the_same_domain(vmx: str) -> None:
    xml = to_xml(vmx)
    new = to_vmx(xml, hw_version=21)
    assert to_xml(new) == xml
    assert to_vmx(to_xml(new), hw_version=21) == new


@given(vmx_files())
def test_xml_that_is_read_and_written_is_the_same(vmx: str) -> None:
    xml = to_xml(vmx)
    domain = read_domain(xml, ESX)
    assert write_domain(domain, ESX) == xml
    assert read_domain(write_domain(domain, ESX), ESX) == domain


@needs_schema
@given(vmx_files(networks=USUAL_NETWORKS))
def test_the_xml_is_valid_by_libvirts_schema(vmx: str) -> None:
    assert_valid(to_xml(vmx))


@given(xml_domains())
def test_xml_that_is_written_by_hand_settles(xml: str) -> None:
    settled = to_xml(to_vmx(xml))
    assert to_xml(to_vmx(settled)) == settled
    domain = read_domain(xml, ESX)
    assert read_domain(write_domain(domain, ESX), ESX) == domain
