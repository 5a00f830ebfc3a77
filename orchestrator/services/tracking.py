"""Make the links of finished messages tracked ones, where the type of the notification asks for it (docs/tracking.md).

The same delivery always gets the same links, so every attempt sends the same message.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from uuid import UUID

import msgspec
from django.conf import settings

from channels_app.registry import channels
from kernel.crypto import purpose_keys
from notifications.rules.policy import TrackingPolicy
from orchestrator.rules.tracking_token import (
    TrackedLink,
    is_short,
    read_link,
    read_open,
    short_code,
    write_link,
    write_open,
)
from orchestrator.services.rendering import Rendered
from orchestrator.services.short_links import ShortLink, find, keep
from orchestrator.values import ClaimedDelivery
from templates_app.rules.tracked_links import with_links, with_short_links
from templates_app.rules.walk import HTML, TEXT, walk

LINKS, OPENS, UNSUBSCRIBE, CENTRE = "/t/", "/o/", "/u/", "/p/"
_PIXEL = '<img src="{}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'

NO_TRACKING = TrackingPolicy()

Wanted = tuple[ClaimedDelivery, TrackingPolicy, Rendered]


def tracked(wanted: Iterable[Wanted]) -> list[Rendered]:
    """The contents, with links and pixels of their own where that is asked for. Short links are kept in one statement,
    if there are any, and work from then on.
    """
    kept: list[ShortLink] = []
    contents = [_tracked(delivery, policy, content, kept) for delivery, policy, content in wanted]
    keep(kept)
    return contents


def link_of(token: str) -> tuple[TrackedLink, bool] | None:
    """The link that a token leads to and whether following it counts; `None` when we did not write it."""
    if is_short(token):
        return find(token)
    link = read_link(token, keys=_keys())
    return (link, True) if link else None


def short_name(link: TrackedLink) -> str:
    """The name under which a link is kept, always the same one."""
    return short_code(link, keys=_keys())


def opened_by(token: str) -> UUID | None:
    """The delivery whose pixel has this token; `None` when we did not write it."""
    return read_open(token, keys=_keys())


def _tracked(delivery: ClaimedDelivery, policy: TrackingPolicy, content: Rendered, kept: list[ShortLink]) -> Rendered:
    if policy == NO_TRACKING or not isinstance(content, msgspec.Struct):
        return content
    shortens = policy.shorten and channels.get(delivery.channel).units("") is not None

    def visit(text: str, treatment: str, _: str) -> str:
        if treatment == HTML and text and (policy.clicks or policy.opens):
            lead = partial(_long, delivery) if policy.clicks else _nowhere
            return with_links(text, lead, last_words=_pixel(delivery.id, text) if policy.opens else "")
        if treatment == TEXT and shortens:
            return with_short_links(text, partial(_short, delivery, kept, counts=policy.clicks))
        return text

    found: Rendered = walk(content, visit, pointer="")
    return found


def _long(delivery: ClaimedDelivery, address: str, number: int) -> str | None:
    if _is_ours(address):
        return None
    token = write_link(TrackedLink(delivery.id, number, address), keys=_keys())
    return f"{settings.PUBLIC_URL}{LINKS}{token}" if token else None


def _short(delivery: ClaimedDelivery, kept: list[ShortLink], address: str, number: int, *, counts: bool) -> str | None:
    if _is_ours(address):
        return None
    link = TrackedLink(delivery.id, number, address)
    code = short_name(link)
    short = f"{settings.PUBLIC_URL}{LINKS}{code}"
    if len(short) >= len(address):
        return None
    kept.append(ShortLink(code, delivery.tenant_id, delivery.recipient_id, link, counts))
    return short


def _nowhere(_: str, __: int) -> None:
    return None


def _pixel(delivery_id: UUID, page: str) -> str:
    address = f"{settings.PUBLIC_URL}{OPENS}{write_open(delivery_id, keys=_keys())}"
    return "" if address in page else _PIXEL.format(address)


def _is_ours(address: str) -> bool:
    """Whether it leads to us already: a tracked link, or the way out, which must work without us counting."""
    return address.startswith(tuple(f"{settings.PUBLIC_URL}{page}" for page in (LINKS, OPENS, UNSUBSCRIBE, CENTRE)))


def _keys() -> Sequence[bytes]:
    return purpose_keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS), "carillon.tracking")
