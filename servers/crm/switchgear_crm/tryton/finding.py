"""What a search asks of each kind of record, as Tryton's domains."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from switchgear_crm.tryton.names import Kind, number_of
from switchgear_shared.storage.tryton.texts import literal

Domain = list[Any]
"""Clauses that all hold; one that begins with "OR" holds where any of the rest does."""

_NO_MARK: Domain = ["code", "not like", "sg-%"]
_NO_PERSON: Domain = ["OR", ["name", "=", None], ["name", "=", ""]]


class Places:
    """Where a word of the query may stand in one kind of record.

    `phones` gives, by word, the contacts that have it in a telephone number.
    """

    def __init__(self, query: str, words: Collection[str], phones: Mapping[str, list[int]]) -> None:
        self.text = " ".join(query.split())
        self.words = [*words]
        self._phones = phones

    def ranks(self, kind: Kind) -> list[Domain]:
        """Return the domains of what matches, the best first; they have none in common."""
        ranks = self._ranks(kind)
        return [
            [*rank, *(_none(better) for better in ranks[:place])]
            for place, rank in enumerate(ranks)
        ]

    def matching(self, kind: Kind) -> Domain:
        """Return the domain of all that matches."""
        return ["OR", *self._ranks(kind)]

    def _ranks(self, kind: Kind) -> list[Domain]:
        own = [self._own(kind, word) for word in self.words]
        ranks = [self._exact(kind), self._begins(kind), own]
        if kind != "party":
            whole = zip(own, self.words, strict=True)
            ranks.append([[*places, _of_account(word)] for places, word in whole])
        return ranks

    def _exact(self, kind: Kind) -> Domain:
        pattern = literal(self.text)
        number = number_of(kind, self.text.lower())
        clauses: Domain = [["id", "=", number]] if number is not None else []
        match kind:
            case "party":
                clauses += [["code", "ilike", pattern], _mechanism(pattern, "email")]
            case "contact":
                clauses.append(["value", "ilike", pattern])
            case _:
                clauses.append(["number", "ilike", pattern])
        return [["OR", *clauses]]

    def _begins(self, kind: Kind) -> Domain:
        name = "description" if kind == "opportunity" else "name"
        return [[name, "ilike", f"{literal(self.text)}%"]]

    def _own(self, kind: Kind, word: str) -> Domain:
        pattern = f"%{literal(word)}%"
        match kind:
            case "party":
                return [
                    "OR",
                    ["name", "ilike", pattern],
                    ["code", "ilike", pattern],
                    _mechanism(pattern),
                    ["identifiers", "where", [_NO_MARK, ["OR", *_number(pattern)]]],
                    ["addresses", "where", [["city", "ilike", pattern]]],
                ]
            case "contact":
                return [
                    "OR",
                    *_either("name", "value", pattern),
                    ["id", "in", self._phones.get(word, [])],
                ]
            case _:
                return ["OR", *_either("description", "number", pattern)]


def _of_account(word: str) -> Domain:
    return ["party", "where", [["name", "ilike", f"%{literal(word)}%"]]]


def _either(first: str, second: str, pattern: str) -> Domain:
    return [[first, "ilike", pattern], [second, "ilike", pattern]]


def _number(pattern: str) -> Domain:
    return _either("code", "code_compact", pattern)


def _mechanism(pattern: str, kind: str | None = None) -> Domain:
    types = [["type", "=", kind]] if kind else []
    return ["contact_mechanisms", "where", [_NO_PERSON, *types, ["value", "ilike", pattern]]]


def _none(domain: Sequence[Any]) -> Domain:
    """Return what holds where not all clauses of a domain do."""
    return ["OR", *(_opposite(clause) for clause in domain)]


def _opposite(clause: Sequence[Any]) -> Domain:
    if clause[0] == "OR":
        return [_opposite(other) for other in clause[1:]]
    name, operator, value = clause
    opposite = {"=": "!=", "in": "not in"}.get(operator, f"not {operator}")
    return [name, opposite, value]
