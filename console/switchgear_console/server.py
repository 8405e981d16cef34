"""The composition root of the console."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from switchgear_console.door import Door, Handle
from switchgear_console.headers import PageHeaders
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
    rooms: list[tuple[str, str, Handle]] = [
        ("GET", "/", queue.show),
        ("GET", "/reviews", queue.show),
        ("GET", "/reviews/{review_id}", review.show),
        ("POST", "/reviews/{review_id}/decide", review.decide),
        ("POST", "/reviews/{review_id}/claim", review.claim),
        ("GET", "/reviews/{review_id}/{action:str}", review.back),
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
