# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``esx_domain`` for parts of a domain and its autostart, in Ansible's form: tables only."""

from __future__ import annotations

from typing import Any

_STATE = {"type": "str", "choices": ["present", "absent"], "default": "present"}

# The options of a module for the parts, in Ansible's form.
PART_OPTIONS: dict[str, dict[str, Any]] = {
    "disks": {
        "target": {"type": "str", "required": True},
        "size": {"type": "str"},
        "clone_of": {"type": "str"},
        "image": {"type": "path"},
        "image_format": {"type": "str", "choices": ["raw", "vmdk", "qcow2", "vhdx", "vpc", "vdi"]},
        "checksum": {"type": "str"},
        "allocation": {"type": "str", "choices": ["thin", "thick", "eager"], "default": "thin"},
        "source": {"type": "str"},
        "bus": {"type": "str", "choices": ["scsi", "sata", "nvme", "ide"]},
        "state": _STATE,
    },
    "cdroms": {
        "target": {"type": "str", "required": True},
        "source": {"type": "str"},
        "bus": {"type": "str", "choices": ["ide", "sata"]},
        "state": _STATE,
    },
    "floppies": {
        "target": {"type": "str", "default": "fda"},
        "source": {"type": "str"},
        "state": _STATE,
    },
    "interfaces": {
        "mac": {"type": "str"},
        "index": {"type": "int"},
        "network": {"type": "str"},
        "model": {"type": "str", "choices": ["vmxnet3", "e1000e", "e1000", "vmxnet2", "vmxnet", "vlance"]},
        "link": {"type": "str", "choices": ["up", "down"]},
        "state": _STATE,
    },
    "serials": {
        "port": {"type": "int", "default": 0},
        "type": {"type": "str", "choices": ["file", "dev", "pipe", "tcp"]},
        "path": {"type": "str"},
        "mode": {"type": "str", "choices": ["bind", "connect"], "default": "bind"},
        "host": {"type": "str"},
        "service": {"type": "str"},
        "protocol": {"type": "str", "choices": ["raw", "telnet", "telnets", "tls"], "default": "raw"},
        "state": _STATE,
    },
    "hostdevs": {
        "address": {"type": "str", "required": True},
        "state": _STATE,
    },
}

SYSTEM_OPTIONS: dict[str, dict[str, Any]] = {
    "guest_os": {"type": "str"},
    "hw_version": {"type": "int"},
    "firmware": {"type": "str", "choices": ["bios", "efi"]},
    "secure_boot": {"type": "bool"},
    "boot": {"type": "list", "elements": "str"},
    "hotplug": {"type": "dict", "options": {"memory": {"type": "bool"}, "vcpus": {"type": "bool"}}},
    "nested_virtualisation": {"type": "bool"},
}

CLOUD_INIT_OPTIONS: dict[str, dict[str, Any]] = {
    "meta_data": {"type": "dict"},
    "user_data": {"type": "raw", "no_log": True},
    "network_config": {"type": "dict"},
    "vendor_data": {"type": "raw", "no_log": True},
}

AUTOSTART_OPTIONS: dict[str, dict[str, Any]] = {
    "start_order": {"type": "int"},
    "start_delay": {"type": "int"},
    "wait_for_heartbeat": {"type": "str", "choices": ["default", "yes", "no"]},
    "stop_delay": {"type": "int"},
    "stop_action": {"type": "str", "choices": ["default", "shutdown", "destroy", "suspend", "none"]},
}

# The conditions of a guest that a task can wait for.
CONDITIONS = ("tools", "heartbeat", "address")

OPTIONS: dict[str, dict[str, Any]] = {
    **{name: {"type": "list", "elements": "dict", "options": options} for name, options in PART_OPTIONS.items()},
    **SYSTEM_OPTIONS,
    "settings": {"type": "dict"},
    "cloud_init": {"type": "dict", "options": CLOUD_INIT_OPTIONS},
    "wait_for": {"type": "list", "elements": "str", "choices": list(CONDITIONS)},
}
