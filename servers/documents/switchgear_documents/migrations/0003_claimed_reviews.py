"""Reviews are claimed, are due and are escalated."""

import sqlalchemy as sa
from alembic import op

revision = "documents_0003"
down_revision = "documents_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reviews", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE reviews SET due_at = requested_at")
    with op.batch_alter_table("reviews") as reviews:
        reviews.alter_column("due_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.add_column(
        "reviews", sa.Column("escalation", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("reviews", sa.Column("claimed_by", sa.String(length=128), nullable=True))
    op.add_column("reviews", sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("reviews_by_due", "reviews", ["tenant", "state", "due_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("reviews_by_due", table_name="reviews")
    for column in ("claimed_until", "claimed_by", "escalation", "due_at"):
        op.drop_column("reviews", column)
