"""A party to be: what is known of it, and which party of ours it may be already."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, NewType
from unicodedata import normalize

from pydantic import AfterValidator, Field
from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError as NotValidError

from switchgear_erp.models import COMPANY_CURRENCY, PartyId, Role
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.texts import email_key, one_line, said, within
from switchgear_shared.contracts.values import Currency, Money
from switchgear_shared.errors import ConflictError
from switchgear_shared.spelling import fold

MOST_PAYMENT_DAYS = 365
"""Days to pay that a party may be given."""

NEW_CREDIT = Money(amount=Decimal(1000), currency=COMPANY_CURRENCY)
"""The credit limit of a new customer where nothing else is set."""

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9._:-]+")

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "AE", "Ö": "OE", "Ü": "UE"})

AccountId = NewType("AccountId", str)


def _iban(text: str) -> str:
    spelled = spelling_of(_plain(text))
    try:
        iban_number.validate(spelled, check_country=False)
    except NotValidError as error:
        raise ValueError("not an IBAN") from error
    return spelled


def _vat_id(text: str) -> str:
    plain = _plain(text)
    if not spelling_of(plain):
        raise ValueError("blank")
    return plain


def _plain(text: str) -> str:
    """Return a number with wide letters and digits as ASCII, in which all numbers are written."""
    plain = one_line(normalize("NFKC", text))
    if not plain.isascii() or not plain.isprintable():
        raise ValueError("not in letters and digits of ASCII")
    return plain


def _account_id(text: str) -> str:
    if _ACCOUNT_ID.fullmatch(text) is None:
        raise ValueError("not an id")
    return text


Name = Annotated[str, within(120, said)]
VatId = Annotated[str, within(32, _vat_id)]
Iban = Annotated[str, AfterValidator(_iban)]
Email = Annotated[str, within(120, email_key)]
Account = Annotated[AccountId, within(64, _account_id)]
PaymentDays = Annotated[int, Field(ge=0, le=MOST_PAYMENT_DAYS)]


class PostalAddress(Contract):
    """Where a party is; `country` is an ISO 3166 code."""

    street: Annotated[str, within(120, said)] | None = None
    postal_code: Annotated[str, within(16, said)] | None = None
    city: Annotated[str, within(60, said)] | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None


class PartyDraft(Contract):
    """What is known of a party before it is one; what is left out is as usual with us."""

    name: Name
    roles: tuple[Role, ...]
    address: PostalAddress = PostalAddress()
    vat_id: VatId | None = None
    iban: Iban | None = None
    email: Email | None = None
    currency: Currency | None = None
    payment_days: PaymentDays | None = None
    account_id: Account | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What tells one party of ours from another."""

    id: PartyId
    ref: str
    name: str
    city: str | None = None
    vat_ids: tuple[str, ...] = ()
    account_ids: tuple[str, ...] = ()


def check_unknown(draft: PartyDraft, parties: Iterable[Known]) -> None:
    """Raise ConflictError where one of the parties is the one to be made.

    It is one with the same VAT number or account, else one of the same name in the same city. A
    city that is not known may be any; a different VAT number under one name is no proof of
    another party.
    """
    code = spelling_of(draft.vat_id)
    by_name = None
    for known in parties:
        if code and code in map(spelling_of, known.vat_ids):
            raise is_known(known, "vat_id", f"has the VAT number {draft.vat_id}")
        if draft.account_id is not None and draft.account_id in known.account_ids:
            raise is_known(known, "account_id", "is of that account")
        if by_name is None and _is_there(draft, known) and is_same_name(draft.name, known.name):
            by_name = known
    if by_name is not None:
        where = f" in {by_name.city}" if by_name.city else ""
        raise is_known(by_name, "name", f"has this name{where}")


def _is_there(draft: PartyDraft, known: Known) -> bool:
    city = draft.address.city
    return not city or not known.city or is_same_name(city, known.city)


def is_known_as(draft: PartyDraft, known: Known) -> bool:
    """Return whether the party to be made is that one, as `check_unknown` has it."""
    try:
        check_unknown(draft, [known])
    except ConflictError:
        return True
    return False


def is_same_name(name: str, other: str | None) -> bool:
    """Return whether two names differ at most in spelling: ü may be u or ue, ß is ss."""
    return not _words(name).isdisjoint(_words(other))


def spelling_of(code: str | None) -> str:
    """Return a VAT number or an IBAN in one spelling."""
    return "".join(c for c in normalize("NFKC", code or "") if c.isalnum()).upper()


def _words(text: str | None) -> set[str]:
    spellings = (fold(text or ""), fold(without_umlauts(text or "")))
    return {"".join(c for c in spelling if c.isalnum()) for spelling in spellings}


def without_umlauts(text: str) -> str:
    """Return a text as German writes it where there are no umlauts."""
    return normalize("NFC", text).translate(_UMLAUTS)


def is_known(known: Known, field: str, how: str) -> ConflictError:
    """Return the conflict with a party of ours, of which `how` says what it shares."""
    return ConflictError(
        f"party {known.ref} ({known.id}), {known.name}, {how} already",
        field=field,
        details={"party_id": known.id, "ref": known.ref, "name": known.name},
    )
