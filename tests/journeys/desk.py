"""A desk in the running suite: parties with real clients, documents to hand in, books to read."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from switchgear_documents.commands import spec_of
from switchgear_documents.samples import InvoiceSpec, to_ubl
from switchgear_shared.demo_company import demo_company, sample_invoices, small_invoices
from switchgear_shared.part import installed_servers
from switchgear_shared.serving import hosting
from switchgear_shared.testing import Running, running, settings_for, until
from switchgear_shared.transports.results import CORRELATION_KEY, ERROR_KEY

PARTIES = ("assistant", "back-office", "clerk", "finance", "operator")
ENDS = ("filed", "rejected", "in_review")
PATIENCE_S = 30.0

Answer = dict[str, Any]


@dataclass(frozen=True)
class Desk:
    """What people and agents see of one suite; every word goes through MCP or REST."""

    running: Running
    clients: Mapping[str, Client]
    http: httpx2.AsyncClient
    """Over HTTP as the assistant."""

    async def ask(self, tool: str, *, by: str = "assistant", **arguments: Any) -> Answer:
        """Return the structured answer of a call that must succeed."""
        result = await self.clients[by].call_tool(tool, arguments)
        assert not result.is_error, result.content
        return result.structured_content or {}

    async def refusal(self, tool: str, *, by: str = "assistant", **arguments: Any) -> Answer:
        """Return the code, message and field of a call that must fail."""
        result = await self.clients[by].call_tool(tool, arguments)
        assert result.is_error, result.structured_content
        body = (result.meta or {})[ERROR_KEY]
        text = getattr(result.content[0], "text", "")
        assert text.startswith(f"{body['code']}: {body['message']}\n")
        return {name: body[name] for name in ("code", "message", "field")}

    async def submit(
        self, content: bytes, name: str = "invoice.xml", *, by: str = "assistant", **more: Any
    ) -> Answer:
        """Hand a document in over MCP; return its receipt."""
        encoded = base64.b64encode(content).decode()
        return await self.ask("documents_submit", by=by, name=name, content=encoded, **more)

    async def status(self, receipt: Answer) -> Answer:
        """Return where the document is."""
        return await self.ask("documents_get_status", document_id=receipt["id"])

    async def until(self, receipt: Answer, *states: str) -> Answer:
        """Return the document's status once it is in one of `states`, by default at an end."""

        async def look() -> Answer | None:
            seen = await self.status(receipt)
            return seen if seen["state"] in (states or ENDS) else None

        return await until(look, timeout_s=PATIENCE_S)

    async def process(self, receipt: Answer, *states: str) -> Answer:
        """Return the document's process once it is in one of `states`."""

        async def look() -> Answer | None:
            page = await self.ask("workflows_list", limit=50)
            for row in page["items"]:
                if row["document_id"] == receipt["id"] and (not states or row["state"] in states):
                    return await self.ask("workflows_get", id=row["id"])
            return None

        return await until(look, timeout_s=PATIENCE_S)

    async def review(self, receipt: Answer) -> Answer:
        """Return the review that the document waits for, once it does."""
        status = await self.until(receipt, "in_review")
        pages: Answer = {"cursor": None}
        while True:
            page = await self.ask("documents_list_reviews", limit=50, **pages)
            for item in page["items"]:
                if item["id"] == status["open_review_id"]:
                    return item
            pages = {"cursor": page["next_cursor"]}
            assert pages["cursor"], status

    async def decide(self, review: Answer, decision: str, **more: Any) -> Answer:
        """Decide a review as the clerk."""
        return await self.ask(
            "documents_decide_review",
            by="clerk",
            review_id=review["id"],
            decision=decision,
            **more,
        )

    async def booked(self, number: str) -> list[tuple[str, str]]:
        """Return state and gross of every invoice in the ERP with this vendor's number."""
        page = await self.ask("erp_list_invoices", query=number, limit=50)
        return [
            (row["state"], f"{row['gross']['amount']} {row['gross']['currency']}")
            for row in page["items"]
            if row["external_ref"] == number
        ]

    async def dead_letters(self) -> list[Answer]:
        """Return every dead letter there is."""
        page = await self.ask("documents_list_dead_letters", by="operator", limit=50)
        return page["items"]

    async def trace(self, receipt: Answer) -> list[Answer]:
        """Return every step under the document's correlation ID."""
        answer = await self.ask("documents_trace", correlation_id=receipt["correlation_id"])
        return answer["steps"]

    @asynccontextmanager
    async def direct(self, server: str, *, by: str = "assistant") -> AsyncGenerator[Client]:
        """Give a client of one server, the registry not in between."""
        url = f"{self.running.url}/{server}/mcp"
        async with (
            httpx2.AsyncClient(headers=await self.headers(by), timeout=PATIENCE_S) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            yield client

    async def headers(self, agent: str = "assistant") -> dict[str, str]:
        """Return the HTTP header that shows who `agent` is."""
        return {"Authorization": f"Bearer {await self.running.token(agent)}"}

    def stored(self) -> list[str]:
        """Return the names of all files that the document store holds, finished or not."""
        root = self.running.host.settings.data / "documents"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


class Samples:
    """Invoices that match purchase orders of the demo company, each given out once."""

    def __init__(self) -> None:
        company = demo_company()
        self._cases = {invoice.case: invoice for invoice in sample_invoices(company)}
        self._small = list(small_invoices(company))

    def case(self, name: str) -> InvoiceSpec:
        """Return one of the named cases."""
        return spec_of(self._cases[name])

    def small(self) -> InvoiceSpec:
        """Return a small invoice that nobody else was given: it posts straight through."""
        return self._first(lambda _: True)

    def small_below(self, gross: int) -> InvoiceSpec:
        """Return the next small invoice that comes to less than `gross`."""
        return self._first(lambda spec: spec.gross < gross)

    def small_from(self, gross: int) -> InvoiceSpec:
        """Return the next small invoice that comes to `gross` or more."""
        return self._first(lambda spec: spec.gross >= gross)

    def _first(self, is_wanted: Callable[[InvoiceSpec], bool]) -> InvoiceSpec:
        """Take the first that fits; those passed over are left for others."""
        place = next(i for i, one in enumerate(self._small) if is_wanted(spec_of(one)))
        return spec_of(self._small.pop(place))


def gross_of(spec: InvoiceSpec) -> str:
    """Return what the invoice comes to, as `Desk.booked` writes it."""
    return f"{spec.gross} {spec.currency}"


def changed(spec: InvoiceSpec, *edits: tuple[str, str]) -> bytes:
    """Return the invoice as UBL with each text put in the place of another that must be there."""
    text = to_ubl(spec).decode()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def off_by_one(spec: InvoiceSpec) -> bytes:
    """Return the invoice as UBL with a gross total that does not add up."""
    pattern = r"(<cbc:(?:TaxInclusive|Payable)Amount[^>]*>)[^<]+<"
    return re.sub(pattern, rf"\g<1>{spec.gross + 1}<", to_ubl(spec).decode()).encode()


async def prepare(data: Path) -> None:
    """Fill a data directory with the demo company; no broker is started."""
    async with hosting(settings_for(data), installed_servers(), demo_data=True):
        pass


@asynccontextmanager
async def opened(
    data: Path, *, names: Iterable[str] | None = None, **changes: Any
) -> AsyncGenerator[Desk]:
    """Run the suite on a data directory until the block ends.

    A task of its own holds it: fixtures are set up and torn down in different ones.
    """
    ready: asyncio.Future[Desk] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def hold() -> None:
        try:
            async with _serving(data, names or installed_servers(), changes) as desk:
                ready.set_result(desk)
                await over.wait()
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    holding = asyncio.create_task(hold(), name="desk")
    try:
        yield await ready
    finally:
        over.set()
        await holding


@asynccontextmanager
async def _serving(
    data: Path, names: Iterable[str], changes: Mapping[str, Any]
) -> AsyncGenerator[Desk]:
    settings = settings_for(data, **{"rate_limit": "100000/minute", **changes})
    async with AsyncExitStack() as stack:
        suite = await stack.enter_async_context(running(settings, names))

        async def http_of(agent: str) -> httpx2.AsyncClient:
            headers = {"Authorization": f"Bearer {await suite.token(agent)}"}
            client = httpx2.AsyncClient(base_url=suite.url, headers=headers, timeout=PATIENCE_S)
            return await stack.enter_async_context(client)

        clients: dict[str, Client] = {}
        for agent in PARTIES:
            transport = streamable_http_client(f"{suite.url}/mcp", http_client=await http_of(agent))
            clients[agent] = await stack.enter_async_context(Client(transport))
        yield Desk(suite, clients, await http_of("assistant"))


def copied(template: Path, folder: Path) -> Path:
    """Return a data directory of one's own with the demo company in it."""
    return shutil.copytree(template, folder / "data")


def correlation(identifier: str) -> dict[str, Any]:
    """Return the `_meta` of a call that belongs to a piece of work."""
    return {CORRELATION_KEY: identifier}
