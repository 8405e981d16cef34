"""Questions to language models and what they cost."""

import sqlalchemy as sa
from alembic import op

from switchgear_shared.storage.columns import UtcDateTime

revision = "documents_0007"
down_revision = "documents_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_budgets",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day"),
    )
    op.create_table(
        "model_calls",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cost_micro", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("model_calls_by_day", "model_calls", ["tenant", "day"], unique=False)
    op.create_index(
        "model_calls_by_document", "model_calls", ["tenant", "document_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("model_calls")
    op.drop_table("model_budgets")
