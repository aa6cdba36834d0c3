from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analytics.loading import LoadSummary, load
from analytics.warehouse import COLUMNS, Warehouse

TODAY = dt.date(2026, 6, 30)


@dataclass
class Company:
    """A home to load texts into, and to look what came of them."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(
        self,
        *,
        map: str = "",
        replace: bool = False,
        currency: str = "",
        after: Any = None,
        **files: str | bytes | Path,
    ) -> LoadSummary:
        given = [
            (table, content if isinstance(content, Path) else self.file(f"{table}.csv", content))
            for table, content in files.items()
        ]
        return load(
            self.home,
            given,
            mapping=self.file("map.yaml", map) if map else None,
            replace=replace,
            currency=currency,
            after=after,
            today=TODAY,
        )

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with Warehouse.open(self.home, read_only=True) as warehouse:
            return warehouse.connection.execute(query, list(values)).fetchall()

    def state(self) -> list[list[tuple[Any, ...]]]:
        tables = (*COLUMNS, "loads", "meta")
        return [self.rows(f'SELECT * FROM "{table}" ORDER BY ALL') for table in tables]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)
