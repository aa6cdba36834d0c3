"""The weekly nudge: what each person chose, and each week's nudge with what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. Written out, not taken from models.py, which will move on."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "nudge_preferences",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("wanted", sa.Boolean, nullable=True),
        sa.Column("weekday", sa.Integer, nullable=True),
        sa.Column("time", sa.String(5), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("surface", sa.String(20), nullable=False),
        sa.Column("conversation", sa.String(200), nullable=False),
        sa.Column("paused_until", sa.Date, nullable=True),
        sa.Column("since", moment, nullable=False),
        sa.Column("rhythm", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user", name="pk_nudge_preferences"),
    )
    op.create_table(
        "nudges",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("iso_week", sa.String(8), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", moment, nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("surface", sa.String(20), nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("situation", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("figure", sa.Float, nullable=True),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("response", sa.String(12), nullable=False),
        sa.Column("responded_at", moment, nullable=True),
        sa.Column("why", sa.String(500), nullable=False),
        sa.Column("shared_at", moment, nullable=True),
        sa.Column("evidence_at", moment, nullable=True),
        sa.Column("follow_figure", sa.Float, nullable=True),
        sa.Column("followed_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_nudges"),
        sa.UniqueConstraint(
            "tenant", "user", "kind", "iso_week", name="uq_nudges_tenant_user_kind_iso_week"
        ),
    )
    op.create_index("ix_nudges_tenant_state_next_at", "nudges", ["tenant", "state", "next_at"])
