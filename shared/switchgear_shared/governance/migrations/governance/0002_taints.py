"""Who has lately read text of unknown origin."""

import sqlalchemy as sa
from alembic import op

from switchgear_shared.storage.columns import UtcDateTime

revision = "governance_0002_taints"
down_revision = "governance_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taints",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("principal_id", sa.String(128), primary_key=True),
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("until", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("taints")
