# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote display and graphics card (P21 to P25, P61, P62, F30 to F33).

::

    RemoteDisplay.vnc.enabled = "true"
    RemoteDisplay.vnc.port = "5901"
    RemoteDisplay.vnc.ip = "0.0.0.0"
    RemoteDisplay.vnc.keymap = "de"
    RemoteDisplay.vnc.password = "secret"
    svga.vramSize = "8388608"
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.displays import vram_kib
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Graphics, Video
from ansible_collections.virt.esx.plugins.module_utils._domain.values import round_up
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import YES, Entry, WriteContext, error_at

_VNC = "RemoteDisplay.vnc."
_VRAM_STEP_KIB = 64


def read_graphics(context: ReadContext) -> tuple[Graphics, ...]:
    """VNC, if it is enabled; a missing or negative port is the host's to choose."""
    vmx = context.vmx
    if not vmx.boolean(_VNC + "enabled"):
        return ()
    port = context.count(_VNC + "port", -1)
    listen = vmx.get(_VNC + "ip")
    return (
        Graphics(
            port=None if port < 0 else _narrowed(port),
            autoport=port < 0,
            listen=(listen or None) if context.dialect.drops_empty else listen,
            keymap=vmx.get(_VNC + "keymap"),
            password=vmx.get(_VNC + "password"),
        ),
    )


def read_video(context: ReadContext) -> tuple[Video, ...]:
    """There is always one card; its memory is a power of two (P62)."""
    size = context.vmx.integer("svga.vramSize", 0)
    stated = vram_kib(round_up(size, 1024) // 1024 & 0xFFFFFFFF)
    return (Video(vram_kib=round_up(stated, _VRAM_STEP_KIB) if context.dialect.vram_in_64k_steps else stated),)


def _narrowed(number: int) -> int:
    """A number as a C int holds it (L26)."""
    return (number + (1 << 31)) % (1 << 32) - (1 << 31)


def write_graphics(domain: Domain, context: WriteContext) -> list[Entry]:
    """VNC, and no other kind (F30 to F32); a domain has one server."""
    lines: list[Entry] = []
    if len(domain.graphics) > 1 and context.dialect.reports:
        raise error_at(domain.graphics[1], "only one is supported; a domain of VMware has one VNC server")
    for graphics in domain.graphics:
        if graphics.type != "vnc":
            raise error_at(graphics, f"type='{graphics.type}' is not supported, only 'vnc'")
        lines += _vnc_lines(graphics)
    return lines


def _vnc_lines(graphics: Graphics) -> list[Entry]:
    values = (
        ("enabled", YES),
        ("port", None if graphics.autoport else str(graphics.port or 0)),
        ("ip", graphics.listen),
        ("keymap", graphics.keymap),
        ("password", graphics.password),
    )
    return [(_VNC + key, value) for key, value in values if value is not None]


def write_video(domain: Domain, _writing: WriteContext) -> list[Entry]:
    """The size of video memory; with graphics and no card there is a default one (F14, F33)."""
    videos = domain.videos or ((Video(),) if domain.graphics else ())
    if not videos:
        return []
    video = videos[-1]
    if len(videos) > 1:
        raise error_at(video, "only one card is supported")
    if video.type != "vmvga":
        raise error_at(video, f"type='{video.type}' is not supported, only 'vmvga'")
    if video.heads > 1:
        raise error_at(video, f"heads='{video.heads}' is not supported, only 1")
    return [("svga.vramSize", str(round_up(vram_kib(video.vram_kib), _VRAM_STEP_KIB) * 1024))]
