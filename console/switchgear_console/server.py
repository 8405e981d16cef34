"""The composition root of the console."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from switchgear_console.approvals import ApprovalRoom
from switchgear_console.dead_letters import DeadLetterRoom
from switchgear_console.documents import DocumentRoom
from switchgear_console.door import Door, Handle
from switchgear_console.headers import PageHeaders
from switchgear_console.overview import Overview
from switchgear_console.pages import PREFIX, Pages
from switchgear_console.pictures import Pictures
from switchgear_console.review import ReviewRoom
from switchgear_console.review_queue import ReviewQueue
from switchgear_console.sessions import Sessions
from switchgear_console.sign_in import SignIn
from switchgear_shared.part import Context, Face
from switchgear_shared.transports.limits import BodyLimit

_LARGEST_FORM_BYTES = 256 * 1024
_FOLDER = Path(__file__).parent


def build(context: Context) -> Face:
    """Return the console; it calls every tool as the party that is signed in."""
    pages = Pages(_FOLDER / "templates")
    sessions = Sessions(context.agents, context.tokens, public_url=context.public_url)
    sign_in = SignIn(sessions, pages)
    door = Door(context.switchboard, sessions, pages, context.settings.call_timeout_s)
    queue, review = ReviewQueue(), ReviewRoom()
    approvals, letters, documents = ApprovalRoom(), DeadLetterRoom(), DocumentRoom()
    rooms: list[tuple[str, str, Handle]] = [
        ("GET", "/", Overview().show),
        ("GET", "/reviews", queue.show),
        ("GET", "/reviews/{review_id}", review.show),
        ("POST", "/reviews/{review_id}/decide", review.decide),
        ("POST", "/reviews/{review_id}/claim", review.claim),
        ("GET", "/reviews/{review_id}/{action:str}", review.back),
        ("GET", "/approvals", approvals.list),
        ("GET", "/approvals/{approval_id}", approvals.show),
        ("POST", "/approvals/{approval_id}/decide", approvals.decide),
        ("GET", "/dead-letters", letters.list),
        ("POST", "/dead-letters/groups/{group}/{choice}", letters.group),
        ("GET", "/dead-letters/{letter_id}", letters.show),
        ("POST", "/dead-letters/{letter_id}/replay", letters.replay),
        ("POST", "/dead-letters/{letter_id}/discard", letters.discard),
        ("GET", "/documents", documents.list),
        ("GET", "/documents/{document_id}", documents.show),
        ("GET", "/traces/{correlation_id}", documents.trace),
        ("GET", "/documents/{document_id}/pages/{page}.png", Pictures().show),
    ]
    app = Starlette(
        routes=[
            Route("/sign-in", sign_in.show, methods=["GET"]),
            Route("/sign-in", sign_in.enter, methods=["POST"]),
            Route("/sign-out", sign_in.leave, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_FOLDER / "static")),
            *(Route(path, door.to(room), methods=[verb]) for verb, path, room in rooms),
            Route("/{path:path}", door.to(door.nowhere), methods=["GET", "POST"]),
        ],
        middleware=[Middleware(PageHeaders)],
    )
    return Face(prefix=PREFIX, app=BodyLimit(app, _LARGEST_FORM_BYTES))
