# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory virt.esx.esx_domains."""

from __future__ import annotations

DOCUMENTATION = r"""
name: esx_domains
short_description: The domains of an ESX host as Ansible hosts
version_added: 0.1.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Makes each domain of an ESX host an Ansible host, with its facts as variables. With a C(vpx://) URI that ends with a
    cluster, a datacenter or a folder, the inventory has the domains of all hosts in it.
  - The inventory is a YAML file whose name ends in C(.esx.yml) or C(.esx.yaml). A warning names options that do not
    exist.
  - One call reads up to 500 domains.
  - The variables are C(esx_name), C(esx_uuid), C(esx_moid), C(esx_state) (V(running), V(paused) or V(shutoff)),
    C(esx_vcpus), C(esx_memory_kib), C(esx_max_memory_kib), C(esx_vmx_path), C(esx_id), C(esx_host) and C(esx_template),
    with the meaning of the values that M(virt.esx.esx_domain_info) returns. Unknown values are V(none). O(gather)
    adds others.
  - C(esx_uri) is the URI of the domain's host, for O(virt.esx.esx_domain#module:uri) in tasks about the domain.
  - Connection options whose values are strings can be templates, with extra variables and lookups.
options:
  plugin:
    description: Marks a file as an inventory for this plugin.
    type: str
    required: true
    choices: [virt.esx.esx_domains]
  name:
    description:
      - Only domains with this name, which can be a shell pattern such as V(web-*), are included.
    type: str
  names:
    description:
      - Only domains with one of these names, which can be shell patterns, are included; in addition to O(name).
    type: list
    elements: str
    version_added: 0.2.0
  states:
    description:
      - Only domains in one of these states are included.
    type: list
    elements: str
    choices: [running, paused, shutoff]
    default: [running, paused, shutoff]
  templates:
    description:
      - Whether to include templates of a vCenter, which cannot be started.
    type: bool
    version_added: 0.2.0
    default: false
  gather:
    description:
      - Additional facts to read of each domain. The number of calls stays the same.
      - V(guest) adds C(esx_guest_hostname), C(esx_guest_addresses) and C(esx_guest_tools). O(guest_address) needs it.
      - V(config) adds C(esx_annotation), C(esx_guest_id), C(esx_guest_os), C(esx_hardware_version), C(esx_firmware)
        and C(esx_managed_by).
      - V(hardware) adds C(esx_hardware), C(esx_networks) and C(esx_mac_addresses). It makes the server's answers
        about five times as large.
      - V(datastores), V(snapshots), V(autostart), V(scheduler), V(usage) and V(custom_values) add the variables
        C(esx_datastores), C(esx_snapshots) and so on. Custom values cost another call to a vCenter.
    type: list
    elements: str
    version_added: 0.2.0
    choices: [guest, config, hardware, datastores, snapshots, autostart, scheduler, usage, custom_values]
    default: [guest]
  hostnames:
    description:
      - Expressions for the name of the Ansible host, using the variables above. The first one that gives a name is
        used; if none does, the domain's name is used.
      - Domains that would be the same Ansible host get their managed object id appended, C(web_12) and C(web_15), with
        a warning.
      - Names that Ansible would read as a pattern, an option or a path are changed, with a warning. In them, colons,
        commas, slashes, backslashes, brackets and the characters C(!&*?) become C(_), and so do C(-~@.) at the
        beginning. A domain with the name of one of Ansible's own groups or of the controller (C(all),
        C(ungrouped), C(localhost)) gets its managed object id appended.
      - A guest chooses its own host name. Use V(esx_guest_hostname) only if you trust all guests.
    type: list
    elements: str
    default: [esx_name]
  guest_address:
    description:
      - Whether C(ansible_host) is the guest's first address that can be reached from other machines, if VMware Tools
        report one. Link-local, loopback, multicast and unspecified addresses are never used.
    type: bool
    default: true
extends_documentation_fragment:
  - virt.esx._connection
  - constructed
  - inventory_cache
seealso:
  - module: virt.esx.esx_domain_info
  - ref: ansible_collections.virt.esx.docsite.inventory
    description: The guide, with more examples.
"""

EXAMPLES = r"""
# lab.esx.yml: all domains of a host; user and password come from the environment or from libvirt's auth file
plugin: virt.esx.esx_domains
uri: esx://esx.example.com/

---
# web.esx.yml: the running web servers of one host of a vCenter, named after their guests
plugin: virt.esx.esx_domains
uri: vpx://administrator@vcenter.example.com/dc1/esx1.example.com
password: "{{ lookup('ansible.builtin.env', 'ESX_PASSWORD') }}"
name: web-*
states: [running]
hostnames:
  - esx_guest_hostname
  - esx_name

---
# all.esx.yml: the domains of a whole datacenter; esx_host and esx_uri identify their hosts
plugin: virt.esx.esx_domains
uri: vpx://administrator@vcenter.example.com/dc1

---
# groups.esx.yml: groups and variables from the facts of domains
plugin: virt.esx.esx_domains
uri: esx://esx.example.com/
gather: [guest, config, datastores]
keyed_groups:
  - key: esx_state
    prefix: state
  - key: esx_guest_id
    prefix: os
groups:
  large: esx_max_memory_kib >= 16 * 1024 * 1024
compose:
  ansible_user: "'root' if esx_name.startswith('db') else 'admin'"
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.virt.esx.plugins.module_utils._argspec import CONNECTION
from ansible_collections.virt.esx.plugins.module_utils._driver.info.host_names import name_hosts
from ansible_collections.virt.esx.plugins.module_utils._driver.info.inventory_hosts import (
    Facts,
    choose,
    read_facts,
    server_name,
    to_variables,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import failure
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._names import hint_at

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19, every text is a template unless it is marked
    from ansible.utils.unsafe_proxy import wrap_var

    def trust_as_template(value: str) -> str:
        """Return the text as it is."""
        return value

else:

    def wrap_var(value: Any) -> Any:
        """Return the value as it is: from ansible-core 2.19 on only texts that are marked are templates."""
        return value


ENDINGS = (".esx.yml", ".esx.yaml")

# How a template begins: an expression, a statement, a comment.
_TEMPLATE = ("{{", "{%", "{#")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """What Ansible looks for."""

    NAME = "virt.esx.esx_domains"

    def verify_file(self, path: str) -> bool:
        """Whether a file is meant for this plugin, by its name."""
        return path.endswith(ENDINGS) and bool(super().verify_file(path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the domains that the file asks for to the inventory."""
        super().parse(inventory, loader, path, cache)
        config = self._read_config_data(path)
        self._warn_of_unknown(config, path)
        self._evaluate(config)
        try:
            by_address = self.get_option("guest_address")
            variables = [_variables(facts, by_address) for facts in self._chosen(path, cache)]
            hosts, warnings = name_hosts([(self._hostname(each), each) for each in variables])
        except EsxError as error:
            result = failure(error)
            raise AnsibleParserError(" ".join(result[key] for key in ("msg", "hint") if key in result)) from None
        for warning in warnings:
            self.display.warning(warning)
        hosts = {_harmless(name): of_host for name, of_host in hosts.items()}
        for name, of_host in hosts.items():
            self._add(name, of_host)
        self._construct(hosts)

    def _chosen(self, path: str, cache: bool) -> list[Facts]:
        """The facts of the domains that the file asks for."""
        name, names = self.get_option("name"), self.get_option("names")
        return choose(
            self._facts(path, cache),
            names=names if name is None else [name, *(names or ())],
            states=self.get_option("states"),
            templates=self.get_option("templates"),
        )

    def _warn_of_unknown(self, config: Mapping[str, Any], path: str) -> None:
        """Name the options that do not exist, as Ansible does not: a misspelt filter would select all domains."""
        known = {name for option, text in self.option_definitions.items() for name in (option, *_aliases(text))}
        for option in config:
            if option not in known:
                text = f"{path}: there is no option '{option}', so it has no effect."
                self.display.warning(" ".join(filter(None, (text, hint_at(str(option), known)))))

    def _evaluate(self, config: Mapping[str, Any]) -> None:
        """Replace connection options that are templates by their values."""
        self.templar.available_variables = self._vars
        for option in CONNECTION:
            value = config.get(option)
            if isinstance(value, str) and self.templar.is_template(value):
                try:
                    self.set_option(option, self.templar.template(value))
                except AnsibleError as error:
                    raise AnsibleParserError(f"The option {option} cannot be evaluated: {error}") from None

    def _facts(self, path: str, cache: bool) -> list[Facts]:
        """The facts of the domains, from the cache if it is enabled and has them."""
        options = self.get_options()
        key = self.get_cache_key(f"{path} {server_name(options)} {','.join(sorted(options['gather']))}")
        if cache and options["cache"] and key in self._cache:
            cached: list[Facts] = self._cache[key]
            return cached
        facts = read_facts(Invocation(options, check_mode=False, diff=False, warn=self.display.warning))
        if options["cache"]:
            self._cache[key] = facts
        return facts

    def _hostname(self, variables: dict[str, Any]) -> str:
        """The name of a domain as an Ansible host."""
        for expression in self.get_option("hostnames"):
            name = variables[expression] if expression in variables else self._composed(expression, variables)
            if name:
                return str(name)
        return str(variables["esx_name"])

    def _composed(self, expression: str, variables: dict[str, Any]) -> Any:
        """The value of an expression of Jinja; None where it fails, unless the file is strict."""
        try:
            return self._compose(expression, variables)
        except AnsibleError as error:
            if self.get_option("strict"):
                domain = variables["esx_name"]
                raise AnsibleParserError(
                    f"The expression '{expression}' in 'hostnames' fails for the domain '{domain}': {error}"
                ) from None
            return None

    def _add(self, name: str, variables: Mapping[str, Any]) -> None:
        self.inventory.add_host(name)
        for variable, value in variables.items():
            self.inventory.set_variable(name, variable, value)

    def _construct(self, hosts: Mapping[str, dict[str, Any]]) -> None:
        """Apply the file's expressions for variables and groups, if it has any."""
        strict = self.get_option("strict")
        for option, construct in (
            ("compose", self._set_composite_vars),
            ("groups", self._add_host_to_composed_groups),
            ("keyed_groups", self._add_host_to_keyed_groups),
        ):
            expressions = self.get_option(option)
            if expressions:
                for name, variables in hosts.items():
                    construct(expressions, variables, name, strict=strict)
        self._disarm_composed(hosts)

    def _disarm_composed(self, hosts: Mapping[str, Any]) -> None:
        """Keep Ansible from evaluating the values of composed variables once more."""
        for name in hosts:
            composed = self.inventory.get_host(name).vars
            for variable in (self.get_option("compose") or {}).keys() & composed.keys():
                self.inventory.set_variable(name, variable, _harmless(composed[variable]))


def _variables(facts: Facts, by_address: Any) -> dict[str, Any]:
    """The variables of a domain as a host."""
    return {name: _harmless(value) for name, value in to_variables(facts, guest_address=by_address).items()}


def _aliases(definition: Mapping[str, Any]) -> list[str]:
    """The other names of an option, by its documentation."""
    return list(definition.get("aliases") or ())


def _harmless(value: Any) -> Any:
    """The same value without texts that Ansible would evaluate.

    Since ansible-core 2.19, a text that cannot be a template is marked as one: evaluating it has no effect, and
    ``ansible-inventory`` writes unmarked texts as ``{"__ansible_unsafe": TEXT}``.
    """
    if isinstance(value, Mapping):
        return {name: _harmless(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_harmless(item) for item in value]
    if not isinstance(value, str):
        return value
    return wrap_var(value) if any(mark in value for mark in _TEMPLATE) else trust_as_template(value)
