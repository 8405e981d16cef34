"""Money, quantities and identifiers, exact everywhere."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Annotated, NewType, Self
from uuid import uuid4

from pydantic import AfterValidator, Field, PlainSerializer, WithJsonSchema

from switchgear_shared.contracts.currencies import MINOR_DIGITS
from switchgear_shared.contracts.model import Contract

TenantId = NewType("TenantId", str)
CorrelationId = NewType("CorrelationId", str)

DEFAULT_TENANT = TenantId("default")


def new_id(prefix: str) -> str:
    """Return a fresh identifier such as `doc_0f9c…`: the prefix names the kind."""
    return f"{prefix}_{uuid4().hex}"


def new_correlation_id() -> CorrelationId:
    """Return a fresh correlation ID."""
    return CorrelationId(new_id("cor"))


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


@cache
def minor_digits(currency: str) -> int:
    """Return how many decimals the ISO 4217 currency has; KeyError for an unknown code."""
    return MINOR_DIGITS[currency]


def _known_currency(code: str) -> str:
    if code not in MINOR_DIGITS:
        raise ValueError(f"{code} is not an ISO 4217 currency")
    return code


Currency = Annotated[
    str,
    Field(pattern="^[A-Z]{3}$", description="ISO 4217 code, such as EUR."),
    AfterValidator(_known_currency),
]

ExactDecimal = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=6, allow_inf_nan=False),
    PlainSerializer(lambda value: format(value, "f"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"}),
]


class Money(Contract):
    """An exact amount in one currency, written `{amount: "12.50", currency: "EUR"}`."""

    amount: ExactDecimal
    currency: Currency

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Self:
        """Return the money that `minor` units (cents) of `currency` are."""
        return cls(amount=Decimal(minor).scaleb(-minor_digits(currency)), currency=currency)

    def to_minor(self) -> int:
        """Return the amount in minor units, rounded half up to the currency's last digit."""
        scaled = self.amount.scaleb(minor_digits(self.currency))
        return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class Quantity(Contract):
    """How much of something, with its unit (UN/ECE Recommendation 20 code, `C62` for pieces)."""

    amount: ExactDecimal
    unit: Annotated[str, Field(min_length=1, max_length=8)] = "C62"
