# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as an old server, another product, and a host with the free licence."""

from __future__ import annotations

import http.client
import ssl
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim, vmodl


def get(simulator: Simulator, path: str) -> tuple[int, str]:
    context = ssl.create_default_context(cafile=simulator.certificate)
    with closing(http.client.HTTPSConnection("127.0.0.1", simulator.port, context=context)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def call(simulator: Simulator, action: str, body: str) -> tuple[int, str]:
    """A SOAP call as a client of some version sends it."""
    context = ssl.create_default_context(cafile=simulator.certificate)
    envelope = (
        '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<Body>{body}</Body></Envelope>"
    )
    with closing(http.client.HTTPSConnection("127.0.0.1", simulator.port, context=context)) as connection:
        connection.request("POST", "/sdk", envelope, {"SOAPAction": f'"{action}"', "Content-Type": "text/xml"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


CONTENT = (
    '<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this>'
    "</RetrieveServiceContent>"
)
RETRIEVE_EX = '<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">x</_this></RetrievePropertiesEx>'


@pytest.mark.parametrize(
    ("version", "about", "newest"),
    [("2.5", "3.5.0", None), ("4.0", "4.0.0", "4.0"), ("6.5", "6.5.0", "6.5"), ("8.0", "8.0.0", "8.0.0.1")],
)
def test_a_version_describes_itself(version: str, about: str, newest: str | None) -> None:
    with start_simulator("-version", version) as simulator:
        text = call(simulator, "urn:vim25/2.5", CONTENT)[1]
        assert f"<version>{about}</version>" in text
        status, versions = get(simulator, "/sdk/vimServiceVersions.xml")
        assert status == (200 if newest else 404)
        assert newest is None or f"<version>{newest}</version>\n  <priorVersions>" in versions


@pytest.mark.parametrize(
    ("version", "action", "body", "refusal"),
    [
        ("4.0", "urn:vim25/4.0", CONTENT, None),
        ("4.0", "urn:vim25/2.5u2", CONTENT, None),
        ("4.0", "urn:vim25", CONTENT, None),
        ("4.0", "urn:vim25/5.0", CONTENT, "Unsupported version URI"),
        ("4.0", "urn:vim25/4.0", RETRIEVE_EX, "Unable to resolve WSDL method name RetrievePropertiesEx"),
        ("4.1", "urn:vim25/4.1", RETRIEVE_EX, None),
    ],
)
def test_newer_methods_and_properties_are_refused(version: str, action: str, body: str, refusal: str | None) -> None:
    with start_simulator("-version", version) as simulator:
        status, text = call(simulator, action, body)
        if refusal:
            assert status == 500
            assert refusal in text
            assert 'InvalidRequestFault xmlns="urn:vim25" xsi:type="InvalidRequest"' in text
        else:
            assert "while parsing" not in text


def test_a_property_of_a_newer_version() -> None:
    with start_simulator("-version", "4.0") as simulator, client(simulator) as connected:
        domain = connected.domain("domain-1")
        assert connected.get(domain, "runtime.powerState") == "poweredOn"
        for path in ("rootSnapshot", "runtime.consolidationNeeded", "runtime.nonsense"):
            with pytest.raises(vmodl.query.InvalidProperty) as error:
                connected.get(domain, path)
            assert error.value.name == path


NEW_DEVICES = """.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "4"
displayName = "new"
uuid.bios = "50 11 5e 16 9b dc 49 d7-f1 71 53 c4 d7 f9 17 10"
memsize = "512"
sata0.present = "TRUE"
sata0:0.present = "TRUE"
sata0:0.deviceType = "cdrom-image"
sata0:0.fileName = "a.iso"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "e1000"
ethernet0.networkName = "VM Network"
ethernet1.present = "TRUE"
ethernet1.virtualDev = "e1000e"
ethernet1.networkName = "VM Network"
"""


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("4.0", {"VirtualE1000"}),
        ("5.0", {"VirtualE1000", "VirtualE1000e"}),
        ("5.5", {"VirtualE1000", "VirtualE1000e", "VirtualAHCIController", "VirtualCdrom"}),
    ],
)
def test_devices_of_a_newer_version_are_not_shown(version: str, shown: set[str]) -> None:
    with start_simulator("-version", version) as simulator, client(simulator) as connected:
        connected.upload("new/new.vmx", NEW_DEVICES)
        domain = connected.register("[local-storage] new/new.vmx")
        devices = connected.get(domain, "config.hardware.device")
        kinds = {type(device).__name__.rpartition(".")[2] for device in devices}
        assert kinds & {"VirtualE1000", "VirtualE1000e", "VirtualAHCIController", "VirtualCdrom"} == shown
        connected.reconfigure(domain, annotation="note")
        assert connected.folder("GET", "new/new.vmx")[1] == NEW_DEVICES + 'annotation = "note"\n'


def test_a_gsx_server() -> None:
    with start_simulator("-product", "gsx", "-version", "2.5") as simulator:
        text = call(simulator, "urn:vim25/2.5", CONTENT)[1]
        assert "<productLineId>gsx</productLineId>" in text
        assert "<version>2.0.0</version>" in text


def test_the_free_licence_only_reads() -> None:
    with start_simulator("-licence", "free") as simulator, client(simulator) as connected:
        domain = connected.domain("domain-1")
        assert connected.get(domain, "name") == "domain-1"
        manager = connected.content.licenseManager
        assert connected.get(manager, "licenses")[0].editionKey == "esxBasic"
        with pytest.raises(vim.fault.RestrictedVersion, match="Current license or ESXi version prohibits execution"):
            domain.PowerOffVM_Task()
        assert connected.folder("PUT", "x", "y")[0] == 201  # only the API is restricted
        browser = connected.get(next(iter(connected.all(vim.Datastore).values())), "browser")
        connected.wait(browser.SearchDatastore_Task("[local-storage]"))


def soap_header(simulator: Simulator, action: str, name: str) -> str | None:
    """A header of the answer to RetrieveServiceContent, asked for in a version."""
    address = urlsplit(simulator.url).netloc
    context = ssl.create_default_context(cafile=simulator.certificate)
    envelope = f'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>{CONTENT}</Body></Envelope>'
    with closing(http.client.HTTPSConnection(address, timeout=10, context=context)) as connection:
        connection.request("POST", "/sdk", envelope, {"SOAPAction": action})
        return connection.getresponse().getheader(name)


def test_an_unlisted_version_is_answered_in_the_newest() -> None:
    with start_simulator() as simulator:
        assert soap_header(simulator, "urn:vim25/12.0", "X-Applied-Soapaction") == "urn:vim25/8.0.0.1"
        assert soap_header(simulator, "urn:vim25/6.5", "X-Applied-Soapaction") is None


@pytest.mark.parametrize(("version", "early"), [("6.0", True), ("6.7", True), ("7.0", False), ("8.0", False)])
def test_when_a_server_gives_its_cookie(version: str, early: bool) -> None:
    with start_simulator("-version", version) as simulator:
        assert (soap_header(simulator, "urn:vim25/6.0", "Set-Cookie") is not None) is early
        with client(simulator) as host:
            assert len(simulator.sessions()) == 1
            assert host.content.sessionManager.currentSession
        assert simulator.sessions() == []
