"""The verdicts of the ballotage, with the facts and versions they rest on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. Written out, not taken from models.py, which will move on."""
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("prospect", sa.String(200), nullable=False),
        sa.Column("deal_id", sa.String(200), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("given", sa.JSON, nullable=False),
        sa.Column("conditions_version", sa.String(60), nullable=False),
        sa.Column("snapshot_version", sa.String(60), nullable=False),
        sa.Column("probability", sa.Float, nullable=True),
        sa.Column("feedback", sa.String(10), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
        sa.Column("feedback_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_verdicts"),
    )
    op.create_index("ix_verdicts_tenant_subject", "verdicts", ["tenant", "subject"])
    op.create_index("ix_verdicts_tenant_deal_id", "verdicts", ["tenant", "deal_id"])
