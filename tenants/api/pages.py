"""Lists in pages, in the order of their time-ordered ids: the last page is found as fast as the first."""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import django_filters
from django.db.models import Model, QuerySet
from rest_framework.request import Request

from tenants.api.problems import FieldError, invalid

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
Place = TypeVar("Place")
DEFAULT_LIMIT = 50
MAX_LIMIT = 200
LIMIT, CURSOR = "limit", "cursor"


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where a page starts: the rows that follow `id`, or, going back, the ones before it."""

    id: UUID
    back: bool

    def __str__(self) -> str:
        return _closed(self.id.bytes, back=self.back)


@dataclass(frozen=True, slots=True)
class _NameCursor:
    """The same in a list by name."""

    name: str
    back: bool

    def __str__(self) -> str:
        return _closed(self.name.encode(), back=self.back)


def _closed(place: bytes, *, back: bool) -> str:
    return base64.urlsafe_b64encode((b"p" if back else b"n") + place).decode().rstrip("=")


def paginate(
    request: Request, rows: QuerySet[Row], *, show: Callable[[Sequence[Row]], Sequence[Any]]
) -> dict[str, Any]:
    """One page of `rows`, newest first: `{"results", "next", "previous"}`. `show` turns the rows of the page into what
    is answered.

    Any order of `rows` is replaced. Raises `Problem` 422 for a bad `limit` or `cursor`.
    """
    return _paginate(request, rows, show=show, order=_NEWEST_FIRST)


def paginate_oldest_first(
    request: Request, rows: QuerySet[Row], *, show: Callable[[Sequence[Row]], Sequence[Any]]
) -> dict[str, Any]:
    """As `paginate`, but a story is read from its beginning: `next` leads to newer rows."""
    return _paginate(request, rows, show=show, order=_OLDEST_FIRST)


def paginate_by_name(request: Request, items: Mapping[str, Item]) -> dict[str, Any]:
    """As `paginate`, for the few things that are no rows, in the order of their names; no parameter narrows them."""
    if errors := _unknown(request):
        raise invalid(errors)
    limit, cursor = _asked(request, read=_read_name)
    names = sorted(items)
    start = 0
    if cursor is not None and cursor.back:
        start = max(0, bisect_left(names, cursor.name) - limit)
    elif cursor is not None:
        start = bisect_right(names, cursor.name)
    page = names[start : start + limit]
    return {
        "results": [items[name] for name in page],
        "next": _url(request, _NameCursor(page[-1], back=False)) if page and page[-1] != names[-1] else None,
        "previous": _url(request, _NameCursor(page[0], back=True)) if page and page[0] != names[0] else None,
    }


@dataclass(frozen=True, slots=True)
class _Order:
    """How rows follow each other: the order of ids, and the look-up of those behind one."""

    forth: str
    behind: str


_NEWEST_FIRST, _OLDEST_FIRST = _Order("-id", "id__lt"), _Order("id", "id__gt")
_REVERSE = {_NEWEST_FIRST: _OLDEST_FIRST, _OLDEST_FIRST: _NEWEST_FIRST}


def _paginate(
    request: Request, rows: QuerySet[Row], *, show: Callable[[Sequence[Row]], Sequence[Any]], order: _Order
) -> dict[str, Any]:
    limit, cursor = _asked(request, read=_read)
    back = cursor is not None and cursor.back
    way = _REVERSE[order] if back else order
    if cursor is not None:
        rows = rows.filter(**{way.behind: cursor.id})
    found = list(rows.order_by(way.forth)[: limit + 1])
    more, page = len(found) > limit, found[:limit]
    if back:
        page.reverse()
    has_next, has_previous = (True, more) if back else (more, cursor is not None)
    return {
        "results": show(page),
        "next": _url(request, _Cursor(page[-1].pk, back=False)) if page and has_next else None,
        "previous": _url(request, _Cursor(page[0].pk, back=True)) if page and has_previous else None,
    }


class Unfiltered(django_filters.FilterSet):
    """For lists that are told in full."""


def filtered(request: Request, rows: QuerySet[Row], *, by: type[django_filters.FilterSet]) -> QuerySet[Row]:
    """The rows that the query asks for. Raises `Problem` 422 for a bad value and for a parameter nobody knows."""
    filters = by(data=request.query_params, queryset=rows)
    errors = _unknown(request, known=filters.filters)
    if not filters.is_valid():
        errors += [
            FieldError(f"/{name}", "invalid_format", str(message))
            for name, messages in filters.errors.items()
            for message in messages
        ]
    if errors:
        raise invalid(errors)
    return filters.qs


def _unknown(request: Request, *, known: Iterable[str] = ()) -> list[FieldError]:
    """A parameter that is ignored is a mistake nobody hears of."""
    names = (*known, LIMIT, CURSOR)
    return [
        FieldError(f"/{name}", "unknown_field", f"unknown parameter; known: {', '.join(names)}")
        for name in request.query_params
        if name not in names
    ]


def _asked(request: Request, *, read: Callable[[str], Place | None]) -> tuple[int, Place | None]:
    errors = []
    limit = DEFAULT_LIMIT
    cursor: Place | None = None
    text = request.query_params.get(LIMIT, "")
    if text:
        limit = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
        if not 1 <= limit <= MAX_LIMIT:
            errors.append(FieldError("/limit", "invalid_format", f"expected a number from 1 to {MAX_LIMIT}"))
    if text := request.query_params.get(CURSOR, ""):
        cursor = read(text)
        if cursor is None:
            errors.append(FieldError("/cursor", "invalid_format", "expected the cursor of a `next` or `previous` link"))
    if errors:
        raise invalid(errors)
    return limit, cursor


def _read(text: str) -> _Cursor | None:
    raw = _opened(text)
    return _Cursor(UUID(bytes=raw[1:]), back=raw[:1] == b"p") if len(raw) == 17 else None


def _read_name(text: str) -> _NameCursor | None:
    raw = _opened(text)
    try:
        return _NameCursor(raw[1:].decode(), back=raw[:1] == b"p") if len(raw) > 1 else None
    except UnicodeDecodeError:
        return None


def _opened(text: str) -> bytes:
    """What a cursor holds, direction first; empty when it was none of ours."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
    return raw if raw[:1] in (b"n", b"p") else b""


def _url(request: Request, cursor: _Cursor | _NameCursor) -> str:
    query = [(name, value) for name, values in request.query_params.lists() for value in values if name != CURSOR]
    return f"{request.build_absolute_uri(request.path)}?{urlencode([*query, (CURSOR, str(cursor))])}"
