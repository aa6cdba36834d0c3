"""The pulse, and the MT's own time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. Written out, not taken from models.py, which will move on.

    Those of the pulse have no row numbers: they would tell in which order people answered.
    """
    op.create_table(
        "pulse_weeks",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("theme", sa.String(20), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("mean_tenths", sa.Integer, nullable=True),
        sa.Column("bound", sa.String(10), nullable=False),
        sa.Column("answers_at_least", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "week", name="pk_pulse_weeks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pulse_answers",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("sealed", sa.String(58), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "week", "id", name="pk_pulse_answers"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pulse_tokens",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "week", "token", name="pk_pulse_tokens"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mt_weeks",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("counted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user", "week", name="pk_mt_weeks"),
    )
    op.create_index("ix_mt_weeks_tenant_week", "mt_weeks", ["tenant", "week"])
    op.create_table(
        "mt_averages",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("members", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "week", name="pk_mt_averages"),
    )
