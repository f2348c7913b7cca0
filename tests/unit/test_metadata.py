# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's metadata are true of its files."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMS = [path for path in sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")) if path.stem != "config"]
FORM_ATTRIBUTES = {"label", "description", "placeholder", "value", "render", "options"}
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")


def load(file: str) -> dict[str, object]:
    content = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def requirements(file: str) -> set[str]:
    """The requirements of a file, less its comments."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_the_action_group_has_every_module() -> None:
    groups = load("meta/runtime.yml")["action_groups"]
    assert groups == {"esx": MODULES}


@pytest.mark.parametrize("module", MODULES)
def test_each_module_has_the_one_action_in_front_of_it(module: str) -> None:
    routing = load("meta/runtime.yml").get("plugin_routing", {})
    assert isinstance(routing, dict)
    redirected = routing.get("action", {}).get(module, {}).get("redirect") == "virt.esx.esx"
    assert redirected or (ROOT / "plugins" / "action" / f"{module}.py").exists()


def test_the_unit_tests_install_what_the_plugins_need() -> None:
    """ansible-test installs the unit tests' own file only, so that the two have to agree."""
    assert requirements("tests/unit/requirements.txt") >= requirements("requirements.txt")


def test_the_execution_environment_installs_what_the_plugins_need() -> None:
    assert load("meta/execution-environment.yml")["dependencies"] == {"python": "requirements.txt"}


def test_the_versions_agree() -> None:
    assert load("meta/runtime.yml")["requires_ansible"] == ">=2.17.0"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "ansible-core 2.17" in readme
    assert load("tests/config.yml") == {"modules": {"python_requires": ">=3.9"}}
    assert "Python 3.9" in readme


def test_the_readme_has_no_relative_links() -> None:
    """Galaxy shows the README where no other file is beside it."""
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("https://")] == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_issue_forms_have_only_what_github_knows(form: pathlib.Path) -> None:
    """GitHub shows no form that has anything else, such as the rest of a text that a comma has cut."""
    content = load(str(form.relative_to(ROOT)))
    assert set(content) == {"name", "description", "labels", "body"}
    assert isinstance(content["body"], list)
    for field in content["body"]:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        assert set(field["attributes"]) <= FORM_ATTRIBUTES
        assert all(isinstance(value, (str, list)) for value in field["attributes"].values())
