import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from eventstudy.errors import DataError, InputError
from eventstudy.report import Kept, join_characteristics, keep_result, load_kept, save_kept


@pytest.fixture
def kept():
    tidy = pd.DataFrame(
        {
            "event_id": ["a", "b", None],
            "relative_day": [-1, 0, 1],
            "ar": [0.1 + 0.2, np.nan, -np.inf],
            "studied": [True, False, True],
            "session": pd.to_datetime(["2025-04-03", None, "2025-04-09"]).astype("datetime64[us]"),
            "announced_at": pd.to_datetime(
                ["2025-04-02 20:00:01.5", "2025-04-09 17:18:40", None], utc=True, format="ISO8601"
            ).astype("datetime64[us, UTC]"),
        }
    )
    events = pd.DataFrame({"name": ["Liberation Day"]}, index=pd.Index(["a"], name="event_id"))
    empty = pd.DataFrame({"event_id": pd.Series([], dtype="str"), "detail": pd.Series([], dtype="float64")})
    return Kept({"tidy": tidy, "events": events, "excluded": empty}, {"seed": 0, "versions": {"numpy": "2.0"}})


@pytest.mark.parametrize("ending", ["parquet", "json"])
def test_what_comes_back_is_what_was_kept(kept, ending, tmp_path):
    back = load_kept(save_kept(kept, tmp_path / f"result.{ending}"))
    assert list(back.frames) == list(kept.frames)
    for name, frame in kept.frames.items():
        pd.testing.assert_frame_equal(back[name], frame)
    assert back.provenance == kept.provenance


@pytest.mark.parametrize("ending", ["parquet", "json"])
def test_the_same_result_is_the_same_bytes(kept, ending, tmp_path):
    one, two = (save_kept(kept, tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
    assert one == two


def test_any_tool_can_read_the_first_table(kept, tmp_path):
    path = save_kept(kept, tmp_path / "result.parquet")
    assert pq.read_table(path).column("relative_day").to_pylist() == [-1, 0, 1]


def test_a_kept_result_that_was_damaged_is_refused_or_the_same(kept, tmp_path):
    path = save_kept(kept, tmp_path / "result.parquet")
    good, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for at in rng.integers(len(good), size=60):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x41]) + good[at + 1 :])
        try:
            back = load_kept(path)
        except InputError:
            refused += 1
        else:
            assert all(str(frame) for frame in back.frames.values())
            pd.testing.assert_frame_equal(back["tidy"], kept["tidy"])  # the first table, whose pages have checksums
    assert refused


def test_a_study_result_is_kept_whole(tmp_path):
    table = pd.DataFrame({"ar": [0.1]})
    result = SimpleNamespace(
        provenance={"hash": "x"},
        excluded=pd.DataFrame({"reason": ["no price"]}),
        events=pd.DataFrame({"event_id": ["a"]}),
        **dict.fromkeys(("tidy", "car", "aar"), lambda: table),
    )
    back = load_kept(keep_result(result, tmp_path / "r.json"))
    assert list(back.frames) == ["tidy", "car", "aar", "excluded", "events"]


def test_wrong_input(kept, tmp_path):
    with pytest.raises(InputError, match=r"\.parquet or \.json"):
        save_kept(kept, tmp_path / "r.pickle")
    with pytest.raises(InputError, match="no table"):
        save_kept(Kept({}), tmp_path / "r.json")
    with pytest.raises(InputError, match="no table 'car' was kept"):
        kept["car"]


@pytest.mark.parametrize(
    "name", ["none.json", "none.parquet", "foreign.json", "foreign.parquet", "broken.json", "broken.parquet"]
)
def test_what_was_not_kept_by_us_is_refused(name, tmp_path):
    (tmp_path / "foreign.json").write_text(json.dumps({"a": 1}))
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "foreign.parquet")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"cannot be read as|does not exist"):
        load_kept(tmp_path / name)


CAR = pd.DataFrame({"event_id": ["a", "a", "b"], "symbol": ["AMD", "NVDA", "AMD"], "car": [-0.1, 0.2, 0.3]})


def test_characteristics_join_by_symbol_or_by_event_and_symbol():
    by_firm = join_characteristics(CAR, pd.DataFrame({"symbol": ["AMD"], "size": [5.0]}))
    assert by_firm["size"].tolist()[0::2] == [5.0, 5.0]
    assert np.isnan(by_firm["size"][1])
    firms = pd.DataFrame({"event_id": ["b"], "symbol": ["AMD"], "size": [7.0]})
    assert join_characteristics(CAR, firms, on=["event_id", "symbol"])["size"].notna().tolist() == [False, False, True]
    assert by_firm["car"].tolist() == CAR["car"].tolist(), "no row is lost, none is doubled, the order stays"


@pytest.mark.parametrize(
    ("firms", "said"),
    [
        (pd.DataFrame({"ticker": ["AMD"]}), "no column 'symbol'"),
        (pd.DataFrame({"symbol": ["AMD", "AMD"], "size": [1, 2]}), "twice"),
        (pd.DataFrame({"symbol": ["AMD"], "car": [1.0]}), "both frames have a column 'car'"),
    ],
)
def test_a_join_that_would_double_or_shadow_is_refused(firms, said):
    with pytest.raises(DataError, match=said):
        join_characteristics(CAR, firms)


@pytest.mark.parametrize("label", [["a"], {"a": 1}, 5, None, 1.5, True])
@pytest.mark.parametrize("where", ["name", "columns"])
def test_a_name_that_is_no_text_is_refused(kept, label, where, tmp_path):
    path = save_kept(kept, tmp_path / "r.json")
    document = json.loads(path.read_text())
    part = document["frames"][0]
    part[where] = label if where == "name" else [label, *part["columns"][1:]]
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"r\.json: this cannot be read as a kept result"):
        load_kept(path)
