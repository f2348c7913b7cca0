# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host goes down and comes back, starts and stops domains, tells its time, and shows screens."""

from __future__ import annotations

import http.client
import ssl
import time
from contextlib import closing
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl


def answer(simulator: Simulator, path: str = "/sdk/vimServiceVersions.xml", cookie: str = "") -> tuple[int, bytes]:
    """Status and body of an answer; status 0 when the connection is dropped."""
    context = ssl.create_default_context(cafile=simulator.certificate)
    with closing(http.client.HTTPSConnection("127.0.0.1", simulator.port, timeout=5, context=context)) as connection:
        try:
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            response = connection.getresponse()
            return response.status, response.read()
        except (http.client.HTTPException, OSError):
            return 0, b""


def statuses(simulator: Simulator, until: int) -> list[int]:
    """The different statuses that follow each other until one comes."""
    seen: list[int] = []
    end = time.monotonic() + 10
    while time.monotonic() < end and seen[-1:] != [until]:
        status = answer(simulator)[0]
        if seen[-1:] != [status]:
            seen.append(status)
        time.sleep(0.02)
    return seen


def entry(domain: Any, order: int = -1, start: str = "powerOn", stop: str = "systemDefault") -> Any:
    return vim.host.AutoStartManager.AutoPowerInfo(
        key=domain,
        startOrder=order,
        startDelay=-1,
        waitForHeartbeat="systemDefault",
        startAction=start,
        stopDelay=-1,
        stopAction=stop,
    )


def autostart(host: Client, *entries: Any, enabled: bool = True) -> Any:
    manager = host.get(next(iter(host.all(vim.HostSystem).values())), "configManager.autoStartManager")
    defaults = vim.host.AutoStartManager.SystemDefaults(enabled=enabled)
    manager.ReconfigureAutostart(vim.host.AutoStartManager.Config(defaults=defaults, powerInfo=list(entries)))
    return manager


def test_a_reboot_stops_and_starts_domains_and_drops_connections() -> None:
    with start_simulator("-domains", "3", "-boot-time", "1000") as simulator:
        host = Client(simulator)
        machine = next(iter(host.all(vim.HostSystem).values()))
        booted = host.get(machine, "summary.runtime.bootTime")
        with pytest.raises(vim.fault.InvalidState):
            machine.RebootHost_Task(False)
        suspended, started = host.domain("domain-1"), host.domain("domain-2")
        autostart(host, entry(suspended, start="none", stop="suspend"), entry(started))
        machine.RebootHost_Task(True)
        assert statuses(simulator, 503)[-2:] == [0, 503]
        assert statuses(simulator, 200) == [503, 200]
        time.sleep(0.3)
        with pytest.raises(vim.fault.NotAuthenticated):
            host.instance.CurrentTime()
        with client(simulator) as again:
            assert again.get(machine_of(again), "summary.runtime.bootTime") > booted
            states = {name: domain["state"] for name, domain in simulator.domains().items()}
            assert states == {"domain-1": "suspended", "domain-2": "poweredOn", "domain-3": "poweredOff"}


def machine_of(host: Client) -> Any:
    return next(iter(host.all(vim.HostSystem).values()))


def test_a_host_that_is_shut_down_stays_down_until_it_is_switched_on() -> None:
    with start_simulator("-domains", "1", "-boot-time", "200", "-autostart=false") as simulator:
        host = Client(simulator)
        machine = machine_of(host)
        host.wait(machine.EnterMaintenanceMode_Task(timeout=0))
        machine.ShutdownHost_Task(False)
        assert statuses(simulator, 0)[-1] == 0
        time.sleep(0.5)
        assert answer(simulator)[0] == 0
        simulator.change_host(power_on=True)
        assert statuses(simulator, 200) == [503, 200]
        with client(simulator) as again:
            assert again.get(machine_of(again), "runtime.inMaintenanceMode")


def test_a_host_of_a_vcenter_does_not_respond_while_it_is_down() -> None:
    flags = ("-kind", "vcenter", "-hosts", "1", "-boot-time", "600", "-domains", "1")
    with start_simulator(*flags) as simulator, client(simulator) as center:
        machine = machine_of(center)
        task = machine.RebootHost_Task(True)
        states: set[str] = set()
        end = time.monotonic() + 5
        while time.monotonic() < end and states != {"connected", "notResponding"}:
            states.add(center.get(machine, "runtime.connectionState"))
        assert states == {"connected", "notResponding"}
        center.wait(task)
        while time.monotonic() < end and center.get(machine, "runtime.connectionState") != "connected":
            time.sleep(0.05)
        assert center.get(center.domain("domain-1"), "runtime.powerState") == "poweredOff"


def test_the_order_of_autostart_is_a_list() -> None:
    with start_simulator("-domains", "3") as simulator, client(simulator) as host:
        one, two, three = (host.domain(f"domain-{n}") for n in (1, 2, 3))
        autostart(host, entry(one, 1), entry(two, 1), entry(three, 2))
        manager = autostart(host)

        def order() -> dict[Any, int]:
            return {info.key: info.startOrder for info in host.get(manager, "config.powerInfo")}

        assert order() == {two: 1, three: 2, one: 3}
        autostart(host, entry(two, start="none", stop="none"))
        assert order() == {three: 1, one: 2}
        for wrong in (
            entry(two, 0),
            entry(two, -2),
            entry(two, 4),
            entry(two, 1, start="none"),
            entry(two, start="begin"),
            entry(two, stop="end"),
        ):
            with pytest.raises(vmodl.fault.InvalidArgument):
                autostart(host, wrong)
        assert order() == {three: 1, one: 2}


def test_a_host_has_a_clock_and_an_identity(esx: Simulator, host: Client) -> None:
    machine = machine_of(host)
    clock = host.get(machine, "configManager.dateTimeSystem")
    assert abs((clock.QueryDateTime() - host.instance.CurrentTime()).total_seconds()) < 5
    assert host.get(clock, "dateTimeInfo.timeZone.key") == "UTC"
    assert host.get(machine, "config.lockdownMode") == "lockdownDisabled"
    esx.change_host(lockdown="lockdownNormal")
    assert host.get(machine, "config.lockdownMode") == "lockdownNormal"
    assert host.get(machine, "config.adminDisabled") is True
    with pytest.raises(vim.fault.NoPermission):
        Client(esx)
    esx.change_host(lockdown="lockdownDisabled")
    assert host.get(machine, "capability.maxSupportedVcpus") == 128
    assert host.get(machine, "hardware.cpuFeature")


def test_only_running_domains_have_a_screen(esx: Simulator, host: Client) -> None:
    domain = host.domain("domain-3")
    path, cookie = f"/screen?id={domain._moId}", host.instance._stub.cookie.split(";")[0]
    status, body = answer(esx, path, cookie)
    assert (status, body[:8]) == (200, b"\x89PNG\r\n\x1a\n")
    assert answer(esx, path)[0] == 401
    assert answer(esx, "/screen?id=9999", cookie)[0] == 404
    written = host.wait(domain.CreateScreenshot_Task())
    assert written == "[local-storage] domain-3/domain-3-0.png"
    host.wait(domain.PowerOffVM_Task())
    assert answer(esx, path, cookie)[0] == 500
    with pytest.raises(vim.fault.InvalidPowerState):
        host.wait(domain.CreateScreenshot_Task())
    host.wait(domain.PowerOnVM_Task())
