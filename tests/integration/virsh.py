# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real virsh as a second client of a simulated host."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER


class Virsh:
    """virsh with a login for the simulators of the integration tests."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.auth = directory / "auth.conf"
        self.auth.write_text(
            f"[credentials-all]\nusername={USER}\npassword={PASSWORD}\n"
            + "".join(f"[auth-{service}-default]\ncredentials=all\n" for service in ("esx", "vpx")),
            encoding="utf-8",
        )

    def __call__(self, uri: str, *arguments: str, xml: str | None = None) -> str:
        """Return the output of a command; ``xml`` is passed as a file in the last argument."""
        if xml is not None:
            file = self.directory / "argument.xml"
            file.write_text(xml, encoding="utf-8")
            arguments = (*arguments, str(file))
        environment = {**os.environ, "LIBVIRT_AUTH_FILE": str(self.auth), "LIBVIRT_DEBUG": "4"}
        done = subprocess.run(
            ["virsh", "-q", "-c", uri, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout
