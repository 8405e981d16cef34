"""What a message brought belongs to it."""

import sqlalchemy as sa
from alembic import op

revision = "documents_0002"
down_revision = "documents_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("parent_id", sa.String(length=64), nullable=True))
    op.add_column("documents", sa.Column("root_id", sa.String(length=64), nullable=True))
    op.create_index("documents_by_root", "documents", ["tenant", "root_id"], unique=False)


def downgrade() -> None:
    op.drop_index("documents_by_root", table_name="documents")
    op.drop_column("documents", "root_id")
    op.drop_column("documents", "parent_id")
