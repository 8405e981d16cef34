"""Our ids of Tryton's records: what it is, and its number there."""

from collections.abc import Mapping
from typing import Any

from switchgear_erp.models import InvoiceId, OrderId, OrderKind, PartyId
from switchgear_shared.storage.tryton.texts import number_of

MODELS: Mapping[OrderKind, str] = {"sale": "sale.sale", "purchase": "purchase.purchase"}
"""Tryton's name of an order, by our kind."""

_MOST_ID = 2**31 - 1


def party_id(number: int) -> PartyId:
    """Return our id of a `party.party`."""
    return PartyId(f"party-{number}")


def invoice_id(number: int) -> InvoiceId:
    """Return our id of an `account.invoice`."""
    return InvoiceId(f"invoice-{number}")


def order_id(kind: OrderKind, number: int) -> OrderId:
    """Return our id of a `sale.sale` or `purchase.purchase`."""
    return OrderId(f"{kind}-{number}")


def number_in(kind: str, text: str) -> int | None:
    """Return Tryton's number in an id of ours of that kind, None if it is no such id."""
    said, dash, number = text.partition("-")
    if said != kind or not dash or (len(number) > 1 and number.startswith("0")):
        return None
    return number_of(number)


def order_in(text: str) -> tuple[OrderKind, int] | None:
    """Return kind and Tryton's number of an order's id, None if it is none."""
    for kind in MODELS:
        number = number_in(kind, text)
        if number is not None:
            return kind, number
    return None


def shipment_id(kind: OrderKind, name: str) -> str:
    """Return our id of goods that went or came at once; `name` is Tryton's `model,number`."""
    return f"{kind}-shipment-{name.partition(',')[2]}"


def ids_beginning(kind: str, query: str) -> list[Any]:
    """Return the conditions for records of a kind whose id begins so."""
    text = query.lower()
    if f"{kind}-".startswith(text):
        return [["id", ">", 0]]
    first = number_in(kind, text)
    if not first:
        return []
    spans: list[Any] = []
    low, high = first, first
    while low <= _MOST_ID:
        spans.append([["id", ">=", low], ["id", "<=", min(high, _MOST_ID)]])
        low, high = low * 10, high * 10 + 9
    return spans
