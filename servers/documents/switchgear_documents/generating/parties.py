"""Tax numbers and accounts that pass their checks and are drawn by chance."""

from random import Random

from stdnum import iban as iban_number

from switchgear_documents.reading.vat import vat_rule

_ACCOUNTS = {
    "AT": "################",
    "BE": "############",
    "CH": "#################",
    "DE": "##################",
    "ES": "####################",
    "FR": "#######################",
    "GB": "????##############",
    "IE": "????##############",
    "IT": "?######################",
    "NL": "????##########",
}
_TAX_NUMBERS = {
    "AT": "ATU########",
    "BE": "BE0#########",
    "DE": "DE#########",
    "ES": "ESB########",
    "GB": "GB#########",
    "IT": "IT00########1",
    "NL": "NL#########B01",
}
_LETTERS = "ABCDEFGHKLMNPRSTUVWXYZ"
_MOST_TRIES = 5000


def filled(rng: Random, pattern: str) -> str:
    """Return the pattern with each `#` a digit and each `?` a letter."""
    drawn = {"#": "0123456789", "?": _LETTERS}
    return "".join(rng.choice(drawn[c]) if c in drawn else c for c in pattern)


def account(rng: Random, country: str) -> str | None:
    """Return an IBAN with true check digits, in groups of four; None where the country has none."""
    if country not in _ACCOUNTS:
        return None
    number = filled(rng, _ACCOUNTS[country])
    whole = f"{country}{iban_number.calc_check_digits(f'{country}00{number}')}{number}"
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def tax_number(rng: Random, country: str) -> str | None:
    """Return a tax number that passes its country's rule; None where none is drawn."""
    pattern = _TAX_NUMBERS.get(country)
    for _ in range(_MOST_TRIES if pattern else 0):
        number = filled(rng, str(pattern))
        rule = vat_rule(number)
        if rule is None or rule(number):
            return number
    return None
