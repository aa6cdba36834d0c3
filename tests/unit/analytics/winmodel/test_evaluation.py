"""The yardsticks: AUC, its interval, Brier skill, calibration, and what young deals count for."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.winmodel import censoring
from analytics.winmodel.evaluation import (
    Quality,
    auc,
    brier_skill,
    calibration_slope,
    sigmoid,
)


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    scores = np.round(rng.normal(size=80), 1)  # with ties
    won = rng.random(80) < sigmoid(scores)
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[won] for b in scores[~won]]
    found = auc(scores, won)
    assert found is not None
    assert found[0] == pytest.approx(float(np.mean(pairs)))


def test_the_interval_holds_the_truth_19_times_of_20() -> None:
    rng = np.random.default_rng(1)
    truth = 0.7602  # of two normals one apart: Phi(1 / sqrt 2)
    inside = 0
    for _ in range(400):
        won = np.arange(150) < 60
        found = auc(rng.normal(size=150) + won, won)
        assert found is not None
        inside += found[1][0] <= truth <= found[1][1]
    assert 0.91 <= inside / 400 <= 0.985


def test_auc_needs_both_outcomes() -> None:
    assert auc(np.array([0.1, 0.2, 0.3]), np.array([True, True, False])) is None


def test_brier_skill_is_nothing_for_the_base_rate() -> None:
    won = np.array([True, False, False, False])
    assert brier_skill(np.full(4, 0.25), won) == pytest.approx(0.0)
    assert brier_skill(won.astype(float), won) == pytest.approx(1.0)
    assert brier_skill(np.full(4, 0.9), np.ones(4, dtype=bool)) is None


def test_the_slope_is_below_one_for_who_is_too_sure() -> None:
    rng = np.random.default_rng(2)
    score = rng.normal(size=20_000)
    won = rng.random(20_000) < sigmoid(score)
    assert calibration_slope(sigmoid(score), won) == pytest.approx(1.0, abs=0.06)
    assert calibration_slope(sigmoid(2 * score), won) == pytest.approx(0.5, abs=0.04)
    assert calibration_slope(np.full(20_000, 0.5), won) is None


@pytest.mark.parametrize(
    ("low", "skill", "won", "trusted"),
    [
        (0.55, 0.01, 100, True),
        (0.549, 0.01, 100, False),
        (0.55, 0.0, 100, False),
        (0.55, 0.01, 99, False),
    ],
)
def test_trust_takes_all_three(low: float, skill: float, won: int, trusted: bool) -> None:
    quality = Quality(0.7, (low, 0.8), skill, 1.0, n=won + 500, won=won, lost=500, tested=100)
    assert quality.trusted is trusted


def test_young_deals_do_not_make_it_look_as_if_more_is_won() -> None:
    rng = np.random.default_rng(3)
    size, day = 20_000, 600
    created = np.sort(rng.integers(0, day, size))
    won = rng.random(size) < 0.4
    took = rng.lognormal(np.log(np.where(won, 30, 90)), 0.5, size).astype(np.int64)
    closed = created + took
    weight = censoring.weights(created, closed, won, day)
    young = created > day - 150
    known = young & (closed <= day)
    assert float(won[known].mean()) > 0.47  # what the closed ones say
    counted = young & (weight > 0)
    fair = float(weight[counted & won].sum() / weight[counted].sum())
    assert fair == pytest.approx(0.4, abs=0.03)
    assert (weight[closed > day] == 0).all()


def test_the_share_closed_by_an_age_is_found_from_closed_deals_alone() -> None:
    rng = np.random.default_rng(4)
    age = rng.integers(0, 400, 30_000)
    took = rng.integers(1, 101, 30_000)  # evenly 1 to 100 days
    seen = took <= age
    found = censoring.closed_by(took[seen], age[seen], np.array([0, 25, 50, 100, 300]))
    assert found == pytest.approx([0.0, 0.25, 0.5, 1.0, 1.0], abs=0.03)
