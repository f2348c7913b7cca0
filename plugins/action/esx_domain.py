# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action virt.esx.esx_domain, see ``plugin_utils/_action.py``."""

from __future__ import annotations

# The module imports them by need; here they are imported once a play, before workers are forked.
from ansible_collections.virt.esx.plugins.module_utils._driver.domain import (
    definition_plans,
    many,
    networks,
    parts_request,
    planner_new,
    setting_keys,
    undefine,
    waiting,
)
from ansible_collections.virt.esx.plugins.modules.esx_domain import CONTRACT
from ansible_collections.virt.esx.plugins.plugin_utils._action import EsxAction


class ActionModule(EsxAction):
    """Runs the module of the same name."""

    contract = CONTRACT
    files = ("disks.image",)
    imported_early = (definition_plans, many, networks, parts_request, planner_new, setting_keys, undefine, waiting)


main = CONTRACT.check_arguments
