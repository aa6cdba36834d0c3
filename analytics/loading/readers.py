"""A file of any known format to raw columns with the line number of every row."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analytics.errors import DataError
from analytics.loading import cells as make
from analytics.loading.cells import Cells

HEADER_ROWS = 10
"""The header is looked for in so many rows: exports like to put a title and a period above it."""

MAX_CELLS = 100_000_000
"""A sheet's grid is kept whole in memory; a damaged cell address can claim billions."""

Score = Callable[[Sequence[str]], int]
"""How many known columns a row of headers names."""

Progress = Callable[[int, int], None]
"""Called with (done, total), in units that only their ratio gives a meaning."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not be read as a row: its number, the reason (a template), its text."""

    line_no: int
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class RawTable:
    """A file's rows before the contract looks at them.

    `lines` holds the 1-based line (CSV), row (workbook, Parquet) number of each row.
    """

    file: str
    content_hash: str
    headers: tuple[str, ...]
    columns: tuple[Cells, ...]
    lines: np.ndarray[Any, Any]
    rejected: tuple[Rejected, ...] = ()
    separator: str = ""
    """The separator of a CSV file, "" for typed formats."""

    def __len__(self) -> int:
        return len(self.lines)


def read(path: Path, score: Score, progress: Progress = lambda done, total: None) -> RawTable:
    """Read a CSV, XLSX (or XLS, ODS) or Parquet file; the content tells which it is.

    Raises DataError, one line, for a file that is missing, empty, damaged or of another format.
    """
    # Circular by nature: the CSV reader returns what is declared here.
    from analytics.loading.csv_reader import read_csv

    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError("{file}: there is no such file; check its path", file=path) from error
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "not a readable file"
        raise DataError("{file} cannot be read: {problem}", file=path, problem=problem) from error
    if not content.strip():
        raise DataError("{file} is empty; export it again", file=path.name)
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(b"PAR1"):
        table = _read_parquet(path.name, digest, content)
    elif content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        table = _read_workbook(path.name, digest, content, score)
    else:
        table = read_csv(path.name, digest, content, score, progress)
    if not len(table) and not table.rejected:
        raise DataError(
            "{file} holds a header but no rows under it; export it again", file=path.name
        )
    return table


def header_row(rows: Sequence[Sequence[str]], score: Score) -> tuple[int, int]:
    """Return the place and the score of the row that names most known columns (first of equals)."""
    scores = [score(row) for row in rows[:HEADER_ROWS]]
    best = max(scores, default=0)
    return (scores.index(best) if scores else 0), best


def named(headers: Sequence[str]) -> tuple[str, ...]:
    """Trim headers, name the nameless by their place, and tell equal ones apart."""
    seen: dict[str, int] = {}
    names: list[str] = []
    for place, header in enumerate(headers, start=1):
        name = " ".join(header.split()) or f"column {place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def _damaged(file: str, error: BaseException) -> DataError:
    text = str(error).strip()
    return DataError(
        "{file} is damaged or not what its first bytes say ({problem}); export it again",
        file=file,
        problem=(text.splitlines()[0] if text else type(error).__name__)[:120],
    )


def _read_parquet(file: str, digest: str, content: bytes) -> RawTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        table = source.read()
        table.validate(full=True)
        columns = tuple(_arrow_cells(table.column(i)) for i in range(table.num_columns))
    except Exception as error:  # damaged bytes raise whatever the decoder met
        raise _damaged(file, error) from error
    headers = named([str(name) for name in table.column_names])
    return RawTable(file, digest, headers, columns, np.arange(1, table.num_rows + 1))


def _arrow_cells(column: Any) -> Cells:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        series = column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False).to_pandas()
        if getattr(series.dtype, "tz", None) is not None:
            # The day as the clock of the file's own zone showed it.
            series = series.dt.tz_localize(None)
        return make.of_days(series.to_numpy(dtype="datetime64[us]"))
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        text = pc.fill_null(column.cast(pa.string()), "").to_pandas().astype("str")
        numbers = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
        return Cells(text.reset_index(drop=True), numbers)
    if pa.types.is_floating(kind):
        return make.of_numbers(column.cast(pa.float64()).to_numpy().astype(np.float64))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = pc.fill_null(column, "").to_pandas().astype("str")
        return Cells(text.str.strip().reset_index(drop=True))
    return make.of_objects(column.to_pylist())


def _read_workbook(file: str, digest: str, content: bytes, score: Score) -> RawTable:
    import python_calamine

    _refuse_huge_sheets(file, content)
    best: tuple[int, int, list[list[Any]]] | None = None
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in workbook.sheet_names:
            # Keep the empty rows above the data: row numbers must be those a person sees.
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            filled = [[_word(cell) for cell in row] for row in rows if any(map(_word, row))]
            place, found = header_row(filled[:HEADER_ROWS], score)
            if filled and (best is None or found > best[0]):
                best = (found, place, rows)
    except BaseException as error:
        # The native reader's panics derive from BaseException; a person's Ctrl-C must pass.
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        if type(error).__name__ == "PasswordError":
            raise DataError(
                "{file} is protected with a password; save it without one", file=file
            ) from error
        raise _damaged(file, error) from error
    if best is None:
        raise DataError("{file} is empty; export it again", file=file)
    _, place, rows = best
    numbered = [(n, row) for n, row in enumerate(rows, start=1) if any(map(_word, row))]
    header = [_word(cell) for cell in numbered[place][1]]
    body = numbered[place + 1 :]
    width = max((i for i, cell in enumerate(header, start=1) if cell), default=0)
    stray = max((i for _, row in body for i, c in enumerate(row, start=1) if _word(c)), default=0)
    width = max(width, stray)
    headers = named([*header, *[""] * (width - len(header))][:width])
    columns = tuple(make.of_objects([row[i] for _, row in body]) for i in range(width))
    lines = np.array([n for n, _ in body], dtype=np.int64)
    return RawTable(file, digest, headers, columns, lines)


def _word(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


_REFERENCE = re.compile(rb'r="([A-Z]{1,3})([0-9]{1,7})"')


def _refuse_huge_sheets(file: str, content: bytes) -> None:
    """Refuse a sheet whose cell addresses span more than MAX_CELLS, before it takes the memory."""
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                if not info.filename.startswith("xl/worksheets/sheet"):
                    continue
                rows = columns = 0
                for letters, digits in _REFERENCE.findall(archive.read(info)):
                    rows = max(rows, int(digits))
                    column = 0
                    for letter in letters:
                        column = column * 26 + letter - 64
                    columns = max(columns, column)
                if rows * columns > MAX_CELLS:
                    raise DataError(
                        "{file} has a sheet of {rows} rows by {columns} columns; save the data alone"
                        " as a new file",
                        file=file,
                        rows=rows,
                        columns=columns,
                    )
    except DataError:
        raise
    except Exception as error:  # damaged archives raise many kinds
        raise _damaged(file, error) from error
