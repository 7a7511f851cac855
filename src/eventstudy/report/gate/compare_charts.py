"""Two pictures of one chart: how far apart they are, and both beside what differs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

from eventstudy.border import guarded
from eventstudy.errors import InputError
from eventstudy.report.gate.differences import same_words

PATCH = 8  # pixels a side: a letter, or a line and what is beside it


def _grey(path: Path) -> Image.Image:
    with guarded(str(path), "a picture", InputError, "write the report anew"), Image.open(path) as picture:
        return picture.convert("L")


def picture_difference(old: Path, new: Path) -> float:
    """Give the root mean square of the difference of two pictures' grey values."""
    one, two = _pair(old, new)
    return float(np.sqrt(np.mean((one - two) ** 2)))


def largest_patch(old: Path, new: Path) -> float:
    """Give the largest difference of the mean grey of a patch of 8 by 8 pixels: what catches an eye, wherever it is.

    What lies a pixel further is the same: markers are set on whole pixels, so that one jumps when what it shows hardly moves.
    So is a number that differs by one unit of its last digit, as in the tables.
    """
    one, two = _pair(old, new)
    apart = np.maximum(_beyond(one, two), _beyond(two, one))
    for low, high, left, right in _numbers_alike(old.with_suffix(".svg"), new.with_suffix(".svg")):
        y, x = apart.shape
        apart[int(low * y) : int(high * y) + 1, int(left * x) : int(right * x) + 1] = 0
    high, wide = (-(-side // PATCH) * PATCH for side in apart.shape)
    sheet = np.zeros((high, wide))
    sheet[: apart.shape[0], : apart.shape[1]] = apart
    patches = sheet.reshape(high // PATCH, PATCH, wide // PATCH, PATCH)
    return float(patches.mean(axis=(1, 3)).max())


def _beyond(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Give how far each pixel is from what the other picture has there or in the eight pixels around."""
    return np.asarray(np.maximum(one - maximum_filter(two, 3), 0) + np.maximum(minimum_filter(two, 3) - one, 0))


_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_TEXT = re.compile(
    r'<text style="font-size: ([\d.]+)px;[^"]*text-anchor: (start|middle|end)[^"]*"'
    r' x="([\d.]+)" y="([\d.]+)" transform="rotate\(-0 [^>]*>([^<]*)</text>'
)
_BEFORE = {"start": 0.0, "middle": 0.5, "end": 1.0}  # share of a text that lies left of its place
_WIDE = 0.7  # of a character, in font sizes; a digit is 0.64


def _numbers_alike(old: Path, new: Path) -> Iterator[tuple[float, float, float, float]]:
    """Give the places, as shares of height and width, of texts that differ by one unit of a last digit."""
    drawings = [path.read_text("utf-8", errors="replace") if path.is_file() else "" for path in (old, new)]
    before, after = (_TEXT.findall(drawing) for drawing in drawings)
    size = _SIZE.search(drawings[0])
    if not size or len(before) != len(after):
        return
    wide, high = map(float, size.groups())
    for (font, anchor, x, y, was), (*_, now) in zip(before, after, strict=True):
        if was != now and same_words(was, now):
            letter, length = float(font), _WIDE * float(font) * max(len(was), len(now))
            left = float(x) - _BEFORE[anchor] * length
            yield (float(y) - letter) / high, (float(y) + letter / 4) / high, left / wide, (left + length) / wide


def _pair(old: Path, new: Path) -> tuple[np.ndarray, np.ndarray]:
    pictures = [_grey(old), _grey(new)]
    size = (max(p.width for p in pictures), max(p.height for p in pictures))
    sheets = []
    for picture in pictures:
        sheet = Image.new("L", size, 255)
        sheet.paste(picture, (0, 0))
        sheets.append(np.asarray(sheet, dtype=float))
    return sheets[0], sheets[1]


def side_by_side(old: Path, new: Path) -> bytes:
    """Give one PNG: the old picture, the new one, and in black where they differ."""
    one, two = _pair(old, new)
    apart = 255 - np.clip(np.abs(one - two) * 4, 0, 255)  # faint differences must be seen too
    gap = np.full((one.shape[0], 12), 128.0)
    target = BytesIO()
    Image.fromarray(np.hstack([one, gap, two, gap, apart]).astype(np.uint8)).save(target, format="PNG")
    return target.getvalue()
