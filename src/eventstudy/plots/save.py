"""The one place where a figure becomes a file, so that the same figure is the same bytes.

Measured with matplotlib 3.11: without a salt the ids of an SVG are random, and a date is written into it; both are
read when the file is written, not when the figure is made. PNG and PDF carry the name and version of the program.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.style import _LOCK
from eventstudy.replace import write_whole

_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

#: What is read while a file is written; everything else is matplotlib's default, whatever the user has set.
_WHILE_SAVING: dict[Any, Any] = {
    "svg.hashsalt": "eventstudy",
    "svg.fonttype": "path",
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


@checked(InputError)
def render(figure: Figure, kind: str, *, dpi: float = 160) -> bytes:
    """Draw a figure as the bytes of a file; the same figure always gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    kind : str
        ``"svg"``, ``"png"`` or ``"pdf"``. Letters of an SVG are drawn as paths: no font of the viewer is needed.
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
def render_each(figure: Figure, kinds: Sequence[str] = ("svg", "png"), *, dpi: float = 160) -> dict[str, bytes]:
    """Draw a figure as several kinds of file, laid out once: all show the same places, at half the time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
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
    unknown = [kind for kind in kinds if kind not in _METADATA]
    if unknown:
        msg = f"a figure is saved as one of {sorted(_METADATA)}, not {unknown[0]!r}"
        raise InputError(msg)
    files: dict[str, bytes] = {}
    with _LOCK, warnings.catch_warnings(), mpl.rc_context():
        defaults: Any = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith(_KEEP)}
        mpl.rcParams.update(defaults)
        mpl.rcParams.update(_WHILE_SAVING)
        # names in other scripts are drawn as boxes where the font lacks them; that is no fault of the caller's
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        with _laid_out(figure, dpi):
            for kind in sorted(kinds):  # png first: it takes the sizes of letters from the layout
                target = BytesIO()
                figure.savefig(target, format=kind, dpi=dpi, metadata=_METADATA[kind])
                files[kind] = _short(target.getvalue()) if kind == "svg" else target.getvalue()
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


_COORDINATES = re.compile(rb' (?:d|x|y|points)="[^"]*"')
_LONG = re.compile(rb"(\.\d\d)\d+")


# controls and marks of direction as UTF-8; XML has no place for most of them, and matplotlib repeats each text in a comment
_UNSEEN = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbf[\xbe\xbf]"
)


def _short(svg: bytes) -> bytes:
    """Cut coordinates at a hundredth of a point: nobody sees more, and the last digits are another processor's."""
    return _COORDINATES.sub(lambda found: _LONG.sub(rb"\1", found[0]), _UNSEEN.sub(b"", svg))


@checked(InputError)
def save(figure: Figure, path: str | Path, *, dpi: float = 160) -> Path:
    """Write a figure to ``path`` as SVG, PNG or PDF, by the ending of its name.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        ``ax.figure`` of what a chart function gave back.
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
