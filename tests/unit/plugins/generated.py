# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMX files and domain XML as hosts and users have them, made up: every form that the converters know, combined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

Lines = Sequence[tuple[str, str]]

HARDWARE = ("4", "7", "8", "10", "13", "19", "21")
BOOLEANS = st.sampled_from(("true", "false", "TRUE", "FALSE", "True"))
# No quotes, no line ends, no control characters, and no introducer of an escape that is none.
PLAIN = st.text(st.characters(codec="utf-8", min_codepoint=32, max_codepoint=0x2FF, exclude_characters='"|%\x7f'))
WORDS = st.text(st.sampled_from("abcXYZ019-_ .äß&<>'"), min_size=1, max_size=12).map(str.strip).filter(bool)
ESCAPED = st.lists(PLAIN | st.sampled_from(("|22", "|0A", "|7c", "|25", "|c3|a4", "|09")), max_size=4).map("".join)
UUIDS = st.uuids().map(str)
SPACED_UUIDS = UUIDS.map(lambda uuid: bytes.fromhex(uuid.replace("-", "")).hex(" ")).map(
    lambda pairs: f"{pairs[:23]}-{pairs[24:]}"
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
    if keys.get("firmware") != "efi":
        keys.pop("vtpm.present", None)  # VMware starts no TPM beside a BIOS
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
ADDRESS: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"addressType": st.sampled_from(("generated", "vpx")), "generatedAddress": MACS}),
    st.fixed_dictionaries({"addressType": st.just("static"), "address": MACS}, optional={"checkMACAddress": BOOLEANS}),
    st.fixed_dictionaries({"addressType": st.just("vpx"), "address": MACS}),
    st.fixed_dictionaries({"addressType": st.just("generated")}),
)
# The names of networks that libvirt's schema has in mind.
USUAL_NETWORKS = st.text(st.sampled_from("abcXYZ019_.-:/ "), max_size=12)


def network(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    """The network of a card."""
    return st.one_of(
        st.just({}),
        st.fixed_dictionaries({"networkName": names}),
        st.fixed_dictionaries({"networkName": names, "connectionType": st.just("bridged")}),
        st.fixed_dictionaries({"connectionType": st.sampled_from(("nat", "hostonly"))}),
        st.fixed_dictionaries({"networkName": names, "connectionType": st.just("custom"), "vnet": st.just("vmnet7")}),
        st.fixed_dictionaries(
            {"dvs.switchId": SPACED_UUIDS},
            optional={
                "dvs.portId": numbers(0, 99),
                "dvs.portgroupId": WORDS,
                "dvs.connectionId": numbers(0, 2**31 - 1),
            },
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
SPELLINGS: tuple[Callable[[str], str], ...] = (str, str.lower, str.upper, str)
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
    spelled = draw(st.sampled_from(SPELLINGS))
    end = draw(st.sampled_from(("\n", "\n", "\r\n")))
    sign = draw(st.sampled_from((" = ", "=", "\t=  ")))
    return "".join(f'{draw(BETWEEN)}{spelled(key)}{sign}"{value}"{end}' for key, value in lines)


def element(tag: str, inside: str = "", **attributes: str | None) -> str:
    """An element; attributes that are None are left out."""
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if value is not None)
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


@st.composite
def xml_disks(draw: st.DrawFn) -> str:
    """Disks as one writes them by hand, mostly without addresses."""
    found = []
    names = st.sampled_from(("sda", "sdb", "sdo", "sdp", "hda", "hdc", "hdd", "fda", "fdb"))
    for name in draw(st.lists(names, unique=True, max_size=5)):
        bus = {"s": "scsi", "h": "ide", "f": "fdc"}[name[0]]
        device = "floppy" if bus == "fdc" else draw(st.sampled_from(("disk", "disk", "cdrom")))
        kind = {"floppy": ".flp", "disk": ".vmdk", "cdrom": ".iso"}[device]
        path = f"[{draw(WORDS)}] {draw(WORDS)}{kind}" if device == "disk" or draw(st.booleans()) else None
        parts = element("source", file=path) if path else ""
        parts += element("target", dev=name, bus=draw(st.sampled_from((bus, None))))
        if device == "disk" and draw(st.booleans()):
            parts += draw(
                st.sampled_from(("<transient/>", "<driver name='vmpvscsi'/>", "<driver cache='writethrough'/>"))
            )
        found.append(element("disk", parts, type="file", device=device))
    return "".join(found)


@st.composite
def xml_cards(draw: st.DrawFn) -> str:
    """Network cards as one writes them by hand, with and without addresses."""
    found = []
    for _card in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(("bridge", "user", "null", "network")))
        parts = element("source", bridge=draw(WORDS)) if kind == "bridge" else ""
        parts += element("source", network="hostonly") if kind == "network" else ""
        if draw(st.booleans()):
            sort, check = (
                draw(st.sampled_from((None, "generated", "static"))),
                draw(st.sampled_from((None, "yes", "no"))),
            )
            parts += element("mac", address=draw(MACS), type=sort, check=check)
        if draw(st.booleans()):
            parts += element("model", type=draw(st.sampled_from(("vmxnet3", "E1000", "vmxnet2"))))
        found.append(element("interface", parts, type=kind))
    return "".join(found)


@st.composite
def xml_domains(draw: st.DrawFn) -> str:
    """A domain as one writes it by hand."""
    inside = element("name", escape(draw(WORDS)))
    inside += element("uuid", draw(UUIDS)) if draw(st.booleans()) else ""
    inside += element("memory", str(draw(st.integers(1, 4096))), unit=draw(st.sampled_from(("MiB", "GiB", "MB"))))
    inside += element("vcpu", str(draw(st.integers(1, 8)))) if draw(st.booleans()) else ""
    inside += element("description", escape(draw(PLAIN))) if draw(st.booleans()) else ""
    firmware = draw(st.sampled_from((None, "efi", "bios")))
    inside += element(
        "os", element("type", "hvm", arch=draw(st.sampled_from((None, "x86_64", "i686")))), firmware=firmware
    )
    devices = draw(xml_disks()) + draw(xml_cards()) + draw(XML_DEVICES)
    if firmware == "efi" and draw(st.booleans()):
        devices += "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
    inside += element("devices", devices)
    return element("domain", inside, type="vmware")


XML_DEVICES = st.lists(
    st.sampled_from(
        (
            "<controller type='scsi' index='0' model='vmpvscsi'/>",
            "<graphics type='vnc' port='5901' passwd='x'/>",
            "<serial type='file'><source path='/a'/></serial>",
            "<serial type='tcp'><source mode='bind' host='' service='1'/><protocol type='telnet'/></serial>",
            "<parallel type='dev'><source path='/dev/parport0'/></parallel>",
            "<video/>",
            "<sound model='ich9'/>",
            "<controller type='usb' index='0' model='qemu-xhci'/>",
            "<input type='mouse' bus='ps2'/>",
            "<filesystem><source dir='/a'/><target dir='b'/></filesystem>",
        )
    ),
    unique=True,
    max_size=4,
).map("".join)
