"""What people may say about how they want to be reached, exactly as the API takes it.

Absent means "inherit": from the next less specific word, in the end from the tenant. Channels, categories and types
take effect now, and so do quiet hours. Frequency and conditions are checked and kept; they take effect with the
decisions that read them.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

MAX_ENTRIES = 500

ChannelName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
Word = Annotated[str, Meta(min_length=1, max_length=100)]
TimeOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Subject = Annotated[str, Meta(pattern="^(channel|category|type):.{1,100}$", examples=["type:order_update"])]

ByChannel = dict[ChannelName, bool]
Choices = Annotated[dict[Word, bool | ByChannel], Meta(max_length=MAX_ENTRIES)]


class QuietHours(Struct, forbid_unknown_fields=True, kw_only=True):
    """When not to be disturbed, on the person's clock; from 22:00 to 07:00 ends the next morning."""

    days: Annotated[list[Day], Meta(min_length=1, max_length=7)] | UnsetType = UNSET  # absent: every day
    from_: TimeOfDay = field(name="from")
    to: TimeOfDay


class Frequency(Struct, forbid_unknown_fields=True, kw_only=True):
    """How often to hear of something: at once, or gathered. `at` is on the person's clock."""

    mode: Literal["immediate", "digest"]
    every: Literal["hour", "day", "week"] | UnsetType = UNSET
    at: TimeOfDay | UnsetType = UNSET
    on: Day | UnsetType = UNSET


class PreferencesBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What somebody wants. `true` asks for it, `false` refuses it, absent leaves it to the tenant."""

    channels: Annotated[ByChannel, Meta(max_length=MAX_ENTRIES)] | UnsetType = UNSET
    categories: Choices | UnsetType = UNSET
    types: Choices | UnsetType = UNSET
    quiet_hours: Annotated[list[QuietHours], Meta(max_length=50)] | UnsetType = UNSET
    timezone: Word | UnsetType = UNSET
    frequency: Annotated[dict[Subject, Frequency], Meta(max_length=MAX_ENTRIES)] | UnsetType = UNSET
    conditions: Annotated[list[dict[str, Any]], Meta(max_length=50)] | UnsetType = UNSET
