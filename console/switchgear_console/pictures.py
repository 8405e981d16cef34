"""Pages of documents as pictures, for who may read the document."""

from __future__ import annotations

import base64

from starlette.responses import Response

from switchgear_console.visit import Visit


class Pictures:
    """Gives the pictures that a review shows."""

    async def show(self, visit: Visit) -> Response:
        """Return one page."""
        body = await visit.read(
            "documents_page", document_id=visit.part("document_id"), page=visit.part("page")
        )
        return Response(base64.b64decode(body["blob"]), media_type="image/png")
