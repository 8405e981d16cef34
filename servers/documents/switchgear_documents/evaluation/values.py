"""When a value read is the value meant, however either is written."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

from switchgear_documents.reading.einvoice import parse_date

_DATES = {"date", "due_date"}
_AMOUNTS = {"total_net", "total_tax", "total_gross", "total_due"}
_CODES = {"number", "iban", "supplier_vat", "buyer_vat", "order_ref", "currency"}
_PARTIES = {"supplier", "buyer"}
_SALUTATION = re.compile(r"^(?:herrn?|frau|mr|mrs|ms|monsieur|madame|mme|sra?|dhr|mevr)\s+(?=\w)")
_NO_SIGN_OF_A_NAME = re.compile(r"[^\w&+]+")


def normalised(name: str, value: Any) -> str:
    """Return the value in the one form in which two are compared.

    Dates are ISO 8601. Amounts are decimals without trailing zeros, the sign kept. Codes (numbers
    of documents and orders, accounts, tax numbers) are upper case without white space. All else
    are names: Unicode NFKC, folded case, punctuation and white space made one space, and without
    the salutation of an address: who is meant is the same. The parties of a contract are its names
    in any order, a list or with semicolons between. What is no date or amount where one is due is
    compared as a name, so that it equals only itself.
    """
    if name == "parties":
        names = value if isinstance(value, list) else str(value).split(";")
        return "; ".join(sorted(normalised("supplier", each) for each in names))
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if name in _DATES and (day := parse_date(text)) is not None:
        return day.isoformat()
    if name in _AMOUNTS and (amount := _amount(text)) is not None:
        return format(amount, "f")
    if name in _CODES:
        return "".join(text.split()).upper()
    words = " ".join(_NO_SIGN_OF_A_NAME.sub(" ", text.casefold()).split())
    return _SALUTATION.sub("", words) if name in _PARTIES else words


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return (amount.normalize() + 0) if amount.is_finite() else None
