"""The sales side of the invented company: opportunities and what was done about them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from switchgear_shared.contracts.values import Money
from switchgear_shared.demo_company.parties import OUR_DOMAIN, OWNERS
from switchgear_shared.demo_company.party import Party
from switchgear_shared.demo_company.records import Activity, Contact, Item, Opportunity, Stage
from switchgear_shared.demo_company.vocabulary import EXCHANGE_RATES

OPPORTUNITIES = 260
ACTIVITIES = 900

_PROBABILITY: dict[Stage, int] = {
    "qualified": 20,
    "proposal": 45,
    "negotiation": 70,
    "won": 100,
    "lost": 0,
}
_PURPOSES = ("Retrofit", "New line", "Spare parts contract", "Calibration service", "Pilot")
_REASONS = ("price", "delivery time", "chose an existing supplier", "project stopped")
_SUBJECTS: dict[Literal["call", "email", "meeting", "note"], tuple[str, ...]] = {
    "call": ("Asked about delivery dates", "Talked through the offer", "Call back on tender"),
    "email": ("Sent data sheets", "Sent revised offer", "Answered questions on certificates"),
    "meeting": ("Site visit", "Requirements workshop", "Annual review"),
    "note": ("Budget approved", "New contact in purchasing", "Competitor on site"),
}


def opportunities(
    random: Random,
    parties: tuple[Party, ...],
    people: tuple[Contact, ...],
    items: tuple[Item, ...],
    today: date,
) -> tuple[Opportunity, ...]:
    """Return sales that closed over the last year and those still open."""
    customers = {party.id: party for party in parties if "customer" in party.roles}
    contacts = [person for person in people if person.account_id in customers]
    categories = sorted({item.category for item in items})
    result: list[Opportunity] = []
    for number in range(1, OPPORTUNITIES + 1):
        contact = random.choice(contacts)
        party = customers[contact.account_id]
        stage = random.choices(tuple(_PROBABILITY), (3, 3, 2, 4, 3))[0]
        is_closed = stage in ("won", "lost")
        days = random.randint(-360, -3) if is_closed else random.randint(-5, 150)
        close_on = today + timedelta(days=days)
        created_on = min(close_on, today) - timedelta(days=random.randint(10, 120))
        rate = Decimal(EXCHANGE_RATES[party.currency])
        hundreds = max(int(random.randint(20, 900) * rate), 1)
        result.append(
            Opportunity(
                id=f"opp_{number:04d}",
                ref=f"OPP-{number:04d}",
                account_id=party.id,
                contact_id=contact.id,
                name=f"{random.choice(_PURPOSES)}: {random.choice(categories)}",
                stage=stage,
                amount=Money(amount=Decimal(hundreds * 100), currency=party.currency),
                probability_percent=_PROBABILITY[stage],
                owner_email=party.owner_email,
                close_on=close_on,
                created_at=datetime.combine(created_on, time(9), UTC),
                reason=random.choice(_REASONS) if stage == "lost" else None,
            )
        )
    return tuple(result)


def activities(
    random: Random, deals: tuple[Opportunity, ...], parties: tuple[Party, ...], today: date
) -> tuple[Activity, ...]:
    """Return calls, e-mails, meetings and notes, oldest first; two in three about a deal."""
    now = datetime.combine(today, time(7), UTC)
    drafts: list[tuple[datetime, str, str, str]] = []
    for _ in range(ACTIVITIES):
        if random.random() < 0.66:  # noqa: PLR2004 - two in three
            deal = random.choice(deals)
            latest = min(now, datetime.combine(deal.close_on, time(16), UTC))
            span = max((latest - deal.created_at).days, 1)
            happened_at = min(deal.created_at + timedelta(days=random.randint(0, span)), now)
            drafts.append((happened_at, deal.account_id, deal.id, deal.owner_email))
        else:
            party = random.choice(parties)
            happened_at = now - timedelta(hours=random.randint(1, 24 * 700))
            drafts.append((happened_at, party.id, party.id, random.choice(OWNERS)))
    result: list[Activity] = []
    for number, (happened_at, account_id, about_id, by_email) in enumerate(sorted(drafts), start=1):
        kind = random.choice(tuple(_SUBJECTS))
        result.append(
            Activity(
                id=f"act_{number:05d}",
                account_id=account_id,
                about_id=about_id,
                kind=kind,
                subject=random.choice(_SUBJECTS[kind]),
                note=f"Logged by {by_email.removesuffix('@' + OUR_DOMAIN)}; next step agreed.",
                by_email=by_email,
                happened_at=happened_at,
            )
        )
    return tuple(result)
