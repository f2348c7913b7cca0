# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual trusted platform modules in domain XML (N8, N9).

::

    <tpm model='tpm-crb'>
      <backend type='emulator' version='2.0'/>
    </tpm>
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Tpm
from ansible_collections.virt.esx.plugins.module_utils._domain.values import choice_attr, error_at, required_attr
from ansible_collections.virt.esx.plugins.module_utils._xml import Element

_MODELS = ("tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy")
_BACKENDS = ("passthrough", "emulator", "external")
_VERSIONS = ("1.2", "2.0")


def read_tpm(element: Element) -> Tpm:
    """One ``<tpm>``.

    :raises ParseError: it has not one back end, or a word that libvirt does not know.
    """
    backends = list(element.iterchildren("backend"))
    if len(backends) != 1:
        raise error_at(element, "The TPM needs one back end; expected <backend type='emulator' version='2.0'/>")
    backend = backends[0]
    required_attr(backend, "type")
    return Tpm(
        model=choice_attr(element, "model", _MODELS) or "tpm-crb",
        backend=choice_attr(backend, "type", _BACKENDS) or "emulator",
        version=choice_attr(backend, "version", _VERSIONS),
        line=element.sourceline,
    )


def write_tpm(tpm: Tpm) -> str:
    """The lines of one TPM."""
    version = f" version='{tpm.version}'" if tpm.version else ""
    return f"    <tpm model='{tpm.model}'>\n      <backend type='{tpm.backend}'{version}/>\n    </tpm>\n"
