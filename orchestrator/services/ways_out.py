"""Where people leave what a message to them belongs to: a link, in mails as it is, in texts under a short name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from django.conf import settings

from audience.values import Reachable
from channels_app.contract import Account
from channels_app.registry import channels, providers
from orchestrator.rules.tracking_token import TrackedLink
from orchestrator.services.rendering import Rendered
from orchestrator.services.short_links import ShortLink, keep
from orchestrator.services.tracking import LINKS, short_name
from orchestrator.values import ClaimedDelivery, NotificationWords
from preferences.services import example_way_out, unsubscribe_url

NUMBER = 0  # among the links of a message, whose own begin with 1
EXAMPLE = "unsubscribe"  # as long as a short name, and leads nowhere


@dataclass(frozen=True, slots=True)
class WayOut:
    """A link that leaves; `kept` is what makes a short one work. Without a URL there is nothing to leave."""

    url: str = ""
    kept: ShortLink | None = None


NONE = WayOut()


def way_out(delivery: ClaimedDelivery, endpoint: Reachable | None, words: NotificationWords) -> WayOut:
    """Where one click or two leave, for channels whose messages say so; the same at every attempt."""
    kind = channels.get(delivery.channel).address_kind
    if endpoint is None or kind not in ("email", "phone"):
        return NONE
    url = unsubscribe_url(
        tenant_id=delivery.tenant_id,
        recipient_id=delivery.recipient_id,
        endpoint_id=endpoint.id,
        channel=delivery.channel,
        address=endpoint.address,
        category=words.category,
        type=words.type,
    )
    if kind == "email" or not url:
        return WayOut(url)
    link = TrackedLink(delivery.id, NUMBER, url)
    code = short_name(link)
    kept = ShortLink(code, delivery.tenant_id, delivery.recipient_id, link, counts=False)
    return WayOut(f"{settings.PUBLIC_URL}{LINKS}{code}", kept)


def example_of(channel: str, *, category: str) -> str:
    """What stands in a preview for that place: as long, and it leaves nothing."""
    kind, example = channels.get(channel).address_kind, example_way_out(category=category)
    if kind == "phone" and example:
        return f"{settings.PUBLIC_URL}{LINKS}{EXAMPLE}"
    return example if kind == "email" else ""


def keep_ways_out(said: Iterable[tuple[WayOut, Rendered]]) -> None:
    """Keep the short links that stand in finished texts: one statement, and none where none does."""
    keep([way.kept for way, content in said if way.kept and _names(content, way.url)])


def answerable(ways: Sequence[Account], endpoint: Reachable | None) -> bool:
    """Whether the person can write back, whichever of the accounts carries the message."""
    address = endpoint.address if endpoint else ""
    return all(providers.get(way.provider).answerable(way.config, address=address) for way in ways)


def _names(content: Rendered, url: str) -> bool:
    return isinstance(content, msgspec.Struct) and url in str(getattr(content, "body", ""))
