# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the server in words for the user."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    AuthFailed,
    EsxError,
    LicenceRestricted,
    NotFound,
    ServerFault,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import _HINTS, from_fault
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim, vim_type, vmodl


def test_words_and_details_are_cut() -> None:
    long = vim.fault.FileNotFound(msg="x" * 100_000, file="y" * 100_000)
    assert len(from_fault(long, "X").message) < 9000


def state_fault() -> Any:
    return vim.fault.InvalidPowerState(msg="Not now.", requestedState="poweredOn", existingState="poweredOn")


@pytest.mark.parametrize(
    ("fault", "kind", "name", "message"),
    [
        (
            state_fault(),
            ServerFault,
            "InvalidPowerState",
            "X failed: Not now (InvalidPowerState, requested state poweredOn, present state poweredOn).",
        ),
        (
            vmodl.fault.InvalidArgument(msg="Wrong.", invalidProperty="spec.memoryMB"),
            ServerFault,
            "InvalidArgument",
            "X failed: Wrong (InvalidArgument, property spec.memoryMB).",
        ),
        (vim.fault.TaskInProgress(msg=""), ServerFault, "TaskInProgress", "X failed: TaskInProgress."),
        (vmodl.fault.NotSupported(msg="*types.NotSupported"), ServerFault, "NotSupported", "X failed: NotSupported."),
        (
            vim.fault.FileNotFound(msg="No such file.", file="[ds] a.vmx"),
            ServerFault,
            "FileNotFound",
            "X failed: No such file (FileNotFound, file [ds] a.vmx).",
        ),
        (
            vim.fault.NoPermission(msg="Denied.", privilegeId="VirtualMachine.Interact.PowerOn"),
            ServerFault,
            "NoPermission",
            "X failed: Denied (NoPermission, privilege VirtualMachine.Interact.PowerOn).",
        ),
        (
            vmodl.fault.SystemError(msg="A general error: ", reason="disk"),
            ServerFault,
            "SystemError",
            "X failed: A general error: (SystemError, reason disk).",
        ),
        (
            vim.fault.InvalidLogin(msg="whatever"),
            AuthFailed,
            "InvalidLogin",
            "The server did not accept the user name or the password.",
        ),
        (
            vmodl.fault.ManagedObjectNotFound(obj=vim.VirtualMachine("vm-7")),
            NotFound,
            "ManagedObjectNotFound",
            "X: the object vm-7 does not exist on the server (any more).",
        ),
        (
            vim.fault.RestrictedVersion(msg="Current license prohibits it."),
            LicenceRestricted,
            "RestrictedVersion",
            "X is not allowed by the licence of the host, which makes its API read-only: Current license prohibits it.",
        ),
    ],
)
def test_faults(fault: Any, kind: type[EsxError], name: str, message: str) -> None:
    error = from_fault(fault, "X")
    assert error.__class__ is kind
    assert (error.fault, error.message) == (name, message)


def test_the_messages_inside_a_fault_are_told() -> None:
    fault = vim.fault.GenericVmConfigFault(
        msg="Failed.",
        reason="no disk",
        faultMessage=[
            vmodl.LocalizableMessage(key="k", message="No disk."),
            vmodl.LocalizableMessage(key="k", message="Failed."),
        ],
    )
    assert from_fault(fault, "X").message == "X failed: Failed: No disk (GenericVmConfigFault, reason no disk)."


def test_faults_have_hints() -> None:
    assert "only one attempt" in str(from_fault(vim.fault.InvalidLogin(), "Login").hint)
    assert "VMware Tools" in str(from_fault(vim.fault.ToolsUnavailable(), "X").hint)


def test_every_hint_is_for_a_fault_of_the_api() -> None:
    assert [name for name in _HINTS if not issubclass(vim_type(name), vmodl.MethodFault)] == []


def test_lockdown_mode_is_named_where_the_server_says_it() -> None:
    error = from_fault(vim.fault.NoPermission(msg="Denied: the host is in Lockdown Mode."), "Login")
    assert "exception users" in str(error.hint)


def test_migration_faults_have_hints() -> None:
    assert "Eject the ISO" in str(from_fault(vim.fault.CannotAccessVmDevice(msg="No."), "X").hint)
