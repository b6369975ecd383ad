"""Sphinx: the documentation, from the pages in `docs`, docstrings, proofs and notebooks.

`nox -s docs` builds it into ``build/docs``, offline and with warnings as errors. The source folder
is the repository itself, so that a link between two files leads to the same place here as in a
checkout. Pages ask nobody else for fonts, scripts or styles.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

import etcprops

project = "etcprops"
author = "The etcprops developers"
project_copyright = "The etcprops developers"
version = release = etcprops.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "api",
    "commands",
    "documents",
    "mathematics",
    "offline",
    "repository",
    "theorems",
]

root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "proofs/*.md",
    "proofs/*.ipynb",
    "notebooks/*.ipynb",
    "tests/README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
exclude_patterns = ["docs/_*", "**/.ipynb_checkpoints", ".*", "build"]
smartquotes = False  # options begin with two hyphens
nitpicky = False  # single backticks are names of this package, of others, and of options alike
default_role = "py:obj"

myst_enable_extensions = ["dollarmath", "attrs_inline", "deflist"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks are committed as they ran; `nox -s notebooks` runs them again
nb_merge_streams = True

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # docstrings have types, with shapes
autosummary_generate = False
numpydoc_show_class_members = False
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "furo"
html_title = "etcprops"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["etcprops.css"]
html_extra_path = ["_root"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
