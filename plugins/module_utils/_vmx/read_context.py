# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every reader of a part of a VMX needs: the file, the dialect, where the VMX lies."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import Dialect
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import (
    Place,
)

INT_MAX = 2**31 - 1


@dataclass(frozen=True)
class ReadContext:
    """One VMX being read."""

    vmx: VmxFile
    dialect: Dialect
    hw_version: int
    place: Place
    report: Report = field(default_factory=Report, compare=False)

    def path(self, key: str, name: str, *, may_be_missing: bool = False) -> str | None:
        """The source in XML of the file name that the key holds; None where it may be missing and its datastore is."""
        try:
            source = self.place.resolve(name, relative_paths=self.dialect.relative_paths)
        except ValueError as err:
            raise self.vmx.error_at(key, f"file name '{name}' {err}") from None
        if source is None and not may_be_missing:
            raise self.vmx.error_at(key, f"file name '{name}' refers to a datastore that does not exist")
        return source

    def count(self, key: str, default: int) -> int:
        """The value of a number that libvirt holds in 32 bits: cut to them (L26), or refused (G26)."""
        value = self.vmx.integer(key, default)
        if -INT_MAX <= value <= INT_MAX:
            return value
        if self.dialect.strict_numbers:
            raise self.vmx.error_at(key, f"{value} is out of range, expecting at most {INT_MAX}")
        return value
