"""The tools through which agents discover and call all the others."""

from typing import Annotated, Any

from pydantic import Field

from switchgear_registry.backend import RegistryBackend
from switchgear_registry.models import Health, Servers, ToolAnswer, ToolDetails, ToolHits
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.toolset import ResourceBody, Toolset

registry = Toolset[RegistryBackend]()

Name = Annotated[str, Field(max_length=64, description="`name` from registry_search_tools.")]


@registry.read(permission="registry.tool.read", cost="light")
async def registry_search_tools(
    backend: RegistryBackend,
    caller: Caller,
    query: Annotated[
        str, Field(min_length=1, max_length=400, description="What you want to do, in your words.")
    ],
    server: Annotated[
        str | None, Field(max_length=64, description="Only this one, from registry_list_servers.")
    ] = None,
    limit: Annotated[int, Field(ge=1, le=20, description="Most tools to return.")] = 5,
) -> ToolHits:
    """Find tools by what you want to do, among those you may call.

    Start here. Then registry_describe_tool for the schema and registry_call_tool to call.
    No items means nothing fits: say it in other words, or take it as not possible. Never fails.
    """
    return await backend.search(caller, query, server=server, limit=limit)


@registry.read(permission="registry.tool.read", cost="light")
async def registry_describe_tool(
    backend: RegistryBackend, caller: Caller, name: Name
) -> ToolDetails:
    """Get one tool's description and input schema.

    Use before the first call of a tool. Fails with not_found if you may not call it.
    """
    return await backend.describe(caller, name)


@registry.forward(permission="registry.tool.call")
async def registry_call_tool(
    backend: RegistryBackend,
    caller: Caller,
    name: Name,
    arguments: Annotated[
        dict[str, Any], Field(description="As the input schema of registry_describe_tool says.")
    ],
) -> ToolAnswer:
    """Call a tool of any server by name; answers what that tool answers.

    Use for a tool that is not listed here by its own name. For a write, pass an idempotency_key in
    `arguments` so that repeating it is safe. Fails with not_found for a tool you may not call, else
    as the tool itself does.
    """
    return await backend.call(caller, name, arguments)


@registry.read(permission="registry.server.read", cost="light")
async def registry_list_servers(backend: RegistryBackend, caller: Caller) -> Servers:
    """List the servers of this suite and whether they are up.

    Use to narrow registry_search_tools. Never fails.
    """
    return await backend.list_servers(caller)


@registry.read(permission="registry.server.read")
async def registry_check_health(backend: RegistryBackend, caller: Caller) -> Health:
    """Ask every server for its health now, with its latency.

    Use after backend_unavailable or circuit_open. Never fails: a server that is down says so.
    """
    return await backend.check_health(caller)


@registry.resource(
    "registry://audit",
    permission="registry.audit.read",
    mime_type="application/json",
    name="registry_audit",
)
async def read_audit_end(backend: RegistryBackend, caller: Caller) -> ResourceBody:
    """Tell where the audit chain ends, how far it is signed, and whether its ends agree."""
    end = await backend.audit_end(caller)
    return ResourceBody(text=end.model_dump_json())


@registry.prompt("find_a_tool")
def find_a_tool(
    task: Annotated[str, Field(description="What should be done.")],
) -> str:
    """Find and call the right tool for a task."""
    return (
        f"Task: {task}\nSearch with registry_search_tools, read registry_describe_tool of the "
        "best hit, then call it with registry_call_tool. If nothing fits, say so."
    )
