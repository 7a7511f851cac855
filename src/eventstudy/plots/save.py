"""The one place where a figure becomes a file, so that the same figure is the same bytes.

Measured with matplotlib 3.11: without a salt the ids of an SVG are random, and a date is written into it; both are
read when the file is written, not when the figure is made. PNG and PDF carry the name and version of the program.
"""

from __future__ import annotations

import re
import textwrap
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.replace import write_whole
from eventstudy.words import stripped

LOCK = threading.RLock()  # rcParams are one per process: two threads must not draw under each other's style

_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

#: What is read while a file is written; everything else is matplotlib's default, whatever the user has set.
_WHILE_SAVING: dict[Any, Any] = {
    "svg.hashsalt": "eventstudy",
    "svg.fonttype": "none",  # letters stay letters: found, selected, read out
    "path.simplify": True,
    "savefig.facecolor": "white",
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
}


#: Settings that are not about the look of a file, or that matplotlib warns about when they are touched.
_KEEP = (
    "backend",
    "interactive",
    "toolbar",
    "timezone",
    "webagg",
    "tk.",
    "macosx",
    "figure.",
    "docstring",
    "date.epoch",
)


def figure_of(drawn: Axes | Figure) -> Figure:
    """Give the figure of what a chart function gave back."""
    return drawn if isinstance(drawn, Figure) else drawn_on(drawn)


def drawn_on(ax: Axes) -> Figure:
    """Give the whole figure that an Axes is on, whatever subfigures lie between."""
    figure = ax.get_figure(root=True)
    if figure is None:
        msg = "the Axes given is on no figure any more; give one that is"
        raise InputError(msg)
    return figure


@checked(InputError)
def render(figure: Axes | Figure, kind: str, *, dpi: float = 160) -> bytes:
    """Draw a figure as the bytes of a file; the same figure always gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure or matplotlib.axes.Axes
    kind : str
        ``"svg"``, ``"png"`` or ``"pdf"``. Text of an SVG is text, in the first font that the viewer has of those named.
    dpi : float
        Dots an inch of a PNG.

    Returns
    -------
    bytes
        Alike across runs, hash seeds, time zones and locales, under one version of matplotlib.

    Raises
    ------
    InputError
        If the kind is another one.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> figure = Figure()
    >>> _ = figure.subplots().plot([0, 1])
    >>> render(figure, "svg") == render(figure, "svg")
    True
    """
    return render_each(figure, [kind], dpi=dpi)[kind]


@checked(InputError)
def render_each(figure: Axes | Figure, kinds: Sequence[str] = ("svg", "png"), *, dpi: float = 160) -> dict[str, bytes]:
    """Draw a figure as several kinds of file, laid out once: all show the same places, at half the time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure or matplotlib.axes.Axes
    kinds : sequence of str
        Of ``"svg"``, ``"png"`` and ``"pdf"``.
    dpi : float
        Dots an inch of a PNG.

    Returns
    -------
    dict of str to bytes
        Kind -> the bytes of its file, as :func:`render` gives them.

    Raises
    ------
    InputError
        If a kind is another one.
    """
    figure = figure_of(figure)
    unknown = [kind for kind in kinds if kind not in _METADATA]
    if unknown:
        msg = f"a figure is saved as one of {sorted(_METADATA)}, not {unknown[0]!r}"
        raise InputError(msg)
    files: dict[str, bytes] = {}
    with LOCK, warnings.catch_warnings(), mpl.rc_context():
        defaults: Any = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith(_KEEP)}
        mpl.rcParams.update(defaults)
        mpl.rcParams.update(_WHILE_SAVING)
        # names in other scripts are drawn as boxes where the font lacks them; that is no fault of the caller's
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        with _laid_out(figure, dpi):
            for kind in sorted(kinds):  # png first: it takes the sizes of letters from the layout
                target = BytesIO()
                figure.savefig(target, format=kind, dpi=dpi, metadata=_METADATA[kind])
                files[kind] = _titled(_short(target.getvalue()), figure) if kind == "svg" else target.getvalue()
    return files


@contextmanager
def _laid_out(figure: Figure, dpi: float) -> Iterator[None]:
    """Lay a figure out once and hold it so; afterwards it is as it came.

    A constrained layout starts from where the axes stand, so that one after another ends a little elsewhere: without the
    way back, a figure that is saved twice would give other bytes.
    """
    engine, canvas, own_dpi = figure.get_layout_engine(), figure.canvas, figure.dpi
    before = [(ax, ax.get_in_layout(), ax.get_position(original=True).frozen()) for ax in figure.axes]
    try:
        figure.set_dpi(dpi)
        FigureCanvasAgg(figure)
        if engine is not None:
            engine.execute(figure)
            figure.set_layout_engine(None)  # "none" would leave a stand-in, for which matplotlib draws everything twice
        yield
    finally:
        figure.set_canvas(canvas)
        figure.set_dpi(own_dpi)
        if engine is not None:
            for ax, follows, place in before:
                ax.set_position(place)
                ax.set_in_layout(follows)  # an axes that is set by hand leaves the layout
            figure.set_layout_engine(engine)


_MADE = re.compile(rb'(?<= id=")(p|m|h|image|C[0-9a-f]+_[0-9a-f]+_)[0-9a-f]{10}(?=")')  # names that matplotlib makes
_COORDINATES = re.compile(rb' (?:d|x|y|points)="[^"]*"')
_LONG = re.compile(rb"(\.\d\d)\d+")


# controls and marks of direction as UTF-8; XML has no place for most of them, and matplotlib repeats each text in a comment
_UNSEEN = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbf[\xbe\xbf]"
)


def _short(svg: bytes) -> bytes:
    """Cut coordinates at a hundredth of a point: nobody sees more, and the last digits are another processor's."""
    svg = svg.replace(b"font-family: 'DejaVu Sans'", b"font-family: 'DejaVu Sans', Verdana, sans-serif")
    return _named(_COORDINATES.sub(lambda found: _LONG.sub(rb"\1", found[0]), _UNSEEN.sub(b"", svg)))


def _named(svg: bytes) -> bytes:
    """Name clips and marks by the drawing and their order: matplotlib names them by coordinates to the last digit."""
    kind = {found[0]: found[1] for found in _MADE.finditer(svg)}
    if not kind:
        return svg
    each = re.compile(b"|".join(kind))
    drawing = sha256(each.sub(b"", svg)).hexdigest()[:10].encode()
    name = {old: b"%s%s-%d" % (what, drawing, at) for at, (old, what) in enumerate(kind.items())}
    return each.sub(lambda found: name[found[0]], svg)


def tell(artist: Artist, texts: str | Sequence[str], keys: Sequence[str] = ()) -> None:
    """Give what an artist shows in words: one text for all, or one a mark; ``keys`` say which row of a table each mark is.

    They become the titles of the marks in an SVG file, which browsers show under the mouse and read out.
    """
    artist.told = (texts, keys)  # type: ignore[attr-defined]


_MARK = re.compile(r"<(use|path) [^>]*/>")


def _titled(svg: bytes, figure: Figure) -> bytes:
    """Write the titles of marks into a drawing: into the group of an artist, or into each of its marks in their order."""
    told = {str(a.get_gid()): a.told for a in figure.findobj(lambda a: hasattr(a, "told"))}  # type: ignore[attr-defined]
    if not told:
        return svg
    text = svg.decode("utf-8")
    for gid, (texts, keys) in told.items():
        start = text.find(f'<g id="{gid}">')
        if start < 0:
            continue
        start += len(f'<g id="{gid}">')
        if isinstance(texts, str):
            text = f"{text[:start]}<title>{escape(stripped(texts))}</title>{text[start:]}"
            continue
        inside = text.find("</defs>", start)
        end = _end_of_group(text, start)
        start = inside if start <= inside < end else start
        each = iter(list(zip(texts, keys or [""] * len(texts), strict=True)))

        def title(mark: re.Match[str], each: Iterator[tuple[str, str]] = each) -> str:
            said, key = next(each, ("", ""))
            named = f' data-key="{escape(stripped(key))}"' if key else ""
            return f"{mark[0][:-2]}{named}><title>{escape(stripped(said))}</title></{mark[1]}>" if said else mark[0]

        text = text[:start] + _MARK.sub(title, text[start:end]) + text[end:]
    return text.encode("utf-8")


def _end_of_group(text: str, start: int) -> int:
    depth = 1
    for found in re.finditer(r"<g[ >]|</g>", text[start:]):
        depth += 1 if found[0] != "</g>" else -1
        if not depth:
            return start + found.start()
    return len(text)


@checked(InputError)
def save(figure: Axes | Figure, path: str | Path, *, dpi: float = 160) -> Path:
    """Write a figure to ``path`` as SVG, PNG or PDF, by the ending of its name.

    Parameters
    ----------
    figure : matplotlib.figure.Figure or matplotlib.axes.Axes
        What a chart function gave back.
    path : str or pathlib.Path
        Its folder must be there. A file of that name is replaced in one step.
    dpi : float
        Dots an inch of a PNG.

    Returns
    -------
    pathlib.Path
        Where it was written.

    Raises
    ------
    InputError
        If the ending is none of ``.svg``, ``.png``, ``.pdf``, or the file cannot be written.
    """
    return write_whole(path, render(figure, Path(path).suffix.lower().removeprefix("."), dpi=dpi))


def picture(figure: Figure) -> tuple[bytes, dict[str, int]]:
    """Draw a figure for a notebook, sharp on every screen, with the size at which it is shown."""
    width, height = figure.get_size_inches() * _NOTEBOOK
    return render(figure, "png", dpi=2 * _NOTEBOOK), {"width": round(width), "height": round(height)}


_NOTEBOOK = 80  # pixels an inch


class ChartFigure(Figure):
    """A figure that a notebook shows as what it is: no pyplot, no backend, no ``%matplotlib``."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return picture(self)


class Headed(ConstrainedLayoutEngine):
    """The constrained layout, with titles and small print broken to the room that it leaves them."""

    def execute(self, fig: Figure) -> None:
        """Lay the figure out; once more, if a headline had to be broken anew."""
        super().execute(fig)
        if broken_to_fit(fig):
            super().execute(fig)


def set_head(ax: Axes, title: str, subtitle: str, small: float, color: str) -> None:
    """Set a title with small print below it, both above the axes and flush left; lines end where the texts break them."""
    old = ax.title if not ax.get_title(loc="left") else ax._left_title  # type: ignore[attr-defined]  # noqa: SLF001
    lines = subtitle.count("\n") + 1 if subtitle else 0
    ax.set_title(
        title,
        loc="left",
        pad=7.5 + 1.32 * small * lines,
        parse_math=False,
        gid="title",
        fontsize=old.get_fontsize(),
        fontweight=old.get_fontweight(),
        color=old.get_color(),
    )
    note = next((text for text in ax.texts if text.get_gid() == "subtitle"), None)
    if note is not None:
        note.set_text(subtitle)
    elif subtitle:
        ax.annotate(
            subtitle, xy=(0, 1), xycoords="axes fraction", xytext=(0, 5), textcoords="offset points", va="bottom",
            fontsize=small, color=color, parse_math=False, gid="subtitle",
        ).set_in_layout(False)  # fmt: skip


def broken_to_fit(fig: Figure) -> bool:
    """Break headlines and labels of axes to the room that the layout has left them; say whether that changed any."""
    changed = [_broken_head(fig, ax) for ax in fig.axes]
    return any([*changed, *(_broken_label(ax, side) for ax in fig.axes for side in (0, 1))])


def _broken_label(ax: Axes, side: int) -> bool:
    """Break the label of an axis that is longer than its axis."""
    label = (ax.xaxis, ax.yaxis)[side].label
    text = label.get_text()
    if not text or label.get_gid() != "label":
        return False
    box = label.get_window_extent(drawn_on(ax)._get_renderer())  # type: ignore[attr-defined]  # noqa: SLF001
    long, room = (box.width, box.height)[side], 1.05 * (ax.bbox.width, ax.bbox.height)[side]
    longest = max(map(len, text.split("\n")))
    if long <= room or longest <= _SHORT:
        return False
    label.set_text("\n".join(textwrap.wrap(" ".join(text.split()), max(_SHORT, int(longest * room / long)))))
    return label.get_text() != text


_SHORT = 14  # letters of a line of a label: no shorter


def _right_edge(fig: Figure, ax: Axes) -> float:
    """Give where the room of an Axes ends, in pixels: its column of the grid, or the figure."""
    spec = ax.get_subplotspec()
    if spec is None or ax.figure is not fig:
        return float(fig.bbox.width)
    return float(fig.bbox.width) * spec.colspan.stop / spec.get_gridspec().ncols


def _broken_head(fig: Figure, ax: Axes) -> bool:
    """Break the headline of an Axes at the right edge of its room; say whether that changed it."""
    own = [text for text in (ax._left_title, *ax.texts) if text.get_gid() in {"title", "subtitle"}]  # type: ignore[attr-defined]  # noqa: SLF001
    texts = {str(text.get_gid()): text for text in own}
    if "title" not in texts:
        return False
    said = {}
    for name, text in texts.items():
        # the renderer of now: an annotation remembers one of another resolution
        box, whole = text.get_window_extent(fig._get_renderer()), " ".join(text.get_text().split())  # type: ignore[attr-defined]  # noqa: SLF001
        longest = max(map(len, text.get_text().split("\n")), default=0)
        room = (_right_edge(fig, ax) - box.x0 - 4) / (box.width / longest) if longest and box.width else 0
        room *= 1 if isinstance(fig, ChartFigure) else 0.96  # the layout of somebody else's figure moves once more
        said[name] = "\n".join(textwrap.wrap(whole, max(_SHORT, int(room)))) if room else text.get_text()
    if all(text.get_text() == said[name] for name, text in texts.items()):
        return False
    note = texts.get("subtitle")
    set_head(ax, said["title"], said.get("subtitle", ""), note.get_fontsize() if note else 0.0, "")
    return True


class ChartAxes(Axes):
    """The Axes of a chart: a notebook shows the picture of its figure; else it is matplotlib's."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return picture(drawn_on(self))
