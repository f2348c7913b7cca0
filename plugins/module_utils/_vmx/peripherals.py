# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""USB controllers and the sound card.

::

    usb.present = "TRUE"
    ehci.present = "TRUE"
    usb_xhci.present = "TRUE"
    sound.present = "TRUE"
    sound.virtualDev = "hdaudio"
    sound.fileName = "-1"
    sound.autodetect = "TRUE"
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller, Domain, Sound
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import YES, Entry, WriteContext

# Kind of USB controller in VMX -> libvirt's models of it; the first is the one that is read.
USB: dict[str, tuple[str | None, ...]] = {
    "usb": (
        "piix3-uhci",
        *("piix4-uhci", "vt82c686b-uhci", "pci-ohci", "ich9-uhci1", "ich9-uhci2", "ich9-uhci3", None),
    ),
    "ehci": ("ehci", "ich9-ehci1"),
    "usb_xhci": ("qemu-xhci", "nec-xhci"),
}
_KIND_OF = {model: kind for kind, models in USB.items() for model in models}
_NONE = "none"  # libvirt's model of a domain without USB

# virtualDev of a sound card -> libvirt's models of it; the first is the one that is read.
_SOUNDS = {"es1371": ("es1370",), "hdaudio": ("ich6", "ich7", "ich9"), "sb16": ("sb16",)}
_SOUND_OF = {model: word for word, models in _SOUNDS.items() for model in models}
_DEFAULT_SOUND = "es1371"


def read_usb(context: ReadContext) -> tuple[Controller, ...]:
    """The USB controllers that are there; EHCI is there beside UHCI alone."""
    if not context.dialect.usb_and_sound:
        return ()
    kinds = [kind for kind in USB if kind in context.vmx.sections and context.vmx.boolean(f"{kind}.present")]
    if "usb" not in kinds and "ehci" in kinds:
        kinds.remove("ehci")
        context.leave_out("ehci.present", "VMware only has EHCI together with UHCI, and usb.present is not TRUE")
    return tuple([Controller("usb", index, USB[kind][0]) for index, kind in enumerate(kinds)])


def usb_kind(controller: Controller) -> str | None:
    """The word of VMX for a USB controller; None for one that VMX does not have."""
    return _KIND_OF.get(controller.model)


def write_usb(domain: Domain, context: WriteContext) -> list[Entry]:
    """The USB controllers, each kind once, EHCI together with UHCI.

    :raises ParseError: for a model that VMware has not.
    """
    if not context.dialect.usb_and_sound:
        return []
    wanted = [one for one in domain.controllers if one.type == "usb" and one.model != _NONE]
    kinds = {_required_kind(controller) for controller in wanted}
    if "ehci" in kinds:
        kinds.add("usb")
    return [(f"{kind}.present", YES) for kind in USB if kind in kinds]


def _required_kind(controller: Controller) -> str:
    kind = usb_kind(controller)
    if kind is None:
        known = ", ".join(f"'{models[0]}'" for models in USB.values())
        message = f"VMware has no USB controller with model='{controller.model}', expecting one of {known}"
        raise ParseError(message, where="<controller>", line=controller.line)
    return kind


def read_sounds(context: ReadContext) -> tuple[Sound, ...]:
    """The sound card, if there is one."""
    if not context.dialect.usb_and_sound or "sound" not in context.vmx.sections:
        return ()
    if not context.vmx.boolean("sound.present"):
        return ()
    word = context.vmx.word("sound.virtualDev") or _DEFAULT_SOUND
    if word not in _SOUNDS:
        why = f"libvirt has no such sound card; it is read as '{_DEFAULT_SOUND}'"
        context.report.leave_out("sound.virtualDev", why, word=word, line=context.vmx.line("sound.virtualDev"))
        word = _DEFAULT_SOUND
    return (Sound(_SOUNDS[word][0]),)


def write_sounds(domain: Domain, context: WriteContext) -> list[Entry]:
    """The sound card; VMware has one at most, and not of every model."""
    lines: list[Entry] = []
    for sound in domain.sounds if context.dialect.usb_and_sound else ():
        word = _SOUND_OF.get(sound.model)
        where = f"model='{sound.model}'"
        if word is None:
            known = ", ".join(f"'{model}'" for model in _SOUND_OF)
            context.report.leave_out(
                "devices/sound", f"VMware has no such sound card; it has {known}", word=where, line=sound.line
            )
        elif lines:
            context.report.leave_out("devices/sound", "VMware has one sound card", word=where, line=sound.line)
        else:
            lines = [
                ("sound.present", YES),
                ("sound.virtualDev", word),
                ("sound.fileName", "-1"),
                ("sound.autodetect", YES),
            ]
    return lines
