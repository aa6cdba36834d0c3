"""Text files: encoding, separator, header row, and rows with their physical line numbers."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from analytics.errors import DataError
from analytics.loading import cells as make
from analytics.loading.readers import HEADER_ROWS, Progress, RawTable, Rejected, Score, named
from analytics.loading.readers import header_row as find_header

SEPARATORS = (";", ",", "\t", "|")

SAMPLE_LINES = 50
"""So many lines decide the separator."""

PROGRESS_LINES = 20_000

_QUOTES = "quotation marks do not match in this line"
_FIELDS = "this line has more or fewer fields than the header"
_DAMAGED = "this line holds bytes that are no text in the file's encoding"

_Record = tuple[int, list[str]]


def read_csv(file: str, digest: str, content: bytes, score: Score, progress: Progress) -> RawTable:
    """Read a separated text file; see `readers.read`."""
    text = _decode(file, content)
    lines = list(io.StringIO(text, newline=""))
    start = 0
    separator = ""
    if lines[0].lower().startswith("sep=") and len(lines[0].strip("\r\n")) <= 5:
        # Excel's own directive.
        separator = lines[0].strip("\r\n")[4:] or "\t"
        start = 1
    if not separator:
        separator = _separator(lines[start:], score)
    rejected: list[Rejected] = []
    records = _records(lines, start, separator, rejected, progress)
    head: list[_Record] = []
    for record in records:
        if any(field.strip() for field in record[1]):
            head.append(record)
        if len(head) == HEADER_ROWS:
            break
    if not head:
        raise DataError("{file} is empty; export it again", file=file)
    place, _ = find_header([fields for _, fields in head], score)
    header_line, header = head[place]
    # What was malformed above the header is no data.
    rejected[:] = [r for r in rejected if r.line_no > header_line]
    width = len(header)
    numbers: list[int] = []
    rows: list[list[str]] = []
    for line_no, fields in _chain(head[place + 1 :], records):
        if len(fields) != width:
            if not any(field.strip() for field in fields):
                continue
            if len(fields) < width or any(field.strip() for field in fields[width:]):
                rejected.append(Rejected(line_no, _FIELDS, separator.join(fields)))
                continue
            fields = fields[:width]
        elif not any(fields) or not any(field.strip() for field in fields):
            continue
        numbers.append(line_no)
        rows.append(fields)
    if "�" in text or "\0" in text:
        rows, numbers = _without_damage(rows, numbers, rejected, separator)
    columns = tuple(make.of_text([row[i] for row in rows]) for i in range(width))
    rejected.sort(key=lambda r: r.line_no)
    return RawTable(
        file,
        digest,
        named(header),
        columns,
        np.array(numbers, dtype=np.int64),
        tuple(rejected),
        separator,
    )


def _chain(head: Sequence[_Record], rest: Iterator[_Record]) -> Iterator[_Record]:
    yield from head
    yield from rest


def _decode(file: str, content: bytes) -> str:
    problem = DataError(
        "{file} is not a CSV, XLSX or Parquet file, or not in UTF-8, UTF-16 or Windows-1252; save"
        " it as CSV UTF-8",
        file=file,
    )
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise problem from error
    if b"\0" in content[:4096]:
        raise problem
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in content[:4096])
    if control > len(content[:4096]) // 50:
        raise problem
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    loose = content.decode("utf-8-sig", errors="replace")
    broken = loose.count("�")
    if sum(not char.isascii() for char in loose) - broken > broken:
        # UTF-8 with some damage: the damaged lines are quarantined, the others stay readable.
        return loose
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise problem from error


def _separator(lines: Sequence[str], score: Score) -> str:
    """Choose what names most known columns; then what cuts most lines alike; then most fields."""
    sample = [line for line in lines[: 4 * SAMPLE_LINES] if line.strip()][:SAMPLE_LINES]
    best: tuple[int, float, int] = (-1, -1.0, -1)
    chosen = ","
    for separator in SEPARATORS:
        try:
            rows = [row for row in csv.reader(sample, delimiter=separator) if row]
        except csv.Error:
            rows = [line.rstrip("\r\n").split(separator) for line in sample]
        if not rows:
            continue
        (width, count), *_ = Counter(len(row) for row in rows).most_common(1)
        found = find_header(rows[:HEADER_ROWS], score)[1]
        rank = (found, count / len(rows) if width > 1 else 0.0, width)
        if rank > best:
            best, chosen = rank, separator
    return chosen


class _Feed:
    """Lines for csv.reader, which can be set back to an earlier one."""

    def __init__(self, lines: Sequence[str], start: int) -> None:
        self.lines = lines
        self.at = start

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


def _records(
    lines: Sequence[str], start: int, separator: str, rejected: list[Rejected], progress: Progress
) -> Iterator[_Record]:
    """Yield (physical line number, fields).

    One unclosed quotation mark swallows all lines up to the next mark. So a record of several lines
    that does not come out right loses its first line only, and reading goes on with the second.
    """
    feed = _Feed(lines, start)
    reader = csv.reader(feed, delimiter=separator, strict=True)
    widths: Counter[int] = Counter()
    while True:
        first = feed.at
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            pass
        else:
            alone = feed.at == first + 1
            if alone:
                widths[len(fields)] += 1
            if alone or not widths or len(fields) == widths.most_common(1)[0][0]:
                if feed.at // PROGRESS_LINES != first // PROGRESS_LINES:
                    progress(feed.at, len(lines))
                yield first + 1, fields
                continue
        rejected.append(Rejected(first + 1, _QUOTES, lines[first].rstrip("\r\n")[:100_000]))
        feed.at = first + 1
        reader = csv.reader(feed, delimiter=separator, strict=True)


def _without_damage(
    rows: list[list[str]], numbers: list[int], rejected: list[Rejected], separator: str
) -> tuple[list[list[str]], list[int]]:
    kept: list[list[str]] = []
    kept_numbers: list[int] = []
    for row, line_no in zip(rows, numbers, strict=True):
        text = separator.join(row)
        if "�" in text or "\0" in text:
            rejected.append(Rejected(line_no, _DAMAGED, text.replace("\0", "")))
        else:
            kept.append(row)
            kept_numbers.append(line_no)
    return kept, kept_numbers
