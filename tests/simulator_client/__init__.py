# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated ESX host or vCenter as a context manager: see :mod:`tests.simulator_client.simulator`."""

from __future__ import annotations

from .simulator import Simulator, start_simulator

__all__ = ["Simulator", "start_simulator"]
