"""Damaged and nonsensical files: a load succeeds or raises DataError, and never leaves half a load."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.errors import DataError
from analytics.loading import load
from analytics.warehouse import COLUMNS, Warehouse

CHUNKS = 4
FILES_PER_CHUNK = 50
"""200 files per format, in chunks that workers can share."""

NASTY: list[Any] = [
    "", " ", "-", "NULL", "nan", "=1+1", "@cmd", "\t", "'", '"', '""', "é€ß", "\u202e", "𝔸", "1e400",
    "-0", "0", "1.234", "1,234", "1.234,5", "1,234.5", "1..2", ",", ".", "€", "(1", "1)", "--1",
    "99999999999999999999", "100000000000.0001", "31-02-2025", "2025-13-01", "01-02-03", "0000-00-00",
    "9999-12-31", "1969-12-31", "2100-12-31", "20250229", "45000", "nu", "12:00", "2025-01-01T25:99",
    "x" * 200_000, "a\nb", "Totaal", "won", "USD", "Infinity", "١٢٣", "Europe/Amsterdam", "/etc",
]  # fmt: skip

BASES: dict[str, list[list[Any]]] = {
    "invoices": [["klantnr", "datum", "bedrag", "factuurnr", "valuta", "marge"]]
    + [[f"K{i % 5}", f"2025-0{1 + i % 9}-1{i % 9}", f"{i * 17},{i % 90 + 10}", f"F{i // 2}", "EUR", i]
       for i in range(24)],
    "customers": [["klantnr", "naam", "bron", "sinds", "medewerkers", "moeder", "score"]]
    + [[f"K{i}", f"Klant {i}", "Beurs", f"{1 + i % 28}-3-2019", 10 * i, "", i / 4] for i in range(12)],
    "deals": [["deal id", "status", "created", "closed", "amount", "prospect", "hobby"]]
    + [[f"D{i}", ["won", "lost", "open"][i % 3], "2025-01-05", "2025-02-07", i * 100.5, "X", "golf"]
       for i in range(15)],
    "people": [["email", "rol", "naam", "taal", "tijdzone"]]
    + [[f"p{i}@x.nl", ["sales", "mt"][i % 2], f"P {i}", "nl", "Europe/Amsterdam"] for i in range(6)],
    "activities": [["date", "user", "deal id", "minutes", "kind"]]
    + [[f"2025-04-{10 + i}", "p1@x.nl", f"D{i}", 30, "call"] for i in range(10)],
}  # fmt: skip


def _mutate_rows(rows: list[list[Any]], rng: random.Random) -> list[list[Any]]:
    rows = [list(row) for row in rows]
    for _ in range(rng.randint(0, 6)):
        row = rng.choice(rows)
        column = rng.randrange(len(rows[0])) if rows[0] else 0
        what = rng.randrange(8)
        if what <= 2 and column < len(row):
            row[column] = rng.choice(NASTY)
        elif what == 3:
            value = rng.choice(NASTY)
            for other in rows[1:]:
                if column < len(other):
                    other[column] = value
        elif what == 4:
            rows.insert(rng.randrange(len(rows) + 1), [rng.choice(NASTY) for _ in row])
        elif what == 5 and len(rows) > 1:
            rows.remove(row)
        elif what == 6:
            for other in rows:
                if column < len(other):
                    del other[column]
        else:
            row.append(rng.choice(NASTY))
    return rows


def _mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data) + 1)
        what = rng.randrange(5)
        if what == 0:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif what == 1:
            del data[at : at + rng.randrange(40)]
        elif what == 2:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(12)))
        elif what == 3:
            data[at:at] = data[at : at + rng.randrange(200)]
        else:
            data[at:at] = rng.choice(
                [b'"', b"\0", b"\xff", b"\r", b";", b",", b"\n\n", b"\xef\xbb\xbf"]
            )
    if rng.random() < 0.15:
        del data[rng.randrange(len(data) + 1) :]
    return bytes(data)


def _csv(rows: list[list[Any]], rng: random.Random) -> bytes:
    separator = rng.choice(",;\t|")
    encoding = rng.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
    quote = rng.random() < 0.5
    cell = (lambda v: '"' + str(v).replace('"', '""') + '"') if quote else str
    text = "\n".join(separator.join(cell(v) for v in row) for row in rows)
    content = text.encode(encoding, errors="replace")
    return _mutate_bytes(content, rng) if rng.random() < 0.6 else content


def _xlsx(rows: list[list[Any]], rng: random.Random) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for r, row in enumerate(rows, start=1):
        for c, value in enumerate(row, start=1):
            clean = value[:30_000].replace("\0", "") if isinstance(value, str) else value
            sheet.cell(r, c).value = clean
            if isinstance(clean, str) and clean.startswith("="):
                sheet.cell(r, c).data_type = "s"
    target = io.BytesIO()
    book.save(target)
    content = target.getvalue()
    what = rng.random()
    if what < 0.3:
        return _mutate_bytes(content, rng)
    if what < 0.7:
        # Inside a sound archive, so that the damage reaches the reader of the sheet itself.
        damaged = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(damaged, "w") as new:
            hit = rng.choice(old.namelist() + ["xl/worksheets/sheet1.xml"] * 8)
            for name in old.namelist():
                part = old.read(name)
                new.writestr(name, _mutate_bytes(part, rng) if name == hit else part)
        return damaged.getvalue()
    return content


def _parquet(rows: list[list[Any]], rng: random.Random) -> bytes:
    names = [str(n) or f"c{i}" for i, n in enumerate(rows[0])] if rows else []
    arrays: dict[str, pa.Array] = {}
    for i, name in enumerate(names):
        values = [row[i] if i < len(row) else None for row in rows[1:]]
        try:
            arrays[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            arrays[name] = pa.array([None if v is None else str(v) for v in values])
    target = io.BytesIO()
    pq.write_table(pa.table(arrays), target)
    content = target.getvalue()
    return _mutate_bytes(content, rng) if rng.random() < 0.6 else content


MAKERS = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}


def _state(home: Path) -> list[Any]:
    """Every row of every table: the logical content, byte for byte."""
    with Warehouse.open(home) as warehouse:
        return [
            warehouse.connection.execute(f'SELECT * FROM "{table}" ORDER BY ALL').fetchall()
            for table in (*COLUMNS, "loads", "meta")
        ]


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("kind", MAKERS)
def test_a_mutated_file_is_loaded_whole_or_refused_in_one_line(
    kind: str, chunk: int, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    for table, rows in BASES.items():
        path = tmp_path / f"base-{table}.csv"
        path.write_text("\n".join(";".join(map(str, row)) for row in rows), encoding="utf-8")
        load(home, [(table, path)])
    state = _state(home)
    outcomes = {"loaded": 0, "refused": 0}
    lines: list[str] = []
    for number in range(FILES_PER_CHUNK):
        rng = random.Random(f"{kind}-{chunk}-{number}")
        table = rng.choice(list(BASES))
        path = tmp_path / f"mutated.{kind}"
        path.write_bytes(MAKERS[kind](_mutate_rows(BASES[table], rng), rng))
        try:
            summary = load(home, [(table, path)], replace=rng.random() < 0.3)
        except DataError as error:
            outcomes["refused"] += 1
            lines.append(str(error))
            assert _state(home) == state, f"half a load: {kind}-{chunk}-{number}"
            continue
        outcomes["loaded"] += 1
        state = _state(home)
        done = summary.tables[0]
        assert done.accepted > 0
        if summary.changed:
            with Warehouse.open(home) as warehouse:
                kept = warehouse.connection.execute(
                    f'SELECT count(*) FROM "{table}" WHERE load_id = (SELECT max(load_id) FROM loads)'
                ).fetchone()
            assert kept == (done.accepted,)
    assert [line for line in lines if not line or "\n" in line] == []
    # Guards the test itself: files must be damaged enough, and not all beyond reading.
    assert min(outcomes.values()) >= 3, outcomes
