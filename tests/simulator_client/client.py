# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thin client of the API for the simulator's own tests: pyVmomi, with properties read by paths."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pyVim.connect
import pyVmomi

from .simulator import Simulator

# pyVmomi has no types.
vim: Any = pyVmomi.vim
vmodl: Any = pyVmomi.vmodl
_connect: Any = pyVim.connect
_PC = vmodl.query.PropertyCollector


class Client:
    """A session with a simulator, or with one of its hosts."""

    def __init__(self, simulator: Simulator, *, host: str = "", login: tuple[str, str] = ("root", "secret")) -> None:
        self.simulator = simulator
        self.address = urlsplit(simulator.hosts.get(host, simulator.url))
        secure = self.address.scheme == "https"
        self.instance = _connect.SmartConnect(
            protocol=self.address.scheme,
            host=self.address.hostname,
            port=self.address.port,
            user=login[0],
            pwd=login[1],
            sslContext=ssl.create_default_context(cafile=simulator.certificate) if secure else None,
        )
        self.content = self.instance.RetrieveContent()

    def get(self, obj: Any, path: str) -> Any:
        """One property of an object; None when it is unset."""
        return self.read([obj], [path])[0].get(path)

    def read(self, objects: list[Any], paths: list[str]) -> list[dict[str, Any]]:
        """Properties of objects of one type."""
        spec = _PC.FilterSpec(
            objectSet=[_PC.ObjectSpec(obj=obj) for obj in objects],
            propSet=[_PC.PropertySpec(type=type(objects[0]), pathSet=paths)],
        )
        result = self.content.propertyCollector.RetrieveProperties([spec])
        return [{prop.name: prop.val for prop in content.propSet} for content in result]

    def all(self, kind: Any) -> dict[str, Any]:
        """The objects of a type, by their names."""
        view = self.content.viewManager.CreateContainerView(self.content.rootFolder, [kind], True)
        objects = self.get(view, "view") or []
        view.DestroyView()
        names = self.read(objects, ["name"]) if objects else []
        return {name["name"]: obj for obj, name in zip(objects, names)}

    def domain(self, name: str) -> Any:
        """A domain by its name."""
        return self.all(vim.VirtualMachine)[name]

    def wait(self, task: Any, seconds: float = 10) -> Any:
        """The result of a task; raises its fault."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.get(task, "info.state")
            if state == "success":
                return self.get(task, "info.result")
            if state == "error":
                raise self.get(task, "info.error")
            time.sleep(0.01)
        raise TimeoutError(f"task {task._moId} is still {state}")

    def folder(self, method: str, path: str, body: str | None = None, *, login: bool = True, **query: str) -> Any:
        """A request for a file of a datastore; returns status and text."""
        query = {"dcPath": "ha-datacenter", "dsName": "local-storage", **query}
        connection = http.client.HTTPSConnection(
            self.address.netloc, timeout=10, context=ssl.create_default_context(cafile=self.simulator.certificate)
        )
        with closing(connection):
            headers = {"Cookie": self.instance._stub.cookie.split(";")[0]} if login else {}
            connection.request(method, f"/folder/{quote(path)}?{urlencode(query)}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")

    def make_directory(self, path: str) -> None:
        """Make a directory of the first datastore, and those above it, unless it is there: ``"web"``."""
        with suppress(vim.fault.FileAlreadyExists):
            self.content.fileManager.MakeDirectory(f"[local-storage] {path}", self.datacenter(), True)

    def upload(self, path: str, text: str) -> int:
        """Write a file of the first datastore, with its directory; returns the status."""
        if "/" in path:
            self.make_directory(path.rpartition("/")[0])
        return int(self.folder("PUT", path, text)[0])

    def create_disk(self, path: str, kib: int = 1024, kind: str = "thin", adapter: str = "lsiLogic") -> None:
        """Create a disk of the first datastore, with its directory: ``"web/web.vmdk"``."""
        if "/" in path:
            self.make_directory(path.rpartition("/")[0])
        spec = vim.VirtualDiskManager.FileBackedVirtualDiskSpec(diskType=kind, adapterType=adapter, capacityKb=kib)
        disks = self.content.virtualDiskManager
        self.wait(disks.CreateVirtualDisk_Task(f"[local-storage] {path}", self.datacenter(), spec))

    def datacenter(self) -> Any:
        """The first datacenter."""
        return next(iter(self.all(vim.Datacenter).values()))

    def register(self, vmx_path: str) -> Any:
        """Register a VMX file and return the domain; raises the task's fault."""
        host = next(iter(self.all(vim.HostSystem).values()))
        pool = self.get(self.get(host, "parent"), "resourcePool")
        folder = self.get(next(iter(self.all(vim.Datacenter).values())), "vmFolder")
        return self.wait(folder.RegisterVM_Task(path=vmx_path, asTemplate=False, pool=pool, host=host))

    def reconfigure(self, domain: Any, **spec: Any) -> None:
        """Change the configuration of a domain; ``extra`` are entries of extraConfig."""
        extra = spec.pop("extra", {})
        spec["extraConfig"] = [vim.option.OptionValue(key=key, value=value) for key, value in extra.items()]
        self.wait(domain.ReconfigVM_Task(vim.vm.ConfigSpec(**spec)))

    def close(self) -> None:
        """Log out."""
        _connect.Disconnect(self.instance)


@contextmanager
def client(simulator: Simulator, **where: Any) -> Iterator[Client]:
    """A client that logs out."""
    connected = Client(simulator, **where)
    try:
        yield connected
    finally:
        connected.close()
