# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amounts of memory in options and descriptions, which VMware takes in whole steps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.values import round_up
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import MIB
from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_kib
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

_LEAST_KIB = 4 * MIB

# The steps in which VMware takes memory: the option, the element of XML, the member of Domain, and the step in KiB.
_STEPS = (
    ("max_memory", "<memory>", "memory_kib", 4 * MIB),
    ("memory", "<currentMemory>", "current_memory_kib", MIB),
    (None, "<min_guarantee>", "min_guarantee_kib", MIB),
)


def rounded_sizes(params: Mapping[str, Any], xml: Domain | None) -> list[str]:
    """Return a sentence for each size of memory that has to be rounded up."""
    found = []
    for option, element, member, step in _STEPS:
        if option is not None and params[option] is not None:
            name, size = option, parse_kib(params[option], option)
        else:
            name, size = element, 0 if xml is None else getattr(xml, member) or 0
        if size % step:
            found.append(
                f"{name}: {size} KiB are rounded up to {round_up(size, step)} KiB, {step // MIB} MiB at a time."
            )
    return found


def read_size(text: str, option: str, step: int) -> int:
    """Return an amount of memory in KiB, rounded up to whole steps.

    :raises ParseError: for less than any domain has.
    """
    size = parse_kib(text, option)
    if not size:
        raise ParseError(f"'{text}' is not a size above 0.", where=option)
    if size < _LEAST_KIB:
        message = f"'{text}' is {size} KiB, and no domain has less than {_LEAST_KIB} KiB, which is 4 MiB."
        raise ParseError(message, where=option, hint="Is its unit right? MB is 1000 KB, and GiB is 1024 MiB.")
    return round_up(size, step)
