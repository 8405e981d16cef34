"""A company as its documents must name it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from switchgear_shared.contracts.values import Money


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `country` is ISO 3166 alpha-2."""

    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Party:
    """A company we deal with, or ourselves, with all that its documents must say.

    `tax_id` is the VAT id where its country has them, else what it prints instead. `iban` is
    None where the country has none: then `account_number` says where to pay.
    """

    id: str
    ref: str
    name: str
    roles: tuple[Literal["customer", "vendor"], ...]
    tax_id: str
    iban: str | None
    bic: str
    account_number: str | None
    address: Address
    email: str
    phone: str
    domain: str
    industry: str
    owner_email: str
    currency: str
    payment_days: int
    credit_limit: Money | None
    since: date
