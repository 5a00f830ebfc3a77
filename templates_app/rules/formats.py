"""Numbers, money and moments as people of a locale write them, by CLDR: pure. Figures are the Latin ones everywhere."""

import re
from copy import copy
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent, list_currencies

Length = Literal["short", "medium", "long", "full"]
LENGTHS: tuple[Length, ...] = ("short", "medium", "long", "full")
FALLBACK = "en"
MOST_DECIMALS = 10
_LOCALE_CHARS = 40
_NUMBER = re.compile(r"\s*[+-]?\d{1,24}(?:\.\d{1,24})?\s*", re.ASCII)
_TOO_GREAT = 10**24


class CannotWrite(ValueError):
    """What was given cannot be written so; the message says what would do and repeats nothing of it."""


def locale_for(*, words: str, reader: str) -> str:
    """Whose habits count: the reader's, unless the words around are in another language than theirs."""
    same = reader.partition("-")[0].lower() == words.partition("-")[0].lower()
    return reader if reader and (same or not words) else words or FALLBACK


def number(value: Any, *, decimals: Any, locale: str) -> str:
    """A number with its thousands apart: with so many decimals, or (`None`) with those that it has, up to three."""
    spoken = _locale(locale)
    pattern = spoken.decimal_formats[None]
    if decimals is not None:
        if not isinstance(decimals, int) or not 0 <= decimals <= MOST_DECIMALS:
            raise CannotWrite(f"number takes from 0 to {MOST_DECIMALS} decimals")
        pattern = copy(pattern)
        pattern.frac_prec = (decimals, decimals)
    return format_decimal(_number(value), format=pattern, locale=spoken)


def percent(value: Any, *, locale: str) -> str:
    """A share: 0.25 is 25 %."""
    return format_percent(_number(value), locale=_locale(locale))


def money(value: Any, currency: Any, *, locale: str) -> str:
    """An amount in units of a currency (ISO 4217), with the decimals that it has."""
    if not isinstance(currency, str) or currency not in _currencies():
        raise CannotWrite("money needs a currency of ISO 4217, like 'EUR'")
    return format_currency(_number(value), str(currency), locale=_locale(locale))


def day(value: date, length: Length, *, locale: str) -> str:
    """A date."""
    return format_date(value, length, locale=_locale(locale))


def hour(value: time, *, locale: str) -> str:
    """A time of day, to the minute and without its zone."""
    return format_time(value, "short", locale=_locale(locale))


def moment(value: datetime, length: Length, *, locale: str) -> str:
    """A date of this length with the time of day."""
    together = str(_locale(locale).datetime_formats[length]).replace("'", "")
    said = together.replace("{0}", hour(value.time(), locale=locale))
    return said.replace("{1}", day(value.date(), length, locale=locale))


def _number(value: Any) -> Decimal:
    """What JSON has for numbers, and texts of one as programs write it. Bounded, for all its figures are written."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool) and -_TOO_GREAT < value < _TOO_GREAT:
        return Decimal(repr(value))
    raise CannotWrite("not a number of up to 24 digits; one like 1234.5 would do")


@lru_cache(maxsize=256)
def _locale(name: str) -> Locale:
    """The nearest locale that CLDR has: `de-AT`, `de`, English."""
    pieces = name[:_LOCALE_CHARS].split("-")
    for length in range(len(pieces), 0, -1):
        try:
            return Locale.parse("-".join(pieces[:length]), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(FALLBACK)


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())
