# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domain XML read for being written as VMX, so that all that is wrong with it is said at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import gather_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import Dialect
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx


def read_wanted(xml: str | bytes, dialect: Dialect, report: Report) -> Domain:
    """The domain that a text describes.

    :param report: collects what a VMX has no place for.
    :raises ParseError: with all that cannot be read, and all that could not be written.
    :raises MissingLibrary: lxml is not installed.
    """
    domain = gather_domain(xml, dialect.xml, report)
    if report.refusals:
        with suppress(ParseError):
            write_vmx(domain, dialect=replace(dialect, keep_missing_ids=True), report=report)
        report.raise_refusals()
    return domain
