"""Load files and put the new Snapshot in force, all or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.snapshot import SnapshotStore

if TYPE_CHECKING:
    from analytics.loading import LoadSummary
    from analytics.warehouse import Warehouse


def load_files(
    home: Path,
    files: Sequence[tuple[str, Path]],
    *,
    mapping: Path | None = None,
    replace: bool = False,
    currency: str = "",
    today: dt.date | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> LoadSummary:
    """Load into the warehouse; the snapshot is built before the load is committed.

    DataError leaves the warehouse and the snapshot in force exactly as they were.
    """
    from analytics.loading import load
    from analytics.refresh import prepare

    prepared: list[Path] = []

    def snapshot(warehouse: Warehouse) -> None:
        prepared.append(prepare(warehouse, home))

    summary = load(
        home,
        files,
        mapping=mapping,
        replace=replace,
        currency=currency,
        progress=progress,
        after=snapshot,
        today=today,
    )
    if prepared:
        SnapshotStore(home).publish(prepared[-1])
    return summary
