"""The ERP over Tryton as far as no Tryton is needed: ids, cursors, tenants, settings."""

import inspect
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from erp.conftest import ACME, caller_of
from quiet_tryton import quiet_client
from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import DraftLine, InvoiceDraft, InvoiceId, OrderId, PartyId
from switchgear_erp.parties import PartyDraft
from switchgear_erp.tools import erp as tools
from switchgear_erp.trade import Fulfilment, OrderDraft, Payment, WantedLine
from switchgear_erp.tryton import TrytonErp
from switchgear_erp.tryton.amounts import exact, money, tax_percent
from switchgear_erp.tryton.ids import invoice_id, number_in, order_id, order_in, party_id
from switchgear_erp.tryton.order_records import OrderRecord
from switchgear_erp.tryton.orders import OrderSearch
from switchgear_erp.tryton.party_making import close_pattern, loose_pattern
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.errors import BackendRejectedError, InvalidRequestError, PolicyDeniedError
from switchgear_shared.runtime import new_host
from switchgear_shared.storage.http import JsonApi
from switchgear_shared.storage.tryton.client import TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of
from switchgear_shared.testing import settings_for

GLOBEX = TenantId("globex")
PORT = {
    name: method
    for name, method in vars(ErpBackend).items()
    if not name.startswith("_") and inspect.isfunction(method)
}
ARGUMENTS: dict[str, Any] = {
    "query": "x",
    "role": None,
    "limit": 1,
    "cursor": None,
    "kind": None,
    "state": None,
    "party_id": PartyId("party-1"),
    "since": None,
    "order_id": OrderId("sale-1"),
    "to": "quoted",
    "expected_version": None,
    "fulfilment": Fulfilment(),
    "lines": (WantedLine(sku="X", quantity=Decimal(1)),),
    "direction": None,
    "overdue": False,
    "invoice_id": InvoiceId("invoice-1"),
    "payment": Payment(),
    "document_id": "doc_1",
    "receipts": None,
    "as_of": None,
}
DRAFTS: dict[str, Any] = {
    "create_party": PartyDraft(name="Neu GmbH", roles=("vendor",)),
    "create_order": OrderDraft(
        kind="sale",
        party_id=PartyId("party-1"),
        lines=(WantedLine(sku="X", quantity=Decimal(1)),),
    ),
    "create_invoice": InvoiceDraft(
        direction="receivable",
        party_id=PartyId("party-1"),
        lines=(DraftLine(sku="X", quantity=Decimal(1)),),
    ),
}


async def _unheard(request: httpx2.Request) -> httpx2.Response:
    raise AssertionError(f"{request.url} was asked")


@pytest.fixture
def erp() -> TrytonErp:
    """An ERP whose Tryton must not be asked."""
    client = TrytonClient(
        JsonApi("Tryton", "http://127.0.0.1:1/erp", transport=httpx2.MockTransport(_unheard)),
        user="u",
        password=SecretStr("p"),
        key=SecretStr("k"),
        company=1,
    )
    return TrytonErp(client)


async def test_a_bank_account_that_is_not_kept_is_refused_before_anybody_is_asked() -> None:
    """What policies know of a call is looked up before they decide."""
    erp = TrytonErp(quiet_client({}), tenant=ACME)
    facts = tools.tools["erp_create_party"].facts
    assert facts is not None
    caller = caller_of(ACME)

    assert await facts(erp, caller, {"iban": None}) == {}
    with pytest.raises(BackendRejectedError) as refusal:
        await facts(erp, caller, {"iban": "DE89370400440532013000"})
    assert refusal.value.field == "iban"


async def test_a_bank_account_that_is_kept_is_for_policies_to_decide_on() -> None:
    facts = tools.tools["erp_create_party"].facts
    assert facts is not None
    asked = {"party.party.fields_get": {"bank_accounts_used": {"type": "many2many"}}}
    erp = TrytonErp(quiet_client(asked), tenant=ACME)

    assert await facts(erp, caller_of(ACME), {"iban": "DE89370400440532013000"}) == {}


def test_every_call_of_the_port_is_there_with_its_arguments() -> None:
    for name, method in PORT.items():
        own = inspect.signature(getattr(TrytonErp, name))
        assert own.parameters.keys() == inspect.signature(method).parameters.keys()


@pytest.mark.parametrize("name", PORT)
async def test_the_company_is_one_tenants(erp: TrytonErp, name: str) -> None:
    caller = Caller(
        principal_id="clerk",
        requested_by="clerk",
        tenant=GLOBEX,
        roles=(),
        correlation_id=CorrelationId("cor_1"),
    )
    known = {**ARGUMENTS, "draft": DRAFTS.get(name), "caller": caller}
    wanted = [*inspect.signature(PORT[name]).parameters][2:]

    with pytest.raises(PolicyDeniedError, match="another tenant"):
        await getattr(erp, name)(GLOBEX, **{key: known.get(key) for key in wanted})


async def test_a_tryton_that_is_not_named_whole_is_refused_at_the_start(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, erp_backend="tryton", tryton_url="http://127.0.0.1:1/erp")
    host, _ = new_host(settings)

    with pytest.raises(InvalidRequestError, match="tryton_user, tryton_password, tryton_key"):
        await host.open(["erp"])
    await host.close()


def test_ids_name_what_they_are_and_its_number() -> None:
    assert (party_id(3), invoice_id(5)) == ("party-3", "invoice-5")
    assert [order_id("sale", 12), order_id("purchase", 7)] == ["sale-12", "purchase-7"]
    assert (number_in("party", "party-3"), number_in("invoice", "invoice-5")) == (3, 5)
    assert (order_in("sale-12"), order_in("purchase-7")) == (("sale", 12), ("purchase", 7))


@pytest.mark.parametrize(
    "text",
    [
        *("", "sale", "sale-", "sale-x", "sale--1", "sale-01", "sale-1 ", "Sale-1", "sale-1.0"),
        *("sale-\u0661", "sale-" + "9" * 10, "party-1", "12", "ord_12", "sale-1,2"),
    ],
)
def test_a_text_that_is_no_id_of_an_order_is_none(text: str) -> None:
    assert order_in(text) is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "a" * 400,
        encode_cursor("erp.tryton.orders", ["2026-11-02T00:00:00+00:00", "sale", -1]),
        encode_cursor("erp.tryton.orders", ["2026-11-02T00:00:00+00:00", "sale", 2**31]),
        encode_cursor("erp.tryton.orders", ["2026-11-02T00:00:00", "sale", 1]),
        encode_cursor("erp.tryton.orders", ["never", "sale", 1]),
        encode_cursor("erp.tryton.invoices", ["2026-11-02T00:00:00+00:00", "sale", 1]),
    ],
)
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        keys_of("erp.tryton.orders", cursor, datetime, str, int)

    assert refused.value.field == "cursor"


def test_a_query_means_itself_and_the_beginning_of_an_id() -> None:
    def conditions(query: str) -> list[Any]:
        search = OrderSearch("sale", None, None, None, query)
        domain = search.domain("sale", 1)
        assert domain is not None
        return domain[-1][3:]

    literal = OrderSearch("sale", None, None, None, "5%_").domain("sale", 1)

    assert literal is not None
    assert literal[-1][1] == ["number", "ilike", "%5\\%\\_%"]
    assert conditions("SAL") == conditions("sale-") == [["id", ">", 0]]
    assert conditions("purchase-1") == conditions("x") == conditions("sale-0") == []
    spans = [(low[2], high[2]) for low, high in conditions("sale-21")]
    assert spans[:3] == [(21, 21), (210, 219), (2100, 2199)]
    assert spans[-1] == (2_100_000_000, 2**31 - 1)


def test_what_no_order_can_fulfil_is_not_asked_for() -> None:
    assert OrderSearch("sale", None, None, None, None).domain("purchase", 1) is None
    assert OrderSearch(None, None, "ord_1", None, None).domain("sale", 1) is None


def test_the_version_is_that_of_what_was_written_last() -> None:
    stamps = [{"_timestamp": "1795401538.690201"}, {"_timestamp": "1795401540.1"}]
    order = OrderRecord("sale", {"_timestamp": "1795401539.5", "lines": stamps})

    assert order.version == "1795401540.1"


def test_a_draft_without_a_number_or_a_day_has_its_id_and_the_day_it_was_made() -> None:
    made = datetime(2026, 11, 2, 23, 59, tzinfo=UTC)
    record = {"id": 4, "number": None, "sale_date": None, "create_date": made}
    order = OrderRecord("sale", record)

    assert (order.ref, order.ordered_on) == ("sale-4", date(2026, 11, 2))


def test_numbers_of_trytons_become_exact() -> None:
    assert money(Decimal("7.125"), "EUR").amount == Decimal("7.13")
    assert money(None, "JPY").amount == Decimal(0)
    assert [str(exact(number)) for number in (3.0, 0.1, Decimal("12.5000"), None)] == [
        "3",
        "0.1",
        "12.5",
        "0",
    ]
    taxes = [
        {"type": "percentage", "rate": Decimal("0.19")},
        {"type": "percentage", "rate": Decimal("-0.05")},
        {"type": "fixed", "rate": None},
    ]
    assert tax_percent(taxes) == Decimal(14)


NAMES = (
    "Müller & Söhne AG",
    "muller-sohne a.g.",
    "Mobil-Lager, Sachsen-Hagen",
    "Mahler & Sons AG",
    "Sahl & Moers AG",
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (loose_pattern, [*NAMES[:4]]),
        (close_pattern, [*NAMES[:2]]),
    ],
)
def test_a_new_party_is_looked_for_as_people_may_spell_it(
    pattern: Any, expected: list[str]
) -> None:
    """No spelling slips through the loose one; few other names fit the close one."""
    like = re.escape(pattern("Muller & Sohne AG")).replace("_", ".").replace("%", ".*")

    assert [one for one in NAMES if re.fullmatch(like, one.lower(), re.DOTALL)] == expected
