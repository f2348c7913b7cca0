# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault campaign: every kind of fault at every HTTP exchange of every module, and what users would notice of it.

``make chaos`` runs all of it, ``python -m tests.chaos --help`` tells the options; a module joins by a line in
``scenarios.py``.
"""
