"""The filters templates may use, each paid for by the size of what goes in and comes out.

Left out on purpose: `safe` and `base64_*` (they smuggle HTML), `strip_html` (a parser of its own), and everything that
reads the clock.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from liquid import Markup
from liquid.builtin.filters import array, math, misc, string
from liquid.exceptions import FilterArgumentError, FilterValueError
from liquid.undefined import is_undefined

from templates_app.rules import formats
from templates_app.rules.budget import NUMBER_BITS, VALUE_CHARS, weigh
from templates_app.rules.rich import clean, words_of
from templates_app.rules.translate import FORMS, BadMessage, say

if TYPE_CHECKING:
    from templates_app.rules.engine import Purse

Filter = Callable[..., Any]

MESSAGES = "@messages"  # where the context has translations; no template can name it
FORMAT_UNITS = 60  # what writing something by the rules of a locale costs
RICH_CHARS_PER_UNIT = 4  # parsing HTML costs more than copying it
_DATE_FORMAT = re.compile(r"(?:[^%]|%-?[aAbBdejHIlkmMpPSyYZzuwjUWVGfFTDRcxXnt%]){0,100}", re.DOTALL)


class TooBig(FilterValueError):
    """What the filter would make is more than a message may hold."""


def _paid(function: Filter, *, foretell: Callable[..., int] | None = None) -> Filter:
    """`function` with its input, its foretold size and its output weighed."""

    @wraps(function)
    def paid(value: Any, *args: Any, context: "Purse", **options: Any) -> Any:
        for given in (value, *args):
            context.pay_for(given)
        if foretell is not None and foretell(value, *args) > VALUE_CHARS:
            raise TooBig(f"a value of more than {VALUE_CHARS:,} characters", token=None)
        if getattr(function, "with_environment", False):
            options["environment"] = context.env
        result = function(value, *args, **options)
        if isinstance(result, int) and result.bit_length() > NUMBER_BITS:
            raise TooBig("a number too great to be printed", token=None)
        context.pay_for(result)
        return result

    paid.with_context = True  # type: ignore[attr-defined]
    paid.with_environment = False  # type: ignore[attr-defined]
    return paid


def _replaced(value: Any, old: Any, new: Any = "") -> int:
    text, old, new = str(value), str(old), str(new)
    return len(text) + (text.count(old) if old else len(text) + 1) * max(len(new) - len(old), 0)


def _joined(value: Any, separator: Any = " ") -> int:
    items = value if isinstance(value, list | tuple) else [value]
    return weigh(items) + len(items) * len(str(separator))


def _compared(value: Any, *_: Any) -> int:
    """Each item with each other one."""
    return len(value) ** 2 // 16 if isinstance(value, list | tuple) else 0


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


def _t(key: Any, *, context: "Purse", **values: Any) -> str:
    """The text that translations have for `key`, in the plural form for `count`, with `{name}` filled in."""
    messages = context.resolve(MESSAGES, default=None)
    found = messages.get(str(key)) if isinstance(messages, Mapping) else None
    if found is None:
        raise FilterValueError(f"no translation of '{str(key)[:80]}'", token=None)
    for value in values.values():
        context.pay_for(value)
    try:
        said = say(found, values)
    except BadMessage as trouble:
        raise FilterValueError(str(trouble), token=None) from None
    context.pay_for(said)
    return said


def _rich(value: Any, *, context: "Purse") -> str:
    """HTML out of data, with everything taken out that could run, load or hide; in a plain text its words alone."""
    context.pay_for(value)
    text = "" if is_undefined(value) or value is None else str(value)
    context.pay(len(text) // RICH_CHARS_PER_UNIT)
    said = Markup(clean(text)) if context.autoescape else words_of(text)
    context.pay_for(said)
    return said


for _function in (_date, _time, _datetime, _money, _number, _percent, _plural, _t, _rich):
    _function.with_context = True  # type: ignore[union-attr]

_BY_LENGTH_ALONE: dict[str, Filter] = {
    "append": string.append,
    "capitalize": string.capitalize,
    "downcase": string.downcase,
    "escape": string.escape,
    "escape_once": string.escape_once,
    "lstrip": string.lstrip,
    "newline_to_br": string.newline_to_br,
    "prepend": string.prepend,
    "remove": string.remove,
    "remove_first": string.remove_first,
    "remove_last": string.remove_last,
    "replace_first": string.replace_first,
    "replace_last": string.replace_last,
    "rstrip": string.rstrip,
    "slice": string.slice_,
    "split": string.split,
    "squish": string.squish,
    "strip": string.strip,
    "strip_newlines": string.strip_newlines,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "upcase": string.upcase,
    "url_encode": string.url_encode,
    "abs": math.abs_,
    "at_least": math.at_least,
    "at_most": math.at_most,
    "ceil": math.ceil,
    "divided_by": math.divided_by,
    "floor": math.floor,
    "minus": math.minus,
    "modulo": math.modulo,
    "plus": math.plus,
    "round": math.round_,
    "times": math.times,
    "compact": array.compact,
    "concat": array.concat,
    "find": array.find,
    "first": array.first,
    "has": array.has,
    "last": array.last,
    "map": array.map_,
    "reject": array.reject,
    "reverse": array.reverse,
    "sort": array.sort,
    "sort_natural": array.sort_natural,
    "sum": array.sum_,
    "where": array.where,
    "default": misc.default,
    "size": misc.size,
}

FILTERS: dict[str, Filter] = {
    **{name: _paid(function) for name, function in _BY_LENGTH_ALONE.items()},
    "replace": _paid(string.replace, foretell=_replaced),
    "join": _paid(array.join, foretell=_joined),
    "uniq": _paid(array.uniq, foretell=_compared),
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "money": _money,
    "number": _number,
    "percent": _percent,
    "plural": _plural,
    "t": _t,
    "rich": _rich,
}
_HABITS = ("recipient", "locale")
READS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("date", "time", "datetime"), (*_HABITS, "now")),
    **dict.fromkeys(("money", "number", "percent", "plural"), _HABITS),
    "t": (MESSAGES,),
}
"""The names of the context that filters look up by themselves."""
