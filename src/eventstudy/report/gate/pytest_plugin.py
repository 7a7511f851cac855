"""A fixture for users' own suites: fail a test when a study's numbers or charts have moved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:  # every pytest run imports this plugin: it must not load pandas then
    from eventstudy.report.gate.differences import Comparison


class Check(Protocol):
    """What the fixture gives: a function of a study and an accepted folder."""

    def __call__(
        self, study: str | Path, against: str | Path, *, tolerance: float = 1e-6, source: str | None = None
    ) -> Comparison:
        """Run the study, compare, and fail the test with what moved."""


@pytest.fixture
def eventstudy_check(tmp_path: Path) -> Check:
    """Run a study and fail the test, with a table of what moved, unless it gives what is accepted.

    Examples
    --------
    A test of one's own::

        def test_tariff_study_has_not_moved(eventstudy_check):
            eventstudy_check("us-china", "gallery")
    """

    def check(
        study: str | Path, against: str | Path, *, tolerance: float = 1e-6, source: str | None = None
    ) -> Comparison:
        from eventstudy.report.build import build_document  # noqa: PLC0415
        from eventstudy.report.gate.compare import check_document  # noqa: PLC0415
        from eventstudy.study.pairs.firm_file import load_study  # noqa: PLC0415

        images = tmp_path / "moved"
        document, _ = build_document(load_study(str(study)), source=source)
        found = check_document(document, against, tolerance=tolerance, images=images)
        if not found:
            pytest.fail(f"{study} has moved against {against}:\n{found}\npictures: {images}", pytrace=False)
        return found

    return check
