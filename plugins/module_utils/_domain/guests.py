# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guest operating systems by the names that VMware, its API and libosinfo have for them.

VMX has words (``rhel9-64``), the VI API identifiers (``rhel9_64Guest``, which some tools write into a VMX), and
libosinfo URIs (``http://redhat.com/rhel/9.2``), which virt-install and virt-manager write into domain XML. VMware's
words and identifiers compare without case.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.guest_words import TABLE

# Products whose guests VMware does not list; their kernel decides.
_BY_KERNEL = (
    *("alpinelinux.org/alpinelinux", "archlinux.org/archlinux", "gentoo.org/gentoo", "nixos.org/nixos"),
    *("linuxmint.com/linuxmint", "voidlinux.org/voidlinux", "guix.gnu.org/guix", "manjaro.org/manjaro"),
    *("altlinux.org/alt", "mageia.org/mageia", "slackware.com/slackware", "system76.com/popos"),
    *("endlessm.com/eos", "clearlinux.org/clearlinux", "opensuse.org/microos", "astralinux.ru/astralinux"),
)

# libosinfo's product -> version -> VMware's word without architecture; "" is any version.
# VMware's names lie: windows9 is Windows 10, and windows2019srvNext is Windows Server 2022.
SYSTEMS: dict[str, dict[str, str]] = {
    "microsoft.com/win": {
        "11": "windows11",
        "10": "windows9",
        "8.1": "windows8",
        "8": "windows8",
        "7": "windows7",
        "vista": "winvista",
        "xp": "winXPPro",
        "2k": "win2000Pro",
        "me": "winMe",
        "98": "win98",
        "95": "win95",
        "2k25": "windows2022srvNext",
        "2k22": "windows2019srvNext",
        "2k19": "windows2019srv",
        "2k16": "windows9srv",
        "2k12r2": "windows8srv",
        "2k12": "windows8srv",
        "2k8r2": "windows7srv",
        "2k8": "longhorn",
        "2k3r2": "winNetStandard",
        "2k3": "winNetStandard",
        "3.1": "win31",
    },
    "microsoft.com/winnt": {"": "winNT"},
    "microsoft.com/msdos": {"": "dos"},
    "redhat.com/rhel": {str(major): f"rhel{major}" for major in range(10, 1, -1)},
    "redhat.com/rhel-atomic": {"7": "rhel7"},
    "redhat.com/rhl": {"": "redhat"},
    "centos.org/centos": {"8": "centos8", "7": "centos7", "6": "centos6", "5": "centos"},
    "centos.org/centos-stream": {"9": "centos9", "10": "centos9", "8": "centos8"},
    "rockylinux.org/rocky": {"": "rockylinux"},
    "almalinux.org/almalinux": {"": "almalinux"},
    "oracle.com/ol": {**{str(major): f"oraclelinux{major}" for major in range(10, 5, -1)}, "5": "oraclelinux"},
    "oracle.com/solaris": {"11": "solaris11", "10": "solaris10"},
    "sun.com/solaris": {str(major): f"solaris{major}" for major in range(11, 5, -1)},
    "sun.com/opensolaris": {"": "solaris11"},
    "debian.org/debian": {str(major): f"debian{major}" for major in range(13, 3, -1)},
    "ubuntu.com/ubuntu": {"": "ubuntu"},
    "suse.com/sle": {"15": "sles15"},
    "suse.com/sles": {"16": "sles16", "15": "sles15", "12": "sles12", "11": "sles11", "10": "sles10", "9": "sles"},
    "suse.com/sled": {"12": "sles12", "11": "sles11", "10": "sles10", "9": "sles"},
    "opensuse.org/opensuse": {"": "opensuse"},
    "fedoraproject.org/fedora": {"": "fedora"},
    "fedoraproject.org/silverblue": {"": "fedora"},
    "fedoraproject.org/coreos": {"": "fedora"},
    "miraclelinux.com/miraclelinux": {"": "miraclelinux"},
    "mandriva.com/mandriva": {"": "mandriva"},
    "mandriva.com/mandrake": {"": "mandrake"},
    "freebsd.org/freebsd": {**{str(major): f"freeBSD{major}" for major in range(15, 10, -1)}, "": "freeBSD"},
    "apple.com/macosx": {
        **{f"10.{minor}": f"darwin{minor + 4}" for minor in range(6, 16)},
        **{str(major): f"darwin{major + 9}" for major in range(11, 15)},
        "": "darwin",
    },
    "novell.com/netware": {"6": "netware6", "5": "netware5", "4": "netware4"},
    **{product: {"": "other6xlinux"} for product in _BY_KERNEL},
    "libosinfo.org/linux": {
        "2024": "other6xlinux",
        "2022": "other5xlinux",
        "2020": "other5xlinux",
        "2018": "other4xlinux",
        "2016": "other4xlinux",
    },
    "libosinfo.org/unknown": {"": "other"},
}

# How libosinfo writes a release of unknown minor version, where it has such an id.
_ANY_MINOR = {
    **dict.fromkeys(("redhat.com/rhel", "suse.com/sle"), "{}-unknown"),
    "suse.com/sles": "{}.0",
    **dict.fromkeys(("oracle.com/ol", "freebsd.org/freebsd", "centos.org/centos"), "{}.0"),
}
_SOME_LINUX = "http://libosinfo.org/linux/2022"  # for a word that stands for many releases
_UNKNOWN = "http://libosinfo.org/unknown"

_X86_64 = re.compile(r".*(?:-64|64guest|guest64)|vmkernel.*|win(?:dows)?hyperv(?:guest)?|crx.*", re.IGNORECASE)
_OTHER = {"x86_64": "other-64", "i686": "other", "aarch64": "arm-other-64"}
# How the version of a short id begins: "win" is a product, and "windows10" not one of its releases.
_VERSION = re.compile(r"[^a-z]|(?:testing|sid|rawhide|unknown)$", re.IGNORECASE)
_URI = re.compile(r"https?://(?:www\.)?([^/]+/[^/]+)(?:/(.*))?")


class GuestName(NamedTuple):
    """One guest operating system in VMware's names."""

    word: str  # of guestOS in a VMX
    api_id: str  # of the VI API
    hw_version: int | None  # the virtual hardware version that came with it, None where it is older than 18


class GuestChoice(NamedTuple):
    """VMware's word for a guest that libosinfo names."""

    word: str
    is_exact: bool  # whether it is the word of that release, not that of the nearest one


@lru_cache(maxsize=256)
def arch_of_guest(guest: str, isa: str = "") -> str | None:
    """The architecture of a ``guestOS``, word or identifier; None for one that no domain of libvirt's can be of.

    :param isa: the instruction set, where the VMX states it (``virtualHW.isa``, ``architecture``); it wins.
    """
    if isa.lower() == "arm64" or guest.lower().startswith("arm-"):
        return "aarch64"
    if guest.lower().startswith("riscv"):
        return None
    return "x86_64" if _X86_64.fullmatch(guest) else "i686"


def other_guest(arch: str) -> str | None:
    """The word for any guest of an architecture, None for one that VMware has not."""
    return _OTHER.get(arch)


def no_exact_guest(word: str | None) -> str:
    """The sentence that tells of a guest in whose place there is only another word, the nearest."""
    return f"VMware has no guest operating system of exactly this id; the nearest is '{word}'"


@lru_cache(maxsize=256)
def guest_named(guest: str) -> GuestName | None:
    """VMware's names for a guest, by its word or identifier; None for one that the table does not have.

    The words of Arm guests have no identifiers. A task asks for one or two guests, so that nothing is made of the other
    lines of the table.
    """
    wanted = guest.lower()
    for line in TABLE.splitlines() if wanted else ():
        if wanted not in line.lower():
            continue
        api_id, hardware, *words = line.split()
        named = words[:1] if api_id.lower() == wanted else [word for word in words if word.lower() == wanted]
        if named:
            return GuestName(named[0], api_id, int(hardware) if hardware.isdigit() else None)
    return None


@lru_cache(maxsize=256)
def word_of_osinfo(identity: str, arch: str) -> GuestChoice | None:
    """VMware's word for a guest with a libosinfo id, URI or short (``rhel9.2``); None for an unknown product.

    A release without a word of its own has that of its major version, else that of the newest release.

    >>> word_of_osinfo("http://redhat.com/rhel/9.2", "x86_64").word
    'rhel9-64'
    """
    found = _split(identity)
    if found is None:
        return None
    product, version = found
    versions = SYSTEMS[product]
    for known in (version, *_shortened(version)):
        if known in versions:
            return _for_arch(versions[known], arch, is_exact=True)
    if "" in versions:
        return _for_arch(versions[""], arch, is_exact=True)
    return _for_arch(next(iter(versions.values())), arch, is_exact=False)


def _split(identity: str) -> tuple[str, str] | None:
    """Product and version of an id."""
    uri = _URI.fullmatch(identity)
    if uri is not None:
        return (uri[1], uri[2] or "") if uri[1] in SYSTEMS else None
    return _split_short(identity)


def _split_short(identity: str) -> tuple[str, str] | None:
    """The same of a short id, by the longest name of a product that it begins with; None if no version follows it."""
    names = {product.partition("/")[2]: product for product in reversed(SYSTEMS)}
    name = max(filter(identity.startswith, names), default=None, key=len)
    if name is None:
        return None
    product, version = names[name], identity[len(name) :]
    is_version = version in SYSTEMS[product] or "" in SYSTEMS[product] or _VERSION.match(version)
    return (product, version) if is_version or not version else None


def _shortened(version: str) -> list[str]:
    """The versions that one is of: 9.2 and 9-unknown are of 9, and 15sp5 is of 15."""
    parts = re.split(r"([.-]|sp)", version)
    return ["".join(parts[:end]) for end in range(len(parts) - 2, 0, -2)]


def _for_arch(stem: str, arch: str, *, is_exact: bool) -> GuestChoice | None:
    if arch == "aarch64":
        return _for_arm(stem, is_exact=is_exact)
    words = (f"{stem}-64", stem) if arch == "x86_64" else (stem,)
    for name in map(guest_named, words):
        if name and arch_of_guest(name.word) == arch:
            return GuestChoice(name.word, is_exact)
    other = "otherlinux" if _is_linux(stem) else "other"
    return GuestChoice(f"{other}-64" if arch == "x86_64" else other, False)


def _for_arm(stem: str, *, is_exact: bool) -> GuestChoice:
    if stem in _ARM:
        return GuestChoice(f"arm-{stem}-64", is_exact)
    return GuestChoice("arm-other6xlinux-64" if _is_linux(stem) else "arm-other-64", False)


def _is_linux(stem: str) -> bool:
    return "linux" in stem or stem.startswith(_LINUXES)


_ARM = (
    *("windows11", "ubuntu", "debian10", "debian11", "debian12", "rhel9", "rockylinux", "almalinux", "fedora"),
    *("freeBSD13", "freeBSD14", "other5xlinux", "other6xlinux"),
)
_LINUXES = ("rhel", "centos", "debian", "ubuntu", "sles", "fedora", "opensuse", "mandr", "redhat")


def osinfo_of_word(guest: str) -> str:
    """The libosinfo id of a guest by VMware's word or identifier, the nearest that is true of it.

    >>> osinfo_of_word("windows2019srvNext-64")
    'http://microsoft.com/win/2k22'
    """
    name = guest_named(guest)
    word = (name.word if name else guest).lower()
    stem = re.sub(r"^arm-|-64$", "", word)
    found = _osinfo_of_stem().get(stem)
    if found is not None:
        return found
    return _SOME_LINUX if _is_linux(stem) else _UNKNOWN


@lru_cache(maxsize=1)
def _osinfo_of_stem() -> dict[str, str]:
    found: dict[str, str] = {}
    for product, versions in SYSTEMS.items():
        for version, stem in versions.items():
            if version and not product.startswith("libosinfo.org"):
                found.setdefault(stem.lower(), f"http://{product}/{_ANY_MINOR.get(product, '{}').format(version)}")
    return found
