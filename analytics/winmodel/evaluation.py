"""How good predictions are: AUC with DeLong's interval, Brier skill, calibration slope; and trust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.winmodel.facts import Bools, Floats

Z95 = 1.959963984540054
TRUSTED_AUC = 0.55
"""Lower 95 % bound of the AUC from which a model may speak."""
FEWEST_OF_EACH = 100


@dataclass(frozen=True, slots=True)
class Quality:
    """How a model did on deals later than those it learned from.

    auc_ci: DeLong's 95 % interval. brier_skill: 1 - Brier score / that of always saying the base
    rate of those very deals. slope: calibration slope (1 is right, below 1 too sure). n: deals with
    an outcome that were learned from in the end, of which won and lost; tested: deals judged on.
    None where it could not be judged.
    """

    auc: float | None
    auc_ci: tuple[float, float] | None
    brier_skill: float | None
    slope: float | None
    n: int
    won: int
    lost: int
    tested: int

    @property
    def trusted(self) -> bool:
        """The lower bound of the AUC at least 0.55, Brier skill above 0, 100 of each outcome."""
        return (
            self.auc_ci is not None
            and self.brier_skill is not None
            and self.auc_ci[0] >= TRUSTED_AUC
            and self.brier_skill > 0.0
            and min(self.won, self.lost) >= FEWEST_OF_EACH
        )


def auc(scores: Floats, won: Bools) -> tuple[float, tuple[float, float]] | None:
    """AUC with DeLong's 95 % interval, ties counted half; None unless there are two of each class.

    DeLong, DeLong, Clarke-Pearson 1988, in the rank form of Sun and Xu 2014.
    """
    m, n = int(won.sum()), int((~won).sum())
    if min(m, n) < 2:
        return None
    high, low = scores[won], scores[~won]
    both = _midranks(np.concatenate([high, low]))
    v10 = (both[:m] - _midranks(high)) / n
    v01 = 1.0 - (both[m:] - _midranks(low)) / m
    value = float(v10.mean())
    spread = float(np.sqrt(v10.var(ddof=1) / m + v01.var(ddof=1) / n))
    return value, (max(0.0, value - Z95 * spread), min(1.0, value + Z95 * spread))


def _midranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middle: Floats = (ends - (counts - 1) / 2).astype(np.float64)
    return middle[place]


def brier_skill(probability: Floats, won: Bools, weight: Floats | None = None) -> float | None:
    """1 - Brier / Brier of the weighted base rate; None where all have one outcome."""
    w = np.ones(len(won)) if weight is None else weight
    if not len(won) or w.sum() <= 0:
        return None
    y = won.astype(np.float64)
    rate = float((w * y).sum() / w.sum())
    if not 0.0 < rate < 1.0:
        return None
    score = float((w * (probability - y) ** 2).sum() / w.sum())
    return 1.0 - score / (rate * (1.0 - rate))


def calibration_slope(probability: Floats, won: Bools) -> float | None:
    """Slope of the outcome's log-odds on the predicted log-odds; None where it has none.

    An unpenalised logistic regression of one variable, by Newton's method.
    """
    if won.all() or not won.any() or float(np.ptp(probability)) < 1e-9:
        return None
    fitted = recalibrate(log_odds(probability), won.astype(np.float64))
    return None if fitted is None else fitted[1]


def recalibrate(score: Floats, y: Floats, *, steps: int = 50) -> tuple[float, float] | None:
    """Intercept and slope of y (0 or 1) on a score of log-odds; None where they are not finite."""
    design = np.column_stack([np.ones(len(score)), score])
    beta = np.zeros(2)
    for _ in range(steps):
        p = sigmoid(design @ beta)
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        gradient = design.T @ (y - p)
        try:
            step = np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
        except np.linalg.LinAlgError:
            return None
        beta = beta + np.clip(step, -5, 5)
        if float(np.abs(step).max()) < 1e-9:
            break
    return (float(beta[0]), float(beta[1])) if np.abs(beta).max() < 50 else None


def log_odds(probability: Floats) -> Floats:
    """ln(p / (1 - p)), finite."""
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    out: Floats = np.log(p / (1 - p))
    return out


def sigmoid(score: Floats) -> Floats:
    """The probability of log-odds, without overflow."""
    out: Floats = 0.5 * (1.0 + np.tanh(0.5 * score))
    return out
