"""Where a NATS server is and the key that opens it, and how to find out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One NATS server or cluster: URLs joined by commas, and the nkey seed where one is needed."""

    url: str
    nkey_seed: str | None = field(default=None, repr=False)

    @property
    def urls(self) -> list[str]:
        """The URLs one by one."""
        return [url.strip() for url in self.url.split(",") if url.strip()]


Locate = Callable[[], Awaitable[Endpoint]]
"""Finds the server to use now; asked again each time a connection drops."""


def fixed(url: str, nkey_seed: str | None = None) -> Locate:
    """Return the finder for a server outside of the suite, which never moves."""
    endpoint = Endpoint(url, nkey_seed)

    async def locate() -> Endpoint:
        return endpoint

    return locate
