"""Logs without secrets, and metrics without names.

A log line starts with its event, `noun.verb`, then `key=value` pairs: `snapshot.load version=12`.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import math
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TextIO

HIDDEN = "[hidden]"

_NAMED = (
    r"[\w.-]{0,40}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key"
    r"|private[_-]?key|encryption[_-]?key|shared[_-]?access[_-]?key(?!name)|authorization|signature"
    r"|credentials?|cookie|session[_-]?id|response_url|connection[_-]?string)"
)
_PATTERNS: tuple[tuple[str, str], ...] = (
    # PEM blocks, first: their lines would otherwise be cut up by what follows.
    (r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", HIDDEN),
    # Bodies of requests and messages are never logged; libraries do it on failures.
    (
        r"(?i)\b((?:raw_|request |response |mail |e-?mail |message )?body\s*[=:]\s*).+",
        rf"\1{HIDDEN}",
    ),
    (r"(?i)\b(authorization['\"]?\s*[=:]\s*['\"]?)(?:[A-Za-z]+ )?[^\s'\",;]+", rf"\1{HIDDEN}"),
    (r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{6,}", rf"\1{HIDDEN}"),
    (r"(?i)\b((?:set-)?cookie['\"]?\s*[=:]\s*)[^\n]+", rf"\1{HIDDEN}"),
    # name=value, "name": "value", 'name': 'value', name: value
    (
        rf"(?i)\b({_NAMED}['\"]?\s*[=:]\s*)(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s,;&'\"}}]+)",
        rf"\1{HIDDEN}",
    ),
    (r"(?i)([?&;](?:sig|sv|se|code|state|key|auth)=)[^&\s'\"]+", rf"\1{HIDDEN}"),
    # user:password@ in an address; the host stays, it helps
    (r"\b([a-z][a-z0-9+.-]{0,20}://)[^\s/@]{0,200}:[^\s@]{0,500}@", rf"\1{HIDDEN}@"),
    (r"https://hooks\.slack(?:-gov)?\.com/[^\s'\"]+", HIDDEN),
    (r"https://[\w.-]{0,100}webhook\.office\.com/[^\s'\"]+", HIDDEN),
    (r"\bx(?:ox[a-z]|app)(?:\.xox[a-z])?-[A-Za-z0-9-]{6,}", HIDDEN),  # Slack
    (r"\bxoxe(?:\.xox[a-z])?-[A-Za-z0-9-]{6,}", HIDDEN),
    (r"\bv0=[0-9a-f]{32,}", HIDDEN),  # a Slack signature
    (r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)*", HIDDEN),  # JWT
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", HIDDEN),  # AWS
    (r"\b(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|hf_|shpat_|dapi)[\w-]{16,}", HIDDEN),
    (r"\b(?:sk|rk|pk)[-_](?:ant-|proj-|live_|test_)?[A-Za-z0-9_-]{16,}", HIDDEN),  # models, Stripe
    (r"\bAIza[\w-]{30,}", HIDDEN),  # Google
    (r"\bya29\.[\w-]{10,}", HIDDEN),
    (r"\bSG\.[\w-]{10,}\.[\w-]{10,}", HIDDEN),  # SendGrid
    (r"\b[\w~.-]{3}\dQ~[\w~.-]{31,34}", HIDDEN),  # Microsoft Entra client secret
    (r"\bgAAAA[\w=-]{40,}", HIDDEN),  # Fernet
    (r"\b[0-9a-fA-F]{32,}\b", HIDDEN),  # signing secrets and keys, bare
    (r"\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{0,190}\w", "[address]"),  # a person
)
_COMPILED = tuple(
    (re.compile(p, re.DOTALL if "BEGIN" in p or "body" in p else 0), r) for p, r in _PATTERNS
)
NUDGE_STATES = (
    "pending", "leased", "sending", "sent", "retry", "dead", "unknown", "cancelled",
)  # fmt: skip
_EVENT = re.compile(r"^[a-z_]+(?:\.[a-z_]+)+(?=\s|$)")
_OWN_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Return the text without secrets, bodies and addresses; `known` are secrets by value."""
    for secret in known:
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Hides secrets in a record, for a handler or a logger that is handed to a library."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        super().__init__()
        # Longest first: a secret may contain another one.
        self._known = tuple(sorted((s for s in known if len(s) >= 6), key=len, reverse=True))

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; always lets it through."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 (a wrong format must not take the program down)
            message = f"log.misformat template={record.msg!r}"
        record.msg, record.args = redact(message, self._known), ()
        if record.exc_info and record.exc_info[0] and not record.exc_text:
            # Formatters use the text that is there and do not make their own.
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        if record.exc_text:
            record.exc_text = redact(record.exc_text, self._known)
        for name, value in list(record.__dict__.items()):
            if name not in _OWN_ATTRIBUTES and not isinstance(value, int | float | None):
                shown = redact(f"{name}={value}", self._known)
                setattr(record, name, shown.removeprefix(f"{name}="))
        return True


class TextFormatter(logging.Formatter):
    """One line for people: time, level, message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S%z")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, event, message, and the extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        message = record.getMessage()
        event = _EVENT.match(message)
        out: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "event": event[0] if event else "",
            "message": message,
        }
        out |= {k: v for k, v in record.__dict__.items() if k not in _OWN_ATTRIBUTES}
        if record.exc_text or record.exc_info:
            out["exception"] = record.exc_text or self.formatException(record.exc_info)  # type: ignore[arg-type]
        return json.dumps(out, default=str, ensure_ascii=False)


def set_up_logging(
    *,
    log_format: Literal["text", "json"] = "text",
    level: str = "INFO",
    stream: TextIO | None = None,
    secrets: Iterable[str] = (),
) -> None:
    """Log to stderr (or `stream`), every record of every logger without secrets.

    Records are cleaned where they are made, so a library that brings its own handler gets a clean
    one too. Calling it again replaces what the call before set up.
    """
    clean = RedactingFilter(secrets)

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **kwargs)
        clean.filter(record)
        return record

    logging.setLogRecordFactory(make)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    handler.addFilter(clean)  # once more: extra fields are added after the record was made
    handler.set_name("ballotage")
    root = logging.getLogger()
    for old in [h for h in root.handlers if h.get_name() == "ballotage"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in ("aiohttp.access", "alembic", "sqlalchemy", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It tells of every try to fetch a token; that none was had is told once, by who asked for it.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


class Metrics:
    """The Prometheus metrics of one process, in a registry of their own.

    No label holds a tenant, a person or a client; `command` is a name from the command registry.
    """

    def __init__(self, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        # Here, not above: `ask` logs too and shows no metrics.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        self._now = now
        self._data_at: dt.datetime | None = None
        common: dict[str, Any] = {"namespace": "ballotage", "registry": self.registry}
        self._command_seconds = Histogram(
            "command_seconds",
            "Time from request to reply",
            ["command", "outcome"],
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 8, 15),
            **common,
        )
        self._commands = Counter("commands_total", "Requests", ["command", "outcome"], **common)
        self._inbound = Counter(
            "inbound_total", "Events from outside", ["platform", "kind", "outcome"], **common
        )
        self._version = Gauge("snapshot_version", "Version of the snapshot in force", **common)
        self._refresh_seconds = Histogram(
            "refresh_seconds",
            "Time a refresh takes",
            buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
            **common,
        )
        self._refresh_failures = Counter("refresh_failures_total", "Failed refreshes", **common)
        self._inbox_depth = Gauge("inbox_depth", "Events waiting for an answer", **common)
        self._inbox_dead = Gauge("inbox_dead", "Events given up in seven days", **common)
        self._nudges = Gauge("nudges", "Weekly nudges of five weeks", ["state"], **common)
        age = Gauge("data_age_seconds", "Age of the snapshot; NaN without one", **common)
        age.set_function(self._age)

    def observe_command(self, command: str, outcome: str, seconds: float) -> None:
        """Count a handled request; fits the Dispatcher's `observe`."""
        labels = (command or "unknown", outcome)
        self._commands.labels(*labels).inc()
        self._command_seconds.labels(*labels).observe(seconds)

    def observe_inbound(self, platform: str, kind: str, outcome: str) -> None:
        """Count an event of a chat platform."""
        self._inbound.labels(platform, kind, outcome).inc()

    def observe_snapshot(self, version: int, made_at: dt.datetime) -> None:
        """Note the snapshot that came into force; its age is worked out at each scrape."""
        self._version.set(version)
        self._data_at = made_at

    def observe_inbox(self, waiting: int, dead: int) -> None:
        """Note how much work of chat platforms waits, and how much was given up."""
        self._inbox_depth.set(waiting)
        self._inbox_dead.set(dead)

    def observe_nudges(self, counts: Mapping[str, int]) -> None:
        """Note how many weekly nudges of five weeks are in each state."""
        for state in NUDGE_STATES:
            self._nudges.labels(state).set(counts.get(state, 0))

    def observe_refresh(self, seconds: float, *, failed: bool = False) -> None:
        """Count a refresh."""
        self._refresh_seconds.observe(seconds)
        if failed:
            self._refresh_failures.inc()

    def render(self) -> tuple[bytes, str]:
        """Return the metrics as Prometheus reads them, and the content type."""
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def _age(self) -> float:
        if self._data_at is None:
            return math.nan
        return (self._now() - self._data_at).total_seconds()
