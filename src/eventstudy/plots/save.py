"""The one place where a figure becomes a file, so that the same figure is the same bytes.

Measured with matplotlib 3.11: without a salt the ids of an SVG are random, and a date is written into it; both are
read when the file is written, not when the figure is made. PNG and PDF carry the name and version of the program.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from eventstudy.errors import InputError
from eventstudy.plots.style import _LOCK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["render", "save"]

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
    if kind not in _METADATA:
        msg = f"a figure is saved as one of {sorted(_METADATA)}, not {kind!r}"
        raise InputError(msg)
    target = BytesIO()
    with _LOCK, warnings.catch_warnings(), mpl.rc_context():
        defaults: Any = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith(_KEEP)}
        mpl.rcParams.update(defaults)
        mpl.rcParams.update(_WHILE_SAVING)
        # names in other scripts are drawn as boxes where the font lacks them; that is no fault of the caller's
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(target, format=kind, dpi=dpi, metadata=_METADATA[kind])
    return target.getvalue()


def save(figure: Figure, path: str | Path, *, dpi: float = 160) -> Path:
    """Write a figure to ``path`` as SVG, PNG or PDF, by the ending of its name.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        ``ax.figure`` of what a chart function gave back.
    path : str or pathlib.Path
        Its folder must be there.
    dpi : float
        Dots an inch of a PNG.

    Returns
    -------
    pathlib.Path
        Where it was written.

    Raises
    ------
    InputError
        If the ending is none of ``.svg``, ``.png``, ``.pdf``.
    """
    path = Path(path)
    path.write_bytes(render(figure, path.suffix.lower().removeprefix("."), dpi=dpi))
    return path
