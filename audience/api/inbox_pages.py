"""Pages of an inbox, newest arrival first. Not by id: an item's id carries the time of its notification, which may have
waited for days before it came into the inbox."""

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from audience.messages import shown
from audience.models import InboxItem
from tenants.api.pages import CURSOR, DEFAULT_LIMIT, LIMIT, MAX_LIMIT
from tenants.api.problems import FieldError, invalid

_PACKED = struct.Struct(">cq16s")  # direction, microseconds since 1970, id
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_OLDER, _NEWER = b"n", b"p"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page starts: at the items older than this one, or, going back, at the newer ones."""

    at: datetime
    id: UUID
    back: bool

    def __str__(self) -> str:
        packed = _PACKED.pack(_NEWER if self.back else _OLDER, (self.at - _EPOCH) // _MICROSECOND, self.id.bytes)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def beyond(self) -> Q:
        side = "gt" if self.back else "lt"
        # The first half is what the index can seek; the second half is exact.
        return Q(**{f"created_at__{side}e": self.at}) & (
            Q(**{f"created_at__{side}": self.at}) | Q(**{f"id__{side}": self.id})
        )


def inbox_page(request: Request, rows: QuerySet[InboxItem]) -> dict[str, Any]:
    """One page: `{"results", "next", "previous"}`. Raises `Problem` 422 for a bad `limit` or `cursor`."""
    limit, place = _asked(request)
    back = place is not None and place.back
    order = ("created_at", "id") if back else ("-created_at", "-id")
    found = list((rows if place is None else rows.filter(place.beyond())).order_by(*order)[: limit + 1])
    more, page = len(found) > limit, found[:limit]
    if back:
        page.reverse()
    has_next, has_previous = (True, more) if back else (more, place is not None)
    return {
        "results": [shown(item) for item in page],
        "next": _url(request, page[-1], back=False) if page and has_next else None,
        "previous": _url(request, page[0], back=True) if page and has_previous else None,
    }


def _asked(request: Request) -> tuple[int, _Place | None]:
    errors = []
    limit, place = DEFAULT_LIMIT, None
    if text := request.query_params.get(LIMIT, ""):
        limit = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
        if not 1 <= limit <= MAX_LIMIT:
            errors.append(FieldError("/limit", "invalid_format", f"expected a number from 1 to {MAX_LIMIT}"))
    if text := request.query_params.get(CURSOR, ""):
        place = _read(text)
        if place is None:
            errors.append(FieldError("/cursor", "invalid_format", "expected the cursor of a `next` or `previous` link"))
    if errors:
        raise invalid(errors)
    return limit, place


def _read(text: str) -> _Place | None:
    try:
        direction, microseconds, id = _PACKED.unpack(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        at = _EPOCH + microseconds * _MICROSECOND
    except (binascii.Error, ValueError, struct.error, OverflowError):
        return None
    return _Place(at, UUID(bytes=id), back=direction == _NEWER) if direction in (_OLDER, _NEWER) else None


def _url(request: Request, item: InboxItem, *, back: bool) -> str:
    query = [(name, value) for name, values in request.query_params.lists() for value in values if name != CURSOR]
    cursor = str(_Place(item.created_at, item.id, back))
    return f"{request.build_absolute_uri(request.path)}?{urlencode([*query, (CURSOR, cursor)])}"
