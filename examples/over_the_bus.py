"""A program of your own on the bus: ask a server for a tool call, and read the trail of it.

It runs on the machine of the suite, with the suite's settings: it signs who it calls for.

.venv/bin/python examples/over_the_bus.py inventory_get_stock '{"sku": "TMP-1008"}'
"""
# ruff: noqa: INP001, T201 - a script that talks to a person

import asyncio
import json
import sys
from typing import Any

from switchgear_shared.calls.client import ToolClient
from switchgear_shared.contracts.values import CorrelationId, new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.serving import hosting
from switchgear_shared.settings import Settings

PARTY = "operator"
PATIENCE_S = 10


async def ask(tool: str, arguments: dict[str, Any]) -> None:
    """Print the answer of the server that has `tool`, and the correlation ID to trace it by."""
    correlation_id: CorrelationId = new_correlation_id()
    async with hosting(Settings(), ()) as (host, _):  # no server of its own: all are elsewhere
        await host.bus.connect()
        party = (await host.agents.get(PARTY)).principal
        client = ToolClient(host.remote, party, PATIENCE_S)
        try:
            answer = await client.call(
                tool,
                arguments,
                tenant=party.tenant,
                requested_by=PARTY,
                correlation_id=correlation_id,
            )
        except SwitchgearError as error:
            sys.exit(f"{error.code}: {error.message} ({error.outcome})")
        finally:
            await host.bus.close()
    print(json.dumps(answer, indent=2))
    print(f"correlation {correlation_id}: switchgear documents trace {correlation_id}")


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004 - the script, a tool, its arguments
        sys.exit(__doc__)
    asyncio.run(ask(sys.argv[1], json.loads(sys.argv[2])))
