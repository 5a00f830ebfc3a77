"""People who said all kinds of things about what a tenant sends: no decision about two of them is quite the same."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from audience.services import upsert_recipients
from audience.values import RecipientInput
from notifications.models import NotificationType
from orchestrator import pipeline
from preferences.address_hash import Contact
from preferences.consent_requirements import keep_demands
from preferences.models import Preferences
from preferences.rules import Reason
from preferences.services import NewSuppression, suppress
from preferences.services.consents import NewConsent, record_consents
from preferences.services.overrides import override
from preferences.services.tenant_defaults import put_tenant_preferences
from tenants.models import Tenant
from tests.make import AT, a_notification

CONTENT = {"email": {"subject": "Offer {{ n }}", "text": "Now"}, "in_app": {"title": "Offer {{ n }}", "body": "Now"}}
POLICY = {
    "caps": [{"day": 1, "over": "skip"}],
    "dedup": {"by": ["content"]},
    "windows": [{"from": "00:00", "to": "12:00"}, {"from": "12:00", "to": "00:00"}],
}


def a_population(tenant: Tenant, people: int) -> dict[str, UUID]:
    """The type `offer`, and people of whom every tenth is alike in what they said, agreed to and got today."""
    at = datetime.now(UTC)
    named = [
        RecipientInput(id=f"p{n}", email=f"p{n}@example.org", timezone=("Asia/Kolkata", "America/New_York")[n % 2])
        for n in range(people)
    ]
    found = upsert_recipients(tenant_id=tenant.id, recipients=named, at=AT)
    tenth = [list(found.values())[n::10] for n in range(10)]

    NotificationType.objects.create(tenant_id=tenant.id, key="offer", category="marketing", policy=POLICY)
    put_tenant_preferences(
        tenant_id=tenant.id, documents={"defaults": {"channel_order": ["email", "in_app"]}}, actor="test", at=at
    )
    keep_demands(tenant.id, [{"purpose": "marketing", "channels": ["email"]}], at=at)
    agreed = [id for id in found.values() if id not in tenth[1]]
    words = [NewConsent(id, "marketing", "email", True, "v1", "api", at) for id in agreed]
    record_consents(tenant.id, words, actor="test", at=at)
    they_say(tenant, tenth[2], {"types": {"offer": {"email": False}}})
    they_say(tenant, tenth[3], {"quiet_hours": [{"from": "00:00", "to": "12:00"}, {"from": "12:00", "to": "00:00"}]})
    they_say(tenant, tenth[4], {"conditions": [{"mute": {"path": "data.n", "op": "<", "value": 5}}]})
    for id in tenth[5]:
        document = {"channels": {"in_app": False}}
        override(
            tenant_id=tenant.id,
            recipient_id=id,
            document=document,
            until=at + timedelta(days=1),
            note="",
            actor="test",
            at=at,
        )
    addresses = {id: f"{name}@example.org" for name, id in found.items()}
    suppress(
        [NewSuppression(Contact(tenant.id, "email", addresses[id]), Reason.MANUAL) for id in tenth[6]]
        + [NewSuppression(Contact(tenant.id, "email", addresses[id]), Reason.STOP) for id in tenth[7]],
        source="test",
        at=at,
    )
    a_notification(tenant, {str(id): id for id in tenth[8]}, type="offer", category="marketing",
                   content={"in_app": {"title": "Before", "body": "x"}})  # fmt: skip
    while pipeline.plan(1) or pipeline.send(1):
        pass
    return found


def they_say(tenant: Tenant, people: Sequence[UUID], document: dict[str, Any]) -> None:
    rows = [
        Preferences(tenant_id=tenant.id, recipient_id=id, document=document, created_at=AT, updated_at=AT)
        for id in people
    ]
    Preferences.objects.bulk_create(rows)
