"""Documents are kept for a time, held, and erased; what is left of one is a tombstone."""

import sqlalchemy as sa
from alembic import op

from switchgear_shared.storage.columns import UtcDateTime

revision = "documents_0008"
down_revision = "documents_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("settled_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE documents SET settled_at = updated_at WHERE state IN ('filed', 'rejected')")
    op.create_index("documents_by_settlement", "documents", ["document_type", "settled_at"])
    op.create_table(
        "holds",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=128), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("released_by", sa.String(length=128), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("holds_by_document", "holds", ["tenant", "document_id"])
    op.create_index("holds_by_correlation", "holds", ["tenant", "correlation_id"])
    op.create_table(
        "erasures",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.Column("document_type", sa.String(length=32), nullable=True),
        sa.Column("document_version", sa.Integer(), nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=True),
        sa.Column("record_uri", sa.String(length=255), nullable=True),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("erased_by", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("review_ids", sa.JSON(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "document_id"),
    )
    op.create_index("erasures_by_correlation", "erasures", ["tenant", "correlation_id"])
    op.create_index("erasures_by_finish", "erasures", ["finished_at", "erased_at"])


def downgrade() -> None:
    op.drop_table("erasures")
    op.drop_table("holds")
    op.drop_index("documents_by_settlement", "documents")
    op.drop_column("documents", "settled_at")
