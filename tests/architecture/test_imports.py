"""What is heavy is loaded where it is used: a command that is only listed costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    *("sqlalchemy", "alembic", "sklearn", "altair", "vl_convert", "duckdb", "ibis", "aiohttp"),
    *("slack_bolt", "botbuilder", "langchain", "langchain_core", "chromadb", "bm25s", "openai"),
    *("pypdf", "docx", "bs4", "python_calamine"),
)


@pytest.mark.parametrize(
    "code", ["from bot.core.command import discover; discover()", "import app"]
)
def test_nothing_heavy_is_loaded_before_it_is_used(code: str) -> None:
    told = f"import sys; {code}; print(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
