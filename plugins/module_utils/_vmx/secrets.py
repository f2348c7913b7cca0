# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets in descriptions of domains: the VNC password, and the key that VMware's own tools make of it.

The one place that knows them, for what is shown and for what has to be kept out of results.
"""

from __future__ import annotations

import html
import re

from ansible_collections.virt.esx.plugins.module_utils._names import unescape

# RemoteDisplay.vnc.password = "secret"
# RemoteDisplay.vnc.key = "NxU9OidSPS..."
_KEY = r"RemoteDisplay\.vnc\.(?:password|key)"
_LINE = re.compile(rf"^.*{_KEY}.*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)
_VALUE = re.compile(rf"""\b{_KEY}[ \t]*=[ \t]*(?:"([^"\n]*)"?|([^\s"]+))""", re.IGNORECASE)

# <graphics type='vnc' passwd='secret'/>
_PASSWD = re.compile(r"""\bpasswd\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def without_secrets(text: str) -> str:
    """Return a VMX without the lines that have a secret."""
    return _LINE.sub("", text)


def secrets_in(text: str) -> set[str]:
    """Return the secrets of a VMX or a domain XML, as they are written and as they are meant."""
    found = {first or second for first, second in _VALUE.findall(text)}
    found |= {unescape(value, "|", lenient=True) for value in found}
    written = {first or second for first, second in _PASSWD.findall(text)}
    return (found | written | {html.unescape(value) for value in written}) - {""}
