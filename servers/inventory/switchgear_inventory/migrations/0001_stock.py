"""Items, warehouses, stock, movements, reservations and expected arrivals."""

import sqlalchemy as sa
from alembic import op

from switchgear_shared.storage.columns import ExactNumber, UtcDateTime

revision = "inventory_0001"
down_revision = None
branch_labels = ("inventory",)
depends_on = None

ITEM = (["tenant", "item_id"], ["items.tenant", "items.id"])
LOCATION = (["tenant", "location"], ["locations.tenant", "locations.code"])
LEVEL = (
    ["tenant", "item_id", "location"],
    ["levels.tenant", "levels.item_id", "levels.location"],
)


def upgrade():
    op.create_table(
        "items",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("category", sa.String(60), nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("barcode", sa.String(14), nullable=False),
        sa.Column("is_lot_tracked", sa.Boolean, nullable=False),
        sa.Column("reorder_point", ExactNumber, nullable=False),
        sa.Column("reorder_quantity", ExactNumber, nullable=False),
        sa.Column("vendor_id", sa.String(64), nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.UniqueConstraint("tenant", "sku"),
        sa.UniqueConstraint("tenant", "barcode"),
    )
    op.create_table(
        "locations",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
    )
    op.create_table(
        "levels",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("item_id", sa.String(64), primary_key=True),
        sa.Column("location", sa.String(16), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("on_hand", ExactNumber, nullable=False),
        sa.Column("reserved", ExactNumber, nullable=False),
        sa.ForeignKeyConstraint(*ITEM),
        sa.ForeignKeyConstraint(*LOCATION),
        sa.CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="ck_levels_available"),
    )
    op.create_table(
        "lots",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("item_id", sa.String(64), primary_key=True),
        sa.Column("location", sa.String(16), primary_key=True),
        sa.Column("lot", sa.String(64), primary_key=True),
        sa.Column("on_hand", ExactNumber, nullable=False),
        sa.Column("expires_on", sa.Date),
        sa.ForeignKeyConstraint(*LEVEL),
        sa.CheckConstraint("on_hand >= 0", name="ck_lots_on_hand"),
    )
    op.create_table(
        "movements",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("quantity", ExactNumber, nullable=False),
        sa.Column("from_location", sa.String(16), nullable=False),
        sa.Column("to_location", sa.String(16), nullable=False),
        sa.Column("source_ref", sa.String(80), nullable=False),
        sa.Column("line_number", sa.Integer),
        sa.Column("lot", sa.String(64)),
        sa.Column("expires_on", sa.Date),
        sa.Column("moved_at", UtcDateTime, nullable=False),
        sa.Column("done_by", sa.String(254), nullable=False),
        sa.ForeignKeyConstraint(*ITEM),
        sa.CheckConstraint("quantity > 0", name="ck_movements_quantity"),
        sa.CheckConstraint("from_location <> to_location", name="ck_movements_places"),
    )
    op.create_index("ix_movements_newest", "movements", ["tenant", "moved_at", "id"])
    op.create_index("ix_movements_item", "movements", ["tenant", "item_id", "moved_at", "id"])
    op.create_index("ix_movements_source", "movements", ["tenant", "source_ref"])
    op.create_table(
        "reservations",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("location", sa.String(16), nullable=False),
        sa.Column("quantity", ExactNumber, nullable=False),
        sa.Column("held", ExactNumber, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("for_ref", sa.String(64), nullable=False),
        sa.Column("reserved_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.ForeignKeyConstraint(*LEVEL),
        sa.CheckConstraint("quantity > 0", name="ck_reservations_quantity"),
        sa.CheckConstraint("held >= 0 AND held <= quantity", name="ck_reservations_held"),
    )
    op.create_index("ix_reservations_for", "reservations", ["tenant", "for_ref"])
    op.create_index("ix_reservations_level", "reservations", ["tenant", "item_id", "location"])
    op.create_table(
        "arrivals",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("source_ref", sa.String(64), primary_key=True),
        sa.Column("line_number", sa.Integer, primary_key=True),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("location", sa.String(16), nullable=False),
        sa.Column("expected", ExactNumber, nullable=False),
        sa.Column("received", ExactNumber, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.ForeignKeyConstraint(*ITEM),
        sa.ForeignKeyConstraint(*LOCATION),
        sa.CheckConstraint("received >= 0 AND received <= expected", name="ck_arrivals_received"),
    )
    op.create_index("ix_arrivals_item", "arrivals", ["tenant", "item_id", "location"])
    op.create_table(
        "cancelled_orders",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("source_ref", sa.String(64), primary_key=True),
    )


def downgrade():
    for table in (
        "cancelled_orders",
        "arrivals",
        "reservations",
        "movements",
        "lots",
        "levels",
        "locations",
        "items",
    ):
        op.drop_table(table)
