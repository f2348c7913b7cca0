# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action virt.esx.esx_ova, see ``plugin_utils/_action.py``."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.modules.esx_ova import CONTRACT
from ansible_collections.virt.esx.plugins.plugin_utils._action import EsxAction


class ActionModule(EsxAction):
    """Runs the module of the same name."""

    contract = CONTRACT
    files = ("source", "signer")


main = CONTRACT.check_arguments
