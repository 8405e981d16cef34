"""An ERP over a real Tryton or our own tables, to which tests add what they count on."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol
from uuid import uuid4

from live_books import CUSTOMER
from live_erp import ErpSuite
from live_goods import counted, new_party
from live_inventory import new_item

from switchgear_erp.tables import PartyRow, ProductRow
from switchgear_shared.contracts.values import DEFAULT_TENANT
from switchgear_shared.storage.tryton.client import TrytonClient

Side = Literal["customer", "vendor", "both"]


class ErpWorld(Protocol):
    """A company in EUR without parties and products that matter to a test."""

    @property
    def suite(self) -> ErpSuite:
        """The host, for calls."""
        ...

    @property
    def unknown(self) -> dict[str, str]:
        """An id of nothing, as this ERP makes them, by `party`, `order` and `invoice`."""
        ...

    async def new_party(self, side: Side = "customer") -> str:
        """Make a party that nobody else uses, to pay in 30 days, and return its id."""
        ...

    async def limited_customer(self) -> str:
        """Return a customer, maybe of others too, with a credit limit of which 100 EUR are left."""
        ...

    async def new_product(self, *, stock: int = 0) -> str:
        """Make a product at 10 EUR and 19 % tax, in whole units, and return its SKU."""
        ...


@dataclass(frozen=True)
class TrytonErpWorld:
    """The ERP of a Tryton."""

    suite: ErpSuite
    client: TrytonClient

    @property
    def unknown(self) -> dict[str, str]:
        """See ErpWorld."""
        kinds = {"party": "party", "order": "sale", "invoice": "invoice"}
        return {name: f"{kind}-99999999" for name, kind in kinds.items()}

    async def new_party(self, side: Side = "customer") -> str:
        """See ErpWorld."""
        return await new_party(self.client, role=side, name=_name())

    async def limited_customer(self) -> str:
        """See ErpWorld; only an administrator of Tryton's gives credit."""
        return await self.suite.party(CUSTOMER)

    async def new_product(self, *, stock: int = 0) -> str:
        """See ErpWorld."""
        sku = await new_item(self.client)
        if stock:
            await counted(self.client, sku, float(stock))
        return sku


@dataclass(frozen=True)
class SqlErpWorld:
    """The ERP in our own tables, which knows nothing of stock."""

    suite: ErpSuite

    @property
    def unknown(self) -> dict[str, str]:
        """See ErpWorld."""
        kinds = {"party": "pty", "order": "ord", "invoice": "inv"}
        return {name: f"{kind}_{uuid4().hex}" for name, kind in kinds.items()}

    async def new_party(self, side: Side = "customer") -> str:
        """See ErpWorld."""
        return await self._party(side)

    async def limited_customer(self) -> str:
        """See ErpWorld."""
        return await self._party("customer", credit_limit_minor=100_000)

    async def _party(self, side: Side, credit_limit_minor: int | None = None) -> str:
        name = _name()
        mark = name.split()[-1]
        party = PartyRow(
            tenant=DEFAULT_TENANT,
            id=f"pty_{mark}",
            ref=f"P-{mark}",
            name=name,
            is_customer=side != "vendor",
            is_vendor=side != "customer",
            vat_id=None,
            iban=None,
            email=None,
            city="Kiel",
            country="DE",
            currency="EUR",
            credit_limit_minor=credit_limit_minor,
            payment_days=30,
            tax_percent=None,
        )
        async with self.suite.database.writing() as session:
            session.add(party)
        return party.id

    async def new_product(self, *, stock: int = 0) -> str:
        """See ErpWorld."""
        del stock
        mark = uuid4().hex[:8].upper()
        sku = f"T-{mark}"
        product = ProductRow(
            tenant=DEFAULT_TENANT,
            id=f"prd_{mark}",
            sku=sku,
            name=f"Thing {sku}",
            unit="C62",
            currency="EUR",
            price_minor=1000,
            cost_minor=0,
            tax_percent=Decimal(19),
        )
        async with self.suite.database.writing() as session:
            session.add(product)
        return sku


def _name() -> str:
    return f"Contoso {uuid4().hex[:8]}"
