"""Receipts of tills and statements of banks."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from switchgear_documents.generating.blocks import Block, Columns, Draft, Lines, Pairs, Table, Title
from switchgear_documents.generating.titles import shown
from switchgear_documents.generating.voice import Voice

_CENT = Decimal("0.01")


def receipt(voice: Voice) -> Draft:
    """Return what a till prints, or a short receipt written by hand."""
    shop = voice.party(voice.company())
    day = voice.day()
    goods = voice.rng.sample(voice.phrases("goods", "retail"), voice.rng.randint(1, 9))
    prices = [voice.amount(25) for _ in goods]
    total = sum(prices, Decimal(0))
    head = [shop.name, shop.street, voice.place(shop)]
    if voice.chance(0.5):
        head.append(f"{voice.pick('trade', 'phone')} {voice.fill('{n4} {n4}')}")
    if voice.chance(0.5) and shop.vat:
        head.append(f"{voice.pick('trade', 'vat_id')} {shop.vat}")
    written = f"{voice.written(day)}  {voice.rng.randint(7, 22)}:{voice.rng.randint(10, 59)}"
    blocks: list[Block] = [Lines(tuple(head))]
    title = voice.pick("receipt", "title")
    if title:
        blocks.append(Title(shown(voice, title)))
    facts = [written, f"{voice.pick('receipt', 'number')} {voice.number()}"]
    if voice.chance(0.7):
        facts.append(voice.pick("receipt", "till"))
    blocks += [
        Lines(tuple(voice.rng.sample(facts, len(facts)))),
        _goods(voice, goods, prices),
        Pairs(tuple(_payment(voice, total))),
        Lines(tuple(voice.some("receipt", "text", 1, 4))),
    ]
    fields = {
        "supplier": shop.name,
        "date": day.isoformat(),
        "total_gross": float(total),
        "address": f"{shop.street}, {voice.place(shop)}",
    }
    variant = "till" if title else "till-untitled"
    return Draft("receipt", voice.language, variant, tuple(blocks), fields, is_narrow=True)


def _goods(voice: Voice, goods: list[str], prices: list[Decimal]) -> Block:
    shouted = voice.chance(0.5)
    names = [name.upper() if shouted else name for name in goods]
    marks = voice.rng.choice(("", "", " A", " B", "*"))
    amounts = [f"{voice.digits(price)}{marks}" for price in prices]
    if voice.chance(0.3):
        head = (voice.pick("trade", "description"), voice.pick("trade", "amount"))
        return Table(head, tuple(zip(names, amounts, strict=True)))
    if voice.chance(0.4):
        names = [f"1 x {name}" for name in names]
    return Pairs(tuple(zip(names, amounts, strict=True)))


def _payment(voice: Voice, total: Decimal) -> list[tuple[str, str]]:
    rate = voice.rate()
    tax = (total * rate / (100 + rate)).quantize(_CENT, rounding=ROUND_HALF_UP)
    pairs = [(voice.pick("receipt", "gross"), voice.money(total))]
    if voice.chance(0.5):
        label = voice.pick("trade", "tax", rate=format(rate.normalize(), "f"))
        pairs.insert(voice.rng.randint(0, 1), (label, voice.digits(tax)))
    if voice.chance(0.5):
        given = (total // 10 + 1) * 10
        pairs.append((voice.pick("receipt", "cash"), voice.digits(given)))
        pairs.append((voice.pick("receipt", "change"), voice.digits(given - total)))
    elif voice.chance(0.9):
        pairs.append((voice.pick("receipt", "card"), voice.digits(total)))
    return pairs


def bank_statement(voice: Voice) -> Draft:
    """Return a statement whose balance runs on from entry to entry."""
    bank = voice.party(voice.pick("names", "bank"))
    holder = voice.party(voice.company() if voice.chance(0.4) else voice.person())
    first = voice.day()
    balance = voice.amount(9000)
    facts = [
        (voice.pick("bank_statement", "account"), holder.iban or voice.number()),
        (
            voice.pick("bank_statement", "period"),
            f"{voice.written(first)} - {voice.written(first + dt.timedelta(days=30))}",
        ),
    ]
    opening = (voice.pick("bank_statement", "opening"), voice.money(balance))
    table, balance = _entries(voice, first, balance)
    last = voice.written(first + dt.timedelta(days=30))
    closing = (voice.pick("bank_statement", "closing", date2=last), voice.money(balance))
    known = {"person": holder.name}
    texts = Lines(tuple(voice.some("bank_statement", "text", 1, 4, **known)))
    title = Title(shown(voice, voice.pick("bank_statement", "title")))
    address = (holder.name, holder.street, voice.place(holder))
    sender = (bank.name, bank.street, voice.place(bank))
    blocks: tuple[Block, ...]
    if voice.chance(0.5):
        blocks = (Lines(sender), Lines(address), title, Pairs((*facts, opening)), table)
        blocks = (*blocks, Pairs((closing,)), texts)
        variant = "statement"
    else:
        blocks = (title, Columns(address, sender), Pairs(tuple(facts)), texts)
        blocks = (*blocks, Pairs((opening, closing)), table)
        variant = "statement-summary"
    return Draft("bank_statement", voice.language, variant, blocks)


def _entries(voice: Voice, day: dt.date, balance: Decimal) -> tuple[Table, Decimal]:
    has_columns = voice.chance(0.6)
    has_balance = voice.chance(0.5)
    rows: list[tuple[str, ...]] = []
    for _ in range(voice.rng.randint(3, 22)):
        day += dt.timedelta(days=voice.rng.randint(0, 3))
        amount = voice.amount(900)
        sign = -1 if voice.chance(0.7) else 1
        balance += sign * amount
        written = voice.digits(amount)
        signed = [f"{'-' if sign < 0 else '+'}{written}"]
        amounts = ([written, ""] if sign < 0 else ["", written]) if has_columns else signed
        running = [voice.digits(balance)] if has_balance else []
        entry = voice.pick("bank_statement", "entries")
        rows.append((voice.written(day), entry, *amounts, *running))
    names = ["date", "details", *(("debit", "credit") if has_columns else ())]
    head = [voice.pick("bank_statement", name) for name in names]
    head += [] if has_columns else [voice.pick("trade", "amount")]
    head += [voice.pick("bank_statement", "balance")] if has_balance else []
    return Table(tuple(head), tuple(rows)), balance
