"""Worlds of known truth: that they are what they say, and a small trial of the machinery on them.

The full trial is the table in docs/flagship.md with its command; twenty new worlds of two rows are held against it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy.hypothesis
from eventstudy.errors import StudyError
from eventstudy.hypothesis import laboratory, load_definitions
from eventstudy.hypothesis.laboratory import trials, worlds
from eventstudy.hypothesis.laboratory.trials import FALSIFIERS, TRUTH, Outcome, run_trials, try_world
from eventstudy.hypothesis.laboratory.worlds import KINDS, _bursts, _Path, _risk_sets, _spread, simulate_world
from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.e_values import reaction_evidence, relief_evidence, weakest
from eventstudy.hypothesis.links.evidence import prepare
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.verdict.falsifier import FALSE_ALARMS


@pytest.fixture(scope="module")
def rules():
    return load_definitions()


DOCS = Path(__file__).parents[2] / "docs"
WORLDS = 40  # means of this many worlds are compared, four standard errors wide
ERRORS = 4
LINKS = ("H1", "H2", "H3", "chain")


def reactions(world, position):
    market = world.record.market
    daily = market.fear[position - 1] / 100 / np.sqrt(252)
    return market.returns[position] / daily


@pytest.mark.parametrize(("kind", "expected"), [("bluff", 0.75), ("noise", 0.0)])
def test_threats_and_reliefs_move_the_index_as_declared(rules, kind, expected):
    down, up = [], []
    for i in range(WORLDS):
        world = simulate_world(kind, rules, np.random.default_rng([i, 7]))
        down.append(reactions(world, world.record.trigger))
        up.append(reactions(world, world.record.relief))
    for values, sign in ((np.concatenate(down), -1), (np.concatenate(up), 1)):
        error = values.std() / np.sqrt(values.size)
        assert abs(values.mean() - sign * expected) < ERRORS * error


def excess(world):
    """Mean loss of what is relieved beyond that of all pairs at risk, in the stretch that is studied."""
    risk, close = world.risk.within([(world.first, world.last)]), world.record.market.close
    rows = risk.rows
    loss = -np.log(close[rows.day - 1] / close[rows.base])
    return loss[rows.relieved].mean() - loss.mean() if rows.relieved.any() else np.nan


@pytest.mark.slow
def test_only_forced_worlds_relent_after_losses(rules):
    gap = {}
    for kind in ("forced", "bluff"):
        worlds = [simulate_world(kind, rules, np.random.default_rng([i, 8]), times=2) for i in range(WORLDS)]
        values = np.array([excess(world) for world in worlds])
        gap[kind] = np.nanmean(values), np.nanstd(values) / np.sqrt(WORLDS)
    assert gap["forced"][0] > ERRORS * gap["forced"][1]
    assert gap["forced"][0] > gap["bluff"][0] + ERRORS * gap["bluff"][1]


def test_a_world_is_a_consistent_record(rules):
    for kind in KINDS:
        world = simulate_world(kind, rules, np.random.default_rng(1))
        spells, risk = world.record.spells, world.risk
        assert (spells.last >= spells.start).all()
        assert spells.last.max() <= world.last
        assert set(risk.decision) == set(world.record.decision)
        assert not set(world.record.trigger) & set(world.record.relief)
        assert world.record.busy[world.record.trigger].all()
        marked = sorted(row for one in risk.reliefs for row in one.rows)
        assert marked == np.flatnonzero(risk.rows.relieved).tolist()
        assert all((risk.rows.day[list(one.rows)] == one.day).all() for one in risk.reliefs)
        pairs = set(zip(risk.rows.episode.tolist(), risk.rows.day.tolist(), strict=True))
        lived = {
            (e, t) for e, (a, b) in enumerate(zip(spells.start, spells.last, strict=True)) for t in range(a, b + 1)
        }
        assert pairs == lived


def test_a_world_is_as_crowded_as_the_headline_sample(rules):
    reliefs, relieved, opened = [], [], []
    for i in range(WORLDS):
        world = simulate_world("bluff", rules, np.random.default_rng([i, 2]))
        risk = world.risk.within([(world.first, world.last)])
        assert (world.first, world.last) == (330, 330 + 326 - 1)
        assert len(world.record.spells.ids) == 32
        reliefs.append(len(risk.reliefs))
        relieved.append(risk.rows.relieved.sum())
        opened.append(risk.rows.day.size / 326)
    # the record has 12 reliefs of 19 episodes, with 12.1 open on average
    assert 9 <= np.mean(reliefs) <= 15
    assert 14 <= np.mean(relieved) <= 24
    assert 9 <= np.mean(opened) <= 15


@pytest.fixture(scope="module")
def noise(rules):
    return [simulate_world("noise", rules, np.random.default_rng([i, 1])) for i in range(WORLDS)]


def test_a_third_of_threats_is_answered(noise):
    share = np.mean([len(world.rival.ids) / 32 for world in noise])
    assert abs(share - 0.35) < ERRORS * np.sqrt(0.35 * 0.65 / (32 * WORLDS))


def test_markets_of_noise_follow_their_equations(noise):
    """Fear by least squares on its past and the return: 0.95, -4 and a noise of 0.06; returns of 0.85 of what is implied."""
    left, right, scaled = [], [], []
    for world in noise:
        market = world.record.market
        fear = np.log(market.fear / 18.0)
        quiet = np.setdiff1d(np.arange(world.first, fear.size), world.selloffs)
        left.append(fear[quiet])
        right.append(np.column_stack([fear[quiet - 1], market.returns[quiet]]))
        scaled.append(reactions(world, quiet))
    y, x, z = np.concatenate(left), np.concatenate(right), np.concatenate(scaled)
    slope, residual, *_ = np.linalg.lstsq(x, y, rcond=None)
    noise = np.sqrt(residual[0] / y.size)
    error = noise * np.sqrt(np.diag(np.linalg.inv(x.T @ x)))
    assert (np.abs(slope - [0.95, -4.0]) < ERRORS * error).all()
    assert noise == pytest.approx(0.06, rel=0.03)
    assert z.std() == pytest.approx(0.85, rel=0.1)  # fat tails
    drift = 0.0006 / (18.0 / 100 / np.sqrt(252))
    assert abs(z.mean() - drift) < ERRORS * 0.85 / np.sqrt(z.size) + 0.1 * drift


def test_selloffs_of_other_news_fall_by_two_standard_deviations(noise):
    falls = [reactions(world, world.selloffs) for world in noise]
    values = np.concatenate(falls)
    assert abs(values.mean() + 2.0 - 0.05) < ERRORS * 0.85 / np.sqrt(values.size)


def test_other_news_falls_as_often_before_the_first_threat(rules, monkeypatch):
    """Else quiet days are calmer than days of threats, and noise is no null: H1 rejected in 6.8 % of 2,000 such worlds."""
    monkeypatch.setattr(worlds, "_SELLOFF", 14.0)
    world = simulate_world("noise", rules, np.random.default_rng(5), times=1)
    falls = np.flatnonzero(reactions(world, np.arange(1, world.last + 1)) < -8) + 1
    assert (falls < world.first).sum() == (falls >= world.first).sum() == 8


def test_no_index_falls_below_zero(rules, monkeypatch):
    monkeypatch.setattr(worlds, "_SELLOFF", 40.0)
    world = simulate_world("noise", rules, np.random.default_rng(5))
    assert (world.record.market.close > 0).all()
    assert world.record.market.returns[1:].min() == pytest.approx(-0.9)


@pytest.mark.parametrize("kind", ["forced", "self-defeating"])
def test_the_declared_odds_are_per_standard_deviation_of_the_own_loss(rules, kind, monkeypatch):
    found = []
    own = worlds._spread
    monkeypatch.setattr(worlds, "_spread", lambda *given: found.append(own(*given)) or found[-1])
    world = simulate_world(kind, rules, np.random.default_rng(8))
    rows, close = world.record.risk.rows, world.record.market.close
    inside = rows.day >= world.first
    loss = np.log(close[rows.day - 1] / close[rows.base])[inside]
    assert found[-1] == pytest.approx(loss.std(), rel=1e-12)
    assert len(found) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_the_hazard_of_relief_is_that_of_its_world(rules, kind):
    """Odds of 0.0033/0.9967; times 4 per standard deviation (0.07) of loss where forced; 8 or 1/2 as the rival answers."""
    path = _Path(kind, rules, 0.07, first=330, length=135, size=465, rng=np.random.default_rng(0))
    path.level = 100 * np.exp(0.02 * np.random.default_rng(1).standard_normal(465).cumsum())
    starts, answers = np.array([340, 350, 370]), np.array([352, 380])
    for t in (341, 352, 353, 364, 365, 374, 375, 381, 400):
        for i, start in enumerate(starts):
            odds = 0.0033 / 0.9967
            loss = np.clip(-np.log(path.level[t - 1] / path.level[start - 1]), -0.21, 0.21)
            if kind == "forced" or (kind == "self-defeating" and t < 375):
                odds *= rules.power.odds_ratio ** (loss / 0.07)
            if kind == "retaliation":
                odds *= 8 if any(a < t <= a + 12 for a in answers) else 0.5
            assert path._hazard(t, starts, answers)[i] == pytest.approx(odds / (1 + odds), rel=1e-12)
        gone = kind == "noise" or (kind == "self-defeating" and t >= 375)
        assert path._jump(t) == (0.0 if gone else rules.power.reaction)


def test_same_seed_same_world(rules):
    one, two = (simulate_world("forced", rules, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.record.market.close, two.record.market.close)


def test_unknown_worlds_are_refused(rules):
    with pytest.raises(StudyError, match="not one of forced, bluff"):
        simulate_world("wishful", rules, np.random.default_rng(0))


def test_answers_are_counted_as_they_come(rules, monkeypatch):
    """Seven worlds of each kind and size with answers made up: every share by hand."""
    asked, made = [], []
    answers = [
        Outcome((True, False, True, False), True, 0.5, "fear", (False,) * 6, (False,) * 4),
        Outcome((True, True, False, False), None, 0.2, "drawdown", (False,) * 6, (False,) * 4),
        Outcome((False, True, False, True), False, 0.0, "drawdown", (True, *(False,) * 5), (True, False, False, False)),
        Outcome((True, False, False, False), None, 0.1, "constant", (False,) * 6, (False,) * 4),
    ]

    def make(kind, given, rng, *, times):
        made.append((kind, times, rng.random()))
        assert given is rules
        return kind

    def answer(world, _, *, draws, seed, **_raced):
        asked.append((world, draws, tuple(seed.generate_state(2))))
        return answers[(len(asked) - 1) % 4]

    monkeypatch.setattr(trials, "simulate_world", make)
    monkeypatch.setattr(trials, "try_world", answer)
    table = run_trials(rules, worlds=4, times=(1, 3), kinds=("forced", "noise"), draws=17, seed=5)
    assert len({numbers for _, _, numbers in asked}) == len({number for *_, number in made}) == 16  # all differ
    assert [m[:2] for m in made] == [(k, t) for t in (1, 3) for k in ("forced", "noise") for _ in range(4)]
    assert {draws for _, draws, _ in asked} == {17}
    for at, row in enumerate(table.itertuples()):
        assert row.judged == 4
        assert (row.world, row.times, row.worlds) == (("forced", "noise")[at % 2], (1, 3)[at // 2], 4)
        assert (row.H1, row.H2, row.H3, row.chain) == (0.75, 0.5, 0.25, 0.25)
        assert (row.supported, row.contradicted) == (0.25, 0.25)
        assert row.stated_power == pytest.approx(0.2)
        assert (row.favourite, row.favourite_share) == ("drawdown", 0.5)
        assert (row.e_H1, row.e_chain, row.fires_h1_rule, row.fires_h2_sample) == (0.25, 0, 0.25, 0)
        assert row.true_share == {"forced": 0.5, "noise": 0.25}[row.world]


@pytest.mark.slow
def test_the_machinery_tells_a_forced_world_from_noise(rules):
    told = {}
    for kind in ("forced", "noise"):
        worlds = [simulate_world(kind, rules, np.random.default_rng([i, 4]), times=3) for i in range(6)]
        told[kind] = [try_world(w, rules, draws=99, seed=np.random.SeedSequence([i])) for i, w in enumerate(worlds)]
    for outcome in (*told["forced"], *told["noise"]):
        assert not outcome.supported or outcome.rejects[3]
        assert not outcome.rejects[3] or all(outcome.rejects[:3])
        assert 0 <= outcome.stated <= 1
    assert sum(outcome.rejects[3] for outcome in told["forced"]) >= 4
    assert (
        sum(outcome.supported is True for outcome in told["forced"]) >= 2
    )  # each of six falsifiers may fire by chance
    assert sum(outcome.favourite == "drawdown" for outcome in told["forced"]) >= 4
    assert np.mean([outcome.stated for outcome in told["forced"]]) > 0.6
    assert not any(outcome.rejects[3] or outcome.supported for outcome in told["noise"])


@pytest.mark.slow
def test_a_small_trial(rules):
    table = run_trials(rules, worlds=12, times=(2,), kinds=("forced", "bluff", "noise"), draws=99).set_index("world")
    assert table.loc["forced", "supported"] > table.loc["bluff", "supported"]
    assert table.loc["forced", "favourite"] == "drawdown"
    # three of twelve would be far beyond the level even with Monte-Carlo error
    assert table.loc["bluff", "chain"] <= 2 / 12
    assert table.loc["noise", "chain"] == 0
    assert table["true_rival"].tolist() == [TRUTH[kind] for kind in table.index]


@pytest.fixture(scope="module")
def committed():
    """What the worlds showed, as committed with its command."""
    return pd.read_csv(DOCS / "worlds.csv")


@pytest.mark.parametrize("kind", ["noise", "forced"])
def test_links_and_evidence_alone_come_out_the_same(rules, kind):
    whole, lean = (
        trials.trial(kind, rules, times=1, number=4, draws=99, seed=0, raced=False, judged=j) for j in (True, False)
    )
    assert (lean.rejects, lean.watched) == (whole.rejects, whole.watched)
    assert (lean.fires, lean.supported) == ((), None)


def test_the_page_shows_the_committed_trial(committed):
    lines = (DOCS / "flagship.md").read_text("utf-8").split("<!-- worlds -->\n")[1].splitlines()[2 : 2 + len(committed)]
    columns = ["H1", "H2", "H3", "chain", "supported", "contradicted", "stated_power"]
    for line, (_, row) in zip(lines, committed.iterrows(), strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[:2] == [row["world"], str(row["times"])]
        assert cells[2:9] == [f"{100 * row[c]:.0f} %" for c in columns]
        assert cells[9].startswith(row["favourite"])


def test_the_rates_beside_the_falsifiers_are_those_of_true_worlds(committed, rules):
    true = committed[(committed["world"] == "forced") & (committed["times"] == 1)].iloc[0]
    texts = [rules.falsifiers["h1"][0], *rules.falsifiers["h2"], *rules.falsifiers["h3"]]
    shown = {text: round(float(true[f"fires_{name}"]), 2) for name, text in zip(FALSIFIERS, texts, strict=True)}
    assert shown == FALSE_ALARMS
    page = (DOCS / "flagship.md").read_text("utf-8").split("<!-- falsifiers -->\n")[1].splitlines()[2:8]
    longer = committed[(committed["world"] == "forced") & (committed["times"] == 3)].iloc[0]
    for line, name, text in zip(page, FALSIFIERS, texts, strict=True):
        said = [cell.strip() for cell in line.strip("|").split("|")]
        assert said[0].endswith(text)
        assert said[1:] == [f"{100 * row[f'fires_{name}']:.0f} %" for row in (true, longer)]


def within(share, worlds):
    """Three standard errors of a share: a bar is missed only beyond them."""
    return 3 * np.sqrt(share * (1 - share) / worlds)


def test_the_committed_trial_meets_what_was_asked_of_it(committed):
    """Sizes where a link is absent, power where all are there, evidence that is watched, and the race."""
    worlds = int(committed["worlds"].min())
    assert worlds >= 200
    real = committed[committed["times"] == 1].set_index("world")
    noise, bluff, forced = (real.loc[name] for name in ("noise", "bluff", "forced"))
    for row, link, low, high in (
        (noise, "H1", 0.03, 0.06),
        (noise, "H3", 0.03, 0.06),
        (noise, "H2", 0.015, 0.06),
        (bluff, "H2", 0.015, 0.06),
        (bluff, "chain", 0.0, 0.05),
    ):
        assert low - within(low, worlds) <= row[link] <= high + within(high, worlds), (row.name, link)
    assert forced["chain"] >= 0.45
    absent = committed[committed["world"] != "forced"]
    assert (absent["supported"] <= 0.05 + within(0.05, worlds)).all()
    assert (committed.loc[committed["world"] == "noise", [f"e_{x}" for x in LINKS]] <= 0.05 + within(0.05, worlds)).all(
        axis=None
    )
    assert (committed.loc[committed["world"] == "bluff", ["e_H2", "e_chain"]] <= 0.05 + within(0.05, worlds)).all(
        axis=None
    )
    for name in ("forced", "retaliation", "self-defeating"):  # a constant hazard has no mark of its own to be named by
        assert (committed.loc[committed["world"] == name, "favourite"] == TRUTH[name]).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bluff", "noise"])
def test_twenty_new_worlds_agree_with_the_committed_trial(rules, committed, kind):
    """Worlds of another seed than those of the table; the difference of two shares within three of its standard errors."""
    few = 20
    fresh = run_trials(rules, worlds=few, times=(1,), kinds=(kind,), draws=199, seed=1, raced=1).iloc[0]
    table = committed[(committed["world"] == kind) & (committed["times"] == 1)].iloc[0]
    counted = [*LINKS, "supported", "contradicted"]
    counted += [c for c in committed.columns if c.startswith(("e_", "fires_"))]
    assert len(counted) == 16
    for name in counted:
        many = int(table["worlds" if name in LINKS or name.startswith("e_") else "judged"])
        # one world more on either side, so that a share of 0 or 1 has an error too
        pooled = (table[name] * many + fresh[name] * few + 1) / (many + few + 2)
        error = np.sqrt(pooled * (1 - pooled) * (1 / many + 1 / few))
        assert abs(fresh[name] - table[name]) <= 3 * error, name


@pytest.mark.parametrize("name", ["World", "run_trials", "simulate_world"])
def test_the_old_names_answer_and_say_where_they_went(name):
    with pytest.warns(DeprecationWarning, match=f"import {name} from eventstudy.hypothesis.laboratory"):
        old = getattr(eventstudy.hypothesis, name)
    assert old is getattr(laboratory, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        eventstudy.hypothesis.nonsense  # noqa: B018


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_the_calendar_of_a_world(rules, kind, times):
    """Threats, retaliations and reliefs where and as many as it says; what is near any of them is busy."""
    world = simulate_world(kind, rules, np.random.default_rng([times, 6]), times=times)
    record, spells, rival = world.record, world.record.spells, world.rival
    size = record.busy.size
    assert (world.first, world.last, world.turn) == (330, 330 + 326 * times - 1, 330 + 326 * times // 3)
    assert size == world.last + 1
    older, new = spells.start[:12], spells.start[12:]
    assert (older >= 270).all()
    assert (older < 330).all()
    assert (np.diff(older) > 0).all()
    assert new.size == 20 * times
    assert (new >= 330).all()
    assert (new < world.last - 2).all()
    assert set(new) <= {*record.trigger, *record.decision}
    both = 32 * times - record.trigger.size
    assert both == record.decision.size - record.relief.size >= 0
    assert not {*record.trigger, *record.relief} & ({*record.decision} - {*record.relief})
    held = {int(t) + day for t in (*record.trigger, *record.decision, *older) for day in (0, 1)}
    assert set(np.flatnonzero(record.busy)) == {t for t in held if t < size}
    assert (record.decision >= 330).all()
    life = spells.last - spells.start
    ended = (spells.outcome == 1) & (spells.last < world.last)
    assert ((life[ended] >= 30) & (life[ended] < 320)).all()
    assert (spells.last[spells.outcome == 2] == world.last).all()
    assert (spells.last[spells.outcome == 1] < world.last).all()
    last_relief = {(world.risk.rows.episode[row], one.day) for one in world.risk.reliefs for row in one.rows}
    assert all((e, spells.last[e]) in last_relief for e in np.flatnonzero(spells.outcome == 0))
    assert (spells.deadline == size + 10**6).all()
    assert (rival.deadline == size + 10**6).all()
    assert (world.risk.rows.deadline == 10**7).all()
    for marks in (spells.group, rival.group, world.risk.rows.group, world.risk.in_force):
        assert not marks.any()
    assert (rival.outcome == 1).all()
    assert (rival.last == np.minimum(rival.start + 12, world.last)).all()
    assert all(any(1 <= a - t <= 3 for t in spells.start) or a == world.last - 1 for a in rival.start)
    assert not record.busy[world.selloffs].any()
    assert world.selloffs.size <= 8 * times
    assert (np.diff(world.selloffs) > 0).all()
    market = record.market
    assert (market.close[0], market.fear[0], market.returns[1]) == (
        100.0,
        18.0,
        pytest.approx(market.close[1] / 100 - 1),
    )
    assert np.diff(market.rate).std() == pytest.approx(0.05, rel=0.15)
    assert abs(market.rate[0] - 4.0) < 0.25
    assert market.weekday.tolist() == (np.arange(size) % 5).tolist()


def test_bursts_follow_within_three_sessions():
    found = _bursts(np.arange(100, 4000), 400, np.random.default_rng(0))
    assert (found.size, np.unique(found).size) == (400, 400)
    gaps = np.diff(found)
    near = np.mean(gaps <= 3)
    # half of the triggers begin another, drawn on one, two or three sessions later; a few meet by chance
    assert abs(near - 0.5) < 0.12
    counts = np.bincount(gaps[gaps <= 3], minlength=4)[1:]
    assert (counts > 0.15 * counts.sum()).all()
    assert _bursts(np.arange(10, 14), 4, np.random.default_rng(1)).tolist() == [10, 11, 12, 13]


def test_episodes_and_reliefs_on_the_bars_by_hand():
    found = _risk_sets(np.array([3, 5]), np.array([6, 7]), [(5, np.array([0, 1])), (6, np.array([0]))], ("a", "b"))
    assert list(zip(found.rows.day.tolist(), found.rows.episode.tolist(), strict=True)) == [
        (3, 0),
        (4, 0),
        (5, 0),
        (5, 1),
        (6, 0),
        (6, 1),
        (7, 1),
    ]
    assert found.rows.age.tolist() == [0, 1, 2, 0, 3, 1, 2]
    assert found.rows.base.tolist() == [2, 2, 2, 4, 2, 4, 4]
    assert [(one.day, one.name, one.rows) for one in found.reliefs] == [(5, "R5", (2, 3)), (6, "R6", (4,))]
    assert np.flatnonzero(found.rows.relieved).tolist() == [2, 3, 4]
    assert not found.rows.implemented.any()


def test_the_spread_of_losses_counts_from_the_stretch_on():
    level = np.array([100.0, 90, 95, 99, 80, 85, 88])
    found = _spread(level, np.array([1, 4]), np.array([5, 5]), 3)
    losses = [np.log(level[t - 1] / level[0]) for t in (3, 4, 5)] + [np.log(level[t - 1] / level[3]) for t in (4, 5)]
    assert found == pytest.approx(np.std(losses))


@pytest.mark.parametrize("judged", [False, True])
def test_what_the_machinery_says_of_a_world_is_what_its_parts_say(rules, judged):
    world = simulate_world("forced", rules, np.random.default_rng(11))
    told = try_world(world, rules, draws=39, seed=np.random.SeedSequence(3), raced=False, judged=judged)
    evidence = prepare(world.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    quiet = [t for t in range(world.first - 250, world.last + 1) if not world.record.busy[t]]
    how = rules.links(draws=39, power_draws=50 if judged else 1, curves=False)
    first = np.random.SeedSequence(3).spawn(3)[0]
    sample = evaluate(world.record, evidence, [Stratum("w", world.first, world.last, np.array(quiet))], how, seed=first)
    tests = (*sample.links.values(), sample.chain)
    assert told.rejects == tuple(test.applicable and test.pvalue <= 0.05 for test in tests)
    record, rule, raw = world.record, rules.evidence, evidence.scores.raw
    close, fear = record.market.close, record.market.fear
    prior = np.full(close.size, np.nan)
    prior[6:] = [
        (close[t - 1] / close[t - 6] - 1) / (fear[t - 6] / 100 * np.sqrt(5 / 252)) for t in range(6, close.size)
    ]
    rows = world.risk.rows
    links = {
        "H1": reaction_evidence(
            -raw, record.trigger, np.array(quiet), np.array([np.nan, *fear[:-1]]), world.first, rule
        ),
        "H2": relief_evidence(
            np.log(close[rows.base] / close[rows.day - 1]), rows, world.risk.reliefs, world.first, rule
        ),
        "H3": reaction_evidence(raw, record.relief, np.array(quiet), prior, world.first, rule),
    }
    assert told.watched == tuple(one.highest >= 20 for one in (*links.values(), weakest(links)))
    assert told.favourite == ""
    if judged:
        assert told.stated == sample.power["chain"].power
        assert len(told.fires) == len(FALSIFIERS)
    else:
        assert (told.supported, told.fires) == (None, ())
        assert np.isnan(told.stated)


def test_worlds_that_were_not_judged_are_not_counted_among_those():
    judged = Outcome((True, True, True, True), True, 0.5, "drawdown", (True, *(False,) * 5), (True,) * 4)
    bare = Outcome((False,) * 4, None, float("nan"), "", (), (False,) * 4)
    row = trials.tally("forced", 3, [judged, bare, bare, bare])
    assert (row["worlds"], row["judged"], row["raced"], row["times"]) == (4, 1, 1, 3)
    assert (row["H1"], row["chain"], row["e_H2"]) == (0.25, 0.25, 0.25)
    assert (row["supported"], row["contradicted"], row["stated_power"], row["fires_h1_rule"]) == (1.0, 0.0, 0.5, 1.0)
    assert (row["favourite_share"], row["true_share"], row["true_rival"]) == (1.0, 1.0, "drawdown")


def walked(rules, kind, *, trigger=(), selloffs=(), starts=(400,), seed=3):
    """A path and its reliefs, from the same draws whatever happens on it."""
    path = _Path(kind, rules, 0.07, first=330, length=135, size=465, rng=np.random.default_rng(seed))
    what = (
        np.asarray(starts),
        np.full(len(starts), 60),
        *(np.asarray(days, dtype=int) for days in (trigger, (), selloffs)),
    )
    return path, path.run(*what)[2]


def test_a_session_moves_by_drift_shock_and_news_each_in_what_the_gauge_implies(rules):
    """Sessions of news against the same sessions without: by the gauge of the close before, over the root of 252."""
    calm, _ = walked(rules, "noise")
    rng = np.random.default_rng(3)
    shock, own = rng.standard_t(4, 465) / np.sqrt(2), rng.standard_normal(465)
    daily = calm.fear / 100 / np.sqrt(252)
    np.testing.assert_allclose(calm.returns[1:], 0.0006 + 0.85 * daily[:-1] * shock[1:], rtol=1e-12)
    np.testing.assert_allclose(calm.level[1:], 100 * np.cumprod(1 + calm.returns[1:]), rtol=1e-12)
    fear = np.log(calm.fear / 18)
    np.testing.assert_allclose(fear[1:], 0.95 * fear[:-1] - 4 * calm.returns[1:] + 0.06 * own[1:], atol=1e-12)
    for given, move in (({"trigger": (350,)}, -rules.power.reaction), ({"selloffs": (350,)}, -2.0)):
        moved, _ = walked(rules, "bluff", **given)
        assert moved.returns[:350].tolist() == calm.returns[:350].tolist()
        assert moved.returns[350] - calm.returns[350] == pytest.approx(move * daily[349], rel=1e-9)
    for seed in range(3, 40):
        relieved, reliefs = walked(rules, "bluff", starts=[400] * 30, seed=seed)
        if reliefs:
            break
    day = reliefs[0][0]
    before, _ = walked(rules, "noise", starts=[400] * 30, seed=seed)
    assert relieved.returns[:day].tolist() == before.returns[:day].tolist()
    jump = rules.power.reaction * before.fear[day - 1] / 100 / np.sqrt(252)
    assert relieved.returns[day] - before.returns[day] == pytest.approx(jump, rel=1e-9)
