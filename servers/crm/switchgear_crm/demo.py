"""The demo company in the embedded CRM."""

from typing import Any

from sqlalchemy import insert, select

from switchgear_crm.sql.rows import searched
from switchgear_crm.tables import AccountRow, ActivityRow, ContactRow, OpportunityRow
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId
from switchgear_shared.demo_company import Company, demo_company
from switchgear_shared.storage.database import Database


async def load_demo(
    database: Database, *, tenant: TenantId = DEFAULT_TENANT, company: Company | None = None
) -> None:
    """Load the company; a tenant that has accounts already stays as it is."""
    company = company or demo_company()
    known = select(AccountRow.id).where(AccountRow.tenant == tenant).limit(1)
    async with database.writing() as session:
        if await session.scalar(known) is not None:
            return
        for table, records in (
            (AccountRow, _accounts(company)),
            (ContactRow, _contacts(company)),
            (OpportunityRow, _opportunities(company)),
            (ActivityRow, _activities(company)),
        ):
            await session.execute(insert(table), [{"tenant": tenant, **row} for row in records])


def _accounts(company: Company) -> list[dict[str, Any]]:
    return [
        {
            "id": party.id,
            "ref": party.ref,
            "version": 1,
            "name": party.name,
            "is_customer": "customer" in party.roles,
            "is_vendor": "vendor" in party.roles,
            "industry": party.industry,
            "domain": party.domain,
            "email": party.email,
            "phone": party.phone,
            "tax_id": party.tax_id,
            "street": party.address.street,
            "postal_code": party.address.postal_code,
            "city": party.address.city,
            "country": party.address.country,
            "owner_email": party.owner_email,
            "currency": party.currency,
            "since": party.since,
            **searched(
                party.name,
                party.ref,
                party.email,
                party.domain,
                party.tax_id,
                party.address.city,
            ),
        }
        for party in company.accounts
    ]


def _contacts(company: Company) -> list[dict[str, Any]]:
    return [
        {
            "id": person.id,
            "account_id": person.account_id,
            "version": 1,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
            "phone": person.phone,
            "job_title": person.job_title,
            **searched(f"{person.first_name} {person.last_name}", person.email, person.phone),
        }
        for person in company.contacts
    ]


def _opportunities(company: Company) -> list[dict[str, Any]]:
    return [
        {
            "id": deal.id,
            "ref": deal.ref,
            "account_id": deal.account_id,
            "contact_id": deal.contact_id,
            "version": 1,
            "name": deal.name,
            "stage": deal.stage,
            "amount_minor": deal.amount.to_minor(),
            "currency": deal.amount.currency,
            "probability_percent": deal.probability_percent,
            "owner_email": deal.owner_email,
            "close_on": deal.close_on,
            "created_at": deal.created_at,
            "reason": deal.reason,
            **searched(deal.name, deal.ref),
        }
        for deal in company.opportunities
    ]


def _activities(company: Company) -> list[dict[str, Any]]:
    return [
        {
            "id": done.id,
            "account_id": done.account_id,
            "about_id": done.about_id,
            "kind": done.kind,
            "subject": done.subject,
            "note": done.note,
            "done_by": done.by_email,
            "happened_at": done.happened_at,
        }
        for done in company.activities
    ]
