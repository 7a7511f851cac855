"""The leading eigenvectors by the routine's address are those of scipy.linalg.eigh, whatever SciPy publishes."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.linalg import cython_lapack, eigh

from eventstudy.abnormal.models import eigenvectors

CLOSE = 1e-10
"""Of the largest eigenvalue, and of a unit vector: both are LAPACK's dsyevr, told of another triangle."""


def gram(rows: int, bars: int, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).standard_normal((rows, bars))
    return values.T @ values


@pytest.mark.parametrize(("bars", "count"), [(2, 1), (9, 9), (60, 4), (271, 9)])
def test_they_are_those_of_scipy(bars, count):
    matrix = gram(3 * bars, bars, bars)
    before = matrix.copy()
    value, vector = eigenvectors.leading(matrix, count)
    expected, axes = eigh(matrix)
    np.testing.assert_allclose(value, expected[::-1][:count], rtol=0, atol=CLOSE * expected[-1])
    np.testing.assert_allclose(np.abs((vector * axes[:, ::-1][:, :count]).sum(axis=0)), 1.0, rtol=0, atol=CLOSE)
    assert (np.take_along_axis(vector, np.abs(vector).argmax(axis=0)[None], axis=0) > 0).all()
    np.testing.assert_array_equal(matrix, before)


def test_no_eigenvalue_is_below_zero_and_the_tallest_entry_of_a_vector_is_positive():
    value, vector = eigenvectors.leading(np.array([[0.0, 2.0], [2.0, 0.0]]), 2)
    np.testing.assert_allclose(value, [2.0, 0.0], rtol=0, atol=CLOSE)  # the second is -2
    np.testing.assert_allclose(np.abs(vector), np.full((2, 2), np.sqrt(0.5)), rtol=0, atol=CLOSE)
    value, vector = eigenvectors.leading(np.array([[0.5, 0.0, 0.0], [0.0, 0.25, 0.0], [0.0, 0.0, 0.1]]), 2)
    np.testing.assert_allclose(value, [0.5, 0.25], rtol=0, atol=CLOSE)
    np.testing.assert_allclose(vector, [[1, 0], [0, 1], [0, 0]], rtol=0, atol=CLOSE)
    for turn in (1.0, -1.0):  # a vector of which the tallest entry is not the first, nor of one sign with the others
        axis = turn * np.array([0.48, -0.6, 0.64])
        _, vector = eigenvectors.leading(np.outer(axis, axis), 1)
        np.testing.assert_allclose(vector[:, 0], [0.48, -0.6, 0.64], rtol=0, atol=CLOSE)


def test_a_scipy_that_does_not_publish_the_routine_has_none(monkeypatch):
    monkeypatch.delitem(cython_lapack.__pyx_capi__, "dsyevr")
    assert eigenvectors._dsyevr.__wrapped__() is None


def test_the_routine_is_found_here():
    assert eigenvectors._dsyevr() is not None


def test_a_scipy_without_the_address_gives_the_same(monkeypatch):
    matrix = gram(100, 40, 1)
    value, vector = eigenvectors.leading(matrix, 5)
    monkeypatch.setattr(eigenvectors, "_dsyevr", lambda: None)
    other, axes = eigenvectors.leading(matrix, 5)
    np.testing.assert_allclose(other, value, rtol=CLOSE)
    np.testing.assert_allclose(axes, vector, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("name", [b"void (char *, char *, int *)", b"void (char *, char *, char *, long *, d *)"])
def test_another_form_of_the_routine_is_not_called(monkeypatch, name):
    monkeypatch.setattr(eigenvectors.ctypes.pythonapi, "PyCapsule_GetName", lambda _: name)
    assert eigenvectors._dsyevr.__wrapped__() is None


def test_threads_find_the_same_bits():
    matrices = [gram(120, 60, seed) for seed in range(24)]
    alone = [eigenvectors.leading(matrix, 4) for matrix in matrices]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(lambda matrix: eigenvectors.leading(matrix, 4), matrices))
    for (value, vector), (other, axes) in zip(alone, beside, strict=True):
        np.testing.assert_array_equal(value, other)
        np.testing.assert_array_equal(vector, axes)


def test_what_lapack_does_not_find_is_an_error():
    with pytest.raises(np.linalg.LinAlgError, match="a matrix of 3 bars were not found"):
        eigenvectors._by_address(lambda *arguments: setattr(arguments[-1]._obj, "value", 2), np.eye(3), 1)
