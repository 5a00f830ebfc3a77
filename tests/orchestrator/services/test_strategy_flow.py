"""Strategies as tenants configure them, planned from real rows: conditions on people, several channels, the log."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audience.services import upsert_recipients
from audience.values import RecipientInput
from channels_app.accounts import forget_accounts
from events.models import Event
from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.models import Decision, Strategy
from orchestrator.services.decisions import replayed
from tests.make import AT, IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

BOTH = {"email": {"subject": "Hi", "text": "Hi"}, **IN_APP}
GOLD = {"path": "recipient.attributes.plan", "op": "in", "value": ["gold", "platinum"]}


@pytest.fixture(autouse=True)
def _mail(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()


def configured(tenant: Any, *steps: dict[str, Any], **facts: Any) -> None:
    configuration = {"steps": list(steps), "others": "never", **facts}
    Strategy.objects.create(
        tenant_id=tenant.id, key="mine", name="mine", kind="sequential", configuration=configuration
    )


def let_ana_have(tenant: Any, **attributes: str) -> None:
    with transaction.atomic():
        upsert_recipients(tenant_id=tenant.id, recipients=[RecipientInput(id="ana", attributes=attributes)], at=AT)


def planned() -> dict[str, dict[str, tuple[int, str, str]]]:
    assert pipeline.plan(1) == 1
    names = {}
    for d in Delivery.objects.all():
        names.setdefault(d.recipient_id, {})[d.channel] = (d.step, d.state, d.reason)
    return names


def test_what_is_asked_of_people_decides_and_is_kept_without_them() -> None:
    tenant = a_tenant()
    people = recipients(tenant, "ana", "bob")
    let_ana_have(tenant, plan="gold")
    configured(tenant, {"channel": "email", "when": GOLD}, {"channel": "in_app", "after_seconds": 60})
    a_notification(tenant, people, content=BOTH, strategy="mine")

    found = planned()

    assert found == {
        people["ana"]: {"email": (0, "pending", ""), "in_app": (1, "pending", "")},
        people["bob"]: {"email": (0, "skipped", "condition_not_met"), "in_app": (0, "pending", "")},
    }
    let_ana_have(tenant, plan="none")
    assert [one.agrees for one in replayed(list(Decision.objects.all()))] == [True]
    skipped = Event.objects.get(kind="delivery.planned", reason="condition_not_met")
    assert skipped.detail["steps"] == "0"


def test_several_channels_of_a_step_go_at_once_and_what_was_not_named_is_left_out() -> None:
    tenant = a_tenant()
    people = recipients(tenant, "ana")
    configured(tenant, {"channel": "email"})
    a_notification(tenant, people, content=BOTH, strategy="mine")

    (found,) = planned().values()

    assert found == {"email": (0, "pending", ""), "in_app": (0, "skipped", "not_in_strategy")}


def test_a_step_brings_its_own_patience() -> None:
    tenant = a_tenant()
    configured(
        tenant,
        {"channel": "in_app"},
        {"channel": "email", "after_seconds": 3600, "fallback_after_seconds": 5},
        fallback_after_seconds=60,
    )
    a_notification(tenant, recipients(tenant, "ana"), content=BOTH, strategy="mine")

    planned()

    assert {d.channel: d.fallback_seconds for d in Delivery.objects.all()} == {"in_app": 60, "email": 5}


def test_spread_over_its_life_the_last_step_comes_before_its_end() -> None:
    tenant = a_tenant()
    configured(tenant, {"channel": "in_app"}, {"channel": "email"}, spacing="ttl")
    row = a_notification(tenant, recipients(tenant, "ana"), content=BOTH, strategy="mine")
    type(row).objects.filter(id=row.id).update(expires_at=row.created_at + timedelta(hours=1))

    planned()

    later = Delivery.objects.get(channel="email")
    assert later.expires_at is not None
    left = (later.expires_at - later.due_at).total_seconds()
    assert 59 <= left <= 61


def test_conditions_cost_no_statement() -> None:
    def statements(*steps: dict[str, Any]) -> set[str]:
        tenant = a_tenant(f"t{len(Strategy.objects.all())}")
        configured(tenant, *steps)
        people = recipients(tenant, *(f"p{number}" for number in range(20)))
        a_notification(tenant, people, content=BOTH, strategy="mine")
        with CaptureQueriesContext(connection) as asked:
            pipeline.plan(1)
        return {query["sql"][:80] for query in asked.captured_queries}

    first = statements({"channel": "email"})

    assert statements({"channel": "email", "when": GOLD}, {"channel": "in_app"}) <= first
