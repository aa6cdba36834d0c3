"""`load`: files into the warehouse, all of them in one transaction or none."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import filelock

from analytics.errors import DataError, problem_of
from analytics.loading.columns import known_headers
from analytics.loading.contract import Checked, check, date_range, require_accepted
from analytics.loading.currency import DEFAULT, convert, home_currency
from analytics.loading.mapping import Mapping, read_mapping, suggestion
from analytics.loading.merge import equal_lines, mark_superseded, merge, standing_rows
from analytics.loading.quarantine import FOLDER, write_quarantine
from analytics.loading.readers import read
from analytics.loading.summary import LoadSummary, TableSummary
from analytics.schema import TABLES
from analytics.warehouse import WAIT_SECONDS, Warehouse

Progress = Callable[[str, int, int], None]

LOCK_NAME = "load.lock"

_STEPS = 100
"""Progress is told in hundredths of a file: half for reading, the rest for checking and keeping."""


@dataclass(slots=True)
class _File:
    table: str
    path: Path
    checked: Checked
    identity: str
    quarantine: Path | None = None


def load(
    home: Path,
    files: Sequence[tuple[str, Path]],
    *,
    mapping: Path | None = None,
    replace: bool = False,
    currency: str = "",
    progress: Progress | None = None,
    after: Callable[[Warehouse], None] | None = None,
    done: Callable[[Warehouse, bool], None] | None = None,
    today: dt.date | None = None,
) -> LoadSummary:
    """Load `(table, file)` pairs into the warehouse of `home`.

    `currency` is the home currency the user set, if any; `progress` is called with (table, done,
    total); `after` runs in the open transaction once all rows are in, and its exception, like any
    other, leaves the state exactly as it was; it does not run when nothing changed. `done` runs once
    all is committed, still alone with the warehouse, with whether anything changed; its exception
    passes and undoes nothing. Raises DataError.
    """
    tell = progress or (lambda what, done, total: None)
    day = today or dt.datetime.now(dt.UTC).date()
    said = read_mapping(mapping)
    if not files and not said.sources:
        raise DataError(
            "There is nothing to load; say which table is in which file, as in invoices=FILE"
        )
    for table, _ in files:
        if table not in TABLES:
            raise DataError(
                'There is no table "{table}"; did you mean "{suggestion}"? The tables are {tables}',
                table=table,
                suggestion=suggestion(table, TABLES),
                tables=", ".join(TABLES),
            )
    read_files: list[_File] = []
    committed = False
    try:
        # Everything that takes long happens before the lock is taken.
        for table, path in files:
            read_files.append(_prepare(table, path, said, tell))
            require_accepted(read_files[-1].checked)
        with _alone(home), Warehouse.open(home) as warehouse:
            summary = _store(
                warehouse, home, read_files, said, replace, currency.upper(), tell, after, day
            )
            committed = True
            if done is not None:
                done(warehouse, summary.changed)
            return summary
    except BaseException as error:
        if not committed:
            _keep_refused(home, read_files)
            if isinstance(error, (OSError, duckdb.IOException)):
                raise DataError(
                    "The data in {home} cannot be written ({problem}); mend that and load again;"
                    " nothing was changed",
                    home=home,
                    problem=problem_of(error),
                ) from error
        raise


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(home / LOCK_NAME, timeout=WAIT_SECONDS)
        lock.acquire()
    except filelock.Timeout as error:
        raise DataError(
            "The data in {home} are in use by another process; try again when it is done", home=home
        ) from error
    except OSError as error:
        raise DataError(
            "The folder {folder} cannot be made ({problem}); choose another with --home",
            folder=home,
            problem=error.strerror or "unknown",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _prepare(table: str, path: Path, said: Mapping, tell: Progress) -> _File:
    contract, part = TABLES[table], said.table(table)
    tell(table, 0, _STEPS)
    raw = read(
        path,
        lambda row: known_headers(row, contract, part),
        lambda done, total: tell(table, done * _STEPS // (2 * total), _STEPS),
    )
    tell(table, _STEPS // 2, _STEPS)
    checked = check(raw, contract, part)
    tell(table, 3 * _STEPS // 4, _STEPS)
    return _File(table, path, checked, said.identity(table))


def _store(
    warehouse: Warehouse,
    home: Path,
    files: Sequence[_File],
    said: Mapping,
    replace: bool,
    currency: str,
    tell: Progress,
    after: Callable[[Warehouse], None] | None,
    today: dt.date,
) -> LoadSummary:
    with warehouse.transaction():
        summaries: list[TableSummary] = []
        loaded: list[int] = []
        changed = _keep_sources(warehouse, said)
        for file in files:
            known = _known(warehouse, file, replace, loaded)
            if known is None:
                summaries.append(
                    _store_file(warehouse, home, file, said.rates, replace, currency, loaded, today)
                )
                changed = True
            else:
                loaded.append(known)
                summaries.append(_summary(file, today, skipped_as_known=True))
            tell(file.table, _STEPS, _STEPS)
        if changed:
            mark_superseded(warehouse)
            warehouse.next_version()
            if after is not None:
                after(warehouse)
        return LoadSummary(
            tables=tuple(summaries),
            changed=changed,
            version=warehouse.version,
            home_currency=warehouse.meta("home_currency") or currency or DEFAULT,
        )


def _store_file(
    warehouse: Warehouse,
    home: Path,
    file: _File,
    rates: dict[str, Decimal],
    replace: bool,
    currency: str,
    loaded: list[int],
    today: dt.date,
) -> TableSummary:
    connection = warehouse.connection
    checked = file.checked
    if "amount" in checked.values:
        kept = warehouse.meta("home_currency") or ""
        home_code = home_currency(checked, kept, currency, rates)
        convert(checked, home_code, rates)
        require_accepted(checked)
        if not kept and (file.table == "invoices" or checked.currency is not None or currency):
            warehouse.set_meta("home_currency", home_code)
    row = connection.execute("SELECT coalesce(max(load_id), 0) + 1 FROM loads").fetchone()
    load_id = int(row[0]) if row else 1
    replaced = merge(warehouse, checked, load_id, replace, loaded)
    loaded.append(load_id)
    equal = equal_lines(checked)
    if checked.faults.total:
        file.quarantine = home / FOLDER / f"{load_id}-{file.table}.csv"
        write_quarantine(file.quarantine, checked.raw, checked.faults)
    connection.execute(
        "INSERT INTO loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, FALSE)",
        [
            load_id,
            dt.datetime.now(dt.UTC).replace(tzinfo=None),
            file.table,
            checked.raw.file,
            checked.raw.content_hash,
            int(checked.faults.accepted.sum()),
            checked.faults.total,
            equal,
            replaced,
            str(file.quarantine.relative_to(home)) if file.quarantine else None,
            file.identity,
        ],
    )
    return _summary(file, today, equal=equal, replaced=replaced)


def _summary(
    file: _File,
    today: dt.date,
    *,
    equal: int = 0,
    replaced: int = 0,
    skipped_as_known: bool = False,
) -> TableSummary:
    checked = file.checked
    first, last, future = date_range(checked, today)
    return TableSummary(
        table=file.table,
        file=checked.raw.file,
        accepted=int(checked.faults.accepted.sum()),
        quarantined=checked.faults.total,
        equal_lines=equal,
        replaced=replaced,
        skipped_as_known=skipped_as_known,
        quarantine_file=file.quarantine,
        reasons=checked.faults.summary(),
        columns=tuple(checked.choices),
        unused=checked.unused,
        facts=checked.fact_headers,
        notes=tuple(checked.notes),
        first_date=first,
        last_date=last,
        future_lines=future,
    )


def _known(warehouse: Warehouse, file: _File, replace: bool, loaded: Sequence[int]) -> int | None:
    """Return the load that brought this very file with this mapping, if it stands untouched."""
    found = warehouse.connection.execute(
        "SELECT load_id, accepted FROM loads WHERE table_name = ? AND content_hash = ?"
        " AND mapping = ? ORDER BY load_id DESC LIMIT 1",
        [file.table, file.checked.raw.content_hash, file.identity],
    ).fetchone()
    if found is None:
        return None
    load_id, accepted = int(found[0]), int(found[1])
    mine, others = standing_rows(warehouse, file.table, load_id)
    if mine != accepted:
        return None
    # With --replace the file is the whole (of its dates), so rows of others still have to go.
    return None if replace and others and load_id not in loaded else load_id


def _keep_sources(warehouse: Warehouse, said: Mapping) -> bool:
    """Merge the map's sources into those kept; return whether that changed them."""
    kept = json.loads(warehouse.meta("source_overrides") or "{}")
    merged = kept | said.sources
    if merged == kept:
        return False
    warehouse.set_meta("source_overrides", json.dumps(merged, ensure_ascii=False, sort_keys=True))
    return True


def _keep_refused(home: Path, files: Sequence[_File]) -> None:
    """Keep the quarantine of a refused load, so that what was wrong can be looked up."""
    for file in files:
        # The refusal itself is the message; a full disk must not hide it.
        with contextlib.suppress(OSError):
            if file.quarantine is not None:
                file.quarantine.unlink(missing_ok=True)
            if file.checked.faults.total:
                write_quarantine(
                    home / FOLDER / f"refused-{file.table}.csv",
                    file.checked.raw,
                    file.checked.faults,
                )
