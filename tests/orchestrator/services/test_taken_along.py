"""Whoever plans takes along what is due at once: claimed as it is written, and sent next."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audience.models import InboxItem
from channels_app.accounts import forget_accounts
from events.models import Event
from kernel.clock import monotonic
from kernel.ids import uuid7
from notifications.models import Delivery, Notification
from orchestrator import pipeline
from orchestrator.services.claim import PLAN_LEASE_SECONDS, claim_deliveries, claim_notifications
from orchestrator.services.planning import Turn, plan_batch
from orchestrator.services.recovery import recover
from orchestrator.services.sending import FRESH_SECONDS, send_batch
from tests.make import EMAIL, IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def accepted(*names: str) -> Notification:
    tenant = a_tenant()
    return a_notification(tenant, recipients(tenant, *names), content=IN_APP)


def turn(*, take: int) -> Turn:
    return plan_batch(claim_notifications(1, limit=10), take=take)


def states() -> list[str]:
    return sorted(Delivery.objects.values_list("state", flat=True))


def test_what_is_due_is_sent_by_its_planner_and_never_claimed() -> None:
    row = accepted("ana", "bo")

    with CaptureQueriesContext(connection) as asked:
        pipeline.plan(1, take=10)

    assert not any("claim_deliveries" in query["sql"] for query in asked)
    assert set(Delivery.objects.values_list("state", "lease_epoch", "lease_until", "due_at")) == {
        ("delivered", 1, None, None)
    }
    row.refresh_from_db()
    assert row.status == "completed"
    moves = {tuple(e.detail["to"] for e in lines) for lines in _told().values()}
    assert moves == {("pending", "sending", "sent", "delivered")}


def _told() -> dict[object, list[Event]]:
    found: dict[object, list[Event]] = {}
    for line in Event.objects.filter(delivery_id__isnull=False).order_by("at", "id"):
        found.setdefault(line.delivery_id, []).append(line)
    return found


def a_crowd_and_ana() -> tuple[Notification, Notification]:
    tenant = a_tenant()
    crowd = recipients(tenant, *(f"p{number}" for number in range(pipeline.FEW + 1)))
    campaign = a_notification(tenant, crowd, content=IN_APP)
    return campaign, a_notification(tenant, recipients(tenant, "ana"), content=IN_APP)


def test_few_people_are_sent_to_before_a_campaign_is_planned() -> None:
    campaign, single = a_crowd_and_ana()

    assert pipeline.plan(1, take=500) == 2

    assert set(states()) == {"delivered"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(xid) FROM events_event WHERE notification_id = %s", (single.id,))
        (last_of_single,) = cursor.fetchone()
        cursor.execute("SELECT min(xid) FROM events_event WHERE notification_id = %s", (campaign.id,))
        (first_of_campaign,) = cursor.fetchone()
    assert int(last_of_single) < int(first_of_campaign)


def test_a_campaign_is_given_back_when_the_others_took_half_of_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, _ = a_crowd_and_ana()
    moments = count(start=0.0, step=PLAN_LEASE_SECONDS)
    monkeypatch.setattr(pipeline, "monotonic", lambda: next(moments))

    pipeline.plan(1, take=500)

    campaign.refresh_from_db()
    assert (campaign.status, campaign.lease_until, campaign.planned_count) == ("queued", None, 0)
    assert states() == ["delivered"]
    assert [one.id for one in claim_notifications(1, limit=10)] == [campaign.id]


def test_what_is_more_than_may_be_taken_waits_for_anybody() -> None:
    accepted("ana", "bo", "cy", "di", "ed")

    pipeline.plan(1, take=2)

    assert states() == ["delivered", "delivered", "pending", "pending", "pending"]
    assert len(claim_deliveries(1, limit=10)) == 3


def test_what_waits_for_its_time_is_not_taken(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()
    tenant = a_tenant()
    a_notification(tenant, recipients(tenant, "ana"), content={**EMAIL, **IN_APP}, strategy="sequential")

    (first,) = turn(take=10).taken

    assert states() == ["claimed", "pending"]
    assert first.step == 0


def test_what_a_dead_planner_took_along_is_sent_by_another_and_once() -> None:
    accepted("ana", "bo")
    taken = turn(take=10)
    assert states() == ["claimed", "claimed"]
    assert claim_deliveries(1, limit=10) == []

    Delivery.objects.update(lease_until=LONG_AGO)
    recover()
    while Delivery.objects.filter(state="pending").update(due_at=LONG_AGO):
        pipeline.send(1)
    send_batch(taken.taken, taken.seen)  # it was not dead at all

    assert states() == ["delivered", "delivered"]
    assert InboxItem.objects.count() == 2


def test_what_was_written_before_is_not_taken_again() -> None:
    accepted("ana")
    assert len(turn(take=10).taken) == 1
    Notification.objects.update(status="processing", due_at=LONG_AGO, plan_position="", planned_count=0)

    assert turn(take=10).taken == []


@pytest.mark.parametrize(("seconds_ago", "outcome"), [(0, "skipped"), (FRESH_SECONDS + 1, "delivered")])
def test_people_seen_too_long_ago_are_looked_at_again(seconds_ago: float, outcome: str) -> None:
    accepted("ana")
    planned = turn(take=10)
    (ana,) = planned.seen.people.values()
    since = monotonic() - seconds_ago

    send_batch(planned.taken, replace(planned.seen, people={uuid7(): ana}, since=since))

    assert states() == [outcome]
