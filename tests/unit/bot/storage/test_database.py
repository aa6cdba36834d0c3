from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import bot.storage.migrations
from bot.errors import SettingsError, UserError
from bot.storage import database as module
from bot.storage.audit import AuditLog
from bot.storage.database import SCHEMA, Database, schema_of
from bot.storage.models import metadata
from tests.unit.bot.storage.conftest import event


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(bot.storage.migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def test_the_schema_named_in_the_code_is_the_newest_migration() -> None:
    assert scripts().get_current_head() == SCHEMA


def test_the_migrations_make_the_tables_of_the_models(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_new_home_is_made_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    assert schema_of(home / "state.db") is None
    Database.open(home).close()
    assert schema_of(home / "state.db") == SCHEMA
    assert (home / "state.db").stat().st_mode & 0o077 == 0
    assert not (home / "backups").exists()


def test_connections_wait_for_each_other_and_check_keys(database: Database) -> None:
    with database.read() as connection:
        for pragma, value in (("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2)):
            assert connection.execute(text(f"pragma {pragma}")).scalar() == value
        assert int(connection.execute(text("pragma busy_timeout")).scalar_one()) >= 5000


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    def fail_halfway() -> None:
        with database.write() as connection:
            connection.execute(text("insert into person_settings values ('acme', 'jan', 'nl')"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    with database.read() as connection:
        assert connection.execute(text("select count(*) from person_settings")).scalar() == 0


def test_a_writer_holds_the_lock_from_its_start(database: Database) -> None:
    with database.write(), closing(sqlite3.connect(database.path, timeout=0)) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("begin immediate")
        assert other.execute("select count(*) from audit_events").fetchone() == (0,)


def test_an_old_schema_is_backed_up_and_upgraded_with_its_data(tmp_path: Path) -> None:
    with Database.open(tmp_path) as database:
        AuditLog(database, "acme").record(event())
        with database.write() as connection:
            # A schema before the first: the upgrade must run everything that follows it.
            connection.execute(text("update alembic_version set version_num = '0000'"))
    upgraded: list[str] = []

    def migrate(connection: object, revision: str = "head") -> None:
        upgraded.append(revision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "migrate", migrate)
        Database.open(tmp_path).close()
    assert upgraded == ["head"]
    (copy,) = (tmp_path / "backups").glob("state-0000-*.db")
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("select count(*) from audit_events").fetchone() == (1,)


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    with Database.open(tmp_path) as database, database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(UserError, match="newer version"):
        Database.open(tmp_path)
    assert schema_of(tmp_path / "state.db") == "9999"


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(UserError, match=r"state\.db cannot be read") as caught:
        Database.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_home_that_cannot_be_a_folder_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--home"):
        Database.open(tmp_path / "file" / "home")


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="sqlite:///"):
        Database.open(tmp_path, "postgresql://user:secret@host/db")
    Database.open(tmp_path, f"sqlite:///{tmp_path}/elsewhere.db").close()
    assert schema_of(tmp_path / "elsewhere.db") == SCHEMA


def test_a_checkpoint_empties_the_log_unless_somebody_reads_in_it(database: Database) -> None:
    log = Path(f"{database.path}-wal")
    AuditLog(database, "acme").record(event())
    assert log.stat().st_size > 0
    with database.read() as connection:
        connection.execute(text("select count(*) from audit_events"))
        AuditLog(database, "acme").record(event())
        assert not database.checkpoint()
    assert database.checkpoint()
    assert log.stat().st_size == 0


def test_what_is_deleted_is_overwritten(database: Database) -> None:
    with database.write() as connection:
        connection.execute(
            text("insert into person_settings values ('acme', 'Jan-the-sought', 'nl')")
        )
    assert database.checkpoint()
    assert b"Jan-the-sought" in database.path.read_bytes()
    with database.write() as connection:
        connection.execute(text("delete from person_settings"))
    assert database.checkpoint()
    assert b"Jan-the-sought" not in database.path.read_bytes()
