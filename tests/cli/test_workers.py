"""Who works for a command changes nothing that it says."""

import os
import subprocess
import sys

import pytest

from eventstudy.cli.workers import workers_for
from eventstudy.errors import InputError, StudyError, WorkersLost


def test_how_many_and_who():
    with workers_for(1, None) as alone:
        assert alone is None
    with pytest.raises(StudyError, match="workers must be 1 to 61, not 0"), workers_for(0, None):
        pass
    with pytest.raises(InputError, match="give one of the two"), workers_for(2, "tcp://127.0.0.1:8786"):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch):
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    monkeypatch.setattr("eventstudy.cli.workers.PATIENCE", 1)
    with (
        pytest.raises(WorkersLost, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"),
        workers_for(1, "tcp://127.0.0.1:9"),
    ):
        pass


@pytest.mark.slow
def test_a_report_made_by_workers_is_the_same_bytes(tmp_path):
    for name, more in (("alone", []), ("shared", ["--workers", "2"])):
        command = [
            sys.executable,
            "-m",
            "eventstudy",
            "run",
            "us-china",
            "--quick",
            "--out",
            str(tmp_path / name),
            *more,
        ]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    files = [path.relative_to(tmp_path / "alone") for path in (tmp_path / "alone").rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [
        path for path in files if (tmp_path / "alone" / path).read_bytes() != (tmp_path / "shared" / path).read_bytes()
    ] == []
