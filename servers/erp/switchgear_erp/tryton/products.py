"""Products: what of Tryton's fields is which of ours, and finding them."""

from collections.abc import Sequence

from switchgear_erp.models import Product, ProductPage
from switchgear_erp.search import ranked
from switchgear_erp.tryton.amounts import exact, money, tax_percent
from switchgear_erp.tryton.candidates import candidates
from switchgear_erp.tryton.company import company_of
from switchgear_shared.errors import NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Domain, Record, TrytonClient
from switchgear_shared.storage.tryton.texts import literal, unit_code

_MODEL = "product.product"
_FIELDS = (
    "code",
    "name",
    "list_price_used",
    "cost_price",
    "default_uom.symbol",
    "default_uom.digits",
    "salable",
    "purchasable",
    "sale_uom.symbol",
    "sale_uom.digits",
    "purchase_uom.symbol",
    "purchase_uom.digits",
    "account_category.customer_taxes_used.type",
    "account_category.customer_taxes_used.rate",
)
_KEPT: Domain = [["code", "!=", None], ["code", "!=", ""]]


async def find_products(client: TrytonClient, *, query: str, limit: int) -> ProductPage:
    """See ErpBackend."""
    found = await candidates(client, _MODEL, _KEPT, query, ("code", "name"), ("code", "name"))
    matches = ranked(query, ((one["id"], one["name"], (one["code"],)) for one in found))
    best = [number for number, _ in matches[:limit]]
    records: dict[int, Record] = {}
    if best:
        page = await client.search(_MODEL, [["id", "in", best]], _FIELDS, limit=len(best))
        records = {record["id"]: record for record in page.records}
    currency = (await company_of(client)).currency
    return ProductPage(
        items=tuple(_product(records[number], currency) for number in best if number in records),
        total=len(matches),
        truncated=len(matches) > limit,
    )


async def products_of(
    client: TrytonClient, skus: Sequence[str], field: str = "lines.{}.sku"
) -> list[Record]:
    """Return the products of SKUs, in their order, as records.

    They have code, name, prices, `default_uom`, `sale_uom`, `purchase_uom`, `salable` and
    `purchasable`.

    Raises:
        NotFoundError: about the first one that does not exist, and its field.
    """
    wanted = sorted({*skus})
    known: dict[str, Record] = {}
    domain = [*_KEPT, ["OR", *[["code", "like", literal(sku)] for sku in wanted]]]
    page = await client.search(_MODEL, domain, _FIELDS, limit=MOST_RECORDS)
    for record in page.records:
        known.setdefault(record["code"], record)
    for place, sku in enumerate(skus):
        if sku not in known:
            raise NotFoundError(f"there is no product {sku}", field=field.format(place))
    return [known[sku] for sku in skus]


def _product(record: Record, currency: str) -> Product:
    category = record["account_category"] or {}
    return Product(
        id=f"product-{record['id']}",
        sku=record["code"],
        name=record["name"],
        unit=unit_code(record["default_uom"]["symbol"]),
        price=money(exact(record["list_price_used"]), currency),
        cost=money(exact(record["cost_price"]), currency),
        tax_percent=tax_percent(category.get("customer_taxes_used") or []),
    )
