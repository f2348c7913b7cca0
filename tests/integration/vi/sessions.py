# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the tests against a simulated host."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._vi.options import ConnectionOptions, resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session, open_session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator

USER = "root"
PASSWORD = "s3cret&<word>"
LOGIN = ("-username", USER, "-password", PASSWORD)
PATHS = ["name", "runtime.powerState", "config.uuid"]
BEGIN = ["RetrieveServiceContent", "Login"]


def connection_to(
    simulator: Simulator, scheme: str = "esx", *, path: str = "", uri: Any = (), **options: Any
) -> ConnectionOptions:
    """A connection with the right login, unless the options say otherwise; ``uri`` are parameters of the URI."""
    parameters = {"no_verify": 1, **dict(uri)}
    given = {"uri": simulator.uri(scheme, user=USER, path=path, **parameters), "password": PASSWORD, **options}
    return resolve(given, {})


@contextlib.contextmanager
def session_on(simulator: Simulator, scheme: str = "esx", **options: Any) -> Iterator[Session]:
    """A session that fails the test on any warning; it resets the trace."""
    simulator.trace(reset=True)

    def warn(text: str) -> None:
        pytest.fail(f"unexpected warning: {text}")

    with open_session(connection_to(simulator, scheme, **options), warn=warn) as session:
        yield session


def find_domain(session: Session, name: str = "domain-1") -> Any:
    """The reference to a domain of a simulated host."""
    found = session.content.searchIndex.FindByInventoryPath(f"ha-datacenter/vm/{name}")
    assert found is not None
    return found


@contextlib.contextmanager
def running(*flags: str) -> Iterator[Simulator]:
    """A simulator for a few tests, without open sessions in the end."""
    with start_simulator(*LOGIN, *flags) as simulator:
        yield simulator


def no_change(session: Any) -> None:
    """The calls of a task without changes: one look-up and one read."""
    fetch_one(session, find_domain(session), PATHS)


def reconfiguration() -> Any:
    return vim.vm.ConfigSpec(annotation="x")
