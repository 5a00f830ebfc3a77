"""What a push message says: the same on phones and in browsers, so both roads share it."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from channels_app.parts import Actions, Json, Line, Part, Text, Url
from channels_app.rules.content import address_of_a_page, at_most, buttons, is_templated, not_blank
from channels_app.rules.cutting import cut_bytes
from channels_app.values import ContentFault

# What APNs, FCM and RFC 8030 push services carry, less some room for what providers wrap around it.
# developer.apple.com "Generating a remote notification", firebase.google.com/docs/cloud-messaging; 4,096 bytes each
PAYLOAD_BYTES = 3800


class PushContent(Part, frozen=True):
    """What a push message says, and how long and in whose place it may be shown."""

    title: Annotated[Line, Meta(min_length=1, max_length=1000, examples=["Your parcel is here"])]
    body: Text
    image: Url = ""
    url: Url = ""  # where a tap leads
    data: dict[str, Json] = {}  # for the app, not shown
    actions: Actions = ()
    ttl_seconds: Annotated[int, Meta(ge=0, le=2_419_200)] = 86_400  # 28 days at most, as FCM takes
    collapse_key: Annotated[Line, Meta(max_length=64)] = ""  # a newer message with it replaces an unseen older one


def written(content: PushContent) -> Iterator[ContentFault]:
    """Faults of a push content as it was written."""
    yield from not_blank("/title", content.title)
    for name in ("image", "url"):
        link: str = getattr(content, name)
        if not is_templated(link):
            yield from address_of_a_page(f"/{name}", link)
    yield from buttons(content.actions, rendered=False)


def final(content: PushContent) -> Iterator[ContentFault]:
    """Faults of a push content whose texts are final."""
    yield from not_blank("/title", content.title)
    yield from address_of_a_page("/image", content.image)
    yield from address_of_a_page("/url", content.url)
    yield from buttons(content.actions, rendered=True)
    yield from at_most("", found=_size(content), allowed=PAYLOAD_BYTES, unit="bytes")
    yield from at_most("/collapse_key", found=_size(content.collapse_key) - 2, allowed=64, unit="bytes")


def fitting(content: PushContent) -> PushContent:
    """The content with its body cut so that the whole is small enough; untouched where cutting would not help."""
    excess = _size(content) - PAYLOAD_BYTES
    if excess <= 0:
        return content
    body = cut_bytes(content.body, len(content.body.encode()) - excess)
    # JSON writes some characters longer than UTF-8 does: what is still too big is cut once more by what is left over.
    while body and (excess := _size(msgspec.structs.replace(content, body=body)) - PAYLOAD_BYTES) > 0:
        body = cut_bytes(body, len(body.encode()) - excess)
    return msgspec.structs.replace(content, body=body) if body else content


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))
