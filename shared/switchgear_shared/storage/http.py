"""JSON over HTTP to the systems behind us: one connection pool, one translation of failures."""

import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NoReturn

import httpx2

from switchgear_shared.errors import (
    BackendRejectedError,
    BackendUnavailableError,
    ConflictError,
    Doneness,
    InvalidRequestError,
    NotFoundError,
    PolicyDeniedError,
    SwitchgearError,
    ThrottledError,
)

Now = Callable[[], datetime]
Query = Mapping[str, str | int | list[str]]

MOST_BYTES = 8 * 1024 * 1024
_CONNECT_S = 3.0
_SILENCE_S = 60.0
_IDLE_S = 2.0
_SECONDS = re.compile(r"[0-9]{1,9}")
_BY_STATUS: dict[int, type[SwitchgearError]] = {
    400: InvalidRequestError,
    403: PolicyDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: InvalidRequestError,
    423: ConflictError,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system answered, read whole; `outcome` is that of the request if it is unusable."""

    system: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    outcome: Doneness

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON."""
        return self.headers.get("content-type", "").partition(";")[0].strip().endswith("json")

    def json(self, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
        """Return the body; raises BackendRejectedError for what is not JSON."""
        try:
            if self.is_json:
                return json.loads(
                    self.content, object_hook=object_hook, parse_constant=_refuse_constant
                )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self._unreadable("what is not JSON") from error
        raise self._unreadable(self.headers.get("content-type") or "nothing")

    def refuse(self, subject: str, now: Now) -> NoReturn:
        """Raise what the status means for a system without error bodies worth reading.

        What the system wrote is left out: it may be a page for people or a stack.
        """
        message = f"{self.system} answers {self.status} to {subject}"
        if self.status in {401, 407}:
            raise BackendRejectedError(f"{self.system} refuses our credential for {subject}")
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait_s = retry_after_s(self.headers, now())
            raise BackendUnavailableError(message, retry_after_s=wait_s, outcome=self.outcome)
        if self.status < HTTPStatus.BAD_REQUEST:
            raise BackendRejectedError(message, outcome=self.outcome)
        raise _BY_STATUS.get(self.status, BackendRejectedError)(message)

    def _unreadable(self, what: str) -> BackendRejectedError:
        return BackendRejectedError(
            f"{self.system} answers {self.status} with {what[:80]} instead of JSON",
            outcome=self.outcome,
        )


class JsonApi:
    """A client of one system; whoever makes it closes it.

    It never repeats a request: how often and how long is the pipeline's to decide, which
    cancels an attempt whose time is over. The limits here only end what hangs before that.
    `now` reads the wall clock, which a Retry-After with a date is compared with.
    """

    def __init__(
        self,
        system: str,
        url: str,
        *,
        most_bytes: int = MOST_BYTES,
        connections: int = 16,
        silence_s: float = _SILENCE_S,
        transport: httpx2.AsyncBaseTransport | None = None,
        now: Now = lambda: datetime.now(UTC),
    ) -> None:
        self.system = system
        self.now = now
        self._most_bytes = most_bytes
        self._client = httpx2.AsyncClient(
            base_url=url.rstrip("/") + "/",
            timeout=httpx2.Timeout(silence_s, connect=_CONNECT_S),
            limits=httpx2.Limits(max_connections=connections, keepalive_expiry=_IDLE_S),
            transport=transport,
            trust_env=False,  # neither a proxy nor a .netrc of the machine is for our systems
        )

    async def ask(
        self,
        method: str,
        path: str,
        *,
        is_write: bool,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Send one request and return its answer, whatever its status but 429.

        Raises BackendUnavailableError, whose outcome is `unknown` where a write may have
        happened; ThrottledError; BackendRejectedError for an answer over the limit of bytes.
        """
        unheard: Doneness = "unknown" if is_write else "not_done"
        request = self._client.build_request(
            method,
            path.lstrip("/"),
            params=query,
            headers={"Accept": "application/json", **(headers or {})},
            content=content,
        )
        async with self._translated(unheard), self._streaming(request) as response:
            answer = Answer(
                self.system,
                response.status_code,
                response.headers,
                await self._read(response, unheard),
                unheard,
            )
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise ThrottledError(
                f"{self.system} asks for fewer requests",
                retry_after_s=retry_after_s(answer.headers, self.now()),
            )
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def _streaming(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Response]:
        response = await self._client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def _read(self, response: httpx2.Response, unheard: Doneness) -> bytes:
        read = bytearray()
        async for chunk in response.aiter_bytes():
            read += chunk
            if len(read) > self._most_bytes:
                raise BackendRejectedError(
                    f"{self.system} answers with more than {self._most_bytes} bytes",
                    outcome=unheard,
                )
        return bytes(read)

    @asynccontextmanager
    async def _translated(self, unheard: Doneness) -> AsyncGenerator[None]:
        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise BackendUnavailableError(f"{self.system} cannot be reached") from error
        except httpx2.TimeoutException as error:
            message = f"{self.system} has not answered in time"
            raise BackendUnavailableError(message, outcome=unheard) from error
        except httpx2.DecodingError as error:
            message = f"{self.system} answers in a coding that cannot be read"
            raise BackendRejectedError(message, outcome=unheard) from error
        except httpx2.RequestError as error:
            message = f"{self.system} broke off before its answer was whole"
            raise BackendUnavailableError(message, outcome=unheard) from error


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the wait that a Retry-After asks for, in seconds or as a date; None without one."""
    told = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(told):
        return float(told)
    try:
        until = parsedate_to_datetime(told)
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
