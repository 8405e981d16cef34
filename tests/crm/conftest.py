"""A small CRM of two tenants, over every adapter of its port and every database."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

import switchgear_crm
from crm.world import ACME, GLOBEX, NOW, caller_of
from engines import ENGINES
from ready_databases import migrated
from switchgear_crm.backend import CrmBackend
from switchgear_crm.sql import SqlCrm
from switchgear_crm.tables import AccountRow, ActivityRow, ContactRow, OpportunityRow
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.spelling import fold
from switchgear_shared.storage.database import Database

CRM_MIGRATIONS = Path(switchgear_crm.__file__).parent / "migrations"

ACCOUNTS = (
    ("acc_mueller", "C-0001", "Müller & Söhne AG", "info@mueller.example.com", "Jena"),
    ("acc_weidner", "V-0002", "Weidner Metallbau GmbH", "mail@weidner.example.com", "Graz"),
    ("acc_sauber", "C-0003", "100%_Sauber KG", "info@sauber.example.com", "Bern"),
    ("acc_metall", "C-0004", "Metallwerk Nord GmbH", "info@metall.example.com", "Kiel"),
)
CONTACTS = (
    ("con_anke", "acc_mueller", "Anke", "Brandt", "anke.brandt@mueller.example.com"),
    ("con_zoe", "acc_mueller", "Zoë", "Ehlers", "zoe.ehlers@mueller.example.com"),
    ("con_uta", "acc_weidner", "Uta", "Thiele", "uta.thiele@weidner.example.com"),
)
OPPORTUNITIES: tuple[tuple[str, str, str | None, str, str, int, str, str], ...] = (
    ("opp_1", "acc_mueller", "con_anke", "New line", "proposal", 12_500_00, "EUR", "2026-12-01"),
    ("opp_2", "acc_mueller", None, "Retrofit", "won", 8_000_00, "EUR", "2026-09-01"),
    ("opp_3", "acc_weidner", "con_uta", "Pilot", "qualified", 20_000_00, "USD", "2026-12-01"),
    ("opp_4", "acc_metall", None, "Retrofit", "lost", 900_000, "JPY", "2026-08-15"),
)
ACTIVITIES = (
    ("act_1", "acc_mueller", "acc_mueller", "note", "Budget approved", "x" * 500, 1),
    ("act_2", "acc_mueller", "opp_1", "call", "Talked through the offer", "Short.", 2),
    ("act_3", "acc_mueller", "con_anke", "email", "Sent data sheets", "", 2),
    ("act_4", "acc_weidner", "acc_weidner", "meeting", "Site visit", "", 3),
)


def _account_values(account_id: str, ref: str, name: str, email: str, city: str) -> dict[str, Any]:
    """Return the row of an account."""
    return {
        "tenant": ACME,
        "id": account_id,
        "ref": ref,
        "version": 1,
        "name": name,
        "is_customer": ref.startswith("C"),
        "is_vendor": ref.startswith("V"),
        "industry": "machinery",
        "domain": email.partition("@")[2],
        "email": email,
        "phone": "+49 30 5551000",
        "tax_id": "DE136695976",
        "street": "Am Werkhof 1",
        "postal_code": "07743",
        "city": city,
        "country": "DE",
        "owner_email": "mara@example.com",
        "currency": "EUR",
        "since": date(2020, 1, 1),
        "search_name": fold(name),
        "search_text": fold(f"{name} {ref} {email} {city}"),
    }


Deal = tuple[str, str, str | None, str, str, int, str, str]


def _opportunity_values(deal: Deal) -> dict[str, Any]:
    deal_id, account_id, contact_id, name, stage, minor, currency, close_on = deal
    ref = deal_id.replace("opp_", "OPP-")
    return {
        "tenant": ACME,
        "id": deal_id,
        "ref": ref,
        "account_id": account_id,
        "contact_id": contact_id,
        "version": 3,
        "name": name,
        "stage": stage,
        "amount_minor": minor,
        "currency": currency,
        "probability_percent": 50,
        "owner_email": "jon@example.com" if deal_id == "opp_3" else "mara@example.com",
        "close_on": date.fromisoformat(close_on),
        "created_at": datetime(2026, 7, 1, tzinfo=UTC),
        "reason": "price" if stage == "lost" else None,
        "search_name": fold(name),
        "search_text": fold(f"{name} {ref}"),
    }


def _rows_of(tenant: TenantId) -> list[tuple[type[Any], list[dict[str, Any]]]]:
    contacts = [
        {
            "id": contact_id,
            "account_id": account_id,
            "version": 1,
            "first_name": first,
            "last_name": last,
            "email": email,
            "phone": "+49 30 5552000",
            "job_title": "Buyer",
            "search_name": fold(f"{first} {last}"),
            "search_text": fold(f"{first} {last} {email}"),
        }
        for contact_id, account_id, first, last, email in CONTACTS
    ]
    opportunities = [_opportunity_values(deal) for deal in OPPORTUNITIES]
    activities = [
        {
            "id": activity_id,
            "account_id": account_id,
            "about_id": about_id,
            "kind": kind,
            "subject": subject,
            "note": note,
            "done_by": "mara@example.com",
            "happened_at": datetime(2026, 10, day, 8, tzinfo=UTC),
        }
        for activity_id, account_id, about_id, kind, subject, note, day in ACTIVITIES
    ]
    accounts = [_account_values(*account) for account in ACCOUNTS]
    return [
        (table, [{**row, "tenant": tenant} for row in rows])
        for table, rows in (
            (AccountRow, accounts),
            (ContactRow, contacts),
            (OpportunityRow, opportunities),
            (ActivityRow, activities),
        )
    ]


@pytest.fixture(params=ENGINES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    """Give an empty CRM database on every engine."""
    async with migrated(request.param, "crm", tmp_path, [CRM_MIGRATIONS]) as database:
        yield database


async def sql_crm(database: Database) -> CrmBackend:
    """Return the small CRM, the same for two tenants, in our own tables."""
    async with database.writing() as session:
        for tenant in (ACME, GLOBEX):
            for table, rows in _rows_of(tenant):
                await session.execute(insert(table), rows)
    return SqlCrm(database, clock=lambda: NOW)


Build = Callable[[Database], Awaitable[CrmBackend]]
BACKENDS = [pytest.param(sql_crm, id="sql")]


@pytest.fixture(params=BACKENDS)
async def crm(request: pytest.FixtureRequest, database: Database) -> CrmBackend:
    """Give the small CRM over every adapter; another adapter joins by joining BACKENDS."""
    build: Build = request.param
    return await build(database)


Add = Callable[[int, str], Awaitable[None]]


@pytest.fixture
def add_account(database: Database) -> Add:
    """Give a function that adds account `acc_<number>` of a name, as another process would."""

    async def add(number: int, name: str) -> None:
        email = f"{number}@new.example.com"
        row = _account_values(f"acc_{number:04d}", f"C-1{number:04d}", name, email, "Ulm")
        async with database.writing() as session:
            await session.execute(insert(AccountRow), [row])

    return add


@pytest.fixture
def add_opportunity(database: Database) -> Add:
    """Give a function that adds opportunity `opp_<number>` that closes on an ISO date."""

    async def add(number: int, close_on: str) -> None:
        deal = (f"opp_{number:04d}", "acc_metall", None, "Late", "won", 100, "EUR", close_on)
        async with database.writing() as session:
            await session.execute(insert(OpportunityRow), [_opportunity_values(deal)])

    return add


@pytest.fixture
def share_domain(database: Database) -> Callable[[str, str], Awaitable[None]]:
    """Give a function that gives an account a domain, as an import would that asks nobody."""

    async def share(account_id: str, domain: str) -> None:
        async with database.writing() as session:
            row = await session.get_one(AccountRow, (ACME, account_id))
            row.domain = domain

    return share


@pytest.fixture
def caller() -> Caller:
    """Give a caller of the first tenant."""
    return caller_of(ACME)
