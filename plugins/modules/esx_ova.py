#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_ova."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_ova
short_description: Import OVA and OVF packages as domains, and export domains to them
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Imports a virtual machine from an OVA, or from an OVF descriptor with its files, without ovftool. The package is
    read from the machine where the module runs, or streamed from a web server. Memory use does not depend on its size,
    and nothing is stored on the way.
  - Exports a domain that is shut off, or a snapshot of a domain, to such a package.
  - An import either succeeds or leaves nothing on the host. The checksums of the package's manifest are compared with
    what was sent before the domain can be started.
options:
  state:
    description:
      - With V(present), a domain with the package's name exists. An existing domain stays as it is; a warning says if
        it was not imported from this package.
      - With V(exported), the package O(dest) exists. An existing package stays as it is unless O(force=true).
    type: str
    choices: [present, exported]
    default: present
  name:
    description:
      - The domain's name. By default, it is the name of the machine in the package.
    type: str
  uuid:
    description:
      - The UUID of the domain to export. If O(name) is also given, the domain must have that name; copies can share a
        UUID.
    type: str
  source:
    description:
      - The package to import - an OVA, an OVF descriptor (C(.ovf)) with its files beside it, or a directory with one
        descriptor. A relative path is searched as by M(ansible.builtin.copy).
      - It can also be an V(http) or V(https) URL of an OVA or an OVF descriptor. Redirects are followed. The
        environment variables C(http_proxy), C(https_proxy), C(no_proxy) and C(SSL_CERT_FILE) are used.
      - Required with O(state=present).
    type: str
  pool:
    description:
      - The datastore for the domain. Required if the host has more than one.
    type: str
  allocation:
    description:
      - How the space of the disks is allocated. V(thin) allocates it when it is written; V(thick) allocates it at once;
        V(eager) also overwrites it with zeros. The default is V(thin).
    type: str
    choices: [thin, thick, eager]
  networks:
    description:
      - A mapping from the names of the package's networks, see RV(package.networks), to networks of the host.
      - A network of the package that neither O(networks) nor O(network) covers is connected to the host's network of
        the same name.
    type: dict
  network:
    description:
      - The host's network for all networks of the package that are not in O(networks).
    type: str
  deployment_option:
    description:
      - The id of a deployment option, one of RV(package.deployment_options). If not set, the package's default is used.
    type: str
  properties:
    description:
      - Values for the package's properties, by their keys, see RV(package.properties). Properties that are not given
        have their defaults.
      - A vCenter passes them to the guest as the package requires. A host without a vCenter cannot do that, so all of
        them are written to the domain's C(guestinfo.ovfEnv) as an OVF environment, which C(cloud-init) and
        C(open-vm-tools) read.
    type: dict
  secret_properties:
    description:
      - Like O(properties), for values that must not appear in Ansible's output, such as passwords.
      - Anyone who can read the domain's configuration can read them.
    type: dict
  accept_eula:
    description:
      - Whether you accept the licence agreements in the package. Otherwise a package that has any is refused, and
        RV(eulas) has their texts.
    type: bool
  verify:
    description:
      - Whether to check the package's files against its manifest, and the manifest against its certificate, as far as
        the package has them. The default is V(true).
    type: bool
  signer:
    description:
      - Path of a file with certificates (PEM). The package must be signed with one of them.
      - Without it, the signature of a signed package is checked with the certificate in the package. That proves that
        the package is complete, but not who made it.
      - Checking signatures needs the Python library cryptography.
    type: path
  dest:
    description:
      - Where to write the exported package. If the name ends in C(.ova), it is a single file, otherwise a directory.
      - The domain's definition is written as domain XML and as VMX beside the OVA or into the directory, without the
        VNC password. It is not written with O(snapshot).
      - The parent directory must exist. Required with O(state=exported).
    type: path
  snapshot:
    description:
      - The name, path or managed object id of the snapshot to export. The domain may then be running.
    type: str
  force:
    description:
      - Whether to replace an existing package. The old package stays until the new one is complete.
    type: bool
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  check_mode:
    description:
      - Reads the package's descriptor, looks at its files unless they are on a web server, and has the host validate
        the descriptor, without changing anything. Checksums of files are only compared when they are sent.
  diff_mode:
    description: Returns what is imported or exported.
  idempotent:
    description: Changes nothing when run again with the same arguments, except with O(force=true).
    support: partial
notes:
  - Disks in packages must be stream-optimized VMDKs, as written by ovftool, VirtualBox and C(qemu-img). Packages with
    several machines, with files in chunks, or with compressed files are refused.
  - The descriptor of a package for another hypervisor, such as VirtualBox, is translated for the host; warnings list
    what has no equivalent.
  - After a task was killed, the host ends the import or export within a few minutes. A task that runs before then waits
    for that.
  - After a failed import, nothing remains on the host. After a failed export, an existing package is unchanged.
  - Privileges to import - C(VApp.Import), C(VirtualMachine.Inventory.Create), C(Resource.AssignVMToPool),
    C(Datastore.AllocateSpace), C(Network.Assign).
  - Privileges to export - C(VApp.Export), C(Datastore.Browse), C(Datastore.FileManagement).
seealso:
  - module: virt.esx.esx_domain
  - plugin: virt.esx.ovf_to_domxml
    plugin_type: filter
  - plugin: virt.esx.domxml_to_ovf
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Import a package
  virt.esx.esx_ova:
    uri: esx://esx.example.com
    source: appliance.ova
    name: appliance
    pool: datastore1
    network: VM Network
  register: imported

- name: Start it
  virt.esx.esx_domain:
    uri: esx://esx.example.com
    name: "{{ imported.domain.name }}"
    state: running
  when: imported is changed

- name: Import a cloud image from its web server
  virt.esx.esx_ova:
    uri: esx://esx.example.com
    source: "{{ noble_url }}"
    name: noble
    pool: datastore1
    network: VM Network
    properties:
      hostname: noble
    secret_properties:
      password: "{{ noble_password }}"

- name: Export a domain that is shut off
  virt.esx.esx_ova:
    uri: esx://esx.example.com
    state: exported
    name: web
    dest: "{{ playbook_dir }}/web.ova"
"""

RETURN = r"""
domain:
  description: The domain.
  returned: success
  type: dict
  contains:
    name: {description: Its name., returned: always, type: str, sample: web}
    uuid:
      description: Its UUID, V(none) if it does not exist yet.
      returned: always
      type: str
      sample: 50115e16-9bdc-49d7-f171-53c4d7f91710
    moid:
      description: Its managed object id, V(none) if it does not exist yet.
      returned: always
      type: str
      sample: "12"
    state: {description: "One of V(running), V(paused) and V(shutoff).", returned: always, type: str, sample: shutoff}
package:
  description: The content of the package's descriptor.
  returned: with O(state=present)
  type: dict
  contains:
    name: {description: The name of its machine., returned: always, type: str, sample: appliance}
    product: {description: The product in it., returned: always, type: str, sample: Example Appliance}
    version: {description: The product's version., returned: always, type: str, sample: "1.2"}
    checksum:
      description: The checksum of its descriptor, which the domain keeps as C(virt.esx.ova).
      returned: always
      type: str
      sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    networks:
      description: Its networks.
      returned: always
      type: list
      elements: dict
      contains:
        name: {description: The name., returned: always, type: str, sample: bridged}
        description: {description: The description., returned: always, type: str, sample: The bridged network}
    deployment_options:
      description: Its deployment options.
      returned: always
      type: list
      elements: dict
      contains:
        id: {description: The id., returned: always, type: str, sample: small}
        label: {description: A short text., returned: always, type: str, sample: Small}
        description: {description: A longer text., returned: always, type: str, sample: One processor}
        default: {description: Whether it is used by default., returned: always, type: bool}
    properties:
      description: Its properties.
      returned: always
      type: list
      elements: dict
      contains:
        key: {description: The key., returned: always, type: str, sample: guest.hostname.1}
        type: {description: The type of its value., returned: always, type: str, sample: string}
        label: {description: A short text., returned: always, type: str, sample: Host name}
        description: {description: A longer text., returned: always, type: str, sample: The name of the guest}
        settable: {description: Whether users may give it a value., returned: always, type: bool}
    eulas:
      description: The licence agreements.
      returned: always
      type: list
      elements: str
      sample: ["Be nice to each other."]
    download_bytes:
      description: The size of its files, as far as the descriptor states it.
      returned: always
      type: int
      sample: 372328
    warnings:
      description: The host's warnings, and the differences of an existing domain. They are also warnings of the task.
      returned: always
      type: list
      elements: str
      sample: ["OVF hardware element 'ResourceType' with instance ID '8': No support for ..."]
eulas:
  description: The licence agreements that must be accepted.
  returned: if they are not accepted
  type: list
  elements: str
  sample: ["Be nice to each other."]
files:
  description: The paths of the exported files; in check mode, of those that would be exported.
  returned: with O(state=exported)
  type: list
  elements: str
  sample: ["/srv/golden.ova", "/srv/golden.vmx", "/srv/golden.xml"]
transferred_bytes:
  description: The number of bytes of the package's files that were sent or received.
  returned: success
  type: int
  sample: 372328
steps:
  description: The steps that were taken, in order; in check mode, those that would be taken.
  returned: success
  type: list
  elements: str
  sample: ["import domain 'web' from appliance.ova to [datastore1]"]
questions:
  description: The questions of the server that were answered.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: The question's id., returned: always, type: str, sample: "17"}
    text:
      description: The question.
      returned: always
      type: str
      sample: "msg.uuid.altered:This virtual machine (web) might have been moved or copied."
    answer: {description: The label of the chosen answer., returned: always, type: str, sample: I Moved It}
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.ensure import ensure_ova
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import read_request
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Import a package, or export a domain to one."""
    request = read_request(invocation.params)
    with open_connection(invocation) as connection:
        return ensure_ova(connection, invocation, request)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "state": {"type": "str", "choices": ["present", "exported"], "default": "present"},
            "name": {"type": "str"},
            "uuid": {"type": "str"},
            "source": {"type": "str"},
            "pool": {"type": "str"},
            "allocation": {"type": "str", "choices": ["thin", "thick", "eager"]},
            "networks": {"type": "dict"},
            "network": {"type": "str"},
            "deployment_option": {"type": "str"},
            "properties": {"type": "dict"},
            "secret_properties": {"type": "dict", "no_log": True},
            "accept_eula": {"type": "bool"},
            "verify": {"type": "bool"},
            "signer": {"type": "path"},
            "dest": {"type": "path"},
            "snapshot": {"type": "str"},
            "force": {"type": "bool"},
        }
    ),
    run=run,
    required_if=[["state", "present", ["source"]], ["state", "exported", ["dest"]]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
