"""Invoices, credit notes, orders, confirmations and delivery notes: one make, many looks."""

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from switchgear_documents.generating.blocks import (
    Block,
    Columns,
    Draft,
    Lines,
    Pairs,
    Paragraph,
    Table,
    Title,
)
from switchgear_documents.generating.titles import shown
from switchgear_documents.generating.voice import Voice
from switchgear_documents.samples.invoice import Party

TradeType = Literal[
    "invoice", "credit_note", "purchase_order", "order_confirmation", "delivery_note"
]
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class _Position:
    code: str
    name: str
    quantity: int
    unit: str
    price: Decimal

    @property
    def net(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True)
class _Deal:
    """All that a document of trade speaks of; one that is not named says nowhere what it is."""

    kind: TradeType
    number: str
    day: dt.date
    later: dt.date
    supplier: Party
    buyer: Party
    order_ref: str | None
    positions: tuple[_Position, ...]
    rate: Decimal
    net: Decimal
    tax: Decimal
    is_named: bool

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def issuer(self) -> Party:
        return self.buyer if self.kind == "purchase_order" else self.supplier

    @property
    def receiver(self) -> Party:
        return self.supplier if self.kind == "purchase_order" else self.buyer


def trade(voice: Voice, kind: TradeType, *, buyer: Party | None = None) -> Draft:
    """Return a document of this kind; its fields are what stands on it.

    `buyer` is whom it is for, one by chance if none is given.
    """
    deal = _deal(voice, kind, buyer)
    fields: dict[str, Any] = {
        "number": deal.number,
        "date": deal.day.isoformat(),
        "supplier": deal.supplier.name,
        "buyer": deal.buyer.name,
    }
    head, variant = _head(voice, deal, fields)
    body: list[Block] = []
    if voice.chance(0.6):
        body.append(Paragraph(voice.pick(kind, "text")))
    body.append(_positions(voice, deal))
    if kind != "delivery_note":
        body.append(_totals(voice, deal, fields))
    texts = voice.some(kind, "text", 1, 5, number=voice.number(), company=deal.issuer.name)
    if voice.chance(0.5):
        body.extend(Paragraph(text) for text in texts)
    else:
        body.append(Paragraph(" ".join(texts)))
    body.append(Lines(tuple(_footer(voice, deal, fields))))
    return Draft(kind, voice.language, f"trade-{variant}", (*head, *body), fields)


def _deal(voice: Voice, kind: TradeType, buyer: Party | None) -> _Deal:
    sort = "services" if kind in ("invoice", "credit_note") and voice.chance(0.45) else "items"
    count = voice.rng.choice((1, 1, 2, 3, 3, 4, 5, 7, 10))
    positions = tuple(_position(voice, sort) for _ in range(count))
    rate = voice.rate()
    net = sum((position.net for position in positions), Decimal(0))
    name = voice.person() if kind != "purchase_order" and voice.chance(0.2) else voice.company()
    day = voice.day()
    return _Deal(
        kind=kind,
        number=voice.number(),
        day=day,
        later=day + dt.timedelta(days=voice.rng.choice((7, 10, 14, 21, 30, 45))),
        supplier=voice.party(voice.company()),
        buyer=buyer or voice.party(name),
        order_ref=voice.number() if kind != "purchase_order" and voice.chance(0.5) else None,
        positions=positions,
        rate=rate,
        net=net,
        tax=(net * rate / 100).quantize(_CENT, rounding=ROUND_HALF_UP),
        is_named=kind != "invoice" or voice.chance(0.9),
    )


def _position(voice: Voice, sort: str) -> _Position:
    many = voice.rng.choice((1, 1, 2, 3, 5, 10, 24, 100))
    return _Position(
        code=voice.number(),
        name=voice.pick("goods", sort),
        quantity=many,
        unit=voice.pick("goods", "units"),
        price=voice.amount(400 if many < 10 else 30),  # noqa: PLR2004 - many pieces are cheap ones
    )


def _head(voice: Voice, deal: _Deal, fields: dict[str, Any]) -> tuple[list[Block], str]:
    issuer = _address(voice, deal.issuer)
    receiver = _address(voice, deal.receiver)
    is_order = deal.kind == "purchase_order"
    asked, section = ("vendor", deal.kind) if is_order else ("bill_to", "trade")
    to = [voice.pick(section, asked), *receiver] if voice.chance(0.7) else receiver
    if deal.kind == "delivery_note" and voice.chance(0.6):
        to = [voice.pick("trade", "ship_to"), *receiver]
    facts = Pairs(tuple(_facts(voice, deal, fields)))
    called = "title" if deal.is_named else "other_title"
    title = Title(shown(voice, voice.pick(deal.kind, called, number=deal.number)))
    blocks, variant = _looks(voice, issuer, to, title, facts, asks_vendor=is_order)
    return [block for block in blocks if block != Title("")], variant


def _looks(
    voice: Voice,
    issuer: list[str],
    to: list[str],
    title: Title,
    facts: Pairs,
    *,
    asks_vendor: bool,
) -> tuple[list[Block], str]:
    """Return who, what and when in one of six arrangements."""
    match voice.rng.randrange(6):
        case 0:
            return [Lines(tuple(issuer)), Lines(tuple(to)), title, facts], "letter"
        case 1:
            return [title, Columns(tuple(issuer), tuple(to)), facts], "title-first"
        case 2:
            right = (title.text, *(f"{label} {value}" for label, value in facts.pairs))
            return [Columns(tuple(issuer), right), Lines(tuple(to))], "title-right"
        case 3:
            labels, values = zip(*facts.pairs, strict=True)
            table = Table(tuple(label.rstrip(" :") for label in labels), (values,))
            return [Columns(tuple(issuer), (title.text,)), Lines(tuple(to)), table], "fact-table"
        case 4:
            beside = tuple(f"{label} {value}" for label, value in facts.pairs)
            return [Lines(tuple(issuer)), Columns(tuple(to), beside), title], "facts-right"
        case _:
            asked = "purchase_order" if asks_vendor else "trade"
            sender = [voice.pick(asked, "from"), *issuer]
            return [title, facts, Columns(tuple(sender), tuple(to))], "boxes"


def _address(voice: Voice, party: Party) -> list[str]:
    lines = [party.name, party.street, voice.place(party)]
    if voice.chance(0.3):
        lines.append(f"{voice.pick('trade', 'phone')} {voice.fill('+{n4} {n4}{n4}')}")
    if voice.chance(0.3):
        lines.append(f"{voice.pick('trade', 'email')}: {voice.fill('{email}')}")
    return lines


def _facts(voice: Voice, deal: _Deal, fields: dict[str, Any]) -> list[tuple[str, str]]:
    colon = voice.rng.choice((":", ":", "", " :"))
    facts = [
        (voice.pick(deal.kind, "number" if deal.is_named else "other_number"), deal.number),
        (voice.pick(deal.kind, "date"), voice.written(deal.day)),
    ]
    if deal.kind == "invoice" and voice.chance(0.7):
        facts.append((voice.pick("invoice", "due"), voice.written(deal.later)))
        fields["due_date"] = deal.later.isoformat()
    if deal.kind in ("purchase_order", "order_confirmation") and voice.chance(0.7):
        facts.append((voice.pick(deal.kind, "delivery"), voice.written(deal.later)))
    if deal.kind == "credit_note" and voice.chance(0.7):
        facts.append((voice.pick("credit_note", "reference"), voice.number()))
    if deal.order_ref:
        facts.append((voice.pick("trade", "order_ref"), deal.order_ref))
        fields["order_ref"] = deal.order_ref
    if deal.kind in ("invoice", "credit_note") and voice.chance(0.25):
        facts += _earlier(voice, deal)
    facts.extend(
        (voice.pick("trade", key), made)
        for key, made in (("customer_no", voice.number()), ("contact", voice.person()))
        if voice.chance(0.3)
    )
    return [(f"{label}{colon}", value) for label, value in facts]


def _earlier(voice: Voice, deal: _Deal) -> list[tuple[str, str]]:
    """Return what went before it as the facts name it: its delivery, and when it was ordered."""
    facts = [
        (voice.pick("delivery_note", "number"), voice.number()),
        _dated(voice, "delivery_note", deal.day - dt.timedelta(days=voice.rng.randint(0, 20))),
    ]
    if deal.order_ref:
        ordered = deal.day - dt.timedelta(days=voice.rng.randint(21, 60))
        facts.append(_dated(voice, "purchase_order", ordered))
    return facts


def _dated(voice: Voice, kind: TradeType, day: dt.date) -> tuple[str, str]:
    """Return a day by a label that can be no date of the document itself."""
    plain = voice.phrases("trade", "date")
    labels = [label for label in voice.phrases(kind, "date") if label not in plain]
    return voice.rng.choice(labels), voice.written(day)


def _positions(voice: Voice, deal: _Deal) -> Table:
    names = ["description", "quantity"]
    if voice.chance(0.5):
        names.insert(0, "item_no")
    if voice.chance(0.4):
        names.append("unit")
    if deal.kind != "delivery_note":
        names += ["unit_price", "amount"]
    head = [voice.pick("trade", name) for name in names]
    cells = [[_cell(voice, name, place) for name in names] for place in enumerate(deal.positions)]
    if deal.kind == "delivery_note":
        extra = voice.rng.sample(("ordered", "delivered", "outstanding", "weight"), 2)
        head += [voice.pick("delivery_note", name) for name in extra]
        for row in cells:
            row += [str(voice.rng.randint(0, 40)) for _ in extra]
    return Table(tuple(head), tuple(map(tuple, cells)))


def _cell(voice: Voice, name: str, placed: tuple[int, _Position]) -> str:
    place, position = placed
    return {
        "item_no": position.code if place % 2 else str(place + 1),
        "description": position.name,
        "quantity": str(position.quantity),
        "unit": position.unit,
        "unit_price": voice.digits(position.price),
        "amount": voice.digits(position.net),
    }[name]


def _totals(voice: Voice, deal: _Deal, fields: dict[str, Any]) -> Pairs:
    sign = -1 if deal.kind == "credit_note" and voice.chance(0.3) else 1
    fields |= {"currency": voice.currency, "total_gross": float(sign * deal.gross)}
    gross = (voice.pick(deal.kind, "gross"), voice.money(sign * deal.gross))
    if deal.kind in ("purchase_order", "order_confirmation") and voice.chance(0.4):
        return Pairs((gross,))
    fields |= {"total_net": float(sign * deal.net), "total_tax": float(sign * deal.tax)}
    rate = format(deal.rate.normalize(), "f")
    net = (voice.pick("trade", "net"), voice.digits(sign * deal.net))
    tax = (voice.pick("trade", "tax", rate=rate), voice.digits(sign * deal.tax))
    return Pairs((net, tax, gross))


def _footer(voice: Voice, deal: _Deal, fields: dict[str, Any]) -> list[str]:
    known = {"iban": deal.issuer.iban or "", "currency": voice.currency}
    lines = [voice.fill("{company} - {currency}", company=deal.issuer.name, **known)]
    lines += [
        line
        for line in voice.some("trade", "footer", 1, 3, company=deal.issuer.name, **known)
        if "IBAN" not in line
    ]
    is_paid_to = deal.kind == "invoice" and deal.supplier.iban and voice.chance(0.7)
    if is_paid_to:
        lines.append(f"{voice.pick('names', 'bank')}, IBAN {deal.supplier.iban}")
        fields["iban"] = deal.supplier.iban
    if deal.issuer.vat and voice.chance(0.7):
        lines.append(f"{voice.pick('trade', 'vat_id')}: {deal.issuer.vat}")
        if deal.issuer is deal.supplier:
            fields["supplier_vat"] = deal.supplier.vat
    fields["lines"] = len(deal.positions)
    if voice.chance(0.3):
        lines.append(voice.pick("trade", "page"))
    return lines
