"""The jars and what was put into them."""

import sqlalchemy as sa
from alembic import op

revision = "jars_0001"
down_revision = None
branch_labels = ("jars",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jars",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("coins", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("tenant", "name", name="uq_jars_name"),
    )
    op.create_table(
        "drops",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("jar_id", sa.String(64), nullable=False),
        sa.Column("coins", sa.Integer, nullable=False),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("correlation_id", sa.String(64), nullable=False),
        sa.Column("traceparent", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("drops")
    op.drop_table("jars")
