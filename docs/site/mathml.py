"""Formulas as MathML, made while the site is built: a browser shows them without a network and without a script."""

from __future__ import annotations

import html
import re
from typing import Final
from xml.etree import ElementTree as ET

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

SPACE: Final = "http://www.w3.org/1998/Math/MathML"
NAMED: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")  # names that HTML knows and XML does not
ACCENTS: Final = "ˆ^ˉ¯~˜˙¨"


def mathml(tex: str, *, block: bool = False) -> str:
    """Return a formula as MathML."""
    ET.register_namespace("", SPACE)
    written = NAMED.sub(lambda name: html.unescape(name[0]), tex2mathml(tex, as_block=block))
    tree = ET.fromstring(written)  # noqa: S314  our own formula
    for element in tree.iter(f"{{{SPACE}}}munderover"):
        base, below, above = element
        # docutils sets the index of an accented letter under it, as if it were a limit
        if above.get("accent") or (above.text or " ")[0] in ACCENTS:
            element.tag = f"{{{SPACE}}}msub"
            accented = ET.Element(f"{{{SPACE}}}mover", accent="true")
            accented.extend([base, above])
            element[:] = [accented, below]
    for element in tree.iter(f"{{{SPACE}}}mo"):
        if element.text == "ˉ":  # sits on the letter; the macron stands off
            element.text = "¯"
    return ET.tostring(tree, encoding="unicode")


def _inline(writer: HTML5Translator, node: nodes.math) -> None:
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(writer: HTML5Translator, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="math">{mathml(node.astext(), block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it a renderer that `html_math_renderer` can name."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
