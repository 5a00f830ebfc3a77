"""The value by which a digest gathers apart, as one text: pure, bounded, and the same whenever it is asked.

| In the data                    | In the key                                                                     |
|--------------------------------|--------------------------------------------------------------------------------|
| a text                         | itself: `"7"` and `7` are gathered together, as are `"true"` and `true`         |
| a number                       | as JSON writes it; `7.0` is `7`                                                |
| a list, an object              | as JSON writes it, names in order                                              |
| nothing, null                  | its `default`, else nothing                                                    |

Several parts are joined by `|`, and a `|` or `\\` of theirs is escaped, so that no two lists of values share a key. Of
what is long or holds characters that cannot be shown, the key is its beginning and a hash of it.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from notifications.rules.policy import DigestKey, KeyPart

MOST_KEY_CHARS = 200
_SHOWN_CHARS = 150  # of a key that ends in a hash
_MOST_DATE_CHARS = 40
_EXACT = 2**53  # a float beyond it is not a whole number that anybody wrote


def key_in(data: Mapping[str, Any], key: DigestKey | None, *, zone: str) -> str:
    """The key of an item, empty where nothing of what is asked for is there; moments are on the clock of `zone`."""
    if key is None:
        return ""
    parts = [key] if isinstance(key, str) else key
    texts = [_part(data, part, zone) for part in parts]
    if not any(texts):
        return ""
    return _bounded(texts[0] if len(texts) == 1 else "|".join(map(_escaped, texts)))


def _part(data: Mapping[str, Any], part: str | KeyPart, zone: str) -> str:
    if isinstance(part, str):
        return _text(_found(data, part))
    return _FORMS[part.form](_found(data, part.path), zone) or part.default


def _found(data: Mapping[str, Any], path: str) -> Any:
    found: Any = data
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, Sequence) and not isinstance(found, str) and name.isdecimal() and len(name) < 10:
            found = found[int(name)] if int(name) < len(found) else None
        else:
            return None
    return found


def _text(found: Any) -> str:
    if found is None or isinstance(found, str):
        return found or ""
    if isinstance(found, float) and found.is_integer() and abs(found) < _EXACT:
        found = int(found)
    return msgspec.json.encode(found, order="sorted").decode()


def _local(found: Any, zone: str) -> datetime | None:
    """An ISO 8601 date or moment on the clock of `zone`; one without a zone of its own is on that clock already."""
    if not isinstance(found, str) or len(found) > _MOST_DATE_CHARS:
        return None
    try:
        moment = datetime.fromisoformat(found.strip())
        return moment if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError):
        return None


def _by(written: Callable[[datetime], str]) -> Callable[[Any, str], str]:
    def text(found: Any, zone: str) -> str:
        moment = _local(found, zone)
        return written(moment) if moment else ""

    return text


def _week(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year:04}-W{week:02}"


_FORMS: Mapping[str, Callable[[Any, str], str]] = {
    "text": lambda found, _: _text(found),
    "lower": lambda found, _: _text(found).strip().lower(),
    "day": _by(lambda moment: moment.date().isoformat()),
    "week": _by(_week),
    "month": _by(lambda moment: f"{moment.year:04}-{moment.month:02}"),
}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


def _bounded(key: str) -> str:
    beginning = key[: MOST_KEY_CHARS + 1]
    shown = "".join(" " if unicodedata.category(one)[0] == "C" else one for one in beginning)
    if shown == key and len(key) <= MOST_KEY_CHARS:
        return key
    return f"{shown[:_SHOWN_CHARS]}…{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()[:32]}"
