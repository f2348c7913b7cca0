# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialects: the one place where behaviour forks.

``libvirt`` is what libvirt 11.3.0 does, defects included. ``esx`` is the same with its defects repaired, each repair
one flag. ``classic`` is what libvirt 0.7.6 wrote. All three read each other's forms.

Every flag says in its metadata which defect or rule it is about and what it changes; the table of repairs in the
documentation is made of these lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError


def _repair(rules: str, what: str) -> dict[str, str]:
    """Of a flag of ``esx``: the defects of libvirt that it repairs, and what is done instead."""
    return {"rules": rules, "what": what}


def _form(rules: str, what: str) -> dict[str, str]:
    """Of a flag of ``classic``: a form of libvirt 0.7.6."""
    return {"rules": rules, "what": what, "dialect": "classic"}


@dataclass(frozen=True)
class Dialect:
    """How VMX is read and written; see ``DIALECTS``."""

    name: str
    hw_version: int  # the virtual hardware version to write where nobody says which
    xml: XmlForms  # its forms on the XML side

    escapes: bool = field(
        default=False,
        metadata=_repair(
            "G1 G2 G3",
            "Every value is escaped when it is written and decoded when it is read; "
            "no value can break out of its line.",
        ),
    )
    strict_text: bool = field(
        default=False,
        metadata=_repair(
            "G15 G16 L8 L10",
            "A file with an undecodable or a zero byte is refused, never read in part; a byte order mark is skipped.",
        ),
    )
    lax_syntax: bool = field(
        default=False,
        metadata=_repair(
            "L4 L5 L7 L12 L16",
            "A file is read as VMware reads it: names can have any characters but spaces, '=' and '#', and values can "
            "be without quotes or missing; a line that is not a statement is kept with base, and otherwise reported.",
        ),
    )
    codecs_of_vmware: bool = field(
        default=False,
        metadata=_repair("L33", "The names of encodings have VMware's meaning: Shift_JIS is Windows' code page 932."),
    )
    tolerant: bool = field(
        default=False,
        metadata=_repair(
            "G28 P27 P40 P51 P57",
            "A setting or device that cannot be understood is reported and left out; the rest is converted. Only the "
            "versions and the size of the memory have to be right.",
        ),
    )
    strict_numbers: bool = field(
        default=False, metadata=_repair("G26 P14", "A number that is out of range is refused, never cut to fewer bits.")
    )
    address_is_slot: bool = field(
        default=False,
        metadata=_repair(
            "G4 G5 G6 N5 N6 P28",
            "Disk addresses are the slots of the VMX, up to 64 units on a SCSI controller from hardware version 13 on; "
            "target names never collide; all controllers of the VMX are listed, with or without disks.",
        ),
    )
    writes_sata_nvme: bool = field(
        default=False, metadata=_repair("F37 N7", "SATA and NVMe disks are written, and NVMe disks are read.")
    )
    any_mac_check: bool = field(
        default=False, metadata=_repair("G7", "checkMACAddress is understood in upper and lower case.")
    )
    states_mac_check: bool = field(
        default=False,
        metadata=_repair("P53 F63", "A missing checkMACAddress is read as ESX does: a foreign address is checked."),
    )
    either_mac_key: bool = field(
        default=False,
        metadata=_repair(
            "P51 S7",
            "The MAC address is found under either key, generatedAddress or address, whatever the addressType.",
        ),
    )
    drops_empty: bool = field(
        default=False, metadata=_repair("P7 P24 F22", "An empty annotation or VNC address is left out.")
    )
    keep_missing_ids: bool = field(
        default=False,
        metadata=_repair(
            "G25 F3 F11",
            "A missing UUID or MAC address stays missing, and the host makes one; nothing is invented.",
        ),
    )
    driver_name_on_scsi: bool = field(
        default=False,
        metadata=_repair(
            "G8",
            "The controller model in a disk's <driver name=''/> goes to the SCSI controller of that disk, to no other.",
        ),
    )
    keeps_guest_os: bool = field(
        default=False, metadata=_repair("G9", "The value of guestOS is kept, in libosinfo's metadata element.")
    )
    true_architecture: bool = field(
        default=False,
        metadata=_repair(
            "P15",
            "The architecture is the guest's: aarch64 for Arm, x86_64 for vmkernel and 64-bit identifiers of the API.",
        ),
    )
    keeps_nvram: bool = field(default=False, metadata=_repair("G10 N3", "The nvram file is kept."))
    writes_genid: bool = field(default=False, metadata=_repair("P6 G10", "vm.genid is written too."))
    any_firmware: bool = field(
        default=False, metadata=_repair("G20 P17", 'firmware = "bios" is read and written, in upper and lower case.')
    )
    writes_secure_boot: bool = field(default=False, metadata=_repair("G21", "Secure boot is written."))
    has_tpm: bool = field(default=False, metadata=_repair("N8 N9", "A virtual TPM is read and written."))
    even_topology: bool = field(
        default=False,
        metadata=_repair(
            "G31 F27",
            "Cores per socket that do not divide the number of processors are not written as a topology; "
            "the mode of a <cpu>, and a <cpu> without a topology, have no effect.",
        ),
    )
    any_affinity: bool = field(
        default=False, metadata=_repair("P13 F28", "An affinity to fewer processors than the domain has is kept.")
    )
    always_named: bool = field(
        default=False,
        metadata=_repair("P4 F2", "A VMX without a displayName gets the name of its files; a name has no line ends."),
    )
    raw_and_passthrough_disks: bool = field(
        default=False,
        metadata=_repair(
            "G28 P40 P41",
            "Raw device mappings, passthrough disks, any CD-ROM image, and floppies without fileType "
            "are read and written.",
        ),
    )
    keeps_disk_modes: bool = field(
        default=False,
        metadata=_repair(
            "P42 P29b G10",
            "Modes of disks, multi-writer disks, shared buses and the types of raw device mappings are kept: as "
            "snapshot='no' and <shareable/>, else in the metadata.",
        ),
    )
    keep_empty_drive_kind: bool = field(
        default=False,
        metadata=_repair(
            "G14 G29 F48",
            "An empty CD-ROM or floppy drive keeps its kind, and is never written as '(null)'.",
        ),
    )
    ide_cache: bool = field(default=False, metadata=_repair("F50", "writeThrough is written for disks on every bus."))
    vram_in_64k_steps: bool = field(
        default=False,
        metadata=_repair("P62 F33", "Video memory is read in the steps of 64 KiB in which it is written."),
    )
    hostonly: bool = field(
        default=False, metadata=_repair("G28 P57", "hostonly interfaces are read and written, as network 'hostonly'.")
    )
    any_model: bool = field(
        default=False,
        metadata=_repair(
            "P54 F58",
            "A card model of VMware's that libvirt does not know keeps its name; any other is refused.",
        ),
    )
    lenient_ethernet: bool = field(
        default=False, metadata=_repair("G30 L18", "Keys that begin with ethernet and have no index are ignored.")
    )
    any_interfaces: bool = field(
        default=False, metadata=_repair("F56 P50", "How many interfaces a domain may have is left to the host.")
    )
    plain_portgroup: bool = field(
        default=False, metadata=_repair("G22", "dvs.portgroupId is not XML-escaped inside the VMX.")
    )
    null_ports: bool = field(
        default=False,
        metadata=_repair(
            "G13 G23 P63 P68 P71",
            "Serial and parallel ports without a usable back end are read and written as type null; a parallel port "
            "without fileType is a device's, as a serial one is.",
        ),
    )
    ipv6_brackets: bool = field(
        default=False, metadata=_repair("G24", "The IPv6 address of a network serial port keeps its brackets.")
    )
    relative_paths: bool = field(
        default=False,
        metadata=_repair(
            "N10 D5", "File names in sub-directories, and absolute Windows paths of hosted products, are understood."
        ),
    )

    boot_order: bool = field(
        default=False,
        metadata=_repair("", "The boot order of a BIOS, and the delay before it, are read and written."),
    )
    link_state: bool = field(
        default=False,
        metadata=_repair(
            "", "A card that is not connected when the domain starts is read and written as link state 'down'."
        ),
    )
    clock: bool = field(
        default=False,
        metadata=_repair("", "A clock that does not show UTC is read and written."),
    )
    usb_and_sound: bool = field(
        default=False,
        metadata=_repair("", "USB controllers and the sound card are read and written."),
    )
    passthrough: bool = field(
        default=False,
        metadata=_repair("", "PCI devices of the host that are passed through are read and written."),
    )
    memory_lock: bool = field(
        default=False,
        metadata=_repair("", "Memory that is pinned in the host is read and written, as <locked/>."),
    )
    switches: bool = field(
        default=False,
        metadata=_repair(
            "",
            "HPET, performance counters, a hidden hypervisor, 1 GiB pages, page sharing, NUMA nodes, another try to "
            "start, 3D graphics and the resolution are read and written.",
        ),
    )
    either_guarantee: bool = field(
        default=False,
        metadata=_repair(
            "P10",
            "Guaranteed memory is read under either key, sched.mem.minsize or sched.mem.min, and written under both.",
        ),
    )
    hardware_needs: bool = field(
        default=False,
        metadata=_repair(
            "N7 N9",
            "A device that the virtual hardware version does not support is refused, and the error names the required "
            "version; by default, the version is the one that the domain's devices require.",
        ),
    )
    reports: bool = field(
        default=False,
        metadata=_repair(
            "F64 F74",
            "Elements and attributes without effect are reported, or refused if a network, a disk or another device "
            "would be a different one without them; those that libvirt's schema does not know are refused.",
        ),
    )

    libvirt_0_7_6: bool = field(
        default=False,
        metadata=_form(
            "S11 S12 S13 S19",
            "No .encoding, no lines for absent floppies, MAC addresses in upper case, processors 1 or an even number.",
        ),
    )


_FIRST_MANUAL = XmlForms(
    memory_unit=False, placement=False, tuning=False, slots=False, mac_details=False, video=False, clusters=False
)


def _repaired() -> Dialect:
    flags = {flag.name: True for flag in fields(Dialect) if flag.metadata and not flag.metadata.get("dialect")}
    forms = XmlForms(clusters=False, moref=False, bare_vds=False, more=True, exact=True, reports=True, sata_units=30)
    return Dialect(name="esx", hw_version=13, xml=forms, **flags)


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        _repaired(),
        Dialect(name="libvirt", hw_version=4, xml=XmlForms()),
        Dialect(name="classic", hw_version=4, xml=_FIRST_MANUAL, libvirt_0_7_6=True, either_mac_key=True),
    )
}


def dialect_named(name: str) -> Dialect:
    """The dialect of that name.

    :raises EsxError: where there is none.
    """
    try:
        return DIALECTS[name]
    except (KeyError, TypeError):
        known = ", ".join(f"'{word}'" for word in DIALECTS)
        raise EsxError(f"There is no dialect {name!r}; expected one of {known}.") from None
