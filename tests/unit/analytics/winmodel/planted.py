"""Made-up deals whose chance of winning is known, or is nothing but chance."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.snapshot import Snapshot
from tests.snapshots import make

END = dt.date(2026, 10, 31)
DAYS = 900


def planted(
    seed: int, size: int = 5_000, *, signal: bool = True, extra: Mapping[str, Any] | None = None
) -> tuple[Snapshot, np.ndarray[Any, Any]]:
    """A snapshot of `size` deals and the true chance of each, in the order of the deals.

    extra: more facts by name, a list of one value a deal.
    """
    rng = np.random.default_rng(seed)
    created = np.sort(rng.integers(0, DAYS, size))
    channel = rng.choice(["referral", "network", "event", "cold_call", "inbound"], size)
    segment = rng.choice(["Bouw", "Zorg", "Techniek", "Retail", "Overheid", "Horeca"], size)
    region = rng.choice(["Utrecht", "Gelderland", "Brabant", "Limburg"], size)
    employees = np.round(rng.lognormal(3.6, 1.0, size)).astype(int) + 1
    met = rng.choice(["ja", "nee", ""], size, p=[0.4, 0.4, 0.2])
    effects = {"referral": 0.8, "network": 0.6, "event": -0.5, "cold_call": -0.9, "inbound": 0.0}
    score = np.array([effects[c] for c in channel])
    score += np.where(segment == "Techniek", 0.7, np.where(segment == "Horeca", -0.6, 0.0))
    score += 0.45 * (np.log(employees) - 3.6)
    score += np.where(met == "ja", 0.7, np.where(met == "nee", -0.6, 0.0))
    chance = 1 / (1 + np.exp(-(score - 0.3)))
    if not signal:
        chance = np.full(size, 0.42)
    won = rng.random(size) < chance
    took = np.maximum(2, rng.lognormal(np.log(np.where(won, 35, 60)), 0.5, size)).astype(int)
    still_open = created + took > DAYS
    start = END - dt.timedelta(days=DAYS)
    days = [start + dt.timedelta(days=int(c)) for c in created]
    frame = pd.DataFrame(
        {
            "deal_id": [f"D{i:06}" for i in range(size)],
            "status": np.where(still_open, "open", np.where(won, "won", "lost")),
            "created": pd.to_datetime(pd.Series(days)),
            "closed": pd.to_datetime(
                pd.Series(
                    [
                        None if o else d + dt.timedelta(days=int(t))
                        for d, t, o in zip(days, took, still_open, strict=True)
                    ]
                )
            ),
            "customer_id": pd.Series([None] * size, dtype=object),
            "prospect": [f"Prospect {i} BV" for i in range(size)],
            "amount": pd.array([None] * size, dtype="Int64"),
            "source": channel.astype(object),
            "channel": channel.astype(object),
            "segment": segment.astype(object),
            "region": region.astype(object),
            "employees": employees.astype(float),
            "customer": np.full(size, -1, dtype=np.int32),
        }
    )
    facts = [{"Beslisser gesproken": m} if m else {} for m in met]
    for name, values in (extra or {}).items():
        for row, value in zip(facts, values, strict=True):
            if value is not None:
                row[name] = value
    frame["facts"] = [json.dumps(f, ensure_ascii=False) if f else None for f in facts]
    return replace(make([]), deals=frame), chance
