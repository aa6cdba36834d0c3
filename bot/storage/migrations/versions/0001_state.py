"""The first state: audit, cleared channels, roles, processed events, personal settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

APPEND_ONLY = """
create trigger audit_events_no_{verb} before {verb} on audit_events
begin select raise(abort, 'audit_events is append-only'); end
"""


def upgrade() -> None:
    """Make the tables. Written out, not taken from models.py, which will move on."""
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("roles", sa.String(100), nullable=False),
        sa.Column("surface", sa.String(20), nullable=False),
        sa.Column("place", sa.String(20), nullable=False),
        sa.Column("conversation", sa.String(200), nullable=False),
        sa.Column("command", sa.String(60), nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("visibility", sa.String(20), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("snapshot_version", sa.String(60), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
        sa.UniqueConstraint("tenant", "sequence", name="uq_audit_events_tenant_sequence"),
    )
    op.create_index("ix_audit_events_tenant_person", "audit_events", ["tenant", "person"])
    op.create_table(
        "audit_heads",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_audit_heads"),
    )
    op.create_table(
        "pseudonyms",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user", name="pk_pseudonyms"),
        sa.UniqueConstraint("person", name="uq_pseudonyms_person"),
    )
    op.create_table(
        "cleared_channels",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("surface", sa.String(20), nullable=False),
        sa.Column("conversation", sa.String(200), nullable=False),
        sa.Column("cleared_by", sa.String(200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "surface", "conversation", name="pk_cleared_channels"),
    )
    op.create_table(
        "people_roles",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("set_by", sa.String(200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user", name="pk_people_roles"),
    )
    op.create_table(
        "processed_events",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("platform", sa.String(20), nullable=False),
        sa.Column("event", sa.String(200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "platform", "event", name="pk_processed_events"),
    )
    op.create_index("ix_processed_events_at", "processed_events", ["at"])
    op.create_table(
        "person_settings",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user", name="pk_person_settings"),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(APPEND_ONLY.format(verb="update"))
        op.execute(APPEND_ONLY.format(verb="delete"))
