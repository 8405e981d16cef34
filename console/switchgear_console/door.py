"""The way into every room: signed in, with a form of our own, and every failure told as a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from switchgear_console.forms import NO_FORM, Form, read_form
from switchgear_console.pages import PREFIX, Pages, see, status_of
from switchgear_console.sessions import Session, Sessions, is_same
from switchgear_console.sign_in import is_ours, sign_in_page
from switchgear_console.visit import Visit
from switchgear_shared.calls.call import Dispatcher
from switchgear_shared.errors import InvalidRequestError, NotFoundError, SwitchgearError

Handle: TypeAlias = Callable[[Visit], Awaitable[Response]]


class Door:
    """Lets into rooms who is signed in."""

    def __init__(
        self, dispatcher: Dispatcher, sessions: Sessions, pages: Pages, timeout_s: float
    ) -> None:
        self._dispatcher = dispatcher
        self._sessions = sessions
        self._pages = pages
        self._timeout_s = timeout_s

    def to(self, room: Handle) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint that leads into a room."""

        async def enter(request: Request) -> Response:
            session: Session | None = None
            form = NO_FORM
            try:
                form = await _form_of(request)
                session = await self._sessions.of(request)
                if session is None:
                    return sign_in_page(self._pages, request, form)
                if request.method == "POST" and not is_same(form.token, session.form_token):
                    return self._ask_again(request, session, form)
                return await room(self._visit(request, session, form))
            except SwitchgearError as error:
                return self._failed(request, session, form, error)

        return enter

    @staticmethod
    async def back(visit: Visit) -> Response:
        """Lead from where a form was sent to, which is no page, to the page it was on."""
        room, record = visit.part("room"), visit.part("record")
        return see(f"/{room}" if "/groups/" in visit.path else f"/{room}/{record}")

    @staticmethod
    async def nowhere(visit: Visit) -> Response:
        """Tell who is signed in that there is no such page."""
        raise NotFoundError(f"there is no page {visit.path}")

    def _visit(self, request: Request, session: Session, form: Form) -> Visit:
        return Visit(
            request=request,
            session=session,
            form=form,
            pages=self._pages,
            dispatcher=self._dispatcher,
            timeout_s=self._timeout_s,
        )

    def _ask_again(self, request: Request, session: Session, form: Form) -> Response:
        """Ask for a form once more that is not of this session, so that nothing typed is lost."""
        return self._pages.answer(
            "send_again.html",
            session,
            status=403,
            action=request.url.path,
            values=form_values(form),
        )

    def _failed(
        self, request: Request, session: Session | None, form: Form, error: SwitchgearError
    ) -> Response:
        """Tell a failure that no room could show; a form is kept, to be sent again by its key."""
        path: str = request.url.path.removeprefix(PREFIX)
        return self._pages.answer(
            "failure.html",
            session,
            status=status_of(error),
            path=path,
            error=error,
            action=request.url.path,
            values=form_values(form) if session else {},
        )


def form_values(form: Form) -> dict[str, Any]:
    """Return a form's fields but for the token, which is the session's."""
    return {name: value for name, value in form.values.items() if name != "form_token"}


async def _form_of(request: Request) -> Form:
    if request.method != "POST":
        return NO_FORM
    if not is_ours(request):
        raise InvalidRequestError("the form was sent from a foreign page")
    return await read_form(request)
