"""The Snapshot: everything an answer needs, immutable, versioned, read in memory.

On disk a snapshot is a folder `HOME/snapshots/<version>` of Arrow files and a `meta.json`; the file
`CURRENT` names the one in force and is replaced atomically, so a reader sees the old one or the new
one and never half of either.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.errors import DataError, NoDataError
from analytics.schema import AMOUNT_SCALE

T = TypeVar("T")
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

FORMAT = 1
"""Raised when the files change shape; a snapshot of another format is built anew."""
MOST_RESULTS = 512
"""Results kept in memory a snapshot."""
KEPT = 3
"""Snapshots left on disk, so that a slow reader finishes on the one it opened."""
STALE_SECONDS = 3600.0
"""A half-written folder older than this was left by a process that died."""
_NAME = re.compile(r"[0-9]{6,}-[0-9A-Za-z-]{1,40}")

INVOICES = "INVOICED_CUSTOMERS"
WON_DEALS = "CUSTOMERS_WITH_WON_DEALS"


@dataclass(frozen=True)
class SnapshotMeta:
    """What a snapshot was made of."""

    version: int
    format: int
    created_at: dt.datetime
    home_currency: str
    base: str
    """INVOICED_CUSTOMERS, or CUSTOMERS_WITH_WON_DEALS where there are no invoices."""
    rows: Mapping[str, int]
    quarantined: Mapping[str, int]
    equal_lines: int
    won_deals_without_amount_or_date: int
    loads: tuple[Mapping[str, Any], ...] = ()
    warehouse: str = ""
    """The id of the warehouse it was made from: versions of two warehouses do not compare."""

    def to_json(self) -> str:
        """Serialise; the inverse of `from_json`."""
        return json.dumps(asdict(self) | {"created_at": self.created_at.isoformat()}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> SnapshotMeta:
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        raw["created_at"] = dt.datetime.fromisoformat(raw["created_at"])
        raw["loads"] = tuple(raw["loads"])
        return cls(**raw)


@dataclass(frozen=True)
class Snapshot:
    """One immutable state of the company's data.

    customers: one row a customer, its position is its code, sorted by customer_id (so that a tie
    broken by code is a tie broken by id). day_*: the customer-days, sorted by customer and day;
    code -1 is unattributed revenue; amounts are int64 in 1/10,000 of the currency unit, days are
    days since 1970-01-01.
    """

    meta: SnapshotMeta
    customers: pd.DataFrame
    day_customer: Codes
    day_date: Codes
    day_net: Ints
    day_gross: Ints
    day_lines: Codes
    deals: pd.DataFrame
    activities: pd.DataFrame
    people: pd.DataFrame
    folder: Path | None = None
    _cache: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def cached(self, key: Any, compute: Callable[[], T]) -> T:
        """Return the result under `key`, computed once for this snapshot.

        Two threads may compute the same result at the same time; both get an equal one, and none
        waits for another.
        """
        try:
            return self._cache[key]  # type: ignore[no-any-return]
        except KeyError:
            value = compute()
        self.remember(key, value)
        return value

    def recall(self, key: Any) -> Any:
        """Return what was remembered under `key`; None when nothing was."""
        return self._cache.get(key)

    def remember(self, key: Any, value: Any) -> None:
        """Keep a result that depends on this snapshot only."""
        with self._lock:
            if len(self._cache) > MOST_RESULTS:  # cycling through periods must not fill memory
                self._cache.clear()
            self._cache[key] = value

    @property
    def first_date(self) -> dt.date:
        """The earliest dated line. NoDataError without lines."""
        self.require_lines()
        return from_epoch(int(self.day_date.min()))

    @property
    def last_date(self) -> dt.date:
        """The latest dated line, future ones included."""
        self.require_lines()
        return from_epoch(int(self.day_date.max()))

    def data_date(self, today: dt.date) -> dt.date:
        """The newest line not dated after today; if all are, the newest line."""
        past = self.day_date[self.day_date <= to_epoch(today)]
        return from_epoch(int(past.max())) if past.size else self.last_date

    def future_lines(self, today: dt.date) -> int:
        """How many lines are dated after today."""
        return int(self.day_lines[self.day_date > to_epoch(today)].sum())

    def require_lines(self) -> None:
        """Raise NoDataError where there is no revenue to speak of."""
        if not self.day_date.size:
            raise NoDataError(
                "There are no invoices yet; load them with: python app.py load invoices=FILE"
            )

    def name(self, code: int) -> str:
        """The customer's name, else its id."""
        return str(self.customers["name"].iat[code])

    def customer_id(self, code: int) -> str:
        """The customer's id."""
        return str(self.customers["customer_id"].iat[code])

    def text(self, column: str, code: int) -> str | None:
        """A text cell of a customer; None when empty."""
        value = self.cell(column, code)
        return None if pd.isna(value) else str(value)

    def cell(self, column: str, code: int) -> Any:
        """A raw cell of a customer."""
        return self.customers[column].iat[code]

    def roots(self) -> Codes:
        """For each customer the code of the group it belongs to (itself when in none).

        A cycle of parents has no root; each of its members then stands for itself.
        """
        return self.cached("roots", self._roots)

    def _roots(self) -> Codes:
        parent = self.customers["parent"].to_numpy(dtype=np.int32)
        roots = np.arange(len(parent), dtype=np.int32)
        for code in range(len(parent)):
            seen, at = {code}, code
            while parent[at] >= 0 and int(parent[at]) not in seen:
                at = int(parent[at])
                seen.add(at)
            roots[code] = code if parent[at] >= 0 else at
        return roots

    def lines_of(self, code: int) -> pd.DataFrame:
        """The accepted lines of one customer (code -1: unattributed), oldest first.

        Columns: date, amount (int64, 1/10,000), invoice_id, product, file, line_no. Read from disk
        on demand: lines are evidence, not working memory.
        """
        if self.folder is None:
            return pd.DataFrame(columns=["date", "amount", "invoice_id", "file", "line_no"])
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(self.folder / "lines.parquet", filters=[("customer", "=", code)])
        except FileNotFoundError:
            raise DataError("Newer data came in just now; ask again.") from None
        lines: pd.DataFrame = table.to_pandas()
        return lines.sort_values(["date", "line_no"], kind="stable", ignore_index=True)


def to_epoch(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - 719_163


def from_epoch(days: int) -> dt.date:
    """The day that many days after 1970-01-01."""
    return dt.date.fromordinal(days + 719_163)


def to_decimal(amount: int) -> Decimal:
    """An amount of 1/10,000 units as an exact Decimal."""
    return Decimal(int(amount)) / AMOUNT_SCALE


class SnapshotStore:
    """The snapshots of one home."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "snapshots"

    @property
    def current_version(self) -> str | None:
        """Name of the snapshot in force; None before the first load, or if CURRENT is nonsense."""
        try:
            name = (self.folder / "CURRENT").read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None
        return name if _NAME.fullmatch(name) else None

    @property
    def in_force(self) -> tuple[str, int] | None:
        """Warehouse id and version of the snapshot in force; None if there is none to be read."""
        name = self.current_version
        if name is None:
            return None
        try:
            raw = (self.folder / name / "meta.json").read_text(encoding="utf-8")
            meta = SnapshotMeta.from_json(raw)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return (meta.warehouse, meta.version) if meta.format == FORMAT else None

    def load(self) -> Snapshot:
        """Read the snapshot in force. NoDataError when there is none."""
        for _ in range(3):  # the folder may be cleaned up between the two reads
            name = self.current_version
            if name is None:
                break
            try:
                return read_snapshot(self.folder / name)
            except FileNotFoundError:
                continue
        raise NoDataError(
            "No data has been loaded yet; start with: python app.py load invoices=FILE "
            "(or look around in the demo: make demo)"
        )

    def prepare(self, snapshot: Snapshot, write_parts: Callable[[Path], None]) -> Path:
        """Write a snapshot beside the one in force, without putting it in force.

        write_parts: writes into the folder what goes with it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._clear_stale()
        name = f"{snapshot.meta.version:06d}-{os.urandom(3).hex()}"
        folder = self.folder / name
        partial = self.folder / f".{name}"
        partial.mkdir()
        try:
            _write(snapshot, partial)
            write_parts(partial)
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return folder

    def publish(self, folder: Path) -> None:
        """Put a prepared snapshot in force, atomically, and clear away old ones.

        Call it while the warehouse is open: then no other load can commit in between, and what was
        prepared is the newest state, whatever CURRENT says (a warehouse that was put back from a
        copy, or begun anew, counts from a lower version).
        """
        pointer = self.folder / f".CURRENT-{os.urandom(3).hex()}"
        try:
            pointer.write_text(folder.name, encoding="utf-8")
            pointer.replace(self.folder / "CURRENT")
        except BaseException:
            pointer.unlink(missing_ok=True)
            raise
        with contextlib.suppress(OSError):
            self._clear_old(folder)

    def _clear_old(self, in_force: Path) -> None:
        # By age, not by version: another warehouse may have counted further.
        folders = [p for p in self.folder.iterdir() if p.is_dir() and p.name[0] != "."]
        for old in sorted(folders, key=_written)[:-KEPT]:
            if old.name != in_force.name:
                shutil.rmtree(old, ignore_errors=True)

    def _clear_stale(self) -> None:
        oldest = time.time() - STALE_SECONDS
        for left in list(self.folder.iterdir()):
            if left.name[0] != "." or _written(left)[0] > oldest:
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _written(path: Path) -> tuple[float, str]:
    """When a file or folder was last written to; 0 if it is gone by now."""
    try:
        return path.stat().st_mtime, path.name
    except OSError:
        return 0.0, path.name


_FRAMES = ("customers", "deals", "activities", "people")


def _write(snapshot: Snapshot, folder: Path) -> None:
    for name in _FRAMES:
        getattr(snapshot, name).to_feather(folder / f"{name}.arrow", compression="lz4")
    days = {
        name: getattr(snapshot, name)
        for name in ("day_customer", "day_date", "day_net", "day_gross", "day_lines")
    }
    np.savez(folder / "days.npz", allow_pickle=False, **days)
    (folder / "meta.json").write_text(snapshot.meta.to_json(), encoding="utf-8")


def read_snapshot(folder: Path) -> Snapshot:
    """Read one snapshot folder."""
    meta = SnapshotMeta.from_json((folder / "meta.json").read_text(encoding="utf-8"))
    with np.load(folder / "days.npz", allow_pickle=False) as days:
        arrays: dict[str, Any] = {name: days[name] for name in days.files}
    for array in arrays.values():
        array.setflags(write=False)
    frames: dict[str, Any] = {name: pd.read_feather(folder / f"{name}.arrow") for name in _FRAMES}
    return Snapshot(meta=meta, folder=folder, **frames, **arrays)
