"""What other floors ask about wishes and suppressions; how it is judged is in the modules beside this one."""

from preferences.rules.calling_hours import MARKETING, TEXTS, CallingHours, calling_hours
from preferences.rules.earliest import OUTSIDE_WINDOW, QUIET_HOURS, Held, Opening, held, openings_by_law
from preferences.rules.frequency import Batch, Off
from preferences.rules.jurisdiction import Jurisdiction, jurisdiction_of
from preferences.rules.levels import Choice, Level, Wishes, level_in, wishes_among, wishes_in
from preferences.rules.quiet_hours import Window, windows_in
from preferences.rules.standing import channel_order_of, clock_of, holidays_of, own_clock_of, preferred_order, quiet_of
from preferences.rules.suppression import UNSUBSCRIBED, Ban, Reason, barred, barred_everywhere, scope_of
from preferences.rules.wishes import (
    PREFERENCE_OFF,
    REQUIRED_CATEGORIES,
    Refusal,
    frequency_for,
    judged,
)

__all__ = (
    "MARKETING",
    "OUTSIDE_WINDOW",
    "PREFERENCE_OFF",
    "QUIET_HOURS",
    "REQUIRED_CATEGORIES",
    "TEXTS",
    "UNSUBSCRIBED",
    "Ban",
    "Batch",
    "CallingHours",
    "Choice",
    "Held",
    "Jurisdiction",
    "Level",
    "Off",
    "Opening",
    "Reason",
    "Refusal",
    "Window",
    "Wishes",
    "barred",
    "barred_everywhere",
    "calling_hours",
    "channel_order_of",
    "clock_of",
    "frequency_for",
    "held",
    "holidays_of",
    "judged",
    "jurisdiction_of",
    "level_in",
    "openings_by_law",
    "own_clock_of",
    "preferred_order",
    "quiet_of",
    "scope_of",
    "windows_in",
    "wishes_among",
    "wishes_in",
)
