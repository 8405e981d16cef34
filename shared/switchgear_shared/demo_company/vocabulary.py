"""The words that names, addresses and goods of the invented company are made of."""

import tomllib
from pathlib import Path

from pydantic import TypeAdapter

from switchgear_shared.contracts.model import Contract


class Country(Contract):
    """How companies and people are called and where they sit in one country."""

    code: str
    currency: str
    dial: str
    tax_percent: int
    stems: tuple[str, ...]
    fields: tuple[str, ...]
    forms: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[tuple[str, str], ...]
    number_first: bool


class Category(Contract):
    """A family of goods: every good comes in every variant."""

    code: str
    name: str
    unit: str
    cost_cents: int
    goods: tuple[str, ...]
    variants: tuple[str, ...]


class _Vocabulary(Contract):
    industries: tuple[str, ...]
    job_titles: tuple[str, ...]
    countries: tuple[Country, ...]
    categories: tuple[Category, ...]


_words = TypeAdapter(_Vocabulary).validate_python(
    tomllib.loads((Path(__file__).parent / "vocabulary.toml").read_text("utf-8"))
)

COUNTRY = {country.code: country for country in _words.countries}
CATEGORIES = _words.categories
INDUSTRIES = _words.industries
JOB_TITLES = _words.job_titles
EXCHANGE_RATES = {"EUR": "1", "GBP": "0.85", "USD": "1.10", "CHF": "0.95", "JPY": "160"}
"""Units of each currency for one euro; fixed, so that the demo is the same every day."""
