"""Under which idempotency key an approval was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "governance_0003_asked_under"
down_revision = "governance_0002_taints"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approvals", sa.Column("asked_under", sa.String(128)))


def downgrade() -> None:
    op.drop_column("approvals", "asked_under")
