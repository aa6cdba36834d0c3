"""The file with the rows that were not accepted, each with its line number and reason."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from analytics.loading.faults import Faults
from analytics.loading.readers import RawTable

FOLDER = "quarantine"

_PLAIN_NUMBER = re.compile(r"[-+][0-9][0-9.,]*")


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula; plain signed numbers stay numbers."""
    if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not _PLAIN_NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def write_quarantine(path: Path, raw: RawTable, faults: Faults) -> None:
    """Write line_no, reason and the original columns; lines that were no rows as original text."""
    rows = np.flatnonzero(~faults.accepted)
    texts = [column.text.iloc[rows].tolist() for column in raw.columns]
    found = [
        (int(raw.lines[row]), [faults.reason(int(row)), *(neutral(text[i]) for text in texts)])
        for i, row in enumerate(rows)
    ]
    header = ["line_no", "reason", *(neutral(name) for name in raw.headers)]
    if raw.rejected:
        header.append("original text")
        blanks = [""] * len(raw.headers)
        found += [(r.line_no, [r.message, *blanks, neutral(r.text)]) for r in raw.rejected]
    path.parent.mkdir(parents=True, exist_ok=True)
    # The BOM makes Excel read UTF-8; the file's own separator opens in columns where the file did.
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target, delimiter=raw.separator or ",")
        writer.writerow(header)
        writer.writerows([line, *cells] for line, cells in sorted(found, key=lambda item: item[0]))
