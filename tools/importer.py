# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand the tarball to Galaxy's importer, in a virtual environment of its own, as it holds others back."""

from __future__ import annotations

import re
import subprocess
import sys

from tools.environment import CACHE, environment
from tools.release import PUBLISHED

PLACE = CACHE / "galaxy-importer"
SETTINGS = """\
[galaxy-importer]
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = True
CHECK_REQUIRED_TAGS = True
CHECK_CHANGELOG = True
CHECK_RUNTIME_FILE = True
"""


def main() -> None:
    """Fail where the importer fails, or warns of anything."""
    if not (PLACE / "bin" / "ansible-galaxy").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PLACE)], check=True)
        subprocess.run([PLACE / "bin" / "pip", "install", "--quiet", "galaxy-importer~=0.4.44"], check=True)
    settings = PLACE / "settings.cfg"
    settings.write_text(SETTINGS, encoding="utf-8")
    (tarball,) = PUBLISHED.glob("*.tar.gz")
    env = environment(GALAXY_IMPORTER_CONFIG=str(settings), PATH=f"{PLACE}/bin:/usr/local/bin:/usr/bin:/bin")
    del env["PYTHONPATH"], env["ANSIBLE_COLLECTIONS_PATH"], env["ANSIBLE_CONFIG"]
    command = [str(PLACE / "bin" / "python"), "-m", "galaxy_importer.main", str(tarball)]
    done = subprocess.run(
        command, cwd=PLACE, env=env, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(done.stdout)
    if done.returncode or re.search(r"^(WARNING|ERROR|CRITICAL)", done.stdout, re.MULTILINE):
        raise SystemExit("galaxy-importer is not content")


if __name__ == "__main__":
    main()
