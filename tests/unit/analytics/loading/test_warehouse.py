from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analytics.errors import DataError, NoDataError
from analytics.loading import run
from analytics.warehouse import Warehouse

from .conftest import Company


def test_reading_before_anything_was_loaded_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match=r"app\.py load"):
        Warehouse.open(tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_new_warehouse_is_version_zero_and_empty(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "new" / "home") as warehouse:
        assert warehouse.version == 0
        assert warehouse.meta("nothing") is None
        assert warehouse.backend().table("invoices").count().to_pyarrow().as_py() == 0


def test_a_transaction_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        with warehouse.transaction():
            warehouse.set_meta("a", "1")
        with pytest.raises(KeyError, match="stop"):
            _stopped_half_way(warehouse)
        assert warehouse.meta("a") == "1"
        assert warehouse.version == 0


def _stopped_half_way(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        warehouse.set_meta("a", "2")
        warehouse.next_version()
        raise KeyError("stop")


HOLD = """
import sys
from pathlib import Path
from analytics.warehouse import Warehouse
with Warehouse.open(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("read_only", [True, False])
def test_another_process_is_waited_for_then_named(tmp_path: Path, read_only: bool) -> None:
    root = Path(run.__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataError, match="in use by another process"):
            Warehouse.open(tmp_path, read_only, wait=0.1)
        holder.stdin.write("\n")
        holder.stdin.flush()
        with Warehouse.open(tmp_path, read_only) as warehouse:
            assert warehouse.version == 0


def test_this_process_in_the_other_mode_is_a_conflict_too(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path), pytest.raises(DataError, match="in use"):
        Warehouse.open(tmp_path, read_only=True, wait=0.05)


def test_a_second_load_waits_for_the_first(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "WAIT_SECONDS", 0.05)

    def second(_: Warehouse) -> None:
        with pytest.raises(DataError, match="in use by another process"):
            company.load(deals="deal_id,status,created\n1,open,\n")

    company.load(customers="klantnr\nA\n", after=second)
    assert company.rows("SELECT count(*) FROM deals") == [(0,)]


def test_a_damaged_file_is_one_line_and_stays_untouched(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(DataError, match="cannot be opened") as caught:
        Warehouse.open(tmp_path)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "warehouse.duckdb").read_bytes().startswith(b"no database")


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot be made"):
        Warehouse.open(tmp_path / "file" / "home")
