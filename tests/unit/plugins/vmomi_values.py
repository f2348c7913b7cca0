# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare values of pyVmomi's types, which mostly have no equality of their own."""

from __future__ import annotations

from typing import Any


def assert_same(one: Any, other: Any, where: str = "result") -> None:
    """Fail unless two values are of the same types, with the same members, all the way down."""
    assert type(one) is type(other), where
    if isinstance(one, list):
        assert len(one) == len(other), where
        for place, (left, right) in enumerate(zip(one, other)):
            assert_same(left, right, f"{where}[{place}]")
    elif hasattr(one, "_moId"):
        assert (one._moId, one._serverGuid) == (other._moId, other._serverGuid), where
        assert one._stub is other._stub, where
    elif hasattr(one, "_GetPropertyList"):
        assert vars(one).keys() == vars(other).keys(), where
        for name, value in vars(one).items():
            assert_same(value, vars(other)[name], f"{where}.{name}")
    else:
        assert one == other, where
