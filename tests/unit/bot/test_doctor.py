from __future__ import annotations

import datetime as dt
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from analytics.warehouse import Warehouse
from bot import doctor
from bot.doctor import Check
from bot.loading import load_files
from bot.people import TENANT
from bot.settings import Settings
from bot.storage.audit import AuditLog
from bot.storage.database import Database
from tests.unit.bot.storage.conftest import event

NOW = dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC)


def examine(
    home: Path, environ: Mapping[str, str] | None = None, **changes: Any
) -> dict[str, Check]:
    now = changes.pop("now", NOW)
    locale = changes.pop("locale", "en")
    settings = Settings(home=home, **({"port": 0} | changes))
    checks = doctor.run(home, settings, locale=locale, environ=environ or {}, now=now)
    return {check.name: check for check in checks}


def statuses(checks: dict[str, Check]) -> dict[str, str]:
    return {name: check.status for name, check in checks.items() if check.status != "ok"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with invoices up to the day before NOW, people, and a state database."""
    folder = tmp_path_factory.mktemp("doctor")
    invoices, people = folder / "invoices.csv", folder / "people.csv"
    invoices.write_text("customer_id,date,amount\n1,2026-11-01,10.00\n2,2026-11-23,5.00\n")
    people.write_text("user,role\njan@acme.example,admin\npiet@acme.example,sales\n")
    load_files(folder, [("invoices", invoices), ("people", people)], today=NOW.date())
    with Database.open(folder) as database:
        AuditLog(database, TENANT).record(event(tenant=TENANT))
    return folder


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, to damage."""
    import shutil

    return Path(shutil.copytree(filled, tmp_path / "home"))


# The snapshot of the fixture is made when the tests run.
LATER = max(NOW, dt.datetime.now(dt.UTC))


def test_a_loaded_home_is_all_right(filled: Path) -> None:
    checks = examine(filled)
    assert {n: s for n, s in statuses(checks).items() if n != "Clock"} == {}
    assert checks["Roles"].detail == "admin 1, sales 1"
    assert "data up to 23 Nov 2026" in checks["Snapshot"].detail
    assert "audit trail of 1 event, unbroken" in checks["State database"].detail


def test_an_empty_home_says_how_to_start_and_is_left_empty(tmp_path: Path) -> None:
    home = tmp_path / "new"
    checks = examine(home)
    assert statuses(checks) == {"Loaded data": "warn", "Snapshot": "warn", "Roles": "warn"}
    assert "app.py load" in checks["Loaded data"].fix
    assert "BALLOTAGE_ADMINS" in checks["Roles"].fix
    assert not home.exists()


def test_an_admin_in_the_settings_is_enough(tmp_path: Path) -> None:
    assert examine(tmp_path, admins="U1, u2")["Roles"] == Check("Roles", "ok", "admin 2")


def test_a_snapshot_behind_the_data_wants_a_refresh(home: Path) -> None:
    with Warehouse.open(home) as warehouse, warehouse.transaction():
        warehouse.next_version()
    check = examine(home)["Snapshot"]
    assert (check.status, check.fix) == ("warn", "python app.py refresh")
    assert "version 1" in check.detail


def test_a_missing_or_damaged_snapshot_wants_a_refresh(home: Path) -> None:
    (folder,) = (home / "snapshots").glob("0*")
    (folder / "meta.json").write_text("{")
    assert examine(home)["Snapshot"].status == "fail"
    (home / "snapshots" / "CURRENT").unlink()
    check = examine(home)["Snapshot"]
    assert (check.status, check.fix) == ("fail", "python app.py refresh")


def test_old_data_are_noticed(filled: Path) -> None:
    check = examine(filled, now=NOW + dt.timedelta(days=60))["Snapshot"]
    assert check.status == "warn"
    assert "newer invoices" in check.fix


def test_a_damaged_warehouse_fails(home: Path) -> None:
    (home / "warehouse.duckdb").write_bytes(b"nothing of the kind" * 1000)
    assert examine(home)["Loaded data"].status == "fail"


def test_a_changed_audit_trail_fails(home: Path) -> None:
    with closing(sqlite3.connect(home / "state.db")) as connection:
        connection.executescript(
            "drop trigger audit_events_no_update; update audit_events set decision = 'refused'"
        )
    check = examine(home)["State database"]
    assert check.status == "fail"
    assert "event 1" in check.detail


@pytest.mark.parametrize(("version", "status"), [("0000", "ok"), ("9999", "fail")])
def test_another_schema_is_named_and_left_alone(home: Path, version: str, status: str) -> None:
    with closing(sqlite3.connect(home / "state.db")) as connection:
        connection.execute("update alembic_version set version_num = ?", [version])
        connection.commit()
    check = examine(home)["State database"]
    assert check.status == status
    assert version in check.detail
    assert not (home / "backups").exists()


def test_a_damaged_state_database_fails_with_its_remedy(home: Path) -> None:
    for extra in home.glob("state.db-*"):
        extra.unlink()
    (home / "state.db").write_bytes(b"nothing of the kind" * 1000)
    check = examine(home)["State database"]
    assert check.status == "fail"
    assert "backups" in check.fix


def test_an_unknown_setting_is_told_with_the_nearest(tmp_path: Path) -> None:
    check = examine(tmp_path, {"BALLOTAGE_REP_REVENU": "bands", "BALLOTAGE_PORT": "1"})["Settings"]
    assert check.status == "warn"
    assert "BALLOTAGE_REP_REVENU" in check.detail
    assert check.fix == "Did you mean BALLOTAGE_REP_REVENUE?"
    assert examine(tmp_path, {"BALLOTAGE_QQQ": ""})["Settings"].fix.startswith("Remove")
    assert examine(tmp_path, {"BALLOTAGE_PORT": "1"})["Settings"].detail == "BALLOTAGE_PORT"


def test_a_wrong_time_zone_fails(tmp_path: Path) -> None:
    check = examine(tmp_path, time_zone="Europe/Amsterdm")["Settings"]
    assert (check.status, "Europe/Amsterdm" in check.detail) == ("fail", True)


def test_a_home_that_is_a_file_or_too_small_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    check = examine(tmp_path / "file" / "home")["Home folder"]
    assert check.status == "fail"
    assert "--home" in check.fix
    monkeypatch.setattr(doctor, "DISK_FAIL", 10**18)
    assert examine(tmp_path)["Home folder"].status == "fail"


@contextmanager
def taken(answer: bytes | None = None) -> Iterator[int]:
    """A port somebody listens on, who gives one answer to whoever comes, or hangs up."""
    import threading

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                if answer:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


def test_a_taken_port_is_told_unless_ballotage_itself_has_it(tmp_path: Path) -> None:
    with taken() as port:
        check = examine(tmp_path, port=port)["Port"]
    assert check.status == "warn"
    assert "--port" in check.fix
    ours = b"HTTP/1.1 200 OK\r\nServer: ballotage\r\nContent-Length: 0\r\n\r\n"
    with taken(ours) as port:
        assert examine(tmp_path, port=port)["Port"].status == "ok"


def test_a_clock_before_the_data_fails(filled: Path) -> None:
    assert examine(filled, now=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))["Clock"].status == "fail"
    assert examine(filled, now=LATER + dt.timedelta(minutes=1))["Clock"].status == "ok"


def test_one_broken_check_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: object) -> Check:
        raise RuntimeError("out of order")

    monkeypatch.setattr(doctor._Examination, "port", broken)
    checks = examine(tmp_path)
    assert (checks["Port"].status, checks["Port"].detail) == ("fail", "RuntimeError: out of order")
    assert checks["Clock"].status == "ok"


@pytest.mark.parametrize(
    ("model", "key", "status"),
    [
        ("openai:scripted", "sk-test", "ok"),
        ("openai:scripted", "", "fail"),
        ("nobody:x", "", "fail"),
        ("nonsense", "", "fail"),
        ("mistralai:x", "", "fail"),
    ],
)
def test_a_language_model_is_made_and_not_called(
    tmp_path: Path, model: str, key: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if key:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    found = examine(tmp_path, model=model)["Language model"]
    assert found.status == status
    assert (found.fix == "") is (status == "ok")
    assert "sk-test" not in found.detail + found.fix


def test_without_a_language_model_there_is_no_line_for_it(tmp_path: Path) -> None:
    assert "Language model" not in examine(tmp_path)
