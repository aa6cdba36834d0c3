"""The win model: a plain L2 logistic regression on facts known before closing.

Judged on deals later than those it learned from, at four moments, each time knowing only what was
known by then; calibrated to the recent rate of winning. scikit-learn is imported where it fits and
nowhere else: to predict is a sum.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from analytics.channels import channel_of
from analytics.snapshot import Ints, Snapshot
from analytics.winmodel import censoring, evaluation
from analytics.winmodel.deals import Deals, deals_of
from analytics.winmodel.evaluation import Quality, log_odds, sigmoid
from analytics.winmodel.facts import Bools, FactTable, Floats, Kind, canonical, known, one
from analytics.winmodel.features import Encoder, encode, plan

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Values of C (inverse of the L2 penalty) to choose from."""
MOMENTS = (0.40, 0.55, 0.70, 0.85)
"""Shares of the deals, by creation, after which the model is judged on the next part."""
RECENT = 0.2
FEWEST_RECENT = 300
"""The recent rate of winning is that of this share of the deals, and at least so many."""
RATE_PRIOR = 0.3
"""Standard deviation, in log-odds, by which the recent rate is expected to differ."""
FEWEST_TO_FIT = 10
MOST_LEARNED = 12_000
"""Newest deals to learn from: older ones tell of another time, and coefficients are sharp by then."""
MOST_TO_CHOOSE = 4_000
"""Newest deals to choose the penalty on."""


class Reason(Enum):
    """Why the model says nothing."""

    NO_DEALS = "no_deals"
    NO_CLOSED_DEALS = "no_closed_deals"
    ALL_WON = "all_won"
    ALL_LOST = "all_lost"
    TOO_FEW = "too_few"
    NOT_PREDICTIVE = "not_predictive"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Influence:
    """What one fact of a prospect does to its chance: log-odds against the average deal."""

    fact: str
    log_odds: float
    known: bool


@dataclass(frozen=True)
class Fit:
    """A fitted regression: columns, one coefficient each, and the intercept."""

    encoders: tuple[Encoder, ...]
    coefficients: Floats
    intercept: float

    def probability(self, facts: FactTable, created: Ints) -> Floats:
        """Chance of winning of each row."""
        columns = encode(self.encoders, facts, created)
        return sigmoid(columns @ self.coefficients + self.intercept)

    def by_fact(self, facts: FactTable, created: Ints) -> dict[str, Floats]:
        """Log-odds each fact adds to each row."""
        columns = encode(self.encoders, facts, created)
        out: dict[str, Floats] = {}
        start = 0
        for encoder in self.encoders:
            part = slice(start, start + encoder.width)
            start += encoder.width
            added = columns[:, part] @ self.coefficients[part]
            out[encoder.fact] = out[encoder.fact] + added if encoder.fact in out else added
        return out


@dataclass(frozen=True)
class WinModel:
    """What the deals say about winning, and whether that may be said aloud.

    reason: why not, or None when trusted. importance: facts by how much they move the chance
    (standard deviation of their log-odds over the deals), largest first. dropped: facts not used
    and why (leakage.AFTER_CLOSING, CONSTANT, IDENTITY).
    """

    quality: Quality
    reason: Reason | None
    base_rate: float | None
    fit: Fit | None
    kinds: Mapping[str, Kind]
    importance: Mapping[str, float]
    dropped: Mapping[str, str]

    @property
    def trusted(self) -> bool:
        """Whether a probability may be shown."""
        return self.reason is None

    def probability(self, facts: Mapping[str, Any], on: dt.date) -> float | None:
        """Chance of winning a deal with these facts begun on a day; None unless trusted."""
        return self.raw_probability(facts, on) if self.trusted else None

    def raw_probability(self, facts: Mapping[str, Any], on: dt.date) -> float | None:
        """The same whether trusted or not; None where nothing could be fitted."""
        if self.fit is None:
            return None
        return float(self.fit.probability(self._row(facts), _created(on))[0])

    def influences(self, facts: Mapping[str, Any], on: dt.date) -> tuple[Influence, ...]:
        """What each fact does, largest first; empty unless trusted."""
        if self.fit is None or not self.trusted:
            return ()
        row = self._row(facts)
        added = self.fit.by_fact(row, _created(on))
        found = [
            Influence(n, float(v[0]), n in row.columns and bool(known(row.columns[n])[0]))
            for n, v in added.items()
        ]
        return tuple(sorted(found, key=lambda i: (-abs(i.log_odds), i.fact)))

    def _row(self, facts: Mapping[str, Any]) -> FactTable:
        full = dict(facts)
        source = canonical(full.get("source"))
        if source is not None and full.get("channel") is None:
            full["channel"] = channel_of(source)
        return one(full, self.kinds)


def win_model(snapshot: Snapshot, today: dt.date | None = None) -> WinModel:
    """Fit and judge the win model on a snapshot. Never raises for what the deals are like.

    today: deals created or closed later are typing errors, not the newest. Seconds on 50,000 deals:
    run it at each refresh (`kept.save`), not at each question (`kept.model_of`).
    """
    if not len(snapshot.deals):
        return _silent(Reason.NO_DEALS, None)
    deals = deals_of(snapshot)
    done = deals.labelled()
    if not done.any():
        return _silent(Reason.NO_CLOSED_DEALS, deals)
    if deals.won[done].all() or not deals.won[done].any():
        return _silent(Reason.ALL_WON if deals.won[done].any() else Reason.ALL_LOST, deals)
    if min(int((deals.won & done).sum()), int((~deals.won & done).sum())) < FEWEST_TO_FIT:
        return _silent(Reason.TOO_FEW, deals)
    day = deals.last_day(today)
    weight = censoring.weights(deals.created, deals.closed, deals.won, day)
    early = best_strength(deals, _moment(deals, MOMENTS[0]))  # it never saw what it is judged on
    quality = _judged(deals, day, early)
    few = int(done.sum()) <= 2 * MOST_TO_CHOOSE
    fit = fitted(deals, weight, best_strength(deals, day) if few else early)
    if quality.trusted:
        reason = None
    else:
        scarce = min(quality.won, quality.lost) < evaluation.FEWEST_OF_EACH
        reason = Reason.TOO_FEW if scarce else Reason.NOT_PREDICTIVE
    added = fit.by_fact(deals.facts, deals.created)
    spread = {n: float(v.std()) for n, v in added.items()}
    return WinModel(
        quality=quality,
        reason=reason,
        base_rate=_recent_rate(deals, weight),
        fit=fit,
        kinds=dict(deals.facts.kinds),
        importance=dict(sorted(spread.items(), key=lambda i: (-i[1], i[0]))),
        dropped=dict(deals.dropped),
    )


def failed(snapshot: Snapshot) -> WinModel:
    """The model of deals on which fitting went wrong: it says nothing, and that it failed."""
    closed = snapshot.deals["status"].isin(["won", "lost"])
    won, n = int((snapshot.deals["status"] == "won").sum()), int(closed.sum())
    quality = Quality(None, None, None, None, n=n, won=won, lost=n - won, tested=0)
    return WinModel(quality, Reason.FAILED, won / n if n else None, None, {}, {}, {})


def fitted(deals: Deals, weight: Floats, strength: float) -> Fit:
    """Fit on the deals that weigh something and bring the chances to the recent rate."""
    rows = np.flatnonzero(weight > 0)[-MOST_LEARNED:]
    facts, created = deals.facts.take(rows), deals.created[rows]
    won, used = deals.won[rows], weight[rows]
    encoders = plan(facts, created)
    columns = encode(encoders, facts, created)
    coefficients, intercept = _regress(columns, won, used, (strength,))[0]
    score = columns @ coefficients + intercept
    recent = _recent(len(rows))
    shift = _shift(score[recent], won[recent], used[recent])
    return Fit(encoders, coefficients, intercept + shift)


def best_strength(deals: Deals, day: int, weight: Floats | None = None) -> float:
    """Choose the penalty by what was known on a day: the least log loss on later deals.

    Learning from the first half of them and predicting the third quarter, then learning from three
    quarters and predicting the last. weight: what each deal counts for, where it is known.
    """
    if weight is None:
        weight = censoring.weights(deals.created, deals.closed, deals.won, day)
    rows = np.flatnonzero(weight > 0)[-MOST_TO_CHOOSE:]
    losses = np.zeros(len(STRENGTHS))
    for start, stop in ((0.5, 0.75), (0.75, 1.0)):
        earlier, later = rows[: int(start * len(rows))], rows[int(start * len(rows)) :]
        later = later[: int(stop * len(rows)) - len(earlier)]
        if not len(later) or not _both(deals.won[earlier]):
            continue
        facts, created = deals.facts.take(earlier), deals.created[earlier]
        encoders = plan(facts, created)
        columns = encode(encoders, facts, created)
        test = encode(encoders, deals.facts.take(later), deals.created[later])
        path = _regress(columns, deals.won[earlier], weight[earlier], STRENGTHS)
        for i, (beta, intercept) in enumerate(path):
            p = np.clip(sigmoid(test @ beta + intercept), 1e-9, 1 - 1e-9)
            right = np.where(deals.won[later], p, 1 - p)
            losses[i] -= float((weight[later] * np.log(right)).sum())
    return STRENGTHS[int(np.argmin(losses))] if losses.any() else STRENGTHS[2]


def _judged(deals: Deals, day: int, strength: float) -> Quality:
    """Predict, at each moment, the deals created until the next with what was known by then."""
    counts = censoring.weights(deals.created, deals.closed, deals.won, day)
    usable = counts > 0
    cuts = [_moment(deals, share) for share in MOMENTS]
    p, won, w = [np.zeros(0)], [np.zeros(0, dtype=bool)], [np.zeros(0)]
    for start, stop in zip(cuts, [*cuts[1:], day], strict=True):
        test = np.flatnonzero(usable & (deals.created > start) & (deals.created <= stop))
        then = censoring.weights(deals.created, deals.closed, deals.won, start)
        if not len(test) or not _both(deals.won[then > 0]):
            continue
        fit = fitted(deals, then, strength)
        p.append(fit.probability(deals.facts.take(test), deals.created[test]))
        won.append(deals.won[test])
        w.append(counts[test])
    return quality_of(np.concatenate(p), np.concatenate(won), np.concatenate(w), deals, usable)


def quality_of(p: Floats, won: Bools, weight: Floats, deals: Deals, learned: Bools) -> Quality:
    """The quality of predictions; `learned`: the deals that the model in use rests on."""
    found = evaluation.auc(p, won)
    return Quality(
        auc=found[0] if found else None,
        auc_ci=found[1] if found else None,
        brier_skill=evaluation.brier_skill(p, won, weight),
        slope=evaluation.calibration_slope(p, won) if found else None,
        n=int(learned.sum()),
        won=int((learned & deals.won).sum()),
        lost=int((learned & ~deals.won).sum()),
        tested=len(p),
    )


def _regress(
    columns: Floats, won: Bools, weight: Floats, strengths: tuple[float, ...]
) -> list[tuple[Floats, float]]:
    """Coefficients and intercept for each strength, each begun from the one before."""
    if not columns.shape[1] or not _both(won):
        rate = np.array([(weight[won].sum() + 0.5) / (weight.sum() + 1.0)])
        return [(np.zeros(columns.shape[1]), float(log_odds(rate)[0]))] * len(strengths)
    from sklearn.linear_model import LogisticRegression

    # Newton's method: far more deals than columns, and the columns lean on each other.
    model = LogisticRegression(solver="newton-cholesky", warm_start=True, tol=1e-4)
    out = []
    for strength in strengths:
        model.C = strength
        model.fit(columns, won, sample_weight=weight)
        out.append((np.array(model.coef_[0], dtype=np.float64), float(model.intercept_[0])))
    return out


def _shift(score: Floats, won: Bools, weight: Floats) -> float:
    """What to add to all log-odds so that they fit the recent rate, shrunk towards nothing."""
    shift, y = 0.0, won.astype(np.float64)
    for _ in range(25):
        p = sigmoid(score + shift)
        gradient = float((weight * (y - p)).sum()) - shift / RATE_PRIOR**2
        step = gradient / (float((weight * p * (1 - p)).sum()) + 1 / RATE_PRIOR**2)
        shift += step
        if abs(step) < 1e-10:
            break
    return shift


def _recent(size: int) -> slice:
    return slice(max(0, size - max(FEWEST_RECENT, int(RECENT * size))), size)


def _recent_rate(deals: Deals, weight: Floats) -> float | None:
    rows = np.flatnonzero(weight > 0)
    rows = rows[_recent(len(rows))]
    total = float(weight[rows].sum())
    return float(weight[rows][deals.won[rows]].sum()) / total if total > 0 else None


def _moment(deals: Deals, share: float) -> int:
    """The creation day that this share of the closed deals lie before."""
    created = deals.created[deals.labelled()]
    return int(created[min(len(created) - 1, int(share * len(created)))])


def _both(won: Bools) -> bool:
    return bool(won.any()) and not bool(won.all())


def _created(on: dt.date) -> Ints:
    return np.array([on.toordinal() - 719_163], dtype=np.int64)


def _silent(reason: Reason, deals: Deals | None) -> WinModel:
    done = deals.labelled() if deals else np.zeros(0, dtype=bool)
    won = int((deals.won & done).sum()) if deals else 0
    n = int(done.sum())
    quality = Quality(None, None, None, None, n=n, won=won, lost=n - won, tested=0)
    dropped = dict(deals.dropped) if deals else {}
    kinds = dict(deals.facts.kinds) if deals else {}
    rate = won / n if n else None
    return WinModel(quality, reason, rate, None, kinds, {}, dropped)
