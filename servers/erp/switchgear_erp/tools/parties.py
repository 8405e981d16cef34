"""Tools that make a party, and put one away."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from switchgear_erp.answers import Written
from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import Role
from switchgear_erp.parties import (
    Account,
    Email,
    Iban,
    Name,
    PartyDraft,
    PaymentDays,
    PostalAddress,
    VatId,
)
from switchgear_erp.tools.arguments import Party, erp
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import Currency
from switchgear_shared.errors import BackendRejectedError


async def bank_account_facts(
    backend: ErpBackend, caller: Caller, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return nothing; raise BackendRejectedError for an IBAN that nobody need approve."""
    if arguments.get("iban") is None:
        return {}
    if not await backend.keeps_bank_accounts(caller.tenant):
        raise BackendRejectedError("no bank accounts of parties are kept here", field="iban")
    return {}


@erp.write(permission="erp.party.create", idempotent=False, facts=bank_account_facts)
async def erp_create_party(
    backend: ErpBackend,
    caller: Caller,
    *,
    name: Annotated[Name, Field(description="Legal name.")],
    roles: Annotated[tuple[Role, ...], Field(min_length=1, description="Or both.")],
    address: Annotated[PostalAddress | None, Field(description="Default country: ours.")] = None,
    vat_id: Annotated[VatId | None, Field(description="VAT number.")] = None,
    iban: Annotated[Iban | None, Field(description="Where to pay it; needs approval.")] = None,
    email: Annotated[Email | None, Field(description="For invoices.")] = None,
    currency: Annotated[Currency | None, Field(description="Default: ours.")] = None,
    payment_days: Annotated[PaymentDays | None, Field(description="Default: as usual.")] = None,
    account_id: Annotated[Account | None, Field(description="In the CRM; finds it too.")] = None,
) -> Written:
    """Create a customer or vendor that is not there yet.

    Use it for an unknown supplier or a new customer, after erp_find_party.
    Fails with conflict if the VAT number, or the name in that city, is known (`details`: whose),
    invalid_request.
    """
    draft = PartyDraft(
        name=name,
        roles=roles,
        address=address or PostalAddress(),
        vat_id=vat_id,
        iban=iban,
        email=email,
        currency=currency,
        payment_days=payment_days,
        account_id=account_id,
    )
    return Written.of(await backend.create_party(caller.tenant, draft=draft, caller=caller))


@erp.write(permission="erp.party.deactivate", idempotent=True, destructive=True, listed=False)
async def erp_deactivate_party(backend: ErpBackend, caller: Caller, *, party_id: Party) -> Written:
    """Put a party away that no order and no invoice is of.

    Processes undo with it what they made. One that is put away already answers changed=false.
    Fails with conflict if something is of it (`details` names that), with not_found.
    """
    result = await backend.deactivate_party(caller.tenant, party_id=party_id, caller=caller)
    return Written.of(result)
