"""What a process was started with, and what it needs to undo its steps."""

import sqlalchemy as sa
from alembic import op

revision = "workflows_0002"
down_revision = "workflows_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("begun", 64), ("ends_as", 32), ("open_key", 160)):
        op.add_column("processes", sa.Column(name, sa.String(length=length), nullable=True))
    for name in ("input", "attempts"):
        op.add_column("processes", sa.Column(name, sa.JSON(), nullable=False, server_default="{}"))
    op.create_index("processes_by_open_key", "processes", ["tenant", "open_key"], unique=True)


def downgrade() -> None:
    op.drop_index("processes_by_open_key", table_name="processes")
    for name in ("attempts", "input", "open_key", "ends_as", "begun"):
        op.drop_column("processes", name)
