"""What other floors ask about wishes and suppressions; how it is judged is in the modules beside this one."""

from preferences.rules.frequency import Batch, Off
from preferences.rules.levels import Choice, Level, Wishes, level_in, wishes_among, wishes_in
from preferences.rules.suppression import Ban, Reason, barred, scope_of
from preferences.rules.wishes import (
    PREFERENCE_OFF,
    REQUIRED_CATEGORIES,
    Refusal,
    allows,
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
    "Choice",
    "Level",
    "Off",
    "Reason",
    "Refusal",
    "Wishes",
    "allows",
    "barred",
    "clock_of",
    "frequency_for",
    "judged",
    "left_alone_until",
    "level_in",
    "preferred_order",
    "scope_of",
    "wishes_among",
    "wishes_in",
)
