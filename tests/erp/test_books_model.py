"""Whatever calls come in whatever order: the books balance, and a call repeated does nothing."""

import asyncio
from collections import Counter
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import insert, select, text

from switchgear_erp.tables import (
    EntryLineRow,
    FulfilmentLineRow,
    FulfilmentRow,
    InvoiceRow,
    OrderLineRow,
    PartyRow,
    PaymentRow,
    ProductRow,
)
from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.values import DEFAULT_TENANT, new_correlation_id
from switchgear_shared.governance.agents import DEFAULT_AGENTS
from switchgear_shared.runtime import new_host
from switchgear_shared.storage.database import Database
from switchgear_shared.testing import settings_for

PARTNER = "pty_both"
SKUS = ("A-1", "B-2")
MOST_ORDERS = 5
CALLER = next(agent.principal for agent in DEFAULT_AGENTS if agent.id == "workflows")
FORESEEN = {"conflict", "invalid_request"}
PICK = st.integers(min_value=0, max_value=99)
QUANTITY = st.sampled_from(["1", "2", "0.5", "7"])
PRICE = st.sampled_from(["0.05", "3.33", "19.99", "40"])
STATE = st.sampled_from(["quoted", "confirmed", "processed", "cancelled"])


async def fill(database: Database) -> None:
    """Add one party that buys and sells, and two products."""
    party = {"id": PARTNER, "ref": "P-1", "name": "Both KG", "country": "DE", "currency": "EUR"}
    terms = {"is_customer": True, "is_vendor": True, "payment_days": 14, "tax_percent": None}
    limit = {"credit_limit_minor": 100_000}
    products = [
        {
            "tenant": DEFAULT_TENANT,
            "id": f"prd_{sku}",
            "sku": sku,
            "name": sku,
            "unit": "C62",
            "currency": "EUR",
            "price_minor": 1_999,
            "cost_minor": 1_001,
            "tax_percent": Decimal(tax),
        }
        for sku, tax in zip(SKUS, (19, 7), strict=True)
    ]
    async with database.writing() as session:
        await session.execute(
            insert(PartyRow), [{"tenant": DEFAULT_TENANT, **party, **terms, **limit}]
        )
        await session.execute(insert(ProductRow), products)


class Books(RuleBasedStateMachine):
    """An ERP behind its whole pipeline; rules call tools, invariants read the tables."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.loop = asyncio.Runner()
        data = Path(self.folder.name)
        (data / "all.cedar").write_text('@id("all") permit (principal, action, resource);')
        self.host, _ = new_host(settings_for(data, rate_limit="100000/minute", policies=data))
        self.loop.run(self.host.open(["erp"]))
        database = self.host.servers["erp"].part.database
        assert database is not None
        self.database = database
        self.loop.run(fill(self.database))
        self.orders: list[tuple[str, str]] = []
        self.invoices: list[str] = []
        self.done: list[tuple[str, dict[str, Any], dict[str, Any]]] = []

    def dispatch(self, tool: str, arguments: dict[str, Any]) -> Outcome:
        request = Request(
            server="erp",
            tool=tool,
            arguments=arguments,
            principal=CALLER,
            correlation_id=new_correlation_id(),
        )
        return self.loop.run(self.host.switchboard.dispatch(request))

    def call(self, tool: str, **arguments: Any) -> dict[str, Any] | None:
        """Return what a write answers, None where it is refused for a reason we know."""
        keyed = {**arguments, "idempotency_key": f"key-{len(self.done)}"}
        outcome = self.dispatch(tool, keyed)
        if outcome.error is not None:
            assert outcome.error.code in FORESEEN, outcome.error
            return None
        answer = outcome.unwrap()
        self.done.append((tool, keyed, answer))
        return answer

    @initialize(price=PRICE)
    def begin(self, price: str) -> None:
        for kind in ("sale", "purchase"):
            self.take(kind, "7", price, is_confirmed=True)

    @precondition(lambda self: len(self.orders) < MOST_ORDERS)
    @rule(
        kind=st.sampled_from(["sale", "purchase"]),
        quantity=QUANTITY,
        price=PRICE,
        is_confirmed=st.booleans(),
    )
    def take(self, kind: str, quantity: str, price: str, *, is_confirmed: bool) -> None:
        lines = [{"sku": sku, "quantity": quantity, "unit_price": price} for sku in SKUS]
        made = self.call("erp_create_order", kind=kind, party_id=PARTNER, lines=lines)
        assert made is not None
        self.orders.append((made["id"], kind))
        for state in ("quoted", "confirmed") if is_confirmed else ():
            self.call("erp_advance_order", order_id=made["id"], to=state)

    @precondition(lambda self: self.orders)
    @rule(pick=PICK, to=STATE)
    def advance(self, pick: int, to: str) -> None:
        order_id, _ = self.orders[pick % len(self.orders)]
        self.call("erp_advance_order", order_id=order_id, to=to)

    @precondition(lambda self: self.orders)
    @rule(pick=PICK, number=st.sampled_from([1, 2]), quantity=QUANTITY, is_all=st.booleans())
    def fulfil(self, pick: int, number: int, quantity: str, *, is_all: bool) -> None:
        order_id, _ = self.orders[pick % len(self.orders)]
        lines = {} if is_all else {"lines": [{"number": number, "quantity": quantity}]}
        self.call("erp_fulfil_order", order_id=order_id, **lines)

    @precondition(lambda self: self.orders)
    @rule(pick=PICK, quantity=QUANTITY, is_all=st.booleans(), then=st.integers(0, 2))
    def bill(self, pick: int, quantity: str, *, is_all: bool, then: int) -> None:
        order_id, kind = self.orders[pick % len(self.orders)]
        ref = {"external_ref": f"V-{len(self.done)}"} if kind == "purchase" else {}
        lines = {} if is_all else {"lines": [{"sku": SKUS[0], "quantity": quantity}]}
        made = self.call(
            "erp_create_invoice",
            direction="receivable" if kind == "sale" else "payable",
            party_id=PARTNER,
            order_id=order_id,
            **ref,
            **lines,
        )
        if made is not None:
            self.invoices.append(made["id"])
            for tool in ("erp_post_invoice", "erp_record_payment")[:then]:
                amount = {"amount": "0.01"} if tool == "erp_record_payment" else {}
                self.call(tool, invoice_id=made["id"], **amount)

    @precondition(lambda self: self.invoices)
    @rule(pick=PICK)
    def post(self, pick: int) -> None:
        self.call("erp_post_invoice", invoice_id=self.invoices[pick % len(self.invoices)])

    @precondition(lambda self: self.invoices)
    @rule(pick=PICK, amount=st.sampled_from([None, "0.01", "5", "33.33"]))
    def pay(self, pick: int, amount: str | None) -> None:
        invoice_id = self.invoices[pick % len(self.invoices)]
        paid = {} if amount is None else {"amount": amount}
        self.call("erp_record_payment", invoice_id=invoice_id, **paid)

    @precondition(lambda self: self.done)
    @rule(pick=PICK)
    def repeat(self, pick: int) -> None:
        tool, arguments, answer = self.done[pick % len(self.done)]
        before = self.loop.run(self.counts())

        again = self.dispatch(tool, arguments).unwrap()

        assert again == {**answer, "replayed": True}
        assert self.loop.run(self.counts()) == before

    async def counts(self) -> list[Any]:
        """Return how many rows there are, and how often orders and invoices were changed."""
        queries = (
            "SELECT count(*), sum(version) FROM orders",
            "SELECT count(*), sum(version) FROM invoices",
            "SELECT count(*), sum(quantity) FROM fulfilment_lines",
            "SELECT count(*), sum(minor) FROM payments",
            "SELECT count(*), sum(minor) FROM journal_lines",
            "SELECT count(*), sum(id) FROM outbox",
        )
        async with self.database.reading() as session:
            return [tuple((await session.execute(text(query))).one()) for query in queries]

    @invariant()
    def balances(self) -> None:
        self.loop.run(self.check_books())

    @invariant()
    def delivers_and_bills_no_more_than_was_ordered(self) -> None:
        self.loop.run(self.check_orders())

    async def check_books(self) -> None:
        async with self.database.reading() as session:
            sides = (await session.scalars(select(EntryLineRow))).all()
            invoices = (await session.scalars(select(InvoiceRow))).all()
            payments = (await session.scalars(select(PaymentRow))).all()
        entries: Counter[str] = Counter()
        accounts: Counter[str] = Counter()
        for side in sides:
            entries[side.entry_id] += side.minor
            accounts[side.account] += side.minor
        assert set(entries.values()) <= {0}
        open_minor: Counter[str] = Counter()
        numbers: dict[str, list[int]] = {}
        for invoice in invoices:
            if invoice.ref is not None:
                left = invoice.net_minor + invoice.tax_minor - invoice.paid_minor
                assert left >= 0
                assert (left == 0) == (invoice.state == "paid")
                open_minor[invoice.direction] += left
                series, number = invoice.ref.rsplit("-", 1)
                numbers.setdefault(series, []).append(int(number))
        assert accounts["1200"] == open_minor["receivable"]
        assert accounts["2000"] == -open_minor["payable"]
        for given in numbers.values():
            assert sorted(given) == list(range(1, len(given) + 1))
        assert sum(one.minor for one in payments) == sum(one.paid_minor for one in invoices)

    async def check_orders(self) -> None:
        async with self.database.reading() as session:
            lines = (await session.scalars(select(OrderLineRow))).all()
            moved = await session.execute(
                select(FulfilmentRow.order_id, FulfilmentLineRow).join(
                    FulfilmentLineRow, FulfilmentLineRow.fulfilment_id == FulfilmentRow.id
                )
            )
            total: dict[tuple[str, int], Decimal] = {}
            for order_id, line in moved:
                key = (order_id, line.number)
                total[key] = total.get(key, Decimal(0)) + line.quantity
        for line in lines:
            assert line.fulfilled == total.get((line.order_id, line.number), 0) <= line.quantity
            assert line.invoiced <= line.quantity

    def teardown(self) -> None:
        self.loop.run(self.host.close())
        self.loop.close()
        self.folder.cleanup()


TestBooks = Books.TestCase
TestBooks.settings = settings(
    max_examples=8,
    stateful_step_count=30,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a long history shrinks for minutes
)
