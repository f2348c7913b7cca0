# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of errors and warnings about values, of which only the report knows where they are in the document."""

from __future__ import annotations

from contextlib import suppress

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import REFUSE, Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.wanted import read_wanted
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx

ESX = DIALECTS["esx"]
NVME = "<disk><source file='[ds] a.vmdk'/><target dev='nvme0n1' bus='nvme'/></disk>"


@pytest.mark.parametrize(
    ("element", "place"),
    [
        ("<vcpu current='1'>2</vcpu>", "line 3, <vcpu>"),
        ("<vcpu>64</vcpu>", "line 3, <vcpu>"),
        ("<os firmware='efi'><type>hvm</type></os>", "line 3, <os>"),
        ("<os><type>hvm</type>\n<smbios mode='sysinfo'/></os>", "line 4, <smbios>"),
        ("<os><type>hvm</type>\n<bootmenu enable='yes'/></os>", "line 4, os/bootmenu"),
        ("<os><type>hvm</type>\n<bios rebootTimeout='1'/></os>", "line 4, os/bios"),
        ("<memory unit='MiB'>5</memory>", "line 3, memory"),
        ("<features>\n<pmu state='on'/></features>", "line 4, <pmu>"),
        (f"<devices>{NVME}</devices>", "line 3, <controller type='nvme' index='0'>"),
        (f"<devices>{NVME}</devices>", "line 3, disk 'nvme0n1': unit 0"),
    ],
)
def test_what_only_a_writer_knows_says_its_line(element: str, place: str) -> None:
    name = element[1:].split(">")[0].split()[0]
    parts = ("<memory>4096</memory>", "<os><type>hvm</type></os>", "<devices/>")
    inside = "".join(part for part in parts if not part.startswith(f"<{name}"))
    xml = f"<domain type='vmware'><name>n</name>\n{inside}\n{element}</domain>"
    report = Report(REFUSE)
    with suppress(ParseError):
        write_vmx(read_wanted(xml, ESX, report), dialect=ESX, hw_version=7, report=report)
    said = [str(one) for one in (*report.left_out, *report.refusals)]
    assert any(one.startswith(place) for one in said), said
