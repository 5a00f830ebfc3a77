"""What the API takes in about people, and what the floors above are given.

Inputs tell three things apart: a field that is absent (`UNSET`: not spoken of), `null` (take it away) and a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

MAX_ENDPOINTS = 50
BULK_LIMIT = 1000

ExternalId = Annotated[str, Meta(min_length=1, max_length=255, description="Your own id of the person.")]


class EndpointInput(Struct, forbid_unknown_fields=True, kw_only=True):
    """One address on one channel. `secret` signs what is sent to a webhook; it is never shown again."""

    channel: Annotated[str, Meta(min_length=1, max_length=32)]
    address: str | dict[str, Any]
    kind: str = ""
    label: Annotated[str, Meta(max_length=100)] = ""
    secret: str | UnsetType | None = UNSET


class RecipientChange(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is said about a person. `email` and `phone` are short for endpoints of the channels email and sms."""

    email: Annotated[str, Meta(examples=["ana@example.org"])] | UnsetType | None = UNSET
    phone: Annotated[str, Meta(examples=["+33612345678"])] | UnsetType | None = UNSET
    locale: Annotated[str, Meta(examples=["fr", "de-AT", "zh-Hant"])] | UnsetType | None = UNSET
    timezone: Annotated[str, Meta(examples=["Europe/Paris"])] | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType | None = UNSET
    endpoints: Annotated[list[EndpointInput], Meta(max_length=MAX_ENDPOINTS)] | UnsetType | None = UNSET


class RecipientInput(RecipientChange, forbid_unknown_fields=True, kw_only=True):
    """A person named inside a body: `id` is the tenant's own id of them."""

    id: ExternalId


class RecipientBody(RecipientChange, forbid_unknown_fields=True, kw_only=True):
    """A person named by the URL; `id` may repeat what the URL says."""

    id: ExternalId | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one place of a body: an RFC 6901 pointer, a stable code, and what would do instead."""

    pointer: str
    code: str
    message: str


class InvalidRecipients(Exception):
    """Something said about people cannot be kept; `faults` are all of it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.code}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """What is kept beside an address. `extra` holds what its channel needs: web-push keys, a webhook secret."""

    kind: str = ""
    label: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


Said = str | UnsetType | None  # a value, nothing, or to be taken away
Place = tuple[str, str]  # (channel, address): what makes an endpoint of a person one and the same


@dataclass(frozen=True, slots=True)
class Profile:
    """What was said about a person, checked and in normal form. `UNSET` is unspoken, `None` is to be taken away."""

    external_id: str
    email: Said = UNSET
    phone: Said = UNSET
    locale: Said = UNSET
    timezone: Said = UNSET
    attributes: Mapping[str, Any] | UnsetType | None = UNSET
    endpoints: tuple[tuple[Place, EndpointFacts], ...] | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class State:
    """Everything kept about a person that a profile can change."""

    locale: str = ""
    timezone: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    endpoints: Mapping[Place, EndpointFacts] = field(default_factory=dict)


class Reachable(Struct, frozen=True):
    """An endpoint that may be used. `address` is in normal form; `extra` as in `EndpointFacts`."""

    id: UUID
    channel: str
    kind: str
    address: str
    label: str
    extra: Mapping[str, Any]


class Person(Struct, frozen=True):
    """A recipient as planning and sending see one. `endpoints` by channel, newest first, without disabled ones."""

    id: UUID
    tenant_id: UUID
    external_id: str
    locale: str  # "" = unknown
    timezone: str  # IANA name, "" = unknown
    attributes: Mapping[str, Any]
    endpoints: Mapping[str, tuple[Reachable, ...]]


@dataclass(frozen=True, slots=True)
class InboxItemInput:
    """An item for somebody's inbox. `id` is the delivery's: the same delivery never makes two items."""

    id: UUID
    tenant_id: UUID
    recipient_id: UUID
    notification_id: UUID
    title: str
    body: str
    url: str = ""
    icon: str = ""
    actions: tuple[Mapping[str, Any], ...] = ()
    category: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of items: `new` are in the inbox since this call, `gone` were for people who are no longer there."""

    new: frozenset[UUID]
    gone: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items of an inbox are not archived, and of those how many are neither seen nor read."""

    total: int = 0
    unseen: int = 0
    unread: int = 0
