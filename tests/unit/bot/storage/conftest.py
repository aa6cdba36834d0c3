from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.audit import AuditEvent
from bot.core.reply import Outcome, Visibility
from bot.core.request import Place, Role
from bot.storage.database import Database

NOW = dt.datetime(2026, 11, 3, 9, 30, 15, 123456, tzinfo=dt.UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path) as opened:
        yield opened


def event(user: str = "jan", **changes: object) -> AuditEvent:
    values: dict[str, object] = {
        "tenant": "acme",
        "user": user,
        "roles": frozenset({Role.MT, Role.SALES}),
        "surface": "slack",
        "place": Place.CHANNEL,
        "conversation": "C1",
        "command": "topclients",
        "visibility": Visibility.EPHEMERAL,
        "decision": "allowed",
        "outcome": Outcome.ANSWERED,
        "arguments": {"n": "10"},
        "milliseconds": 42,
        "snapshot_version": "000001-abcdef",
        "at": NOW,
    }
    return AuditEvent(**(values | changes))  # type: ignore[arg-type]
