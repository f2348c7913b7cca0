# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seed images for cloud-init in a datastore: what the module ``esx_seed_image`` does."""

from __future__ import annotations

import hashlib
import pathlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, carry_out
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import read_pools
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.upload import Upload, plan_upload
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume, find_volumes
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._images.iso import write_iso
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, check_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._vmx.guestinfo import CloudInit, as_text, check_meta_data

# The volume name that cloud-init looks for.
_LABEL = "cidata"


@dataclass(frozen=True)
class SeedPlan(Plan):
    """A plan for an image, with the volume before and after it; None if it does not exist."""

    before: Volume | None
    after: Volume

    @property
    def subject(self) -> str:
        """The volume."""
        return f"volume {self.after.path}"


def seed_image(data: CloudInit) -> bytes:
    """Return an ISO image for cloud-init's data source NoCloud; the same data give the same bytes."""
    files = {
        "meta-data": as_text(data.meta_data),
        "user-data": data.user_data or "#cloud-config\n",
        "network-config": None if data.network_config is None else as_text(data.network_config),
        "vendor-data": data.vendor_data,
    }
    return write_iso(_LABEL, {name: text.encode() for name, text in files.items() if text is not None})


def read_request(params: Mapping[str, Any]) -> tuple[DatastorePath, CloudInit]:
    """Read a module's options.

    :raises ParseError: for a path that does not end in .iso, and metadata without an instance-id.
    """
    path = check_datastore_path(params["path"], where="path")
    if not path.name.lower().endswith(".iso"):
        raise ParseError(f"'{path}' does not end in .iso.", where="path")
    check_meta_data(params["meta_data"], "meta_data")
    return path, CloudInit(params["meta_data"], params["user_data"], params["network_config"], params["vendor_data"])


def ensure_seed_image(
    connection: EsxConnection, invocation: Invocation, path: DatastorePath, data: CloudInit
) -> dict[str, Any]:
    """Upload a seed image to a datastore unless it is there, and return the module's result.

    :raises Refused: if a running domain has a different image with that path in its drive.
    """
    content = seed_image(data)
    with tempfile.TemporaryDirectory(prefix="virt-esx-") as place:
        source = pathlib.Path(place, "seed.iso")
        source.write_bytes(content)
        upload = Upload(path, str(source), name="the seed image")

        def make_plan() -> SeedPlan:
            steps, before, after = plan_upload(connection, read_pools(connection), upload)
            return SeedPlan(steps, None, before, after)

        outcome = carry_out(connection, invocation, make_plan)
    after = outcome.plan.after
    if outcome.steps and not invocation.check_mode:
        after = find_volumes(connection, read_pools(connection), [path]).get(path, after)
    digest = f"checksum: sha256:{hashlib.sha256(content).hexdigest()}\n"
    before = "" if outcome.first.before is None else _text(outcome.first.before)
    shown = _text(after) + (digest if outcome.steps else "")
    return {"volume": after.facts(), **outcome.report(connection, invocation, before, shown)}


def _text(volume: Volume) -> str:
    """The image as YAML, for diff mode; its content may be secret."""
    return f"path: {volume.path}\ncapacity_bytes: {volume.capacity}\n"
