"""Decide whether somebody wants to hear of something on a channel: pure.

The most specific word counts:

| Said about      | Example                                             | Beats      |
|-----------------|-----------------------------------------------------|------------|
| the type        | `"types": {"order_update": {"push": false}}`        | all below  |
| its category    | `"categories": {"marketing": {"email": true}}`      | the channel |
| the channel     | `"channels": {"sms": false}`                        | nothing    |

A type or category may also be switched as a whole, `"marketing": false`; a channel named for it is more specific.
Nothing said is a yes: the tenant decides. What belongs to a required category cannot be switched off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from preferences.rules.quiet_hours import Window, quiet_until, windows_in

PREFERENCE_OFF = "preference_off"
REQUIRED_CATEGORIES = frozenset({"security"})  # a lost password must reach its owner

Choice = bool | Mapping[str, bool]  # for every channel, or by channel


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody said they want. Missing keys say nothing."""

    channels: Mapping[str, bool] = field(default_factory=dict)
    categories: Mapping[str, Choice] = field(default_factory=dict)
    types: Mapping[str, Choice] = field(default_factory=dict)
    quiet: tuple[Window, ...] = ()
    timezone: str = ""  # IANA name; "" = the recipient's own


def allows(wishes: Wishes, *, channel: str, category: str = "", type: str = "") -> str | None:
    """The reason code that forbids `channel` for something of this category and type; `None` = it may be used."""
    if category in REQUIRED_CATEGORIES:
        return None
    said = _about(wishes.types.get(type), channel)
    if said is None:
        said = _about(wishes.categories.get(category), channel)
    if said is None:
        said = wishes.channels.get(channel)
    return PREFERENCE_OFF if said is False else None


def left_alone_until(
    wishes: Wishes, *, at: datetime, zone: str, category: str = "", critical: bool = False
) -> datetime | None:
    """Until when somebody is not to be disturbed, in UTC; `None`: they may be, now. `zone` is the recipient's own.

    What is critical and what belongs to a required category does not wait.
    """
    if critical or not wishes.quiet or category in REQUIRED_CATEGORIES:
        return None
    return quiet_until(at, wishes.quiet, zone=wishes.timezone or zone)


def wishes_in(document: Mapping[str, Any]) -> Wishes:
    """The wishes that a stored document holds. Its frequency and conditions are not among them yet."""
    return Wishes(
        channels=document.get("channels", {}),
        categories=document.get("categories", {}),
        types=document.get("types", {}),
        quiet=windows_in(document.get("quiet_hours", ())),
        timezone=document.get("timezone", ""),
    )


def _about(choice: Choice | None, channel: str) -> bool | None:
    return choice.get(channel) if isinstance(choice, Mapping) else choice
