"""One index for all tests that only search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from knowledge.library import Library


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The cards alone, indexed once for all workers."""
    shared = tmp_path_factory.getbasetemp().parent
    if not shared.name.startswith("pytest-"):  # one process: the base is this run's own
        shared = tmp_path_factory.getbasetemp()
    home: Path = shared / "coach"
    with FileLock(shared / "coach.lock"):
        held = Library(home)
        held.rebuild()
    yield held
    held.close()
