"""Load files and put the new Snapshot in force, all or nothing."""

from __future__ import annotations

import datetime as dt
import shutil
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

    DataError leaves the warehouse and the snapshot in force exactly as they were, but for the one
    that says the data are loaded and `refresh` puts them in force. A state that an earlier load
    could not put in force is put in force by any later one, also when that changes nothing.
    """
    from analytics.loading import load
    from analytics.refresh import behind, prepare, put_in_force

    prepared: list[Path] = []

    def snapshot(warehouse: Warehouse) -> None:
        prepared.append(prepare(warehouse, home, today=today))

    def publish(warehouse: Warehouse, changed: bool) -> None:
        if changed:
            put_in_force(warehouse, home, prepared[-1])
        elif behind(warehouse, home):
            # An earlier load was cut off between its commit and its publication.
            put_in_force(warehouse, home)

    try:
        return load(
            home,
            files,
            mapping=mapping,
            replace=replace,
            currency=currency,
            progress=progress,
            after=snapshot,
            done=publish,
            today=today,
        )
    except BaseException:
        in_force = SnapshotStore(home).current_version
        for folder in prepared:
            if folder.name != in_force:
                shutil.rmtree(folder, ignore_errors=True)
        raise
