# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypted disk images, made by qemu-img."""

from __future__ import annotations

import subprocess
from pathlib import Path

# qemu-img measures how fast the key can be derived, which it cannot on a busy machine.
_TOO_BUSY = "Unable to get accurate CPU usage"
_TRIES = 20


def encrypt(raw: str | Path, image: str | Path, format_: str) -> None:
    """Convert a raw image to an encrypted one.

    :param format_: ``qcow2`` or ``luks``.
    :raises RuntimeError: if qemu-img fails.
    """
    prefix = "encrypt." if format_ == "qcow2" else ""
    options = [f"{prefix}key-secret=key", f"{prefix}iter-time=10", *(["encrypt.format=luks"] if prefix else [])]
    secret = ("--object", "secret,id=key,data=passphrase")
    command = ["qemu-img", "convert", "-f", "raw", "-O", format_, *secret, "-o", ",".join(options)]
    for _turn in range(_TRIES):
        done = subprocess.run([*command, str(raw), str(image)], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if _TOO_BUSY not in done.stderr:
            break
    raise RuntimeError(f"qemu-img: {done.stderr}")
