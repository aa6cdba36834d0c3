"""Is this installation in order: one line a check, each with its remedy, within a few seconds."""

from __future__ import annotations

import datetime as dt
import difflib
import http.client
import importlib.metadata
import ipaddress
import os
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analytics.errors import DataError
from bot.errors import UserError
from bot.i18n import N_, Localizer

if TYPE_CHECKING:
    from analytics.snapshot import Snapshot
    from bot.adapters.slack.settings import SlackSettings
    from bot.adapters.teams.settings import TeamsSettings
    from bot.settings import Settings

Status = Literal["ok", "warn", "fail"]

OLDEST_PYTHON = (3, 11)
PACKAGES = ("aiohttp", "altair", "duckdb", "ibis-framework", "pandas", "sqlalchemy", "sqlglot",
            "vl-convert-python")  # fmt: skip
DISK_FAIL, DISK_WARN = 200 * 1024**2, 1024**3
OLD_DAYS = 35
"""A company that sends invoices has a newer one within a month; so the export has stopped."""
AUDIT_EVENTS = 50_000
"""Above this the chain is not recomputed here, which has to be quick."""
PREFIX = "BALLOTAGE_"
OTHER_VARIABLES = frozenset({"BALLOTAGE_REQUIRE_BROWSER"})
"""Read by other things than the settings."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line. `name` is English, a message id; `detail` and `fix` are in the asked language."""

    name: str
    status: Status
    detail: str
    fix: str = ""


def run(
    home: Path,
    settings: Settings,
    *,
    locale: str = "",
    environ: Mapping[str, str] | None = None,
    now: dt.datetime | None = None,
    slack: SlackSettings | None = None,
    teams: TeamsSettings | None = None,
    online: bool = False,
) -> list[Check]:
    """Examine the installation; changes nothing. `now` is aware, in UTC.

    A door whose settings are not given is left out. Nothing is called unless `online`: then Slack
    and Microsoft are asked whether they take what is set, four seconds each question at most.
    """
    found = _Examination(
        home,
        settings,
        Localizer(locale or settings.locale),
        os.environ if environ is None else environ,
        now or dt.datetime.now(dt.UTC),
    )
    checks: tuple[tuple[str, Callable[[], Check]], ...] = (
        (N_("Python"), found.python),
        (N_("Packages"), found.packages),
        (N_("Settings"), found.known_settings),
        (N_("Home folder"), found.home_folder),
        (N_("Loaded data"), found.warehouse),
        (N_("Snapshot"), found.snapshot),
        (N_("Conditions"), found.conditions),
        (N_("Roles"), found.roles),
        (N_("State database"), found.state),
        (N_("Port"), found.port),
        (N_("Clock"), found.clock),
    )
    if settings.model:
        checks += ((N_("Language model"), found.language_model),)
    if slack is not None:
        checks += ((N_("Slack"), partial(found.slack, slack, online)),)
    if teams is not None:
        checks += ((N_("Teams"), partial(found.teams, teams, online)),)
    out = []
    for name, check in checks:
        try:
            out.append(check())
        except Exception as error:  # noqa: BLE001 (one broken check must not hide the others)
            detail = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            out.append(Check(name, "fail", detail))
    return out


@dataclass(slots=True)
class _Examination:
    home: Path
    settings: Settings
    _: Localizer
    environ: Mapping[str, str]
    now: dt.datetime
    version: int | None = field(default=None, init=False)
    loaded: Snapshot | None = field(default=None, init=False)

    def python(self) -> Check:
        version = ".".join(map(str, sys.version_info[:3]))
        if sys.version_info >= OLDEST_PYTHON:
            return Check("Python", "ok", version)
        fix = self._(N_("Install Python 3.11 or newer, then: make install"))
        return Check("Python", "fail", version, fix)

    def packages(self) -> Check:
        found, missing = [], []
        for name in PACKAGES:
            try:
                found.append(f"{name} {importlib.metadata.version(name)}")
            except importlib.metadata.PackageNotFoundError:
                missing.append(name)
        if missing:
            detail = self._(N_("missing: {names}"), names=", ".join(missing))
            return Check("Packages", "fail", detail, "make install")
        return Check("Packages", "ok", ", ".join(found))

    def known_settings(self) -> Check:
        names = {(PREFIX + name).upper() for name in type(self.settings).model_fields}
        unknown = sorted(
            name
            for name in self.environ
            if name.startswith(PREFIX) and name not in names | OTHER_VARIABLES
        )
        try:
            ZoneInfo(self.settings.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return Check(
                "Settings",
                "fail",
                self._(N_("{zone} is not a time zone"), zone=self.settings.time_zone),
                self._(N_("Set BALLOTAGE_TIME_ZONE to a name such as Europe/Amsterdam")),
            )
        if not unknown:
            set_here = sorted(names & set(self.environ))
            return Check(
                "Settings", "ok", ", ".join(set_here) or self._(N_("all at their defaults"))
            )
        # Compared without the prefix, by which all are alike.
        bare = [name.removeprefix(PREFIX) for name in sorted(names)]
        near = difflib.get_close_matches(unknown[0].removeprefix(PREFIX), bare, n=1, cutoff=0.6)
        return Check(
            "Settings",
            "warn",
            self._(N_("unknown, so without effect: {names}"), names=", ".join(unknown)),
            self._(N_("Did you mean {name}?"), name=PREFIX + near[0])
            if near
            else self._(N_("Remove it from the environment")),
        )

    def home_folder(self) -> Check:
        folder = self.home.absolute()
        nearest = next(p for p in (folder, *folder.parents) if p.exists())
        fix = self._(N_("Choose a folder you may write to, with --home or BALLOTAGE_HOME"))
        try:
            with tempfile.TemporaryFile(dir=nearest):
                pass
        except OSError as error:
            detail = self._(
                N_("{folder} cannot be written: {reason}"),
                folder=folder,
                reason=error.strerror or error,
            )
            return Check("Home folder", "fail", detail, fix)
        free = shutil.disk_usage(nearest).free
        detail = self._(
            N_("{folder}, {free} GB free"), folder=folder, free=self._.number(free / 1024**3, 1)
        )
        status: Status = "fail" if free < DISK_FAIL else "warn" if free < DISK_WARN else "ok"
        fix = "" if status == "ok" else self._(N_("Make room on this disk"))
        return Check("Home folder", status, detail, fix)

    def warehouse(self) -> Check:
        from analytics.errors import NoDataError
        from analytics.warehouse import Warehouse

        try:
            with Warehouse.open(self.home, read_only=True, wait=0.5) as warehouse:
                self.version = warehouse.version
        except NoDataError:
            return Check(
                "Loaded data",
                "warn",
                self._(N_("nothing loaded yet")),
                self._(N_("python app.py load invoices=FILE, or look around with: make demo")),
            )
        except DataError as error:
            busy = "in use" in error.message
            return Check("Loaded data", "warn" if busy else "fail", self._say(error))
        return Check("Loaded data", "ok", self._(N_("version {version}"), version=self.version))

    def snapshot(self) -> Check:
        from analytics.errors import NoDataError
        from analytics.snapshot import SnapshotStore

        refresh = "python app.py refresh"
        try:
            self.loaded = SnapshotStore(self.home).load()
        except NoDataError:
            if self.version is None:
                return Check("Snapshot", "warn", self._(N_("none, since nothing was loaded")))
            return Check("Snapshot", "fail", self._(N_("none, though there are data")), refresh)
        except Exception as error:  # noqa: BLE001 (whatever a damaged file makes a reader raise)
            detail = self._(N_("cannot be read: {reason}"), reason=type(error).__name__)
            return Check("Snapshot", "fail", detail, refresh)
        meta = self.loaded.meta
        made = self._.moment(meta.created_at, self.settings.time_zone)
        detail = self._(N_("version {version}, made {moment}"), version=meta.version, moment=made)
        if self.version is not None and self.version != meta.version:
            detail += ", " + self._(N_("the loaded data are at {version}"), version=self.version)
            return Check("Snapshot", "warn", detail, refresh)
        if not self.loaded.day_date.size:
            return Check(
                "Snapshot",
                "warn",
                detail + ", " + self._(N_("without invoices")),
                "python app.py load invoices=FILE",
            )
        data_date = self.loaded.data_date(self.now.date())
        detail += ", " + self._(N_("data up to {day}"), day=self._.date(data_date))
        if (self.now.date() - data_date).days > OLD_DAYS:
            return Check(
                "Snapshot",
                "warn",
                detail,
                self._(N_("Load newer invoices: python app.py load ...")),
            )
        return Check("Snapshot", "ok", detail)

    def conditions(self) -> Check:
        from bot.conditions import stored

        found = stored(self.home, lambda: self.loaded, notes=False).in_force()
        count = len(found.conditions.items)
        detail = self._.n("{n} condition, version {version}", "{n} conditions, version {version}",
                          count, version=found.conditions.version)  # fmt: skip
        path = self.home / "conditions.yaml"
        if found.problem is not None:
            more = len(found.problem.problems) - 1
            detail += "; " + self._(N_("{file} is not in force"), file=path)
            detail += f": {self._say(found.problem)}" + (f" (+{more})" if more else "")
            fix = f"python app.py conditions check {path}"
            return Check("Conditions", "warn", detail, fix)
        if found.gone:
            names = ", ".join(found.gone)
            detail += "; " + self._(N_("no longer in the data: {names}"), names=names)
            fix = self._(N_("Load data with these columns, or change the conditions"))
            return Check("Conditions", "warn", detail, fix)
        return Check("Conditions", "ok", detail)

    def roles(self) -> Check:
        counts: dict[str, int] = {}
        if self.loaded is not None:
            counts = {str(k): int(n) for k, n in self.loaded.people["role"].value_counts().items()}
        if self.settings.admin_users:
            counts["admin"] = counts.get("admin", 0) + len(self.settings.admin_users)
        detail = ", ".join(f"{role} {n}" for role, n in sorted(counts.items()))
        if counts.get("admin"):
            return Check("Roles", "ok", detail)
        return Check(
            "Roles",
            "warn",
            self._(N_("nobody is admin")) + (f" ({detail})" if detail else ""),
            self._(N_("Set BALLOTAGE_ADMINS to your chat id, or load people=FILE with role admin")),
        )

    def state(self) -> Check:
        from bot.people import TENANT
        from bot.storage.audit import AuditLog
        from bot.storage.database import SCHEMA, Database, schema_of, state_path

        path = state_path(self.home)
        restore = self._(
            N_("Put back a copy from {backups}, or move the file away to start anew"),
            backups=path.parent / "backups",
        )
        try:
            schema = schema_of(path)
        except sqlite3.DatabaseError as error:
            detail = self._(N_("cannot be read: {reason}"), reason=error)
            return Check("State database", "fail", detail, restore)
        if schema is None:
            return Check("State database", "ok", self._(N_("made at the first question")))
        detail = self._(N_("schema {schema}"), schema=schema)
        if schema > SCHEMA:
            fix = self._(N_("A newer version wrote it; install that version again"))
            return Check("State database", "fail", detail, fix)
        if schema < SCHEMA:
            detail += ", " + self._(N_("upgraded at the next start, after a backup"))
            return Check("State database", "ok", detail)
        try:
            with Database.open(self.home) as database:
                log = AuditLog(database, TENANT)
                if log.count() > AUDIT_EVENTS:
                    return Check("State database", "ok", detail)
                chain = log.verify_chain()
        except UserError as error:
            return Check("State database", "fail", self._say(error), restore)
        if not chain.ok:
            detail = self._(
                N_("the audit trail was changed at event {number}"), number=chain.broken_at
            )
            return Check("State database", "fail", detail, restore)
        detail += ", " + self._.n(
            "audit trail of {n} event, unbroken",
            "audit trail of {n} events, unbroken",
            chain.events,
        )
        return Check("State database", "ok", detail)

    def port(self) -> Check:
        host, port = self.settings.host, self.settings.port
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                # As the server does it: a port that was just left counts as free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if _is_ours(host, port):
                return Check("Port", "ok", self._(N_("{port}: Ballotage is serving"), port=port))
            return Check(
                "Port",
                "warn",
                f"{host}:{port}: {error.strerror or error}",
                self._(N_("Choose another one with --port or BALLOTAGE_PORT")),
            )
        return Check("Port", "ok", self._(N_("{port} is free"), port=port))

    def clock(self) -> Check:
        shown = self._.moment(self.now, self.settings.time_zone)
        made = self.loaded.meta.created_at if self.loaded else None
        # Never right before this program was written, nor long before its own data were made.
        wrong = self.now.year < 2026 or (made and made - self.now > dt.timedelta(hours=1))
        if wrong:
            fix = self._(N_("Set the clock of this machine; periods are counted from it"))
            return Check("Clock", "fail", shown, fix)
        return Check("Clock", "ok", f"{shown} ({self.settings.time_zone})")

    def slack(self, settings: SlackSettings, online: bool) -> Check:
        from bot import doctor_doors

        found = doctor_doors.slack(settings, self._, online=online)
        return Check("Slack", found.status, found.detail, found.fix)

    def teams(self, settings: TeamsSettings, online: bool) -> Check:
        from bot import doctor_doors

        found = doctor_doors.teams(settings, self._, online=online)
        return Check("Teams", found.status, found.detail, found.fix)

    def language_model(self) -> Check:
        """Whether the model can be made; it is not called, since a call costs money."""
        from bot.advisor import make_model

        name = self.settings.model
        try:
            make_model(name)
        except ImportError as error:
            package = str(error.name or "").replace("_", "-") or self._(N_("its library"))
            fix = self._(N_("Install {package} into .venv with pip"), package=package)
        except Exception as error:  # noqa: BLE001 (each provider has errors of its own)
            kind = type(error).__name__
            fix = self._(
                N_(
                    "Write it as PROVIDER:MODEL, for example openai:gpt-5, and set the provider's key "
                    "({kind})"
                ),
                kind=kind,
            )
        else:
            return Check("Language model", "ok", name)
        return Check("Language model", "fail", name, fix)

    def _say(self, error: DataError | UserError) -> str:
        return " ".join(self._.error(error).split())


def _is_ours(host: str, port: int) -> bool:
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:  # a name
        everywhere = False
    connection = http.client.HTTPConnection("localhost" if everywhere else host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().getheader("Server") == "ballotage"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
