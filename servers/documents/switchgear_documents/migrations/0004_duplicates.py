"""What duplicates of a document are found by; those taken in before have their number alone."""

import sqlalchemy as sa
from alembic import op

revision = "documents_0004"
down_revision = "documents_0003"
branch_labels = None
depends_on = None

_BANDS = ("band_0", "band_1", "band_2", "band_3")


def upgrade() -> None:
    op.add_column("documents", sa.Column("number_key", sa.String(length=128), nullable=True))
    for band in _BANDS:
        op.add_column("documents", sa.Column(band, sa.String(length=4), nullable=True))
        op.create_index(f"documents_by_{band}", "documents", ["tenant", band], unique=False)
    op.create_index("documents_by_number", "documents", ["tenant", "number_key"], unique=False)
    table = sa.table(
        "documents", *(sa.column(name) for name in ("tenant", "id", "number", "number_key"))
    )
    connection = op.get_bind()
    numbered = sa.select(table.c.tenant, table.c.id, table.c.number).where(
        table.c.number.is_not(None)
    )
    for tenant, identifier, number in connection.execute(numbered).all():
        key = "".join(c for c in number.casefold() if c.isalnum())[:128] or None
        connection.execute(
            sa.update(table)
            .where(table.c.tenant == tenant, table.c.id == identifier)
            .values(number_key=key)
        )


def downgrade() -> None:
    op.drop_index("documents_by_number", table_name="documents")
    for band in _BANDS:
        op.drop_index(f"documents_by_{band}", table_name="documents")
        op.drop_column("documents", band)
    op.drop_column("documents", "number_key")
