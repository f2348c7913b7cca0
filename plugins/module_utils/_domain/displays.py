# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graphics and video in domain XML: the VNC server of a domain and its graphics card.

::

    <graphics type='vnc' port='5901' autoport='no' listen='0.0.0.0' keymap='de' passwd='secret'>
      <listen type='address' address='0.0.0.0'/>
    </graphics>
    <video>
      <model type='vmvga' vram='8192' primary='yes'/>
    </video>
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import optional, yes_no
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Graphics, Keys, Video
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import write_of_video
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    INT_MAX,
    UINT_MAX,
    choice_attr,
    error_at,
    int_attr,
    required_attr,
)
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

_GRAPHICS = ("vnc", "sdl", "rdp", "desktop", "spice", "egl-headless", "dbus")
_LISTENS = ("address", "network", "none", "socket")
_VIDEOS = (
    "vmvga",
    "vga",
    "cirrus",
    "xen",
    "vbox",
    "qxl",
    "parallels",
    "virtio",
    "gop",
    "none",
    "bochs",
    "ramfb",
)
_DEFAULT_VRAM_KIB = 4096
_MAX_VRAM_KIB = 2**31


def vram_kib(size: int | None) -> int:
    """The video memory that libvirt makes of a size in KiB: a power of two, by default 4 MiB (F14, P62)."""
    if not size or size < 0 or size > _MAX_VRAM_KIB:
        return _DEFAULT_VRAM_KIB
    return 1 << (size - 1).bit_length()


def read_graphics(element: Element) -> Graphics:
    """One ``<graphics>`` (F30 to F32).

    :raises ParseError: where libvirt's parser refuses it.
    """
    required_attr(element, "type")
    kind = choice_attr(element, "type", _GRAPHICS) or "vnc"
    port = int_attr(element, "port", -INT_MAX - 1, INT_MAX)
    automatic = {"yes": True, "no": False}.get(element.get("autoport") or "", port in (None, -1))
    return Graphics(
        type=kind,
        port=None if automatic else 0 if port in (None, -1) else port,
        autoport=automatic,
        listen=_listen(element),
        keymap=element.get("keymap"),
        password=element.get("passwd"),
        line=element.sourceline,
    )


def _listen(element: Element) -> str | None:
    """The address of the first listen, given as an attribute, as a child or as both."""
    if element.get("socket") is not None:
        return None
    short = element.get("listen") or None
    listens = list(element.iterchildren("listen"))
    for listen in listens:
        _check_listen(listen)
    if not listens:
        return short
    if listens[0].get("type") != "address":
        return None
    address = listens[0].get("address")
    if short is not None and address not in (None, short):
        raise error_at(element, f"listen='{short}' is not the address='{address}' of the first <listen>")
    return short or address or None


def _check_listen(listen: Element) -> None:
    required_attr(listen, "type")
    if choice_attr(listen, "type", _LISTENS) == "network":
        required_attr(listen, "network")


def write_graphics(graphics: Graphics, forms: XmlForms, secure: bool) -> str:
    """The lines of one graphics device (P22 to P24).

    :param secure: write the password.
    """
    exact = forms.exact
    port = f" port='{-1 if graphics.autoport else graphics.port}'" if graphics.autoport or graphics.port else ""
    password = graphics.password if secure else None
    return "".join(
        (
            f"    <graphics type='{graphics.type}'{port} autoport='{yes_no(graphics.autoport)}'",
            optional("listen", graphics.listen, exact),
            optional("keymap", graphics.keymap, exact),
            optional("passwd", password, exact),
            f">\n      <listen type='address'{optional('address', graphics.listen, exact)}/>\n    </graphics>\n",
        )
    )


def read_video(element: Element) -> Video:
    """One ``<video>`` (F14, F33).

    :raises ParseError: where libvirt's parser refuses it.
    """
    model = child(element, "model")
    if model is None:
        return Video(vram_kib=vram_kib(None), line=element.sourceline)
    kind = choice_attr(model, "type", ("", *_VIDEOS)) or "vmvga"
    if kind != "qxl":
        _check_without_qxl(model)
    heads = int_attr(model, "heads", 0, UINT_MAX)
    vram = vram_kib(int_attr(model, "vram", 0, UINT_MAX))
    return Video(kind, vram, 1 if heads is None else heads, element.sourceline)


def _check_without_qxl(model: Element) -> None:
    for attribute in ("ram", "vram64", "vgamem"):
        if model.get(attribute) is not None:
            raise error_at(model, f"The attribute '{attribute}' is for type='qxl' only")


def write_video(video: Video, switches: Keys = ()) -> str:
    """The lines of one graphics card (P61)."""
    inside = write_of_video(switches)
    end = f">\n{inside}      </model>\n" if inside else "/>\n"
    return (
        f"    <video>\n      <model type='{video.type}' vram='{vram_kib(video.vram_kib)}' primary='yes'{end}"
        f"    </video>\n"
    )
