"""Signing in and out; a form that was sent too late is kept until its sender is back."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from switchgear_console.forms import NO_FORM, Form, form_of, read_form
from switchgear_console.pages import PREFIX, Pages, see, status_of
from switchgear_console.sessions import Sessions, is_same
from switchgear_shared.errors import InvalidRequestError, SwitchgearError
from switchgear_shared.observability.logs import logger

log = logger(__name__)

_OWN_PATH = re.compile(rf"{PREFIX}(?:/[\w.\-]+)*/?(?:\?[\w.\-=&%+]*)?")
_OWN_SITES = ("same-origin", "none")


class SignIn:
    """The one room that is open to everybody."""

    def __init__(self, sessions: Sessions, pages: Pages) -> None:
        self._sessions = sessions
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Return the form that takes a credential; who is signed in already goes on."""
        wanted = own_path(request.query_params.get("next", ""))
        try:
            session = await self._sessions.of(request)
        except SwitchgearError as error:
            return self._refused(error, wanted, "")
        if session is not None:
            return RedirectResponse(wanted, 303)
        return self._pages.answer("sign_in.html", None, next=wanted, draft="")

    async def enter(self, request: Request) -> Response:
        """Take a credential; what was sent too late is asked for once more, as it was typed."""
        form = NO_FORM
        try:
            if not is_ours(request):
                raise InvalidRequestError("the form was sent from a foreign page")
            form = await read_form(request)
            wanted, draft = own_path(form.text("next")), form.values.get("draft", "")
            cookie, ttl_s = await self._sessions.open(form.text("credential"))
            response = await self._after(wanted, draft, cookie)
        except SwitchgearError as error:
            log.info("sign-in refused", code=error.code)
            return self._refused(error, own_path(form.text("next")), form.values.get("draft", ""))
        self._sessions.keep(response, request, cookie, ttl_s)
        return response

    async def leave(self, request: Request) -> Response:
        """End the session that the form is of."""
        try:
            session = await self._sessions.of(request)
            is_meant = session is not None and is_ours(request)
            form = await read_form(request) if is_meant else NO_FORM
        except SwitchgearError as error:
            return self._refused(error, own_path(""), "")
        if session is not None and is_meant:
            if not is_same(form.token, session.form_token):
                return self._pages.answer(
                    "send_again.html", session, status=403, action=request.url.path, values={}
                )
            self._sessions.close(request)
        response = see("/sign-in")
        self._sessions.forget(response)
        return response

    def _refused(self, error: SwitchgearError, wanted: str, draft: str) -> Response:
        return self._pages.answer(
            "sign_in.html", None, status=status_of(error), next=wanted, draft=draft, error=error
        )

    async def _after(self, wanted: str, draft: str, cookie: str) -> Response:
        if not draft:
            return RedirectResponse(wanted, 303)
        session = await self._sessions.find(cookie)
        return self._pages.answer(
            "send_again.html", session, action=wanted, values=dict(form_of(draft).values)
        )


def sign_in_page(pages: Pages, request: Request, form: Form) -> Response:
    """Return the way in for who is not, or no longer, signed in; a form they sent is kept."""
    is_form = request.method == "POST"
    query = f"?{request.url.query}" if request.url.query and not is_form else ""
    wanted = own_path(request.url.path + query)
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    return pages.answer(
        "sign_in.html", None, status=401, next=wanted, draft=form.kept() if is_form else ""
    )


def own_path(path: str) -> str:
    """Return the path if it is one of the console, and the console's door if not."""
    return path if _OWN_PATH.fullmatch(path) else f"{PREFIX}/"


def is_ours(request: Request) -> bool:
    """Say whether a browser sent this from a page of ours; what says nothing has no session."""
    return request.headers.get("sec-fetch-site", "none") in _OWN_SITES
