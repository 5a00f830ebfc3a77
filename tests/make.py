"""Small builders, one per noun, with sensible defaults. Tests say only what matters to them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from audience.services import upsert_recipients
from audience.values import RecipientInput
from kernel.ids import uuid7
from notifications.fields import AT_ONCE
from notifications.models import Notification
from orchestrator.values import ClaimedDelivery, ClaimedNotification
from tenants.models import Tenant

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EMAIL = {"email": {"subject": "Hello", "text": "Hello, {{ recipient.id }}"}}
IN_APP = {"in_app": {"title": "Hello", "body": "World"}}


def a_tenant(key: str = "acme", **facts: Any) -> Tenant:
    """A tenant in the database."""
    return Tenant.objects.create(**{"key": key, "name": key, **facts})


def recipients(tenant: Tenant, *names: str, **facts: Any) -> dict[str, UUID]:
    """People with an e-mail address each, by external id."""
    people = [RecipientInput(id=name, email=f"{name}@example.org", **facts) for name in names]
    return upsert_recipients(tenant_id=tenant.id, recipients=people, at=AT)


def a_notification(tenant: Tenant, people: Mapping[str, UUID], **facts: Any) -> Notification:
    """An accepted notification to `people`, due at once, in the database."""
    defaults: dict[str, Any] = {
        "id": uuid7(),
        "tenant_id": tenant.id,
        "priority": 1,
        "strategy": "immediate",
        "content": EMAIL,
        "recipients": [{"id": str(id)} for id in people.values()],
        "recipient_count": len(people),
        "created_at": datetime.now(UTC),
        "due_at": AT_ONCE,
    }
    row = Notification(**{**defaults, **facts})
    row.save(force_insert=True)
    return row


def a_claimed_notification(**facts: Any) -> ClaimedNotification:
    """A notification as planning sees it, without a database."""
    defaults: dict[str, Any] = {
        "id": UUID("01a1f8ff-8345-72f1-8f36-42278ef4d083"),
        "tenant_id": UUID(int=1),
        "mode": "live",
        "type": "order_confirmation",
        "category": "",
        "priority": 2,
        "strategy": "immediate",
        "channels": (),
        "content_channels": ("email", "in_app"),
        "recipients": (),
        "segment_id": None,
        "recipient_count": 1,
        "scheduled_at": None,
        "scheduled_local": "",
        "recurrence": "",
        "expires_at": None,
        "unknown_policy": "at_least_once",
        "created_at": AT,
        "lease_epoch": 1,
        "crashes": 0,
        "plan_position": "",
        "planned_count": 0,
        "at": AT,
    }
    return ClaimedNotification(**{**defaults, **facts})


def a_claimed_delivery(**facts: Any) -> ClaimedDelivery:
    """A delivery as sending sees it, without a database."""
    defaults: dict[str, Any] = {
        "id": UUID("01a1f8ff-8345-72f1-8f36-42278ef4d084"),
        "tenant_id": UUID(int=1),
        "notification_id": UUID("01a1f8ff-8345-72f1-8f36-42278ef4d083"),
        "recipient_id": UUID(int=7),
        "endpoint_id": UUID(int=8),
        "channel": "email",
        "step": 0,
        "last_step": 0,
        "mode": "live",
        "priority": 2,
        "attempts": 0,
        "attempts_before": 0,
        "crashes": 0,
        "lease_epoch": 1,
        "expires_at": None,
        "unknown_policy": "at_least_once",
        "data": None,
        "created_at": AT,
        "at": AT,
    }
    return ClaimedDelivery(**{**defaults, **facts})
