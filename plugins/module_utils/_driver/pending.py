# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pending questions and pending tasks, which must end before a domain can be worked on.

Both are read with the domain, so a domain without either costs no call here.
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import RECENT_PATH, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._vi.pending_tasks import pending_tasks

QUESTION_PATH = "runtime.question"

# The properties that ``wait_until_idle`` and ``check_pending_question`` expect in a record.
PENDING_PATHS = (QUESTION_PATH, RECENT_PATH)


def wait_until_idle(connection: EsxConnection, record: DomainRecord | None) -> bool:
    """Answer a pending question of a domain and wait for its pending tasks; return whether it had either.

    :raises Question: if the question has no answer.
    :raises TimedOut: if a task does not end.
    """
    if record is None:
        return False
    question, recent = record.values[QUESTION_PATH], record.values[RECENT_PATH]
    if question is None and not pending_tasks(connection.session, recent):
        return False
    connection.wait_until_idle(record.ref, f"Waiting for the domain '{record.name}'")
    return True


def check_pending_question(connection: EsxConnection, record: DomainRecord | None) -> None:
    """Raise the error that ``wait_until_idle`` would raise for a question without an answer; answer nothing."""
    question = None if record is None else record.values[QUESTION_PATH]
    if question is None:
        return
    from ansible_collections.virt.esx.plugins.module_utils._vi.questions import blocked_by, decide, read_question

    asked = read_question(question)
    options = connection.session.options
    decision = decide(asked, options.answers, options.uri.auto_answer)
    if decision.choice is None:
        raise blocked_by(asked, decision.reason, "It was left over from an earlier task, which is still blocked.")
