"""What the policies of types say about repetitions: through planning, over real rows, and with competitors."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Event
from notifications.models import Delivery, Notification, NotificationType
from notifications.values import Content, NotificationRequest
from orchestrator import pipeline
from orchestrator.models import Sighting
from orchestrator.services import sightings
from orchestrator.services.claim import claim_notifications
from orchestrator.services.planning import plan_batch
from orchestrator.services.preview import preview
from tenants.models import Tenant
from tests.make import IN_APP, a_notification, a_tenant, recipients
from tests.orchestrator.meanwhile import meanwhile

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)  # what several threads are to see
Say = Callable[..., Notification]
STORY = (
    "your parcel has left our warehouse in Lyon this morning and will be with you on Thursday between nine and twelve "
    "our driver rings twice and leaves it with the neighbour when nobody opens"
)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    sightings.forget()
    yield
    sightings.forget()


@pytest.fixture
def acme() -> Tenant:
    return a_tenant()


@pytest.fixture
def ana(acme: Tenant) -> dict[str, UUID]:
    return recipients(acme, "ana")


@pytest.fixture
def say(acme: Tenant, ana: dict[str, UUID]) -> Say:
    """`say("offer", n=1)`: a message of a type with data to Ana."""

    def make(type: str = "offer", *, facts: dict[str, Any] | None = None, **data: Any) -> Notification:
        return a_notification(acme, ana, **{"type": type, "content": IN_APP, "data": data, **(facts or {})})

    return make


def a_type(tenant: Tenant, key: str = "offer", **dedup: Any) -> None:
    NotificationType.objects.create(tenant_id=tenant.id, key=key, policy={"dedup": dedup})


def repeated(*rows: Notification) -> list[bool]:
    """Plan, and tell which of the messages were repetitions."""
    while pipeline.plan(1):
        pass
    found = dict(Delivery.objects.values_list("notification_id", "reason"))
    return [found[row.id] == "duplicate" for row in rows]


def test_the_same_words_are_said_once_whatever_their_case_and_space(acme: Tenant, say: Say) -> None:
    a_type(acme, by=["content"])

    rows = [say(name="Ana Lima"), say(name=" ana  LIMA"), say(name="Ana Lima 2"), say(other="Ana Lima")]

    assert repeated(*rows) == [False, True, False, True]


def test_other_words_in_the_request_are_other_words(acme: Tenant, say: Say) -> None:
    a_type(acme, by=["content"])

    rows = [say(), say(facts={"content": {"in_app": {"title": "Hello", "body": "You"}}})]

    assert repeated(*rows) == [False, False]


def test_the_same_words_of_another_type_are_news_unless_types_do_not_matter(acme: Tenant, say: Say) -> None:
    for key, across in (("a", False), ("b", False), ("c", True), ("d", True)):
        a_type(acme, key, by=["content"], across_types=across)

    rows = [say(key, n=1) for key in ("a", "b", "c", "d")]

    assert repeated(*rows) == [False, False, False, True]


def test_nearly_the_same_is_a_repetition_as_near_as_the_type_says(acme: Tenant, say: Say) -> None:
    a_type(acme, "close", by=["near"], distance=12)
    a_type(acme, "exact", by=["near"], distance=1)

    rows = [say(type, text=text) for type in ("close", "exact") for text in (STORY, f"{STORY} goodbye")]
    far = say("close", text="your invoice is overdue please pay within ten days or call us")

    assert repeated(*rows, far) == [False, True, False, False, False]


def test_anything_of_the_type_is_a_repetition_within_its_window(acme: Tenant, say: Say) -> None:
    a_type(acme, by=["type"], window_minutes=10)
    first, second = say(n=1), say(n=2)
    assert repeated(first, second) == [False, True]
    detail = Event.objects.get(kind="delivery.planned", notification_id=second.id).detail
    assert detail["duplicate_of"] == str(first.id)

    Sighting.objects.update(until=datetime.now(UTC) - timedelta(hours=1))
    assert repeated(say(n=3)) == [False]


@pytest.mark.parametrize("by", ["type", "content", "near"])
def test_a_sliding_window_stays_open_as_long_as_it_is_repeated(acme: Tenant, say: Say, by: str) -> None:
    a_type(acme, by=[by], sliding=True, window_minutes=60)
    repeated(say(n=1))
    soon = datetime.now(UTC) + timedelta(minutes=1)
    Sighting.objects.update(until=soon)

    assert repeated(say(n=1)) == [True]
    assert Sighting.objects.get().until > soon


def test_a_window_that_does_not_slide_closes_when_it_was_to(acme: Tenant, say: Say) -> None:
    a_type(acme, by=["type"], window_minutes=60)
    repeated(say(n=1))
    before = Sighting.objects.get().until

    repeated(say(n=2))

    assert Sighting.objects.get().until == before


@pytest.mark.parametrize(
    "facts",
    [{"priority": 0}, {"dedup": {"override": True}}, {"mode": "test"}],
    ids=["critical", "override", "a test"],
)
def test_these_are_news_all_the_same(acme: Tenant, say: Say, facts: dict[str, Any]) -> None:
    a_type(acme, by=["content", "near", "type"])
    first, second = say(n=1), say(n=1, facts=facts)
    pipeline.plan(0)

    assert repeated(first, second) == [False, False]


def test_what_one_strategy_keeps_back_leaves_nothing_behind_for_the_others(acme: Tenant, say: Say) -> None:
    """New words within the type's window were never said: saying them later is news."""
    a_type(acme, by=["type", "content"], window_minutes=10)
    assert repeated(say(n=1), say(n=2)) == [False, True]

    Sighting.objects.update(until=datetime.now(UTC) - timedelta(hours=1))
    assert repeated(say(n=2)) == [False]
    assert Sighting.objects.count() == 3  # the type, and the words of the two that were said


def test_what_belongs_together_is_said_once_whatever_its_type_words_and_channel(acme: Tenant, say: Say) -> None:
    for key in ("mail", "text"):
        a_type(acme, key, by=["correlation"])
    other = {"content": {"in_app": {"title": "Other", "body": "words"}}}
    checkout, next_one = {"correlation_id": "checkout-7"}, {"correlation_id": "checkout-8"}

    rows = [
        say("mail", facts=checkout),
        say("text", facts=checkout | other),
        say("text", facts=next_one),
        say("mail"),
        say("mail"),
    ]

    assert repeated(*rows) == [False, True, False, False, False]


def test_it_is_judged_for_each_recipient_with_their_own_data(acme: Tenant) -> None:
    a_type(acme, by=["content"])
    people = recipients(acme, "ana", "bo")
    entries = [{"id": str(people["ana"]), "data": {"n": 1}}, {"id": str(people["bo"]), "data": {"n": 2}}]
    for own in (entries, [entries[0], {**entries[1], "data": {"n": 3}}]):
        a_notification(acme, people, type="offer", content=IN_APP, recipients=own)
        pipeline.plan(1)

    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["pending", "pending", "pending", "skipped"]


def test_a_preview_says_what_planning_would(acme: Tenant, say: Say) -> None:
    a_type(acme, by=["content"])
    repeated(say(n=1))
    request = NotificationRequest(
        type="offer", recipients=["ana"], content=msgspec.convert(IN_APP, Content), data={"n": 1}
    )

    found = preview(tenant_id=acme.id, request=request, mode="live", at=datetime.now(UTC))

    assert [no["reason"] for one in found for no in one.skipped] == ["duplicate"]  # type: ignore[union-attr]
    assert Sighting.objects.count() == 1


@committed
@pytest.mark.parametrize("by", ["content", "near", "type"])
def test_of_two_identical_ones_at_once_one_is_sent(acme: Tenant, say: Say, by: str) -> None:
    a_type(acme, by=[by])
    first, second = say(text=STORY), say(text=STORY)
    one, other = (claim_notifications(1, limit=1) for _ in range(2))

    meanwhile(lambda: plan_batch(one), lambda: plan_batch(other))

    assert sorted(repeated(first, second)) == [False, True]


def test_it_takes_as_many_statements_for_many_as_for_one_and_none_where_nobody_asks(acme: Tenant) -> None:
    def asked(people: int, **dedup: Any) -> int:
        NotificationType.objects.all().delete()
        a_type(acme, **dedup)
        a_notification(acme, recipients(acme, *map(str, range(people))), type="offer", content=IN_APP)
        with CaptureQueriesContext(connection) as captured:
            pipeline.plan(1)
        Sighting.objects.all().delete()
        return len([q for q in captured if "orchestrator_sighting" in q["sql"]])

    everything = {"by": ["type", "content", "near"]}
    assert asked(1, **everything) == asked(40, **everything) == 4
    assert asked(3, window_minutes=5) == 0
