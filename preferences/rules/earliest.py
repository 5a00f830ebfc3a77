"""The earliest moment at which somebody may be disturbed, of everything that has a say in it: pure.

| What                      | Whose                     | Reason           | Who passes                      |
|---------------------------|---------------------------|------------------|---------------------------------|
| quiet hours               | the recipient, the tenant | `quiet_hours`    | critical, required categories   |
| sending windows, holidays | the type                  | `outside_window` | critical, required categories   |
| calling hours             | the law of the place      | `outside_window` | everything that is no marketing |

All must agree. The reason is that of the last one that put it off.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from preferences.rules.calling_hours import CallingHours
from preferences.rules.quiet_hours import Window, quiet_until
from preferences.rules.windows import LONGEST, sending_window

QUIET_HOURS, OUTSIDE_WINDOW = "quiet_hours", "outside_window"
_MOST_TURNS = 250  # eight a day; a wilder mix of windows ends there, and is looked at again then


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing goes out before `until`, in UTC. `rule` names what put it off last."""

    until: datetime
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Windows on one clock. `closed`: days on which none begins."""

    rule: str
    zone: str
    windows: tuple[Window, ...]
    closed: Collection[date] = ()


def held(at: datetime, *, quiet: Sequence[Window] = (), zone: str, openings: Sequence[Opening] = ()) -> Held | None:
    """What keeps a message back at a moment, and until when; `None`: it may go.

    Quiet hours are read on the clock of `zone`. Where no moment is found within 31 days, that is when it is looked at
    again.
    """
    moment = at.astimezone(UTC)
    limit, last = moment + LONGEST, ""
    for _ in range(_MOST_TURNS):
        later, rule = _put_off(moment, quiet=quiet, zone=zone, openings=openings, limit=limit)
        if later == moment:
            break
        moment, last = later, rule
        if moment >= limit:
            break
    if not last:
        return None
    return Held(min(moment, limit), QUIET_HOURS if last == QUIET_HOURS else OUTSIDE_WINDOW, last)


def openings_by_law(hours: CallingHours, *, zones: Sequence[str], holidays: Collection[date] = ()) -> list[Opening]:
    """The calling hours of a place on every clock that may be the recipient's: all of them must agree."""
    closed = holidays if hours.not_on_holidays else ()
    return [Opening(f"calling_hours.{hours.country}", zone, hours.windows, closed) for zone in zones]


def _put_off(
    moment: datetime, *, quiet: Sequence[Window], zone: str, openings: Sequence[Opening], limit: datetime
) -> tuple[datetime, str]:
    """The first of all that puts the moment off, and until when; the moment itself when none does."""
    if quiet and (until := quiet_until(moment, quiet, zone=zone)):
        return until, QUIET_HOURS
    for opening in openings:
        opens = sending_window(moment, opening.windows, zone=opening.zone, closed=opening.closed)
        if opens != moment:
            return opens or limit + timedelta(seconds=1), opening.rule
    return moment, ""
