"""What the API takes in about consents, and what it shows of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from audience.values import ExternalId
from preferences.rules.consent import EVERY_CHANNEL

MOST_AT_ONCE = 1000

Purpose = Annotated[str, Meta(min_length=1, max_length=100, examples=["marketing"])]
ChannelOrAll = Annotated[str, Meta(min_length=1, max_length=32, examples=["sms", EVERY_CHANNEL])]
Source = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.:-]{0,63}$", examples=["api", "page", "import", "sms"])]
State = Literal["given", "withdrawn"]
Moment = Annotated[datetime, Meta(tz=True, description="When it was said; left out: now.")]


class ConsentInput(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One word of a person. `proof` is whatever you would show to a judge, up to 16 KiB of JSON."""

    purpose: Purpose
    channel: ChannelOrAll = EVERY_CHANNEL
    state: State
    text_version: Annotated[str, Meta(max_length=100)] = ""
    source: Source = "api"
    proof: dict[str, Any] = {}
    at: Moment | None = None


class ConsentsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One word, or many in `consents`."""

    purpose: Purpose | UnsetType = UNSET
    channel: ChannelOrAll = EVERY_CHANNEL
    state: State | UnsetType = UNSET
    text_version: Annotated[str, Meta(max_length=100)] = ""
    source: Source = "api"
    proof: dict[str, Any] = {}
    at: Moment | None = None
    consents: Annotated[list[ConsentInput], Meta(min_length=1, max_length=MOST_AT_ONCE)] | UnsetType = UNSET


class NamedConsentInput(ConsentInput, forbid_unknown_fields=True, kw_only=True):
    """One word of the person of this id."""

    recipient: ExternalId


class BulkConsentsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What many people said. All are recorded, or none."""

    consents: Annotated[list[NamedConsentInput], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class ConsentShown(msgspec.Struct, kw_only=True, frozen=True):
    """A record. `recipient` is null, and `proof` too, when the person was erased since."""

    id: UUID
    recipient: str | None
    purpose: str
    channel: str
    state: str
    text_version: str
    source: str
    actor: str
    proof: dict[str, Any] | None
    at: datetime
    recorded_at: datetime


class ConsentNow(msgspec.Struct, kw_only=True, frozen=True):
    """How a person stands to a purpose on a channel, or on `all`: of the two the newer word counts."""

    purpose: str
    channel: str
    state: str
    at: datetime


class ConsentsShown(msgspec.Struct, kw_only=True, frozen=True):
    """How a person stands now, and one page of all they ever said, newest first."""

    current: Sequence[ConsentNow]
    results: Sequence[ConsentShown]
    next: str | None
    previous: str | None


class ConsentsRecorded(msgspec.Struct, kw_only=True, frozen=True):
    """The records, in the order of the request."""

    results: Sequence[ConsentShown]
