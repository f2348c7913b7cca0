# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real libvirt works with the simulator, so that it can be compared with the collection."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.virt.esx.tests.simulator_client import start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

pytestmark = pytest.mark.skipif(shutil.which("virsh") is None, reason="Debian's libvirt-clients is not installed")

DOMAIN = """
<domain type='vmware'>
  <name>Fedora11</name>
  <uuid>50115e16-9bdc-49d7-f171-53c4d7f91710</uuid>
  <memory unit='KiB'>1048576</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <source file='[local-storage] Fedora11/Fedora11.vmdk'/>
      <target dev='sda' bus='scsi'/>
    </disk>
    <controller type='scsi' index='0' model='lsilogic'/>
    <interface type='bridge'><mac address='00:50:56:25:48:c7'/><source bridge='VM Network'/></interface>
  </devices>
</domain>
"""


class Virsh:
    """virsh with logins for the simulator's addresses."""

    def __init__(self, directory: Path) -> None:
        self.auth = directory / "auth.conf"
        addresses = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
        self.auth.write_text(
            "[credentials-all]\nusername=root\npassword=secret\n"
            + "".join(f"[auth-esx-{address}]\ncredentials=all\n" for address in addresses)
        )

    def __call__(self, uri: str, *arguments: str) -> str:
        environment = {**os.environ, "LIBVIRT_AUTH_FILE": str(self.auth), "LIBVIRT_DEBUG": "4"}
        done = subprocess.run(
            ["virsh", "-q", "-c", uri, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout


@pytest.fixture
def virsh(tmp_path: Path) -> Virsh:
    return Virsh(tmp_path)


def test_a_domains_life(virsh: Virsh, tmp_path: Path) -> None:
    definition = tmp_path / "domain.xml"
    definition.write_text(DOMAIN)
    with start_simulator("-domains", "1") as simulator:
        uri = simulator.uri(no_verify=1)
        with client(simulator) as host:  # libvirt makes neither directory nor disk when it defines
            host.create_disk("Fedora11/Fedora11.vmdk")
        assert virsh(uri, "list", "--all").split()[1:] == ["domain-1", "running"]
        virsh(uri, "define", str(definition))
        assert "<uuid>50115e16-9bdc-49d7-f171-53c4d7f91710</uuid>" in virsh(uri, "dumpxml", "Fedora11")
        virsh(uri, "start", "Fedora11")
        assert virsh(uri, "domstate", "Fedora11").strip() == "running"
        virsh(uri, "destroy", "Fedora11")
        virsh(uri, "undefine", "Fedora11")
        assert list(simulator.domains()) == ["domain-1"]
        with pytest.raises(RuntimeError, match="VMware Tools is not running"):
            virsh(uri, "shutdown", "domain-1")


def test_a_migration_between_hosts_of_a_vcenter(virsh: Virsh) -> None:
    with start_simulator("-kind", "vcenter", "-domains", "1", "-host-endpoints", "auto") as simulator:
        uris = [simulator.uri(host=name, no_verify=1, vcenter="*") for name in ("DC0_H0", "DC0_H1")]
        virsh(uris[0], "migrate", "--live", "domain-1", uris[1])
        assert virsh(uris[0], "list", "--name").split() == []
        assert sorted(virsh(uris[1], "list", "--name").split()) == ["domain-1", "domain-2"]
