# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's XML of a host (its capabilities) and of a host's network card."""

from __future__ import annotations

from xml.sax.saxutils import escape

_GUEST = """
  <guest>
    <os_type>hvm</os_type>
    <arch name='{arch}'>
      <wordsize>{bits}</wordsize>
      <domain type='vmware'/>
    </arch>
  </guest>
"""

_NO_UUID = "00000000-0000-0000-0000-000000000000"


def write_capabilities(*, uuid: str | None, is_64_bit: bool) -> str:
    """Return the capabilities of a host, as ``virsh capabilities`` prints them."""
    arch = "x86_64" if is_64_bit else "i686"
    guests = _GUEST.format(arch="i686", bits=32) + (_GUEST.format(arch="x86_64", bits=64) if is_64_bit else "")
    return f"""<capabilities>

  <host>
    <uuid>{uuid or _NO_UUID}</uuid>
    <cpu>
      <arch>{arch}</arch>
    </cpu>
    <power_management/>
    <iommu support='no'/>
    <migration_features>
      <live/>
      <uri_transports>
        <uri_transport>vpxmigr</uri_transport>
      </uri_transports>
    </migration_features>
  </host>
{guests}
</capabilities>
"""


def write_interface(
    *, name: str, mac: str, address: str | None = None, prefix: int | None = None, dhcp: bool = False
) -> str:
    """Return libvirt's XML of a network card of a host, as ``virsh iface-dumpxml`` would print it.

    :param address: its IPv4 address, None if it has none.
    :param prefix: the number of bits of the network, with an address.
    """
    lines = [
        f"<interface type='ethernet' name='{escape(name)}'>",
        "  <start mode='onboot'/>",
        f"  <mac address='{mac}'/>",
    ]
    if dhcp or address is not None:
        lines.append("  <protocol family='ipv4'>")
        if dhcp:
            lines.append("    <dhcp/>")
        if address is not None:
            lines.append(f"    <ip address='{address}' prefix='{prefix}'/>")
        lines.append("  </protocol>")
    return "".join(f"{line}\n" for line in [*lines, "</interface>"])
