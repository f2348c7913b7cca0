# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the errors of several domains become one."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._driver.step_errors import failure_of_some
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused


def test_the_name_of_a_domain_is_not_repeated() -> None:
    failed = [
        ("web", Refused("Domain 'web': power off failed.", hint="Log in again.")),
        ("mail", EsxError("Its guest did not shut down.")),
    ]
    error = failure_of_some(failed, 4, {"changed": True})
    assert error.message == (
        "The task failed for 2 of 4 domains. Domain 'web': power off failed. "
        "Domain 'mail': Its guest did not shut down."
    )
    assert (error.hint, error.details) == ("Log in again.", {"changed": True})
