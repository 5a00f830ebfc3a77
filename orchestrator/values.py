"""What the conductor carries between its beats: facts gathered once, decisions taken on them, moves to be written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from notifications.rules.policy import NO_POLICY, TypePolicy

CRITICAL = 0  # the priority that waits for nobody's quiet hours or limits, and is always news


@dataclass(frozen=True, slots=True)
class ClaimedNotification:
    """A notification this worker may plan until its lease ends. `at` is the database's clock at the claim."""

    id: UUID
    tenant_id: UUID
    mode: str
    type: str
    category: str
    priority: int
    strategy: str
    channels: tuple[str, ...]
    content_channels: tuple[str, ...]
    recipients: tuple[Mapping[str, Any], ...]
    segment_id: UUID | None
    recipient_count: int
    scheduled_at: datetime | None
    scheduled_local: str
    recurrence: str
    expires_at: datetime | None
    unknown_policy: str
    created_at: datetime
    lease_epoch: int
    crashes: int
    plan_position: str
    planned_count: int
    at: datetime
    template: str = ""  # key, key@7 or key@draft; the channels in `content_channels` need none
    dedup: Mapping[str, Any] = field(default_factory=dict)  # {"key", "override"?, "window_minutes"?} as it was asked
    data: Mapping[str, Any] = field(default_factory=dict)  # what the request said for all recipients


class ClaimedDelivery(msgspec.Struct, frozen=True):
    """A delivery this worker may send until its lease ends. `at` is the database's clock at the claim."""

    id: UUID
    tenant_id: UUID
    notification_id: UUID
    recipient_id: UUID
    endpoint_id: UUID | None
    channel: str
    step: int
    last_step: int
    mode: str
    priority: int
    attempts: int
    attempts_before: int  # attempts made before the last replay; the budget counts from there
    crashes: int
    lease_epoch: int
    expires_at: datetime | None
    unknown_policy: str
    data: Mapping[str, Any] | None
    created_at: datetime
    at: datetime
    template_version_id: UUID | None = None  # whose words it is sent with; None = the notification's own
    locale: str = ""  # in which they are written
    success: str = ""  # what its strategy counts as success, see `rules/success.py`

    @property
    def attempt_number(self) -> int:
        """The number of the provider call that comes next."""
        return self.attempts + 1

    @property
    def tries(self) -> int:
        """Calls made within the present budget."""
        return self.attempts - self.attempts_before


@dataclass(frozen=True, slots=True)
class NotificationWords:
    """What sending needs of a notification."""

    id: UUID
    type: str
    status: str
    content: Mapping[str, Any]
    data: Mapping[str, Any]
    metadata: Mapping[str, Any]
    traceparent: str
    category: str
    was_sent: bool = False  # at least one delivery of it
    policy: TypePolicy = NO_POLICY  # of its type, as it is now

    @property
    def purpose(self) -> str:
        """Whose consent its type asks for; empty: by category."""
        return self.policy.purpose


class PlannedDelivery(msgspec.Struct, frozen=True):
    """A delivery that planning decided on: `pending`, or `skipped` with a reason. `due_at` None = at once."""

    id: UUID
    tenant_id: UUID
    notification_id: UUID
    recipient_id: UUID
    endpoint_id: UUID | None
    channel: str
    step: int
    last_step: int
    mode: str
    priority: int
    state: str
    reason: str
    wait_reason: str
    due_at: datetime | None
    expires_at: datetime | None
    unknown_policy: str
    fallback_seconds: int
    data: Mapping[str, Any] | None
    tallied: bool
    detail: Mapping[str, Any] = {}  # what the log is told beside the reason
    template_version_id: UUID | None = None
    locale: str = ""
    success: str = ""


class Move(msgspec.Struct, frozen=True):
    """A state to be written for a delivery whose lease this worker holds.

    `due_at` is set for `pending` (None = at once) and `unknown`; `detail` goes into the event.
    """

    delivery: ClaimedDelivery
    state: str
    reason: str = ""
    due_at: datetime | None = None
    wait_reason: str = ""
    retry: bool = False  # wait in the retry lane from now on
    free: bool = False  # the call that was begun did not happen and costs nothing of the budget
    message_id: str = ""
    code: str = ""
    detail: Mapping[str, Any] = {}
