# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The context that every reader of a part of a VMX needs: the file, the dialect, where the VMX lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import Dialect
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import Place

_Value = TypeVar("_Value")

INT_MAX = 2**31 - 1


class NoSuchDatastore(ParseError):
    """A file in a datastore that is not among those that the caller named, so that it cannot be left out."""


@dataclass  # not frozen, which takes three times as long to make
class ReadContext:
    """One VMX being read; no reader changes it."""

    vmx: VmxFile
    dialect: Dialect
    hw_version: int
    place: Place
    report: Report

    def attempt(self, read: Callable[..., _Value], *arguments: Any, default: _Value) -> _Value:
        """Return what a reader makes of a device or setting; report it where it cannot be understood.

        :raises ParseError: in the dialects that are strict.
        """
        if not self.dialect.tolerant:
            return read(*arguments)
        try:
            return read(*arguments)
        except NoSuchDatastore:
            raise
        except ParseError as refusal:
            self.report.leave_out(refusal.where or "", refusal.reason, line=refusal.line)
            return default

    def leave_out(self, key: str, why: str, *, essential: bool = False) -> None:
        """Report a key whose value has no effect."""
        self.vmx.leave_out(key, why, essential=essential)

    def path(self, key: str, name: str, *, may_be_missing: bool = False) -> str | None:
        """The source in XML of the file name that the key holds; None where it may be missing and its datastore is."""
        try:
            source = self.place.resolve(name, relative_paths=self.dialect.relative_paths)
        except ValueError as err:
            raise self.vmx.error_at(key, f"file name '{name}' {err}") from None
        if source is None and not may_be_missing:
            message = f"file name '{name}' refers to a datastore that does not exist"
            raise NoSuchDatastore(message, where=key, line=self.vmx.line(key))
        return source

    def count(self, key: str, default: int) -> int:
        """The value of a number that libvirt holds in 32 bits: cut to them (L26), or refused (G26)."""
        value = self.vmx.integer(key, default)
        if -INT_MAX <= value <= INT_MAX:
            return value
        if self.dialect.strict_numbers:
            raise self.vmx.error_at(key, f"{value} is out of range, expecting at most {INT_MAX}")
        return value
