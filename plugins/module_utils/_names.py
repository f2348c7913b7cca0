# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMware's spelling of names: datastore paths, and the escapes of names in the VI API and of file names."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

# The most bytes that the name of a file has, whatever the file system of a datastore.
_LONGEST_NAME = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DATASTORE_PATH = re.compile(r"\[([^\]]+)\] *(.*)", re.DOTALL)

_NAME = str.maketrans({"%": "%25", "/": "%2f", "\\": "%5c"})
_FORBIDDEN_IN_ITEMS = str.maketrans(dict.fromkeys('"*<>:|?', "_"))
_UNSAFE_IN_ITEMS = re.compile(r"[^A-Za-z0-9'(),. _-]+")

_ESCAPES = {
    "|": re.compile(rb"\|([0-9A-Fa-f]{2})?"),
    "%": re.compile(rb"%([0-9A-Fa-f]{2})?"),
}
_SURROGATE = re.compile("[\udc80-\udcff]")


class DatastorePath(NamedTuple):
    """A file or directory in a datastore; as text, ``[datastore] directory/file``, or ``[datastore]`` for its root.

    Paths are compared by their ``canonical`` form: ``[ds] web//./web.vmdk`` and ``[ds] web/web.vmdk`` are one file.
    """

    datastore: str
    path: str  # directory and file, without a leading slash; empty for the datastore's root

    def __str__(self) -> str:
        return f"[{self.datastore}] {self.path}" if self.path else f"[{self.datastore}]"

    @property
    def directory(self) -> str:
        """The directory within the datastore, empty for its root."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> DatastorePath:
        """The directory that it is in."""
        return DatastorePath(self.datastore, self.directory)

    def beside(self, name: str) -> DatastorePath:
        """Return the path of another name in the same directory."""
        return DatastorePath(self.datastore, f"{self.directory}/{name}" if self.directory else name)

    def inside(self, name: str) -> DatastorePath:
        """Return the path of a name in this directory."""
        return DatastorePath(self.datastore, f"{self.path.rstrip('/')}/{name}" if self.path else name)

    @property
    def is_disk(self) -> bool:
        """Whether a file is a virtual disk, by its name."""
        return self.name.lower().endswith(".vmdk")

    @property
    def canonical(self) -> DatastorePath:
        """The same place without empty, ``.`` and ``..`` segments; a leading ``..`` stays where the host ignores it."""
        path = posixpath.normpath("/" + self.path).lstrip("/")
        return DatastorePath(self.datastore, path)

    @property
    def is_canonical(self) -> bool:
        """Whether it has no empty, ``.`` or ``..`` segment."""
        return not self.path or not {"", ".", ".."} & set(self.path.split("/"))


def parse_datastore_path(text: str) -> DatastorePath:
    """Read ``[datastore] directory/file`` (D9); what follows the bracket may be empty.

    :raises ParseError: for anything else.
    """
    found = _DATASTORE_PATH.match(text)
    if not found:
        raise ParseError(f"datastore path '{text}' doesn't have expected format '[datastore] directory/file'")
    return DatastorePath(found[1], found[2])


def check_datastore_path(text: str, *, where: str | None = None, line: int | None = None) -> DatastorePath:
    """Read a user's datastore path, which must be spelled canonically.

    :param where: the option or element that it comes from, for the message.
    :raises ParseError: for a path with empty, ``.`` or ``..`` segments, with control characters or with names that are
        too long, and for anything but a datastore path.
    """
    found = _DATASTORE_PATH.match(text)
    if not found:
        raise ParseError(
            f"'{text}' is not a datastore path, expecting '[datastore] directory/file'.", where=where, line=line
        )
    path = DatastorePath(found[1], found[2])
    if not path.is_canonical:
        raise ParseError(
            f"the path '{text}' has an empty, '.' or '..' segment; write '{path.canonical}'.", where=where, line=line
        )
    if _CONTROL.search(path.path):
        raise ParseError(f"{text!r} has a control character.", where=where, line=line)
    return check_lengths(path, where=where, line=line)


def check_vmx_path(text: str) -> DatastorePath:
    """Read the option ``vmx_path``.

    :raises ParseError: for what is not the datastore path of a VMX.
    """
    path = check_datastore_path(text, where="vmx_path")
    if not path.name.lower().endswith(".vmx"):
        raise ParseError(f"'{path}' is not the name of a VMX file.", where="vmx_path")
    return path


def check_lengths(path: DatastorePath, *, where: str | None = None, line: int | None = None) -> DatastorePath:
    """Return the path unless a name in it is too long for any datastore.

    :raises ParseError: for such a name.
    """
    for name in path.path.split("/"):
        size = len(name.encode("utf-8", "surrogatepass"))
        if size > _LONGEST_NAME:
            shown = f"'{name[:40]}...' has {size} bytes"
            raise ParseError(
                f"the file name {shown}, expecting at most {_LONGEST_NAME}; choose a shorter one.",
                where=where,
                line=line,
            )
    return path


def canonical_path(text: str) -> str:
    """Return a datastore path in its canonical spelling; any other text stays as it is."""
    found = _DATASTORE_PATH.match(text)
    return str(DatastorePath(found[1], found[2]).canonical) if found else text


def escape_name(name: str) -> str:
    r"""Encode ``%``, ``/`` and ``\``, the second scheme of ``displayName`` and of names in the VI API (L30)."""
    return name.translate(_NAME)


def unescape_name(name: str) -> str:
    """Decode a name of the VI API; invalid escapes stay as they are."""
    return unescape(name, "%", lenient=True)


def escape_datastore_item(name: str) -> str:
    r"""The name that ESX gives to a file or directory with that name in a datastore; it cannot be reversed.

    ``a/b%c:d`` becomes ``a+JQ-2fb+JQ-25c_d``: characters that file systems forbid become ``_``, then ``%``, ``/`` and
    ``\`` are escaped as in names of the VI API, then each run of other characters is written in base64 between ``+``
    and ``-``.
    """
    safe = escape_name(name.translate(_FORBIDDEN_IN_ITEMS))

    def encoded(run: re.Match[str]) -> str:
        digits = base64.b64encode(run[0].encode("utf-8", "surrogateescape"), b"+,").decode().rstrip("=")
        return f"+{digits}" + ("" if run.end() == len(safe) else "-")

    return _UNSAFE_IN_ITEMS.sub(encoded, safe)


def directory_of_name(name: str, *, where: str) -> str:
    """Return the directory of a new domain in its datastore: its name, without blanks at the ends.

    :param where: the option that the name comes from, for the message.
    :raises ParseError: for a name that no directory can have.
    """
    directory = escape_datastore_item(name).strip()
    if directory.strip(".") == "":
        raise ParseError(
            f"no directory can be called {name!r}, as the domain is; give it another name or directory.", where=where
        )
    return directory


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that a misspelled one most likely means, or None if none is similar."""
    import difflib  # only a message needs it

    by_folded = {each.lower(): each for each in names}
    found = difflib.get_close_matches(name.lower(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def quoted(names: Iterable[str]) -> str:
    """Return names in quotes for a message: ``'web', 'db'``, or ``none``."""
    return ", ".join(f"'{name}'" for name in names) or "none"


def hint_at(name: str, names: Iterable[str]) -> str | None:
    """Return the hint for a misspelled name, ``Did you mean 'web'?``, or None if no name is similar."""
    near = nearest(name, names)
    return None if near is None else f"Did you mean '{near}'?"


def unescape(value: str, introducer: str, *, lenient: bool) -> str:
    """Decode the hex escapes of a value (L27, L29).

    :param introducer: ``|`` or ``%``.
    :param lenient: keep invalid escapes, and those that give invalid UTF-8, as they are.
    :raises ValueError: for an introducer without two hex digits, if not lenient.
    """
    if introducer not in value:
        return value

    def decoded(found: re.Match[bytes]) -> bytes:
        if found[1] is not None:
            return bytes.fromhex(found[1].decode())
        if lenient:
            return found[0]
        raise ValueError(f"'{introducer}' must be followed by two hex digits")

    data = _ESCAPES[introducer].sub(decoded, value.encode("utf-8", "surrogateescape"))
    text = data.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    return value if lenient and _SURROGATE.search(text) else text
