"""What may be erased of an audit row stands beside the text that was hashed."""

import sqlalchemy as sa
from alembic import op

revision = "audit_0002"
down_revision = "audit_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_rows", sa.Column("payload", sa.Text, nullable=True))


def downgrade() -> None:
    op.drop_column("audit_rows", "payload")
