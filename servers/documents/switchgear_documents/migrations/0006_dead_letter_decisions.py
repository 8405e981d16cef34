"""What operators decided on dead letters, and why, outlives the letters."""

import sqlalchemy as sa
from alembic import op

revision = "documents_0006"
down_revision = "documents_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dead_letter_decisions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("dead_letter_id", sa.String(length=32), nullable=False),
        sa.Column("died_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.String(length=128), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("consumer", sa.String(length=64), nullable=False),
        sa.Column("event_type", sa.String(length=128), nullable=True),
        sa.Column("error_code", sa.String(length=128), nullable=False),
        sa.Column("correlation_id", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "dead_letter_id", "died_at"),
    )


def downgrade() -> None:
    op.drop_table("dead_letter_decisions")
