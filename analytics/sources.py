"""Sources: how clients came in, and whether the team hunts where the best ones came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.channels import CHANNELS
from analytics.pareto import TopClients, top_clients
from analytics.scope import Scope
from analytics.snapshot import to_epoch

RESAMPLES = 1_000
CONFIDENCE = 0.95
ENOUGH_AMOUNTS = 0.8
"""Share of open deals that must have an amount for the pipeline to be weighed by value."""
ENOUGH_KNOWN = 0.5


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source (or channel). Money in 1/10,000 units; shares of all known customers' revenue."""

    source: str | None
    channel: str
    customers: int
    top_clients: int
    revenue: int
    revenue_share: float | None
    revenue_share_ci: tuple[float, float] | None
    revenue_without_largest: int
    top_revenue: int
    top_revenue_share: float | None
    open_deals: int
    pipeline_value: int
    pipeline_share: float | None


@dataclass(frozen=True)
class Sources:
    """Sources and channels, by revenue; alignment of pipeline and top clients.

    alignment = 1 - half the L1 distance between the mix of top-client revenue and the mix of the
    open pipeline over known channels; None where less than half is known on either side.
    weighed_by: "value" where at least 80 % of open deals have an amount, else "count".
    clear_leader: the channel whose interval lies above every other's, if there is one.
    """

    rows: tuple[SourceRow, ...]
    channels: tuple[SourceRow, ...]
    alignment: float | None
    weighed_by: str
    coverage_top: float | None
    coverage_pipeline: float | None
    clear_leader: str | None
    open_deals: int
    reading: TopClients

    @property
    def coverage(self) -> float | None:
        """The lesser of what is known on the two sides."""
        sides = [c for c in (self.coverage_top, self.coverage_pipeline) if c is not None]
        return min(sides) if len(sides) == 2 else None


def sources(scope: Scope) -> Sources:
    """Compare sources on a scope (cached on its snapshot)."""
    return scope.snapshot.cached(("sources", *scope.key), lambda: _sources(scope))


def open_deals(scope: Scope) -> pd.DataFrame:
    """Deals that are open now, or with an as-of date those created by then and not closed by then."""
    deals: pd.DataFrame = scope.snapshot.deals
    if scope.as_of is None:
        return deals[deals["status"] == "open"]
    moment = np.datetime64(scope.as_of)
    created = pd.to_datetime(deals["created"]).to_numpy().astype("datetime64[D]")
    closed = pd.to_datetime(deals["closed"]).to_numpy().astype("datetime64[D]")
    still = (deals["status"] == "open").to_numpy() | (closed > moment)
    begun = (created <= moment) | np.isnat(created)
    kept: pd.DataFrame = deals[still & begun]
    return kept


def _sources(scope: Scope) -> Sources:
    reading = top_clients(scope)
    customers = scope.snapshot.customers
    active = reading.order
    is_top = np.zeros(len(customers), dtype=bool)
    is_top[reading.top] = True
    frame = pd.DataFrame(
        {
            "code": active,
            "source": customers["source"].to_numpy(dtype=object)[active],
            "channel": customers["channel"].to_numpy(dtype=object)[active],
            "revenue": reading.revenue.amount[active],
            "top": is_top[active],
        }
    )
    deals = open_deals(scope)
    pipeline = pd.DataFrame(
        {
            "source": deals["source"].to_numpy(dtype=object),
            "channel": deals["channel"].to_numpy(dtype=object),
            # A negative deal (a credit in the pipeline) is no place to hunt: it weighs nothing.
            "amount": deals["amount"].fillna(0).clip(lower=0).astype("int64").to_numpy(),
        }
    )
    by_value = bool(len(deals)) and deals["amount"].notna().mean() >= ENOUGH_AMOUNTS
    by_value = by_value and int(pipeline["amount"].sum()) > 0
    pipeline["weight"] = pipeline["amount"] if by_value else 1
    for side in (frame, pipeline):
        side["source"] = side["source"].where(side["source"].notna(), None)
        side["key"] = [_key(s, c) for s, c in zip(side["source"], side["channel"], strict=True)]
    channels = _rows(frame, pipeline, "channel", reading)
    rows = _rows(frame, pipeline, "key", reading)
    alignment, known_top, known_pipeline = _alignment(frame, pipeline)
    return Sources(
        rows=rows,
        channels=channels,
        alignment=alignment,
        weighed_by="value" if by_value else "count",
        coverage_top=known_top,
        coverage_pipeline=known_pipeline,
        clear_leader=_leader(channels),
        open_deals=len(pipeline),
        reading=reading,
    )


def _key(source: object, channel: str) -> str:
    """Sources that differ in case or spaces only are one; of unknown source are one."""
    if channel == "unknown" or not isinstance(source, str):
        return "unknown"
    return f"{channel}|{' '.join(source.split()).casefold()}"


def _rows(
    frame: pd.DataFrame, pipeline: pd.DataFrame, by: str, reading: TopClients
) -> tuple[SourceRow, ...]:
    total, top_total = reading.total, reading.top_revenue
    weight_total = int(pipeline["weight"].sum())
    keys = sorted(set(frame[by]) | set(pipeline[by]))
    position = {key: i for i, key in enumerate(keys)}
    intervals = _intervals(frame, position, by) if total > 0 else None
    out = []
    for key in keys:
        mine, deals = frame[frame[by] == key], pipeline[pipeline[by] == key]
        both = pd.concat([mine[["source", "channel"]], deals[["source", "channel"]]])
        revenue = int(mine["revenue"].sum())
        largest = int(mine["revenue"].max()) if len(mine) else 0
        top_revenue = int(mine.loc[mine["top"], "revenue"].sum())
        channel = str(both["channel"].iloc[0])
        named = both["source"].dropna()
        out.append(
            SourceRow(
                source=None if by == "channel" or key == "unknown" else str(named.iloc[0]),
                channel=channel,
                customers=len(mine),
                top_clients=int(mine["top"].sum()),
                revenue=revenue,
                revenue_share=revenue / total if total > 0 else None,
                revenue_share_ci=None if intervals is None else intervals[position[key]],
                revenue_without_largest=revenue - max(largest, 0),
                top_revenue=top_revenue,
                top_revenue_share=top_revenue / top_total if top_total > 0 else None,
                open_deals=len(deals),
                pipeline_value=int(deals["amount"].sum()),
                pipeline_share=int(deals["weight"].sum()) / weight_total if weight_total else None,
            )
        )
    return tuple(
        sorted(out, key=lambda r: (-r.revenue, -r.pipeline_value, r.channel, r.source or ""))
    )


def _intervals(
    frame: pd.DataFrame, position: dict[str, int], by: str
) -> list[tuple[float, float] | None]:
    """Percentile bootstrap over customers of each group's share of revenue.

    Customers are resampled with replacement (fixed seed, so that a figure can be had again). None
    for a group with fewer than two customers: one client has no spread to resample.
    """
    rng = np.random.default_rng(12)
    revenue = frame["revenue"].to_numpy(dtype=np.float64)
    group = frame[by].map(position).to_numpy(dtype=np.int64)
    size, groups = len(revenue), len(position)
    shares = np.full((RESAMPLES, groups), np.nan)
    chunk = max(1, 2_000_000 // max(size, 1))
    for start in range(0, RESAMPLES, chunk):
        count = min(chunk, RESAMPLES - start)
        picks = rng.integers(0, size, (count, size))
        cells = group[picks] + np.arange(count)[:, None] * groups
        sums = np.bincount(
            cells.ravel(), weights=revenue[picks].ravel(), minlength=count * groups
        ).reshape(count, groups)
        totals = sums.sum(axis=1)
        good = totals > 0
        shares[start : start + count][good] = sums[good] / totals[good, None]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(shares, [tail, 1 - tail], axis=0)
    members = np.bincount(group, minlength=groups)
    return [(float(low[i]), float(high[i])) if members[i] >= 2 else None for i in range(groups)]


def _alignment(
    frame: pd.DataFrame, pipeline: pd.DataFrame
) -> tuple[float | None, float | None, float | None]:
    names = [c for c in CHANNELS if c != "unknown"]
    top, top_known = _mix(frame[frame["top"]], "revenue", names)
    hunt, hunt_known = _mix(pipeline, "weight", names)
    if top is None or hunt is None or top_known is None or hunt_known is None:
        return None, top_known, hunt_known
    if top_known < ENOUGH_KNOWN or hunt_known < ENOUGH_KNOWN:
        return None, top_known, hunt_known
    return float(1 - np.abs(top - hunt).sum() / 2), top_known, hunt_known


def _mix(
    frame: pd.DataFrame, weight: str, names: list[str]
) -> tuple[npt.NDArray[np.float64] | None, float | None]:
    """Shares over known channels, and how much of the whole those are."""
    total = float(frame[weight].sum())
    if total <= 0:
        return None, None
    sums = frame.groupby("channel")[weight].sum().reindex(names, fill_value=0)
    known = float(sums.sum())
    if known <= 0:
        return None, 0.0
    return sums.to_numpy(dtype=np.float64) / known, known / total


def _leader(channels: tuple[SourceRow, ...]) -> str | None:
    """The channel whose interval lies wholly above all others'; None where they overlap."""
    known = [c for c in channels if c.channel != "unknown" and c.customers]
    if not known or known[0].revenue_share_ci is None:
        return None
    low = known[0].revenue_share_ci[0]
    for other in known[1:]:
        # A channel with one client has no interval; its own share must do.
        high = other.revenue_share_ci[1] if other.revenue_share_ci else other.revenue_share
        if high is None or high >= low:
            return None
    return known[0].channel


def active_between(scope: Scope) -> npt.NDArray[np.bool_]:
    """Which customers have a first line inside the scope's period."""
    first = scope.first_day()
    inside: npt.NDArray[np.bool_] = (first >= to_epoch(scope.period.start)) & (
        first <= to_epoch(scope.period.end)
    )
    return inside
