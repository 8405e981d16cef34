"""Parties, products, orders, invoices and the journal; triggers keep what is posted as it is."""

import sqlalchemy as sa
from alembic import op

from switchgear_shared.storage.columns import ExactNumber, UtcDateTime

revision = "erp_0001"
down_revision = None
branch_labels = ("erp",)
depends_on = None

KEPT = (
    "tenant, id, ref, direction, party_id, external_ref, vendor_number, order_id, document_id, "
    "currency, issued_on, due_on, net_minor, tax_minor, company_gross_minor, company_tax_minor, "
    "created_by, created_at, posted_by, posted_at, correlation_id"
)
"""The columns of an invoice that posting settles; state, version and payment move on."""

POSTED = "EXISTS (SELECT 1 FROM invoices WHERE tenant = {row}.tenant AND id = {row}.invoice_id AND state <> 'draft')"
GUARDS = (
    ("invoices_kept", f"UPDATE OF {KEPT}", "invoices", "OLD.state <> 'draft'"),
    (
        "invoices_onward",
        "UPDATE OF state",
        "invoices",
        "OLD.state <> 'draft' AND NEW.state NOT IN ('posted', 'paid', 'cancelled')",
    ),
    ("invoices_stay", "DELETE", "invoices", "OLD.state <> 'draft'"),
    ("invoice_lines_new", "INSERT", "invoice_lines", POSTED.format(row="NEW")),
    ("invoice_lines_kept", "UPDATE", "invoice_lines", POSTED.format(row="OLD")),
    ("invoice_lines_stay", "DELETE", "invoice_lines", POSTED.format(row="OLD")),
    ("payments_kept", "UPDATE", "payments", "1 = 1"),
    ("payments_stay", "DELETE", "payments", "1 = 1"),
    ("journal_entries_kept", "UPDATE", "journal_entries", "1 = 1"),
    ("journal_entries_stay", "DELETE", "journal_entries", "1 = 1"),
    ("journal_lines_kept", "UPDATE", "journal_lines", "1 = 1"),
    ("journal_lines_stay", "DELETE", "journal_lines", "1 = 1"),
)


def _key(name: str):
    return (
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column(name, sa.String(64), primary_key=True),
    )


def upgrade():
    op.create_table(
        "parties",
        *_key("id"),
        sa.Column("ref", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("is_customer", sa.Boolean, nullable=False),
        sa.Column("is_vendor", sa.Boolean, nullable=False),
        sa.Column("vat_id", sa.String(32)),
        sa.Column("iban", sa.String(34)),
        sa.Column("email", sa.String(120)),
        sa.Column("city", sa.String(60)),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("credit_limit_minor", sa.BigInteger),
        sa.Column("payment_days", sa.Integer, nullable=False),
        sa.Column("tax_percent", ExactNumber),
        sa.UniqueConstraint("tenant", "ref"),
    )
    op.create_table(
        "products",
        *_key("id"),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("cost_minor", sa.BigInteger, nullable=False),
        sa.Column("tax_percent", ExactNumber, nullable=False),
        sa.UniqueConstraint("tenant", "sku"),
    )
    op.create_table(
        "orders",
        *_key("id"),
        sa.Column("ref", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("party_id", sa.String(64), nullable=False),
        sa.Column("external_ref", sa.String(64)),
        sa.Column("external_key", sa.String(192)),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("ordered_on", sa.Date, nullable=False),
        sa.Column("promised_on", sa.Date),
        sa.Column("location", sa.String(64)),
        sa.Column("net_minor", sa.BigInteger, nullable=False),
        sa.Column("tax_minor", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("tenant", "ref"),
        sa.UniqueConstraint("tenant", "party_id", "kind", "external_key"),
        sa.ForeignKeyConstraint(["tenant", "party_id"], ["parties.tenant", "parties.id"]),
    )
    op.create_index("ix_orders_newest", "orders", ["tenant", "ordered_on", "id"])
    op.create_index("ix_orders_party", "orders", ["tenant", "party_id"])
    op.create_table(
        "order_lines",
        *_key("order_id"),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("quantity", ExactNumber, nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("unit_price", ExactNumber, nullable=False),
        sa.Column("tax_percent", ExactNumber, nullable=False),
        sa.Column("net_minor", sa.BigInteger, nullable=False),
        sa.Column("fulfilled", ExactNumber, nullable=False),
        sa.Column("invoiced", ExactNumber, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"]),
    )
    op.create_table(
        "fulfilments",
        *_key("id"),
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("fulfilled_on", sa.Date, nullable=False),
        sa.Column("location", sa.String(64)),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"]),
    )
    op.create_index("ix_fulfilments_order", "fulfilments", ["tenant", "order_id"])
    op.create_table(
        "fulfilment_lines",
        *_key("fulfilment_id"),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("quantity", ExactNumber, nullable=False),
        sa.Column("lot", sa.String(64)),
        sa.Column("expires_on", sa.Date),
        sa.ForeignKeyConstraint(
            ["tenant", "fulfilment_id"], ["fulfilments.tenant", "fulfilments.id"]
        ),
    )
    op.create_table(
        "invoices",
        *_key("id"),
        sa.Column("ref", sa.String(64)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("party_id", sa.String(64), nullable=False),
        sa.Column("external_ref", sa.String(64)),
        sa.Column("vendor_number", sa.String(192)),
        sa.Column("order_id", sa.String(64)),
        sa.Column("document_id", sa.String(64)),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("net_minor", sa.BigInteger, nullable=False),
        sa.Column("tax_minor", sa.BigInteger, nullable=False),
        sa.Column("company_gross_minor", sa.BigInteger, nullable=False),
        sa.Column("company_tax_minor", sa.BigInteger, nullable=False),
        sa.Column("paid_minor", sa.BigInteger, nullable=False),
        sa.Column("paid_on", sa.Date),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("posted_by", sa.String(128)),
        sa.Column("posted_at", UtcDateTime),
        sa.Column("correlation_id", sa.String(64)),
        sa.UniqueConstraint("tenant", "ref"),
        sa.UniqueConstraint("tenant", "party_id", "vendor_number"),
        sa.ForeignKeyConstraint(["tenant", "party_id"], ["parties.tenant", "parties.id"]),
        sa.ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"]),
    )
    op.create_index("ix_invoices_newest", "invoices", ["tenant", "issued_on", "id"])
    op.create_index("ix_invoices_order", "invoices", ["tenant", "order_id"])
    op.create_table(
        "invoice_lines",
        *_key("invoice_id"),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sku", sa.String(64)),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("quantity", ExactNumber, nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("unit_price", ExactNumber, nullable=False),
        sa.Column("tax_percent", ExactNumber, nullable=False),
        sa.Column("net_minor", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"]),
    )
    op.create_table(
        "payments",
        *_key("id"),
        sa.Column("invoice_id", sa.String(64), nullable=False),
        sa.Column("paid_on", sa.Date, nullable=False),
        sa.Column("minor", sa.BigInteger, nullable=False),
        sa.Column("reference", sa.String(140)),
        sa.Column("reference_key", sa.String(420)),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("tenant", "invoice_id", "reference_key"),
        sa.ForeignKeyConstraint(["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"]),
    )
    op.create_table(
        "accounts",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
    )
    op.create_table(
        "journal_entries",
        *_key("id"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("invoice_id", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"]),
    )
    op.create_index("ix_journal_entries_day", "journal_entries", ["tenant", "booked_on"])
    op.create_index("ix_journal_entries_invoice", "journal_entries", ["tenant", "invoice_id"])
    op.create_table(
        "journal_lines",
        *_key("entry_id"),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("account", sa.String(16), nullable=False),
        sa.Column("minor", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "entry_id"], ["journal_entries.tenant", "journal_entries.id"]
        ),
        sa.ForeignKeyConstraint(["tenant", "account"], ["accounts.tenant", "accounts.code"]),
    )
    op.create_index("ix_journal_lines_account", "journal_lines", ["tenant", "account"])
    op.create_table(
        "exchange_rates",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("valid_from", sa.Date, primary_key=True),
        sa.Column("rate", ExactNumber, nullable=False),
    )
    op.create_table(
        "number_series",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("series", sa.String(32), primary_key=True),
        sa.Column("last_number", sa.Integer, nullable=False),
    )
    op.create_table(
        "closed_periods",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("closed_until", sa.Date, primary_key=True),
        sa.Column("closed_by", sa.String(128), nullable=False),
        sa.Column("closed_at", UtcDateTime, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard_on_sqlite()
    else:
        _guard_on_postgresql()


def _guard_on_sqlite():
    for name, change, table, when in GUARDS:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{table}: what is posted stays as it is'); END"
        )


def _guard_on_postgresql():
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '%: what is posted stays as it is', TG_TABLE_NAME; END $$"
    )
    for name, change, table, when in GUARDS:
        if "EXISTS" not in when:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {change} ON {table} FOR EACH ROW WHEN ({when}) "
                "EXECUTE FUNCTION refuse_change()"
            )
            continue
        row = "NEW" if change == "INSERT" else "OLD"
        back = "OLD" if change == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {POSTED.format(row=row)} THEN "
            "RAISE EXCEPTION '%: what is posted stays as it is', TG_TABLE_NAME; "
            f"END IF; RETURN {back}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table} FOR EACH ROW "
            f"EXECUTE FUNCTION {name}()"
        )


def downgrade():
    tables = (
        "closed_periods number_series exchange_rates journal_lines journal_entries accounts "
        "payments invoice_lines invoices fulfilment_lines fulfilments order_lines orders "
        "products parties"
    )
    for table in tables.split():
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        own = (name for name, _, _, when in GUARDS if "EXISTS" in when)
        for name in ("refuse_change", *own):
            op.execute(f"DROP FUNCTION {name}()")
