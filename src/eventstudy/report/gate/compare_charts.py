"""Two pictures of one chart: how far apart they are, and both beside what differs."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

from eventstudy.border import guarded
from eventstudy.errors import InputError

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
    """
    one, two = _pair(old, new)
    apart = np.maximum(_beyond(one, two), _beyond(two, one))
    high, wide = (-(-side // PATCH) * PATCH for side in apart.shape)
    sheet = np.zeros((high, wide))
    sheet[: apart.shape[0], : apart.shape[1]] = apart
    patches = sheet.reshape(high // PATCH, PATCH, wide // PATCH, PATCH)
    return float(patches.mean(axis=(1, 3)).max())


def _beyond(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Give how far each pixel is from what the other picture has there or in the eight pixels around."""
    return np.maximum(one - maximum_filter(two, 3), 0) + np.maximum(minimum_filter(two, 3) - one, 0)


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
