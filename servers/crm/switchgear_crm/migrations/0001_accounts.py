"""Accounts, contacts, opportunities and activities."""

import sqlalchemy as sa
from alembic import op

from switchgear_shared.storage.columns import UtcDateTime

revision = "crm_0001"
down_revision = None
branch_labels = ("crm",)
depends_on = None


def upgrade():
    op.create_table(
        "accounts",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("ref", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("is_customer", sa.Boolean, nullable=False),
        sa.Column("is_vendor", sa.Boolean, nullable=False),
        sa.Column("industry", sa.String(60), nullable=False),
        sa.Column("domain", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("tax_id", sa.String(32), nullable=False),
        sa.Column("street", sa.String(120), nullable=False),
        sa.Column("postal_code", sa.String(16), nullable=False),
        sa.Column("city", sa.String(60), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("owner_email", sa.String(254), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("search_name", sa.String(240), nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.UniqueConstraint("tenant", "ref"),
    )
    op.create_index("ix_accounts_name", "accounts", ["tenant", "search_name", "id"])
    op.create_index("ix_accounts_domain", "accounts", ["tenant", "domain"])
    op.create_table(
        "contacts",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("first_name", sa.String(60), nullable=False),
        sa.Column("last_name", sa.String(60), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("job_title", sa.String(60), nullable=False),
        sa.Column("search_name", sa.String(240), nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.UniqueConstraint("tenant", "email"),
        sa.ForeignKeyConstraint(["tenant", "account_id"], ["accounts.tenant", "accounts.id"]),
    )
    op.create_index("ix_contacts_account", "contacts", ["tenant", "account_id"])
    op.create_table(
        "opportunities",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("ref", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("contact_id", sa.String(64)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("probability_percent", sa.Integer, nullable=False),
        sa.Column("owner_email", sa.String(254), nullable=False),
        sa.Column("close_on", sa.Date, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("search_name", sa.String(240), nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.UniqueConstraint("tenant", "ref"),
        sa.ForeignKeyConstraint(["tenant", "account_id"], ["accounts.tenant", "accounts.id"]),
        sa.ForeignKeyConstraint(["tenant", "contact_id"], ["contacts.tenant", "contacts.id"]),
    )
    op.create_index("ix_opportunities_closing", "opportunities", ["tenant", "close_on", "id"])
    op.create_index("ix_opportunities_account", "opportunities", ["tenant", "account_id"])
    op.create_table(
        "activities",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("about_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("done_by", sa.String(254), nullable=False),
        sa.Column("happened_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "account_id"], ["accounts.tenant", "accounts.id"]),
    )
    for name, column in (
        ("ix_activities_account", "account_id"),
        ("ix_activities_about", "about_id"),
    ):
        op.create_index(name, "activities", ["tenant", column, "happened_at", "id"])
    op.create_table(
        "number_series",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("series", sa.String(32), primary_key=True),
        sa.Column("last_number", sa.Integer, nullable=False),
    )


def downgrade():
    for table in ("number_series", "activities", "opportunities", "contacts", "accounts"):
        op.drop_table(table)
