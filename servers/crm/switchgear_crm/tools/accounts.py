"""Companies and their people: find, read, make, change."""

from typing import Annotated

from pydantic import Field

from switchgear_crm.backend import CrmBackend
from switchgear_crm.changes import (
    AccountChanges,
    ContactChanges,
    Domain,
    Email,
    EmailOrNone,
    Line,
    Name,
    Phone,
    PostalAddress,
    ShortName,
    TaxId,
)
from switchgear_crm.models import Account, AccountPart, MatchPage, RecordKind, Role
from switchgear_crm.tools.arguments import Account as AccountArgument
from switchgear_crm.tools.arguments import Cursor, Limit, NewOwner, Query, Version, crm
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Currency


@crm.read(permission="crm.account.read")
async def crm_search(
    backend: CrmBackend,
    caller: Caller,
    *,
    query: Query,
    kind: Annotated[RecordKind | None, Field(description="Keep only these.")] = None,
    limit: Limit = 10,
    cursor: Cursor | None = None,
) -> MatchPage:
    """Find accounts, contacts and opportunities, best match first.

    Start here when you know a company, person, deal, number, domain or e-mail and need an id.
    `approximate`: nothing matched as written, these are spelled alike: make sure before you use
    one. No items: try a shorter part of the name. Fails with invalid_request.
    """
    return await backend.search(caller.tenant, query=query, kind=kind, limit=limit, cursor=cursor)


@crm.read(permission="crm.account.read")
async def crm_get_account(
    backend: CrmBackend,
    caller: Caller,
    *,
    account_id: AccountArgument,
    include: Annotated[
        tuple[AccountPart, ...], Field(max_length=3, description="Parts to show too, 20 of each.")
    ] = (),
) -> Account:
    """Get one account with address, owner and how much is known about it.

    Use for the picture of a customer or vendor; its id is the ERP's `party_id` too. Where a count
    exceeds what is shown, the lists have the rest. Fails with not_found.
    """
    return await backend.get_account(caller.tenant, account_id=account_id, include=include)


@crm.write(permission="crm.account.upsert", idempotent=True)
async def crm_upsert_account(
    backend: CrmBackend,
    caller: Caller,
    *,
    name: Annotated[Name | None, Field(description="Legal name.")] = None,
    domain: Annotated[Domain | None, Field(description="Of its e-mail, such as acme.com.")] = None,
    account_id: Annotated[
        AccountArgument | None, Field(description="To change its domain, or one of several.")
    ] = None,
    roles: Annotated[
        tuple[Role, ...] | None, Field(max_length=2, description="All; none: a prospect.")
    ] = None,
    industry: Annotated[Line | None, Field(description="Sector.")] = None,
    email: Annotated[EmailOrNone | None, Field(description="General address.")] = None,
    phone: Annotated[Phone | None, Field(description="Switchboard.")] = None,
    tax_id: Annotated[TaxId | None, Field(description="VAT number.")] = None,
    address: Annotated[PostalAddress | None, Field(description="Whole; country as in DE.")] = None,
    owner: NewOwner | None = None,
    currency: Annotated[Currency | None, Field(description="ISO 4217; needed if new.")] = None,
    expected_version: Version | None = None,
) -> WriteResult:
    """Create a company's account or change the fields given, without duplicates.

    Use for a new customer, prospect or vendor. `domain` finds it, else the exact `name`; a known
    domain with another name renames. "" clears. Fails with conflict for several candidates or a
    stale version, not_found, and invalid_request.
    """
    changes = AccountChanges(
        name=name,
        domain=domain,
        roles=roles,
        industry=industry,
        email=email,
        phone=phone,
        tax_id=tax_id,
        address=address,
        owner_email=owner,
        currency=currency,
    )
    return await backend.upsert_account(
        caller.tenant,
        account_id=account_id,
        changes=changes,
        expected_version=expected_version,
        caller=caller,
    )


@crm.write(permission="crm.contact.upsert", idempotent=True)
async def crm_upsert_contact(
    backend: CrmBackend,
    caller: Caller,
    *,
    email: Annotated[Email, Field(description="Finds the contact.")],
    account_id: Annotated[
        AccountArgument | None,
        Field(description="Employer; if new, else by e-mail domain."),
    ] = None,
    first_name: Annotated[ShortName | None, Field(description="Given name.")] = None,
    last_name: Annotated[ShortName | None, Field(description="Family name; needed if new.")] = None,
    phone: Annotated[Phone | None, Field(description="Direct line.")] = None,
    job_title: Annotated[Line | None, Field(description="Such as Head of Purchasing.")] = None,
    expected_version: Version | None = None,
) -> WriteResult:
    """Create a person's contact or change the fields given, by e-mail address.

    Use for a new buyer, phone number or job title. "" clears. Fails with conflict for several
    accounts of that domain or a stale version, not_found, and invalid_request.
    """
    changes = ContactChanges(
        account_id=account_id,
        first_name=first_name,
        last_name=last_name,
        phone=phone,
        job_title=job_title,
    )
    return await backend.upsert_contact(
        caller.tenant,
        email=email,
        changes=changes,
        expected_version=expected_version,
        caller=caller,
    )
