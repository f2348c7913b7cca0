# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions of the server that block a task, and which choice answers them: pure decisions.

Answers that the user gave come first, by the question's id, by its text, or by the id of its message
(``msg.uuid.altered``, which is the same in every language); then, with ``auto_answer=1``, the default choice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import Question

# Servers put the ids of messages before their texts: "msg.uuid.altered:This virtual machine may have been moved".
_MESSAGE_ID = re.compile(r"\b((?:msg|button|vob)\.[A-Za-z0-9_.-]+):?")


@dataclass(frozen=True)
class Choice:
    """One possible answer: what is sent, and what is shown."""

    key: str
    label: str
    summary: str = ""


@dataclass(frozen=True)
class Asked:
    """A question as the server asks it."""

    id: str
    text: str
    choices: tuple[Choice, ...]
    default: Choice | None
    message_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answered:
    """A question that was answered, for a module's result."""

    id: str
    text: str
    answer: str


@dataclass(frozen=True)
class Decision:
    """The choice to answer with; without one ``reason`` says why not, as a sentence."""

    choice: Choice | None
    reason: str = ""


def read_question(info: Any) -> Asked:
    """Return a question from the value of a VM's ``runtime.question``."""
    listed = info.choice.choiceInfo or ()
    choices = tuple(Choice(str(item.key), item.label or str(item.key), item.summary or "") for item in listed)
    index = info.choice.defaultIndex
    default = choices[index] if index is not None and 0 <= index < len(choices) else None
    messages = [message.id for message in getattr(info, "message", None) or () if message.id]
    spoken = _MESSAGE_ID.findall(info.text or "")
    return Asked(str(info.id), info.text or "", choices, default, tuple(dict.fromkeys([*messages, *spoken])))


def decide(asked: Asked, answers: Sequence[tuple[str, str]], auto_answer: bool) -> Decision:
    """Return the choice for a question, or why there is none.

    :param answers: pairs of a question's id, text or message id, and a choice's label, summary or key.
    :param auto_answer: whether the default choice is taken where no answer is given.
    """
    wanted = _answer_for(asked, answers)
    if wanted is not None:
        choice = _choice_named(asked, wanted)
        return Decision(choice, "" if choice else f"The answer '{wanted}' is not one of them.")
    if not asked.choices:
        return Decision(None, "It cannot be answered.")
    if not auto_answer:
        return Decision(None, "No answer was given.")
    return Decision(asked.default, "" if asked.default else "It has no default answer.")


def blocked_by(asked: Asked, reason: str, state: str) -> Question:
    """Return the exception for a question that stays unanswered.

    :param reason: why it was not answered, a sentence.
    :param state: what became of the task, a sentence.
    """
    return Question(
        asked.text,
        question_id=asked.id,
        choices=[choice.label for choice in asked.choices],
        default=None if asked.default is None else asked.default.label,
        state=f"{reason} {state}".strip(),
    )


def _answer_for(asked: Asked, answers: Sequence[tuple[str, str]]) -> str | None:
    """An answer for exactly this question's id or text takes precedence over one for a kind of message."""
    given = dict(answers)
    for key in (asked.id, asked.text, *asked.message_ids):
        if key in given:
            return given[key]
    return None


def _choice_named(asked: Asked, wanted: str) -> Choice | None:
    """By label, summary or key; upper and lower case and the marks of access keys (``I _moved it``) do not count."""
    for form in ("label", "summary", "key"):
        for choice in asked.choices:
            if _plain(getattr(choice, form)) == _plain(wanted):
                return choice
    return None


def _plain(text: str) -> str:
    return re.sub(r"^button\.[\w.]+:", "", text).replace("_", "").strip().casefold()
