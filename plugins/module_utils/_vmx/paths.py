# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References to files in datastores, as VMX and as domain XML write them.

VMX has ``/vmfs/volumes/<volume>/dir/file`` (the volume by its datastore's name or by its UUID), or a name relative to
the VMX file itself; libvirt's XML has ``[datastore] dir/file``. Other paths stay as they are (D1 to D15).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, parse_datastore_path

_VOLUMES = "/vmfs/volumes/"
_VOLUME_PATH = re.compile(r"/vmfs/volumes/+([^/]+)/(.+)", re.DOTALL)
_WINDOWS_ABSOLUTE = re.compile(r"[A-Za-z]:[\\/]|\\\\")


# A datastore path as VMware writes it, with a blank behind the bracket; without a datastore it is of the host's own
# file system: [] /vmimages/tools-isoimages/linux.iso
_IN_BRACKETS = re.compile(r"\[([^\]]*)\] +(.*)", re.DOTALL)
# A file whose name begins so, beside the VMX: [old].vmdk
_BRACKETED_NAME = re.compile(r"\[[^\]]*\][^ /][^/]*")


def is_relative(name: str) -> bool:
    """Whether a file name, in VMX or XML, is one relative to the VMX."""
    if _BRACKETED_NAME.fullmatch(name):
        return True
    return not name.startswith(("/", "[")) and not _WINDOWS_ABSOLUTE.match(name)


def _bracketed(text: str) -> DatastorePath:
    """As ``parse_datastore_path``, for readers that say themselves where the path stands."""
    try:
        return parse_datastore_path(text)
    except ParseError:
        raise ValueError("doesn't have expected format '[datastore] directory/file'") from None


class Place(NamedTuple):
    """Where a VMX lies, and what it can refer to.

    ``directory``: the datastore directory of the VMX itself, ``[datastore] directory``, for names relative to it;
    without it they stay as they are. ``datastores``: the datastore's name by volume; without it a volume's name is
    taken as the datastore's.
    """

    directory: str | None = None
    datastores: Mapping[str, str] | None = None

    def datastore(self, volume: str) -> str | None:
        """The name of the datastore on that volume, None where there is none."""
        if self.datastores is None:
            return volume
        if volume in self.datastores:
            return self.datastores[volume]
        return volume if volume in self.datastores.values() else None

    def resolve(self, name: str, *, relative_paths: bool) -> str | None:
        """The source in XML of a file name in VMX (D14, N10); None where its datastore does not exist.

        :param relative_paths: accept names with directories relative to the VMX, and absolute Windows paths.
        :raises ValueError: for a name that cannot be handled; its text says why.
        """
        if name.startswith("/"):
            return self._on_volume(name) if name.startswith(_VOLUMES) else name
        if relative_paths and _WINDOWS_ABSOLUTE.match(name):
            return name
        if "/" in name and not relative_paths:
            raise ValueError("could not handle a relative file name with a directory")
        found = _IN_BRACKETS.match(name) if relative_paths and name.startswith("[") else None
        if found:
            return f"[{found[1]}] {found[2]}" if found[1] else found[2]
        return self._beside(name)

    def _on_volume(self, name: str) -> str | None:
        found = _VOLUME_PATH.match(name)
        if not found:
            raise ValueError(f"doesn't have expected format '{_VOLUMES}<datastore>/<path>'")
        datastore = self.datastore(found[1])
        return None if datastore is None else f"[{datastore}] {found[2]}"

    def _beside(self, name: str) -> str:
        if self.directory is None:
            return name
        separator = " " if self.directory.endswith("]") else "/"
        return f"{self.directory.rstrip('/')}{separator}{name}"


def vmx_file_name(source: str, *, verbatim: bool) -> str:
    """The file name in VMX of a source in XML (D15).

    :param verbatim: write what is no datastore path as it is, a name relative to the VMX for example.
    :raises ValueError: for a source that cannot be handled; its text says why.
    """
    if source.startswith("[] /") and verbatim:
        return source[len("[] ") :]
    if source.startswith("[") and not (verbatim and _BRACKETED_NAME.fullmatch(source)):
        path = _bracketed(source)
        return f"{_VOLUMES}{path.datastore}/{path.path}"
    if source.startswith("/") or verbatim:
        return source
    raise ValueError("is neither '[datastore] directory/file' nor an absolute path")
