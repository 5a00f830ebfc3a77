"""In-app: an item in the person's inbox, kept in our own database and shown live."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from channels_app.contract import Channel, ContentFault
from channels_app.parts import Actions, Line, Part, Text, Url
from channels_app.registry import channels
from channels_app.rules.content import address_of_a_page, at_most, buttons, is_templated, not_blank

BODY_CHARS = 20_000


class InAppContent(Part, frozen=True):
    """What an inbox item says. Texts are plain: apps show them as they are."""

    title: Annotated[Line, Meta(min_length=1, max_length=1000, examples=["Order {{ order_id }} has shipped"])]
    body: Text
    url: Url = ""
    icon: Url = ""
    actions: Actions = ()
    category: Annotated[Line, Meta(max_length=100)] = ""


class InApp(Channel):
    """An inbox item. Everybody has an inbox."""

    key = "in_app"
    title = "In-app inbox"
    address_kind = "inbox"
    content = InAppContent
    needs_endpoint = False
    interrupts = False
    timeout_setting = "push_timeout_seconds"

    def validate(self, content: InAppContent) -> tuple[ContentFault, ...]:
        """Judge what was written."""
        return tuple(_written(content))

    def validate_rendered(self, content: InAppContent) -> tuple[ContentFault, ...]:
        """Judge the final texts."""
        return tuple(_final(content))


def _written(content: InAppContent) -> Iterator[ContentFault]:
    yield from not_blank("/title", content.title)
    for name in ("url", "icon"):
        link: str = getattr(content, name)
        if not is_templated(link):
            yield from address_of_a_page(f"/{name}", link)
    yield from buttons(content.actions, rendered=False)


def _final(content: InAppContent) -> Iterator[ContentFault]:
    yield from not_blank("/title", content.title)
    yield from at_most("/title", found=len(content.title), allowed=1000, unit="characters")
    yield from at_most("/body", found=len(content.body), allowed=BODY_CHARS, unit="characters")
    yield from address_of_a_page("/url", content.url)
    yield from address_of_a_page("/icon", content.icon)
    yield from buttons(content.actions, rendered=True)


channels.register(InApp())
