# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's client authentication file, a GLib key file.

::

    [auth-esx-esx1.example.com]
    credentials=lab

    [credentials-lab]
    username=root
    password=secret

The service is always ``esx``, also for ``gsx`` and ``vpx``; the host is matched by its exact text, then ``default``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import Callable

from ansible_collections.virt.esx.plugins.module_utils._errors import AuthFailed, ParseError
from ansible_collections.virt.esx.plugins.module_utils._vi.options import AuthFile

Groups = dict[str, dict[str, str]]

# The maximum number of bytes that are read of an auth file.
_LONGEST = 1 << 20

# The characters that a key file has around its keys, and before its values, for the reader.
_BLANKS = " \t\v\f\r"

# The escapes of a GLib key file's values.
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


def locate(auth_file: AuthFile) -> str | None:
    """Return the path of the file to read, None where there is none."""
    if auth_file.given is not None:
        return os.path.expanduser(auth_file.given)  # noqa: PTH111  (pathlib's fails for an unknown user)
    return next((path for path in auth_file.usual if os.access(path, os.R_OK)), None)


def read_entry(path: str, hosts: Sequence[str], warn: Callable[[str], None]) -> dict[str, str]:
    """Return the credentials of the first host with a group, otherwise of ``default``, otherwise none.

    :param warn: called with a sentence if users other than the owner can read the file.
    :raises AuthFailed: if the file cannot be read.
    :raises ParseError: if it is not a key file, or the entry is incomplete.
    """
    groups = _read(path, warn)
    for host in [*hosts, "default"]:
        group = groups.get(f"auth-esx-{host}")
        if group is None:
            continue
        name = group.get("credentials")
        if name is None:
            raise ParseError("it has no key 'credentials'.", where=f"{path}, [auth-esx-{host}]")
        if f"credentials-{name}" not in groups:
            hint = "A blank at the end of a line is a part of its value." if name.rstrip(_BLANKS) != name else None
            raise ParseError(f"there is no group [credentials-{name}].", where=f"{path}, [auth-esx-{host}]", hint=hint)
        return groups[f"credentials-{name}"]
    return {}


def parse_key_file(text: str, name: str) -> Groups:
    """Return the groups of a GLib key file with their keys; the last value of a repeated key is used.

    As in GLib, and so for virsh, blanks at the end of a value are a part of it: a password can end with one.

    :param text: the file's text.
    :param name: the file's name for messages.
    :raises ParseError: for a line that is neither a comment, a group nor a key.
    """
    groups: Groups = {}
    group: dict[str, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r").lstrip(_BLANKS)
        if not line or line.startswith("#"):
            continue
        title = line.rstrip(_BLANKS)
        if title.startswith("[") and title.endswith("]"):
            group = groups.setdefault(title[1:-1], {})
            continue
        key, equals, value = line.partition("=")
        if not equals or group is None:
            raise ParseError("neither a [group] nor key=value.", where=name, line=number)
        group[key.strip(_BLANKS)] = _unescape(value.lstrip(_BLANKS))
    return groups


def _read(path: str, warn: Callable[[str], None]) -> Groups:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LONGEST) if stat.S_ISREG(mode) else None
        text = "" if content is None else content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise AuthFailed(f"The auth file {path} cannot be read: {reason}.") from None
    if content is None:
        raise AuthFailed(f"The auth file {path} cannot be read: it is not a regular file.")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        warn(f"The auth file {path} can be read by others (mode {stat.S_IMODE(mode):04o}); it should have mode 0600.")
    return parse_key_file(text, path)


def _unescape(value: str) -> str:
    result, rest = "", value
    while "\\" in rest:
        before, _backslash, rest = rest.partition("\\")
        result += before + _ESCAPES.get(rest[:1], "\\" + rest[:1])
        rest = rest[1:]
    return result + rest
