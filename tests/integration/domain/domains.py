# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the tests of ``esx_domain``: domains to define, and a run in check mode, for real, and again."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection, open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.own_files import list_directory
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import get_file, put_file
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile
from ansible_collections.virt.esx.plugins.modules.esx_domain import CONTRACT
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, give_disks
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator

UUID = "50115e16-9bdc-49d7-f171-53c4d7f91710"
MAC = "00:50:56:25:48:c7"
DATACENTER = "ha-datacenter"

Result = dict[str, Any]

_XML = """<domain type='vmware'>
  <name>{name}</name>
  {uuid}
  <memory unit='MiB'>1024</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><source file='{disk}'/><target dev='sda' bus='scsi'/></disk>
    {devices}
    <controller type='scsi' index='0' model='lsilogic'/>
    <interface type='bridge'>{mac}<source bridge='{network}'/><model type='e1000'/></interface>
  </devices>
</domain>"""


def domain_xml(
    name: str = "web",
    *,
    uuid: str | None = UUID,
    mac: str | None = MAC,
    disk: str = "[local-storage] web/web.vmdk",
    network: str = "VM Network",
    devices: str = "",
) -> str:
    """A domain to define; without ``uuid`` and ``mac`` the host makes them."""
    return _XML.format(
        name=escape(name),
        uuid=f"<uuid>{uuid}</uuid>" if uuid else "",
        mac=f"<mac address='{mac}'/>" if mac else "",
        disk=escape(disk, {"'": "&apos;"}),
        network=network,
        devices=devices,
    )


def ensure(
    simulator: Simulator, *, check: bool = False, diff: bool = True, with_disks: bool = True, **arguments: Any
) -> Result:
    """The result of the module, which may not warn.

    :param with_disks: whether a domain that is described, or is to run, gets its disks first.
    """
    if with_disks:
        give_disks(simulator, arguments)
    return carry_out(CONTRACT, simulator, check=check, diff=diff, **arguments)


def ensure_with_warnings(
    simulator: Simulator, *, check: bool = False, with_disks: bool = True, **arguments: Any
) -> tuple[Result, list[str]]:
    """The result of the module, and its warnings; ``with_disks`` as above."""
    if with_disks:
        give_disks(simulator, arguments)
    warnings: list[str] = []
    return CONTRACT.carry_out(Invocation(_validated(simulator, arguments), check, False, warnings.append)), warnings


def predict_and_apply(simulator: Simulator, **arguments: Any) -> Result:
    """Run the module in check mode and for real; what the one predicts the other has to return.

    In check mode nothing may be written: neither a method that changes something nor an upload is called.
    """
    simulator.trace(reset=True)
    predicted = ensure(simulator, check=True, **arguments)
    assert set(simulator.methods()) <= READING
    done = ensure(simulator, **arguments)
    assert comparable(predicted, done) == comparable(done, done)
    return done


def check_apply_repeat(simulator: Simulator, **arguments: Any) -> Result:
    """In check mode, for real, and again, when nothing may change any more; the result of the second."""
    done = predict_and_apply(simulator, **arguments)
    again = ensure(simulator, **arguments)
    assert (again["changed"], again["steps"]) == (False, [])
    kept = comparable(done, done)["domain"]
    assert done["domain"]["state"] == "undefined" or comparable(again, done)["domain"].items() <= kept.items()
    return done


# The methods that check mode may call.
READING = {
    "RetrieveServiceContent",
    "Login",
    "Logout",
    "RetrieveProperties",
    "RetrievePropertiesEx",
    "FindAllByUuid",
    "FindByUuid",
    "FindByInventoryPath",
    "FindByDatastorePath",
    "SearchDatastore_Task",
    "CreateFilter",
    "WaitForUpdates",
    "WaitForUpdatesEx",
    "DestroyPropertyFilter",
    "GET",
    "HEAD",
    "QueryConfigOption",
}


# The keys that a host adds to the definition of a domain that it starts for the first time.
_ADDED_BY_HOST = re.compile(
    r" *<metadata>\n *<esx:vmx [^>]*>\n *<esx:nvram [^>]*/>\n *</esx:vmx>\n *</metadata>\n| *<esx:nvram [^>]*/>\n"
    r"| *<nvram type='file'>\n *<source [^>]*/>\n *</nvram>\n"
)


def comparable(result: Mapping[str, Any], done: Mapping[str, Any]) -> Result:
    """A result without what nobody can know of a domain before the host has made it, or completed it at its start."""
    compared = {key: value for key, value in result.items() if key != "diff"}
    is_new = not {"define", "register"}.isdisjoint(done["steps"])
    unknown = ("moid", "uuid", "xml") if is_new else ()
    domain = {key: value for key, value in result["domain"].items() if key not in unknown}
    if "xml" in domain:
        domain["xml"] = _ADDED_BY_HOST.sub("", domain["xml"])
    diff = None
    if not is_new:
        diff = {key: _ADDED_BY_HOST.sub("", text) for key, text in result.get("diff", {}).items()}
    return {**compared, "domain": domain, "diff": diff}


@contextlib.contextmanager
def open_as_user(simulator: Simulator, **connection: Any) -> Iterator[EsxConnection]:
    """The driver's own connection to a simulated host, to prepare and to look at things."""
    arguments = _validated(simulator, {"name": "any", **connection})
    with open_connection(Invocation(arguments, False, False, _refuse)) as opened:
        yield opened


def _validated(simulator: Simulator, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    given = {"uri": simulator.uri(user=USER, no_verify=1), "password": PASSWORD, **arguments}
    validated: Mapping[str, Any] = ArgumentSpecValidator(**CONTRACT.validation()).validate(given).validated_parameters
    return validated


def _refuse(warning: str) -> None:
    raise AssertionError(warning)


def read_file(simulator: Simulator, path: str) -> bytes | None:
    """The content of a file by its datastore path, None if there is none."""
    with open_as_user(simulator) as host:
        try:
            return get_file(host.session, _file(path))
        except NotFound:
            return None


def vmx_of(esx: Simulator, path: str = "[local-storage] web/web.vmx") -> dict[str, str]:
    """The keys of a VMX and their values, as they are written."""
    lines = (read_file(esx, path) or b"").decode().splitlines()
    return dict(line.replace('"', "").split(" = ", 1) for line in lines if " = " in line)


def write_file(simulator: Simulator, path: str, content: bytes) -> None:
    """Write a file by its datastore path, and make its directory."""
    with open_as_user(simulator) as host:
        _make_directory(host, path)
        put_file(host.session, _file(path), content)


def create_disk(simulator: Simulator, path: str) -> None:
    """Create a virtual disk and its directory, unless it is there."""
    simulator.add_disk(path)


def _make_directory(host: EsxConnection, path: str) -> None:
    directory = path.rpartition("/")[0]
    if directory:
        with contextlib.suppress(ServerFault):  # it is there already
            host.session.content.fileManager.MakeDirectory(directory, host.context.datacenter, True)


def files_in(simulator: Simulator, directory: str) -> list[str]:
    """The names in a directory of a datastore."""
    with open_as_user(simulator) as host:
        return sorted(list_directory(host, parse_datastore_path(f"{directory}/x").parent))


def _file(path: str) -> DatastoreFile:
    place = parse_datastore_path(path)
    return DatastoreFile(DATACENTER, place.datastore, place.path)
