# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only import of pyVmomi, guarded: the collection uses pyVmomi only through this file."""

from __future__ import annotations

import sys
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import MissingLibrary

vim: Any = None
vmodl: Any = None
SoapStubAdapter: Any = object
VmomiSupport: Any = None
SoapDeserializer: Any = object
SoapResponseDeserializer: Any = object
parse_time: Any = None
F_OPTIONAL = 4
VMOMI_IMPORT_ERROR: str | None = None

try:
    import pyVmomi
except ImportError as error:
    VMOMI_IMPORT_ERROR = str(error)
except Exception as error:  # pyVmomi 9 raises another exception with Python older than 3.10
    VMOMI_IMPORT_ERROR = str(error)
else:
    _library: Any = pyVmomi
    vim, vmodl = _library.vim, _library.vmodl
    SoapStubAdapter, VmomiSupport = _library.SoapStubAdapter, _library.VmomiSupport
    SoapDeserializer = _library.SoapAdapter.SoapDeserializer
    parse_time = _library.SoapAdapter.Iso8601.ParseISO8601
    SoapResponseDeserializer = _library.SoapAdapter.SoapResponseDeserializer

# pip installs pyVmomi 9 for Python 3.9, which then cannot import it.
_TOO_NEW = "With Python 3.9 pyVmomi 8 is the newest that works: pip install 'pyvmomi>=8.0.3.0.1,<9'."


def require_vmomi() -> None:
    """Raise MissingLibrary if pyVmomi cannot be imported."""
    if VMOMI_IMPORT_ERROR is not None:
        raise MissingLibrary("pyvmomi", VMOMI_IMPORT_ERROR, hint=_TOO_NEW if sys.version_info < (3, 10) else None)


def vim_type(name: str) -> Any:
    """Return the class of a VI type by its name in the API's reference, such as ``VirtualMachine``."""
    return VmomiSupport.GetWsdlType("urn:vim25", name)


def make_ref(type_name: str, moid: str, stub: Any) -> Any:
    """Return the reference to a managed object by its type and id; no call is made."""
    return vim_type(type_name)(moid, stub)


def moid(ref: Any) -> str:
    """Return the id of a managed object; this reads no property of it."""
    return str(ref._GetMoId())


def type_name(value: Any) -> str:
    """Return the API's name of a value's type, such as ``InvalidPowerState``."""
    unknown = getattr(value, "__dict__", {}).get(_UNKNOWN_TYPE)
    return str(unknown or getattr(type(value), "_wsdlName", None) or type(value).__name__)


def name_unknown_type(value: Any, name: str) -> None:
    """Record the API's name of a value's type that pyVmomi does not know."""
    value.__dict__[_UNKNOWN_TYPE] = name


_UNKNOWN_TYPE = "_unknown_type"
