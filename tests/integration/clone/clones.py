# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source that the tests of ``esx_clone`` begin with, and its clone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible_collections.virt.esx.plugins.modules import esx_clone
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    LOGIN,
    MIB,
    POOL,
    content,
    ensure,
    noise,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

VMX = """\
.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "13"
displayName = "web"
annotation = "The first one"
guestOS = "rhel7-64"
memsize = "1024"
uuid.bios = "50 11 5e 16 9b dc 49 d7-f1 71 53 c4 d7 f9 17 10"
uuid.location = "56 4d 12 23 f8 35 c4 b1-bb f6 e3 23 90 d6 2b d3"
sched.swap.derivedName = "/vmfs/volumes/datastore1/web/web-1.vswp"
nvram = "web.nvram"
unknown.key = "stays"
# a comment stays, too
scsi0.present = "TRUE"
scsi0.virtualDev = "lsilogic"
scsi0:0.present = "TRUE"
scsi0:0.deviceType = "scsi-hardDisk"
scsi0:0.fileName = "web.vmdk"
scsi0:0.redo = ""
scsi0:1.present = "TRUE"
scsi0:1.deviceType = "scsi-hardDisk"
scsi0:1.fileName = "/vmfs/volumes/datastore1/data/web-data.vmdk"
ide1:0.present = "TRUE"
ide1:0.deviceType = "cdrom-image"
ide1:0.fileName = "/vmfs/volumes/datastore1/iso/debian.iso"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "e1000"
ethernet0.networkName = "VM Network"
ethernet0.addressType = "generated"
ethernet0.generatedAddress = "00:0c:29:00:00:01"
ethernet1.present = "TRUE"
ethernet1.networkName = "VM Network"
ethernet1.addressType = "static"
ethernet1.address = "00:50:56:00:00:02"
"""
SYSTEM, DATA = noise(2 * MIB), noise(MIB, seed=2)


def prepare(host: Simulator, place: Path) -> None:
    ensure(host, "web/web.vmdk", source=write(place / "system.img", SYSTEM))
    ensure(host, "data/web-data.vmdk", source=write(place / "data.img", DATA), source_format="raw")
    ensure(host, "iso/debian.iso", source=write(place / "debian.iso", noise(MIB)))
    ensure(host, "web/web.nvram", source=write(place / "web.nvram", b"firmware"))
    ensure(host, "web/web.vmx", source=write(place / "web.vmx", VMX.encode()))
    for name in ("web/web.nvram.sha256", "web/web.vmx.sha256"):
        ensure(host, name, state="absent")
    with client(host, login=LOGIN) as connected:
        connected.register(f"{POOL} web/web.vmx")


def clone(host: Simulator, **arguments: Any) -> dict[str, Any]:
    source = {} if "vmx_path" in arguments else {"name": "web"}
    return carry_out(esx_clone.CONTRACT, host, **{**source, "clone_name": "web2", **arguments})


def values(host: Simulator, path: str) -> dict[str, str]:
    """The keys of a VMX file and their values."""
    return dict(re.findall(r'^([\w.:]+) = "(.*)"$', content(host, path).decode(), re.MULTILINE))
