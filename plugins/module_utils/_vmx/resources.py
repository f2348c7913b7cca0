# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory and processors: sizes, topology, affinity, shares (P8 to P14, F23 to F29).

::

    memsize = "2048"
    sched.mem.max = "1024"
    sched.mem.minsize = "512"
    numvcpus = "4"
    cpuid.coresPerSocket = "2"
    sched.cpu.affinity = "0,1,2,5"
    sched.cpu.shares = "high"

VMX counts memory in MiB, in steps of 4; the domain in KiB.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Cpu, Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.shares import LEVELS, level_of
from ansible_collections.virt.esx.plugins.module_utils._domain.values import CPUS, round_up, to_cpus
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import Entry, WriteContext, error_at

_STEP_MIB = 4
_STEP_KIB = _STEP_MIB * 1024
_DEFAULT_MIB = 32

_PIN = "sched.mem.pin"
_MIN_SIZE, _MIN = "sched.mem.minsize", "sched.mem.min"
_SHARES_LIMIT = 1 << 64
_CPU = re.compile(r"[ \t\n\v\f\r]*\+?0*([0-9]{1,9})[ \t\n\v\f\r]*\Z", re.ASCII)
_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?)0*([0-9]{1,20})\Z", re.ASCII)


class Memory(NamedTuple):
    """The three sizes of memory, in KiB."""

    size: int
    current: int
    guarantee: int | None


def read_resources(context: ReadContext) -> dict[str, Any]:
    """Memory and processors, as fields of :class:`Domain`."""
    memory = read_memory(context)
    number = read_processors(context)
    processors = number & 0xFFFFFFFF  # what libvirt keeps (L26)
    found: dict[str, Any] = {"memory_kib": memory.size, "current_memory_kib": memory.current, "vcpus": processors}
    kinds = context.vmx.kinds
    if "cpuid" in kinds:
        found["cpu"] = context.attempt(read_topology, context, processors, default=None)
    if "sched" not in kinds:
        return found
    locked = read_lock(context)
    return {
        **found,
        "memory_locked": locked,
        "min_guarantee_kib": memory.size if locked else memory.guarantee,
        "cpuset": context.attempt(read_affinity, context, number, default=None),
        "shares": context.attempt(read_shares, context, processors, default=None),
    }


def read_memory(context: ReadContext) -> Memory:
    """``memsize``, ``sched.mem.max`` and ``sched.mem.minsize`` (P8 to P10)."""
    size = context.count("memsize", _DEFAULT_MIB)
    if size <= 0 or size % _STEP_MIB:
        message = f"expecting a positive multiple of {_STEP_MIB} (megabytes), found {size}"
        if size <= 0 or not context.dialect.tolerant:
            raise context.vmx.error_at("memsize", message)
        context.leave_out("memsize", f"{message}; it is written as {round_up(size, _STEP_MIB)}")
    total = _kib(size)
    if not total:
        raise context.vmx.error_at("memsize", f"{size} megabytes are too many")
    if "sched" not in context.vmx.kinds:
        return Memory(total, total, None)
    current = _kib(context.vmx.integer("sched.mem.max", size))
    guarantee = _kib(_guarantee(context))
    return Memory(total, current if 0 < current < total else total, min(guarantee, total) or None)


def _guarantee(context: ReadContext) -> int:
    """``sched.mem.minsize``, which hosts write as ``sched.mem.min`` too; either is enough for them."""
    vmx = context.vmx
    guarantee = vmx.integer(_MIN_SIZE, 0)
    if not context.dialect.either_guarantee or _MIN.lower() not in vmx.raw:
        return guarantee
    other = vmx.integer(_MIN, 0)
    if _MIN_SIZE in vmx.raw and other != guarantee:
        context.leave_out(_MIN, f"{_MIN_SIZE} guarantees {guarantee} megabytes, which is what is read")
        return guarantee
    return other


def _kib(megabytes: int) -> int:
    """A size in KiB as libvirt's 64 bits hold it (L26); a negative one is no size."""
    return max(megabytes, 0) * 1024 % (1 << 64)


def write_memory(domain: Domain, context: WriteContext) -> list[Entry]:
    """The same keys; the size is rounded up to what VMware takes (F23 to F25)."""
    size = round_up(domain.memory_kib, _STEP_KIB)
    if size != domain.memory_kib and context.dialect.reports:
        why = f"VMware has memory in steps of {_STEP_MIB} MiB; it is written as {size // 1024} MiB"
        context.report.leave_out("memory", why, word=f"{domain.memory_kib} KiB")
    lines = [("memsize", str(size // 1024))]
    current = min(domain.current_memory_kib or domain.memory_kib, domain.memory_kib)
    if current < size:
        lines.append(("sched.mem.max", str(round_up(current, 1024) // 1024)))
    if domain.memory_locked and context.dialect.memory_lock:
        return [*lines, *_guarantee_lines(size, context), (_PIN, "TRUE")]  # of pinned memory, all is guaranteed
    return [*lines, *_guarantee_lines(round_up(domain.min_guarantee_kib or 0, 1024), context)]


def _guarantee_lines(kib: int, context: WriteContext) -> list[Entry]:
    names = (_MIN_SIZE, _MIN) if context.dialect.either_guarantee else (_MIN_SIZE,)
    return [(name, str(kib // 1024)) for name in names] if kib else []


def read_lock(context: ReadContext) -> bool:
    """``sched.mem.pin``."""
    return context.dialect.memory_lock and context.vmx.boolean(_PIN)


def read_processors(context: ReadContext) -> int:
    """``numvcpus`` (P11), in 64 bits."""
    number = context.count("numvcpus", 1)
    if number <= 0:
        message = f"expecting at least 1, found {number}"
        if not context.dialect.tolerant:
            raise context.vmx.error_at("numvcpus", message)
        context.leave_out("numvcpus", f"{message}; it is read as 1")
        return 1
    return number


def read_topology(context: ReadContext, processors: int) -> Cpu | None:
    """``cpuid.coresPerSocket``; none where each socket has one core (P12)."""
    key = "cpuid.coresPerSocket"
    cores = context.count(key, 1)
    if cores <= 1:
        return None
    if not context.dialect.strict_numbers:
        processors = context.vmx.integer("numvcpus", 1)  # libvirt cuts it to 32 bits later (L26)
    if processors % cores and context.dialect.even_topology:
        context.leave_out(key, f"sockets of {cores} cores do not make up {processors} processors, so it is no topology")
        return None
    if processors < cores:
        raise context.vmx.error_at(key, f"expecting at most numvcpus, {processors}, found {cores}")
    return Cpu(sockets=processors // cores & 0xFFFFFFFF, cores=cores & 0xFFFFFFFF)


def read_affinity(context: ReadContext, processors: int) -> tuple[int, ...] | None:
    """``sched.cpu.affinity`` (P13)."""
    key = "sched.cpu.affinity"
    value = context.vmx.get(key)
    if value is None or value.lower() == "all":
        return None
    if context.dialect.any_affinity and (ranges := to_cpus(value)) and "^" not in value:
        return ranges
    numbers = _processor_numbers(context, key, value)
    if len(numbers) < processors and not context.dialect.any_affinity:
        raise context.vmx.error_at(key, f"expecting at least numvcpus, {processors}, processors, found {len(numbers)}")
    return tuple(sorted(set(numbers)))


def _processor_numbers(context: ReadContext, key: str, value: str) -> list[int]:
    """The numbers of an affinity without ranges."""
    pieces = [_CPU.match(piece) for piece in value.split(",")]
    numbers = [int(piece[1]) for piece in pieces if piece]
    if len(numbers) < len(pieces):
        raise context.vmx.error_at(key, f"expecting processor numbers separated by ',', found '{value}'")
    if max(numbers) >= CPUS:
        raise context.vmx.error_at(key, f"processor {max(numbers)} is too large, expecting less than {CPUS}")
    return numbers


def read_shares(context: ReadContext, processors: int) -> int | None:
    """``sched.cpu.shares``, a word or a number (P14)."""
    key = "sched.cpu.shares"
    value = context.vmx.get(key)
    if value is None:
        return None
    each = LEVELS.get(value.lower())
    if each is not None:
        return each * processors
    found = _NUMBER.match(value)
    shares = int(found[2]) if found else _SHARES_LIMIT
    negative = bool(found and found[1] == "-")
    if shares >= _SHARES_LIMIT or (negative and context.dialect.strict_numbers):
        words = ", ".join(f"'{word}'" for word in LEVELS)
        raise context.vmx.error_at(key, f"expecting one of {words} or a number, found '{value}'")
    return -shares % _SHARES_LIMIT if negative else shares


def has_level(vmx: VmxFile) -> bool:
    """Whether the shares are a level, which goes with the number of processors, and not a number of their own."""
    word = vmx.word("sched.cpu.shares")
    return word is None or word in LEVELS


def write_processors(domain: Domain, context: WriteContext) -> list[Entry]:
    """Number, topology, affinity and shares of the processors (F26 to F29)."""
    number = domain.vcpus
    if context.dialect.libvirt_0_7_6 and number > 1 and number % 2:
        raise ParseError(f"{number} processors are neither 1 nor an even number", where="<vcpu>")
    if domain.current_vcpus is not None and domain.current_vcpus < number:
        raise ParseError(
            f"current='{domain.current_vcpus}' is less than the {number} processors; VMware starts all", where="<vcpu>"
        )
    lines = [("numvcpus", str(number)), *_topology(domain, context), *_affinity(domain, context)]
    if domain.shares is not None:
        lines.append(("sched.cpu.shares", level_of(domain.shares, number) or str(domain.shares)))
    return lines


def _affinity(domain: Domain, context: WriteContext) -> list[Entry]:
    cpus = domain.cpuset
    if cpus is None:
        return []
    if len(cpus) < domain.vcpus and not context.dialect.any_affinity:
        raise ParseError(f"cpuset has {len(cpus)} processors, expecting at least {domain.vcpus}", where="<vcpu>")
    return [("sched.cpu.affinity", ",".join(map(str, cpus)))]


def _topology(domain: Domain, context: WriteContext) -> list[Entry]:
    cpu = domain.cpu
    if cpu is None:
        return []
    if cpu.mode != "custom":
        raise error_at(cpu, f"mode='{cpu.mode}' is not supported, only 'custom'")
    if cpu.sockets is None and context.dialect.even_topology:
        return []
    if cpu.sockets is None or (cpu.threads, cpu.dies, cpu.clusters) != (1, 1, 1):
        raise error_at(cpu, "only 1 thread per core, 1 die per socket and 1 cluster per die are supported")
    if cpu.sockets * cpu.cores != domain.vcpus:
        raise error_at(
            cpu,
            f"sockets='{cpu.sockets}' times cores='{cpu.cores}' is not the number of processors, {domain.vcpus}",
            "<topology>",
        )
    return [("cpuid.coresPerSocket", str(cpu.cores))]
