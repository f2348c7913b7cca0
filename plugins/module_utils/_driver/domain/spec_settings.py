# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain's name, note, CPUs, memory, shares, firmware and guest, from a difference to a ConfigSpec."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.guests import guest_named
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Os
from ansible_collections.virt.esx.plugins.module_utils._domain.shares import level_of, normal_shares
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference, is_boot_order
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.machine import CPU_ADD, CPU_REMOVE, MEMORY_ADD
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.settings import is_true
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_builder import SpecBuilder, Way
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

_MIB = 1024
_UNLIMITED = -1
# The prefixes of the keys of the boot order and the boot menu. They take effect at the next start.
BOOT_KEYS = ("bios.",)


def name(builder: SpecBuilder, item: Difference) -> Way:
    """``name``; a domain always has one."""
    if not item.after:
        return Way.UPLOAD
    builder.spec.name = item.after
    return Way.LIVE


def annotation(builder: SpecBuilder, item: Difference) -> Way:
    """``annotation``; an empty text removes it."""
    builder.spec.annotation = item.after or ""
    return Way.LIVE


def memory_limit(builder: SpecBuilder, item: Difference) -> Way:
    """``memoryAllocation.limit`` in MB, -1 for as much as there is."""
    builder.memory_allocation().limit = _UNLIMITED if item.after is None else -(-item.after // _MIB)
    return Way.LIVE


def memory_guarantee(builder: SpecBuilder, item: Difference) -> Way:
    """``memoryAllocation.reservation`` in MB."""
    builder.memory_allocation().reservation = -(-(item.after or 0) // _MIB)
    return Way.LIVE


def memory_locked(builder: SpecBuilder, item: Difference) -> Way:
    """``memoryReservationLockedToMax``."""
    builder.spec.memoryReservationLockedToMax = bool(item.after)
    return Way.SHUTOFF


def memory(builder: SpecBuilder, item: Difference) -> Way:
    """``memoryMB``: memory can be added to a guest that was started with hot add, never taken away."""
    builder.spec.memoryMB = item.after // _MIB
    return Way.LIVE if builder.machine.values.get(MEMORY_ADD) and item.after > item.before else Way.SHUTOFF


def vcpus(builder: SpecBuilder, item: Difference) -> Way:
    """``numCPUs``: added and removed only if the guest was started for it."""
    builder.spec.numCPUs = item.after
    switch = CPU_ADD if item.after > item.before else CPU_REMOVE
    return Way.LIVE if builder.machine.values.get(switch) else Way.SHUTOFF


def topology(builder: SpecBuilder, item: Difference) -> Way:
    """``numCoresPerSocket``, from API 5.0 on; the sockets follow the number of processors."""
    before, after = (1 if cpu is None else cpu.cores for cpu in (item.before, item.after))
    if before == after:
        return Way.LIVE
    builder.spec.numCoresPerSocket = after
    return Way.SHUTOFF


def shares(builder: SpecBuilder, item: Difference) -> Way:
    """``cpuAllocation.shares``: a level where the number is one, else a number."""
    vcpus = builder.after.vcpus
    number = normal_shares(vcpus) if item.after is None else item.after
    level = level_of(number, vcpus) or "custom"
    builder.spec.cpuAllocation = vim.ResourceAllocationInfo(shares=vim.SharesInfo(level=level, shares=number))
    return Way.LIVE


def affinity(builder: SpecBuilder, item: Difference) -> Way:
    """``cpuAffinity``; an empty set removes it."""
    builder.spec.cpuAffinity = vim.vm.AffinityInfo(affinitySet=list(item.after or ()))
    return Way.LIVE


def system(builder: SpecBuilder, item: Difference) -> Way:
    """Firmware, secure boot and, as keys, boot order, the nvram file and the host's SMBIOS.

    The architecture is the guest's.
    """
    before, after = item.before, item.after
    if before.arch != after.arch and guest(builder, item) is Way.UPLOAD:
        return Way.UPLOAD
    if _firmware(before) != _firmware(after):
        builder.spec.firmware = _firmware(after)
    if before.secure_boot != after.secure_boot:
        builder.boot_options().efiSecureBootEnabled = bool(after.secure_boot)
    builder.set_keys("nvram", "smbios.reflecthost", *BOOT_KEYS)
    return Way.LIVE if is_boot_order(before, after) else Way.SHUTOFF


def _firmware(system: Os) -> str:
    return system.firmware or "bios"


def guest(builder: SpecBuilder, _item: Difference) -> Way:
    """``guestId``, the API's name of the ``guestOS`` that the VMX would have."""
    word = next((value for key, value in builder.keys.items() if key.lower() == "guestos"), None)
    found = None if word is None else guest_id(word)
    if found is None:
        return Way.UPLOAD
    builder.spec.guestId = found
    return Way.SHUTOFF


def generation_id(builder: SpecBuilder, _item: Difference) -> Way:
    """The generation id, two keys of the VMX."""
    return Way.SHUTOFF if builder.set_keys("vm.genid") else Way.UPLOAD


def graphics(builder: SpecBuilder, _item: Difference) -> Way:
    """VNC, which the API has as keys of the VMX only."""
    return Way.SHUTOFF if builder.set_keys("remotedisplay.vnc.") else Way.UPLOAD


def guest_id(word: str) -> str | None:
    """The API's identifier of a ``guestOS`` of VMX: ``debian11_64Guest`` for ``debian11-64``; None if it has none."""
    named = guest_named(word)
    return _guest_ids().get(_plain(word)) if named is None else named.api_id


@cache
def _guest_ids() -> dict[str, str]:
    """The identifiers of the API by what they have in common with the words of VMX."""
    known = vim.vm.GuestOsDescriptor.GuestOsIdentifier
    identifiers = [value for value in vars(known).values() if isinstance(value, str) and "Guest" in value]
    return {_plain(re.sub("Guest", "", identifier)): identifier for identifier in identifiers}


def _plain(text: str) -> str:
    """Letters and digits only; VMX says ``srv`` where the API says ``Server``."""
    return re.sub(r"[^a-z0-9]", "", text.lower()).replace("server", "srv")


# Keys of the VMX that the API has in fields of the ConfigSpec -> the field, and whether the domain has to be shut off.
# A host ignores such a key in extraConfig.
_FIELDS = {
    "mem.hotadd": ("memoryHotAddEnabled", Way.SHUTOFF),
    "vcpu.hotadd": ("cpuHotAddEnabled", Way.SHUTOFF),
    "vcpu.hotremove": ("cpuHotRemoveEnabled", Way.SHUTOFF),
    "vhv.enable": ("nestedHVEnabled", Way.SHUTOFF),
    "vvtd.enable": ("flags.vvtdEnabled", Way.SHUTOFF),
    "ctkenabled": ("changeTrackingEnabled", Way.LIVE),
    "disk.enableuuid": ("flags.diskUuidEnabled", Way.LIVE),
    "logging": ("flags.enableLogging", Way.LIVE),
    "tools.synctime": ("tools.syncTimeWithHost", Way.LIVE),
}


def setting(builder: SpecBuilder, item: Difference) -> Way:
    """A key of the VMX: a field of the API, or an entry of ``extraConfig``, which an empty value removes."""
    key = item.name.lower()
    if key not in _FIELDS:
        builder.add_options({item.name: item.after or ""})
        return Way.LIVE
    path, way = _FIELDS[key]
    group, _dot, field = path.rpartition(".")
    setattr(_holder(builder.spec, group), field, is_true(key, item.after))
    return way


def _holder(spec: Any, group: str) -> Any:
    """The holder of a field of the ConfigSpec: one of its members, made where missing, or without a group itself."""
    if not group:
        return spec
    if getattr(spec, group) is None:
        setattr(spec, group, vim.vm.FlagInfo() if group == "flags" else vim.vm.ToolsConfigInfo())
    return getattr(spec, group)


def hardware_version(_builder: SpecBuilder, _item: Difference) -> Way:
    """The virtual hardware version: a separate task raises it, before everything else."""
    return Way.SHUTOFF
