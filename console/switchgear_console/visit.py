"""One request of somebody who is signed in, and the governed calls it makes as them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from switchgear_console.forms import Form, new_key
from switchgear_console.pages import PREFIX, Pages
from switchgear_console.sessions import Session
from switchgear_shared.calls.call import Dispatcher
from switchgear_shared.calls.call import Request as ToolRequest
from switchgear_shared.contracts.values import CorrelationId, new_correlation_id
from switchgear_shared.errors import ConflictError, SwitchgearError

Answer = dict[str, Any]
_REF_CHARS = 80
_SENT_BEFORE = "this form was sent before and done as it was then; what was changed since was not"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a room is given."""

    request: Request
    session: Session
    form: Form
    pages: Pages
    dispatcher: Dispatcher
    timeout_s: float
    correlation_id: CorrelationId = field(default_factory=new_correlation_id)

    @property
    def path(self) -> str:
        """Where the page stands below the console."""
        return self.request.url.path.removeprefix(PREFIX)

    def part(self, name: str) -> str:
        """Return a variable of the path."""
        return str(self.request.path_params[name])

    async def read(self, tool: str, **arguments: Any) -> Answer:
        """Return what a tool answers; raises the error it answers with."""
        outcome = await self.dispatcher.dispatch(
            ToolRequest(
                server=tool.split("_", 1)[0],
                tool=tool,
                arguments=arguments,
                principal=self.session.principal,
                correlation_id=self.correlation_id,
                transport="http",
                timeout_s=self.timeout_s,
            )
        )
        return outcome.unwrap()

    async def write(self, tool: str, purpose: str, **arguments: Any) -> Answer:
        """Call a tool that changes records, under the form's key: a form sent twice is done once.

        `purpose` tells the buttons of one form apart.
        """
        key = f"{self.form.key}-{purpose}"
        try:
            return await self.read(tool, idempotency_key=key, **arguments)
        except ConflictError as error:
            if error.field != "idempotency_key":
                raise
            raise ConflictError(_SENT_BEFORE) from error

    def next_key(self, error: SwitchgearError | None = None) -> str:
        """Return the key for the form that is shown next.

        Where nobody knows whether the last one was done it is the same again.
        """
        is_unknown = error is not None and error.outcome == "unknown"
        return self.form.key if is_unknown else new_key()

    @staticmethod
    def telling(done: str, ref: str) -> str:
        """Return the part of a query by which the next page tells what was done."""
        return urlencode({"done": done, "ref": ref[:_REF_CHARS]})

    def told(self, words: Mapping[str, str]) -> str | None:
        """Return what the page before told, in words of ours."""
        query = self.request.query_params
        done = words.get(query.get("done", ""))
        return f"{done}: {query.get('ref', '')[:_REF_CHARS]}" if done else None

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page for who is signed in."""
        return self.pages.answer(template, self.session, status=status, path=self.path, **values)
