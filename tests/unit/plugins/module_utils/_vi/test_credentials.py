# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's auth file: which entry is used, and what is wrong with a file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import AuthFailed, EsxError, ParseError
from ansible_collections.virt.esx.plugins.module_utils._vi.about import About
from ansible_collections.virt.esx.plugins.module_utils._vi.auth_file import parse_key_file
from ansible_collections.virt.esx.plugins.module_utils._vi.credentials import find_credentials
from ansible_collections.virt.esx.plugins.module_utils._vi.options import AuthFile, Login

FILE = """
# a comment

[credentials-lab]
username=labuser
password=lab\\spass=word

[credentials-all]
password = allpass

[credentials-vc]
username=vcuser
password=vcpass

[auth-esx-esx1]
credentials=lab

[auth-esx-10.0.0.5]
credentials=vc

[auth-esx-default]
credentials=all

[auth-libvirt-esx2]
credentials=lab
"""


def login(username: str | None = None, password: str | None = None) -> Login:
    return Login(username, password, "root")


def write(directory: Path, text: str, mode: int = 0o600) -> str:
    path = directory / "auth.conf"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


def never(text: str) -> None:
    pytest.fail(f"unexpected warning: {text}")


@pytest.mark.parametrize(
    ("given", "hosts", "expected"),
    [
        (login(), ["esx1"], ("labuser", "lab pass=word")),
        (login("labuser"), ["esx1"], ("labuser", "lab pass=word")),
        (login("other", "mine"), ["esx1"], ("other", "mine")),
        (login(None, "mine"), ["esx1"], ("labuser", "mine")),
        (login(), ["esx2"], ("root", "allpass")),
        (login("other"), ["esx2"], ("other", "allpass")),
        (login(), ["ESX1"], ("root", "allpass")),
        (login(), ["vc.example.com", "10.0.0.5"], ("vcuser", "vcpass")),
        (login(), ["esx1", "10.0.0.5"], ("labuser", "lab pass=word")),
    ],
)
def test_the_entry_that_is_used(tmp_path: Path, given: Login, hosts: list[str], expected: tuple[str, str]) -> None:
    path = write(tmp_path, FILE)
    found = find_credentials(given, AuthFile(path, ()), hosts, never)
    assert (found.username, found.password) == expected
    assert found.password not in repr(found)


def test_a_password_is_not_tried_for_another_user(tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    with pytest.raises(AuthFailed) as caught:
        find_credentials(login("operator"), AuthFile(path, ()), ["esx1"], never)
    assert caught.value.message == "There is no password for user 'operator' on esx1."
    assert path in str(caught.value.hint)


def test_without_any_password(tmp_path: Path) -> None:
    with pytest.raises(AuthFailed) as caught:
        find_credentials(login(), AuthFile(None, (str(tmp_path / "none"),)), ["esx1"], never)
    assert caught.value.message == "There is no password for user 'root' on esx1."
    assert "ESX_PASSWORD" not in caught.value.message


def test_the_file_is_not_read_if_nothing_is_missing(tmp_path: Path) -> None:
    missing = AuthFile(str(tmp_path / "none"), ())
    assert find_credentials(login("u", "p"), missing, ["h"], never).username == "u"


def test_the_first_readable_usual_file_is_used(tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    found = find_credentials(login(), AuthFile(None, (str(tmp_path / "none"), path)), ["esx1"], never)
    assert found.username == "labuser"


def test_the_given_file_has_to_be_there(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    with pytest.raises(AuthFailed, match=f"The auth file {missing} cannot be read: No such file or directory"):
        find_credentials(login(), AuthFile(missing, (write(tmp_path, FILE),)), ["esx1"], never)


def test_the_home_of_an_unknown_user_has_no_file() -> None:
    with pytest.raises(AuthFailed, match="auth file ~nobody-by-that-name/auth.conf cannot be read"):
        find_credentials(login(), AuthFile("~nobody-by-that-name/auth.conf", ()), ["h"], never)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_others_can_read_it(tmp_path: Path, mode: int) -> None:
    warnings: list[str] = []
    find_credentials(login(), AuthFile(write(tmp_path, FILE, mode), ()), ["esx1"], warnings.append)
    assert len(warnings) == 1
    assert f"can be read by others (mode {mode:04o})" in warnings[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[auth-esx-h]\n", "[auth-esx-h]: it has no key 'credentials'."),
        ("[auth-esx-h]\ncredentials=x\n", "[auth-esx-h]: there is no group [credentials-x]."),
        ("[auth-esx-default]\ncredentials=x\n", "[auth-esx-default]: there is no group [credentials-x]."),
        ("username=x\n", "line 1, "),
        ("[a]\nnonsense\n", "line 2, "),
    ],
)
def test_broken_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        find_credentials(login(), AuthFile(write(tmp_path, text), ()), ["h"], never)
    assert message in caught.value.args[0]


def test_no_error_shows_a_line_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(EsxError) as caught:
        find_credentials(login(), AuthFile(write(tmp_path, "[a]\npassword geheim\n"), ()), ["h"], never)
    assert "geheim" not in f"{caught.value} {caught.value.hint}"


def test_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "auth.conf"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AuthFailed, match="it is not UTF-8 text"):
        find_credentials(login(), AuthFile(str(path), ()), ["h"], never)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a\\sb", "a b"), ("a\\\\b", "a\\b"), ("\\n\\t\\r", "\n\t\r"), ("a#b;c", "a#b;c"), ("a\\x", "a\\x"), ("", "")],
)
def test_values(value: str, expected: str) -> None:
    assert parse_key_file(f"[g]\nk={value}\n", "f") == {"g": {"k": expected}}


def test_only_a_line_end_ends_a_line() -> None:
    """A password can have what Python takes for one, too."""
    assert parse_key_file("[a]\r\nk=x\x0cy\u2028z\r\n", "f") == {"a": {"k": "x\x0cy\u2028z"}}


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("password=secret ", "password", "secret "),
        ("password = \t secret\t", "password", "secret\t"),
        ("  password=\u00a0secret\u3000", "password", "\u00a0secret\u3000"),
        ("password=secret \r", "password", "secret "),
    ],
)
def test_blanks_are_as_virsh_reads_them(line: str, key: str, value: str) -> None:
    """Those at the end, and those of other scripts, are a part of a password; virsh 9.0 sends them."""
    assert parse_key_file(f" [g] \n{line}\n", "f") == {"g": {key: value}}


def test_a_blank_at_the_end_of_a_name_is_told(tmp_path: Path) -> None:
    text = "[auth-esx-h]\ncredentials=x \n[credentials-x]\n"
    with pytest.raises(ParseError, match=r"there is no group \[credentials-x \]") as caught:
        find_credentials(login(), AuthFile(write(tmp_path, text), ()), ["h"], never)
    assert "A blank at the end" in str(caught.value.hint)


def test_a_group_may_be_continued() -> None:
    assert parse_key_file("[g]\na=1\n[h]\n[g]\na=2\nb=3\n", "f") == {"g": {"a": "2", "b": "3"}, "h": {}}


def test_the_groups_that_were_looked_for_are_named(tmp_path: Path) -> None:
    with pytest.raises(AuthFailed) as caught:
        find_credentials(login(), AuthFile(write(tmp_path, "[credentials-a]\n"), ()), ["h"], never)
    assert "[auth-esx-h] or [auth-esx-default]" in str(caught.value.hint)


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    found = find_credentials(login(), AuthFile(write(tmp_path, "\ufeff" + FILE.strip()), ()), ["esx1"], never)
    assert found.username == "labuser"


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "auth.conf", 0o600)
    with pytest.raises(AuthFailed, match="it is not a regular file"):
        find_credentials(login(), AuthFile(str(tmp_path / "auth.conf"), ()), ["h"], never)


@pytest.mark.parametrize(
    ("product", "version", "user"),
    [
        ("vpx", "5.0", "administrator"),
        ("vpx", "5.1", "administrator@vsphere.local"),
        ("vpx", "8.0.3", "administrator@vsphere.local"),
        ("esx", "8.0.3", "root"),
    ],
)
def test_the_default_user(product: str, version: str, user: str) -> None:
    about = About(product, "", version, "", version)
    default = Login(None, "secret", "root" if product == "esx" else "administrator")
    assert find_credentials(default, AuthFile(None, ()), ["h"], never).username_for(about) == user
    named = replace(default, username="admin")
    assert find_credentials(named, AuthFile(None, ()), ["h"], never).username_for(about) == "admin"
