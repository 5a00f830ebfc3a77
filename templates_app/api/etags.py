"""Whether somebody else was faster: an `ETag` tells a revision, `If-Match` asks for it (RFC 9110, 13.1)."""

import re

from rest_framework.request import Request

from templates_app.services.drafts import Overtaken
from tenants.api.problems import Problem

_TAG = re.compile(r'(?:W/)?"r(\d{1,9})"')


def etag(revision: int) -> str:
    """The tag of a revision."""
    return f'"r{revision}"'


def expected_revision(request: Request) -> int | None:
    """The revision the caller has read; `None` when it does not say. Raises `Problem` 412 for a tag that is none of
    ours, and takes `If-None-Match: *` as "there is none yet".
    """
    if request.headers.get("If-None-Match", "").strip() == "*":
        return 0
    asked = request.headers.get("If-Match", "").strip()
    if not asked or asked == "*":
        return None
    found = _TAG.fullmatch(asked)
    if found is None:
        raise Problem("precondition_failed", status=412, detail="If-Match takes one ETag as it was given out.")
    return int(found[1])


def overtaken(trouble: Overtaken) -> Problem:
    """412: the thing was changed since."""
    return Problem("precondition_failed", status=412, detail=f"Somebody was faster: {trouble}.")
