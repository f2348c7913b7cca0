# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The warnings of the filters, for their tests."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.filter import conversion


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings that the filters show."""
    shown: list[str] = []
    monkeypatch.setattr(conversion, "_warned", set())
    monkeypatch.setattr(conversion.Display, "warning", lambda _self, text, **_options: shown.append(text))
    return shown
