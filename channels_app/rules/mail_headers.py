"""The headers every mail of ours has, whichever way it goes: who it is, that no person wrote it, how to leave."""

import re

from channels_app.rules.mime import UnsafeHeader
from channels_app.values import Message

DELIVERY_ID = "X-Carillon-Delivery-Id"
TRACEPARENT = "X-Carillon-Traceparent"
UNSUBSCRIBE_CHARS = 900  # a header line ends at 998 octets, RFC 5322 2.1.1

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_UNSUBSCRIBE = re.compile(r"https?://[!-;=?-~]+")  # printable, and no angle bracket


def headers_of(message: Message) -> dict[str, str]:
    """Headers by name. With an address to unsubscribe at come those of RFC 8058, for one click. Raises UnsafeHeader."""
    headers = {"Auto-Submitted": "auto-generated", DELIVERY_ID: str(message.delivery_id)}
    if _TRACEPARENT.fullmatch(message.traceparent):
        headers[TRACEPARENT] = message.traceparent
    if url := message.unsubscribe_url:
        if not _UNSUBSCRIBE.fullmatch(url) or len(url) > UNSUBSCRIBE_CHARS:
            raise UnsafeHeader("the address to unsubscribe at is no URL that fits a header")
        headers["List-Unsubscribe"] = f"<{url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
