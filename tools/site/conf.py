# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's settings for the documentation's site."""

from __future__ import annotations

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

project = title = html_short_title = "virt.esx"
author = "The virt.esx authors"
extensions = ["sphinx_antsibull_ext"]
html_theme = "theme"
html_theme_path = ["."]
html_css_files = ["site.css", ("dark.css", {"media": "(prefers-color-scheme: dark)"})]
html_show_copyright = html_show_sphinx = False
html_copy_source = False
html_use_index = False
highlight_language = "YAML+Jinja"
default_role = "any"


def leave_as_text(
    _app: Sphinx, _env: BuildEnvironment, node: pending_xref, text: nodes.TextElement
) -> nodes.Node | None:
    """A reference into Ansible's own documentation, which is not part of the site, becomes plain text.

    One into ours that leads nowhere stays one, and Sphinx warns of it.
    """
    return None if str(node.get("reftarget", "")).startswith("ansible_collections.virt.esx") else text


def setup(app: Sphinx) -> None:
    """Sphinx calls this when it starts."""
    app.connect("missing-reference", leave_as_text)
