# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile names, paths, texts and logins: refused in words or carried out, and never more than was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info
from ansible_collections.virt.esx.tests.chaos.lab import PASSWORD, USER, Lab
from ansible_collections.virt.esx.tests.chaos.scenarios import DATASTORE, SCENARIOS
from ansible_collections.virt.esx.tests.integration.domain.domains import domain_xml
from ansible_collections.virt.esx.tests.simulator_client import Simulator

NAMES = (
    *("../../etc", "..", ".", "a/b", "a\\b", "%2e%2e", "%", "a%2fb", "-oProxyCommand=x", "{{ 7*7 }}", "a&b<c>'\""),
    *("]]>", "<!--", "a</path></FindByInventoryPath>", "x" * 300, "über", "\u202eabc", "a;b|c`d`", " web ", "CON"),
)
PATHS = (
    *("[datastore1] ../x.vmdk", "[datastore1] web/../../x.vmdk", "[datastore1] a/./b/x.vmdk", "[datastore1] a//x.vmdk"),
    *("[datastore1] ..", "[../datastore1] x/x.vmdk", "[datastore1&dsName=other] x/x.vmdk", "/etc/passwd", "[] /vmfs/x"),
    *("[datastore1] x?dsName=other/x.vmdk", "[datastore1] x#y/x.vmdk", "[nope] x/x.vmdk", "[datastore1] a\nb/x.vmdk"),
)
INJECTION = 'x"\nsimulator.evil = "1'
URIS = (
    f"esx://{USER}:{PASSWORD}@127.0.0.1:1/",
    f"esx://{USER}:{PASSWORD}/x@y@127.0.0.1:1/?no_verify=1",
    f"esx://{USER}%3A{PASSWORD}@127.0.0.1:1/",
    f"esx://{USER}@127.0.0.1:1/?password={PASSWORD}",
    f"esx://{USER}@127.0.0.1:1/?proxy=http://u:{PASSWORD}@h:1",
    f"esx://{USER}@127.0.0.1:1/?vcenter=u:{PASSWORD}@h",
    f"{USER}:{PASSWORD}@127.0.0.1",
)
LOGINS = (("a<b>&\"'", "p<w>&]]>\u20ac"), ("a\x01b", "p"), ("a", "\udcff"), ("", "p"), ("a" * 100_000, "p"))


def check_inputs(lab: Lab, _seed: int) -> list[str]:
    """Return what went wrong, a sentence each."""
    wrong = []
    with lab.simulator(*DATASTORE) as simulator:
        SCENARIOS["define"].prepare(lab, simulator)
        before = lab.files()
        for what, contract, arguments in _attacks(simulator):
            result = lab.run(contract, arguments, limit=60)
            wrong += [f"{what}: {problem}" for problem in _judge(result)]
            if _injected(lab):
                wrong.append(f"{what}: a key of its own is in the VMX")
            if contract is esx_domain.CONTRACT and not result.get("failed"):
                name = result["domain"]["name"]
                gone = lab.run(contract, {**arguments, "xml": None, "name": name, "state": "undefined"}, limit=60)
                wrong += [f"{what}, undefined again: {problem}" for problem in _judge(gone)]
        missing = set(before) - set(lab.files())
        if missing:
            wrong.append(f"these files are gone: {', '.join(sorted(missing))}")
        if simulator.sessions():
            wrong.append(f"{len(simulator.sessions())} sessions are left")
    return wrong


def _attacks(simulator: Simulator) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """What is tried: in words, the contract and its arguments."""
    reached = {"uri": simulator.uri(user=USER), "timeout": 20}
    define, info = esx_domain.CONTRACT, esx_domain_info.CONTRACT
    disk = "[datastore1] web/web.vmdk"
    for name in NAMES:
        xml = domain_xml(name, uuid=None, disk=disk)
        yield f"name {name[:40]!r}", define, {**reached, "xml": xml, "annotation": name}
    for path in PATHS:
        xml = domain_xml(uuid=None, disk=path.replace("\n", "&#10;"))
        yield f"disk {path!r}", define, {**reached, "xml": xml}
    yield "annotation", define, {**reached, "xml": domain_xml(uuid=None, disk=disk), "annotation": INJECTION}
    text = INJECTION.replace('"', "&quot;").replace("\n", "&#10;")
    yield "network", define, {**reached, "xml": domain_xml(uuid=None, disk=disk, network=text)}
    vnc = f"<graphics type='vnc' port='5900' passwd='{text}'/>"
    yield "VNC password", define, {**reached, "xml": domain_xml(uuid=None, disk=disk, devices=vnc)}
    for uri in URIS:
        yield f"URI {uri.replace(PASSWORD, '...')}", info, {"uri": uri, "timeout": 2}
    yield "hostname", info, {"hostname": f"{USER}:{PASSWORD}@127.0.0.1", "timeout": 2}
    for user, password in LOGINS:
        yield f"login {user[:20]!r}", info, {**reached, "username": user, "password": password}


def _judge(result: dict[str, Any]) -> list[str]:
    wrong = []
    if "traceback" in result:
        wrong.append(result["traceback"].strip().splitlines()[-1])
    if result.get("hung"):
        wrong.append("it hung")
    if PASSWORD in json.dumps(result):
        wrong.append(f"it shows the password: {result.get('msg')}")
    return wrong


def _injected(lab: Lab) -> bool:
    texts = [path.read_text(errors="replace") for path in (lab.directory / "simulator").rglob("*.vmx")]
    return any(line.startswith("simulator.evil") for text in texts for line in text.splitlines())
