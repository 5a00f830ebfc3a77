"""What the API answers about people and lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from audience.models import Endpoint, Recipient, Segment
from audience.rules.merging import EMAIL, SMS
from audience.values import Fault
from tenants.api.problems import FieldError

WEB_PUSH = "web_push"


class EndpointShown(msgspec.Struct, kw_only=True):
    """One address. A webhook's secret is never shown; `signed` says that there is one."""

    id: UUID
    channel: str
    kind: str
    address: str | dict[str, Any]
    label: str
    signed: bool
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    disabled_reason: str


class OtherEndpoint(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An endpoint as it may be written back."""

    channel: str
    address: str | dict[str, Any]
    kind: str = ""
    label: str = ""


class RecipientShown(msgspec.Struct, kw_only=True):
    """A person. `email` and `phone` are the newest ones in use, `endpoints` all the others."""

    id: str
    email: str | None
    phone: str | None
    locale: str | None
    timezone: str | None
    attributes: Mapping[str, Any]
    endpoints: list[OtherEndpoint]
    created_at: datetime
    updated_at: datetime


class FieldErrorShown(msgspec.Struct, kw_only=True):
    """One thing wrong with the input."""

    pointer: str
    code: str
    message: str


class RecipientResult(msgspec.Struct, kw_only=True):
    """What became of one item of a batch. `status` is created, updated or refused."""

    index: int
    id: str | None
    status: str
    errors: Sequence[FieldErrorShown] = ()


class RecipientsKept(msgspec.Struct, kw_only=True):
    """One result per item, in their order."""

    results: list[RecipientResult]


class TokenShown(msgspec.Struct, kw_only=True):
    """A recipient token. It opens this person's inbox and preferences until `expires_at`."""

    token: str
    expires_at: datetime


class SegmentShown(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A list of people. `member_count` is only in the detail."""

    key: str
    name: str
    kind: str
    created_at: datetime
    updated_at: datetime
    member_count: int | UnsetType = UNSET


class MemberShown(msgspec.Struct, kw_only=True):
    """Somebody on a list."""

    id: str
    added_at: datetime


class MemberChangesShown(msgspec.Struct, kw_only=True):
    """How many people came onto the list and how many left it."""

    added: int
    removed: int


class CountsShown(msgspec.Struct, kw_only=True):
    """Items that are not archived, and how many of them are neither seen nor read."""

    total: int
    unseen: int
    unread: int


class ItemsChanged(msgspec.Struct, kw_only=True):
    """How many items are different now."""

    changed: int


def recipient_shown(row: Recipient) -> RecipientShown:
    """A row whose endpoints are prefetched, newest first."""
    endpoints = list(row.endpoints.all())
    email, phone = _chosen(endpoints, EMAIL), _chosen(endpoints, SMS)
    return RecipientShown(
        id=row.external_id,
        email=email.address if email else None,
        phone=phone.address if phone else None,
        locale=row.locale or None,
        timezone=row.timezone or None,
        attributes=row.attributes,
        endpoints=[
            OtherEndpoint(
                channel=endpoint.channel, address=_address(endpoint), kind=endpoint.kind, label=endpoint.label
            )
            for endpoint in endpoints
            if endpoint not in (email, phone)
        ],
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def endpoint_shown(row: Endpoint) -> EndpointShown:
    return EndpointShown(
        id=row.id,
        channel=row.channel,
        kind=row.kind,
        address=_address(row),
        label=row.label,
        signed="secret" in row.extra,
        created_at=row.created_at,
        updated_at=row.updated_at,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
    )


def segment_shown(row: Segment, *, member_count: int | UnsetType = UNSET) -> SegmentShown:
    return SegmentShown(
        key=row.key,
        name=row.name,
        kind="static",
        created_at=row.created_at,
        updated_at=row.updated_at,
        member_count=member_count,
    )


def field_errors(faults: Sequence[Fault]) -> list[FieldError]:
    """Faults as the API tells them."""
    return [FieldError(fault.pointer, fault.code, fault.message) for fault in faults]


def _chosen(endpoints: Sequence[Endpoint], channel: str) -> Endpoint | None:
    """The newest endpoint of the channel that is in use, else the newest."""
    of_channel = [endpoint for endpoint in endpoints if endpoint.channel == channel]
    return next((endpoint for endpoint in of_channel if endpoint.disabled_at is None), next(iter(of_channel), None))


def _address(row: Endpoint) -> str | dict[str, Any]:
    """The address as it was given: a subscription is an object again."""
    return {"endpoint": row.address, "keys": row.extra["keys"]} if row.channel == WEB_PUSH else row.address
