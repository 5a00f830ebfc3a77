"""What people and tenants said they want, level by level, as the rules read it: frozen, and msgspec can carry it.

| Level       | Who said it                                                  | Holds                 |
|-------------|--------------------------------------------------------------|-----------------------|
| `forced`    | the tenant, for everybody                                    | until it is taken out |
| `override`  | the recipient, or support for them; the newest comes first   | until a moment        |
| `recipient` | the recipient                                                | until they change it  |
| `default`   | the tenant, for whoever says nothing                         | until it is changed   |

What none of them says is left to the platform, which allows it. How they are weighed is in `wishes.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from preferences.rules.conditions import Condition, conditions_in
from preferences.rules.frequency import Frequency, frequencies_in
from preferences.rules.quiet_hours import Window, windows_in

FORCED, OVERRIDE, RECIPIENT, DEFAULT = "forced", "override", "recipient", "default"
RANKS = {FORCED: 0, OVERRIDE: 1, RECIPIENT: 2, DEFAULT: 3}

Choice = bool | Mapping[str, bool]  # for every channel, or by channel


class Level(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was said on one level. What is missing says nothing."""

    name: str = RECIPIENT
    channels: Mapping[str, bool] = {}
    categories: Mapping[str, Choice] = {}
    types: Mapping[str, Choice] = {}
    quiet: tuple[Window, ...] | None = None  # (): said to be never; None: nothing said
    timezone: str = ""  # IANA name
    frequency: Mapping[str, Frequency] = {}  # by "type:…", "category:…" or "channel:…"
    conditions: tuple[Condition, ...] = ()
    channel_order: tuple[str, ...] = ()  # the channel they like best comes first
    holidays: Mapping[str, tuple[date, ...]] = {}  # by country, ISO 3166-1 alpha-2
    until: datetime | None = None  # of an override: from then on it says nothing
    id: str = ""  # of an override


class Wishes(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that was said for one recipient, the strongest level first."""

    levels: tuple[Level, ...] = ()

    def in_force(self, at: datetime | None) -> Iterator[Level]:
        """The levels that say something at a moment, the strongest first; `None`: overrides hold whatever their end."""
        return (level for level in self.levels if at is None or level.until is None or at < level.until)


def wishes_among(levels: Iterable[Level]) -> Wishes:
    """The wishes that these levels make, in whatever order they come."""
    newest_first = sorted(levels, key=lambda level: level.id, reverse=True)
    return Wishes(tuple(sorted(newest_first, key=lambda level: RANKS[level.name])))


def wishes_in(document: Mapping[str, Any]) -> Wishes:
    """The wishes of a recipient whose tenant says nothing."""
    return Wishes((level_in(document),))


def level_in(
    document: Mapping[str, Any], name: str = RECIPIENT, *, until: datetime | None = None, id: str = ""
) -> Level:
    """The level that a stored document is."""
    quiet = document.get("quiet_hours")
    return Level(
        name=name,
        channels=document.get("channels", {}),
        categories=document.get("categories", {}),
        types=document.get("types", {}),
        quiet=None if quiet is None else windows_in(quiet),
        timezone=document.get("timezone", ""),
        frequency=frequencies_in(document.get("frequency", {})),
        conditions=conditions_in(document.get("conditions", ())),
        channel_order=tuple(document.get("channel_order", ())),
        holidays={
            country: tuple(date.fromisoformat(day) for day in days)
            for country, days in document.get("holidays", {}).items()
        },
        until=until,
        id=id,
    )
