"""Drawings in a page: an SVG file without its prolog, with ids of its own, its letters shared with all others."""

from __future__ import annotations

import re
from collections.abc import Mapping

# a letter, as matplotlib defines it once a file: by font and place in it, in units of 1/64 of the font's
_LETTER = re.compile(r'<path id="([^"]+)" d="([^"]*)" transform="scale\(0\.015625\)"/>\s*')
# ids that matplotlib counts up; those that are ours, such as caar.line.softening, have no number at their end
_COUNTED = re.compile(
    r' id="(?:figure|axes|patch|text|line2d|legend|matplotlib\.axis|[xy]tick|\w*Collection|QuadMesh)_\d+"'
)


def inline(drawing: str, stem: str, alt: str, letters: dict[str, str]) -> str:
    """Make an SVG file fit to stand in a page: no prolog, no metadata, no style for everything, ids of its own."""
    body = drawing[drawing.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r'<style type="text/css">.*?</style>\s*', "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    shared: set[str] = set()

    def take(found: re.Match[str]) -> str:
        if letters.setdefault(found[1], found[2]) != found[2]:  # another font under this name
            return found[0]
        shared.add(found[1])
        return ""

    body = _COUNTED.sub("", _LETTER.sub(take, body))

    def name(ident: str) -> str:
        return f"letter.{_token(ident)}" if ident in shared else f"{stem}.{_token(ident)}"

    body = re.sub(r'(?<=\s)id="([^"]*)"', lambda m: f'id="{stem}.{_token(m[1])}"', body)
    body = re.sub(r'xlink:href="#([^"]*)"', lambda m: f'href="#{name(m[1])}"', body)
    body = re.sub(r"url\(#([^)]*)\)", lambda m: f"url(#{stem}.{_token(m[1])})", body)
    body = re.sub(r"<defs>\s*</defs>", "", body)
    body = re.sub(r' d="([^"]*)"', lambda m: f' d="{_tight(m[1])}"', body)
    body = re.sub(r">\s+<", ">\n<", body)
    head, rest = body.split(">", 1)
    width = re.search(r'viewBox="0 0 ([\d.]+) ', head)
    head = re.sub(r'\s(?:width|height|version|xmlns:xlink|xmlns)="[^"]*"', "", head)
    limit = f' style="max-width:{float(width[1]) * 1.5:.0f}px"' if width else ""
    return f'{head} role="img" aria-label="{alt}" focusable="false"{limit}>{rest}'.strip()


def letter_block(letters: Mapping[str, str]) -> str:
    """Give the letters of all drawings as one ``<svg>`` without a place of its own; empty if there are none."""
    if not letters:
        return ""
    paths = "\n".join(
        f'<path id="letter.{_token(ident)}" d="{_tight(outline)}" transform="scale(0.015625)"/>'
        for ident, outline in sorted(letters.items())
    )
    return (
        f'<svg class="letters" width="0" height="0" aria-hidden="true" focusable="false"><defs>\n{paths}\n</defs></svg>'
    )


def _tight(path: str) -> str:
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", path)


def _token(text: str) -> str:
    return re.sub(r"[^\w.-]", "-", text)
