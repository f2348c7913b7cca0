# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User names and passwords, completed from libvirt's client authentication file (``auth_file.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Callable

from ansible_collections.virt.esx.plugins.module_utils._errors import AuthFailed
from ansible_collections.virt.esx.plugins.module_utils._vi.about import About, version_numbers
from ansible_collections.virt.esx.plugins.module_utils._vi.options import AuthFile, Login
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import redact_user


@dataclass(frozen=True)
class Credentials:
    """The login for one server; ``is_default`` means that the user name is a default."""

    username: str
    password: str = field(repr=False)
    is_default: bool = False

    def username_for(self, about: About) -> str:
        """Return the user to log in as: since vCenter 5.1, the default administrator is a user of single sign-on."""
        if self.is_default and about.product == "vpx" and version_numbers(about.version) >= (5, 1):
            return "administrator@vsphere.local"
        return self.username


def find_credentials(
    login: Login, auth_file: AuthFile, hosts: Sequence[str], warn: Callable[[str], None]
) -> Credentials:
    """Return user and password for a server.

    :param login: the values of options, URI and environment, which override the file.
    :param auth_file: where the file can be; it is only read if something is missing.
    :param hosts: the names that the file can list the server by; the first listed one is used.
    :param warn: called with a sentence if users other than the owner can read the file.
    :raises AuthFailed: if there is no password, or the given file cannot be read.
    :raises ParseError: if the file is not a key file, or an entry of it is incomplete.
    """
    if login.username is not None and login.password is not None:
        return Credentials(login.username, login.password)
    from ansible_collections.virt.esx.plugins.module_utils._vi.auth_file import locate, read_entry

    path = locate(auth_file)
    entry = {} if path is None else read_entry(path, hosts, warn)
    named = login.username or entry.get("username")
    username, is_default = named or login.default_username, named is None
    if login.password is not None:
        return Credentials(username, login.password, is_default)
    if "password" in entry and username == entry.get("username", username):
        return Credentials(username, entry["password"], is_default)
    groups = " or ".join(f"[auth-esx-{host}]" for host in dict.fromkeys([*hosts, "default"]))
    raise AuthFailed(
        f"There is no password for user '{redact_user(username)}' on {hosts[0]}.",
        hint="Set password (for a vCenter vcenter_password), its environment variable, or an entry for this user in "
        f"{path or 'a libvirt auth file (auth_file)'}: a group {groups} that names the group of the credentials.",
    )
