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
  - Makes an Ansible host of each domain of an ESX host, with what the host knows of it as variables.
  - The inventory is a YAML file whose name ends in C(.esx.yml) or C(.esx.yaml).
  - All domains come in the same calls, one for each 500 domains.
  - The variables are C(esx_name), C(esx_uuid), C(esx_moid), C(esx_state) (V(running), V(paused) or V(shutoff)),
    C(esx_vcpus), C(esx_memory_kib), C(esx_max_memory_kib), C(esx_vmx_path), C(esx_guest_hostname) and
    C(esx_guest_addresses), in the meaning of the values that M(virt.esx.esx_domain_info) returns. What is not known is
    V(none).
  - Connection options whose values are text can be templates, with extra variables and lookups.
options:
  plugin:
    description: Says that a file is for this plugin.
    type: str
    required: true
    choices: [virt.esx.esx_domains]
  name:
    description:
      - Only the domain of this name is taken, or those of the names that fit a pattern of the shell's kind, as
        V(web-*).
    type: str
  states:
    description:
      - Only domains in one of these states are taken.
    type: list
    elements: str
    choices: [running, paused, shutoff]
    default: [running, paused, shutoff]
  hostnames:
    description:
      - Expressions for the name of the Ansible host, with the variables above; the first one that gives a name counts.
        A domain for which none does is called by its own name.
      - Two domains that would be the same Ansible host are an error.
      - A name that a guest tells is the guest's choice; take V(esx_guest_hostname) where you trust all guests.
    type: list
    elements: str
    default: [esx_name]
  guest_address:
    description:
      - Whether C(ansible_host) is the guest's first address, where VMware Tools tell one.
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
# web.esx.yml: those web servers that run on one host of a vCenter, under the names that their guests have
plugin: virt.esx.esx_domains
uri: vpx://administrator@vcenter.example.com/dc1/esx1.example.com
password: "{{ lookup('ansible.builtin.env', 'ESX_PASSWORD') }}"
name: web-*
states: [running]
hostnames:
  - esx_guest_hostname
  - esx_name

---
# groups.esx.yml: groups and variables by what the host knows
plugin: virt.esx.esx_domains
uri: esx://esx.example.com/
keyed_groups:
  - key: esx_state
    prefix: state
groups:
  large: esx_max_memory_kib >= 16 * 1024 * 1024
compose:
  ansible_user: "'root' if esx_name.startswith('db') else 'admin'"
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.virt.esx.plugins.module_utils._argspec import CONNECTION
from ansible_collections.virt.esx.plugins.module_utils._driver.info.inventory_hosts import (
    Facts,
    by_hostname,
    choose,
    read_facts,
    server_name,
    to_variables,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import failure
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

try:
    from ansible.utils.unsafe_proxy import wrap_var
except ImportError:  # from ansible-core 2.19 on what is not trusted is no template anyway

    def wrap_var(value: Any) -> Any:
        """Return the value as it is."""
        return value


ENDINGS = (".esx.yml", ".esx.yaml")

_Value = TypeVar("_Value")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """What Ansible looks for."""

    NAME = "virt.esx.esx_domains"

    def verify_file(self, path: str) -> bool:
        """Whether a file is meant for this plugin, by its name."""
        return path.endswith(ENDINGS) and bool(super().verify_file(path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the domains that the file asks for to the inventory."""
        super().parse(inventory, loader, path, cache)
        self._evaluate(self._read_config_data(path))
        try:
            domains = choose(self._facts(path, cache), name=self.get_option("name"), states=self.get_option("states"))
            by_address = self.get_option("guest_address")
            variables = [
                {name: _harmless(value) for name, value in to_variables(facts, guest_address=by_address).items()}
                for facts in domains
            ]
            hosts = by_hostname((self._hostname(each), each) for each in variables)
        except EsxError as error:
            result = failure(error)
            raise AnsibleParserError(" ".join(result[key] for key in ("msg", "hint") if key in result)) from None
        for name, of_host in hosts.items():
            self._add(name, of_host)
        self._construct(hosts)

    def _evaluate(self, config: Mapping[str, Any]) -> None:
        """Put the values of templates in the place of the connection options that are templates."""
        self.templar.available_variables = self._vars
        for option in CONNECTION:
            value = config.get(option)
            if isinstance(value, str) and self.templar.is_template(value):
                try:
                    self.set_option(option, self.templar.template(value))
                except AnsibleError as error:
                    raise AnsibleParserError(f"The option {option} cannot be evaluated: {error}") from None

    def _facts(self, path: str, cache: bool) -> list[Facts]:
        """What is known of the domains, from the cache where that is wanted and has it."""
        options = self.get_options()
        key = self.get_cache_key(f"{path} {server_name(options)}")
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
            if expression in variables:
                name = variables[expression]
            else:
                try:
                    name = self._compose(expression, variables)
                except AnsibleError as error:
                    if self.get_option("strict"):
                        raise AnsibleParserError(
                            f"The expression '{expression}' in 'hostnames' fails for the domain"
                            f" '{variables['esx_name']}': {error}"
                        ) from None
                    continue
            if name:
                return _harmless(str(name))
        return _harmless(str(variables["esx_name"]))

    def _add(self, name: str, variables: Mapping[str, Any]) -> None:
        self.inventory.add_host(name)
        for variable, value in variables.items():
            self.inventory.set_variable(name, variable, value)

    def _construct(self, hosts: Mapping[str, dict[str, Any]]) -> None:
        """Let the file's expressions make variables and groups; one that is not there costs nothing."""
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


def _harmless(value: _Value) -> _Value:
    """The same value, never taken for a template: a domain's name is anybody's choice, a guest's addresses its own."""
    harmless: _Value = wrap_var(value) if "{" in str(value) else value
    return harmless
