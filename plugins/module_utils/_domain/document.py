# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domain XML as a tree of elements: what the readers of domains use of ``_xml.py``."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._xml import MAX_SIZE as MAX_SIZE
from ansible_collections.virt.esx.plugins.module_utils._xml import Element as Element
from ansible_collections.virt.esx.plugins.module_utils._xml import child as child
from ansible_collections.virt.esx.plugins.module_utils._xml import children as children
from ansible_collections.virt.esx.plugins.module_utils._xml import is_xml as is_xml
from ansible_collections.virt.esx.plugins.module_utils._xml import parse as parse
