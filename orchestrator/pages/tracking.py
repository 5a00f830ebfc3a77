"""`/t/{token}` leads on to where a link led before it was tracked; `/o/{token}` is a picture of one clear pixel.

People never wait for our book-keeping: it is done after the answer has been written, and when it fails the answer was
right all the same. Machines get the same answers as people; whether they count is judged afterwards.
"""

import logging
from base64 import b64decode
from collections.abc import Callable
from functools import partial

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.encoding import iri_to_uri

from kernel.clock import now
from orchestrator.rules.robots import Visit
from orchestrator.services.engagement import note_click, note_open
from orchestrator.services.tracking import link_of, opened_by

METHODS = ("GET", "HEAD")
PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
MOST_AGENT_CHARS = 500
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
HEADERS = {
    "Cache-Control": "no-store, private",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
NOT_FOUND = "This link does not work. It may have been cut off: open it in the message again, or copy all of it.\n"

log = logging.getLogger(__name__)


class Answer(HttpResponse):
    """A response with something to be done once it has been written to the client."""

    afterwards: Callable[[], None] | None = None

    def close(self) -> None:
        """Called by the server when everything is sent."""
        work, self.afterwards = self.afterwards, None
        try:
            if work is not None:
                work()
        except (DatabaseError, InterfaceError) as trouble:
            log.warning("tracking.not_noted", extra={"trouble": type(trouble).__name__})
        finally:
            super().close()


def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Lead on to the address of a link that we wrote, and to no other."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    found = link_of(token)
    if found is None:
        return _not_found()
    link, counts = found
    answer = Answer(status=302, headers={**HEADERS, "Location": iri_to_uri(link.address)})
    if counts:
        answer.afterwards = partial(note_click, link, _visit(request))
    return answer


def look(request: HttpRequest, token: str) -> HttpResponse:
    """The pixel of a message that we wrote."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    delivery_id = opened_by(token)
    if delivery_id is None:
        return _not_found()
    answer = Answer(PIXEL, content_type="image/gif", headers=HEADERS)
    answer.afterwards = partial(note_open, delivery_id, _visit(request))
    return answer


def _visit(request: HttpRequest) -> Visit:
    headers = request.headers
    return Visit(
        method=str(request.method),
        user_agent=headers.get("User-Agent", "")[:MOST_AGENT_CHARS],
        purposes=tuple(headers[name] for name in PURPOSES if name in headers),
        at=now(),
    )


def _not_found() -> HttpResponse:
    return HttpResponse(NOT_FOUND, status=404, content_type="text/plain; charset=utf-8", headers=HEADERS)
