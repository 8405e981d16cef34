"""Résumés, and forms filled in or empty."""

from switchgear_documents.generating.blocks import (
    Block,
    Columns,
    Draft,
    Lines,
    Pairs,
    Paragraph,
    Title,
)
from switchgear_documents.generating.titles import shown
from switchgear_documents.generating.voice import Voice

_BULLETS = ("- ", "• ", "* ", "", "")
_EMPTY = ("______________", "..............", "", "[          ]")
_MARKS = (("[ ]", "[x]"), ("☐", "☒"), ("( )", "(X)"), ("[]", "[X]"))


def resume(voice: Voice) -> Draft:
    """Return a person's career: headings in any of their names, a part or two left out."""
    person = voice.party(voice.person())
    if voice.chance(0.15):
        return _short_resume(voice, person.name)
    title = voice.pick("resume", "title")
    contact = [
        f"{person.street}, {voice.place(person)}",
        voice.fill("+{n4} {n4}{n4}"),
        voice.fill("{email}"),
    ]
    blocks: list[Block] = [Title(person.name)]
    if title:
        blocks.insert(voice.rng.randint(0, 1), Title(shown(voice, title)))
    if voice.chance(0.4):
        blocks.append(Lines((" | ".join(contact),)))
    elif voice.chance(0.85):
        blocks.append(Lines(tuple(contact)))
    if voice.chance(0.6):
        blocks.append(Title(voice.pick("resume", "summary")))
        blocks += map(Paragraph, voice.some("resume", "summaries", 1, 2))
    sections = voice.phrases("resume", "sections")
    makers = (_career, _education, _skills, _languages, _projects, _extras)
    order = [0, 1, 2, 3, 4, 5] if voice.chance(0.6) else voice.rng.sample(range(6), 6)
    for place in order[: voice.rng.choice((1, 2, 3, 4, 5, 6))]:
        heading = voice.rng.choice(sections[place].split("|"))
        blocks.append(Title(heading.upper() if voice.chance(0.3) else heading))
        blocks += makers[place](voice)
    variant = "titled" if title else "untitled"
    return Draft("resume", voice.language, variant, tuple(blocks))


def _short_resume(voice: Voice, name: str) -> Draft:
    """Return a first draft: a name, a heading or two, and a line for each post or degree."""
    headings = voice.phrases("resume", "sections")
    blocks: list[Block] = [Title(name)]
    if voice.chance(0.25):
        blocks.append(Lines((voice.fill("{email}"),)))
    blocks.append(Title(voice.rng.choice(headings[0].split("|"))))
    blocks.append(Lines(tuple(_post(voice) for _ in range(voice.rng.randint(1, 2)))))
    if voice.chance(0.4):
        blocks.append(Title(voice.rng.choice(headings[1].split("|"))))
        blocks += _education(voice)
    if voice.chance(0.3):
        blocks.append(Lines((f"{name} \u2013 1/1",)))
    return Draft("resume", voice.language, "short", tuple(blocks))


def _post(voice: Voice) -> str:
    return f"{voice.pick('resume', 'posts')}, {_years(voice)}"


def _years(voice: Voice) -> str:
    first = voice.rng.randint(1995, 2021)
    last = str(first + voice.rng.randint(1, 6))
    if voice.chance(0.25):
        last = voice.pick("resume", "present")
    return voice.rng.choice(("{a} - {b}", "{a}-{b}", "{a} \u2013 {b}", "05/{a} \u2013 {b}")).format(
        a=first, b=last
    )


def _career(voice: Voice) -> list[Block]:
    blocks: list[Block] = []
    for _ in range(voice.rng.randint(1, 4)):
        if voice.chance(0.2):
            blocks.append(Lines((_post(voice),)))
            continue
        job, firm = voice.pick("resume", "jobs"), voice.company()
        if voice.chance(0.4):
            blocks.append(Columns((f"{job}, {firm}",), (_years(voice),)))
        else:
            blocks.append(Lines((_years(voice), job, firm)))
        blocks += _bulleted(voice, voice.some("resume", "duties", 1, 4))
    return blocks


def _education(voice: Voice) -> list[Block]:
    degrees = voice.some("resume", "degrees", 1, 3)
    if voice.chance(0.5):
        return [Lines(tuple(f"{_years(voice)} {degree}" for degree in degrees))]
    return [Columns((degree,), (_years(voice),)) for degree in degrees]


def _skills(voice: Voice) -> list[Block]:
    return _bulleted(voice, voice.some("resume", "skills", 2, 6))


def _languages(voice: Voice) -> list[Block]:
    return [Lines(tuple(voice.some("resume", "spoken", 2, 4)))]


def _projects(voice: Voice) -> list[Block]:
    return _bulleted(voice, voice.some("resume", "duties", 1, 3))


def _extras(voice: Voice) -> list[Block]:
    return _bulleted(voice, voice.some("resume", "extras", 1, 4))


def _bulleted(voice: Voice, lines: list[str]) -> list[Block]:
    bullet = voice.rng.choice(_BULLETS)
    return [Lines(tuple(f"{bullet}{line}" for line in lines))]


def form(voice: Voice) -> Draft:
    """Return a form with its fields, boxes to tick and instructions."""
    blank = voice.rng.choice(_EMPTY)
    off, on = voice.rng.choice(_MARKS)
    filled_in = voice.chance(0.5)
    blocks: list[Block] = [Title(shown(voice, voice.pick("form", "title")))]
    if voice.chance(0.4):
        blocks.insert(voice.rng.randint(0, 1), Lines((voice.company(),)))
    texts = voice.some("form", "text", 2, 5)
    blocks.append(Paragraph(texts.pop()))
    fields = voice.rng.sample(voice.phrases("form", "fields"), voice.rng.randint(5, 14))
    colon = voice.rng.choice((":", "", "*:"))
    for start in range(0, len(fields), 5):
        part = fields[start : start + 5]
        blocks.append(
            Pairs(tuple((f"{name}{colon}", _value(voice, blank, filled_in)) for name in part))
        )
        if voice.chance(0.6):
            boxes = voice.some("form", "boxes", 2, 5)
            ticked = [f"{on if filled_in and voice.chance(0.4) else off} {box}" for box in boxes]
            blocks.append(Lines(("   ".join(ticked),)))
        if texts and voice.chance(0.7):
            blocks.append(Paragraph(texts.pop()))
    variant = "filled" if filled_in else "empty"
    return Draft("form", voice.language, variant, tuple(blocks))


def _value(voice: Voice, blank: str, filled_in: bool) -> str:
    if not filled_in or voice.chance(0.2):
        return blank
    drawn = ("{person}", "{date}", "{n4}", "{city}", "{number}", "{email}", "{company}")
    return voice.fill(voice.rng.choice(drawn))
