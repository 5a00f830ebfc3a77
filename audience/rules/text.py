"""Text that may go into headers, logs and the database: no control characters, nothing invisible that steers."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MAX_ID_CHARS = 255
_RESERVED_IDS = frozenset({".", "..", "bulk"})  # "bulk" is a route; dots are folded away by HTTP clients


def steering_character(text: str) -> str | None:
    """The first control, line-break or direction character of `text` as `U+000A`, or `None`."""
    found = _STEERING.search(text)
    return None if found is None else f"U+{ord(found.group()):04X}"


def trouble_with_external_id(external_id: str) -> str | None:
    """Why `external_id` cannot name a person in a URL, or `None` when it can."""
    if not 1 <= len(external_id) <= MAX_ID_CHARS:
        return f"has {len(external_id)} characters; use 1 to {MAX_ID_CHARS}"
    if external_id in _RESERVED_IDS:
        return f"'{external_id}' is reserved; use another id"
    for character in external_id:
        if character == "/":
            return "contains '/', which would split the URL; use any other visible character, such as ':' or '.'"
        if character.isspace() or unicodedata.category(character)[0] == "C":
            return f"contains U+{ord(character):04X}; use visible characters only"
    return None


def holds_nul(value: Any) -> bool:
    """Whether a JSON value holds U+0000 anywhere, which PostgreSQL cannot keep."""
    match value:
        case str():
            return "\x00" in value
        case Mapping():
            return any(holds_nul(key) or holds_nul(item) for key, item in value.items())
        case list() | tuple():
            return any(holds_nul(item) for item in value)
    return False
