# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which choice answers a question, and what is said where none does."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._vi.questions import (
    Asked,
    Choice,
    blocked_by,
    decide,
    read_question,
)

CANCEL = Choice("0", "button.uuid.cancel", "Cancel")
MOVED = Choice("1", "button.uuid.movedTheVM", "I _Moved It")
COPIED = Choice("2", "button.uuid.copiedTheVM", "I _Copied It")
TEXT = "msg.uuid.altered:This virtual machine might have been moved or copied."
ASKED = Asked("57", TEXT, (CANCEL, MOVED, COPIED), COPIED, ("msg.uuid.altered",))


@pytest.mark.parametrize(
    ("answers", "auto_answer", "choice", "reason"),
    [
        ((), True, COPIED, ""),
        ((), False, None, "No answer was given."),
        ((("57", "Cancel"),), False, CANCEL, ""),
        ((("57", "Cancel"),), True, CANCEL, ""),
        (((TEXT, "1"),), False, MOVED, ""),
        ((("msg.uuid.altered", "I Copied It"),), False, COPIED, ""),
        ((("msg.uuid.altered", "i _copied it"),), False, COPIED, ""),
        ((("msg.uuid.altered", "button.uuid.movedTheVM"),), False, MOVED, ""),
        ((("msg.uuid.altered", "Cancel"), ("57", "1")), False, MOVED, ""),
        ((("58", "Cancel"),), False, None, "No answer was given."),
        ((("msg.uuid", "Cancel"),), False, None, "No answer was given."),
        ((("57", "Maybe"),), True, None, "The answer 'Maybe' is not one of them."),
    ],
)
def test_decide(answers: Any, auto_answer: bool, choice: Choice | None, reason: str) -> None:
    decision = decide(ASKED, answers, auto_answer)
    assert (decision.choice, decision.reason) == (choice, reason)


def test_without_a_default() -> None:
    decision = decide(Asked("1", "?", (CANCEL,), None), (), True)
    assert (decision.choice, decision.reason) == (None, "It has no default answer.")


@pytest.mark.parametrize("auto_answer", [True, False])
def test_without_choices(auto_answer: bool) -> None:
    decision = decide(Asked("1", "?", (), None), (), auto_answer)
    assert (decision.choice, decision.reason) == (None, "It cannot be answered.")


def info(default: int | None, message: Any = None, text: str = TEXT) -> Any:
    listed = [SimpleNamespace(key=choice.key, label=choice.label, summary=choice.summary) for choice in ASKED.choices]
    return SimpleNamespace(
        id="57", text=text, choice=SimpleNamespace(choiceInfo=listed, defaultIndex=default), message=message
    )


@pytest.mark.parametrize(("default", "expected"), [(2, COPIED), (0, CANCEL), (None, None), (3, None), (-1, None)])
def test_the_default_is_an_index(default: int | None, expected: Choice | None) -> None:
    assert read_question(info(default)).default == expected


def test_the_ids_of_messages() -> None:
    assert read_question(info(2)) == ASKED
    told = read_question(info(2, [SimpleNamespace(id="msg.disk.x"), SimpleNamespace(id="msg.uuid.altered")]))
    assert told.message_ids == ("msg.disk.x", "msg.uuid.altered")
    assert read_question(info(2, text="No id here: just text")).message_ids == ()


def test_the_error_is_in_libvirts_words() -> None:
    error = blocked_by(ASKED, "No answer was given.", "The task was cancelled.")
    assert error.message == (
        f"The task is blocked by a question: question is '{TEXT}', possible answers are 'button.uuid.cancel', "
        "'button.uuid.movedTheVM', 'button.uuid.copiedTheVM', the default is 'button.uuid.copiedTheVM'. "
        "No answer was given. The task was cancelled."
    )
    assert error.details["question"] == {
        "id": "57",
        "text": TEXT,
        "choices": ["button.uuid.cancel", "button.uuid.movedTheVM", "button.uuid.copiedTheVM"],
        "default": "button.uuid.copiedTheVM",
    }


@pytest.mark.parametrize(
    ("choices", "default", "possible"),
    [
        (ASKED.choices, COPIED, ("answers", "auto_answer")),
        (ASKED.choices, None, ("answers", "no default")),
        ((), None, ("No client",)),
    ],
    ids=["with a default", "without a default", "without a choice"],
)
def test_the_hint_fits_the_question(
    choices: tuple[Choice, ...], default: Choice | None, possible: tuple[str, ...]
) -> None:
    hint = blocked_by(replace(ASKED, choices=choices, default=default), "", "").hint or ""
    assert all(route in hint for route in possible)
