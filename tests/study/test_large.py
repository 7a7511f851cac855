"""Studies larger than memory: the same numbers as in memory, to the last bit, whoever does the work and whatever is lost."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import active_children, get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from dying import die, die_once
from eventstudy.errors import DataError, InputError, StudyError, WorkersLost
from eventstudy.study.large import parts, plan, share
from eventstudy.workers import MOST_LOST, spread

SYMBOLS = [f"S{number:02d}" for number in range(12)]


def returns(bars: int = 420, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2020-01-01", periods=bars, name="date")
    market = rng.normal(0, 0.01, bars)
    own = rng.normal(0, 0.02, (bars, len(SYMBOLS)))
    frame = pd.DataFrame(market[:, None] + own, index=index, columns=SYMBOLS)
    frame.insert(0, "MKT", market)
    frame.iloc[rng.integers(0, bars, 60), 3] = np.nan  # holes
    frame.iloc[200:215, 5] = 0.0  # prices that stand still
    frame.iloc[350, 6] = 1.0  # as after a lost split
    return frame


def pairs(frame: pd.DataFrame, count: int = 400, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    who = rng.choice([*SYMBOLS, "UNKNOWN", "MKT"], count)
    bars = frame.index[rng.integers(150, len(frame), count)]
    return pd.DataFrame({"event_id": np.arange(count), "symbol": who, "bar": bars}).drop_duplicates(["symbol", "bar"])


def study(**asked):
    given = {"model": es.MarketModel("MKT"), "window": (-2, 2), "estimation": (-120, -11), "calendar": None}
    return es.EventStudy(**{**given, **asked})


@pytest.fixture
def frame():
    return returns()


@pytest.fixture
def events(frame):
    return pairs(frame)


@pytest.fixture
def wide(frame, tmp_path):
    folder = tmp_path / "panel"
    folder.mkdir()
    frame.iloc[:, :5].to_parquet(folder / "a.parquet")
    frame.iloc[:200, 5:].to_parquet(folder / "b.parquet")
    frame.iloc[200:, 5:].reset_index().to_parquet(folder / "c.parquet")
    return str(folder / "*.parquet")


@pytest.fixture(autouse=True)
def small_shares(monkeypatch):
    monkeypatch.setattr(plan, "ROWS", 60)


def large(events, source, **asked):
    found = study(**asked).fit(events, es.scan_returns(source, memory=0))
    assert type(found).__name__ == "LargeResult"
    return found


def digests(folder, *, manifest: bool = False):
    names = [path for path in sorted(Path(folder).iterdir()) if manifest or path.name != "manifest.json"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in names}


def test_a_small_study_of_a_scanned_panel_is_an_ordinary_result(frame, events, wide):
    memory = study().fit(events, es.ReturnPanel(frame))
    found = study().fit(events, es.scan_returns(wide))
    assert isinstance(found, es.StudyResult)
    pd.testing.assert_frame_equal(found.tidy(), memory.tidy(), check_exact=True)
    pd.testing.assert_frame_equal(found.excluded, memory.excluded)


VARIANTS = {
    "pairs": {},
    "unmasked": {"mask_events": False},
    "first of overlaps": {"overlap": "first"},
    "merged": {"overlap": "merge"},
    "strict": {"missing": "strict"},
    "known variance": {"model": es.MeanAdjusted(volatility="ewma")},
    "own estimator": {"model": es.ScholesWilliams("MKT")},
    "no forecast": {"model": es.MarketAdjusted("MKT")},
    "two matches": {
        "model": es.MatchedPortfolio(
            {name: [other for other in ("S01", "S02", "S03") if other != name] for name in SYMBOLS}
        )
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("asked", VARIANTS.values(), ids=VARIANTS)
def test_a_stored_result_has_the_tables_of_memory_to_the_last_bit(asked, frame, events, wide, tmp_path):
    if "model" in asked and isinstance(asked["model"], es.MatchedPortfolio):
        events = events[events["symbol"].isin(SYMBOLS)]
    memory = study(**asked).fit(events, es.ReturnPanel(frame))
    one = memory.to_parquet(tmp_path / "memory")
    two = large(events, wide, **asked).to_parquet(tmp_path / "large")
    assert len(list((tmp_path / "large").glob("part-*"))) > 3
    assert digests(tmp_path / "memory") == digests(tmp_path / "large")
    for found in (one, two, es.open_result(tmp_path / "large")):
        pd.testing.assert_frame_equal(found.tidy(), memory.tidy(), check_exact=True)
        for window in ((-2, 2), (0, 1), (0, 0)):
            pd.testing.assert_frame_equal(found.car(window), memory.car(window), check_exact=True)
        pd.testing.assert_frame_equal(found.excluded, memory.excluded, check_dtype=False)
        assert (found.n, found.n_sessions) == (memory.n, memory.n_sessions)


@pytest.mark.parametrize("count", [1, 12])
def test_one_share_has_the_window_and_the_tests_of_memory(count, frame, tmp_path):
    one = pairs(frame, 60).query("symbol not in ['UNKNOWN', 'MKT']").iloc[:count]
    memory = study().fit(one, es.ReturnPanel(frame))
    memory.to_parquet(tmp_path / "one")
    found = es.open_result(tmp_path / "one")
    own, kept = memory.sample((0, 1), placebo=False), found.sample((0, 1))
    assert own.car.size == count
    for name in ("car", "car_se", "ar", "day0", "bar", "sigma", "m", "df"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(own, name))
    for name in ("residual", "leverage", "design", "window_design", "mean"):
        np.testing.assert_array_equal(getattr(kept.estimation, name), getattr(own.estimation, name))
    tests = [result.tests((0, 1), full=True, seed=0).set_index("name") for result in (memory, found)]
    both = tests[0].index[tests[0]["applicable"] & tests[1]["applicable"]]
    assert len(both) >= (2 if count == 1 else 20)
    for column in ("statistic", "pvalue", "estimate"):
        np.testing.assert_array_equal(*(table.loc[both, column].to_numpy(dtype=float) for table in tests))


def test_events_of_the_same_days_for_all_share_their_mask_in_every_share(frame, wide, tmp_path):
    events = pd.DataFrame({"event_id": range(9), "bar": frame.index[300:381:10]})
    memory = study().fit(events, es.ReturnPanel(frame), symbols="all")
    found = study().fit(events, es.scan_returns(wide, memory=0), symbols="all").to_parquet(tmp_path / "out")
    pd.testing.assert_frame_equal(found.car(), memory.car(), check_exact=True)
    memory.to_parquet(tmp_path / "memory")
    assert digests(tmp_path / "memory") == digests(tmp_path / "out")


def test_announcements_are_placed_once_for_all(frame, wide, tmp_path):
    moments = (frame.index[300:381:10] + pd.Timedelta(hours=10)).tz_localize("America/New_York")
    events = pd.DataFrame({"event_id": list("abcdefghi"), "symbol": SYMBOLS[:9], "announced_at": moments})
    memory = study(calendar="XNYS").fit(events, es.ReturnPanel(frame))
    found = large(events, wide, calendar="XNYS").to_parquet(tmp_path / "out")
    pd.testing.assert_frame_equal(found.car(), memory.car(), check_exact=True)


def test_means_from_sums_by_session_are_those_of_memory(frame, wide, tmp_path):
    rng = np.random.default_rng(5)
    bars = frame.index[200:400:6]  # windows that share no bar
    events = pd.DataFrame({"event_id": range(200), "symbol": rng.choice(SYMBOLS, 200), "bar": rng.choice(bars, 200)})
    events = events.drop_duplicates(["symbol", "bar"])
    memory = study().fit(events, es.ReturnPanel(frame))
    found = large(events, wide).to_parquet(tmp_path / "out")
    pd.testing.assert_frame_equal(found.aar(), memory.aar(), rtol=1e-11)
    mine, theirs = found.caar((0, 1)), memory.caar((0, 1))
    assert theirs["test"].item() == "clustered"
    pd.testing.assert_frame_equal(mine.drop(columns="why"), theirs, rtol=1e-11)
    assert mine["why"].item() == ""
    ends = ", ".join(f"{100 * mine[end].item():+.2f}%" for end in ("low", "high")).replace("-", "−")
    assert f"[{ends}]" in found.summary()
    mine, theirs = found.tests((0, 1)), memory.tests((0, 1)).set_index("name")
    done = mine[mine["statistic"].notna()].set_index("name")
    assert {"cross_sectional", "bmp", "patell", "sign"} <= set(done.index)
    np.testing.assert_allclose(done["statistic"], theirs.loc[done.index, "statistic"], rtol=1e-9)
    assert {"corrado", "kp_bmp"} <= set(done.index)  # so few that the estimation windows of all are kept
    assert done["believe"].equals(theirs.loc[done.index, "believe"])
    lacking = mine[mine["statistic"].isna()].set_index("name")
    assert lacking["why"].str.len().gt(0).all()
    assert lacking.loc["permutation", "why"].startswith("needs the returns of other dates")


def test_an_interval_of_overlapping_windows_rests_on_the_estimation_windows_kept(
    frame, events, wide, tmp_path, monkeypatch
):
    memory = study().fit(events, es.ReturnPanel(frame)).caar()
    found = large(events, wide).to_parquet(tmp_path / "all").caar()
    assert memory["test"].item() == "covariance"
    pd.testing.assert_frame_equal(found.drop(columns="why"), memory, rtol=1e-9)
    monkeypatch.setattr(parts, "KEPT", 120)
    some = large(events, wide).to_parquet(tmp_path / "some")
    row = some.caar().iloc[0]
    assert (row["caar"], row["n"]) == (pytest.approx(memory["caar"].item(), rel=1e-12), memory["n"].item())
    assert memory["se"].item() / 3 < row["se"] < 3 * memory["se"].item()  # told by a third of them
    tests = some.tests((0, 0)).set_index("name")
    assert tests.loc["corrado", "why"].startswith("needs the estimation windows")


def test_one_session_says_what_its_interval_lacks(frame, wide, tmp_path):
    events = pd.DataFrame({"event_id": range(12), "symbol": SYMBOLS, "bar": frame.index[300]})
    row = large(events, wide).to_parquet(tmp_path / "out").caar().iloc[0]
    assert row["test"] == "portfolio"
    assert np.isnan(row["se"])
    assert "estimation windows of all security-events (portfolio)" in row["why"]


@pytest.fixture(params=["serial", "threads", "processes"])
def executor(request):
    if request.param == "serial":
        yield None
    elif request.param == "threads":
        with ThreadPoolExecutor(3) as pool:
            yield pool
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            yield pool


@pytest.mark.slow
def test_the_files_are_the_same_bytes_with_every_executor(executor, events, wide, frame, tmp_path):
    study().fit(events, es.ReturnPanel(frame)).to_parquet(tmp_path / "memory")
    seen = []
    found = large(events, wide)
    found.to_parquet(tmp_path / "out", executor=executor, progress=lambda done, total: seen.append((done, total)))
    assert digests(tmp_path / "out") == digests(tmp_path / "memory")
    assert seen[0] == (0, found.shares)
    assert seen[-1] == (found.shares, found.shares)


def test_only_what_is_left_is_done_again(events, wide, tmp_path):
    out = tmp_path / "out"
    large(events, wide).to_parquet(out)
    before, times = digests(out, manifest=True), {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    (out / "part-00002.parquet").unlink()
    cut = out / "part-00001.parquet"
    cut.write_bytes(cut.read_bytes()[:-40])
    with pytest.raises(
        InputError,
        match=r"2 of \d+ parts are not whole.*part-00001.parquet cannot be read.*part-00002.parquet is not there",
    ):
        es.open_result(out)
    seen = []
    large(events, wide).to_parquet(out, progress=lambda done, total: seen.append(total - done))
    assert seen == [2, 1, 0]
    assert digests(out, manifest=True) == before
    kept = {path.name for path in out.iterdir() if path.stat().st_mtime_ns == times[path.name]}
    assert {"part-00000.parquet", "part-00003.parquet"} <= kept


def test_another_study_or_other_returns_are_not_mixed_in(events, wide, frame, tmp_path):
    out = tmp_path / "out"
    large(events, wide).to_parquet(out)
    with pytest.raises(InputError, match=r"result of other study or its events.*resume=False"):
        large(events, wide, window=(0, 1)).to_parquet(out)
    other = tmp_path / "other.parquet"
    (frame * 0.5).to_parquet(other)
    with pytest.raises(InputError, match="result of other returns"):
        large(events, str(other)).to_parquet(out)
    found = large(events, str(other)).to_parquet(out, resume=False)
    assert found.n
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match=r"holds letter.txt"):
        large(events, wide).to_parquet(tmp_path / "mine")
    with pytest.raises(InputError, match="holds no result of eventstudy"):
        es.open_result(tmp_path / "mine")


def test_a_page_that_was_changed_is_told_by_its_checksum(events, wide, tmp_path):
    out = tmp_path / "out"
    large(events, wide).to_parquet(out)
    path = out / "part-00000.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"part-00000.parquet cannot be read"):
        es.open_result(out).tidy()


def test_a_damaged_file_stops_its_own_share_alone(events, wide, tmp_path):
    found = large(events, wide)
    bad = Path(wide).parent / "b.parquet"
    content = bytearray(bad.read_bytes())
    kept = bytes(content)
    content[8 : len(content) // 2] = os.urandom(len(content) // 2 - 8)
    bad.write_bytes(content)
    out = tmp_path / "out"
    with pytest.raises(DataError, match=r"\d of \d+ parts could not be made: b.parquet: .*only these are made") as told:
        found.to_parquet(out)
    assert "\n" not in str(told.value)
    assert list(out.glob("part-*.parquet"))  # the shares of the other file
    bad.write_bytes(kept)
    found.to_parquet(out)
    assert es.open_result(out).n


@pytest.mark.parametrize(("change", "said"), [
    (lambda path: path.write_bytes(b""), "b.parquet: this cannot be read as Parquet"),
    (lambda path: path.write_bytes(path.read_bytes()[:-100]), "b.parquet: this cannot be read as Parquet"),
    (lambda path: pd.read_parquet(path).astype({"S07": str}).to_parquet(path), "b.parquet: column 'S07' holds .*string, not numbers"),
    (lambda path: pd.read_parquet(path).reset_index(drop=True).to_parquet(path), "b.parquet: there is no date column"),
    (lambda path: pd.read_parquet(path).iloc[:0].to_parquet(path), "b.parquet: there is no row in it"),
    (lambda path: shutil.copy(path, path.with_name("d.parquet")), "stands in two places"),
])  # fmt: skip
def test_a_file_that_cannot_be_used_is_named_in_one_line(change, said, events, wide):
    change(Path(wide).parent / "b.parquet")
    with pytest.raises(DataError, match=said) as told:
        study().fit(events, es.scan_returns(wide))
    assert "\n" not in str(told.value)


def test_a_file_that_changes_after_the_scan_is_told(events, wide, frame, tmp_path):
    found = large(events, wide)
    frame.iloc[:100, :5].to_parquet(Path(wide).parent / "a.parquet")
    with pytest.raises(DataError, match=r"a.parquet has been changed since it was scanned"):
        found.to_parquet(tmp_path / "out")


def test_a_study_that_is_not_yet_done_says_so(events, wide):
    with pytest.raises(StudyError, match=r"larger than memory .*write it first: result.to_parquet\(folder\).car"):
        large(events, wide).car()
    with pytest.raises(AttributeError):
        large(events, wide).nothing  # noqa: B018
    with pytest.raises(StudyError, match="executor='threads' is none"):
        study().fit(events, es.scan_returns(wide), executor="threads")


def test_a_study_is_done_in_memory_up_to_just_the_memory_that_is_allowed(frame, events, wide):
    """32 bytes a return of the symbols that are read; 24 a day of the window and 300 more a security-event asked for."""
    known = set(events["symbol"]) & set(frame.columns) | {"MKT"}
    needed = 32 * len(known) * len(frame) + len(events) * (24 * 5 + 300)
    assert isinstance(study(window=(-2, 2)).fit(events, es.scan_returns(wide, memory=needed)), es.StudyResult)
    found = study(window=(-2, 2)).fit(events, es.scan_returns(wide, memory=needed - 1))
    assert type(found).__name__ == "LargeResult"
    assert found.asked == len(events)
    assert found.shares == len(found._plan.plan.blocks) >= 2
    assert repr(found) == f"LargeResult: {len(events)} security-events in {found.shares} parts, not yet written"


class Counting(ThreadPoolExecutor):
    """Says how often it was asked."""

    asked = 0

    def submit(self, *given, **named):
        self.asked += 1
        return super().submit(*given, **named)


def test_the_executor_of_the_writing_goes_before_that_of_the_study(events, wide, tmp_path):
    with Counting(1) as one, Counting(1) as other:
        found = study().fit(events[:80], es.scan_returns(wide, memory=0), executor=one)
        told = []
        found.to_parquet(tmp_path / "a", executor=other, progress=lambda *counts: told.append(counts))
        assert (one.asked, other.asked) == (0, found.shares)
        assert told == [(done, found.shares) for done in range(found.shares + 1)]
        found.to_parquet(tmp_path / "b")
        assert (one.asked, other.asked) == (found.shares, found.shares)
    assert digests(tmp_path / "a", manifest=True) == digests(tmp_path / "b", manifest=True)


@pytest.mark.slow
def test_what_is_lost_with_a_worker_is_done_again_and_said(tmp_path, caplog):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = dict(spread(die_once, ((str(tmp_path), number) for number in range(3)), pool))
    assert found == {0: 0, 1: 1, 2: 2}
    assert "was lost with its worker" in caplog.text


@pytest.mark.slow
def test_a_task_that_kills_its_workers_comes_to_an_end():
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(WorkersLost, match=f"was lost {MOST_LOST + 1} times"),
    ):
        dict(spread(die, [(1,)], pool))


KILLED = """
    import sys
    import eventstudy as es, pandas as pd
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context
    from eventstudy.study.large import plan, share
    plan.ROWS = 60
    if __name__ == "__main__":
        events = pd.read_parquet(sys.argv[2])
        study = es.EventStudy(model=es.MarketModel("MKT"), window=(-2, 2), estimation=(-120, -11), calendar=None)
        found = study.fit(events, es.scan_returns(sys.argv[1], memory=0))
        found.to_parquet(sys.argv[3])
"""


@pytest.mark.slow
def test_a_run_that_is_killed_is_taken_up_again(frame, events, wide, tmp_path):
    script, out = tmp_path / "run.py", tmp_path / "out"
    script.write_text(textwrap.dedent(KILLED))
    events.to_parquet(tmp_path / "events.parquet")
    command = [sys.executable, str(script), wide, str(tmp_path / "events.parquet"), str(out)]
    for wait in (1, 2, 3):
        run = subprocess.Popen(command)
        end = time.monotonic() + 60
        while len(list(out.glob("part-*"))) < wait and run.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        run.kill()
        run.wait()
    subprocess.run(command, check=True)
    study().fit(events, es.ReturnPanel(frame)).to_parquet(tmp_path / "memory")
    assert digests(out) == digests(tmp_path / "memory")


@pytest.mark.slow
def test_ten_workers_killed_at_random_change_no_byte(frame, events, wide, tmp_path):
    study().fit(events, es.ReturnPanel(frame)).to_parquet(tmp_path / "memory")
    rng, killed, over = np.random.default_rng(3), [], threading.Event()
    context = get_context("spawn")

    def kill():
        while not over.is_set() and len(killed) < 10:
            over.wait(float(rng.uniform(0.5, 3.0)))
            children = [child for child in active_children() if child.pid]
            if children:
                os.kill(rng.choice([child.pid for child in children]), signal.SIGKILL)
                killed.append(1)

    with ProcessPoolExecutor(2, mp_context=context) as pool:
        thread = threading.Thread(target=kill)
        thread.start()
        for turn in range(50):
            large(events, wide).to_parquet(tmp_path / f"out{turn}", executor=pool)
            assert digests(tmp_path / f"out{turn}") == digests(tmp_path / "memory")
            if len(killed) == 10:
                break
        over.set()
        thread.join()
    assert len(killed) == 10


FULL = "out cannot be written (No space left on device); make room, or name another place"


def test_a_full_disk_is_one_line_and_what_is_written_is_kept(events, wide, tmp_path, monkeypatch):
    whole, written = share.write_whole, []

    def write(path, content):
        written.append(path)
        if len(written) > 7:
            raise InputError(FULL)
        return whole(path, content)

    monkeypatch.setattr(share, "write_whole", write)
    out = tmp_path / "out"
    with pytest.raises(InputError, match="No space left on device"):
        large(events, wide).to_parquet(out)
    assert len(list(out.glob("part-*"))) == 2
    monkeypatch.undo()
    monkeypatch.setattr(plan, "ROWS", 60)
    large(events, wide).to_parquet(out)
    assert es.open_result(out).n == study().fit(events, es.scan_returns(wide)).n


def test_the_manifest_knows_no_clock_and_no_place(events, wide, tmp_path):
    large(events, wide).to_parquet(tmp_path / "out")
    text = (tmp_path / "out" / "manifest.json").read_text()
    assert str(tmp_path) not in text
    assert set(json.loads(text)) == {"format", "eventstudy", "plan", "data", "shares", "rows", "study", "model"}
