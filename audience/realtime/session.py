"""What SSE and WebSocket have in common: whose inbox a client may open, and what it is told from then on."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import parse_qs
from uuid import UUID

from audience.realtime.hub import hub
from audience.realtime.opening import Asked
from audience.realtime.stream import Stream
from audience.tokens import BadToken, Token, read


def headers_of(scope: Mapping[str, object]) -> dict[str, str]:
    """The headers of an ASGI scope, by lower-case name."""
    pairs: Iterable[tuple[bytes, bytes]] = scope["headers"]  # type: ignore[assignment]
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


def query_of(scope: Mapping[str, object]) -> dict[str, str]:
    """The query of an ASGI scope; of a name given twice the last value."""
    text: bytes = scope["query_string"]  # type: ignore[assignment]
    return {name: values[-1] for name, values in parse_qs(text.decode("latin-1")).items()}


def token_of(scope: Mapping[str, object], *, at: datetime) -> Token:
    """The recipient token of a request: in `Authorization: Bearer …`, or in `?token=`, since browsers can set no header
    for either protocol. Raises `BadToken`."""
    kind, _, text = headers_of(scope).get("authorization", "").partition(" ")
    text = text.strip() if kind.lower() == "bearer" else query_of(scope).get("token", "")
    if not text:
        raise BadToken("no recipient token; send Authorization: Bearer <token>, or ?token=<token>")
    return read(text, at=at)


def item_id(text: str) -> UUID | None:
    """The id of an item as a client sent it; `None` when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


async def catch_up(stream: Stream, *, after: UUID | None) -> bool:
    """Line up what came after the item `after` and the counts, now that `stream` hears of everything else.

    `False` when the person is no longer there. Raises `DatabaseError`.
    """
    found = await hub().door.opening(Asked(stream.inbox, stream.opened_at, after))
    if found is None:
        return False
    missed = {news.item_id for news in found.missed}
    for known in found.present - missed:
        stream.remember(known)
    for news in found.missed:
        stream.offer(news)
    stream.offer_counts(found.counts)
    return True
