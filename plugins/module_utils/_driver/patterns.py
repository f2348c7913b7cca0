# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and patterns for names in options: pure.

Patterns are shell patterns: ``web-*``, ``db-[12]``, ``?``. Case is significant, as in libvirt. A name that contains
such characters matches itself, too. Where something is done with the objects, such a name means nothing else: with a
domain ``web[1]``, ``web1`` is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase

from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, NotFound
from ansible_collections.virt.esx.plugins.module_utils._names import nearest, quoted

# The characters by which a text is a pattern.
_MARK = re.compile(r"[*?\[]")


def is_pattern(text: str) -> bool:
    """Whether a text can match other names than itself."""
    return _MARK.search(text) is not None


def literal(name: str) -> str:
    """Return the pattern that matches one name only: ``a[*]`` for ``a*``, and the name itself without such marks."""
    return _MARK.sub(r"[\g<0>]", name)


def matches(name: str, pattern: str) -> bool:
    """Whether a name equals the given name, or matches the given pattern."""
    return name == pattern or fnmatchcase(name, pattern)


def is_requested(name: str, patterns: Iterable[str] | None) -> bool:
    """Whether a name matches one of several names or patterns, or none are given."""
    return patterns is None or any(matches(name, pattern) for pattern in patterns)


def chosen(patterns: Iterable[str], names: Iterable[str]) -> set[str]:
    """Return those of some names that are given, or that match a given pattern which is none of them."""
    known, given = set(names), set(patterns)
    others = given - known
    return (given & known) | {name for name in known if any(fnmatchcase(name, pattern) for pattern in others)}


def chosen_to_leave(patterns: Collection[str], names: Collection[str]) -> set[str]:
    """Return the same as ``chosen``, for domains that will be gone: the next run must not mean others.

    :raises Ambiguous: for the name of a domain that is a pattern as well. Without the domain, it would match others.
    """
    for text in patterns:
        if is_pattern(text) and text in names:
            raise Ambiguous(
                f"'{text}' is a domain, and a pattern that can match others once the domain is gone.",
                hint=f"Give '{literal(text)}', which matches no other name.",
            )
    return chosen(patterns, names)


def missing_names(patterns: Iterable[str], names: Collection[str]) -> list[str]:
    """Return those names, patterns left aside, that do not exist."""
    return [pattern for pattern in patterns if not is_pattern(pattern) and pattern not in names]


def require_names(patterns: Iterable[str], names: Collection[str], *, where: str) -> None:
    """Refuse a name that does not exist. A pattern may match nothing.

    :param names: the names that exist.
    :param where: where they were looked for, for the message: ``on esx1``.
    :raises NotFound: if a name is missing; it suggests a similar name.
    """
    missing = missing_names(patterns, names)
    if missing:
        raise NotFound(f"There is no domain {quoted(missing)} {where}.", hint=_hint(missing, names))


def _hint(missing: Iterable[str], names: Collection[str]) -> str | None:
    near = [found for found in (nearest(name, names) for name in missing) if found is not None]
    return f"Did you mean {' or '.join(repr(name) for name in dict.fromkeys(near))}?" if near else None
