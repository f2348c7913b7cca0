# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for a domain, and what it has beside its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import RESULTING_STATE, Guest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.result import DomainResult
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Target

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.change import Change
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power_cycle import PowerCycle


@dataclass(frozen=True)
class DomainPlan(Plan):
    """A plan for a domain, and the domain ``before`` and ``after`` it.

    ``record`` is None for a domain that the host does not know, ``facts`` are those of its host as far as they were
    read; ``has_xml`` says whether its definition was read;
    ``cycle`` is the power cycle that is a part of the plan, ``change`` that of the definition.
    """

    target: Target
    before: DomainResult
    after: DomainResult
    facts: HostFacts | None = None
    has_xml: bool = False
    cycle: PowerCycle | None = None
    change: Change | None = None

    @property
    def subject(self) -> str:
        """The domain, which need not exist yet."""
        return str(self.target)


class Present(NamedTuple):
    """A domain that exists, and what is wanted of it."""

    connection: EsxConnection
    request: DomainRequest
    record: DomainRecord
    target: Target
    guest: Guest

    @property
    def reached(self) -> str:
        """The state that the domain will be in."""
        return RESULTING_STATE.get(self.request.state, self.record.state)
