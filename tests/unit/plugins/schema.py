# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's own schema of domain XML, from Debian's package libvirt0; CI installs it."""

from __future__ import annotations

import pathlib
from functools import cache

import pytest
from lxml import etree

_SCHEMA = pathlib.Path("/usr/share/libvirt/schemas/domain.rng")

needs_schema = pytest.mark.skipif(not _SCHEMA.exists(), reason="Debian's libvirt0 is not installed")


def assert_valid(xml: str) -> None:
    """Fail where the schema does not accept the document."""
    _schema().assertValid(etree.fromstring(xml))


@cache
def _schema() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(str(_SCHEMA)))
