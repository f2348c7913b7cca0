# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts reach the datastores and networks of domains, as far as that can be read for all in one call each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.storage import home_of
from ansible_collections.virt.esx.plugins.module_utils._names import unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch
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
        needed = {"datastore": set(record.values["datastore"] or ())}
        if record.state == "running":
            needed["network"] = set(record.values["network"] or ())
        return frozenset(
            name
            for name, values in self._hosts.items()
            if all(refs <= set(values[path] or ()) for path, refs in needed.items())
        )

    def possible(self, record: DomainRecord) -> frozenset[str]:
        """Return the hosts that at least have the volume of a domain's VMX.

        Which of them can take it, only the vCenter can say: whether the drive with an ISO image or the card with a
        network that a host does not have is connected, and whether another datacenter has the same volumes.
        """
        home = home_of(record)
        own = {self._volumes[ref] for ref in record.values["datastore"] or () if ref in self._volumes}
        urls = {url for name, url in own if name == home}
        return frozenset(
            name
            for name, values in self._hosts.items()
            if any(self._volumes[ref][1] in urls for ref in values["datastore"] or () if ref in self._volumes)
        )

    @cached_property
    def _volumes(self) -> dict[Any, tuple[str, str]]:
        """The datastores of all domains and hosts: the name, and the URL, which is the same in each datacenter."""
        values = [*(record.values for record in self._records), *self._hosts.values()]
        refs = list({ref for each in values for ref in each["datastore"] or ()})
        rows = fetch(self._vcenter, "Datastore", ["name", "summary.url"], objects=refs) if refs else []
        return {ref: (unescape_name(row["name"] or ""), str(row["summary.url"])) for ref, row in rows}
