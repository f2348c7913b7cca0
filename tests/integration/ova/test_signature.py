# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that are signed, with openssl as the signer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.ova import signature
from ansible_collections.virt.esx.plugins.module_utils._errors import MissingLibrary, ParseError, Refused
from ansible_collections.virt.esx.tests.integration.ova.packages import Sources, bring, make_ova
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def make_signer(place: Path, name: str) -> Path:
    """Make a key NAME.key and a certificate NAME.pem, whose path is returned."""
    certificate = place / f"{name}.pem"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN={name} -days 2 -keyout {name}.key -out {name}.pem"
    subprocess.run(command.split(), cwd=place, check=True, capture_output=True)
    return certificate


def signed(made: Sources, signer: Path, algorithm: str = "sha256", *, late: bool = False) -> list[tuple[str, bytes]]:
    """The files of a package after its descriptor, signed as ovftool signs."""
    name, text = made.manifest(algorithm)
    done = subprocess.run(
        ["openssl", "dgst", f"-{algorithm}", "-sign", str(signer.with_suffix(".key"))],
        input=text,
        check=True,
        capture_output=True,
    )
    head = f"{algorithm.upper()}({name})= {done.stdout.hex()}\n".encode()
    seals = [(name, text), ("appliance.cert", head + signer.read_bytes())]
    files = list(made.files.items())
    return [*files, *seals] if late else [*seals, *files]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_good_signature(esx: Simulator, made: Sources, tmp_path: Path, algorithm: str, late: bool) -> None:
    signer = make_signer(tmp_path, "publisher")
    files = signed(made, signer, algorithm, late=late)
    source = str(make_ova(tmp_path / "a.ova", [("appliance.ovf", made.descriptor), *files]))
    assert bring(esx, source, name="a")["changed"] is True
    assert bring(esx, source, name="b", signer=str(signer))["changed"] is True


@pytest.mark.parametrize("late", [False, True])
def test_signatures_that_are_refused(esx: Simulator, made: Sources, tmp_path: Path, late: bool) -> None:
    signer, other = make_signer(tmp_path, "publisher"), make_signer(tmp_path, "other")
    files = signed(made, signer, late=late)
    source = str(make_ova(tmp_path / "a.ova", [("appliance.ovf", made.descriptor), *files]))
    with pytest.raises(Refused, match="The package is signed by 'CN=publisher', whose certificate is not in '.*other"):
        bring(esx, source, signer=str(other))
    changed = [(name, text + b"\n" if name.endswith(".mf") else text) for name, text in files]
    source = str(make_ova(tmp_path / "b.ova", [("appliance.ovf", made.descriptor), *changed]))
    with pytest.raises(Refused, match=r"The manifest 'appliance.mf' was changed: its signature in 'appliance.cert' is"):
        bring(esx, source)
    for check in (True, False):
        with pytest.raises(Refused, match=r"The package is not signed: it has no certificate 'appliance.cert'"):
            bring(esx, made.ova(tmp_path / "c.ova"), signer=str(signer), check=check)
    assert "ImportVApp" not in esx.methods()  # nothing was sent for it
    broken = [(name, b"nonsense" if name.endswith(".cert") else text) for name, text in files]
    source = str(make_ova(tmp_path / "d.ova", [("appliance.ovf", made.descriptor), *broken]))
    with pytest.raises(ParseError, match="it does not begin with a signature"):
        bring(esx, source)
    with pytest.raises(ParseError, match="signer: it has no effect with 'verify: false'"):
        bring(esx, source, signer=str(signer), verify=False)
    assert esx.domains() == {}


def test_without_the_library(esx: Simulator, made: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = signed(made, make_signer(tmp_path, "publisher"))
    source = str(make_ova(tmp_path / "a.ova", [("appliance.ovf", made.descriptor), *files]))
    monkeypatch.setattr(signature, "MISSING", "No module named 'cryptography'")
    with pytest.raises(MissingLibrary, match="The Python library cryptography cannot be imported"):
        bring(esx, source)
