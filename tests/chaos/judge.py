# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The problems that a user would notice after a fault in one task; the campaign expects none."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import DOUBT
from ansible_collections.virt.esx.tests.chaos.lab import PASSWORD
from ansible_collections.virt.esx.tests.chaos.scenarios import SCENARIOS

# The exchanges that change something on a server.
ACTING = re.compile(
    r"(PUT|DELETE) |(RegisterVM|PowerOnVM|PowerOffVM|ReconfigVM|RelocateVM|MigrateVM|DeleteVirtualDisk|"
    r"CreateVirtualDisk|DeleteDatastoreFile|MoveDatastoreFile|CopyVirtualDisk)_Task|UnregisterVM|ShutdownGuest|Reload|MakeDirectory|"
    r"ReconfigureAutostart"
)

# After these faults, it is unknown whether the server carried out the exchange.
DOUBTFUL = (
    *("reset_before", "reset_after", "stall_before", "stall_after", "half", "http502", "http502_after", "http503"),
    *("garbage", "garbage_body", "empty200", "html200", "tls_alert", "trickle", "redirect301", "redirect307"),
)
_SETTLED = re.compile(
    rf"{re.escape(DOUBT)}|check afterwards|The state was read again|as before|again\.|was not carried|"
    "nothing of it is left|steps were undone"
)
_INNARDS = re.compile(r"NoneType|_ssl\.c|object at 0x|xml\.parsers|[\x00-\x08\x0b-\x1f\x7f-\x9f]")

PROBLEMS = {
    "traceback": "a traceback instead of a message",
    "hang": "it had to be killed",
    "over-long": "it took longer than its timeout allows",
    "secret": "the password is in its output",
    "session": "a session was left though it could have been closed",
    "wrong success": "it said that it had done what it had not",
    "rerun": "the task run again did not end right, or a third run changed something",
    "stray": "files or domains are not as after an undisturbed run",
    "message": "a message without the domain, or without doubt, or with innards of a library",
}


@dataclass(frozen=True)
class Case:
    """One exchange of one scenario, spoiled in one way."""

    scenario: str
    exchange: int
    fault: str
    way: str


@dataclass
class Record:
    """The outcome of a case: the results of the run with a fault and of two without, and the states."""

    case: Case
    name: str
    fired: bool
    result: dict[str, Any]
    again: dict[str, Any]
    third: dict[str, Any]
    sessions: int
    after: Any
    final: Any
    wanted: Any
    subject: str = ""
    idempotent: bool = True
    problems: set[str] = field(default_factory=set)


def judge(record: Record) -> set[str]:
    """The problems of a record, by their names in ``PROBLEMS``."""
    return {name for name, check in _CHECKS.items() if check(record)}


def _killed(record: Record) -> bool:
    return record.case.fault.startswith("kill")


def _traceback(record: Record) -> bool:
    return any("traceback" in run for run in (record.result, record.again, record.third)) or (
        "Traceback" in record.result.get("stderr", "")
    )


def _over_long(record: Record) -> bool:
    return (
        not record.result.get("hung")
        and not _killed(record)
        and record.result["seconds"] > SCENARIOS[record.case.scenario].longest
    )


def _session(record: Record) -> bool:
    """A session that remains open; if the login or the logout itself failed, a warning must say so."""
    if not record.sessions or _killed(record) or record.case.fault in ("refused", "notauth"):
        return False
    if record.name == "Logout":
        told = [*record.result.get("warnings", ()), record.result.get("stderr", "")]
        return not any("could not be closed" in text for text in told)
    return record.name != "Login"


def _wrong_success(record: Record) -> bool:
    """It reported success, but the state differs from the requested one or the next run makes changes."""
    if record.result.get("failed") or record.result.get("hung") or _killed(record) or not record.subject:
        return False
    return bool(record.after != record.wanted or (record.idempotent and record.again.get("changed")))


def _rerun(record: Record) -> bool:
    runs = (record.again, record.third)
    wrong = any(run.get("failed") or run.get("hung") for run in runs)
    return wrong or bool(record.idempotent and record.third.get("changed"))


def _message(record: Record) -> bool:
    if not record.result.get("failed") or "traceback" in record.result:
        return False
    text = str(record.result["msg"])
    if _INNARDS.search(text + str(record.result.get("hint"))):
        return True
    if not record.subject or not ACTING.match(record.name):
        return False
    return record.subject not in text or (record.case.fault in DOUBTFUL and not _SETTLED.search(text))


_CHECKS = {
    "traceback": _traceback,
    "hang": lambda record: bool(record.result.get("hung")),
    "over-long": _over_long,
    "secret": lambda record: PASSWORD in json.dumps([record.result, record.again, record.third]),
    "session": _session,
    "wrong success": _wrong_success,
    "rerun": _rerun,
    "stray": lambda record: record.final != record.wanted,
    "message": _message,
}
