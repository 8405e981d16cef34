"""A language to write in: its phrases, filled with names, numbers and days drawn by chance."""

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from switchgear_documents.generating.parties import account, filled, tax_number
from switchgear_documents.samples.invoice import Party

LANGUAGES = ("en", "de", "fr", "es", "it", "nl")
_PHRASES = Path(__file__).parent / "phrases"
_FIRST_DAY = dt.date(2012, 1, 1)
_DAYS = 5000
_OWN_CURRENCY = {"GB": "GBP", "US": "USD", "AU": "AUD", "CA": "CAD", "CH": "CHF", "MX": "MXN"}
_AT_HOME = 0.8


class _Place(NamedTuple):
    """How the last line of an address is written in a country, with some of its states."""

    line: str
    zip: str
    states: tuple[str, ...] = ("",)


_ANYWHERE = _Place("{zip} {city}", "#####")
_PLACES = {
    "US": _Place("{city}, {state} {zip}", "#####", ("TX", "NY", "CA", "OH", "IL", "WA")),
    "CA": _Place("{city}, {state} {zip}", "?#? #?#", ("ON", "QC", "BC", "AB")),
    "AU": _Place("{city} {state} {zip}", "####", ("NSW", "VIC", "QLD")),
    "GB": _Place("{city} {zip}", "??# #??"),
    "IE": _Place("{city} {zip}", "?## ?###"),
    "NL": _Place("{zip} {city}", "#### ??"),
    "BE": _Place("{zip} {city}", "####"),
    "CH": _Place("{zip} {city}", "####"),
    "AT": _Place("{zip} {city}", "####"),
}
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "AUD": "$", "CAD": "$"}


@cache
def phrases(language: str) -> dict[str, Any]:
    """Return all that stands in the language's file."""
    return tomllib.loads((_PHRASES / f"{language}.toml").read_text(encoding="utf-8"))


class Voice:
    """Draws in one language; the same seed says the same."""

    def __init__(self, rng: Random, language: str) -> None:
        self.rng = rng
        self.language = language
        self._words = phrases(language)
        self.country: str = rng.choice(self._words["countries"])
        self.currency: str = rng.choice(self._words["currencies"])
        if self.country in _OWN_CURRENCY and rng.random() < _AT_HOME:
            self.currency = _OWN_CURRENCY[self.country]
        self._date_form: str = rng.choice(self._words["dates"])
        if self.country == "US":
            self._date_form = self._date_form.replace("%d/%m", "%m/%d")
        elif self.country != "CA":
            self._date_form = self._date_form.replace("%m/%d", "%d/%m")
        self._thousands = rng.choice({".": (",", ""), ",": (".", " ", "")}[self._words["decimal"]])
        self._money = rng.choice(("{a}", "{a}", "{a} {c}", "{c} {a}", "{s}{a}", "{a} {s}"))

    def chance(self, share: float) -> bool:
        """Return True for about this share of calls."""
        return self.rng.random() < share

    def phrases(self, section: str, key: str) -> list[str]:
        """Return the phrases as they stand, unfilled."""
        return self._words[section][key]

    def pick(self, section: str, key: str, **known: str) -> str:
        """Return one phrase, filled; what is `known` goes where the phrase asks for it."""
        return self.fill(self.rng.choice(self.phrases(section, key)), **known)

    def some(self, section: str, key: str, least: int, most: int, **known: str) -> list[str]:
        """Return between `least` and `most` different phrases, filled, in any order."""
        phrases = self.phrases(section, key)
        count = min(self.rng.randint(least, most), len(phrases))
        return [self.fill(phrase, **known) for phrase in self.rng.sample(phrases, count)]

    def fill(self, phrase: str, **known: str) -> str:
        """Return the phrase with its gaps filled."""
        return phrase.format_map(_Gaps(self, known)) if "{" in phrase else phrase

    def day(self) -> dt.date:
        """Return a day between 2012 and 2025."""
        return _FIRST_DAY + dt.timedelta(days=self.rng.randrange(_DAYS))

    def written(self, day: dt.date) -> str:
        """Return the day as this voice writes days."""
        month = self._words["months"][day.month - 1]
        form = self._date_form.replace("%B", month).replace("%b", month[:3])
        return day.strftime(form)

    def number(self) -> str:
        """Return the number of a document, in one of the forms that people use."""
        forms = ("######", "20##-####", "??-#####", "???-20##-###", "#####/##", "??######", "####")
        return filled(self.rng, self.rng.choice(forms))

    def digits(self, amount: Decimal) -> str:
        """Return the amount in digits, grouped as this voice groups them."""
        text = f"{amount:,.2f}"
        marks = {",": self._thousands, ".": self._words["decimal"]}
        return "".join(marks.get(character, character) for character in text)

    def money(self, amount: Decimal) -> str:
        """Return the amount as a total is written, with its currency or without."""
        sign = _SIGNS.get(self.currency, self.currency)
        return self._money.format(a=self.digits(amount), c=self.currency, s=sign)

    def amount(self, most: int = 3000) -> Decimal:
        """Return a positive amount, small ones more often than large ones."""
        return Decimal(self.rng.randint(50, self.rng.randint(100, most * 100))).scaleb(-2)

    def rate(self) -> Decimal:
        """Return a tax rate in percent."""
        return Decimal(self.rng.choice(self._words["vat_rates"]))

    def place(self, party: Party) -> str:
        """Return the last line of the party's address as its country writes it."""
        form = _PLACES.get(party.country, _ANYWHERE)
        state = form.states[len(party.name) % len(form.states)]
        return form.line.format(zip=party.zip, city=party.city, state=state)

    def person(self) -> str:
        """Return first and last name."""
        return f"{self.pick('names', 'first')} {self.pick('names', 'last')}"

    def company(self) -> str:
        """Return the name of a company."""
        word = self.pick("names", "last" if self.chance(0.25) else "company")
        trade = f"{self.pick('names', 'trade')} " if self.chance(0.8) else ""
        return f"{word} {trade}{self.pick('names', 'legal')}"

    def party(self, name: str) -> Party:
        """Return who bears this name: address, tax number, account."""
        return Party(
            name=name,
            vat=tax_number(self.rng, self.country),
            street=self.pick("names", "street"),
            city=self.pick("names", "city"),
            zip=filled(self.rng, _PLACES.get(self.country, _ANYWHERE).zip),
            country=self.country,
            iban=account(self.rng, self.country),
        )


class _Gaps(dict[str, str]):
    """Draws what a phrase asks for."""

    def __init__(self, voice: Voice, known: Mapping[str, str]) -> None:
        super().__init__(known)
        self._voice = voice

    def __missing__(self, gap: str) -> str:
        return _GAPS[gap](self._voice)


def _day(voice: Voice) -> str:
    return voice.written(voice.day())


def _host(voice: Voice) -> str:
    return f"{voice.pick('names', 'company').lower()}.example"


_GAPS: dict[str, Callable[[Voice], str]] = {
    "company": Voice.company,
    "company2": Voice.company,
    "person": Voice.person,
    "date": _day,
    "date2": _day,
    "month": _day,
    "year": lambda voice: str(voice.day().year),
    "number": Voice.number,
    "amount": lambda voice: voice.digits(voice.amount()),
    "currency": lambda voice: voice.currency,
    "bank": lambda voice: voice.pick("names", "bank"),
    "iban": lambda voice: account(voice.rng, voice.country) or filled(voice.rng, "########"),
    "bic": lambda voice: filled(voice.rng, f"????{voice.country}##"),
    "n": lambda voice: str(voice.rng.randint(2, 199)),
    "m": lambda voice: str(voice.rng.randint(1, 12)),
    "n4": lambda voice: filled(voice.rng, "####"),
    "domain": _host,
    "email": lambda voice: f"{filled(voice.rng, '????').lower()}@{_host(voice)}",
    "goods": lambda voice: voice.pick("goods", "items"),
    "job": lambda voice: voice.pick("resume", "jobs"),
    "first": lambda voice: voice.pick("names", "first"),
    "last": lambda voice: voice.pick("names", "last"),
    "city": lambda voice: voice.pick("names", "city"),
}
