"""Short texts by key and locale, in the plural form that a number asks for.

A message is a text, or an object of texts by plural form: `{"one": "{count} item", "other": "{count} items"}`. Which
forms a language has is CLDR's, by Babel. `{name}` is filled in; nothing else in a message is a template.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError

Message = str | Mapping[str, str]
FORMS = ("zero", "one", "two", "few", "many", "other")
MESSAGE_CHARS = 2000
_NAME = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


class BadMessage(Exception):
    """A message cannot be said; the text tells why."""


def say(found: Any, values: Mapping[str, Any]) -> str:
    """A message as templates hold it, `[locale, message]`, with its values. Raises `BadMessage`."""
    locale, message = found
    if not isinstance(message, str):
        if "count" not in values:
            raise BadMessage("a message with plural forms needs a count: {{ 'items' | t: count: 3 }}")
        message = message.get(plural_form(locale, values["count"])) or message["other"]

    def fill(place: re.Match[str]) -> str:
        if place[1] not in values:
            raise BadMessage(f"the message asks for '{place[1]}'; give it: {{{{ 'key' | t: {place[1]}: … }}}}")
        return str(values[place[1]])

    return _NAME.sub(fill, message)


def plural_form(locale: str, count: Any) -> str:
    """The CLDR plural form of a number in a language; `other` for what is no number."""
    if isinstance(count, bool) or not isinstance(count, int | float):
        try:
            count = int(str(count))
        except ValueError:
            return "other"
    return str(_rule(locale)(abs(count)))


def faults(locale: str, messages: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong and what would do) of translations as they are written."""
    forms: Collection[str] = _rule(locale).tags | {"other"}
    for key, message in messages.items():
        texts = {"": message} if isinstance(message, str) else message
        if not isinstance(texts, Mapping) or not all(isinstance(text, str) for text in texts.values()):
            yield key, "expected a text, or an object of texts by plural form"
        elif any(len(text) > MESSAGE_CHARS for text in texts.values()):
            yield key, f"more than {MESSAGE_CHARS:,} characters"
        elif not isinstance(message, str):
            unknown = sorted(set(texts) - set(forms))
            missing = [form for form in FORMS if form in forms and form not in texts]
            if unknown:
                yield key, f"no plural form '{unknown[0]}' in {locale}; it has {', '.join(sorted(forms))}"
            elif missing:
                yield key, f"the plural form '{missing[0]}' is missing; {locale} has {', '.join(sorted(forms))}"


@lru_cache(maxsize=256)
def _rule(locale: str) -> Any:
    """Of a language Babel does not know: that of English."""
    for name in (locale, locale.partition("-")[0], "en"):
        try:
            return Locale.parse(name, sep="-").plural_form
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("Babel knows English")
