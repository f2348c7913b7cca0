# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real libvirt as the oracle of the dialect ``libvirt``, where one is installed.

libvirt's driver for VMware Player converts VMX without a product of VMware: two programs that answer as the player's
own commands do are enough. It is libvirt 9.0 on Debian 12, so inputs on whose result 9.0 and 11.3 differ are left out,
and what its driver does otherwise than that of ESX is made alike before texts are compared.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import pathlib
import random
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.tests.unit.plugins.fuzzing import examples

INSTALLED = ctypes.util.find_library("virt") is not None

_STUBS = {
    "vmplayer": "#!/bin/sh\necho VMware Player 17.5.2 build-23775571\n",
    "vmrun": "#!/bin/sh\necho Total running VMs: 0\n",
}
_LIBVIRT = DIALECTS["libvirt"]

# Keys whose values libvirt 9.0 or its driver for VMware Player takes otherwise than 11.3 and its driver for ESX: file
# names with paths are kept as they are, names may have no slash, secure boot is not read, and so on.
_ELSEWHERE = re.compile(
    r"secureBoot|dvs\.|displayName|nvram|virtualHW|config\.version|sata|floppy|vm\.genid"
    r"|scsi[0-9]:(?:[89]|[1-9][0-9])|fileName = \"(?!/vmfs/volumes/[^/]+/)[^\"]*[/\\\[]",
    re.IGNORECASE,
)
_LINE = re.compile(r"^[^\n]*\n", re.MULTILINE)

_BOOLEANS = ("true", "TRUE", "False", "yes", "")
_NUMBERS = ("0", "1", "-1", "2", "4", "064", "0x40", "64M", "unlimited", "4294967297", "")
_DISK = {
    "present": _BOOLEANS,
    "deviceType": (
        "scsi-hardDisk",
        "ata-hardDisk",
        "disk",
        "cdrom-image",
        "cdrom-raw",
        "ATAPI-cdrom",
        "scsi-passthru",
        "",
    ),
    "fileName": ("a.vmdk", "a.VMDK", "b.iso", "emptyBackingString", "auto detect", "/vmfs/devices/cdrom/x", "a.raw"),
    "mode": ("persistent", "independent-nonpersistent", "Independent-Nonpersistent", "undoable", ""),
    "writeThrough": _BOOLEANS,
    "clientDevice": _BOOLEANS,
    "startConnected": _BOOLEANS,
}
_MACS = ("00:0c:29:00:00:01", "0:c:29:0:0:1", "00-0c-29-00-00-01", "00:50:56:AB:cd:ef", "01:00:00:00:00:00 x", "")
# The keys of a kind of device, or of the domain, with values that are right and some that are not.
_SECTIONS = {
    "": {
        "numvcpus": _NUMBERS,
        "memsize": ("4", "1024", "66", *_NUMBERS),
        "sched.mem.max": ("512", *_NUMBERS),
        "sched.mem.minsize": ("512", *_NUMBERS),
        "sched.cpu.affinity": ("all", "0,1", "0,1,2,3", "0-3", "1,x", "16384", " 1 , 2", ""),
        "sched.cpu.shares": ("low", "HIGH", "normal", "4223", *_NUMBERS),
        "uuid.bios": ("56 4d 12 23 f8 35 c4 b1-bb f6 e3 23 90 d6 2b d3", "564d1223f835c4b1bbf6e32390d62bd3", "56", ""),
        "guestOS": ("other", "other-64", "OTHER-64", "windows9_64Guest", "arm-ubuntu-64", ""),
        "firmware": ("efi", "EFI", "bios", ""),
        "annotation": ("a|22b", "a|zz", "|0a", "a|00b", "a < & > b", "%41", ""),
        "svga.vramSize": ("8388608", "1", "8388609", *_NUMBERS),
        "smbios.reflecthost": _BOOLEANS,
        "cpuid.coresPerSocket": _NUMBERS,
        "RemoteDisplay.vnc.enabled": _BOOLEANS,
        "RemoteDisplay.vnc.port": ("5901", *_NUMBERS),
        "RemoteDisplay.vnc.ip": ("127.0.0.1", "::1", ""),
        "RemoteDisplay.vnc.keymap": ("de", "<", ""),
        "scsi0.present": _BOOLEANS,
        "scsi0.virtualDev": ("buslogic", "LsiLogic", "pvscsi", "auto", ""),
        "ethernetfoo.present": _BOOLEANS,
    },
    "ethernet0.": {
        "present": _BOOLEANS,
        "connectionType": ("bridged", "NAT", "custom", "hostonly", "monitor", ""),
        "networkName": ("VM Network", "a|22b", ""),
        "vnet": ("vmnet7", "vnet3", "/dev/vmnet1"),
        "virtualDev": ("e1000", "VMXNET3", "vmxnet", "vlance", "sriov", ""),
        "features": ("15", *_NUMBERS),
        "addressType": ("static", "vpx", "Generated", "x", ""),
        "address": _MACS,
        "generatedAddress": _MACS,
        "checkMACAddress": ("true", "TRUE", "false", "1", ""),
    },
    "serial0.": {
        "present": _BOOLEANS,
        "fileType": ("network", "device", "Pipe", "thinprint", ""),
        "fileName": (
            "tcp://h:1",
            "tcp://[fe80::1%25vmk0]:22",
            "telnet://h%41st:1",
            "telnet://:8090",
            "//h:22",
            "h:23",
            "x",
        ),
        "network.endPoint": ("server", "client", "x"),
    },
    "serial2.": {"present": _BOOLEANS, "fileType": ("FILE", "pipe"), "fileName": ("a", "[ds")},
    "parallel0.": {"present": _BOOLEANS, "fileType": ("file", "device", ""), "fileName": ("lp0", "/dev/parport0")},
    "scsi0:0.": _DISK,
    "scsi0:1.": _DISK,
    "ide1:0.": _DISK,
}
_HEAD = 'config.version = "8"\nvirtualHW.version = "4"\ndisplayName = "n"\n'


class Disagreement(NamedTuple):
    """An input that the two convert differently; None stands for a refusal."""

    number: int
    source: bytes
    libvirt: str | None
    ours: str | None


class Libvirt:
    """The driver for VMware Player of the libvirt that is installed."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(ctypes.util.find_library("virt") or "libvirt.so.0")
        self._free = ctypes.CDLL(None).free
        self._free.argtypes = [ctypes.c_void_p]
        self._convert = self._library.virConnectDomainXMLFromNative
        self._convert.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint]
        self._convert.restype = ctypes.c_void_p
        self._library.virConnectOpen.restype = ctypes.c_void_p
        self._library.virConnectClose.argtypes = [ctypes.c_void_p]
        self._silence = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(lambda _data, _error: None)
        self._library.virSetErrorFunc(None, self._silence)
        self._connection = self._library.virConnectOpen(b"vmwareplayer:///session")
        if not self._connection:
            raise RuntimeError("libvirt has no driver for VMware Player")

    def xml_of(self, vmx: bytes) -> str | None:
        """The XML of a VMX, None where it is refused."""
        found = self._convert(self._connection, b"vmware-vmx", vmx, 0)
        if not found:
            return None
        text = ctypes.string_at(found)
        self._free(found)
        return text.decode("utf-8", "surrogateescape")

    def close(self) -> None:
        """End the connection."""
        self._library.virConnectClose(self._connection)


@contextmanager
def live_libvirt() -> Iterator[Libvirt]:
    """A real libvirt with what its driver takes for VMware Player."""
    path = os.environ["PATH"]
    with tempfile.TemporaryDirectory() as place:
        for name, script in _STUBS.items():
            stub = pathlib.Path(place, name)
            stub.write_text(script, encoding="ascii")
            stub.chmod(0o755)
        os.environ["PATH"] = f"{place}{os.pathsep}{path}"
        try:
            libvirt = Libvirt()
            yield libvirt
            libvirt.close()
        finally:
            os.environ["PATH"] = path


def mutated(chance: random.Random, corpus: list[str]) -> bytes:
    """One input: a part of an example, and some keys of a device or of the domain."""
    lines = [line for line in _LINE.findall(chance.choice(corpus)) if not _ELSEWHERE.search(line)]
    lines = [line for line in lines if chance.random() < 0.95 and not line.startswith(".encoding")]
    if chance.random() < 0.7:
        lines = [line for line in lines if chance.random() < 0.2 and ":" not in line]
    for _section in range(chance.randrange(1, 4)):
        lines += _device(chance)
    text = _HEAD + "".join(lines)
    if chance.random() < 0.1:
        place = chance.randrange(len(_HEAD), len(text) + 1)
        text = text[:place] + chance.choice("\"'=;#|%\n\r .:-0a") + text[place + chance.randrange(2) :]
    return text.encode("utf-8", "surrogateescape")


def _device(chance: random.Random) -> Iterator[str]:
    """Some keys of a device that is there; the first value of each is the likeliest."""
    name = chance.choice(tuple(_SECTIONS))
    if name:
        yield f'{name}present = "true"\n'
    if name.startswith("scsi"):
        yield f'{name[:5]}.present = "true"\n'
    for key, values in _SECTIONS[name].items():
        if chance.random() < (0.6 if name else 0.15):
            value = values[0] if chance.random() < 0.4 else chance.choice(values)
            yield f'{name}{key} = "{value}"\n'


def ours(vmx: bytes) -> str | None:
    """The result of our dialect ``libvirt`` for a VMX; None where it refuses it."""
    try:
        return write_domain(read_vmx(vmx, dialect=_LIBVIRT), _LIBVIRT.xml, secure=False)
    except EsxError:
        return None


def alike(xml: str | None) -> str | None:
    """A result without what the versions and drivers of libvirt write differently."""
    if xml is None:
        return None
    text = re.sub(r" clusters='1'|    <boot dev='hd'/>\n", "", xml)
    text = re.sub(r" xmlns:vmware='[^']*'|  <vmware:moref>.*?</vmware:moref>\n", "", text, flags=re.DOTALL)
    return re.sub(r"file='(?:\[[^']*\] )?[^']*?([^'/]*)'", r"file='\1'", text)


def disagreements(libvirt: Libvirt, seed: int, count: int) -> Iterator[Disagreement]:
    """The inputs of those that a seed gives which the two convert differently."""
    corpus = examples("vmx_to_domxml")
    for number in range(count):
        source = mutated(random.Random(f"libvirt {seed} {number}"), corpus)  # noqa: S311 - nothing secret
        expected, found = alike(libvirt.xml_of(source)), alike(ours(source))
        if expected is None and found is not None and "<serial type='null'>" in found:
            continue  # libvirt 9.0 refuses a network port that is no URI of a host and a port
        if expected != found:
            yield Disagreement(number, source, expected, found)
