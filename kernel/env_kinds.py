"""The kinds of values an environment variable may hold, and what is said of a text that is not one of them."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from kernel.env import Kind, WrongValue

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_RATE = re.compile(r"(?P<count>[1-9][0-9]{0,9})\s*/\s*(?P<period>[a-z]+)")
_PLACEHOLDER = re.compile(r"change.?me|insecure|placeholder|your.?secret", re.IGNORECASE)
_FEWEST_DIFFERENT = 3
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any `seconds`, e.g. 1000 in 3600."""

    count: int
    seconds: int


def text() -> Kind[str]:
    """Any text; an empty one stands for "none"."""
    return Kind(parse=str, words="a text")


def secret_text(*, at_least: int) -> Kind[str]:
    """A secret of at least so many characters that nobody has copied from an example, or none at all."""
    words = f"a random text of at least {at_least} characters"

    def parse(found: str) -> str:
        if found and (len(found) < at_least or len(set(found)) < _FEWEST_DIFFERENT or _PLACEHOLDER.search(found)):
            raise WrongValue(words)
        return found

    return Kind(parse=parse, words=words)


def name() -> Kind[str]:
    """A short name, fit for queues, roles and key prefixes."""
    words = "a name of letters, digits, '_', '.' and '-', at most 100 long,"

    def parse(found: str) -> str:
        if not _NAME.fullmatch(found):
            raise WrongValue(words)
        return found

    return Kind(parse=parse, words=words)


def integer(*, low: int, high: int) -> Kind[int]:
    """A whole number within bounds, both included."""
    words = f"a whole number from {low} to {high}"

    def parse(found: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,12}", found) or not low <= int(found) <= high:
            raise WrongValue(words)
        return int(found)

    return Kind(parse=parse, words=words)


def fraction() -> Kind[float]:
    """A number from 0 to 1, both included."""
    words = "a number from 0 to 1"

    def parse(found: str) -> float:
        if not re.fullmatch(r"[01]?(\.[0-9]{1,9})?", found) or not found or float(found) > 1:
            raise WrongValue(words)
        return float(found)

    return Kind(parse=parse, words=words)


def milliseconds(*, low: int, high: int) -> Kind[float]:
    """A duration written in whole milliseconds; the value is in seconds."""
    whole = integer(low=low, high=high)
    words = f"{whole.words} (milliseconds)"

    def parse(found: str) -> float:
        try:
            return whole.parse(found) / 1000
        except WrongValue:
            raise WrongValue(words) from None

    return Kind(parse=parse, words=words)


def boolean() -> Kind[bool]:
    """True or false in the usual spellings."""
    words = f"{', '.join(_TRUE)} or {', '.join(_FALSE)}"

    def parse(found: str) -> bool:
        if found.lower() not in _TRUE + _FALSE:
            raise WrongValue(words)
        return found.lower() in _TRUE

    return Kind(parse=parse, words=words)


def choice(options: Collection[str]) -> Kind[str]:
    """One of a closed list."""
    words = "one of " + ", ".join(filter(None, options))

    def parse(found: str) -> str:
        if found not in options:
            raise WrongValue(words)
        return found

    return Kind(parse=parse, words=words)


def listing(of: Kind[str]) -> Kind[tuple[str, ...]]:
    """A list with commas between its items, each of the kind `of`; empty is an empty list."""

    def parse(found: str) -> tuple[str, ...]:
        items = [item.strip() for item in found.split(",") if item.strip()]
        try:
            return tuple(of.parse(item) for item in items)
        except WrongValue as wrong:
            raise WrongValue(f"a list with commas, each item {wrong}") from wrong

    return Kind(parse=parse, words=f"a list with commas, each item {of.words}")


def url(*, schemes: tuple[str, ...], example: str) -> Kind[str]:
    """A URL with one of `schemes` and a host, or none at all. `example` shows what would do."""
    words = f"a URL like {example}"

    def parse(found: str) -> str:
        if not found:
            return found
        try:
            parts = urlsplit(found)
            whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            whole = False
        if not whole or found.partition("://")[0] not in schemes:
            raise WrongValue(words)
        return found

    return Kind(parse=parse, words=words)


def timezone() -> Kind[str]:
    """An IANA zone name."""
    words = "an IANA time zone like Europe/Paris"

    def parse(found: str) -> str:
        if found not in available_timezones():
            raise WrongValue(words)
        return found

    return Kind(parse=parse, words=words)


def rate() -> Kind[Rate | None]:
    """So many per second, minute, hour or day; empty is no limit."""
    words = "a limit like 100/second, 600/minute, 10000/hour or 50000/day"

    def parse(found: str) -> Rate | None:
        if not found:
            return None
        shape = _RATE.fullmatch(found.lower())
        if shape is None or shape["period"] not in _PERIODS:
            raise WrongValue(words)
        return Rate(count=int(shape["count"]), seconds=_PERIODS[shape["period"]])

    return Kind(parse=parse, words=words)


def json_object() -> Kind[Mapping[str, Any]]:
    """A JSON object; empty is an empty one."""
    words = "a JSON object"

    def parse(found: str) -> Mapping[str, Any]:
        try:
            value = json.loads(found or "{}")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise WrongValue(words)
        return value

    return Kind(parse=parse, words=words)


def credentials() -> Kind[Mapping[str, Any]]:
    """What a provider needs to know us: a JSON object, or a URL, which becomes `{"url": …}`."""
    words = "a JSON object or a URL like smtp://user:password@host:587"
    whole = json_object()

    def parse(found: str) -> Mapping[str, Any]:
        scheme, separator, rest = found.partition("://")
        if separator and scheme.replace("+", "").isalnum() and rest:
            return {"url": found}
        try:
            return whole.parse(found)
        except WrongValue:
            raise WrongValue(words) from None

    return Kind(parse=parse, words=words)
