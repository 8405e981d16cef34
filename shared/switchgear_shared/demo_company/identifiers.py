"""Tax ids, IBANs and barcodes with valid check digits, for companies that do not exist."""

from random import Random

_IBAN_BANK = {
    "DE": "99910010",
    "AT": "99910",
    "FR": "9991000100",
    "NL": "XDEM",
    "IT": "9991000100",
    "ES": "99910001",
    "GB": "XDEM999100",
    "CH": "99910",
}
_IBAN_ACCOUNT_DIGITS = {"DE": 10, "AT": 11, "FR": 11, "NL": 10, "IT": 12, "ES": 10, "CH": 12}
_GB_ACCOUNT_DIGITS = 8


def tax_id(country: str, random: Random) -> str:
    """Return a tax registration of `country` as it is printed, check digit included."""
    return _TAX_IDS[country](random)


def iban(country: str, random: Random) -> str | None:
    """Return an IBAN of an invented bank, or None where the country has no IBANs."""
    if country not in _IBAN_BANK:
        return None
    bank = _IBAN_BANK[country]
    account = _digits(random, _IBAN_ACCOUNT_DIGITS.get(country, _GB_ACCOUNT_DIGITS))
    if country == "ES":
        checks = _ccc_digit("00" + bank) + _ccc_digit(account)
        bban = bank + checks + account
    elif country == "FR":
        left = 89 * int(bank[:5]) + 15 * int(bank[5:]) + 3 * int(account)
        bban = f"{bank}{account}{97 - left % 97:02d}"
    elif country == "IT":
        bban = f"{_cin(bank + account)}{bank}{account}"
    else:
        bban = bank + account
    return f"{country}{98 - _as_number(bban + country + '00') % 97:02d}{bban}"


def bic(country: str) -> str:
    """Return the BIC of the invented bank in `country`."""
    return f"XDEM{country}22XXX"


def ean13(number: int) -> str:
    """Return the EAN-13 of our item `number`, in the range kept for use inside a company."""
    body = f"20{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def _digits(random: Random, count: int) -> str:
    return "".join(str(random.randint(1, 9)) for _ in range(count))


def _as_number(text: str) -> int:
    return int("".join(str(int(char, 36)) for char in text))


def _luhn_digit(body: str) -> str:
    total = 0
    for place, char in enumerate(reversed(body)):
        value = int(char) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - Luhn casts out nines
    return str(-total % 10)


def _ccc_digit(digits: str) -> str:
    check = sum(int(digit) * 2**place for place, digit in enumerate(digits)) % 11
    return str(check if check < 2 else 11 - check)  # noqa: PLR2004 - the CCC's own rule


_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)


def _cin(digits: str) -> str:
    total = sum(int(digit) if place % 2 else _ODD[int(digit)] for place, digit in enumerate(digits))
    return chr(ord("A") + total % 26)


def _german(random: Random) -> str:
    body = _digits(random, 8)
    check = 5
    for digit in body:
        check = (((check or 10) * 2) % 11 + int(digit)) % 10
    return f"DE{body}{(1 - ((check or 10) * 2) % 11) % 10}"


def _austrian(random: Random) -> str:
    body = _digits(random, 7)
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(body))
    total = sum(value // 10 + value % 10 for value in doubled)
    return f"ATU{body}{(6 - total) % 10}"


def _french(random: Random) -> str:
    body = _digits(random, 8)
    siren = body + _luhn_digit(body)
    return f"FR{int(siren + '12') % 97:02d}{siren}"


def _dutch(random: Random) -> str:
    while True:
        body = _digits(random, 8)
        check = sum((9 - place) * int(digit) for place, digit in enumerate(body)) % 11
        if check < 10:  # noqa: PLR2004 - one digit
            return f"NL{body}{check}B01"


def _italian(random: Random) -> str:
    body = f"{_digits(random, 7)}{random.randint(1, 100):03d}"
    return f"IT{body}{_luhn_digit(body)}"


def _spanish(random: Random) -> str:
    body = _digits(random, 7)
    return f"ESB{body}{_luhn_digit(body)}"


def _british(random: Random) -> str:
    body = _digits(random, 7)
    total = sum((8 - place) * int(digit) for place, digit in enumerate(body))
    return f"GB{body}{-total % 97:02d}"


def _swiss(random: Random) -> str:
    while True:
        body = _digits(random, 8)
        weights = (5, 4, 3, 2, 7, 6, 5, 4)
        check = -sum(w * int(digit) for w, digit in zip(weights, body, strict=True)) % 11
        if check < 10:  # noqa: PLR2004 - one digit
            return f"CHE{body}{check}MWST"


def _american(random: Random) -> str:
    return f"{random.choice(('20', '26', '27', '45', '46', '47'))}-{_digits(random, 7)}"


def _japanese(random: Random) -> str:
    body = _digits(random, 12)
    total = sum(int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(body)))
    return f"T{9 - total % 9}{body}"


_TAX_IDS = {
    "DE": _german,
    "AT": _austrian,
    "FR": _french,
    "NL": _dutch,
    "IT": _italian,
    "ES": _spanish,
    "GB": _british,
    "CH": _swiss,
    "US": _american,
    "JP": _japanese,
}
