# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMX files as hosts have them, made up: every key that the converters know, in any spelling, order and combination."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

Lines = Sequence[tuple[str, str]]

HARDWARE = ("4", "7", "8", "10", "13", "19", "21")
BOOLEANS = st.sampled_from(("true", "false", "TRUE", "FALSE", "True"))
# No quotes, no line ends, no control characters, and no introducer of an escape that is none.
PLAIN = st.text(st.characters(codec="utf-8", min_codepoint=32, max_codepoint=0x2FF, exclude_characters='"|%\x7f'))
WORDS = st.text(st.sampled_from("abcXYZ019-_ .äß&<>'"), min_size=1, max_size=12).map(str.strip).filter(bool)
ESCAPED = st.lists(PLAIN | st.sampled_from(("|22", "|0A", "|7c", "|25", "|c3|a4", "|09")), max_size=4).map("".join)
UUIDS = st.uuids().map(str)
SPACED_UUIDS = UUIDS.map(
    lambda uuid: (lambda pairs: " ".join(pairs[:8]) + "-" + " ".join(pairs[8:]))(
        [uuid.replace("-", "")[at : at + 2] for at in range(0, 32, 2)]
    )
)
FILES = WORDS.map(lambda word: f"{word}.vmdk") | WORDS.map(lambda word: f"/vmfs/volumes/ds 1/sub/{word}.vmdk")
IMAGES = WORDS.map(lambda word: f"/vmfs/volumes/iso/{word}.iso") | WORDS.map(lambda word: f"{word}.ISO")


def numbers(least: int, most: int) -> st.SearchStrategy[str]:
    """Numbers as text."""
    return st.integers(least, most).map(str)


def some(**keys: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    """Any of the keys."""
    return st.fixed_dictionaries({}, optional=dict(keys))


def section(name: str, keys: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[Lines]:
    """The keys of a device, which is there."""
    return keys.map(lambda found: [(f"{name}.present", "TRUE"), *((f"{name}.{key}", found[key]) for key in found)])


@st.composite
def identities(draw: st.DrawFn) -> Lines:
    """Who the domain is."""
    keys = draw(some(annotation=ESCAPED, guestOS=st.sampled_from(("rhel9-64", "other", "windows9_64Guest", "dos"))))
    keys["displayName"] = draw(WORDS)
    if draw(st.booleans()):
        keys["uuid.bios"] = draw(SPACED_UUIDS)
    if draw(st.booleans()):
        keys["vm.genid"], keys["vm.genidX"] = draw(numbers(-(2**63), 2**63 - 1)), draw(numbers(-(2**63), 2**63 - 1))
    return list(keys.items())


@st.composite
def resources(draw: st.DrawFn) -> Lines:
    """Memory, processors and firmware."""
    processors = draw(st.integers(1, 16))
    keys = {"memsize": str(4 * draw(st.integers(1, 4096))), "numvcpus": str(processors)}
    keys.update(draw(st.fixed_dictionaries({}, optional={"sched.mem.max": numbers(-1, 20000)})))
    keys.update(draw(st.fixed_dictionaries({}, optional={"sched.mem.minsize": numbers(-1, 20000)})))
    if draw(st.booleans()):
        keys["cpuid.coresPerSocket"] = str(draw(st.integers(1, processors)))
    if draw(st.booleans()):
        keys["sched.cpu.shares"] = draw(st.sampled_from(("low", "normal", "HIGH", "0", "4223", "2000")))
    if draw(st.booleans()):
        cpus = draw(st.lists(st.integers(0, 63), min_size=processors, max_size=processors, unique=True))
        keys["sched.cpu.affinity"] = draw(st.sampled_from(("all", ",".join(map(str, cpus)))))
    if draw(st.booleans()):
        keys["firmware"] = draw(st.sampled_from(("efi", "bios")))
    for key, values in (
        ("uefi.secureBoot.enabled", BOOLEANS),
        ("smbios.reflecthost", BOOLEANS),
        ("nvram", WORDS.map(lambda word: f"{word}.nvram")),
        ("vtpm.present", BOOLEANS),
        ("svga.vramSize", numbers(1, 2**28)),
    ):
        if draw(st.booleans()):
            keys[key] = draw(values)
    return list(keys.items())


HARD_DISK = st.fixed_dictionaries({"fileName": FILES}, optional={"writeThrough": BOOLEANS})
MODES = some(mode=st.sampled_from(("persistent", "independent-persistent", "independent-nonpersistent")))
DRIVE = st.one_of(
    st.fixed_dictionaries({"fileName": IMAGES, "deviceType": st.just("cdrom-image")}),
    st.fixed_dictionaries({"fileName": st.just("emptyBackingString"), "deviceType": st.just("cdrom-image")}),
    st.fixed_dictionaries({"fileName": st.just("auto detect"), "deviceType": st.just("atapi-cdrom")}),
    st.fixed_dictionaries({"fileName": st.just("/dev/cdrom"), "deviceType": st.just("atapi-cdrom")}),
    st.fixed_dictionaries({"deviceType": st.just("atapi-cdrom")}),
    st.fixed_dictionaries({"fileName": st.just("/vmfs/devices/cdrom/mpx"), "deviceType": st.just("cdrom-raw")}),
)


@st.composite
def disks(draw: st.DrawFn, bus: str, controllers: int, units: int, wide: bool) -> Lines:
    """The disks on a bus, and its controllers."""
    lines: list[tuple[str, str]] = []
    for controller in draw(st.sets(st.integers(0, controllers - 1), max_size=2)):
        name = f"{bus}{controller}"
        if bus in ("scsi", "sata", "nvme"):
            model = some(virtualDev=st.sampled_from(("lsilogic", "lsisas1068", "pvscsi", "BusLogic")))
            lines += draw(section(name, model if bus == "scsi" else some(pciSlotNumber=numbers(16, 1216))))
        slots = st.integers(0, 64 if bus == "scsi" and wide else units - 1).filter(
            lambda unit: unit != 7 or bus != "scsi"
        )
        for unit in draw(st.sets(slots, max_size=3)):
            disk = HARD_DISK if bus == "nvme" else HARD_DISK | DRIVE
            keys = {**draw(disk), **draw(some(redo=st.just(""), startConnected=BOOLEANS))}
            if keys["fileName" if "fileName" in keys else "deviceType"].endswith(".vmdk"):
                keys.update(draw(MODES))
            lines += draw(section(f"{name}:{unit}", st.just(keys)))
    return lines


FLOPPY = st.one_of(
    st.fixed_dictionaries({"fileType": st.just("file"), "fileName": WORDS.map(lambda word: f"{word}.flp")}),
    st.fixed_dictionaries({"fileType": st.just("device"), "fileName": st.just("/dev/fd0")}),
    st.fixed_dictionaries({"fileType": st.just("device")}),
)
MACS = st.tuples(st.sampled_from(("00:0c:29", "00:50:56", "52:54:00", "00:0C:29")), st.integers(0, 2**24 - 1)).map(
    lambda parts: f"{parts[0]}:{parts[1] >> 16:02x}:{parts[1] >> 8 & 255:02x}:{parts[1] & 255:02x}"
)
ADDRESS = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"addressType": st.sampled_from(("generated", "vpx")), "generatedAddress": MACS}),
    st.fixed_dictionaries({"addressType": st.just("static"), "address": MACS}, optional={"checkMACAddress": BOOLEANS}),
    st.fixed_dictionaries({"addressType": st.just("vpx"), "address": MACS}),
    st.fixed_dictionaries({"addressType": st.just("generated")}),
)
# The names of networks that libvirt's schema has in mind.
USUAL_NETWORKS = st.text(st.sampled_from("abcXYZ019_.-:/ "), max_size=12)


def network(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    """What a card is connected to."""
    return st.one_of(
        st.just({}),
        st.fixed_dictionaries({"networkName": names}),
        st.fixed_dictionaries({"networkName": names, "connectionType": st.just("bridged")}),
        st.fixed_dictionaries({"connectionType": st.sampled_from(("nat", "hostonly"))}),
        st.fixed_dictionaries({"networkName": names, "connectionType": st.just("custom"), "vnet": st.just("vmnet7")}),
        st.fixed_dictionaries(
            {"dvs.switchId": SPACED_UUIDS},
            optional={"dvs.portId": numbers(0, 99), "dvs.portgroupId": WORDS, "dvs.connectionId": numbers(0, 2**31)},
        ),
    )


CARD = some(
    virtualDev=st.sampled_from(("vlance", "vmxnet", "vmxnet3", "e1000", "e1000e")),
    wakeOnPcktRcv=BOOLEANS,
    pciSlotNumber=numbers(-1, 300),
)
SERIAL = st.one_of(
    st.fixed_dictionaries({"fileType": st.just("file"), "fileName": WORDS}),
    st.fixed_dictionaries({"fileType": st.just("device"), "fileName": st.just("/dev/ttyS0")}),
    st.fixed_dictionaries({"fileType": st.just("pipe"), "fileName": WORDS, "pipe.endPoint": st.just("server")}),
    st.fixed_dictionaries(
        {
            "fileType": st.just("network"),
            "fileName": st.sampled_from(("telnet://:4001", "tcp://h:1", "tcp://[::1]:22", "ssl://a.b:1", "")),
        },
        optional={"network.endPoint": st.sampled_from(("client", "server"))},
    ),
)


@st.composite
def devices(draw: st.DrawFn, wide: bool, networks: st.SearchStrategy[str]) -> Lines:
    """Everything that is plugged in."""
    lines: list[tuple[str, str]] = []
    for bus, controllers, units in (("scsi", 4, 16), ("sata", 4, 30), ("ide", 2, 2), ("nvme", 4, 15)):
        lines += draw(disks(bus, controllers, units, wide))
    for name in draw(st.sets(st.sampled_from(("floppy0", "floppy1")))):
        lines += draw(section(name, FLOPPY))
    for number in draw(st.sets(st.integers(0, 9), max_size=3)):
        parts = st.tuples(ADDRESS, network(networks), CARD).map(lambda parts: {**parts[0], **parts[1], **parts[2]})
        lines += draw(section(f"ethernet{number}", parts))
    for number in draw(st.sets(st.integers(0, 3), max_size=2)):
        lines += draw(section(f"serial{number}", SERIAL))
    if draw(st.booleans()):
        lines += draw(section("parallel0", st.just({"fileType": "device", "fileName": "/dev/parport0"})))
    if draw(st.booleans()):
        vnc = some(port=numbers(-1, 6000), ip=st.just("192.0.2.1"), keymap=st.just("de"), password=WORDS)
        lines += [("RemoteDisplay.vnc.enabled", "true")]
        lines += [(f"RemoteDisplay.vnc.{key}", value) for key, value in draw(vnc).items()]
    return lines


UNKNOWN = st.lists(
    st.tuples(
        st.sampled_from(("tools.syncTime", "pciBridge0.present", "guestinfo.a*b-c", "sched.swap.x", "A.b")), PLAIN
    ),
    max_size=3,
)
BETWEEN = st.sampled_from(("", "", "", "\n", "# a note\n", "  # ein Häkchen\n", "#!/usr/bin/vmware\n"))


@st.composite
def vmx_files(draw: st.DrawFn, networks: st.SearchStrategy[str] = WORDS) -> str:
    """A VMX file that the dialect esx can read.

    :param networks: the names of networks.
    """
    hardware = draw(st.sampled_from(HARDWARE))
    lines = [("config.version", "8"), ("virtualHW.version", hardware)]
    lines += draw(identities())
    lines += draw(resources())
    lines += draw(devices(int(hardware) >= 13, networks))
    lines += draw(UNKNOWN)
    if draw(st.booleans()):
        lines.insert(0, (".encoding", "UTF-8"))
    if draw(st.booleans()):
        lines = draw(st.permutations(lines))
    spelled = draw(st.sampled_from((str, str.lower, str.upper, str)))
    end = draw(st.sampled_from(("\n", "\n", "\r\n")))
    sign = draw(st.sampled_from((" = ", "=", "\t=  ")))
    return "".join(f'{draw(BETWEEN)}{spelled(key)}{sign}"{value}"{end}' for key, value in lines)
