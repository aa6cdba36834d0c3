"""The win model: finds a planted signal, stays silent without one, and never looks past closing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from analytics.snapshot import Snapshot
from analytics.winmodel import evaluation, leakage
from analytics.winmodel.kept import dumped, loaded, model_of, save
from analytics.winmodel.model import Reason, win_model
from tests.snapshots import make
from tests.unit.analytics.winmodel.planted import END, planted

SEEDS = range(10)
GOOD = {"source": "referral", "segment": "Techniek", "employees": 120, "beslisser_gesproken": "ja"}
POOR = {"source": "cold_call", "segment": "Horeca", "employees": 4, "beslisser_gesproken": "nee"}


def outcomes(snapshot: Snapshot) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    status = snapshot.deals["status"]
    return (status == "won").to_numpy(), (status != "open").to_numpy()


def with_status(snapshot: Snapshot, status: str) -> Snapshot:
    deals = snapshot.deals.copy()
    deals.loc[deals["status"] != "open", "status"] = status
    return replace(snapshot, deals=deals, _cache={})


def test_a_planted_signal_is_found_and_its_chances_are_right() -> None:
    away, slopes = [], []
    for seed in SEEDS:
        snapshot, chance = planted(seed)
        model = win_model(snapshot)
        won, done = outcomes(snapshot)
        own = evaluation.auc(chance[done], won[done])
        assert own is not None
        assert model.trusted, seed
        assert model.quality.auc is not None
        assert model.quality.slope is not None
        away.append(model.quality.auc - own[0])
        slopes.append(model.quality.slope)
        low = model.probability(POOR, END)
        high = model.probability(GOOD, END)
        assert low is not None
        assert high is not None
        assert low < 0.25 < 0.7 < high
    assert abs(float(np.mean(away))) <= 0.02
    assert 0.8 <= float(np.mean(slopes)) <= 1.2


def test_without_a_signal_it_says_nothing() -> None:
    models = [win_model(planted(seed, signal=False)[0]) for seed in SEEDS]
    assert sum(not m.trusted for m in models) >= 9
    silent = next(m for m in models if not m.trusted)
    assert silent.reason is Reason.NOT_PREDICTIVE
    assert silent.probability(GOOD, END) is None
    assert silent.influences(GOOD, END) == ()
    assert silent.raw_probability(GOOD, END) is not None


def test_the_order_of_rows_changes_nothing() -> None:
    snapshot, _ = planted(1, 1_500)
    shuffled = snapshot.deals.sample(frac=1, random_state=3).reset_index(drop=True)
    assert dumped(win_model(replace(snapshot, deals=shuffled, _cache={}))) == dumped(
        win_model(snapshot)
    )


def test_facts_recorded_after_closing_change_nothing() -> None:
    plain, _ = planted(2, 1_500)
    won, done = outcomes(plain)
    size = len(won)
    closed = plain.deals["closed"]
    took = (closed - plain.deals["created"]).dt.days
    late = {
        "Reden verlies": ["prijs" if d and not w else None for w, d in zip(won, done, strict=True)],
        "Contractnummer": [f"C{i}" if won[i] else None for i in range(size)],
        "Nasleep": ["goed" if won[i] else "slecht" if done[i] else None for i in range(size)],
        "Uitkomst": ["ok" if won[i] else "nok" if done[i] else "loopt" for i in range(size)],
        "Doorlooptijd": [int(t) if d else None for t, d in zip(took, done, strict=True)],
        "Getekend op": [str(c.date()) if d else None for c, d in zip(closed, done, strict=True)],
        "Sluitkwartaal": [
            f"Q{c.quarter} {c.year}" if d else None for c, d in zip(closed, done, strict=True)
        ],
    }
    more, _ = planted(2, 1_500, extra=late)
    with_late, without = win_model(more), win_model(plain)
    assert {n for n, why in with_late.dropped.items() if why == leakage.AFTER_CLOSING} >= {
        "reden_verlies", "contractnummer", "nasleep", "uitkomst", "doorlooptijd", "getekend_op",
        "sluitkwartaal",
    }  # fmt: skip
    assert with_late.quality == without.quality
    assert with_late.raw_probability(GOOD, END) == without.raw_probability(GOOD, END)


def test_without_open_deals_the_closing_day_is_still_known_for_what_it_is() -> None:
    snapshot, _ = planted(4, 1_500)
    closed = snapshot.deals["closed"]
    took = (closed - snapshot.deals["created"]).dt.days
    done = closed.notna().tolist()
    late = {
        "Looptijd": [int(t) if d else None for t, d in zip(took, done, strict=True)],
        "Sluitmaand": [f"{c:%Y-%m}" if d else None for c, d in zip(closed, done, strict=True)],
        "Tekendatum": [str(c.date()) if d else None for c, d in zip(closed, done, strict=True)],
    }
    more, _ = planted(4, 1_500, extra=late)
    deals = more.deals[more.deals["status"] != "open"].reset_index(drop=True)
    dropped = win_model(replace(more, deals=deals, _cache={})).dropped
    assert {"looptijd", "sluitmaand", "tekendatum"} <= set(dropped)


def test_names_of_somebody_and_constants_are_no_facts() -> None:
    size = 600
    extra = {"KvK nummer": [str(10_000_000 + i) for i in range(size)], "Taal": ["nl"] * size}
    model = win_model(planted(5, size, extra=extra)[0])
    assert model.dropped["kvk_nummer"] == leakage.IDENTITY
    assert model.dropped["taal"] == leakage.CONSTANT


def test_free_text_numbers_and_dates_are_facts_too() -> None:
    size = 2_000
    rng = np.random.default_rng(0)
    budget = np.round(rng.lognormal(9, 1, size), 2)
    words = [
        " ".join(rng.choice(["snel", "groot", "🙂", "مرحبا", "nieuw"], 4)) for _ in range(size)
    ]
    extra = {
        "Budget": budget.tolist(),
        "Opmerking": [f"{w} {i}" * 50 for i, w in enumerate(words)],
        "Opgericht": [f"{d:02}-03-{y}" for d, y in zip(rng.integers(1, 29, size),
                                                       rng.integers(1980, 2020, size), strict=True)],
    }  # fmt: skip
    model = win_model(planted(6, size, extra=extra)[0])
    assert model.trusted
    assert {"budget", "opmerking", "opgericht"} <= set(model.importance)
    asked = GOOD | {"budget": "12.500,00", "opmerking": "🙂 " * 2_500, "opgericht": "1-3-1999"}
    assert model.probability(asked, END) is not None


@pytest.mark.parametrize(("status", "reason"), [("won", Reason.ALL_WON), ("lost", Reason.ALL_LOST)])
def test_one_outcome_only_is_said(status: str, reason: Reason) -> None:
    model = win_model(with_status(planted(0, 300)[0], status))
    assert model.reason is reason
    assert model.probability(GOOD, END) is None


def test_few_deals_are_said_to_be_few() -> None:
    assert win_model(make([])).reason is Reason.NO_DEALS
    assert win_model(planted(0, 30)[0]).reason in {Reason.TOO_FEW, Reason.NO_CLOSED_DEALS}
    assert win_model(planted(0, 150)[0]).reason is Reason.TOO_FEW
    only_open = planted(0, 50)[0]
    only_open.deals["status"] = "open"
    assert win_model(only_open).reason is Reason.NO_CLOSED_DEALS


def test_what_is_kept_is_what_was_fitted(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    snapshot, _ = planted(7, 1_500)
    model = win_model(snapshot)
    again = loaded(dumped(model))
    assert dumped(again) == dumped(model)
    assert again.raw_probability(GOOD, END) == model.raw_probability(GOOD, END)
    save(replace(model, base_rate=0.123), folder)
    assert model_of(replace(snapshot, folder=folder, _cache={})).base_rate == 0.123
    (folder / "winmodel.json").write_text('{"format": 0}', encoding="utf-8")
    assert dumped(model_of(replace(snapshot, folder=folder, _cache={}))) == dumped(model)


def test_it_tells_what_each_fact_does() -> None:
    model = win_model(planted(8)[0])
    found = {i.fact: i for i in model.influences(GOOD | {"region": ""}, END)}
    assert found["beslisser_gesproken"].log_odds > 0.2
    assert found["beslisser_gesproken"].known
    assert not found["region"].known
    unhappy = {i.fact: i.log_odds for i in model.influences(POOR, END)}
    assert unhappy["segment"] < 0
    assert "region" not in list(model.importance)[:3]


def test_chances_follow_the_recent_rate() -> None:
    snapshot, _ = planted(9, 4_000, signal=False)
    deals = snapshot.deals.copy()
    late = deals["created"] >= deals["created"].max() - dt.timedelta(days=300)
    rng = np.random.default_rng(1)
    flip = late & (deals["status"] == "won") & (rng.random(len(deals)) < 0.6)
    deals.loc[flip, "status"] = "lost"
    model = win_model(replace(snapshot, deals=deals, _cache={}))
    chance = model.raw_probability({}, END)
    assert chance is not None
    assert model.base_rate is not None
    overall = float((deals["status"] == "won").sum() / (deals["status"] != "open").sum())
    assert model.base_rate < overall - 0.05
    assert abs(chance - model.base_rate) < abs(chance - overall)
