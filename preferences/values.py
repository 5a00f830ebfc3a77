"""What people may say about how they want to be reached, exactly as the API takes it.

Absent means "inherit": from the next less specific word, then from the tenant, in the end from the platform, which
allows. How words are weighed is in `rules/wishes.py`.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

MAX_ENTRIES = 500

ChannelName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
Word = Annotated[str, Meta(min_length=1, max_length=100)]
TimeOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Subject = Annotated[str, Meta(pattern="^(channel|category|type):.{1,100}$", examples=["type:order_update"])]
DataPath = Annotated[str, Meta(pattern=r"^data(\.[A-Za-z0-9_-]{1,100}){1,10}$", examples=["data.order_id"])]
Scalar = Annotated[str, Meta(max_length=200)] | int | float | bool
Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "contains"]

Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", examples=["FR"])]  # ISO 3166-1 alpha-2

ByChannel = dict[ChannelName, bool]
Choices = Annotated[dict[Word, bool | ByChannel], Meta(max_length=MAX_ENTRIES)]


class QuietHours(Struct, forbid_unknown_fields=True, kw_only=True):
    """When not to be disturbed, on the person's clock; from 22:00 to 07:00 ends the next morning."""

    days: Annotated[list[Day], Meta(min_length=1, max_length=7)] | UnsetType = UNSET  # absent: every day
    from_: TimeOfDay = field(name="from")
    to: TimeOfDay


class Frequency(Struct, forbid_unknown_fields=True, kw_only=True):
    """How often to hear of something: at once, gathered, or never. `at` is on the person's clock."""

    mode: Literal["immediate", "digest", "off"]
    every: Literal["hour", "day", "week"] | UnsetType = UNSET
    at: TimeOfDay | UnsetType = UNSET
    on: Day | UnsetType = UNSET


class DataTest(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is looked for in a notification's data. Give `equals`, or `op` and `value`."""

    path: DataPath
    equals: Scalar | UnsetType = UNSET
    op: Operator | UnsetType = UNSET
    value: Scalar | Annotated[list[Scalar], Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    type: Word | UnsetType = UNSET  # absent: whatever the type
    category: Word | UnsetType = UNSET
    channel: ChannelName | UnsetType = UNSET


class Condition(Struct, forbid_unknown_fields=True, kw_only=True):
    """`mute`: nothing of what meets the test. `only_if`: of its type, category or channel only what meets it."""

    mute: DataTest | UnsetType = UNSET
    only_if: DataTest | UnsetType = UNSET


class PreferencesBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What somebody wants. `true` asks for it, `false` refuses it, absent leaves it to the tenant."""

    channels: Annotated[ByChannel, Meta(max_length=MAX_ENTRIES)] | UnsetType = UNSET
    categories: Choices | UnsetType = UNSET
    types: Choices | UnsetType = UNSET
    quiet_hours: Annotated[list[QuietHours], Meta(max_length=50)] | UnsetType = UNSET
    timezone: Word | UnsetType = UNSET
    frequency: Annotated[dict[Subject, Frequency], Meta(max_length=MAX_ENTRIES)] | UnsetType = UNSET
    conditions: Annotated[list[Condition], Meta(max_length=50)] | UnsetType = UNSET
    channel_order: Annotated[list[ChannelName], Meta(max_length=50)] | UnsetType = UNSET


class TenantDocument(PreferencesBody, forbid_unknown_fields=True, kw_only=True):
    """What a tenant wants for all its recipients. `holidays`: days on which no marketing goes out, by country."""

    holidays: (
        Annotated[dict[Country, Annotated[list[date], Meta(max_length=500)]], Meta(max_length=300)] | UnsetType
    ) = UNSET


class TenantPreferencesBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """`defaults` count for whoever says nothing; `forced` beats what recipients say, on or off."""

    defaults: TenantDocument = field(default_factory=TenantDocument)
    forced: TenantDocument = field(default_factory=TenantDocument)
