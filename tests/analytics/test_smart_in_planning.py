"""What was learned of people decides how the next message begins, is logged, and can be decided again to the bit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.models import EngagementProfile, EngagementTally
from channels_app.accounts import forget_accounts
from channels_app.services import Facts, create
from events.models import Event
from notifications.models import Delivery, Notification
from orchestrator import pipeline
from orchestrator.models import Strategy
from orchestrator.selectors import forget_strategies
from orchestrator.services.decisions import decisions_of
from orchestrator.services.explaining import explain_notification
from tenants.models import Tenant
from tests.make import a_notification, a_tenant, recipients

BOTH = {"email": {"subject": "Hi", "text": "Hi"}, "in_app": {"title": "Hi", "body": "There"}}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def mail(settings: Any) -> Iterator[None]:
    """There is an account for it; nothing is kept in memory."""
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()
    yield
    forget_accounts()
    forget_strategies()


@pytest.fixture
def tenant() -> Tenant:
    """Its `learning` strategy chooses among all channels, the inbox too, and never tries what seems worse."""
    found = a_tenant()
    choosing = {"along": [], "exploration_percent": 0}
    Strategy.objects.create(
        tenant_id=found.id, key="learning", name="Learning", kind="smart", configuration=choosing, version=3
    )
    return found


def learned(tenant: Tenant, person: UUID, **channels: tuple[float, float]) -> None:
    now = datetime.now(UTC)
    EngagementProfile.objects.create(
        tenant_id=tenant.id, recipient_id=person, as_of=now, channels=channels, parts={}, segment="as it was"
    )
    for channel in ("email", "in_app"):
        EngagementTally.objects.update_or_create(
            tenant_id=tenant.id, segment="*", channel=channel, hour=-1,
            defaults={"as_of": now, "tries": 500, "successes": 100},
        )  # fmt: skip


def planned(tenant: Tenant, people: dict[str, UUID], **facts: Any) -> Notification:
    row = a_notification(tenant, people, content=BOTH, **{"strategy": "learning", **facts})
    assert pipeline.plan(1) == 1
    return row


def steps(row: Notification, person: UUID) -> list[tuple[str, int]]:
    found = Delivery.objects.filter(notification_id=row.id, recipient_id=person).order_by("step")
    return list(found.values_list("channel", "step"))


def test_everybody_hears_first_where_they_engage(tenant: Tenant) -> None:
    people = recipients(tenant, "ana", "bo")
    learned(tenant, people["ana"], email=(80.0, 60.0), in_app=(80.0, 1.0))
    learned(tenant, people["bo"], email=(80.0, 1.0), in_app=(80.0, 60.0))

    row = planned(tenant, people)

    assert steps(row, people["ana"]) == [("email", 0), ("in_app", 1)]
    assert steps(row, people["bo"]) == [("in_app", 0), ("email", 1)]
    (event,) = Event.objects.filter(
        notification_id=row.id, kind="delivery.planned", detail__channel="in_app", detail__step=0
    )
    assert event.detail["drawn"] == {"channel": "in_app", "delay_seconds": 0, "propensity": 1.0}
    (decision,) = decisions_of(row, recipient_id=people["bo"])
    assert decision.why["segment"] == "in_app/often"
    assert [arm["channel"] for arm in decision.why["arms"]] == ["email", "in_app"]


def test_such_a_decision_is_taken_again_to_the_bit_whatever_was_learned_since(tenant: Tenant) -> None:
    people = recipients(tenant, "ana")
    learned(tenant, people["ana"], email=(80.0, 20.0), in_app=(80.0, 20.0))
    planned(tenant, people)
    EngagementProfile.objects.update(channels={"email": [500, 0], "in_app": [500, 499]})

    out = StringIO()
    call_command("replay_decisions", stdout=out)

    assert out.getvalue() == "1 decisions, all the same when taken again\n"


def test_without_evidence_it_is_sequential_and_says_so(tenant: Tenant) -> None:
    people = recipients(tenant, "ana")

    row = planned(tenant, people)

    assert steps(row, people["ana"]) == [("email", 0), ("in_app", 1)]
    (decision,) = decisions_of(row, recipient_id=people["ana"])
    assert decision.why == {"like": "sequential", "because": "too_little_evidence", "tries": 0, "least_tries": 200}
    assert not Event.objects.filter(notification_id=row.id, detail__has_key="drawn").exists()


@pytest.mark.parametrize(("strategy", "asks"), [("immediate", 0), ("sequential", 0), ("learning", 2)])
def test_evidence_is_gathered_once_for_a_batch_and_only_for_who_learns(
    tenant: Tenant, strategy: str, asks: int
) -> None:
    people = recipients(tenant, *(f"p{number}" for number in range(5)))

    with CaptureQueriesContext(
        connection,
    ) as captured:
        planned(tenant, people, strategy=strategy)

    assert sum("analytics_engagement" in query["sql"] for query in captured.captured_queries) == asks


def test_the_explanation_shows_what_was_believed_and_how_likely_it_was_drawn(tenant: Tenant) -> None:
    people = recipients(tenant, "ana")
    learned(tenant, people["ana"], email=(80.0, 60.0), in_app=(80.0, 1.0))
    row = planned(tenant, people)

    (told,) = explain_notification(row)

    assert told.choice is not None
    assert (told.choice.like, told.choice.segment) == (None, "email/often")
    assert [(arm.channel, arm.propensity) for arm in told.choice.arms] == [("email", 1.0), ("in_app", 0.0)]
    assert told.choice.arms[0].chance == pytest.approx(0.6885, abs=0.001)


def test_what_an_account_charges_is_what_its_channel_costs(tenant: Tenant) -> None:
    people = recipients(tenant, "ana")
    learned(tenant, people["ana"], email=(80.0, 60.0), in_app=(80.0, 30.0))
    smtp = {"url": "smtp://127.0.0.1:1"}
    dear = Facts("dear", "smtp", credentials=smtp, cost_micros=90_000, currency="EUR")
    create(dear, tenant_id=None, actor="test", at=datetime.now(UTC))
    forget_accounts()

    row = planned(tenant, people)

    assert steps(row, people["ana"]) == [("in_app", 0), ("email", 1)]
    (decision,) = decisions_of(row)
    assert {arm["channel"]: arm["cost_micros"] for arm in decision.why["arms"]} == {"email": 90_000, "in_app": 0}


@pytest.mark.parametrize(("delay", "parts"), [(0, 1), (6 * 3600, 3)])
def test_a_decision_is_kept_with_the_hours_in_its_reach_only(tenant: Tenant, delay: int, parts: int) -> None:
    people = recipients(tenant, "ana")
    learned(tenant, people["ana"], email=(80.0, 60.0), in_app=(80.0, 30.0))
    now = datetime.now(UTC)
    EngagementTally.objects.bulk_create(
        EngagementTally(
            tenant_id=tenant.id, segment="email/often", channel="email", hour=hour, as_of=now, tries=5, successes=1
        )
        for hour in range(168)
    )
    Strategy.objects.filter(key="learning").update(configuration={"along": [], "most_delay_seconds": {"high": delay}})

    row = planned(tenant, people)

    (decision,) = decisions_of(row)
    assert len(decision.situation.evidence["email"].hours) == parts
