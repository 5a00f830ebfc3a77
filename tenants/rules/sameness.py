"""When two requests are the same one: method, path and what the body says, however it is written."""

from hashlib import sha256
from typing import Any

import msgspec

MAX_KEY_CHARS = 255
_canonical = msgspec.json.Encoder(order="sorted")


def fingerprint(body: Any, *, method: str, path: str, mode: str) -> bytes:
    """SHA-256 over method, path without trailing slash, mode of the key and the parsed JSON with sorted keys.

    A request of a test key is never the same as one of a live key. `body` is `None` when there is none.
    """
    said = _canonical.encode([method, path.rstrip("/"), mode, body])
    return sha256(said).digest()


def is_key(text: str) -> bool:
    """1 to 255 visible ASCII characters."""
    return 1 <= len(text) <= MAX_KEY_CHARS and all("!" <= character <= "~" for character in text)
