"""Caps over real rows: counted by what was sent, exact when several workers send at once, ranked by worth."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.fields import AT_ONCE
from notifications.models import Delivery, Notification, NotificationType
from orchestrator import pipeline
from orchestrator.models import Digest
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.sending import send_batch
from tenants.models import Tenant
from tests.make import IN_APP, a_notification, a_tenant, recipients
from tests.orchestrator.meanwhile import meanwhile

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)  # what several threads are to see
Say = Callable[..., Notification]


@pytest.fixture
def acme() -> Tenant:
    return a_tenant()


@pytest.fixture
def ana(acme: Tenant) -> dict[str, UUID]:
    return recipients(acme, "ana")


@pytest.fixture
def say(acme: Tenant, ana: dict[str, UUID]) -> Say:
    """`say("offer")`: an accepted message of a type to Ana."""

    def make(type: str = "offer", **facts: Any) -> Notification:
        return a_notification(acme, ana, **{"type": type, "category": "marketing", "content": IN_APP, **facts})

    return make


def a_type(tenant: Tenant, key: str = "offer", **policy: Any) -> None:
    NotificationType.objects.create(tenant_id=tenant.id, key=key, category="marketing", policy=policy)


def work() -> None:
    for priority in range(4):
        while pipeline.plan(priority) or pipeline.send(priority):
            pass


def outcomes() -> list[tuple[str, str]]:
    """State and reason of every delivery, in the order in which their notifications were accepted."""
    return list(Delivery.objects.order_by("notification_id").values_list("state", "reason"))


def waits() -> set[str]:
    return set(Delivery.objects.filter(state="pending").values_list("wait_reason", flat=True))


def make_room() -> None:
    """A day later: what was sent has left the window, and what waited is due."""
    Delivery.objects.filter(sent_at__isnull=False).update(sent_at=datetime.now(UTC) - timedelta(days=2))
    Delivery.objects.filter(state="pending").update(due_at=AT_ONCE)


def test_what_is_over_the_cap_waits_until_there_is_room_again(acme: Tenant, say: Say) -> None:
    a_type(acme, caps=[{"day": 2}])
    for _ in range(3):
        say()
        work()

    assert [state for state, _ in outcomes()] == ["delivered", "delivered", "pending"]
    last = Delivery.objects.get(state="pending")
    assert waits() == {"frequency_cap"}
    assert timedelta(hours=23) < last.due_at - datetime.now(UTC) <= timedelta(hours=24)

    make_room()
    work()
    assert [state for state, _ in outcomes()] == ["delivered"] * 3


def test_in_one_batch_only_as_many_go_as_there_is_room_for(acme: Tenant, say: Say) -> None:
    a_type(acme, caps=[{"day": 2}])
    for _ in range(5):
        say()

    work()

    assert sorted(state for state, _ in outcomes()) == ["delivered"] * 2 + ["pending"] * 3


def test_over_the_cap_it_is_skipped_where_the_type_says_so(acme: Tenant, say: Say) -> None:
    a_type(acme, caps=[{"hour": 1, "over": "skip"}])
    say()
    work()
    second = say()
    work()

    assert outcomes() == [("delivered", ""), ("skipped", "frequency_cap")]
    assert Notification.objects.get(id=second.id).status == "completed"


def test_over_the_cap_it_joins_the_digest_where_the_type_says_so(acme: Tenant, say: Say) -> None:
    a_type(acme, caps=[{"day": 1, "over": "digest"}], digests=[{"window": {"seconds": 60}}])
    for _ in range(3):
        say()
        work()

    assert outcomes() == [("delivered", ""), ("skipped", "digest"), ("skipped", "digest")]
    assert Digest.objects.get().count == 2


def test_a_cap_may_count_the_category_or_everything(acme: Tenant, say: Say) -> None:
    a_type(acme, "news", caps=[{"day": 1, "counted": "category", "over": "skip"}])
    a_type(acme, "note", caps=[{"day": 2, "counted": "all", "over": "skip"}])
    say("plain")
    work()
    say("news")
    say("note", category="other")
    work()
    say("note", category="other")
    work()

    assert outcomes() == [
        ("delivered", ""),
        ("skipped", "frequency_cap"),
        ("delivered", ""),
        ("skipped", "frequency_cap"),
    ]


def test_a_message_on_two_channels_counts_once(acme: Tenant, say: Say) -> None:
    a_type(acme, caps=[{"day": 2}])
    content = {**IN_APP, "webhook": {"body": {"n": 1}}}
    say(content=content)
    work()
    say()
    work()

    assert [state for state, _ in outcomes() if state == "delivered"] == ["delivered", "delivered"]


def test_critical_messages_pass(acme: Tenant, say: Say) -> None:
    a_type(acme, caps=[{"day": 1, "over": "skip"}])
    say()
    work()
    say(priority=0)
    work()

    assert outcomes() == [("delivered", ""), ("delivered", "")]


def test_when_there_is_room_again_the_most_urgent_and_most_valuable_goes_first(acme: Tenant, say: Say) -> None:
    everything = [{"day": 1, "counted": "all"}]
    a_type(acme, "offer", caps=everything, value=1)
    a_type(acme, "deal", caps=everything, value=9)
    say("offer", priority=2)
    work()
    cheap, dear, urgent = say("offer", priority=3), say("deal", priority=3), say("offer", priority=2)
    work()
    assert waits() == {"frequency_cap"}

    order = []
    for _ in range(3):
        make_room()
        work()
        sent = set(Delivery.objects.filter(state="delivered").values_list("notification_id", flat=True))
        order.append({row.id for row in (cheap, dear, urgent)} & sent - {i for found in order for i in found})

    assert order == [{urgent.id}, {dear.id}, {cheap.id}]


@committed
def test_workers_that_send_at_once_keep_the_cap_together(acme: Tenant, say: Say) -> None:
    a_type(acme, caps=[{"day": 1}])
    elder, younger = (say(category="orders") for _ in range(2))
    Notification.objects.update(type="later")  # planned without a cap, as if by two planners at once
    pipeline.plan(1)
    Notification.objects.update(type="offer")
    # The elder comes to be due while the younger is being sent; it outranks it, so it counts only what was sent.
    Delivery.objects.filter(notification_id=elder.id).update(due_at=datetime.now(UTC) + timedelta(hours=1))
    claimed = claim_deliveries(1, limit=2)
    assert [delivery.notification_id for delivery in claimed] == [younger.id]

    def send_the_elder() -> None:
        Delivery.objects.filter(notification_id=elder.id).update(due_at=AT_ONCE)
        send_batch(claim_deliveries(1, limit=1))

    meanwhile(lambda: send_batch(claimed), send_the_elder)

    assert outcomes() == [("pending", "frequency_cap"), ("delivered", "")]


def test_counting_takes_one_statement_for_many_and_none_without_caps(acme: Tenant, say: Say) -> None:
    def asked(people: int, **policy: Any) -> tuple[int, int]:
        Notification.objects.all().delete()
        NotificationType.objects.all().delete()
        Delivery.objects.all().delete()
        a_type(acme, **policy)
        say(recipients=[{"id": str(id)} for id in recipients(acme, *map(str, range(people))).values()])
        counts = []
        for verb in (pipeline.plan, pipeline.send):
            with CaptureQueriesContext(connection) as captured:
                verb(1)
            counts.append(len([q for q in captured if "GROUP BY d.recipient_id" in q["sql"]]))
        return counts[0], counts[1]

    assert asked(1, caps=[{"day": 1}]) == asked(40, caps=[{"day": 1}]) == (1, 1)
    assert asked(3, value=2) == (0, 0)
