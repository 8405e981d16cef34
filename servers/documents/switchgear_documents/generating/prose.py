"""Contracts, complaints, letters, e-mails, and what is none of the types."""

from switchgear_documents.generating.blocks import (
    Block,
    Draft,
    Lines,
    Pairs,
    Paragraph,
    Table,
    Title,
)
from switchgear_documents.generating.titles import shown
from switchgear_documents.generating.voice import Voice


def contract(voice: Voice) -> Draft:
    """Return a contract of some clauses, numbered or not, or a page out of one."""
    if voice.chance(0.15):
        clauses = voice.some("contract", "clauses", 1, 4)
        return Draft("contract", voice.language, "extract", tuple(map(Paragraph, clauses)))
    day = voice.day()
    one, other = voice.company(), voice.company()
    known = {"company": one, "company2": other, "date": voice.written(day)}
    blocks: list[Block] = [
        Title(shown(voice, voice.pick("contract", "title"))),
        Paragraph(voice.pick("contract", "parties", **known)),
        *map(Paragraph, voice.some("contract", "recitals", 0, 2, **known)),
    ]
    is_numbered = voice.chance(0.5)
    clauses = voice.some("contract", "clauses", 4, 11)
    for place, clause in enumerate(clauses, start=1):
        heading, dot, rest = clause.partition(". ")
        if voice.chance(0.3) and dot:
            blocks += [Title(f"{place}. {heading}"), Paragraph(rest)]
        else:
            blocks.append(Paragraph(f"{place}. {clause}" if is_numbered else clause))
    blocks += map(Paragraph, voice.some("contract", "signature", 1, 3, **known))
    return Draft("contract", voice.language, "contract", tuple(blocks))


def complaint(voice: Voice) -> Draft:
    """Return a complaint: a letter, or only what its writer tells."""
    opening = voice.pick("complaint", "opening")
    issues = voice.some("complaint", "issue", 1, 4)
    demands = voice.some("complaint", "demand", 1, 3)
    if voice.chance(0.12):
        short = Paragraph(" ".join((*issues[:2], *demands[:1])))
        return Draft("complaint", voice.language, "short", (short,))
    told: list[Block]
    if voice.chance(0.5):
        told = [Paragraph(opening), Paragraph(" ".join(issues)), Paragraph(" ".join(demands))]
    else:
        told = [Paragraph(" ".join((opening, *issues, *demands)))]
    if voice.chance(0.4):
        return Draft("complaint", voice.language, "narrative", tuple(told))
    title = voice.pick("complaint", "title")
    head: list[Block] = [Title(title)] if title else []
    blocks = _as_letter(voice, head, told)
    return Draft("complaint", voice.language, "letter", tuple(blocks))


def letter(voice: Voice) -> Draft:
    """Return a letter about this and that."""
    sentences = voice.some("letter", "body", 2, 6)
    has_one = voice.chance(0.4)
    body: list[Block] = (
        [Paragraph(" ".join(sentences))] if has_one else [*map(Paragraph, sentences)]
    )
    head: list[Block] = []
    if voice.chance(0.6):
        head.append(Title(voice.pick("letter", "subject")))
    blocks = _as_letter(voice, head, body)
    if voice.chance(0.3):
        blocks.append(Lines((voice.pick("letter", "enclosures"),)))
    return Draft("letter", voice.language, "letter", tuple(blocks))


def _as_letter(voice: Voice, head: list[Block], body: list[Block]) -> list[Block]:
    sender = voice.party(voice.person() if voice.chance(0.5) else voice.company())
    receiver = voice.party(voice.company())
    blocks: list[Block] = []
    if voice.chance(0.8):
        blocks.append(Lines((sender.name, sender.street, f"{sender.zip} {sender.city}")))
    if voice.chance(0.7):
        blocks.append(Lines((receiver.name, receiver.street, f"{receiver.zip} {receiver.city}")))
    if voice.chance(0.8):
        blocks.append(Lines((f"{sender.city}, {voice.written(voice.day())}",)))
    greeting = Lines((voice.pick("letter", "greeting"),))
    end = Lines((voice.pick("letter", "closing"), "", voice.person()))
    return [*blocks, *head, greeting, *body, end]


def email(voice: Voice) -> Draft:
    """Return an e-mail as it is printed or copied: its headers may be cut."""
    sent = voice.pick("email", "sent")
    subject = voice.pick("email", "subjects")
    headers = [
        (f"{voice.phrases('email', 'from')}:", f"{voice.person()} <{voice.fill('{email}')}>"),
        (f"{sent}:", f"{voice.written(voice.day())} {voice.rng.randint(6, 23)}:04"),
        (f"{voice.phrases('email', 'to')}:", voice.fill("{email}")),
        (f"{voice.phrases('email', 'subject')}:", subject),
    ]
    is_cut = voice.chance(0.15)
    blocks: list[Block] = [Pairs(tuple(headers[2:] if is_cut else headers))]
    blocks += map(Paragraph, voice.some("email", "bodies", 3, 8))
    if voice.chance(0.3):
        blocks.append(Lines((str(voice.phrases("email", "quoted")),)))
        blocks.append(Pairs(tuple(headers)))
        blocks += map(Paragraph, voice.some("email", "bodies", 2, 5))
    return Draft("email", voice.language, "cut" if is_cut else "printed", tuple(blocks))


def other(voice: Voice) -> Draft:
    """Return what belongs to no type: a report, a recipe, an offer, a table, a scrap."""
    sentences = voice.some("other", "bodies", 2, 9)
    title = Title(shown(voice, voice.pick("other", "titles")))
    match voice.rng.choice((0, 0, 1, 1, 2, 2, 3)):
        case 0:
            return Draft("other", voice.language, "prose", (title, *map(Paragraph, sentences)))
        case 1:
            return Draft("other", voice.language, "untitled", (Paragraph(" ".join(sentences)),))
        case 2:
            blocks: tuple[Block, ...] = (title, _list(voice), *map(Paragraph, sentences[:2]))
            return Draft("other", voice.language, "table", blocks)
        case _:
            words = " ".join(sentences).split()
            scrap = " ".join(voice.rng.sample(words, min(len(words), 12)))
            return Draft("other", voice.language, "scrap", (Paragraph(scrap),))


def _list(voice: Voice) -> Table:
    goods = voice.some("goods", voice.rng.choice(("items", "services", "retail")), 3, 12)
    head = (voice.pick("trade", "item_no"), voice.pick("trade", "description"))
    if voice.chance(0.5):
        rows = tuple((str(place), name) for place, name in enumerate(goods, start=1))
        return Table(head, rows)
    head = (*head, voice.pick("trade", "unit_price"))
    return Table(
        head,
        tuple((voice.number(), name, voice.digits(voice.amount(90))) for name in goods),
    )
