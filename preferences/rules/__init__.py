"""What other floors ask about wishes and suppressions; how it is judged is in the modules beside this one."""

from preferences.rules.suppression import Ban, Reason, barred, scope_of
from preferences.rules.wishes import (
    PREFERENCE_OFF,
    REQUIRED_CATEGORIES,
    Choice,
    Wishes,
    allows,
    left_alone_until,
    wishes_in,
)

__all__ = (
    "PREFERENCE_OFF",
    "REQUIRED_CATEGORIES",
    "Ban",
    "Choice",
    "Reason",
    "Wishes",
    "allows",
    "barred",
    "left_alone_until",
    "scope_of",
    "wishes_in",
)
