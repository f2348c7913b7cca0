# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test without containers: ``python -m tools.ansible_test newest|oldest|lowest COMMAND ...``.

``newest`` is the newest ansible-core that the Python of ``.venv`` can have, and is installed there; ``oldest`` is the
lowest one that ``meta/runtime.yml`` admits, in a virtual environment of its own where a Python for it is installed, and
tests with that Python only, as the newest tests with all.
``lowest`` is ``newest`` with the lowest version of each library that ``requirements.txt`` admits, on the lowest Python
from 3.9 on that is installed.

ansible-test makes bare virtual environments and fetches the script ``get-pip`` from a server of Ansible's to fill them.
It finds a stand-in in its cache that uses the pip that Python itself brings. It also wants each Python under its name
on PATH, the real one: pyenv's shims do not answer in the environment that it gives to its commands.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

from tools.environment import CACHE, ROOT, environment
from tools.tree import copy_tree

OLDEST = "2.17"
PYTHONS_OF_OLDEST = ("3.11", "3.10", "3.12")
LEFT_OUT = 77  # the exit status that says that a check does not apply to this machine
OPTIONAL = ("python-socks>=2.0.0",)  # what only users of a SOCKS proxy need
STAND_IN = "import ensurepip\nensurepip.bootstrap(default_pip=True)\n"


def interpreters() -> dict[str, pathlib.Path]:
    """The real interpreters of this machine, by their version's two numbers."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")) / "versions"
    found = {}
    for version in (f"3.{minor}" for minor in range(8, 15)):
        name = f"python{version}"
        candidates = [shutil.which(name), *sorted(pyenv.glob(f"{version}.*/bin/{name}"), reverse=True)]
        answers = (real_path(str(candidate)) for candidate in candidates if candidate)
        real = next((answer for answer in answers if answer), None)
        if real:
            found[version] = real
    return found


def real_path(python: str) -> pathlib.Path | None:
    """The path of an interpreter that can make virtual environments, as it tells it itself; None where it cannot."""
    answer = subprocess.run(
        [python, "-c", "import ensurepip, sys, venv; print(sys.base_exec_prefix)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return pathlib.Path(answer.stdout.strip(), "bin", pathlib.Path(python).name) if answer.returncode == 0 else None


def environment_of_oldest(pythons: dict[str, pathlib.Path]) -> pathlib.Path:
    """The virtual environment with the oldest ansible-core; it is made where it is not there yet."""
    place = CACHE / f"ansible-core-{OLDEST}"
    if not (place / "bin" / "ansible-test").exists():
        version = next((version for version in PYTHONS_OF_OLDEST if version in pythons), None)
        if version is None:
            print(f"no Python of {', '.join(PYTHONS_OF_OLDEST)} is installed, which ansible-core {OLDEST} asks for")
            raise SystemExit(LEFT_OUT)
        subprocess.run([pythons[version], "-m", "venv", "--clear", place], check=True)
        subprocess.run(
            [place / "bin" / "python", "-m", "pip", "install", "-q", f"ansible-core=={OLDEST}.*"], check=True
        )
    return place


def make_home(place: pathlib.Path) -> pathlib.Path:
    """A home for ansible-test, so that it leaves the user's alone: stand-ins for ``get-pip``, and pip's settings."""
    home = CACHE / "home"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (source,) = place.glob("lib/python3.*/site-packages/ansible_test/_internal/python_requirements.py")
    for version in re.findall(r"\bpip='([\d.]+)'", source.read_text(encoding="utf-8")):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(STAND_IN, encoding="utf-8")
    # PIP_CERT and its like do not reach pip through ansible-test; a configuration file in the home does.
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = dict(re.findall(r"^(?::env:|global)\.([\w-]+)='(.*)'$", listed.stdout, re.MULTILINE))
    settings["cache-dir"] = str(CACHE / "pip")
    pip = home / ".config" / "pip" / "pip.conf"
    pip.parent.mkdir(parents=True, exist_ok=True)
    pip.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()), encoding="utf-8")
    return home


def pin_requirements(copy: pathlib.Path) -> None:
    """Let the unit tests install the lowest versions of the libraries that the plugins need."""
    needed = [*(ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines(), *OPTIONAL]
    wanted = copy / "tests" / "unit" / "requirements.txt"
    lines = wanted.read_text(encoding="utf-8").splitlines()
    pinned = (re.sub(r">=([^,;]+)(,[^;]*)?", r"==\1", line, count=1) if line in needed else line for line in lines)
    wanted.write_text("".join(f"{line}\n" for line in pinned), encoding="utf-8")


def main() -> int:
    """Run one command of ansible-test in a copy of the collection."""
    end, *command = sys.argv[1:]
    pythons = interpreters()
    place = environment_of_oldest(pythons) if end == "oldest" else ROOT / ".venv"
    named = CACHE / "pythons"
    named.mkdir(parents=True, exist_ok=True)
    for version, real in pythons.items():
        link = named / f"python{version}"
        link.unlink(missing_ok=True)
        link.symlink_to(real)
    print(f"ansible-test of {place.relative_to(ROOT)}, with Python {', '.join(pythons)}", flush=True)
    env = environment(
        HOME=str(make_home(place)), PATH=f"{place}/bin:{named}:/usr/local/bin:/usr/bin:/bin", PIP_QUIET="1"
    )
    del env["PYTHONPATH"], env["ANSIBLE_COLLECTIONS_PATH"], env["ANSIBLE_CONFIG"]
    copy = copy_tree(CACHE / f"copy-{end}")
    if end == "oldest":
        (libraries,) = place.glob("lib/python3.*")
        command += ["--python", libraries.name.removeprefix("python")]
    if end == "lowest":
        pin_requirements(copy)
        command += ["--venv", "--python", min(set(pythons) - {"3.8"}, key=lambda version: int(version[2:]))]
    return subprocess.run(["ansible-test", *command], cwd=copy, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
