# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_volume`` against a simulated host: contradicting options and impossible requests are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.modules import esx_volume
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.integration.storage.volumes import GIB, MIB, POOL, ensure, noise, write, writes
from ansible_collections.virt.esx.tests.simulator_client import Simulator

XML = "<volume><name>x.vmdk</name><capacity {}>{}</capacity><target><format type='vmdk'/></target></volume>"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "[datastore1] ../other/x.vmdk"}, "has an empty, '.' or '..' segment"),
        ({"path": "[datastore1] a//x.vmdk"}, "has an empty, '.' or '..' segment"),
        ({"path": "datastore1/x.vmdk"}, "is not a datastore path"),
        ({"path": "[datastore1]"}, "is not the name of a file"),
        ({"path": "[datastore1] x\n.vmdk"}, "has a control character"),
        ({"path": "[datastore1] x-flat.vmdk", "state": "absent"}, "a file with the data of a disk"),
        ({"pool": "datastore1"}, "give path, or pool and name"),
        ({"path": "[datastore1] x.iso", "capacity": "1 GiB"}, "capacity is for disks"),
        ({"path": "[datastore1] x.vmdk", "capacity": "much"}, "capacity: 'much' is not a size"),
        ({"path": "[datastore1] x.vmdk", "capacity": "0"}, "is not a size"),
        ({"path": "[datastore1] x.vmdk", "checksum": "sha256:12"}, "is not a checksum"),
        ({"path": "[datastore1] x.vmdk", "capacity": "1 MiB", "checksum": "0" * 64}, "that of source or dest"),
        ({"path": "[datastore1] x.vmdk", "clone_of": "[datastore1] x.iso"}, "are not both disks"),
        ({"path": "[datastore1] x.vmdk", "clone_of": "[datastore1] x.vmdk"}, "is the volume itself"),
        (
            {"path": "[datastore1] x.vmdk", "state": "absent", "capacity": "1 MiB"},
            "be combined with state absent",
        ),
        (
            {"path": "[datastore1] x.vmdk", "moved_from": "[datastore1] y.vmdk", "allocation": "thin"},
            "be combined with moved",
        ),
        ({"path": "[datastore1] x.vmdk", "dest": "x.vmdk", "capacity": "1 MiB"}, "cannot be combined with dest"),
        ({"path": "[datastore1] x.iso", "state": "wiped"}, "only disks can be wiped"),
        ({"pool": "datastore1", "xml": "<pool/>"}, "is not the description of a volume"),
        (
            {"pool": "datastore1", "xml": "<volume><name>x.vmdk</name></volume>"},
            "only volumes with <format type='vmdk'/>",
        ),
        ({"pool": "datastore1", "xml": XML.format("", 0)}, "the <capacity> is 0"),
        ({"pool": "datastore1", "xml": XML.format("unit='EiB'", 9)}, "9 EiB is too large"),
        ({"path": "[datastore1] x.iso", "dest": ""}, "dest: it is empty"),
    ],
)
def test_contradicting_options_are_refused_without_a_connection(
    esx: Simulator, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParseError) as caught:
        carry_out(esx_volume.CONTRACT, esx, **arguments)
    assert message in str(caught.value)
    assert esx.trace() == []


@pytest.mark.parametrize(
    ("path", "arguments", "message"),
    [
        ("web.vmdk", {}, "does not exist, and no capacity is given"),
        ("web.iso", {}, "There is no volume"),
        ("domain-1", {}, "domain-1 is a directory, not a volume"),
        ("domain-1", {"dest": "/nowhere/web.iso"}, "domain-1 is a directory, not a volume"),
        ("domain-1", {"clone_of": f"{POOL} x.iso"}, "domain-1 is a directory, not a volume"),
        ("x.iso", {"clone_of": f"{POOL} domain-1"}, "domain-1 is a directory, not a volume"),
        ("x.iso", {"moved_from": f"{POOL} domain-1"}, "domain-1 is a directory, not a volume"),
        ("web.vmdk", {"clone_of": f"{POOL} none.vmdk"}, "of which .* is to be a clone, does not exist"),
        ("web.vmdk", {"clone_of": "[gone] none.vmdk"}, "has no datastore 'gone'; it has 'datastore1'"),
        ("web.vmdk", {"clone_of": f"{POOL} domain-1/domain-1.vmdk", "capacity": "1 MiB"}, "cannot become smaller"),
        ("web.vmdk", {"capacity": "1000 TiB"}, "holds disks of at most|too full"),
        ("web.vmdk", {"capacity": "2000 GiB", "allocation": "thick"}, "holds disks of at most|too full"),
        ("web.vmdk", {"dest": "/nowhere/web.vmdk"}, "There is no volume"),
        (f"{'a' * 250}.iso", {"source": __file__}, "checksum beside the file: the file name 'a+...' has 261 bytes"),
        (f"{'a' * 240}.iso", {"source": __file__}, "the incomplete file: the file name '.a+...' has 259 bytes"),
        (
            f"{'a' * 246}.vmdk",
            {"capacity": "1 MiB", "allocation": "thick"},
            "beside the disk: the file name 'a+...' has 261 bytes",
        ),
        ("domain-1/domain-1.vmx", {"dest": "/nowhere/web.vmx"}, "directory of '/nowhere/web.vmx' does not exist"),
    ],
)
def test_impossible_requests_are_refused_before_any_change(
    esx: Simulator, path: str, arguments: dict[str, Any], message: str
) -> None:
    for check in (True, False):
        with pytest.raises((Refused, NotFound, ParseError), match=message):
            ensure(esx, path, **arguments, check=check)
    assert writes(esx) == []


def test_a_copy_that_does_not_fit_is_refused(esx: Simulator, tmp_path: Path) -> None:
    ensure(esx, "a.iso", source=write(tmp_path / "a.iso", noise(MIB)))
    esx.change_datastore("datastore1", free=MIB - 1)
    writes(esx)
    for check in (True, False):
        with pytest.raises(Refused, match="too full"):
            ensure(esx, "b.iso", clone_of=f"{POOL} a.iso", check=check)
    assert writes(esx) == []


@pytest.mark.parametrize(("name", "arguments"), [("a.vmdk", {"allocation": "thick"}), ("a.iso", {})])
def test_what_does_not_fit_on_another_datastore_is_not_moved_there(
    tmp_path: Path, name: str, arguments: dict[str, Any]
) -> None:
    with start_host("-domains", "0", "-datastore-name", DATASTORE, "-datastores", "2") as host:
        ensure(host, name, source=write(tmp_path / "source", noise(2 * MIB)), **arguments)
        host.change_datastore(f"{DATASTORE}-2", free=MIB)
        writes(host)
        move: dict[str, Any] = {"path": f"[{DATASTORE}-2] {name}", "moved_from": f"{POOL} {name}"}
        for check in (True, False):
            with pytest.raises(Refused, match="too full"):
                carry_out(esx_volume.CONTRACT, host, check=check, **move)
        assert writes(host) == []
        host.change_datastore(f"{DATASTORE}-2", free=4 * MIB)
        assert carry_out(esx_volume.CONTRACT, host, **move)["changed"] is True


@pytest.mark.parametrize("more", ["1000 TiB", "40 GiB"])
def test_a_disk_does_not_grow_beyond_what_the_datastore_holds(esx: Simulator, more: str) -> None:
    """Check mode and the real run agree, whatever the host would say."""
    ensure(esx, "x.vmdk", capacity="1 MiB", allocation="thick")
    esx.change_datastore("datastore1", free=2 * GIB)
    writes(esx)
    for check in (True, False):
        with pytest.raises(Refused, match="holds disks of at most|too full"):
            ensure(esx, "x.vmdk", capacity=more, check=check)
    assert writes(esx) == []
