# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a change of a definition: by one ReconfigVM_Task, and only what the API cannot express in the VMX itself.

The host reads the VMX again after that; the plan names it.
"""

from __future__ import annotations

import contextlib

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.change import Change, differences_of
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.hardware_version import HARDWARE
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.reconfigure import (
    overtaken,
    reconfigure,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target, append_to_message
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import (
    ChangedByOther,
    get_file,
    put_file,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one

_CHANGE_VERSION = "config.changeVersion"


def change_steps(connection: EsxConnection, target: Target, change: Change, *, after_power: bool) -> list[Step]:
    """The steps that change a domain, which is in a state that allows it when they are carried out.

    :param after_power: whether steps before them change the domain's power state, and so may its ``changeVersion``.
    """
    how = change.how
    steps = []
    version = next((item for item in change.differences if item.part == HARDWARE), None)
    by_api = [name for name in how.reconfigured if version is None or name != version.name]
    if change.is_unread and how.reconfigured:  # otherwise the host would overwrite what it has not read
        steps.append(Step("reload", target.ref.Reload))
        after_power = True
    if version is not None:
        steps.append(_upgrade_step(connection, target, version.after))
        after_power = True
    if by_api:

        def reconfigure_it() -> None:
            known = change.record.values[_CHANGE_VERSION]
            if after_power:
                known = _checked_version(connection, target, change)
            reconfigure(connection, target, how.builder.finished(known))

        steps.append(Step(f"change {', '.join(by_api)}", reconfigure_it))
    if how.by_upload or not how.reconfigured:
        is_first = not how.reconfigured
        steps.append(Step(_upload_name(change), lambda: _upload(connection, target, change, is_first=is_first)))
    return steps


def _upgrade_step(connection: EsxConnection, target: Target, version: int) -> Step:
    """The step that raises the virtual hardware version, which no host lowers again."""

    def upgrade() -> None:
        target.wait(connection, target.ref.UpgradeVM_Task(f"vmx-{version:02}"), "Upgrading the virtual hardware of")

    return Step(f"upgrade to hardware version {version}", upgrade)


def _upload_name(change: Change) -> str:
    if change.how.by_upload:
        return f"change {', '.join(change.how.by_upload)} in the VMX"
    return "change the VMX" if change.old != change.new else "reload"


def _checked_version(connection: EsxConnection, target: Target, change: Change) -> str | None:
    """The ``changeVersion`` of a domain whose definition is the one that the change was planned for.

    A host rewrites the VMX when a domain is shut off, so the text alone may differ.
    """
    version = fetch_one(connection.session, target.ref, [_CHANGE_VERSION])[_CHANGE_VERSION]
    _check_is_as_planned(target, change, get_file(connection.session, change.file))
    return None if version is None else str(version)


def _check_is_as_planned(target: Target, change: Change, content: bytes) -> None:
    if content != change.old and differences_of(change.read, content, change.old):
        raise overtaken(target)


def _upload(connection: EsxConnection, target: Target, change: Change, *, is_first: bool) -> None:
    """Upload the edited VMX and have the host read it; if it does not take it, the VMX is as before.

    :param is_first: whether nothing was changed by the API before; otherwise the VMX differs from the planned one.
    """
    target.record = None
    old = get_file(connection.session, change.file)
    if is_first:
        _check_is_as_planned(target, change, old)
    new = change.merge(old)
    try:
        if new != old:
            put_file(connection.session, change.file, new)
        target.ref.Reload()
    except ChangedByOther:
        raise  # what is there now is another client's
    except BaseException as error:
        with contextlib.suppress(EsxError):
            append_to_message(error, _put_back(connection, target, change, old, new))
        raise


def _put_back(connection: EsxConnection, target: Target, change: Change, old: bytes, new: bytes) -> str:
    """Put back the VMX if the new one, or a part of it, is there; return the state of the definition, as a sentence."""
    found = get_file(connection.session, change.file)
    if found != old:
        if not new.startswith(found):
            return f"{change.file} has been written since, and was left alone."
        put_file(connection.session, change.file, old)
        target.ref.Reload()
    return "The definition is as before."


def restore_definition(connection: EsxConnection, target: Target, change: Change) -> None:
    """Restore the VMX that a domain, now shut off, had before a change."""
    if get_file(connection.session, change.file) != change.old:
        put_file(connection.session, change.file, change.old)
        target.ref.Reload()
