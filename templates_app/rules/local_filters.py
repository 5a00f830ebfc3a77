"""The filters that write moments and numbers as the reader is used to: in their locale, and in their zone."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from liquid import Markup
from liquid.exceptions import FilterArgumentError, FilterValueError
from liquid.undefined import is_undefined

from templates_app.rules import formats
from templates_app.rules.translate import FORMS, BadMessage, say

if TYPE_CHECKING:
    from templates_app.rules.engine import Purse

FORMAT_UNITS = 60  # what writing something by the rules of a locale costs
_DATE_FORMAT = re.compile(r"(?:[^%]|%-?[aAbBdejHIlkmMpPSyYZzuwjUWVGfFTDRcxXnt%]){0,100}", re.DOTALL)


def _date(value: Any, format: Any = "medium", *, context: "Purse") -> str:
    """A moment in words of `strftime`, or as the reader's locale has it: short, medium, long or full."""
    if format in formats.LENGTHS:
        return _told(value, lambda found, locale: formats.day(found.date(), format, locale=locale), context)
    if not isinstance(format, str) or not _DATE_FORMAT.fullmatch(format):
        raise FilterArgumentError(
            "date needs a short format like '%d.%m.%Y %H:%M', or short, medium, long or full", token=None
        )
    if (found := _there(value, context)) is None:
        return _as_it_is(value)
    shown = found.strftime(format)
    return Markup(shown) if context.autoescape and isinstance(format, Markup) else shown


def _time(value: Any, *, context: "Purse") -> str:
    """The time of day of a moment, as the reader's locale has it."""
    return _told(value, lambda found, locale: formats.hour(found.time(), locale=locale), context)


def _datetime(value: Any, length: Any = "medium", *, context: "Purse") -> str:
    """Date and time of a moment, as the reader's locale has them."""
    if length not in formats.LENGTHS:
        raise FilterArgumentError("datetime is short, medium, long or full", token=None)
    return _told(value, lambda found, locale: formats.moment(found, length, locale=locale), context)


def _money(value: Any, currency: Any, *, context: "Purse") -> str:
    """An amount as the reader's locale writes it: `{{ total | money: 'EUR' }}`."""
    return _counted(value, lambda locale: formats.money(value, currency, locale=locale), context)


def _number(value: Any, decimals: Any = None, *, context: "Purse") -> str:
    """A number as the reader's locale writes it, with so many decimals or those it has."""
    return _counted(value, lambda locale: formats.number(value, decimals=decimals, locale=locale), context)


def _percent(value: Any, *, context: "Purse") -> str:
    """A share as the reader's locale writes it: 0.25 is 25 %."""
    return _counted(value, lambda locale: formats.percent(value, locale=locale), context)


def _plural(value: Any, *, context: "Purse", **texts: Any) -> str:
    """The text for a number, in the plural forms of the language: `plural: one: 'a bell', other: '{count} bells'`."""
    context.pay(FORMAT_UNITS)
    if unknown := sorted(set(texts) - set(FORMS)):
        raise FilterArgumentError(f"no plural form '{unknown[0][:20]}'; known: {', '.join(FORMS)}", token=None)
    if "other" not in texts:
        raise FilterArgumentError("plural needs a text for 'other'", token=None)
    for text in texts.values():
        context.pay_for(text)
    try:
        return say([_locale(context), {form: str(text) for form, text in texts.items()}], {"count": value})
    except BadMessage as trouble:
        raise FilterValueError(str(trouble), token=None) from None


def _told(value: Any, say: Callable[[datetime, str], str], context: "Purse") -> str:
    context.pay(FORMAT_UNITS)
    found = _there(value, context)
    return _as_it_is(value) if found is None else say(found, _locale(context))


def _counted(value: Any, say: Callable[[str], str], context: "Purse") -> str:
    context.pay(FORMAT_UNITS)
    if is_undefined(value) or value is None:
        return ""
    try:
        return say(_locale(context))
    except formats.CannotWrite as trouble:
        raise FilterArgumentError(str(trouble), token=None) from None


def _as_it_is(value: Any) -> str:
    return "" if is_undefined(value) or value is None else str(value)


def _there(value: Any, context: "Purse") -> datetime | None:
    """The moment a value tells, in the reader's zone when it is aware and that is known; `None`: it tells none."""
    if is_undefined(value) or value is None:
        return None
    if value in ("now", "today"):
        value = context.resolve("now")
    moment = _moment(value)
    if moment is None or moment.tzinfo is None or (zone := _zone(context)) is None:
        return moment
    return moment.astimezone(zone)


def _locale(context: "Purse") -> str:
    """In whose habits numbers and moments are written."""
    words, recipient = context.resolve("locale", default=""), context.resolve("recipient", default=None)
    reader = recipient.get("locale") if isinstance(recipient, Mapping) else ""
    return formats.locale_for(
        words=words if isinstance(words, str) else "", reader=reader if isinstance(reader, str) else ""
    )


def _moment(value: Any) -> datetime | None:
    try:
        if isinstance(value, datetime):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        text = str(value).strip()
        if len(text) > 40:
            return None
        if text.isdigit() and len(text) > 8:
            return datetime.fromtimestamp(int(text), UTC)
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), datetime.min.time())
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None


def _zone(context: "Purse") -> ZoneInfo | None:
    recipient = context.resolve("recipient", default=None)
    name = recipient.get("timezone") if isinstance(recipient, Mapping) else None
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


LOCAL_FILTERS: Mapping[str, Callable[..., str]] = {
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "money": _money,
    "number": _number,
    "percent": _percent,
    "plural": _plural,
}
_HABITS = ("recipient", "locale")
LOCAL_READS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("date", "time", "datetime"), (*_HABITS, "now")),
    **dict.fromkeys(("money", "number", "percent", "plural"), _HABITS),
}
"""The names of the context that they look up by themselves."""

for _function in LOCAL_FILTERS.values():
    _function.with_context = True  # type: ignore[attr-defined]
