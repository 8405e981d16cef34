"""What is asked of an order before and after it is one: prices, goods and money."""

from datetime import date
from typing import Annotated

from pydantic import Field

from switchgear_erp.answers import Amount, Answer, rows_of, word
from switchgear_erp.models import OrderKind, PartyId
from switchgear_erp.statements import LedgerAmount
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.texts import within
from switchgear_shared.contracts.values import ExactDecimal

Sku = Annotated[str, within(64)]


class WantedLine(Contract):
    """One line of an order to be; price and tax come from the product and the party."""

    sku: Sku
    quantity: ExactDecimal
    unit_price: ExactDecimal | None = None


class OrderDraft(Contract):
    """What is known of an order before it is one."""

    kind: OrderKind
    party_id: PartyId
    lines: tuple[WantedLine, ...]
    external_ref: str | None = None
    location: str | None = None
    promised_on: date | None = None


class PricedLine(Answer):
    """One line with its price; `unit_price` and `net` are in the currency of the whole."""

    sku: str
    description: str
    quantity: ExactDecimal
    unit: str
    unit_price: ExactDecimal
    tax_percent: ExactDecimal
    net: ExactDecimal


class CreditCheck(Answer):
    """A customer's limit against what it owes and has on order, in the company's currency."""

    limit: LedgerAmount
    used: LedgerAmount
    needed: LedgerAmount

    @property
    def is_exceeded(self) -> bool:
        """Whether the order does not fit under the limit any more."""
        return self.used + self.needed > self.limit


class Quote(Answer):
    """What an order would cost; nothing of it is saved."""

    kind: Annotated[OrderKind, word()]
    party_id: PartyId
    net: Amount
    tax: Amount
    gross: Amount
    lines: Annotated[tuple[PricedLine, ...], rows_of(*PricedLine.model_fields)]
    credit: CreditCheck | None = Field(description="Null: no limit.")
    warnings: tuple[str, ...]


class FulfilledLine(Contract):
    """Goods shipped or received of one line, named by `number` or by `sku`."""

    number: int | None = None
    sku: Sku | None = None
    quantity: ExactDecimal
    lot: Annotated[str, within(64)] | None = None
    expires_on: date | None = None


class Fulfilment(Contract):
    """Goods of one order that leave us or come in; without lines all that is left."""

    lines: tuple[FulfilledLine, ...] | None = None
    location: str | None = None
    fulfilled_on: date | None = None


class Payment(Contract):
    """Money for an invoice; without `amount` all that is open."""

    amount: ExactDecimal | None = None
    paid_on: date | None = None
    reference: str | None = None
