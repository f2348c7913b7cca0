# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module's documentation and its contract say the same, and its examples keep to it."""

from __future__ import annotations

import importlib
import pathlib
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = "ansible_collections.virt.esx.plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("esx_*.py"))

# The keys that both have for an option, and their defaults.
SAID = {"type": "str", "elements": None, "required": False, "default": None, "choices": None, "aliases": None}


def module_named(name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.modules.{name}")


def options_of_fragment(name: str) -> dict[str, Any]:
    """The options of a fragment as a module names it: ``virt.esx._attributes.acting``."""
    file, _dot, variant = name[len("virt.esx.") :].partition(".")
    fragment = importlib.import_module(f"{PACKAGE}.doc_fragments.{file}").ModuleDocFragment
    text = getattr(fragment, variant.upper() or "DOCUMENTATION", "")
    return dict(yaml.safe_load(text or "{}").get("options") or {})


def said(option: dict[str, Any]) -> dict[str, Any]:
    return {key: option.get(key, usual) for key, usual in SAID.items()}


@pytest.mark.parametrize("name", MODULES)
def test_the_options_are_those_of_the_documentation(name: str) -> None:
    module = module_named(name)
    documentation = yaml.safe_load(module.DOCUMENTATION)
    options = dict(documentation["options"])
    for fragment in documentation["extends_documentation_fragment"]:
        for option, text in options_of_fragment(fragment).items():
            options[option] = {**text, **options.get(option, {})}
    documented = {option: said(text) for option, text in options.items()}
    assert documented == {option: said(spec) for option, spec in module.CONTRACT.argument_spec.items()}
    assert documentation["module"] == name


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_use_options_that_there_are(name: str) -> None:
    module = module_named(name)
    used = [task[f"virt.esx.{name}"] for task in yaml.safe_load(module.EXAMPLES) if f"virt.esx.{name}" in task]
    assert used
    assert {option for arguments in used for option in arguments} <= set(module.CONTRACT.argument_spec)


@pytest.mark.parametrize("name", MODULES)
def test_its_action_carries_out_its_contract(name: str) -> None:
    action = importlib.import_module(f"{PACKAGE}.action.{name}")
    assert action.ActionModule.contract is module_named(name).CONTRACT


@pytest.mark.parametrize("name", MODULES)
def test_all_that_is_returned_is_described(name: str) -> None:
    def undescribed(values: dict[str, Any], path: str) -> list[str]:
        found = []
        for key, value in values.items():
            if not {"description", "returned", "type"} <= set(value):
                found.append(path + key)
            found += undescribed(value.get("contains", {}), f"{path}{key}.")
        return found

    assert undescribed(yaml.safe_load(module_named(name).RETURN), "") == []
