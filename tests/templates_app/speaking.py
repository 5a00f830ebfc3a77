"""A content of every treatment, and a context to fill it in with."""

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from templates_app.rules.context import build_context
from templates_app.rules.liquid import render_content

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Button(Struct, frozen=True):
    title: str = ""
    count: int = 0


class Words(Struct, frozen=True):
    """Stands for any channel's content: this floor does not know channels."""

    line: Annotated[str, Meta(extra={"template": "line"})] = ""
    html: Annotated[str, Meta(extra={"template": "html"})] = ""
    text: str = ""
    file: Annotated[str, Meta(extra={"template": "none"})] = ""
    buttons: tuple[Button, ...] = ()
    body: Any = None
    number: int = 0


DATA = {
    "order_id": "123",
    "total": 99.5,
    "items": [{"name": "<Lamp>", "price": 5}, {"name": "Bulb", "price": 7}],
    "nothing": None,
    "empty": "",
    "shipped_at": "2026-11-20T23:30:00Z",
}


def make_context(data: dict[str, Any] | None = None, *, timezone: str = "Europe/Paris") -> dict[str, Any]:
    """What templates speak of in these tests."""
    return build_context(
        data=DATA if data is None else data,
        recipient={"id": "user-1", "locale": "fr", "timezone": timezone, "attributes": {"plan": "pro"}},
        notification={"id": "01a1f8f5-24d4-7c39-920f-04a02f11730a", "type": "order_confirmation"},
        now=AT,
    )


def fill(text: str, data: dict[str, Any] | None = None) -> str:
    """One plain text, filled in."""
    found: str = render_content("email", Words(text=text), make_context(data)).text
    return found
