"""One rendering of outcomes as MCP tool results, for every wire."""

from typing import Any

import orjson

from switchgear_shared.calls.call import Outcome

CORRELATION_KEY = "io.switchgear/correlation-id"
ERROR_KEY = "io.switchgear/error"
UNTRUSTED_KEY = "io.switchgear/untrusted"


def to_tool_result(outcome: Outcome) -> dict[str, Any]:
    """Return the `CallToolResult` for an outcome, in its wire spelling.

    An error's text begins with `code: message` on a line of its own; the rest of the error body
    follows as JSON, since clients show only the text of a failed call to their model.
    """
    meta: dict[str, Any] = {CORRELATION_KEY: outcome.correlation_id}
    if outcome.error is not None:
        body = outcome.to_body()
        meta[ERROR_KEY] = body
        rest = {k: v for k, v in body.items() if k not in ("code", "message") and v is not None}
        text = f"{body['code']}: {body['message']}\n{orjson.dumps(rest).decode()}"
        return {"content": [{"type": "text", "text": text}], "isError": True, "_meta": meta}
    if outcome.is_untrusted:
        meta[UNTRUSTED_KEY] = True
    body = outcome.to_body()
    return {
        "content": [{"type": "text", "text": orjson.dumps(body).decode()}],
        "structuredContent": body,
        "isError": False,
        "_meta": meta,
    }
