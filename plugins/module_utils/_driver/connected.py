# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusing changes that a vCenter cannot make, as it has lost the connection to the host: in check mode, too.

The vCenter goes on showing what it knew of such a host and of its domains.
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused

_HINT = "Connect the host to the vCenter again, or give a URI that leads to the host itself."
_FAULT = "HostNotConnected"

# VirtualMachine.runtime.connectionState -> why the server does not know a domain completely.
CONNECTION_STATES = {
    "disconnected": "The server has lost the connection to the domain's host.",
    "inaccessible": "The host cannot read the domain's VMX.",
    "invalid": "The domain's VMX is not valid.",
    "orphaned": "The host no longer knows the domain.",
}


def check_host(name: str, state: object) -> None:
    """Check that a host is connected to its vCenter.

    :param state: its property ``runtime.connectionState``; None if the user may not see it.
    :raises Refused: if it is not.
    """
    if state is not None and str(state) != "connected":
        raise Refused(f"The vCenter says that the host {name} is {state}.", hint=_HINT, fault=_FAULT)


def lost_connection(record: DomainRecord) -> Refused:
    """Return the error for a domain whose host is not connected to its vCenter."""
    message = f"Domain '{record.name}' cannot be changed. {CONNECTION_STATES['disconnected']}"
    return Refused(message, hint=_HINT, fault=_FAULT)


def defect_of(record: DomainRecord) -> str | None:
    """Return why the server does not know a domain completely, as a sentence; None if it does."""
    return CONNECTION_STATES.get(str(record.values["runtime.connectionState"]))
