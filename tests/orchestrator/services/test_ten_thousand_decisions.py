"""Ten thousand decisions with every rule in play: as many statements for 500 people as for 50, and the same again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audience.services import upsert_recipients
from audience.values import RecipientInput
from channels_app.accounts import forget_accounts, ways_of
from notifications.models import NotificationType
from orchestrator import pipeline
from orchestrator.rules.planning import Decision
from orchestrator.rules.record import outcome
from orchestrator.selectors import forget_strategies
from orchestrator.services.claim import claim_notifications
from orchestrator.services.planning import decide
from preferences.address_hash import Contact
from preferences.consent_requirements import forget_requirements, keep_demands
from preferences.models import Preferences
from preferences.rules import Reason
from preferences.services import NewSuppression, suppress
from preferences.services.consents import NewConsent, record_consents
from preferences.services.overrides import override
from preferences.services.tenant_defaults import put_tenant_preferences
from tenants.models import Tenant
from tests.make import AT, a_notification, a_tenant

pytestmark = pytest.mark.django_db

NOTIFICATIONS = 20
BUDGET = 17  # statements, whatever the batch; what is kept in memory for a second is read anew
CONTENT = {"email": {"subject": "Offer {{ n }}", "text": "Now"}, "in_app": {"title": "Offer {{ n }}", "body": "Now"}}
POLICY = {
    "caps": [{"day": 1, "over": "skip"}],
    "dedup": {"by": ["content"]},
    "windows": [{"from": "00:00", "to": "23:59"}],
}


@dataclass(frozen=True, slots=True)
class Decided:
    """What a batch came to, and what it cost."""

    decisions: Sequence[Decision]
    statements: int

    @property
    def reasons(self) -> Counter[str]:
        return Counter(d.reason or d.wait_reason for decision in self.decisions for d in decision.deliveries)


@pytest.fixture(autouse=True)
def mail(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()


def test_ten_thousand_decisions_cost_as_many_statements_as_a_thousand() -> None:
    few, many = decided(people=50), decided(people=500)

    assert (len(few.decisions), len(many.decisions)) == (1_000, 10_000)
    assert few.statements == many.statements
    assert many.statements <= BUDGET
    told = {
        "", "earlier_step", "quiet_hours", "preference_off", "consent_missing", "suppressed", "unsubscribed",
        "duplicate", "frequency_cap",
    }  # fmt: skip
    assert set(many.reasons) == told, many.reasons


def decided(*, people: int) -> Decided:
    """Decide on all notifications for all people of a new tenant, twice: the same comes of it, to the bit."""
    tenant = a_tenant(f"tenant-{people}")
    everybody = a_population(tenant, people)
    for n in range(NOTIFICATIONS):
        # Every second one says what the one before has said.
        a_notification(tenant, everybody, type="offer", category="marketing", content=CONTENT, data={"n": n // 2},
                       strategy="sequential-email-first", priority=2)  # fmt: skip
    claimed = claim_notifications(2, limit=100)
    shares = [(one, one.recipients) for one in claimed]
    at = claimed[0].at
    ways = ways_of({tenant.id})
    with transaction.atomic():
        forget_requirements()  # what is kept in memory for a second is read anew
        forget_strategies()
        with CaptureQueriesContext(connection) as captured:
            found = decide(shares, ways=ways, at=at).decisions
        assert outcome(decide(shares, ways=ways, at=at).decisions) == outcome(found)
    return Decided(found, len(captured))


def a_population(tenant: Tenant, people: int) -> dict[str, UUID]:
    """People of whom every tenth is alike: what they said, where they are, what they agreed to, what they got today."""
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
    they_say(tenant, tenth[3], {"quiet_hours": [{"from": "00:00", "to": "12:00"}, {"from": "12:00", "to": "23:59"}]})
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
