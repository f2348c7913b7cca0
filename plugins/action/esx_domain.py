# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action virt.esx.esx_domain, see ``plugin_utils/_action.py``."""

from __future__ import annotations

# The module imports them by need; they are small, and so imported before workers are forked.
from ansible_collections.virt.esx.plugins.module_utils._driver.domain import undefine, waiting
from ansible_collections.virt.esx.plugins.modules.esx_domain import CONTRACT
from ansible_collections.virt.esx.plugins.plugin_utils._action import EsxAction
from ansible_collections.virt.esx.plugins.plugin_utils._shared_imports import SharedImports

# Two thirds of the code, of which a task about power needs nothing.
_ABOUT_DEFINITIONS = ("definition_plans", "networks", "parts_request", "planner_new", "setting_keys")
_PACKAGE = "ansible_collections.virt.esx.plugins.module_utils._driver.domain"


class ActionModule(EsxAction):
    """Runs the module of the same name."""

    contract = CONTRACT
    files = ("disks.image",)
    imported_early = (undefine, waiting)
    shared_imports = SharedImports([f"{_PACKAGE}.{name}" for name in _ABOUT_DEFINITIONS])


main = CONTRACT.check_arguments
