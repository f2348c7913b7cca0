# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples for users, and every piece of YAML in README, guides and modules, work as described.

They run against a simulated vCenter and its hosts, which replace the hosts in the documentation. The domains that the
documentation assumes are on the first of them already.
"""

from __future__ import annotations

import pathlib
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_volume
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.ova.packages import descriptor, make_disk, make_ova
from ansible_collections.virt.esx.tests.integration.running import (
    DATASTORE,
    PASSWORD,
    ROOT,
    USER,
    run_playbook,
    variables_of,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator

EXAMPLES = ROOT / "examples"
PLUGINS = ROOT / "plugins"
GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
# The playbooks of parts.rst build on each other; a test at the end of this file runs them in order, twice.
DOCUMENTED = [ROOT / "README.md", *(path for path in GUIDES if path.name != "parts.rst")]
MODULES = sorted((PLUGINS / "modules").glob("*.py"))
FILTERS = sorted((PLUGINS / "filter").glob("*.yml"))
INVENTORIES = sorted((PLUGINS / "inventory").glob("*.py"))

FENCED = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)", re.MULTILINE)
TEMPLATE = re.compile(r"^\.\. code-block:: xml\+jinja\n\n((?:    .*\n|\n)+)", re.MULTILINE)
LITERAL = re.compile(r'^EXAMPLES = r?"""\n(.*?)^"""', re.MULTILINE | re.DOTALL)

# The documentation's hosts, by the names of the simulated ones in their vCenter.
HOSTS = {
    "example.com": "DC0_H0",
    "esx.example.com": "DC0_H0",
    "esx1.example.com": "DC0_H0",
    "esx2.example.com": "DC0_H1",
    "esx3.example.com": "DC0_H2",
    "esx9.example.com": "DC0_H1",
    "example-src.com": "DC0_H0",
    "example-dst.com": "DC0_H1",
}
# scheme, user, server, path and query of a URI
URI = re.compile(r"(esx|vpx)://([^@/]*@)?([a-z0-9.-]*example[a-z.-]*\.com)(?:/([^?\s'\"]*))?(?:\?([^\s'\"]*))?")

# The assumptions of the documentation: domains that are shut off, and some disks of no domain.
DOMAINS = {
    "Fedora11": "Fedora11/disk.vmdk",
    "database": "database/disk.vmdk",
    "demo": "demo/demo.vmdk",
    "web": "web/disk.vmdk",
    "web-1": "web-1/disk.vmdk",
}
DISKS = ("imported/imported.vmdk", "web/old.vmdk")
XML = """
<domain type='vmware'>
  <name>{name}</name>
  <uuid>50115e16-9bdc-49d7-f171-53c4d7f9171{number}</uuid>
  <memory unit='GiB'>4</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><source file='[datastore1] {disk}'/><target dev='sda' bus='scsi'/></disk>
  </devices>
</domain>
"""
GUEST = {"simulator.tools": "running", "simulator.address": "192.0.2.7"}
# The images that the documentation uploads: an ISO image, and raw ones with a boot signature.
RAW = bytes(510) + b"\x55\xaa" + bytes(1 << 20)
IMAGES = {
    "debian-13.iso": b"An ISO image of Debian 13.\n",
    "noble-server-cloudimg-amd64.vmdk": RAW,
    "web.qcow2": RAW,
}
# Additional assumptions of the examples of some modules.
FIRST: dict[str, list[dict[str, Any]]] = {
    "esx_domain.py": [
        {"virt.esx.esx_domain": {"uri": "esx://root@example.com/", "name": "database", "state": "running"}},
    ],
    "esx_screenshot.py": [
        {"virt.esx.esx_domain": {"uri": "esx://root@example.com/", "name": "web", "state": "running"}},
    ],
    "esx_snapshot.py": [
        {"virt.esx.esx_snapshot": {"uri": "esx://root@example.com/", "name": "web", "snapshot": "before-upgrade"}},
    ],
}
VARIABLES = dict.fromkeys(("source_password", "destination_password", "vcenter_password"), PASSWORD)
# The output of virsh, for the example that compares with it.
VARIABLES["from_virsh"] = "{{ lookup('ansible.builtin.file', 'web.vmx') | virt.esx.vmx_to_domxml(dialect='libvirt') }}"
# The package that the documentation imports from a web server is a file here.
VARIABLES.update(noble_url="noble-server-cloudimg-amd64.ova", noble_password=PASSWORD)
# What ``virsh dumpxml`` prints on a KVM host.
KVM_XML = """\
<domain type='kvm'>
  <name>from-kvm</name>
  <memory unit='GiB'>2</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc-q35-8.2'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/var/lib/libvirt/images/web.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'><source network='default'/><model type='virtio'/></interface>
  </devices>
</domain>
"""
VMX = """\
config.version = "8"
virtualHW.version = "13"
displayName = "imported"
guestOS = "rhel7-64"
memsize = "2048"
scsi0.present = "TRUE"
scsi0:0.present = "TRUE"
scsi0:0.deviceType = "scsi-hardDisk"
scsi0:0.fileName = "/vmfs/volumes/datastore1/imported/imported.vmdk"
"""


def make_package(path: pathlib.Path) -> None:
    """Write the package that the documentation imports; its licence needs no accepting."""
    disk = path.with_suffix(".vmdk")
    make_disk(disk)
    files = {"appliance-disk1.vmdk": disk.read_bytes(), "appliance-file1.iso": b"An ISO image.\n"}
    disk.unlink()
    text = re.sub("<EulaSection>.*</EulaSection>", "", descriptor("ovftool", files), flags=re.DOTALL)
    make_ova(path, [("appliance.ovf", text.encode()), *files.items()])


def dedented(text: str) -> str:
    return re.sub(r"^    ", "", text, flags=re.MULTILINE)


def yaml_in(text: str) -> list[str]:
    """The pieces of YAML in a text of the project: Markdown, reStructuredText, or a plugin's source."""
    return [*FENCED.findall(text), *map(dedented, INDENTED.findall(text)), *LITERAL.findall(text)]


def groups(tasks: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The tasks of a plugin's examples, grouped if one uses a variable that an earlier one has registered."""
    found: list[list[dict[str, Any]]] = []
    for task in tasks:
        known = [earlier["register"] for earlier in (found[-1] if found else ()) if "register" in earlier]
        if any(re.search(rf"\b{name}\b", str(task)) for name in known):
            found[-1].append(task)
        else:
            found.append([task])
    return found


def pieces() -> list[Any]:
    """Each documented playbook or group of tasks, with its place, and a name for the test."""
    found = [
        pytest.param(path, yaml.safe_load(text), id=f"{path.name}-{number}")
        for path in DOCUMENTED
        for number, text in enumerate(yaml_in(path.read_text(encoding="utf-8")), 1)
    ]
    for path in (*MODULES, *FILTERS):
        text = path.read_text(encoding="utf-8")
        examples = yaml.safe_load(text)["EXAMPLES"] if path.suffix == ".yml" else LITERAL.findall(text)[0]
        listed = enumerate(groups(yaml.safe_load(examples)), 1)
        found += [pytest.param(path, tasks, id=f"{path.name}-{number}") for number, tasks in listed]
    return found


def simulate(value: Any, vcenter: Simulator) -> Any:
    """The same YAML with simulated servers in place of the documentation's."""
    if isinstance(value, dict):
        return {key: simulate(item, vcenter) for key, item in value.items() if key != "ca_path"}
    if isinstance(value, list):
        return [simulate(item, vcenter) for item in value]
    if not isinstance(value, str):
        return value

    def other(found: re.Match[str]) -> str:
        scheme, user, server, path, query = found.groups(default="")
        name = HOSTS[path.rpartition("/")[2]] if scheme == "vpx" and "/" in path else HOSTS.get(server, "")
        uri = vcenter.uri(scheme, path=f"DC0/{name}" if scheme == "vpx" else "", host="" if scheme == "vpx" else name)
        parameters = query.replace("vcenter.example.com", "*").split("&") if query else []
        return uri.replace("://", f"://{user}") + "?" + "&".join([*parameters, "no_verify=1"])

    return HOSTS.get(value) or URI.sub(other, value)


@pytest.fixture
def vcenter() -> Iterator[Simulator]:
    flags = ("-kind", "vcenter", "-hosts", "3", "-host-endpoints", "auto", "-domains", "0")
    more = ("-distributed-portgroups", "1", "-datastore-name", DATASTORE)
    with start_simulator(*flags, *more) as simulator:
        yield simulator


def prepare(vcenter: Simulator, tmp_path: pathlib.Path) -> None:
    """Make the domains, the disks, and the template that the examples clone, on the first host."""
    uri = vcenter.uri(user=USER, host="DC0_H0", no_verify=1)
    for path in (*DOMAINS.values(), *DISKS):
        vcenter.add_disk(f"[{DATASTORE}] {path}")
    for number, (name, disk) in enumerate(DOMAINS.items()):
        xml = XML.format(name=name, number=number, disk=disk)
        carry_out(esx_domain.CONTRACT, vcenter, uri=uri, xml=xml, settings=GUEST)
    template = tmp_path / "template.vmx"
    template.write_text(VMX, encoding="utf-8")
    disk, vmx = f"[{DATASTORE}] templates/debian-13.vmdk", f"[{DATASTORE}] templates/debian-13.vmx"
    carry_out(esx_volume.CONTRACT, vcenter, uri=uri, path=disk, capacity="1 MiB")
    carry_out(esx_volume.CONTRACT, vcenter, uri=uri, path=vmx, source=str(template))


@pytest.mark.parametrize(("source", "piece"), pieces())
def test_documented_yaml_works(source: pathlib.Path, piece: Any, vcenter: Simulator, tmp_path: pathlib.Path) -> None:
    if isinstance(piece, dict):
        return  # settings, such as requirements.yml, which can only be parsed
    if source not in FILTERS:
        prepare(vcenter, tmp_path)
    tasks = [*FIRST.get(source.name, ()), *piece]
    plays = piece if "hosts" in piece[0] else [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    for directory in ("files", "templates", "vars"):
        shutil.copytree(EXAMPLES / directory, tmp_path / directory)
    for template in TEMPLATE.findall(source.read_text(encoding="utf-8")):
        (tmp_path / "templates" / "domain.xml.j2").write_text(dedented(template), encoding="utf-8")
    for name in ("web.vmx", "small.vmx"):
        (tmp_path / "files" / name).write_text(VMX, encoding="utf-8")
    for name in ("appliance.ova", VARIABLES["noble_url"]) if "esx_ova" in str(piece) else ():
        make_package(tmp_path / "files" / name)
    (tmp_path / "files" / "appliance.ovf").write_text(descriptor("govc", {}), encoding="utf-8")
    (tmp_path / "files" / "web.xml").write_text(KVM_XML, encoding="utf-8")
    for name, image in IMAGES.items():
        (tmp_path / "files" / name).write_bytes(image)
    shutil.copy(EXAMPLES / "files" / "fedora11.vmx", tmp_path / "files" / "Fedora11.vmx")
    shutil.copy(ROOT / "tests" / "unit" / "data" / "manual" / "demo.xml", tmp_path / "files")
    (tmp_path / "definitions").mkdir()
    archive = tmp_path / "archive" / "esx.example.com"
    archive.mkdir(parents=True)
    (archive / "domains.yml").write_text("# no domains\n", encoding="utf-8")
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump(simulate(plays, vcenter), sort_keys=False), encoding="utf-8")
    defaults = yaml.safe_load((EXAMPLES / "vars" / "domain.yml").read_text(encoding="utf-8"))
    variables = VARIABLES if "hosts" in piece[0] else {**defaults, **VARIABLES}
    env = {"ESX_PASSWORD": PASSWORD, "ESX_VCENTER_PASSWORD": PASSWORD, "HOME": str(tmp_path)}
    env["ESX_URI"] = simulate("esx://root@esx.example.com/", vcenter)
    run_playbook(playbook, extra_vars=variables, env=env)


def test_the_tour_changes_nothing_the_second_time(host: Simulator, way: str) -> None:
    env = {"ESX_PASSWORD": PASSWORD}
    tour, end, variables = EXAMPLES / "demo.yml", EXAMPLES / "undefine.yml", variables_of(host)
    predicted = run_playbook(tour, extra_vars=variables, way=way, env=env, check=True, fails=True)
    assert predicted.task("Create its disk, define it and start it").changed
    assert host.domains() == {}
    first = run_playbook(tour, extra_vars=variables, way=way, env=env)
    assert first.changed == 1
    assert first.task("Read it back from the host").result["domains"][0]["state"] == "running"
    assert run_playbook(tour, extra_vars=variables, way=way, env=env).changed == 0
    assert run_playbook(end, extra_vars=variables, way=way, env=env).changed == 2
    assert run_playbook(end, extra_vars=variables, way=way, env=env).changed == 0
    assert host.domains() == {}


def test_a_days_work_changes_nothing_the_second_time(vcenter: Simulator, tmp_path: pathlib.Path, way: str) -> None:
    prepare(vcenter, tmp_path)
    guide = (ROOT / "docs" / "docsite" / "rst" / "parts.rst").read_text(encoding="utf-8")
    plays: list[dict[str, Any]] = []
    for piece in map(yaml.safe_load, yaml_in(guide)):
        play = piece[0] if "hosts" in piece[0] else {"hosts": "localhost", "gather_facts": False, "tasks": piece}
        for run in ("first", "again"):
            tasks = [{**task, "name": f"{task['name']}, {run}"} for task in play["tasks"]]
            plays.append({**play, "tasks": tasks})
    start = {"virt.esx.esx_domain": {"uri": "esx://root@esx.example.com/", "name": "web", "state": "running"}}
    plays.insert(0, {"hosts": "localhost", "gather_facts": False, "tasks": [{"name": "Start it", **start}]})
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "debian-13.iso").write_bytes(IMAGES["debian-13.iso"])
    (tmp_path / "files" / "small.vmx").write_text(VMX, encoding="utf-8")
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump(simulate(plays, vcenter), sort_keys=False), encoding="utf-8")
    run_all = run_playbook(playbook, way=way, env={"ESX_PASSWORD": PASSWORD, "HOME": str(tmp_path)})
    changed = {task.name: task.changed for task in run_all.tasks}
    names = [name.rpartition(",")[0] for name in changed if name.endswith(", first")]
    unchanged = ("Add it to the inventory", "Wait until it has an address")
    assert len(names) >= 11
    assert {name for name in names if not changed[f"{name}, first"]} <= {*unchanged, "Insert the image"}
    assert [name for name in names if changed[f"{name}, again"]] == []


def test_each_plugin_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [path.stem for path in (*MODULES, *FILTERS, *INVENTORIES)] + [
        path.name for path in (ROOT / "roles").glob("*")
    ]
    assert [name for name in names if f"`virt.esx.{name}`" not in readme] == []
