# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one family of exceptions of the collection.

They are raised where a fact is known and turned into ``fail_json`` or ``AnsibleFilterError`` at the edge, in one
place each (``_edge.py`` for modules and their action, ``plugins/filter/conversion.py`` for filters).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Ends the message of an error after which it is unknown whether a call has taken effect.
DOUBT = "Whether it was carried out is not known."

# Control characters in a server's message, which a terminal could obey.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]+")


class EsxError(Exception):
    """An error for the user, in the user's terms.

    :param message: one sentence that says what is wrong, where, and where possible what would be right.
    :param hint: what the user can do about it, as a sentence of its own.
    :param fault: the VI API's name of the server's fault (``InvalidPowerState``), if a server answered with one.
    :param details: further keys for a module's result (plain data without secrets).
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        fault: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        message = _CONTROL.sub(" ", message)
        super().__init__(message)
        self.message = message
        self.hint = None if hint is None else _CONTROL.sub(" ", hint)
        self.fault = fault
        self.details = dict(details or {})

    def append(self, sentence: str) -> None:
        """Append the state that things are in to the message, unless the sentence is already there."""
        sentence = _CONTROL.sub(" ", sentence)
        if sentence not in self.message:
            self.message = f"{self.message} {sentence}"
            self.args = (self.message,)

    def settle_doubt(self, sentence: str) -> None:
        """Replace the doubt whether a call was carried out by the state that the server shows."""
        self.message = self.message.replace(DOUBT, "").rstrip()
        self.append(sentence)

    @property
    def in_doubt(self) -> bool:
        """Whether it is unknown if the call was carried out."""
        return DOUBT in self.message


class ParseError(EsxError):
    """A text (VMX, domain XML, URI, datastore path) that is refused.

    :param message: as for :class:`EsxError`; kept as ``reason``, ``message`` is preceded by the place.
    :param where: the VMX key or the XML element that is wrong.
    :param line: its line in the text, counted from 1.
    """

    def __init__(
        self, message: str, *, where: str | None = None, line: int | None = None, hint: str | None = None
    ) -> None:
        place = ", ".join(([] if line is None else [f"line {line}"]) + ([] if where is None else [where]))
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.reason = message
        self.where = where
        self.line = line


class MissingLibrary(EsxError):
    """A Python library that the collection needs cannot be imported.

    :param library: its name for pip.
    :param reason: the ImportError's text.
    """

    def __init__(self, library: str, reason: str, hint: str | None = None) -> None:
        super().__init__(f"The Python library {library} cannot be imported: {reason.rstrip('.')}.", hint=hint)
        self.library = library


class NotFound(EsxError):
    """A requested domain, host, datastore or file does not exist."""


class Ambiguous(EsxError):
    """Several objects have the requested name."""


class Refused(EsxError):
    """The request cannot be carried out in the present state; nothing has been changed."""


class ServerFault(EsxError):
    """The server refused a call or ended a task with an error; ``fault`` is the VI API's name of it."""


class ConnectionFailed(EsxError):
    """The server could not be reached, or its certificate or its answer is not acceptable."""


class AuthFailed(EsxError):
    """The server did not accept the credentials, or there are none."""


class TimedOut(EsxError):
    """The operation did not end within the user's ``timeout``."""


class LicenceRestricted(EsxError):
    """The host's licence makes its API read-only (fault RestrictedVersion)."""


class CacheUnusable(EsxError):
    """The directory or the file of the session cache cannot be used; a session can be opened without it."""

    def __init__(self, path: object, reason: object) -> None:
        super().__init__(f"The session cache {path} cannot be used: {reason}.")


class Question(EsxError):
    """A question of the server blocks a task, and no answer was given for it.

    ``details['question']`` holds ``id``, ``text``, ``choices`` (labels) and ``default`` (a label or None).

    :param text: the question in the server's words.
    :param choices: the labels of the possible answers.
    """

    def __init__(
        self,
        text: str,
        *,
        question_id: str,
        choices: Sequence[str],
        default: str | None,
        state: str,
    ) -> None:
        listed = ", ".join(f"'{label}'" for label in choices)
        possible = f"possible answers are {listed}" if choices else "there are no possible answers"
        if default is not None:
            possible += f", the default is '{default}'"
        super().__init__(
            f"The task is blocked by a question: question is '{text}', {possible}. {state}",
            hint=_hint_for(choices, default),
            details={
                "question": {"id": question_id, "text": text, "choices": list(choices), "default": default},
            },
        )


def _hint_for(choices: Sequence[str], default: str | None) -> str:
    if not choices:
        return "No client can answer it; look at the domain with the host's own tools."
    if default is None:
        return "Give an answer in 'answers'; there is no default answer that auto_answer=1 could take."
    return "Give an answer in 'answers', or add auto_answer=1 to the URI to take default answers."
