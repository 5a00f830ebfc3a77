"""What holds for somebody whatever the message is: quiet hours, clock, holidays, the channels they like. Pure.

Nothing is weighed here: the strongest level that says anything counts (`levels.py`). Overrides that are over at `at`
say nothing.
"""

from collections.abc import Sequence
from datetime import date, datetime

from preferences.rules.levels import DEFAULT, Wishes
from preferences.rules.quiet_hours import Window


def preferred_order(wishes: Wishes, channels: Sequence[str], *, at: datetime | None = None) -> tuple[str, ...]:
    """`channels` with those that somebody likes better first; the others keep their order behind them."""
    first = tuple(channel for channel in channel_order_of(wishes, at=at) if channel in channels)
    return (*first, *(channel for channel in channels if channel not in first))


def channel_order_of(wishes: Wishes, *, at: datetime | None = None) -> tuple[str, ...]:
    """The channels that somebody likes, the best first; empty: nobody said."""
    return next((level.channel_order for level in wishes.in_force(at) if level.channel_order), ())


def quiet_of(wishes: Wishes, *, at: datetime | None = None) -> tuple[Window, ...]:
    """The quiet hours that count: those of the strongest level that speaks of any."""
    return next((level.quiet for level in wishes.in_force(at) if level.quiet is not None), ())


def holidays_of(wishes: Wishes, country: str, *, at: datetime | None = None) -> tuple[date, ...]:
    """The public holidays of a country, as the tenant says."""
    return next((level.holidays[country] for level in wishes.in_force(at) if country in level.holidays), ())


def clock_of(wishes: Wishes, *, own: str = "", otherwise: str = "UTC", at: datetime | None = None) -> str:
    """The zone on whose clock somebody lives: as they say, else their `own`, else the tenant's, else `otherwise`."""
    default = next((level.timezone for level in wishes.in_force(at) if level.name == DEFAULT), "")
    return own_clock_of(wishes, own=own, at=at) or default or otherwise


def own_clock_of(wishes: Wishes, *, own: str = "", at: datetime | None = None) -> str:
    """The zone that is known of this person, not guessed for everybody: as they say, else their `own`; "" = none."""
    return next((level.timezone for level in wishes.in_force(at) if level.timezone and level.name != DEFAULT), own)
