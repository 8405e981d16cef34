"""The composition root of the registry."""

from importlib.metadata import version

from switchgear_registry.catalogue import Catalogue
from switchgear_registry.directory import Directory
from switchgear_registry.forwarding import Forwarding
from switchgear_registry.front import RegistryFront
from switchgear_registry.listing import Listing
from switchgear_registry.oauth import OAuth
from switchgear_registry.tools import registry
from switchgear_shared.calls.pipeline import Pipeline
from switchgear_shared.part import AUDIENCE, Context, Part, installed_servers

INSTRUCTIONS = (
    "The way to all servers of this suite: find a tool with registry_search_tools, read its schema "
    "with registry_describe_tool, call it with registry_call_tool, or call it by its own name "
    "where it is listed. What you may not call, you are not shown."
)


def build(context: Context) -> Part:
    """Return the registry over the tools of every installed server."""
    names = list(installed_servers())
    release = version("switchgear-registry")
    catalogue = Catalogue(
        context.switchboard, context.remote, context.policies, names, own="registry"
    )
    forwarding = Forwarding(catalogue, context.switchboard)

    def front(pipeline: Pipeline) -> RegistryFront:
        return RegistryFront(
            pipeline,
            title="Switchgear registry",
            version=release,
            instructions=INSTRUCTIONS,
            catalogue=catalogue,
            forwarding=forwarding,
            direct_tools=context.settings.direct_tools,
        )

    paths = [
        f"{prefix}{path}"
        for prefix in ("", *(f"/{name}" for name in names))
        for path in ("/mcp", "/sse")
    ]
    oauth = OAuth(
        context.agents,
        context.tokens,
        public_url=context.public_url,
        audience=AUDIENCE,
        paths=[*paths, "/api", "/metrics"],
    )
    listing = Listing(names, public_url=context.public_url, version=release)
    return Part(
        name="registry",
        title="Switchgear registry",
        instructions=INSTRUCTIONS,
        toolset=registry,
        backend=Directory(catalogue, forwarding, context.trail),
        backend_name="catalogue",
        database=None,
        front=front,
        public_routes=[*oauth.routes(), *listing.routes()],
        close=catalogue.close,
    )
