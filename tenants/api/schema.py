"""What a route says of itself, for OpenAPI: `@operation` on every handler of a `TenantView`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import django_filters
import msgspec

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a handler does. `answers` maps a status to a type msgspec knows, or to `None` for no body."""

    summary: str
    answers: Mapping[int, Any]
    body: Any = None  # type of the request's body
    body_required: bool = True
    query: type[django_filters.FilterSet] | None = None
    problems: tuple[int, ...] = ()  # beside those that follow from scopes, body, path and idempotency
    example: Any = None  # of the body
    tag: str = ""  # the first word of the path when empty
    located: bool = False  # answers with `Location`
    name: str = ""  # the operationId; made of method and path when empty


def operation(summary: str, **said: Any) -> Callable[[Handler], Handler]:
    """Describe a handler in the words of `Operation`; its docstring becomes the description.

    `@operation("Send a notification", body=NotificationRequest, answers={202: Accepted}, located=True)`
    """
    described = Operation(summary=summary, **said)

    def describe(handler: Handler) -> Handler:
        handler.operation = described  # type: ignore[attr-defined]
        return handler

    return describe


@cache
def page_of(item: Any) -> type[msgspec.Struct]:
    """The type of a page of `item`s, as `pages.paginate` answers it."""
    return msgspec.defstruct(
        f"{item.__name__}Page",
        [("results", list[item]), ("next", str | None), ("previous", str | None)],
        namespace={"__doc__": "One page of a list; `next` and `previous` are links to its neighbours, or null."},
    )
