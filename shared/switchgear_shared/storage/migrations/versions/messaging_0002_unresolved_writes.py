"""What is known of a write to a system outside that nobody was answered about."""

import sqlalchemy as sa
from alembic import op

from switchgear_shared.storage.columns import UtcDateTime

revision = "messaging_0002"
down_revision = "messaging_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("idempotency", sa.Column("reference", sa.String(32), nullable=True))
    op.add_column("idempotency", sa.Column("claim", sa.Text(), nullable=True))
    op.add_column("idempotency", sa.Column("looks_count", sa.Integer(), nullable=True))
    op.add_column("idempotency", sa.Column("looked_at", UtcDateTime(), nullable=True))
    op.add_column("idempotency", sa.Column("why", sa.Text(), nullable=True))
    op.add_column("idempotency", sa.Column("told", sa.Text(), nullable=True))
    op.create_index("ix_idempotency_reference", "idempotency", ["tenant", "reference"])


def downgrade() -> None:
    op.drop_index("ix_idempotency_reference", "idempotency")
    for name in ("told", "why", "looked_at", "looks_count", "claim", "reference"):
        op.drop_column("idempotency", name)
