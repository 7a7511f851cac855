"""Sphinx: the site of the documentation. `make docs` builds it; warnings are errors."""

import os
import socket
import sys
from pathlib import Path

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # small matrices: threads that wait for each other cost more than they give
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "site"))

import build  # noqa: E402  beside this file
import llms  # noqa: E402  the same

import eventstudy  # noqa: E402  the same interpreter

project = "eventstudy"
copyright = "the eventstudy developers"  # noqa: A001  Sphinx asks for this name
author = "The eventstudy developers"
version = release = eventstudy.__version__
extensions = [
    "myst_nb",
    "mathml",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["site", "howto.md", "**.py", "**.csv", "**.yml", "**.yaml"]
language = "en"

html_theme = "pydata_sphinx_theme"
html_title = "eventstudy"
html_show_sourcelink = False
html_sidebars = {"index": []}  # elsewhere: the pages of the section
html_static_path = ["site/static"]
html_js_files = ["names.js"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_theme_options = {
    "navigation_with_keys": False,
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "use_edit_page_button": False,
    "secondary_sidebar_items": ["page-toc"],
}

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE.parent / "site" / "cache")
nb_execution_timeout = 240
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_typehints = "none"  # numpydoc's sections have them
autodoc_member_order = "groupwise"
numpydoc_show_class_members = False
OTHERS = {
    "python": "https://docs.python.org/3",
    "numpy": "https://numpy.org/doc/stable",
    "pandas": "https://pandas.pydata.org/docs",
}


def reached(address: str) -> bool:
    """Say whether a site answers: without a network its names are not links, and that is no fault of a page."""
    try:
        socket.create_connection((address.split("/")[2], 443), timeout=3).close()
    except OSError:
        return False
    return True


intersphinx_mapping = {name: (address, None) for name, address in OTHERS.items() if reached(address)}


def setup(app: object) -> None:
    """Write the pages that are made from the package before any page is read, and the index of all of them after."""
    app.connect("builder-inited", lambda _: build.build())  # type: ignore[attr-defined]  # Sphinx
    app.connect("build-finished", llms.write_llms)  # type: ignore[attr-defined]  # the same
