# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that a user attaches to an issue has no names and secrets, and still converts as the original does."""

from __future__ import annotations

import importlib.util
import pathlib
import subprocess
import sys

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx

TOOL = pathlib.Path(__file__).parents[2] / "tools/redact.py"

VMX = """.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "13"
displayName = "acme-payroll"
annotation = "call Alice at ACME"
guestOS = "debian12-64"
uuid.bios = "56 4d 9b ef ac d9 b4 e0-c8 f0 ae a8 b9 10 35 15"
memsize = "1024"
numvcpus = "2"
scsi0.present = "TRUE"
scsi0.virtualDev = "pvscsi"
scsi0:0.present = "TRUE"
scsi0:0.deviceType = "scsi-hardDisk"
scsi0:0.fileName = "/vmfs/volumes/acme-ssd/acme-payroll/acme-payroll.vmdk"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.networkName = "ACME internal"
ethernet0.connectionType = "bridged"
ethernet0.addressType = "static"
ethernet0.address = "00:50:56:11:22:33"
RemoteDisplay.vnc.enabled = "TRUE"
RemoteDisplay.vnc.password = "hunter2"
RemoteDisplay.vnc.ip = "10.1.2.3"
guestinfo.token = "tok-4711"
guestinfo.ip = "fe80::250:56ff:fe11:2233"
workingDir = "/vmfs/volumes/acme-ssd/acme-payroll"
checkpoint.vmState = "acme-payroll-5c1b.vmss"
guestOS.detailed.data = "hostname='acme-payroll' kernel='6.1'"
serial0.present = "TRUE"
serial0.fileType = "network"
serial0.fileName = "telnet://jump.acme.example:2001"
serial0.vspc = "telnet://vspc.acme.example:13370"
"""
SECRETS = ("acme", "payroll", "alice", "hunter2", "10.1.2.3", "tok-", "11:22:33", "56 4d", "564d9bef", "fe11")
# The parts of libvirt's domain XML that a VMX does not have.
MORE_XML = """<domain type='vmware'>
  <metadata><app:x xmlns:app='http://acme.example/app'>acme</app:x></metadata>
  <sysinfo type='smbios'><system><entry name='serial'>ACME-1</entry></system></sysinfo>
  <disk type='network'>
    <source protocol='iscsi' name='iqn.2013.com.acme:disk'><host name='san.acme.example' port='3260'/></source>
    <auth username='alice'><secret type='iscsi' usage='acme'/></auth>
    <serial>ACMESER</serial>
  </disk>
  <interface type='bridge'><source bridge='acme dmz'/><ip address='fe80::fe11'/></interface>
</domain>
"""

# What VMware and libvirt read as well: values in other quotes or none, comments, several statements on a line.
LOOSE_VMX = """# Alice's server at ACME
displayName = acme-payroll
annotation = 'call Alice'
guestinfo.note = \"\"\"ACME "hunter2" inside\"\"\"
memsize = 1024
numvcpus = "2" # for ACME
scsi0.present = "TRUE"; guestinfo.token = "hunter2"; numa.nodes = "2"
a line of Alice's that is no statement
"""
LOOSE_XML = """<domain type='vmware' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <!-- ACME's host,
       kept by Alice -->
  <description><![CDATA[call Alice <at> ACME]]></description>
  <name>acme<!-- ACME -->payroll</name>
  <qemu:commandline><qemu:env name='ACME' value='hunter2'/><qemu:arg value="hunter2"/></qemu:commandline>
  <disk type='network'>
    <source protocol="https" query='token=hunter2' name='acme/payroll.iso'>
      <cookies><cookie name='acme'>x</cookie></cookies>
    </source>
  </disk>
  <interface type='vds'><source portid='acme-1' connectionid='7'/></interface>
  <interface><virtualport><parameters profileid='acme'/></virtualport></interface>
  <features><cfpc value='broken'/></features>
  <memory unit='KiB'>1048576</memory>
</domain>
"""


@pytest.fixture
def redact() -> object:
    spec = importlib.util.spec_from_file_location("redact", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.redact


def test_names_and_secrets_go_and_the_structure_stays(redact: object) -> None:
    domain = read_vmx(VMX)
    xml = write_domain(domain, DIALECTS["esx"].xml, secure=True)
    for text in (VMX, xml, MORE_XML):
        redacted = redact(text)  # type: ignore[operator]
        assert [secret for secret in SECRETS if secret in redacted.lower()] == []
        assert len(redacted.splitlines()) == len(text.splitlines())
    assert "name='serial'" in redact(MORE_XML)  # type: ignore[operator]
    again = read_vmx(redact(VMX))  # type: ignore[operator]
    assert (again.memory_kib, again.vcpus, again.disks[0].target) == (domain.memory_kib, domain.vcpus, "sda")
    assert again.serials[0].protocol == "telnet"


@pytest.mark.parametrize("text", [LOOSE_VMX, LOOSE_XML], ids=["vmx", "xml"])
def test_nothing_is_left_in_comments_or_unusual_forms(redact: object, text: str) -> None:
    redacted = redact(text)  # type: ignore[operator]
    assert [secret for secret in SECRETS if secret in redacted.lower()] == []
    assert len(redacted.splitlines()) == len(text.splitlines())
    kept = ("memsize = 1024", 'numvcpus = "2"', 'scsi0.present = "TRUE"; guestinfo.token = "', '"; numa.nodes = "2"')
    kept_in_xml = ("<cfpc value='broken'/>", "1048576", "connectionid='7'", 'protocol="https"', "]]></description>")
    assert [part for part in (kept if text is LOOSE_VMX else kept_in_xml) if part not in redacted] == []


def test_a_file_that_cannot_be_read_is_named(tmp_path: pathlib.Path) -> None:
    command = [sys.executable, str(TOOL), str(tmp_path / "none.vmx")]
    done = subprocess.run(command, check=False, text=True, capture_output=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"The file '{tmp_path / 'none.vmx'}' cannot be read: No such file or directory.\n"
