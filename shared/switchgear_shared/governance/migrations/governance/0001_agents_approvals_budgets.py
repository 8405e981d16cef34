"""Agents, their API keys and budgets, and approvals."""

import sqlalchemy as sa
from alembic import op

from switchgear_shared.storage.columns import UtcDateTime

revision = "governance_0001"
down_revision = None
branch_labels = ("governance",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("is_disabled", sa.Boolean, nullable=False),
        sa.Column("calls_per_day", sa.Integer),
        sa.Column("posted_minor_per_day", sa.BigInteger),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
        sa.ForeignKeyConstraint(["tenant", "agent_id"], ["agents.tenant", "agents.id"]),
        sa.UniqueConstraint("id", name="uq_api_keys_id"),
    )
    op.create_index("ix_api_keys_agent", "api_keys", ["agent_id"])
    op.create_table(
        "approvals",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("open_digest", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("server", sa.String(64), nullable=False),
        sa.Column("tool", sa.String(128), nullable=False),
        sa.Column("kinds", sa.JSON, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("principal_id", sa.String(128), nullable=False),
        sa.Column("requested_by", sa.String(128), nullable=False),
        sa.Column("correlation_id", sa.String(128), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("decided_by", sa.String(128)),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("reason", sa.Text),
        sa.Column("used_by", sa.String(256)),
        sa.Column("used_at", UtcDateTime),
        sa.UniqueConstraint("tenant", "open_digest", name="uq_approvals_open"),
    )
    op.create_index("ix_approvals_digest", "approvals", ["digest"])
    op.create_index("ix_approvals_state", "approvals", ["tenant", "state", "created_at", "id"])
    op.create_table(
        "budgets",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(128), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("posted_minor", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("budgets", "approvals", "api_keys", "agents"):
        op.drop_table(table)
