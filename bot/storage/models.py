"""The tables of the state database. A change here needs a migration; a test compares the two."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A moment, aware and in UTC on both sides; SQLite itself would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse a moment without a zone, which would be read as another one later."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return value.astimezone(dt.UTC)

    def process_result_value(
        self, value: dt.datetime | None, dialect: Dialect
    ) -> dt.datetime | None:
        """Give the zone back."""
        return value if value is None else value.replace(tzinfo=dt.UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String(100), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("person", String(40), nullable=False),
    Column("roles", String(100), nullable=False),
    Column("surface", String(20), nullable=False),
    Column("place", String(20), nullable=False),
    Column("conversation", String(200), nullable=False),
    Column("command", String(60), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("visibility", String(20), nullable=False),
    Column("decision", String(20), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("snapshot_version", String(60), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("tenant", "sequence"),
    Index(None, "tenant", "person"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

pseudonyms = Table(
    "pseudonyms",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("user", String(200), primary_key=True),
    Column("person", String(40), nullable=False, unique=True),
)

cleared_channels = Table(
    "cleared_channels",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("surface", String(20), primary_key=True),
    Column("conversation", String(200), primary_key=True),
    Column("cleared_by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

people_roles = Table(
    "people_roles",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("user", String(200), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("set_by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

processed_events = Table(
    "processed_events",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("platform", String(20), primary_key=True),
    Column("event", String(200), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "at"),
)

person_settings = Table(
    "person_settings",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("user", String(200), primary_key=True),
    Column("locale", String(10), nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String(100), nullable=False),
    Column("surface", String(20), nullable=False),
    Column("event", String(200), nullable=False),
    Column("payload", Text, nullable=False),  # JSON; empty once nobody needs it
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),  # while somebody works on it: end of the lease
    Column("owner", String(32), nullable=False),
    Column("reason", String(200), nullable=False),
    UniqueConstraint("tenant", "surface", "event"),
    Index(None, "tenant", "state", "due_at"),
)

conversation_references = Table(
    "conversation_references",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("surface", String(20), primary_key=True),
    Column("key", String(400), primary_key=True),
    Column("reference", Text, nullable=False),
)

welcomed = Table(
    "welcomed",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("surface", String(20), primary_key=True),
    Column("user", String(200), primary_key=True),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("subject", String(200), nullable=False),  # the prospect's name as it is compared
    Column("prospect", String(200), nullable=False),
    Column("deal_id", String(200), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("score", Float, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("given", JSON, nullable=False),  # of those facts, the ones people typed
    Column("conditions_version", String(60), nullable=False),
    Column("snapshot_version", String(60), nullable=False),
    Column("probability", Float, nullable=True),
    Column("feedback", String(10), nullable=False),
    Column("why", String(500), nullable=False),
    Column("feedback_by", String(200), nullable=False),
    Index(None, "tenant", "subject"),
    Index(None, "tenant", "deal_id"),
)

nudge_preferences = Table(
    "nudge_preferences",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("user", String(200), primary_key=True),
    Column("wanted", Boolean, nullable=True),  # null: as the role says
    Column("weekday", Integer, nullable=True),
    Column("time", String(5), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("locale", String(10), nullable=False),
    Column("surface", String(20), nullable=False),
    Column("conversation", String(200), nullable=False),  # empty: the own chat
    Column("paused_until", Date, nullable=True),
    Column("since", UtcDateTime, nullable=False),  # slots before are not owed
    Column("rhythm", String(100), nullable=False),  # last planned with; empty: no recipient
)

nudges = Table(
    "nudges",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String(100), nullable=False),
    Column("user", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("iso_week", String(8), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),  # while somebody holds it: end of the lease
    Column("owner", String(32), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("surface", String(20), nullable=False),
    Column("sent_at", UtcDateTime, nullable=True),
    Column("situation", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("figure", Float, nullable=True),
    Column("content", JSON, nullable=False),  # what was said: figures with their dates
    Column("response", String(12), nullable=False),
    Column("responded_at", UtcDateTime, nullable=True),
    Column("why", String(500), nullable=False),
    Column("shared_at", UtcDateTime, nullable=True),
    Column("evidence_at", UtcDateTime, nullable=True),
    Column("follow_figure", Float, nullable=True),
    Column("followed_at", UtcDateTime, nullable=True),
    UniqueConstraint("tenant", "user", "kind", "iso_week"),
    Index(None, "tenant", "state", "next_at"),
)

# The pulse: no moment, no person, no row number. See docs/pulse.md.
pulse_weeks = Table(
    "pulse_weeks",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("week", String(8), primary_key=True),
    Column("theme", String(20), nullable=False),
    Column("fingerprint", String(64), nullable=False),  # of the week's key; empty once closed
    Column("mean_tenths", Integer, nullable=True),  # null while open
    Column("bound", String(10), nullable=False),
    Column("answers_at_least", Integer, nullable=False),
    sqlite_with_rowid=False,
)

pulse_answers = Table(
    "pulse_answers",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("week", String(8), primary_key=True),
    Column("id", String(32), primary_key=True),  # random, and another one at every write
    Column("sealed", String(58), nullable=False),  # the score, readable with the week's key
    sqlite_with_rowid=False,
)

pulse_tokens = Table(
    "pulse_tokens",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("week", String(8), primary_key=True),
    Column("token", String(64), primary_key=True),
    sqlite_with_rowid=False,
)

mt_weeks = Table(
    "mt_weeks",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("user", String(200), primary_key=True),
    Column("week", String(8), primary_key=True),
    Column("percent", Integer, nullable=False),
    Column("counted", Boolean, nullable=False),  # is in the team's average as it stands
    Index(None, "tenant", "week"),
)

mt_averages = Table(
    "mt_averages",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("week", String(8), primary_key=True),
    Column("members", Integer, nullable=False),
    Column("total", Integer, nullable=False),
)

coach_questions = Table(
    "coach_questions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String(100), nullable=False),
    Column("user", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("locale", String(10), nullable=False),
    Column("question", String(1000), nullable=False),
    Column("cards", JSON, nullable=False),  # ids of what was found, best first
    Column("band", String(10), nullable=False),
    Column("feedback", String(10), nullable=False),  # "", "helpful" or "unhelpful"
    Index(None, "tenant", "user"),
)
