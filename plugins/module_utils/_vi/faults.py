# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the VI API, turned into the collection's own exceptions.

A table maps faults to kinds of errors; all others are a ``ServerFault`` with the fault's name.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import (
    AuthFailed,
    EsxError,
    LicenceRestricted,
    NotFound,
    ServerFault,
)
from ansible_collections.virt.esx.plugins.module_utils._texts import shortened
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name, vim, vmodl

_KINDS: dict[str, type[EsxError]] = {
    "InvalidLogin": AuthFailed,
    "NotAuthenticated": AuthFailed,
    "ManagedObjectNotFound": NotFound,
    "RestrictedVersion": LicenceRestricted,
}

_DISK = "The destination cannot access the disk: move it to a datastore that both hosts have, or name one there."
_DEVICE = "Eject the ISO or disconnect the device, which is on a local datastore or on the host itself."
_NETWORK = "The destination has no network of that name: make it there, or map the network to another one."
_CPU = "The destination's CPU or version lacks something the running domain uses: shut it off first, or use EVC."
_VMOTION = "Both hosts need a VMkernel network that is enabled for vMotion and reaches the other; or shut it off first."

_HINTS = {
    "InvalidLogin": "Check username and password; only one attempt was made, as hosts lock accounts after a few.",
    "NoPermission": "Give the user a role on the host that has this privilege, or log in as another user.",
    "TaskInProgress": "Another task works on the same object: wait for it, or cancel it.",
    "ToolsUnavailable": "VMware Tools have to run in the guest for this.",
    "HostAccessRestrictedToManagementServer": "The host accepts this only from the vCenter that manages it: use vpx://.",
    "RestrictedVersion": "Assign a licence that includes the vSphere API; reading works without one.",
    "ManagedObjectNotFound": "It has been removed; run the task again.",
    **dict.fromkeys(("CannotAccessVmDisk", "CannotAccessFile", "DiskNotSupported"), _DISK),
    **dict.fromkeys(("CannotAccessVmDevice", "CannotAccessLocalSource", "RemoteDeviceNotSupported"), _DEVICE),
    **dict.fromkeys(("CannotAccessNetwork", "NetworksMayNotBeTheSame"), _NETWORK),
    **dict.fromkeys(("CpuIncompatible", "CpuIncompatible1ECX", "CpuIncompatible81EDX"), _CPU),
    **dict.fromkeys(("FeatureRequirementsNotMet", "VirtualHardwareVersionNotSupported"), _CPU),
    **dict.fromkeys(
        ("VMotionNotConfigured", "VMotionInterfaceIssue", "VMotionLinkDown", "VMotionNotSupported"), _VMOTION
    ),
    "VMotionNotLicensed": "A running domain is migrated only with a licence for vMotion; shut it off first.",
    "AffinityConfigured": "It is pinned to processors of its host: remove the affinity (cpuset), or shut it off first.",
    "DisallowedMigrationDeviceAttached": "Disconnect the device that is tied to the host, or shut it off first.",
    "MigrationNotReady": "The destination is not ready for it, its maintenance mode and connection for example.",
}

# Applies to any fault whose message mentions it.
_LOCKDOWN = "A host in lockdown mode accepts this only from its exception users and from its vCenter (vpx://)."

# Members that say what a fault is about: the API's name of the member, and its name in messages.
_DETAILS: tuple[tuple[str, str], ...] = (
    ("invalidProperty", "property"),
    ("requestedState", "requested state"),
    ("existingState", "present state"),
    ("name", "name"),
    ("file", "file"),
    ("datastore", "datastore"),
    ("privilegeId", "privilege"),
    ("reason", "reason"),
    ("device", "device"),
    ("backing", "backing"),
    ("property", "property"),
)


def is_fault(error: BaseException) -> bool:
    """Return whether an exception is an answer of the server, not a failure to get one."""
    return vmodl is not None and isinstance(error, vmodl.MethodFault)


def is_not_authenticated(fault: Any) -> bool:
    """Return whether a fault means that the session has ended, so that the call was not carried out."""
    return isinstance(fault, vim.fault.NotAuthenticated)


def from_fault(fault: Any, action: str) -> EsxError:
    """Return the exception for a fault of the server.

    :param fault: a ``vmodl.MethodFault``, as raised by a call or found in a task's ``info.error``.
    :param action: what failed, for the message: the VI method's name.
    """
    name = type_name(fault)
    kind = _KINDS.get(name, ServerFault)
    sentence = _sentence(kind, action, name, fault)
    hint = _LOCKDOWN if "lockdown" in sentence.lower() else _HINTS.get(name)
    return kind(sentence, hint=hint, fault=name)


def fault_text(fault: Any) -> str:
    """Return the message of a fault, if it has one, and its name: ``The host is full (NoSpace)``."""
    name, text = type_name(fault), _text(fault)
    about = ", ".join([name, *_details(fault)])
    return f"{text} ({about})" if text else about


def fault_hint(fault: Any) -> str | None:
    """Return what can be done about a fault; None if nothing is known."""
    return _HINTS.get(type_name(fault))


def _sentence(kind: type[EsxError], action: str, name: str, fault: Any) -> str:
    if name == "InvalidLogin":
        return "The server did not accept the user name or the password."
    if name == "ManagedObjectNotFound":
        missing = getattr(fault, "obj", None)
        return (
            f"{action}: the object {'' if missing is None else moid(missing)} does not exist on the server (any more)."
        )
    text = _text(fault)
    if kind is LicenceRestricted:
        return f"{action} is not allowed by the licence of the host, which makes its API read-only: {text or name}."
    return f"{action} failed: {fault_text(fault)}."


def _text(fault: Any) -> str | None:
    """The server's message; some simulators give only the name of a Go type."""
    messages: list[str] = [fault.msg or ""]
    messages += [item.message or "" for item in getattr(fault, "faultMessage", None) or ()]
    spoken = [text.strip().rstrip(".") for text in messages if text.strip() and not text.startswith("*types.")]
    return shortened(": ".join(dict.fromkeys(spoken))) or None


def _details(fault: Any) -> list[str]:
    shown = []
    for member, label in _DETAILS:
        value = getattr(fault, member, None)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value):
            shown.append(f"{label} {shortened(str(value))}")
    return shown
