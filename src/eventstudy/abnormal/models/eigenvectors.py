"""The leading eigenvectors of a symmetric matrix, found without Python's lock, so that threads find those of many dates.

`scipy.linalg.eigh` holds the lock while LAPACK works. The same routine is called here by the address that SciPy publishes for
other languages (`scipy.linalg.cython_lapack`), through ctypes, which lets go of it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref, c_double, c_int
from functools import cache
from typing import Any, Final

import numpy as np

from eventstudy._typing import Floats

ARGUMENTS: Final = 21
"""Of LAPACK's dsyevr."""

WORK: Final = 64
"""Numbers to work with, a row of the matrix: 26 at least, more for blocks."""

INTEGERS: Final = 10
"""Integers to work with, a row of the matrix."""


def leading(matrix: Floats, count: int) -> tuple[Floats, Floats]:
    """Return the `count` largest eigenvalues of a symmetric matrix, descending, and their vectors; signs are fixed."""
    found = _dsyevr()
    value, vector = _by_eigh(matrix, count) if found is None else _by_address(found, matrix, count)
    value, vector = value[::-1], vector[:, ::-1]
    tallest = np.take_along_axis(vector, np.abs(vector).argmax(axis=0)[None], axis=0)
    return np.maximum(value, 0.0), vector * np.where(tallest < 0, -1.0, 1.0)


def _by_eigh(matrix: Floats, count: int) -> tuple[Floats, Floats]:
    """Return the same from SciPy itself, ascending: for a SciPy that does not publish the routine in this form."""
    from scipy.linalg import eigh  # noqa: PLC0415  numpy has no eigenvectors of a part; a fifth of the time at 271 bars

    n = len(matrix)
    value, vector = eigh(matrix, subset_by_index=[n - count, n - 1], check_finite=False, driver="evr")
    return value, vector


def _by_address(dsyevr: Callable[..., None], matrix: Floats, count: int) -> tuple[Floats, Floats]:
    """Return the largest eigenvalues, ascending, and their vectors."""
    n = len(matrix)
    own = np.array(matrix, dtype=np.float64, order="F")
    value, vector = np.empty(n), np.empty((n, count), order="F")
    support, work, integers = np.empty(2 * n, np.intc), np.empty(WORK * n), np.empty(INTEGERS * n, np.intc)
    number, info, nothing = c_int(), c_int(), c_double()
    size = byref(c_int(n))
    dsyevr(
        b"V", b"I", b"L", size, own.ctypes.data, size, byref(nothing), byref(nothing), byref(c_int(n - count + 1)), size,
        byref(nothing), byref(number), value.ctypes.data, vector.ctypes.data, size, support.ctypes.data,
        work.ctypes.data, byref(c_int(work.size)), integers.ctypes.data, byref(c_int(integers.size)), byref(info),
    )  # fmt: skip
    if info.value:
        msg = f"the eigenvalues of a matrix of {n} bars were not found: LAPACK's dsyevr says {info.value}"
        raise np.linalg.LinAlgError(msg)
    return value[:count], vector


@cache
def _dsyevr() -> Callable[..., None] | None:
    """Return LAPACK's dsyevr, if SciPy publishes it with 32-bit integers and as many arguments as are known here."""
    from scipy.linalg import cython_lapack  # noqa: PLC0415  scipy is loaded where it is needed

    capsule: Any = cython_lapack.__pyx_capi__.get("dsyevr")
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    if capsule is None:
        return None
    name = api.PyCapsule_GetName(capsule)
    if not name.startswith(b"void (char *, char *, char *, int *,") or name.count(b",") != ARGUMENTS - 1:
        return None
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * ARGUMENTS)(api.PyCapsule_GetPointer(capsule, name))
