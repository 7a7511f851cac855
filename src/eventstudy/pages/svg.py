"""Drawings in a page: an SVG file without its prolog, with ids of its own."""

from __future__ import annotations

import re

# ids that matplotlib counts up; those that are ours, such as caar.line.softening, have no number at their end
_COUNTED = re.compile(
    r' id="(?:figure|axes|patch|text|line2d|legend|matplotlib\.axis|[xy]tick|\w*Collection|QuadMesh)_\d+"'
)


_DRAWN = re.compile(r'(?<= id=")[a-z]+[0-9a-f]{10}(?=")')  # ids of marks and cuts, which matplotlib makes of a hash


def inline(drawing: str, stem: str, alt: str, styles: dict[str, str]) -> str:
    """Make an SVG file fit to stand in a page: no prolog, no metadata, no style for everything, ids of its own.

    How its marks look is written once for all drawings of the page: into `styles`, a class for each.
    """
    body = drawing[drawing.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r'<style type="text/css">.*?</style>\s*', "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = _COUNTED.sub("", body)
    drawn = {ident: f"{stem}.{at}" for at, ident in enumerate(dict.fromkeys(_DRAWN.findall(body)))}

    def name(ident: str) -> str:
        return drawn.get(ident) or f"{stem}.{_token(ident)}"

    body = re.sub(r'(?<=\s)id="([^"]*)"', lambda m: f'id="{name(m[1])}"', body)
    body = re.sub(r'xlink:href="#([^"]*)"', lambda m: f'href="#{name(m[1])}"', body)
    body = re.sub(r"url\(#([^)]*)\)", lambda m: f"url(#{name(m[1])})", body)
    body = re.sub(r"<defs>\s*</defs>", "", body)
    body = re.sub(r' d="([^"]*)"', lambda m: f' d="{_tight(m[1])}"', body)
    body = re.sub(r'(?<= )(x|y|d|transform)="([^"]*)"', lambda m: f'{m[1]}="{_TENTHS.sub(_tenth, m[2])}"', body)
    body = re.sub(r' style="([^"]*font-size:[^"]*)"', _font, body)
    body = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", body)
    body = re.sub(r">\s+<", ">\n<", body)
    for _ in range(4):  # groups of one mark and without a name say nothing
        body = re.sub(r"<g>\n(<(?!g\b|/)[^>]*/>|<(text)[^>]*>[^<]*</text>)\n</g>", r"\1", body)
    body = re.sub(r' style="([^"]*)"', lambda m: f' class="{styles.setdefault(m[1], f"s{len(styles)}")}"', body)
    head, rest = body.split(">", 1)
    width = re.search(r'viewBox="0 0 ([\d.]+) ', head)
    head = re.sub(r'\s(?:width|height|version|xmlns:xlink|xmlns)="[^"]*"', "", head)
    limit = f' style="max-width:{float(width[1]) * 1.5:.0f}px"' if width else ""
    return f'{head} role="img" aria-label="{alt}" focusable="false"{limit}>{rest}'.strip()


def style_rules(styles: dict[str, str]) -> str:
    """Give the classes of the drawings as rules of a style sheet."""
    return "".join(f".{name}{{{look.replace(': ', ':').replace('; ', ';')}}}\n" for look, name in styles.items())


_OF_A_TEXT = ("font-size", "font-weight", "text-anchor", "fill")


def _font(found: re.Match[str]) -> str:
    """Leave the family of a text to the page, and say its size, weight, place and colour alone."""
    said = dict(part.strip().split(": ", 1) for part in found[1].split(";") if ": " in part)
    kept = {name: said[name] for name in _OF_A_TEXT if name in said and said[name] != "start"}
    return "".join(f' {name}="{value}"' for name, value in kept.items())


_TENTHS = re.compile(r"-?\d+\.\d{2,}")


def _tenth(found: re.Match[str]) -> str:
    """Give a coordinate in tenths of a point: a seventh of a millimetre on paper is less than a line is wide."""
    return f"{float(found[0]):.1f}".removesuffix(".0")


def _tight(path: str) -> str:
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", path)


def _token(text: str) -> str:
    return re.sub(r"[^\w.-]", "-", text)
