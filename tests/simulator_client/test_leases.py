# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVF packages come into a host and out of it by leases, as with a real one."""

from __future__ import annotations

import hashlib
import http.client
import ssl
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from ansible_collections.virt.esx.tests.simulator_client import start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl

GRAIN = 65536
CAPACITY = 64 << 20


def disk_image() -> bytes:
    """A disk with data here and there, also in its last sector."""
    image = bytearray(CAPACITY)
    for at in (0, 5 * GRAIN + 512, 40 << 20):
        image[at : at + 100_000] = hashlib.shake_128(str(at).encode()).digest(100_000)
    image[-512:] = b"\x55" * 512
    return bytes(image)


def stream(image: bytes) -> bytes:
    """The image as a streamOptimized VMDK, made by the format's description."""
    header = struct.pack(
        "<4sIIQQQQIQQQBccccH", b"KDMV", 3, 0x30001, len(image) // 512, 128, 1, 1, 512, 0, 2**64 - 1, 128, 0,
        b"\n", b" ", b"\r", b"\n", 1,
    )  # fmt: skip
    out = bytearray((header.ljust(512, b"\0") + b"# Disk DescriptorFile\nversion=1\n").ljust(128 * 512, b"\0"))
    directory = []
    for table in range(0, len(image), 512 * GRAIN):
        entries = [0] * 512
        for number in range(512):
            data = image[table + number * GRAIN : table + (number + 1) * GRAIN]
            if data.strip(b"\0"):
                entries[number] = len(out) // 512
                packed = zlib.compress(data)
                grain = struct.pack("<QI", (table + number * GRAIN) // 512, len(packed)) + packed
                out += grain.ljust(-(-len(grain) // 512) * 512, b"\0")
        out += struct.pack("<QII", 4, 0, 1).ljust(512, b"\0")
        directory.append(len(out) // 512)
        out += struct.pack("<512I", *entries)
    out += struct.pack("<QII", 1, 0, 2).ljust(512, b"\0")
    footer = header[:56] + struct.pack("<Q", len(out) // 512) + header[64:]
    out += struct.pack(f"<{len(directory)}I", *directory).ljust(512, b"\0")
    return bytes(out + struct.pack("<QII", 1, 0, 3).ljust(512, b"\0") + footer.ljust(512, b"\0") + b"\0" * 512)


def unstream(data: bytes) -> bytes:
    """The image in a streamOptimized VMDK."""
    (capacity,) = struct.unpack_from("<Q", data, 12)
    (overhead,) = struct.unpack_from("<Q", data, 64)
    image, at = bytearray(capacity * 512), overhead * 512
    while True:
        value, size, kind = struct.unpack_from("<QII", data, at)
        if size:
            grain = zlib.decompress(data[at + 12 : at + 12 + size])
            image[value * 512 : value * 512 + len(grain)] = grain
            at += -(-(size + 12) // 512) * 512
        elif kind == 0:
            assert at + 512 == len(data)
            return bytes(image)
        else:
            at += 512 + value * 512


DESCRIPTOR = f"""<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
 xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
 xmlns:vmw="http://www.vmware.com/schema/ovf">
<References><File ovf:id="f1" ovf:href="web-disk1.vmdk" ovf:size="1000"/>
<File ovf:id="f2" ovf:href="seed.iso"/></References>
<DiskSection><Info/><Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="{CAPACITY}"
 ovf:capacityAllocationUnits="byte"/></DiskSection>
<NetworkSection><Info/><Network ovf:name="bridged"><Description>outside</Description></Network></NetworkSection>
<DeploymentOptionSection><Info/><Configuration ovf:id="small" ovf:default="true"><Label>S</Label><Description/>
</Configuration><Configuration ovf:id="large"><Label>L</Label><Description/></Configuration></DeploymentOptionSection>
<VirtualSystem ovf:id="web"><Info/><Name>web</Name>
<EulaSection><Info/><License>Be nice.</License></EulaSection>
<ProductSection><Info/><Property ovf:key="hostname" ovf:type="string" ovf:userConfigurable="true"/></ProductSection>
<OperatingSystemSection ovf:id="100" vmw:osType="debian11_64Guest"><Info/></OperatingSystemSection>
<VirtualHardwareSection><Info/>
<System><vssd:ElementName>x</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID>
<vssd:VirtualSystemType>vmx-13 vmx-99</vssd:VirtualSystemType></System>
<Item ovf:configuration="small"><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType>
<rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
<Item ovf:configuration="large"><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType>
<rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
<Item><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType>
<rasd:VirtualQuantity>2048</rasd:VirtualQuantity></Item>
<Item><rasd:Address>0</rasd:Address><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType>
<rasd:ResourceType>6</rasd:ResourceType></Item>
<Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d1</rasd:HostResource>
<rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
<Item><rasd:Address>1</rasd:Address><rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceType>5</rasd:ResourceType></Item>
<Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/file/f2</rasd:HostResource>
<rasd:InstanceID>6</rasd:InstanceID><rasd:Parent>5</rasd:Parent><rasd:ResourceType>15</rasd:ResourceType></Item>
<Item><rasd:Connection>bridged</rasd:Connection><rasd:InstanceID>7</rasd:InstanceID>
<rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
<Item ovf:required="false"><rasd:InstanceID>8</rasd:InstanceID><rasd:ResourceType>21</rasd:ResourceType></Item>
</VirtualHardwareSection></VirtualSystem></Envelope>"""


class Importer:
    """Imports the package on a host or a vCenter."""

    def __init__(self, session: Client) -> None:
        self.session = session
        self.host = next(iter(session.all(vim.HostSystem).values()))
        self.pool = session.get(session.get(self.host, "parent"), "resourcePool")
        self.folder = session.get(next(iter(session.all(vim.Datacenter).values())), "vmFolder")
        self.store = session.all(vim.Datastore)["local-storage"]

    def spec(self, text: str = DESCRIPTOR, name: str = "web", networks: bool = True, **more: Any) -> Any:
        network = self.session.all(vim.Network)["VM Network"]
        mapping = [vim.OvfManager.NetworkMapping(name="bridged", network=network)] if networks else []
        params = {"deploymentOption": "", "locale": "", "diskProvisioning": "thin", **more}
        cisp = vim.OvfManager.CreateImportSpecParams(entityName=name, networkMapping=mapping, **params)
        return self.session.content.ovfManager.CreateImportSpec(text, self.pool, self.store, cisp)

    def lease(self, **more: Any) -> Any:
        lease = self.pool.ImportVApp(self.spec(**more).importSpec, self.folder, None)
        return ready(self.session, lease)

    def names(self) -> set[str]:
        return set(self.session.all(vim.VirtualMachine))

    def remains(self) -> bool:
        return bool(self.session.folder("GET", "web/")[0] != 404)


def ready(session: Client, lease: Any) -> Any:
    end = time.monotonic() + 10
    while session.get(lease, "state") == "initializing" and time.monotonic() < end:
        time.sleep(0.01)
    return lease


def send(session: Client, method: str, url: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    address = session.address
    context = ssl.create_default_context(cafile=session.simulator.certificate)
    with closing(http.client.HTTPSConnection(address.netloc, timeout=10, context=context)) as connection:
        connection.request(method, urlsplit(url).path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def urls(session: Client, lease: Any) -> list[Any]:
    return list(session.get(lease, "info.deviceUrl"))


@pytest.fixture
def importer() -> Iterator[Importer]:
    with start_simulator("-domains", "1") as simulator, client(simulator) as session:
        yield Importer(session)


def test_a_descriptor_is_told(importer: Importer) -> None:
    params = vim.OvfManager.ParseDescriptorParams(locale="", deploymentOption="")
    told = importer.session.content.ovfManager.ParseDescriptor(DESCRIPTOR, params)
    assert [(n.name, n.description) for n in told.network] == [("bridged", "outside")]
    assert ([o.key for o in told.deploymentOption], told.defaultDeploymentOption) == (["small", "large"], "small")
    assert (list(told.eula), [p.id for p in told.property]) == (["Be nice."], ["hostname"])
    assert (told.approximateFlatDeploymentSize, told.virtualApp, told.defaultEntityName) == (CAPACITY, False, "web")
    broken = importer.session.content.ovfManager.ParseDescriptor("<Envelope", params)
    assert [type(e).__name__ for e in broken.error] == ["vim.fault.OvfXmlFormat"]


def test_a_specification_has_no_spec_where_there_are_errors(importer: Importer) -> None:
    def errors(text: str = DESCRIPTOR, **more: Any) -> list[str]:
        result = importer.spec(text, **more)
        assert (result.importSpec is None) == bool(result.error)
        return [type(e).__name__.rpartition(".")[2] for e in result.error]

    assert errors() == []
    assert [type(w).__name__ for w in importer.spec().warning] == ["vim.fault.OvfUnsupportedType"]
    assert errors(networks=False) == ["OvfNetworkMappingNotSupported"]
    assert errors(deploymentOption="huge") == ["OvfInvalidValueConfiguration"]
    assert errors(diskProvisioning="lumpy") == ["OvfUnsupportedDiskProvisioning"]
    assert errors(DESCRIPTOR.replace("vmx-13 vmx-99", "virtualbox-2.2")) == ["OvfNoSupportedHardwareFamily"]
    assert errors(DESCRIPTOR.replace('ovf:required="false"', "")) == ["OvfUnsupportedType"]
    assert errors(DESCRIPTOR.replace("VmxNet3", "Virtio")) == ["OvfUnsupportedSubType"]
    assert errors("<Envelope") == ["OvfXmlFormat"]
    assert importer.spec(deploymentOption="large").importSpec.configSpec.numCPUs == 4


def test_import_and_export_give_the_same_disk(importer: Importer) -> None:
    session, image = importer.session, disk_image()
    import_domain(importer, image)
    check_imported(session, image)
    domain = session.domain("web")
    session.wait(domain.PowerOnVM_Task())
    with pytest.raises(vim.fault.InvalidPowerState):
        domain.ExportVm()
    session.wait(domain.PowerOffVM_Task())
    text = export_domain(session, image)
    again = importer.spec(text, name="again")
    assert ([f.path for f in again.fileItem], list(again.error)) == (["web-disk1.vmdk"], [])


def import_domain(importer: Importer, image: bytes) -> None:
    """Import the package, with the checks that the lease allows."""
    session = importer.session
    spec = importer.spec()
    assert [(f.path, f.create) for f in spec.fileItem] == [("web-disk1.vmdk", False), ("seed.iso", True)]
    lease = importer.lease()
    disk, seed = urls(session, lease)
    assert (disk.importKey, seed.importKey) == tuple(f.deviceId for f in spec.fileItem)
    assert disk.url.startswith("https://*/ha-nfc/")
    assert len(disk.sslThumbprint.split(":")) == 20
    domain = session.domain("web")
    for call in (domain.PowerOnVM_Task, domain.Destroy_Task, domain.UnregisterVM):
        with pytest.raises(vim.fault.MethodDisabled):
            call()
    assert "PowerOnVM_Task" in session.get(domain, "disabledMethod")
    assert send(session, "PUT", disk.url, b"x")[0] == 405
    assert send(session, "POST", seed.url, b"x")[0] == 405
    assert send(session, "POST", disk.url, stream(image))[0] == 201
    assert send(session, "PUT", seed.url, b"seed", Overwrite="t")[0] == 201
    lease.HttpNfcLeaseProgress(50)
    sums = {entry.key: entry for entry in lease.HttpNfcLeaseGetManifest()}
    assert sums[disk.key].sha1 == hashlib.new("sha1", stream(image), usedforsecurity=False).hexdigest()
    lease.HttpNfcLeaseComplete()
    assert session.get(lease, "state") == "done"
    assert send(session, "GET", disk.url)[0] == 404


def check_imported(session: Client, image: bytes) -> None:
    """The domain has the disk, the image and the hardware of the package."""
    with closing(open_flat(session, "web/disk-0-flat.vmdk")) as answer:
        assert answer.read() == image
    assert session.folder("GET", "web/_deviceImage0.iso") == (200, "seed")
    domain = session.domain("web")
    hardware = session.get(domain, "config.hardware")
    assert (hardware.numCPU, hardware.memoryMB) == (1, 2048)
    kinds = {type(d).__name__.rpartition(".")[2] for d in hardware.device}
    assert {"ParaVirtualSCSIController", "VirtualVmxnet3", "VirtualCdrom"} <= kinds
    assert session.get(domain, "config.version") == "vmx-13"
    assert session.get(domain, "config.guestId") == "debian11_64Guest"


def export_domain(session: Client, image: bytes) -> str:
    """Export the domain, check the data and the checksum, and return the descriptor."""
    domain = session.domain("web")
    lease = ready(session, domain.ExportVm())
    (disk,) = urls(session, lease)
    assert session.get(lease, "info.totalDiskCapacityInKB") == CAPACITY // 1024
    sha256 = vim.KeyValue(key=disk.key, value="sha256")
    lease.HttpNfcLeaseSetManifestChecksumType([sha256])
    status, exported = send(session, "GET", disk.url)
    assert (status, unstream(exported)) == (200, image)
    (entry,) = lease.HttpNfcLeaseGetManifest()
    assert (entry.checksum, entry.checksumType) == (hashlib.sha256(exported).hexdigest(), "sha256")
    file = vim.OvfManager.OvfFile(deviceId=disk.key, path="web-disk1.vmdk", size=len(exported))
    cdp = vim.OvfManager.CreateDescriptorParams(name="again", ovfFiles=[file])
    text: str = session.content.ovfManager.CreateDescriptor(domain, cdp).ovfDescriptor
    lease.HttpNfcLeaseComplete()
    return text


def open_flat(session: Client, path: str) -> Any:
    context = ssl.create_default_context(cafile=session.simulator.certificate)
    connection = http.client.HTTPSConnection(session.address.netloc, timeout=30, context=context)
    cookie = {"Cookie": session.instance._stub.cookie.split(";")[0]}
    connection.request("GET", f"/folder/{path}?dcPath=ha-datacenter&dsName=local-storage", headers=cookie)
    return connection.getresponse()


def test_a_snapshot_is_exported_while_the_domain_runs(importer: Importer) -> None:
    session = importer.session
    domain = session.domain("domain-1")
    snapshot = session.wait(domain.CreateSnapshot_Task(name="s", memory=False, quiesce=False))
    lease = ready(session, snapshot.ExportSnapshot())
    (disk,) = urls(session, lease)
    status, body = send(session, "GET", disk.url)
    assert (status, struct.unpack_from("<Q", body, 12)) == (200, (8 << 21,))
    lease.HttpNfcLeaseComplete()


@pytest.mark.parametrize("how", ["abort", "nonsense", "cut", "too large"])
def test_nothing_is_left_of_an_import_that_fails(importer: Importer, how: str) -> None:
    session = importer.session
    lease = importer.lease()
    disk, _seed = urls(session, lease)
    whole = stream(disk_image())
    if how == "abort":
        lease.HttpNfcLeaseAbort(None)
    elif how == "too large":
        assert send(session, "POST", disk.url, stream(disk_image() + bytes(GRAIN)))[0] == 500
    else:
        body = b"KDMV" + bytes(600) if how == "nonsense" else whole[: len(whole) // 2]
        assert send(session, "POST", disk.url, body)[0] == 500
    assert session.get(lease, "state") == "error"
    assert session.get(lease, "error") is not None
    assert "web" not in importer.names()
    assert not importer.remains()
    with pytest.raises(vim.fault.InvalidState):
        lease.HttpNfcLeaseProgress(1)
    assert ready(session, importer.lease()) is not None


def test_a_lease_without_progress_ends() -> None:
    with start_simulator("-domains", "0", "-lease-timeout", "1") as simulator, client(simulator) as session:
        importer = Importer(session)
        lease = importer.lease()
        assert session.get(lease, "info.leaseTimeout") == 1
        for _attempt in range(6):
            time.sleep(0.3)
            lease.HttpNfcLeaseProgress(10)
        time.sleep(1.3)
        with pytest.raises(vim.fault.Timedout):
            lease.HttpNfcLeaseProgress(20)
        assert "web" not in importer.names()


def test_invalid_imports_are_refused(importer: Importer) -> None:
    spec = importer.spec().importSpec
    with pytest.raises(vmodl.fault.InvalidArgument):
        importer.pool.ImportVApp(spec, None, None)
    spec.configSpec.name = "domain-1"
    lease = ready(importer.session, importer.pool.ImportVApp(spec, importer.folder, None))
    assert importer.session.get(lease, "state") == "error"
    assert isinstance(importer.session.get(lease, "error"), vim.fault.DuplicateName)


def test_a_vcenter_names_the_host() -> None:
    flags = ("-kind", "vcenter", "-hosts", "1", "-domains", "0", "-host-endpoints", "auto")
    with start_simulator(*flags) as simulator, client(simulator) as session:
        importer = Importer(session)
        disk, _seed = urls(session, importer.lease())
        assert disk.url.startswith(f"https://127.0.0.2:{simulator.port}/nfc/")
        host_certificate = ssl.get_server_certificate(("127.0.0.2", simulator.port))
        digest = hashlib.new("sha1", ssl.PEM_cert_to_DER_cert(host_certificate), usedforsecurity=False)
        assert disk.sslThumbprint.replace(":", "") == digest.hexdigest().upper()


def test_the_free_licence_refuses_an_import() -> None:
    with start_simulator("-domains", "0", "-licence", "free") as simulator, client(simulator) as session:
        importer = Importer(session)
        with pytest.raises(vim.fault.RestrictedVersion):
            importer.pool.ImportVApp(importer.spec().importSpec, importer.folder, None)
