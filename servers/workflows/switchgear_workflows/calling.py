"""How the steps of a process call tools: in the process's name, each effect under its own key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from switchgear_shared.calls.client import ToolClient
from switchgear_shared.errors import BackendUnavailableError, NotFoundError, SwitchgearError
from switchgear_workflows.process import Work

_TAINT = frozenset({"untrusted-document"})


@dataclass(frozen=True, slots=True)
class ProcessTools:
    """Other servers' tools, called for one process at a time.

    A refusal that does not tell whether an earlier attempt was done is not passed on as a
    refusal: the step is tried again and finds out.
    """

    client: ToolClient

    async def read(self, work: Work, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer of a tool that changes nothing."""
        return await self._call(work, tool, arguments)

    async def write(self, work: Work, tool: str, *, key: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer of a write under `key`; what a document says marks it as tainted.

        While the work is settled nothing is done: a write that was is answered, one that was not
        is a NotFoundError.
        """
        if work.settling is None:
            return await self._call(work, tool, arguments, key=key)
        try:
            answer = await self._call(work, tool, arguments, key=key)
        except NotFoundError:
            work.settling.not_done += 1
            raise
        work.settling.done += 1
        return answer

    async def _call(
        self, work: Work, tool: str, arguments: Mapping[str, Any], *, key: str | None = None
    ) -> dict[str, Any]:
        is_tainted = key is not None and work.document_id is not None
        try:
            return await self.client.call(
                tool,
                {name: value for name, value in arguments.items() if value is not None},
                tenant=work.tenant,
                requested_by=work.requested_by,
                correlation_id=work.correlation_id,
                traceparent=work.traceparent,
                idempotency_key=key,
                taint=_TAINT if is_tainted else frozenset(),
                is_settling=key is not None and work.settling is not None,
            )
        except SwitchgearError as error:
            if error.outcome == "unknown" and not error.retryable:
                raise BackendUnavailableError(
                    f"the outcome of {tool} is not known: {error.message}", outcome="unknown"
                ) from error
            raise
