"""Who we are to Tryton's RPC: logged in once, when first needed, and never with a guess."""

import asyncio
import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import SecretStr

from switchgear_shared.errors import BackendRejectedError, SwitchgearError, ThrottledError
from switchgear_shared.storage.http import JsonApi
from switchgear_shared.storage.tryton import wire
from switchgear_shared.storage.tryton.refusals import refuse_call, refuse_error

REFUSED_FOR_S = 300.0
"""How long Tryton counts failed logins, each of which makes it slower."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login that Tryton accepted."""

    authorization: str


class _PasswordRefusedError(BackendRejectedError):
    """Tryton was asked and said no."""


class Login:
    """The session of one user, shared by all calls.

    A refused password is not tried again for five minutes: Tryton answers each wrong one more
    slowly (up to 25 s) and then locks the user out.
    """

    def __init__(
        self,
        api: JsonApi,
        user: str,
        password: SecretStr,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._user = user
        self._password = password
        self._clock = clock
        self._session: Session | None = None
        self._attempt: asyncio.Task[Session] | None = None
        self._refusal: SwitchgearError | None = None
        self._refused_until_s = 0.0

    async def session(self, *, instead_of: Session | None = None) -> Session:
        """Return the session, a new one if Tryton no longer takes `instead_of`."""
        if self._session is not None and self._session != instead_of:
            return self._session
        left_s = self._refused_until_s - self._clock()
        if self._refusal is not None and left_s > 0:
            wait_s = left_s if isinstance(self._refusal, ThrottledError) else None
            raise type(self._refusal)(self._refusal.message, retry_after_s=wait_s)
        if self._attempt is None or self._attempt.done():
            self._attempt = asyncio.create_task(self._log_in())
            self._attempt.add_done_callback(_take_note)
        # An attempt goes on when its caller gives up: its answer must not be lost.
        return await asyncio.shield(self._attempt)

    async def close(self) -> None:
        """End an attempt that nobody waits for."""
        if self._attempt is not None:
            self._attempt.cancel()
            await asyncio.gather(self._attempt, return_exceptions=True)

    async def _log_in(self) -> Session:
        self._session = self._refusal = None
        try:
            self._session = await self._ask()
        except (_PasswordRefusedError, ThrottledError) as error:
            wait_s = error.retry_after_s or REFUSED_FOR_S
            self._refusal = error
            self._refused_until_s = self._clock() + wait_s
            error.retry_after_s = wait_s if isinstance(error, ThrottledError) else None
            raise
        return self._session

    async def _ask(self) -> Session:
        subject = f"the login of {self._user}"
        parameters = {"password": self._password.get_secret_value()}
        answer = await self._api.ask(
            "POST",
            "rpc/",
            is_write=False,
            headers={"Content-Type": "application/json"},
            content=wire.encode(
                {
                    "id": 0,
                    "method": "common.db.login",
                    "params": [self._user, parameters, "en"],
                }
            ),
        )
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise _PasswordRefusedError(f"Tryton refuses the password of {self._user}")
        if answer.status != HTTPStatus.OK:
            refuse_call(answer, subject, self._api.now)
        match answer.json():
            case {"result": [int() as user_id, str() as token, *_]}:
                secret = base64.b64encode(f"{self._user}:{user_id}:{token}".encode()).decode()
                return Session(f"Session {secret}")
            case {"error": error}:
                refuse_error(error, subject, "not_done")
            case _:
                pass
        raise BackendRejectedError(f"Tryton answers {subject} with something else")


def _take_note(attempt: asyncio.Task[Session]) -> None:
    """Look at the error of an attempt that nobody may be waiting for."""
    if not attempt.cancelled():
        attempt.exception()
