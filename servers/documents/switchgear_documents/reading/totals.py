"""The totals of a page, chosen together: what adds up wins over what merely has the label."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Literal, NamedTuple, get_args

from switchgear_documents.reading.labels import Candidate, Finder, Label, beside
from switchgear_documents.reading.phrases import REVERSE_CHARGE
from switchgear_documents.reading.words import Cell, Page

Total = Literal["net", "tax", "gross", "due", "prepaid", "deduction", "cash_discount"]
_TOTALS: tuple[Total, ...] = get_args(Total)

_KEPT = 8
_ROWS = 6
_MOST_LOOSE = 50
_LOOSE = 0.12
_ADDS_UP = 0.9
_CONTRADICTS = 0.8
_RATE_SHOWN = 0.25
_LARGEST = 0.15
_SUMMED = 0.8
_MISSING = 0.1
_SMALL = 0.7
_HIGHEST_RATE = Decimal("0.35")
_CENT = Decimal("0.006")
_RATE = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,3})?)\s?%")
_SURE, _LIKELY, _GUESSED, _ALONE = 0.97, 0.82, 0.6, 0.4


@dataclass(frozen=True)
class Totals:
    """What was chosen, with how sure it is; `adds_up` tells whether net and tax make the gross."""

    chosen: dict[Total, Candidate]
    adds_up: bool | None


def read_totals(pages: Sequence[Page], labels: Sequence[Label], money: Finder) -> Totals:
    """Choose net, tax, gross and due among all that stands by their labels or adds up."""
    found = _candidates(pages, labels, money)
    loose = _loose(pages, money)
    text = "\n".join(page.text for page in pages)
    is_untaxed = bool(REVERSE_CHARGE.search(text.lower()))
    rates = _Rates(set(_rates(text)), _rates_of_tax(pages, labels))
    return _Choice(found, loose, rates, is_untaxed=is_untaxed).make()


def _order(candidate: Candidate) -> tuple[int, int]:
    return candidate.cell.page, candidate.cell.line


class _Rates(NamedTuple):
    """Shares of one that the pages show, and where each of those stands that a tax is named by."""

    shown: set[Decimal]
    of_tax: dict[Decimal, Cell]


def _rates(text: str) -> Iterator[Decimal]:
    for rate in _RATE.findall(text):
        yield Decimal(rate.replace(",", ".")) / 100


def _rates_of_tax(pages: Sequence[Page], labels: Iterable[Label]) -> dict[Decimal, Cell]:
    by_page = {page.number: page for page in pages}
    found: dict[Decimal, Cell] = {}
    for label in labels:
        if label.role == "tax":
            line = by_page[label.cell.page].lines[label.cell.line - 1]
            for cell in line[line.index(label.cell) :]:
                found.update((rate, cell) for rate in _rates(cell.text))
    return found


def _candidates(
    pages: Sequence[Page], labels: Iterable[Label], money: Finder
) -> dict[str, list[Candidate]]:
    by_page = {page.number: page for page in pages}
    found: dict[str, dict[str, Candidate]] = {}
    for label in labels:
        if label.role not in _TOTALS:
            continue
        best = found.setdefault(label.role, {})
        for candidate in beside(label, by_page[label.cell.page], money, rows=_ROWS):
            earlier = best.get(candidate.value)
            if earlier is None or earlier.score < candidate.score:
                best[candidate.value] = candidate
    ordered = {
        role: sorted(best.values(), key=lambda candidate: -candidate.score)[:_KEPT]
        for role, best in found.items()
    }
    parts = [c for c in ordered.get("tax", []) if Decimal(c.value)]
    if len(parts) > 1:  # one tax line for each rate
        summed = sum((Decimal(part.value) for part in parts), Decimal(0))
        score = min(part.score for part in parts) * _SUMMED
        ordered["tax"].append(Candidate(format(summed, "f"), parts[0].cell, score))
    return ordered


def _loose(pages: Sequence[Page], money: Finder) -> dict[Decimal, Candidate]:
    """Return the amounts anywhere on the pages, the last of each value, the largest of them all."""
    found: dict[Decimal, Candidate] = {}
    for page in pages:
        for cell in page.cells:
            for value in money(cell.text):
                part = cell.part(value.start, value.end)
                found[Decimal(value.value)] = Candidate(value.value, part, _LOOSE)
    largest = sorted(found, key=abs, reverse=True)[:_MOST_LOOSE]
    return {amount: found[amount] for amount in largest}


class _Choice:
    def __init__(
        self,
        found: dict[str, list[Candidate]],
        loose: dict[Decimal, Candidate],
        rates: _Rates,
        *,
        is_untaxed: bool,
    ) -> None:
        self._found = found
        self._loose = loose
        self._rates = rates
        self._is_untaxed = is_untaxed
        self._scores = {
            role: {Decimal(c.value): c for c in found.get(role, ())} for role in _TOTALS
        }
        less = {**self._scores["cash_discount"], **self._scores["deduction"]}
        self._deducted = less.keys() - self._scores["tax"].keys()
        self._less = self._scores["deduction"].keys() - self._scores["cash_discount"].keys()
        self._left = self._deduct()
        self._largest = max(loose, key=abs, default=None)

    def _deduct(self) -> set[Decimal]:
        """Take what is due for the gross where a commission or discount below alone parts the two.

        A discount for who pays early does not, nor does what was paid before or no label ties.
        """
        left: set[Decimal] = set()
        if any(self._scores["tax"]):
            return left
        grosses, dues = self._scores["gross"], self._scores["due"]
        less = {amount for amount in self._less if amount > 0} - self._scores["prepaid"].keys()
        for before, amount in product(list(grosses), less):
            due = before - amount
            below = _order(self._scores["deduction"][amount]) > _order(grosses[before])
            if due in dues and below:
                left.add(due)
                grosses[due] = dues[due]
                grosses.pop(before, None)
        return left

    def make(self) -> Totals:
        best, best_score = None, -1.0
        for gross in self._grosses():
            for net in self._nets(gross):
                for tax in self._taxes(net, gross):
                    score = self._score(net, tax, gross)
                    if score > best_score:
                        best, best_score = (net, tax, gross), score
        return self._totals(*best) if best else Totals({}, None)

    def _grosses(self) -> set[Decimal]:
        sums = {net + tax for net in self._scores["net"] for tax in self._scores["tax"]}
        named = {*self._scores["gross"], *self._scores["due"], *(sums & self._loose.keys())}
        return named or ({self._largest} if self._largest is not None else set())

    def _nets(self, gross: Decimal) -> set[Decimal | None]:
        sane = {net for net in self._loose if self._is_rate(net, gross - net)}
        return {None, gross, *self._scores["net"], *sane}

    def _taxes(self, net: Decimal | None, gross: Decimal) -> set[Decimal | None]:
        taxes: set[Decimal | None] = {None, *self._scores["tax"]}
        if net is not None and self._is_rate(net, gross - net):
            rest = gross - net
            if rest in self._deducted:
                return taxes
            taxes |= {a for a in self._loose if abs(a - rest) < _CENT}
            if self._is_made_of_parts(rest) or self._rate_of(net, rest) is not None:
                taxes.add(rest)
        return taxes | {Decimal(0)} if net == gross else taxes

    def _rate_of(self, net: Decimal, tax: Decimal) -> Cell | None:
        """Return where the rate of the tax stands, if the paper names the tax by its rate alone."""
        rates = self._rates.of_tax.items()
        return next((cell for rate, cell in rates if abs(net * rate - tax) < _CENT), None)

    def _is_made_of_parts(self, tax: Decimal) -> bool:
        """Tell whether two amounts, one for each rate, make this tax."""
        return any(tax - part in self._loose for part in self._loose if 0 < abs(part) < abs(tax))

    @staticmethod
    def _is_rate(net: Decimal, tax: Decimal) -> bool:
        return net != 0 and 0 <= tax / net <= _HIGHEST_RATE

    def _score(self, net: Decimal | None, tax: Decimal | None, gross: Decimal) -> float:
        score = 1.4 * self._worth("gross", gross)
        if gross in self._scores["due"]:
            score += 0.35 * self._scores["due"][gross].score
        score += self._standing(gross)
        score += self._worth("net", net) if net is not None else _MISSING
        score += 0.9 * self._worth("tax", tax) if tax is not None else _MISSING
        if net is None or tax is None:
            return score - (_MISSING if net == gross and not self._is_untaxed else 0)
        if abs(net + tax - gross) >= _CENT:
            return score - _CONTRADICTS
        if tax == 0 and not (self._is_untaxed or tax in self._scores["tax"]):
            return score - _CONTRADICTS / 2
        shown = any(
            abs(net * rate - tax) < max(_CENT, abs(net) / 2000) for rate in self._rates.shown
        )
        return score + _ADDS_UP + (_RATE_SHOWN if shown else 0.0)

    def _standing(self, gross: Decimal) -> float:
        """Score the gross among all amounts: hardly anything on a page is larger."""
        if self._largest is None or abs(gross) >= abs(self._largest):
            return _LARGEST
        return 0.0 if abs(gross) * 2 >= abs(self._largest) else -_SMALL

    def _worth(self, role: Total, amount: Decimal) -> float:
        named = self._scores[role].get(amount)
        if named is not None:
            return named.score
        return _LOOSE if amount in self._loose else 0.0

    def _totals(self, net: Decimal | None, tax: Decimal | None, gross: Decimal) -> Totals:
        chosen: dict[Total, Candidate] = {}
        adds_up = None if net is None or tax is None else abs(net + tax - gross) < _CENT
        amounts: tuple[tuple[Total, Decimal | None], ...] = (
            ("net", net),
            ("tax", tax),
            ("gross", gross),
        )
        for role, amount in amounts:
            if amount is None:
                continue
            named = self._scores[role].get(amount)
            candidate = named or self._loose.get(amount) or self._derived(amount, net)
            if candidate is not None:
                sure = self._sureness(role, named is not None, adds_up, tax)
                chosen[role] = Candidate(format(amount, "f"), candidate.cell, sure)
        return Totals(self._with_due(chosen), adds_up)

    def _derived(self, amount: Decimal, net: Decimal | None) -> Candidate | None:
        """Return where an amount stands that was derived: a rate, a sum of parts, or no tax."""
        rate = self._rate_of(net, amount) if net and amount else None
        if rate is not None:
            return Candidate(format(amount, "f"), rate, _LIKELY)
        named = next((c for c in self._found.get("tax", ()) if Decimal(c.value) == amount), None)
        grosses = self._found.get("gross") or self._found.get("due") or [*self._loose.values()]
        return named or (grosses[0] if grosses else None)

    def _sureness(
        self, role: Total, is_named: bool, adds_up: bool | None, tax: Decimal | None
    ) -> float:
        if role == "gross" and self._left:
            return _GUESSED
        if adds_up and is_named:
            return _SURE if tax else _LIKELY
        if adds_up:
            return _LIKELY if tax or self._is_untaxed else _GUESSED
        if is_named and adds_up is None and not self._is_reduced(role):
            is_alone = len(self._scores[role]) == 1 and not any(self._scores["tax"])
            return _LIKELY if is_alone else _GUESSED
        return _ALONE

    def _is_reduced(self, role: Total) -> bool:
        """Tell whether what a deduction leaves of the gross stands somewhere too."""
        grosses = self._scores["gross"] if role == "gross" else ()
        return any(gross - less in self._loose for gross, less in product(grosses, self._less))

    def _with_due(self, chosen: dict[Total, Candidate]) -> dict[Total, Candidate]:
        """Add the amount due: the gross, where nothing else is named and nothing was prepaid."""
        dues = self._scores["due"]
        gross = chosen.get("gross")
        if gross is None:
            return chosen
        if not dues:
            is_paid_back = any(self._scores["prepaid"]) or Decimal(gross.value) < 0
            sure = min(gross.score, _GUESSED)
            return chosen if is_paid_back else {**chosen, "due": gross._replace(score=sure)}
        expected = {Decimal(gross.value) - paid for paid in self._scores["prepaid"]}
        expected.add(Decimal(gross.value))
        fitting = [amount for amount in dues if amount in expected]
        amount = (fitting or sorted(dues, key=lambda amount: -dues[amount].score))[0]
        sure = min(_LIKELY, gross.score) if fitting else _GUESSED
        return {**chosen, "due": Candidate(format(amount, "f"), dues[amount].cell, sure)}
