"""What a party made by a call has: its whole address, a version, and whether it is in use."""

import sqlalchemy as sa
from alembic import op

revision = "erp_0002"
down_revision = "erp_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("parties", sa.Column("street", sa.String(120)))
    op.add_column("parties", sa.Column("postal_code", sa.String(16)))
    op.add_column("parties", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column(
        "parties", sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true())
    )


def downgrade() -> None:
    for name in ("is_active", "version", "postal_code", "street"):
        op.drop_column("parties", name)
