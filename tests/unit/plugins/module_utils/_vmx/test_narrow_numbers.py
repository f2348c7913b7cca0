# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that libvirt stores in fewer bits than it reads (L26): cut as there in its dialect, refused in ours."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx

HEAD = 'config.version = "8"\nvirtualHW.version = "4"\ndisplayName = "t"\n'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('numvcpus = "4294967297"', "<vcpu placement='static'>1</vcpu>"),
        ('memsize = "9223372036854775804"', "<memory unit='KiB'>18446744073709547520</memory>"),
        ('sched.mem.max = "18014398509481984"', "<currentMemory unit='KiB'>32768</currentMemory>"),
        ('svga.vramSize = "1702444883756312"', "vram='536870912'"),
        (
            'RemoteDisplay.vnc.enabled = "true"\nRemoteDisplay.vnc.port = "2147483648"',
            "port='-2147483648' autoport='no'",
        ),
    ],
)
def test_libvirt_cuts_large_numbers(line: str, expected: str) -> None:
    libvirt = DIALECTS["libvirt"]
    assert expected in write_domain(read_vmx(HEAD + line + "\n", dialect=libvirt), libvirt.xml)


@pytest.mark.parametrize("line", ['numvcpus = "4294967297"', 'memsize = "9223372036854775804"'])
def test_they_are_refused_where_nothing_may_be_lost(line: str) -> None:
    with pytest.raises(ParseError, match="line 4, (numvcpus|memsize)"):
        read_vmx(HEAD + line + "\n")


def test_an_affinity_is_for_as_many_processors_as_are_written() -> None:
    lines = 'numvcpus = "4294967297"\nsched.cpu.affinity = "0,1"\n'
    with pytest.raises(ParseError, match="expecting at least numvcpus, 4294967297, processors, found 2"):
        read_vmx(HEAD + lines, dialect=DIALECTS["libvirt"])


def test_memory_that_is_cut_to_nothing_is_refused() -> None:
    with pytest.raises(ParseError, match="memsize: 18014398509481984 megabytes are too many"):
        read_vmx(HEAD + 'memsize = "18014398509481984"\n', dialect=DIALECTS["libvirt"])
