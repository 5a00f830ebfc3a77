"""What other floors ask about wishes and suppressions; how it is judged is in the modules beside this one."""

from preferences.rules.calling_hours import CallingHours, calling_hours
from preferences.rules.earliest import Held, Opening, held, openings_by_law
from preferences.rules.frequency import Batch, Off
from preferences.rules.jurisdiction import Jurisdiction, jurisdiction_of
from preferences.rules.levels import Choice, Level, Wishes, level_in, wishes_among, wishes_in
from preferences.rules.quiet_hours import Window, windows_in
from preferences.rules.suppression import Ban, Reason, barred, scope_of
from preferences.rules.wishes import (
    PREFERENCE_OFF,
    REQUIRED_CATEGORIES,
    Refusal,
    clock_of,
    frequency_for,
    judged,
    left_alone_until,
    preferred_order,
)

__all__ = (
    "PREFERENCE_OFF",
    "REQUIRED_CATEGORIES",
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
    "calling_hours",
    "clock_of",
    "frequency_for",
    "held",
    "judged",
    "jurisdiction_of",
    "left_alone_until",
    "level_in",
    "openings_by_law",
    "preferred_order",
    "scope_of",
    "windows_in",
    "wishes_among",
    "wishes_in",
)
