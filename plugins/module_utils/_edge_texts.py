# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts in a task's arguments: those that cannot be sent to a server are refused before anything is done.

Otherwise, the server's call would fail in the middle of a task, or a VMX would hold what no domain XML can say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._texts import (
    wrong_in_file_names,
    wrong_in_utf_8,
    wrong_in_xml,
)

Wrong = Callable[[str], "str | None"]

# The options whose texts are not sent to a server as XML: descriptions, whose readers name the line; files on the
# controller, as which a URL can be given, too; and data for cloud-init.
_READ_BY_LINE = ("xml", "vmx")
_FILES = ("source",)
_CLOUD_INIT = ("meta_data", "user_data", "network_config", "vendor_data")
# Texts that may look like data. Ansible would turn a mapping into Python's words for it, which no guest understands.
_NO_DATA = ("user_data", "vendor_data")


def check_texts(argument_spec: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    """Refuse texts with characters that cannot be sent to a server.

    :param argument_spec: the module's, in Ansible's form.
    :param params: the validated arguments.
    :raises ParseError: for the first such text; it names the option and, unless it is secret, the character.
    """
    for option, value in params.items():
        spec = argument_spec.get(option)
        if value is not None and spec is not None and option not in _READ_BY_LINE:
            _check(option, spec, value, top=True)


def _check(option: str, spec: Mapping[str, Any], value: Any, *, top: bool = False, place: str = "") -> None:
    place = place or option
    if "options" in spec:
        entries = value if isinstance(value, list) else [value]
        for number, entry in enumerate(entries):
            inside = f"{place}[{number}]" if isinstance(value, list) else place
            for name, inner in (entry or {}).items():
                _check(name, spec["options"].get(name, {}), inner, place=f"{inside}.{name}")
        return
    if option in _NO_DATA and not isinstance(value, (str, type(None))):
        raise ParseError("expecting a text, usually a block that begins with '#cloud-config'.", where=place)
    find = _wrong_for(option, spec, top)
    for text in _texts(value):
        wrong = find(text)
        if wrong is not None:
            what = "a character" if spec.get("no_log") else wrong
            raise ParseError(f"it has {what}, which {_CANNOT[find]}; remove it.", where=place)


_CANNOT: dict[Wrong, str] = {
    wrong_in_xml: "no request to a server can carry",
    wrong_in_utf_8: "UTF-8 cannot hold",
    wrong_in_file_names: "no file's name can have",
}


def _wrong_for(option: str, spec: Mapping[str, Any], top: bool) -> Wrong:
    if spec.get("type") == "path" or (top and option in _FILES):
        return wrong_in_file_names
    return wrong_in_utf_8 if option in _CLOUD_INIT else wrong_in_xml


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
