"""An invoice arrives, the ERP dies in mid-posting, the process is killed: posted exactly once."""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from switchgear_shared.demo.claims import Claims
from switchgear_shared.demo.stage import Agent, Stage
from switchgear_shared.testing import until

_AGENTS = ("assistant", "finance", "operator")
_PATIENCE_S = 30.0


async def run(*, as_json: bool) -> int:
    """Run the story on a temporary data directory; return 0 only if every claim held."""
    claims = Claims(None if as_json else Console())
    with tempfile.TemporaryDirectory(prefix="switchgear-demo-") as folder:
        stage = Stage(Path(folder))
        try:
            await Story(stage, claims).tell()
        except TimeoutError:
            claims.check("the story reached its end", is_true=False, seen="timed out waiting")
        finally:
            await stage.stop()
    if as_json:
        typer.echo(json.dumps(claims.summary()))
    elif claims.console is not None:
        _close(claims, claims.console)
    return 0 if claims.are_true else 1


class Story:
    """The chapters, in order; each leaves the stage as the next one needs it."""

    def __init__(self, stage: Stage, claims: Claims) -> None:
        self._stage = stage
        self._claims = claims

    async def tell(self) -> None:
        """Tell it all."""
        claims, stage = self._claims, self._stage
        claims.chapter("A company goes to work: six MCP servers, six processes, one broker")
        samples_task = asyncio.create_task(stage.samples())
        await stage.start()
        samples = await samples_task
        claims.tell(f"ready: the registry answers on {stage.url}/mcp")
        async with stage.agents(_AGENTS) as agents:
            large, small = await self._submit(agents["assistant"], samples)
            approval = await self._wait_for_approval(agents, large, small)
            await self._die_in_mid_posting(agents, large, approval)
            await self._replay(agents, large, approval)
            await self._check_everything(agents, large, approval)
        await self._tamper(large)

    async def _submit(
        self, assistant: Agent, samples: Path
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        claims = self._claims
        claims.chapter("Two invoices arrive, brought by an agent over MCP")
        hits = await assistant.call("registry_search_tools", query="hand in a supplier invoice")
        names = [hit["name"] for hit in hits["items"]]
        claims.check("the agent finds the tool by asking", "documents_submit" in names, names[:3])
        large = await _submit(assistant, _sample(samples, "approval_*.ubl.xml"))
        small = await _submit(assistant, _sample(samples, "straight_through_*.facturx.pdf"))
        for what, receipt in (("UBL, 12,400 EUR", large), ("Factur-X PDF, 480 EUR", small)):
            claims.tell(f"{what}: {receipt['correlation_id']}")
        distinct = large["correlation_id"] != small["correlation_id"]
        claims.check("each has a correlation ID at once", distinct)
        return large, small

    async def _wait_for_approval(
        self, agents: Mapping[str, Agent], large: dict[str, Any], small: dict[str, Any]
    ) -> str:
        claims, assistant = self._claims, agents["assistant"]
        claims.chapter("Matched three ways; the large one waits for a person")
        filed = await self._until_state(assistant, small, "filed")
        claims.reached("the small one is posted straight through", seen=filed["record_uri"])
        process = await self._wait(lambda: _waiting(assistant, large))
        claims.reached("the large one waits for approval", seen=process["waits_for"])
        pid = await self._stage.kill("workflows")
        claims.tell(f"kill -9 {pid}: the workflows process is gone while it waits")
        await self._stage.launch("workflows")
        open_ = await agents["finance"].call("workflows_list_approvals")
        ids = [item["id"] for item in open_["items"]]
        claims.check("the approval survives", process["waits_for"] in ids)
        own = await assistant.call(
            "workflows_decide_approval", id=process["waits_for"], decision="approve"
        )
        claims.check("the requester cannot approve it", "error" in own, _code(own))
        return process["waits_for"]

    async def _die_in_mid_posting(
        self, agents: Mapping[str, Agent], large: dict[str, Any], approval: str
    ) -> None:
        claims, stage = self._claims, self._stage
        claims.chapter("Approved, and the ERP dies in the middle of posting")
        correlation_id = large["correlation_id"]
        with stage.held("erp"):
            granted = await agents["finance"].call(
                "workflows_decide_approval", id=approval, decision="approve", reason="as ordered"
            )
            claims.check("finance approves", granted.get("state") == "approved", _code(granted))
            await self._wait(lambda: self._intent(correlation_id))
            claims.tell("the ERP has recorded its intent to post and is inside the transaction")
            erp = await stage.kill("erp")
            workflows = await stage.kill("workflows")
        claims.tell(f"kill -9 {erp} (erp), kill -9 {workflows} (workflows)")
        states = self._posted(large)
        claims.check("nothing is half posted", not states["posted"] and not states["entries"])
        await stage.launch("workflows")
        claims.tell("workflows is back, the ERP is not: the step is retried, then set aside")
        letter = await self._wait(lambda: _dead_letter(agents["operator"], correlation_id))
        seen = f"{letter['consumer']}, {letter['attempts']} attempts, {letter['error_code']}"
        claims.reached("the event is a dead letter, not lost", seen=seen)
        claims.check(
            "the dead letter carries the correlation ID",
            letter["correlation_id"] == correlation_id,
        )

    async def _replay(
        self, agents: Mapping[str, Agent], large: dict[str, Any], approval: str
    ) -> None:
        claims, operator = self._claims, agents["operator"]
        claims.chapter("The ERP returns, the operator replays")
        await self._stage.launch("erp")
        letter = await _dead_letter(operator, large["correlation_id"])
        identifier = letter["id"] if letter else ""
        replayed = await operator.call("documents_replay_dead_letter", id=identifier)
        claims.check("replayed through a tool", replayed.get("changed"), identifier)
        filed = await self._until_state(agents["assistant"], large, "filed")
        claims.reached("the invoice is posted and filed", seen=filed["record_uri"])
        again = await operator.call("documents_replay_dead_letter", id=identifier)
        claims.check("replaying again changes nothing", again.get("changed") is False)
        approvals = self._stage.rows(
            "governance",
            "SELECT id, state FROM approvals WHERE correlation_id = ?",
            large["correlation_id"],
        )
        claims.check(
            "one approval was asked for, and it was used once",
            approvals == [{"id": approval, "state": "used"}],
        )

    async def _check_everything(
        self, agents: Mapping[str, Agent], large: dict[str, Any], approval: str
    ) -> None:
        claims, stage, assistant = self._claims, self._stage, agents["assistant"]
        claims.chapter("Read the tables and the trail")
        posted = self._posted(large)
        claims.check("the ERP has it posted exactly once", len(posted["posted"]) == 1, posted)
        claims.check("the ledger has one entry for it, in balance", posted["entries"] == [0])
        correlation_id = large["correlation_id"]
        for server, table in (("documents", "documents"), ("workflows", "processes")):
            rows = stage.rows(server, f"SELECT correlation_id FROM {table}")  # noqa: S608 - fixed names
            ids = [row["correlation_id"] for row in rows]
            claims.check(
                f"{server} knows it under one correlation ID", ids.count(correlation_id) == 1
            )
        claims.check(
            "the ERP's row carries the same ID",
            [row["correlation_id"] for row in self._invoices(large)] == [correlation_id],
        )
        trace = await assistant.call("documents_trace", correlation_id=correlation_id)
        steps = [step["what"] for step in trace["steps"]]
        whole = {
            "documents.document.received",
            "documents.document.classified",
            "documents.document.extracted",
            "documents.document.routed",
            "workflows.process.started",
            "governance.approval.requested",
            "governance.approval.decided",
            "erp.invoice.posted",
            "workflows.process.completed",
            "documents.document.filed",
        }
        claims.check("documents_trace shows every step", whole <= set(steps), f"{len(steps)} steps")
        claims.check("posting is in it once", steps.count("erp.invoice.posted") == 1)
        told = [step for step in trace["steps"] if step["detail"].get("approval_id") == approval]
        claims.check("the approval is in it", bool(told))
        same = await _submit(assistant, self._file)
        claims.check("the same file again is the same document", same["is_duplicate"])

    async def _tamper(self, large: dict[str, Any]) -> None:
        claims, stage = self._claims, self._stage
        claims.chapter("Trust, but verify")
        await stage.stop()
        code, output = await stage.command("audit", "verify", "--json")
        claims.check("the audit chain verifies", code == 0, f"{json.loads(output)['rows']} rows")
        row = stage.rows(
            "audit",
            "SELECT seq, body FROM audit_rows WHERE correlation_id = ? AND tool = ? "
            "AND kind = 'outcome' ORDER BY seq DESC LIMIT 1",
            large["correlation_id"],
            "erp_post_invoice",
        )[0]
        forged = row["body"].replace('"outcome":"ok"', '"outcome":"no"')
        stage.change("audit", "UPDATE audit_rows SET body = ? WHERE seq = ?", forged, row["seq"])
        claims.tell(f"somebody edits row {row['seq']} of the audit trail")
        code, output = await stage.command("audit", "verify", "--json")
        bad = json.loads(output)["first_bad"] or {}
        claims.check(
            "verify names the row", code == 1 and bad.get("seq") == row["seq"], bad.get("reason")
        )

    @property
    def _file(self) -> Path:
        return _sample(self._stage.folder / "samples", "approval_*.ubl.xml")

    def _invoices(self, receipt: dict[str, Any]) -> list[dict[str, Any]]:
        return self._stage.rows(
            "erp",
            "SELECT id, ref, state, correlation_id FROM invoices WHERE document_id = ?",
            receipt["id"],
        )

    def _posted(self, receipt: dict[str, Any]) -> dict[str, Any]:
        """Return the refs posted for a document, and the balance of each of their entries."""
        invoices = self._invoices(receipt)
        balances = self._stage.rows(
            "erp",
            "SELECT sum(l.minor) AS balance FROM journal_entries e JOIN journal_lines l "
            "ON l.entry_id = e.id JOIN invoices i ON i.id = e.invoice_id "
            "WHERE i.document_id = ? GROUP BY e.id",
            receipt["id"],
        )
        return {
            "posted": [row["ref"] for row in invoices if row["state"] == "posted"],
            "entries": [row["balance"] for row in balances],
        }

    async def _intent(self, correlation_id: str) -> bool | None:
        rows = self._stage.rows(
            "audit",
            "SELECT kind FROM audit_rows WHERE correlation_id = ? AND tool = 'erp_post_invoice'",
            correlation_id,
        )
        kinds = [row["kind"] for row in rows]
        return True if kinds.count("intent") > kinds.count("outcome") else None

    async def _until_state(
        self, agent: Agent, receipt: dict[str, Any], state: str
    ) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            status = await agent.call("documents_get_status", document_id=receipt["id"])
            return status if status.get("state") == state else None

        return await self._wait(look)

    async def _wait(self, look: Callable[[], Awaitable[Any]]) -> Any:
        return await until(look, timeout_s=_PATIENCE_S, every_s=0.1)


def _sample(folder: Path, pattern: str) -> Path:
    return next(folder.glob(pattern))


async def _submit(agent: Agent, file: Path) -> dict[str, Any]:
    content = base64.b64encode(await asyncio.to_thread(file.read_bytes)).decode()
    return await agent.call("documents_submit", name=file.name, content=content)


async def _waiting(agent: Agent, receipt: dict[str, Any]) -> dict[str, Any] | None:
    process = await agent.call("workflows_get", correlation_id=receipt["correlation_id"])
    return process if process.get("state") == "waiting_approval" else None


async def _dead_letter(agent: Agent, correlation_id: str) -> dict[str, Any] | None:
    page = await agent.call("documents_list_dead_letters", limit=50)
    return next((i for i in page.get("items", []) if i["correlation_id"] == correlation_id), None)


def _code(answer: dict[str, Any]) -> str:
    return str(answer.get("error") or answer.get("state") or "").splitlines()[0]


def _close(claims: Claims, console: Console) -> None:
    failed = [claim for claim in claims.made if not claim.is_true]
    seconds = claims.summary()["seconds"]
    console.print()
    if failed:
        console.print(f"[bold red]{len(failed)} of {len(claims.made)} claims failed[/]")
    else:
        console.print(
            f"[bold green]All {len(claims.made)} claims held[/] in {seconds} s: one invoice, two "
            "kills, one posting, one correlation ID, one chain."
        )
