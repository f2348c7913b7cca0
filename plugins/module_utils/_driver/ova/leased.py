# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains that another client's lease holds: of an import or export that goes on, or whose client was killed.

The host ends a lease by itself when its client is silent for some minutes, and removes what an import has made.
"""

from __future__ import annotations

import time

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, find_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import append_to_message
from ansible_collections.virt.esx.plugins.module_utils._errors import TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import list_at

DISABLED_PATH = "disabledMethod"

# The maximum time in seconds that a lease lives without its client, and the pause between two looks at one.
_LEASE_SECONDS = 330.0
_PAUSE = 1.0

_GOES_ON = "The host still has the lease of an import or export of the domain, and ends it some minutes from now."


def is_leased(record: DomainRecord) -> bool:
    """Whether a lease of the domain has not ended: the host refuses to start, change, delete or export it."""
    disabled = set(list_at(record.values, DISABLED_PATH))
    return record.state == "shutoff" and {"PowerOnVM_Task", "Destroy_Task", "ReconfigVM_Task"} <= disabled


def wait_for_other_lease(connection: EsxConnection, name: str) -> None:
    """Wait until no import or export of a domain goes on.

    :raises TimedOut: if it does not end.
    """
    deadline = time.monotonic() + max(_LEASE_SECONDS, float(connection.session.options.timeout))
    told = False
    while True:
        found = find_domain(connection, DomainKey(name), paths=[DISABLED_PATH], volumes=False)
        if found is None or not is_leased(found[0]):
            return
        if time.monotonic() > deadline:
            raise TimedOut(f"Another import or export of the domain '{name}' is still running; nothing was changed.")
        if not told:
            connection.progress(f"Waiting for another import or export of domain '{name}' to end")
        told = True
        time.sleep(_PAUSE)


class OtherLeases:
    """The leases that a plan waits for; once the task has failed, it only says that there is one."""

    def __init__(self, connection: EsxConnection) -> None:
        self._connection = connection
        self._failure: BaseException | None = None

    def failed(self, error: BaseException, _done: list[str]) -> None:
        """Wait no more, as the plan is only made to tell the state; for ``carry_out`` to call."""
        self._failure = error

    @property
    def has_failed(self) -> bool:
        """Whether the task has failed."""
        return self._failure is not None

    def wait(self, name: str) -> bool:
        """Wait until no import or export of a domain goes on; return whether the plan has to be made again.

        :raises TimedOut: if it does not end.
        """
        if self._failure is None:
            wait_for_other_lease(self._connection, name)
            return True
        append_to_message(self._failure, _GOES_ON)
        return False
