# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definitions of domains for results; imported where they are wanted only, as converters take long to import."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.dumpxml import read_texts, readable, to_xml
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.info.parts import Found
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError


def add_definitions(connection: EsxConnection, found: Sequence[Found], gather: Collection[str]) -> None:
    """Add the VMX, the domain XML, or both to the entries of domains, or to ``error`` why there are none."""
    texts = read_texts(connection, [record for record, _facts, _entry in found])
    for (record, of_host, entry), text in zip(found, texts):
        _add(entry, _definition(connection, record, of_host, gather, text))


def _add(entry: dict[str, Any], definition: Mapping[str, Any]) -> None:
    """Add a definition to the entry of its domain; the errors of both are one."""
    errors = [part["error"] for part in (entry, definition) if "error" in part]
    entry.update(definition)
    if errors:
        entry["error"] = " ".join(errors)


def _definition(
    connection: EsxConnection,
    record: DomainRecord,
    facts: HostFacts | None,
    gather: Collection[str],
    text: str | EsxError,
) -> dict[str, Any]:
    """The VMX and the domain XML of a domain, or the reason why it has none."""
    if isinstance(text, EsxError):
        return {"error": str(text)}
    found: dict[str, Any] = {}
    try:
        if "vmx" in gather:
            found["vmx"] = readable(text)
        if "xml" in gather and facts is not None:
            found["xml"] = to_xml(connection, record, facts, text)
    except EsxError as error:
        found["error"] = str(error)
    return found
