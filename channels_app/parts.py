"""The pieces contents are made of: texts by how they are filled in, buttons, attachments.

`Meta(extra={"template": …})` tells who fills templates in how a text is to be treated; without it a text is plain.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

Line = Annotated[str, Meta(extra={"template": "line"})]  # plain; ends up on a single line
Html = Annotated[str, Meta(max_length=500_000, extra={"template": "html"})]  # what is filled in is escaped
Literal = Annotated[str, Meta(extra={"template": "none"})]  # never a template
Text = Annotated[str, Meta(max_length=100_000)]
Url = Annotated[str, Meta(max_length=2000, extra={"template": "line"}, examples=["https://shop.example/orders/123"])]


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A content or a piece of one. Empty is "" or (), never null."""


class Action(Part, frozen=True):
    """A button. `action` is what the app hears when it is pressed; `url` is where it leads."""

    title: Annotated[Line, Meta(min_length=1, max_length=200)]
    action: Annotated[Line, Meta(max_length=100)] = ""
    url: Url = ""
    icon: Url = ""


class Attachment(Part, frozen=True):
    """A file that goes along: its content in base64, or where to fetch it."""

    filename: Annotated[Literal, Meta(min_length=1, max_length=100, examples=["invoice.pdf"])]
    content_type: Annotated[Literal, Meta(max_length=127, examples=["application/pdf"])] = "application/octet-stream"
    content_base64: Literal = ""
    url: Annotated[Literal, Meta(max_length=2000)] = ""


Actions = Annotated[tuple[Action, ...], Meta(max_length=10)]
Json = Any  # any JSON; the texts inside are templates like all others
