"""Takes addresses and secrets out of whatever is about to be written down: log lines, error reports, metrics."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kernel.masking import mask

HIDDEN = "[hidden]"
MAX_DEPTH = 6
MAX_CHARS = 10_000

_SECRET_NAMES = re.compile(
    r"pass(word|wd|phrase)|secret|token|authorization|cookie|api_?key|credential|private_?key|signature|^dsn$",
    re.IGNORECASE,
)
_FINDINGS = re.compile(
    r"(?P<userinfo>(?<=://)[^/\s@]{1,200}@)"
    r"|(?P<key>\bcrl_(?:live|test)_\w+|\bwhs(?:ec|k)_[\w+/=]+)"
    r"|(?P<bearer>(?<=bearer )[^\s\"',;]+)"
    r"|(?P<email>[^\s@<>\"',;:()\[\]=|/]{1,64}@[^\s@<>\"',;:()\[\]=|/]{1,255})"
    r"|(?P<phone>\+\d[\d ().-]{5,20}\d)",
    re.IGNORECASE,
)


def scrub_text(text: str) -> str:
    """`text` with e-mail addresses and phone numbers masked, keys, tokens and URL passwords hidden; cut when long."""
    if len(text) > MAX_CHARS:
        text = f"{text[:MAX_CHARS]}… ({len(text) - MAX_CHARS} characters cut)"
    return _FINDINGS.sub(_cover, text) if _may_hold_something(text) else text


def scrub(value: Any, *, depth: int = 0) -> Any:
    """`value` with every text in it scrubbed and everything hidden whose name says it is a secret.

    Mappings and sequences are copied, six levels deep at most; other objects become their scrubbed `repr`.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return scrub_text(value)
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {scrub_text(str(name)): scrub_named(str(name), item, depth=depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub(item, depth=depth + 1) for item in value]
    return scrub_text(str(value))


def scrub_named(name: str, value: Any, *, depth: int = 0) -> Any:
    """`value` as it may be shown under `name`."""
    if value and not isinstance(value, bool | int | float) and _is_secret(name):
        return HIDDEN
    return scrub(value, depth=depth)


@lru_cache(maxsize=2048)
def _is_secret(name: str) -> bool:
    return _SECRET_NAMES.search(name) is not None


def _may_hold_something(text: str) -> bool:
    """A quick look that spares most texts the search: each finding has one of these in it."""
    return "@" in text or "+" in text or "_" in text or "earer " in text.lower()


def _cover(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "email":
            return mask(found[0])
        case "phone":
            return mask("+" + re.sub(r"\D", "", found[0]))
        case "userinfo":
            return f"{HIDDEN}@"
        case _:
            return HIDDEN
