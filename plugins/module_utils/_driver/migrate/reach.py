# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts reach the datastores and networks of domains, as far as that can be read for all in one call each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.storage import home_of, name_and_url
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch, list_at
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session


class Reach:
    """The destinations with their properties ``datastore`` and ``network``, and what domains need of these."""

    def __init__(
        self, vcenter: Session, records: Sequence[DomainRecord], hosts: Sequence[tuple[HostContext, Values]]
    ) -> None:
        self._vcenter = vcenter
        self._records = records
        self._hosts = {context.host_name: values for context, values in hosts}

    def able(self, record: DomainRecord) -> frozenset[str]:
        """Return the hosts with all datastores of a domain and, if it runs, all of its networks."""
        needed = {"datastore": set(list_at(record.values, "datastore"))}
        if record.state == "running":
            needed["network"] = set(list_at(record.values, "network"))
        return frozenset(
            name
            for name, values in self._hosts.items()
            if all(refs.issubset(list_at(values, path)) for path, refs in needed.items())
        )

    def possible(self, record: DomainRecord) -> frozenset[str]:
        """Return the hosts that at least have the volume of a domain's VMX.

        Which of them can take it, only the vCenter can say: whether the drive with an ISO image or the card with a
        network that a host does not have is connected, and whether another datacenter has the same volumes.
        """
        home = home_of(record)
        urls = {url for name, url in self._volumes_of(record.values) if name == home}
        return frozenset(
            name for name, values in self._hosts.items() if any(url in urls for _name, url in self._volumes_of(values))
        )

    def _volumes_of(self, values: Values) -> list[tuple[str, str]]:
        """The datastores of a domain or a host that can be read."""
        return [self._volumes[ref] for ref in list_at(values, "datastore") if ref in self._volumes]

    @cached_property
    def _volumes(self) -> dict[Any, tuple[str, str]]:
        """The datastores of all domains and hosts: the name, and the URL, which is the same in each datacenter."""
        values = [*(record.values for record in self._records), *self._hosts.values()]
        refs = list({ref for each in values for ref in list_at(each, "datastore")})
        rows = fetch(self._vcenter, "Datastore", ["name", "summary.url"], objects=refs)
        return {ref: name_and_url(ref, row) for ref, row in rows}
