"""What somebody wrote, as a page of its own for a frame of the editor: no script, no origin, light or dark as asked.

It is given rather than looked up, because it was never saved: the editor posts what the preview made of it. That it
runs nothing is `Content-Security-Policy: sandbox`, whoever sends it here.
"""

import re

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from templates_app.pages.access import may_read

POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; font-src 'none'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
MOST_CHARS = 1_000_000
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"


@require_POST
@xframe_options_sameorigin
def frame(request: HttpRequest) -> HttpResponse:
    """The page in `html`, as somebody sees it who likes it `light` or `dark`."""
    if not may_read(request.user):
        raise PermissionDenied
    page = request.POST.get("html", "")[:MOST_CHARS]
    shown = in_scheme(page, request.POST.get("scheme", "light"))
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(shown, content_type="text/html; charset=utf-8", headers=headers)


def in_scheme(page: str, scheme: str) -> str:
    """`page` with its rules for `scheme` always in force and those for the other one never: a frame has no say in what
    its browser's owner likes.
    """
    return _SCHEME.sub(lambda found: _ALWAYS if found[1].lower() == scheme else _NEVER, page)
