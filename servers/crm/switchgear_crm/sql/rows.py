"""How the embedded CRM's rows become the CRM's records."""

from typing import Any

from switchgear_crm.models import (
    NOTE_START,
    AccountDeal,
    AccountId,
    Activity,
    ActivitySubject,
    Address,
    Contact,
    OpportunityId,
)
from switchgear_crm.tables import AccountRow, ActivityRow, ContactRow, OpportunityRow
from switchgear_shared.contracts.values import Money
from switchgear_shared.spelling import fold

_LONGEST_SEARCH_NAME = 240


def searched(name: str, *codes: str) -> dict[str, str]:
    """Return the columns that a record is sorted and found by; folding may lengthen a name."""
    return {
        "search_name": fold(name)[:_LONGEST_SEARCH_NAME],
        "search_text": fold(" ".join((name, *codes))),
    }


def searched_account(row: AccountRow) -> dict[str, str]:
    """Return what the account is found by."""
    return searched(row.name, row.ref, row.email, row.domain, row.tax_id, row.city)


def searched_contact(row: ContactRow) -> dict[str, str]:
    """Return what the contact is found by."""
    return searched(contact_name(row), row.email, row.phone)


def contact_name(row: ContactRow) -> str:
    """Return the person's name as it is written."""
    return f"{row.first_name} {row.last_name}".strip()


def account_fields(row: AccountRow) -> dict[str, Any]:
    """Return an account's own fields."""
    roles = (("customer", row.is_customer), ("vendor", row.is_vendor))
    return {
        "id": AccountId(row.id),
        "ref": row.ref,
        "version": str(row.version),
        "name": row.name,
        "roles": tuple(role for role, has_it in roles if has_it),
        "industry": row.industry,
        "domain": row.domain,
        "email": row.email,
        "phone": row.phone,
        "tax_id": row.tax_id,
        "address": Address(
            street=row.street, postal_code=row.postal_code, city=row.city, country=row.country
        ),
        "owner_email": row.owner_email,
        "currency": row.currency,
        "since": row.since,
    }


def contact(row: ContactRow) -> Contact:
    """Return the person."""
    return Contact(
        id=row.id,
        version=str(row.version),
        name=contact_name(row),
        job_title=row.job_title,
        email=row.email,
        phone=row.phone,
    )


def opportunity_fields(row: OpportunityRow, account_name: str) -> dict[str, Any]:
    """Return the fields that lists show of an opportunity."""
    return {
        "id": OpportunityId(row.id),
        "ref": row.ref,
        "version": str(row.version),
        "name": row.name,
        "account_id": AccountId(row.account_id),
        "account_name": account_name,
        "stage": row.stage,
        "amount": Money.from_minor(row.amount_minor, row.currency),
        "probability_percent": row.probability_percent,
        "owner_email": row.owner_email,
        "close_on": row.close_on,
    }


def account_deal(row: OpportunityRow) -> AccountDeal:
    """Return the opportunity as its account shows it."""
    fields = opportunity_fields(row, "")
    return AccountDeal(**{name: fields[name] for name in AccountDeal.model_fields})


def activity(row: ActivityRow, *, full_note: bool) -> Activity:
    """Return the activity, its note cut unless `full_note`."""
    is_cut = not full_note and len(row.note) > NOTE_START
    return Activity.model_validate(
        {
            **_activity_fields(row),
            "account_id": row.account_id,
            "note": row.note[:NOTE_START] if is_cut else row.note,
            "is_note_cut": is_cut,
        }
    )


def activity_subject(row: ActivityRow) -> ActivitySubject:
    """Return the activity without its note."""
    return ActivitySubject.model_validate(_activity_fields(row))


def _activity_fields(row: ActivityRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "about_id": row.about_id,
        "kind": row.kind,
        "subject": row.subject,
        "done_by": row.done_by,
        "happened_at": row.happened_at,
    }
