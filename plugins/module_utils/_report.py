# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of an input that a conversion cannot carry over: entries, their collector, and the policy.

Every word of an input has an effect, is refused, or becomes an entry. Readers and writers of both formats get a
:class:`Report`; without one they are silent, as libvirt is.

=========  =========================================================================================================
policy     an entry that is essential                                  any other entry
=========  =========================================================================================================
refuse     is refused                                                  is reported
report     is reported                                                 is reported
ignore     is dropped in silence                                       is dropped in silence
=========  =========================================================================================================

Refusals are collected too, so that one error lists everything that is wrong with a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError

REFUSE = "refuse"
REPORT = "report"
IGNORE = "ignore"
POLICIES = (REFUSE, REPORT, IGNORE)

_LINE = 1000  # characters of an entry in a warning, at most

_Value = TypeVar("_Value")
_Default = TypeVar("_Default")


class LeftOut(NamedTuple):
    """A word of an input that the other format has no place for.

    :param where: the VMX key, or the path of the element below ``<domain>``: ``devices/interface/vlan``.
    :param word: the value, or the attribute with its value, as in the input; empty for a whole element.
    :param why: one sentence without a full stop.
    :param line: its line in the input, counted from 1.
    :param is_refused: the conversion fails because of it.
    """

    where: str
    word: str
    why: str
    line: int | None = None
    is_refused: bool = False

    def __str__(self) -> str:
        place = self.where if self.line is None else f"line {self.line}, {self.where}"
        word = f" {self.word}" if self.word else ""
        return f"{place}{word}: {self.why}"


class Report:
    """Collects what one conversion leaves out and refuses.

    :param unsupported: the policy, one of ``POLICIES``.
    """

    def __init__(self, unsupported: str = IGNORE) -> None:
        self.unsupported = unsupported
        self.left_out: list[LeftOut] = []
        self.refusals: list[ParseError] = []
        # The line of a place in the document that is converted, for those who have only its values.
        self.line_of: Callable[[str], int | None] = _no_line
        self._said: set[LeftOut | str] = set()  # what is in the lists, and is not said again

    @property
    def is_silent(self) -> bool:
        """Whether nothing is reported, so that there is no need to look for words without effect."""
        return self.unsupported == IGNORE

    def leave_out(
        self, where: str, why: str, *, word: str = "", line: int | None = None, essential: bool = False
    ) -> None:
        """Report that a word has no effect; the parameters are those of :class:`LeftOut`.

        :param essential: leaving it out changes what a network, a disk or another device is.
        """
        if essential and self.unsupported == REFUSE:
            self.refuse(ParseError(why, where=f"{where} {word}" if word else where, line=line))
        elif not self.is_silent:
            entry = LeftOut(where, word, why, self.line_of(where) if line is None else line)
            if entry not in self._said:
                self._said.add(entry)
                self.left_out.append(entry)

    def refuse(self, refusal: ParseError) -> None:
        """Record a refusal for :meth:`raise_refusals`."""
        if refusal.line is None and refusal.where and (line := self.line_of(refusal.where)):
            refusal = ParseError(refusal.reason, where=refusal.where, line=line, hint=refusal.hint)
        if str(refusal) not in self._said:
            self._said.add(str(refusal))
            self.refusals.append(refusal)

    def attempt(self, read: Callable[..., _Value], *arguments: Any, default: _Default) -> _Value | _Default:
        """Return the result of a reader or writer; if it refuses, record that and return the default."""
        try:
            return read(*arguments)
        except ParseError as refusal:
            self.refuse(refusal)
            return default

    def attempt_each(self, read: Callable[..., _Value], elements: Iterable[Any], *arguments: Any) -> tuple[_Value, ...]:
        """Return the results of a reader for each element, without those that it refuses."""
        elements = tuple(elements)
        if not elements:
            return ()
        try:
            return tuple([read(element, *arguments) for element in elements])
        except ParseError:
            found = [self.attempt(read, element, *arguments, default=None) for element in elements]
            return tuple([value for value in found if value is not None])

    def raise_refusals(self) -> None:
        """Raise all refusals as one error.

        :raises ParseError: the only refusal itself, or an error with one refusal per line, in the order of the input.
        """
        if len(self.refusals) == 1:
            raise self.refusals[0]
        if self.refusals:
            ordered = sorted(self.refusals, key=lambda refusal: refusal.line or 0)
            first = ordered[0]
            text = "\n".join([refusal.message for refusal in ordered])
            error = ParseError(text, hint=next((one.hint for one in ordered if one.hint), None))
            error.where, error.line = first.where, first.line
            raise error

    def entries(self) -> list[LeftOut]:
        """All entries, in the order of the lines."""
        refused = (LeftOut(one.where or "", "", one.reason, one.line, is_refused=True) for one in self.refusals)
        return sorted((*self.left_out, *refused), key=lambda entry: entry.line or 0)

    def warning(self, what: str) -> str | None:
        """One warning about everything that is left out, None if there is nothing.

        :param what: what was converted, as the subject of a sentence: ``The domain XML``.
        """
        lines = [text if len(text) <= _LINE else f"{text[:_LINE]} ..." for text in map(str, self.left_out)]
        if not lines:
            return None
        if len(lines) == 1:
            return f"{what} could not be converted completely: {lines[0]}"
        return "\n".join([f"{what} could not be converted completely:", *(f"  {line}" for line in lines)])


def _no_line(_where: str) -> None:
    """The line of a place in no document."""


def policy_named(unsupported: object, default: str) -> str:
    """The policy with a name, the default for None.

    :raises EsxError: if there is no policy with that name.
    """
    if unsupported is None:
        return default
    if not isinstance(unsupported, str) or unsupported not in POLICIES:
        known = ", ".join(f"'{word}'" for word in POLICIES)
        raise EsxError(f"unsupported is {unsupported!r}; expected one of {known}.")
    return str(unsupported)
