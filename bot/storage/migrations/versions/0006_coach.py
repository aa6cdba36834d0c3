"""What the coach was asked, what it found, and whether that helped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. Written out, not taken from models.py, which will move on."""
    op.create_table(
        "coach_questions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("question", sa.String(1000), nullable=False),
        sa.Column("cards", sa.JSON, nullable=False),
        sa.Column("band", sa.String(10), nullable=False),
        sa.Column("feedback", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coach_questions"),
    )
    op.create_index("ix_coach_questions_tenant_user", "coach_questions", ["tenant", "user"])
