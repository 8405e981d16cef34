"""Tools that find parties, products and what is owed."""

from datetime import date
from typing import Annotated

from pydantic import Field

from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import PartyPage, ProductPage, Role
from switchgear_erp.statements import Balances
from switchgear_erp.tools.arguments import Limit, Party, erp
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.texts import within


@erp.read(permission="erp.party.read")
async def erp_find_party(
    backend: ErpBackend,
    caller: Caller,
    *,
    query: Annotated[
        str,
        within(200),
        Field(
            min_length=2,
            description="Part of the name; or number, VAT id, IBAN, e-mail.",
        ),
    ],
    role: Annotated[Role | None, Field(description="Keep only these.")] = None,
    limit: Limit = 10,
) -> PartyPage:
    """Find customers and vendors, best match first.

    Start here for a `party_id`. Names may be mistyped, codes not. No items: try a shorter part.
    Fails with invalid_request.
    """
    return await backend.find_parties(caller.tenant, query=query, role=role, limit=limit)


@erp.read(permission="erp.product.read")
async def erp_find_product(
    backend: ErpBackend,
    caller: Caller,
    *,
    query: Annotated[
        str, within(200), Field(min_length=2, description="The SKU, or part of the name.")
    ],
    limit: Limit = 10,
) -> ProductPage:
    """Find products with price, cost and tax rate, best match first.

    Use it for a line's `sku`. Fails with invalid_request.
    """
    return await backend.find_products(caller.tenant, query=query, limit=limit)


@erp.read(permission="erp.balance.read")
async def erp_get_balances(
    backend: ErpBackend,
    caller: Caller,
    *,
    party_id: Party | None = None,
    as_of: Annotated[date | None, Field(description="End of this day. Default: today.")] = None,
) -> Balances:
    """Show what is owed to us and by us, by age.

    With `party_id`: its open items and credit left. Without: all, and the trial balance. In the
    company's currency. Fails with not_found.
    """
    return await backend.get_balances(caller.tenant, party_id=party_id, as_of=as_of)
