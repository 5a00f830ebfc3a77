"""Digests over real rows: one is open per place, it is told exactly once, whoever comes at the same time or dies."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from events.models import Event
from notifications.models import Notification, NotificationType
from notifications.rules.policy import DigestPolicy, DigestWindow
from orchestrator.models import Digest, DigestItem
from orchestrator.services.digests import Joined, Joining, Place, join, telling
from orchestrator.services.digests_closing import close_due, purge
from templates_app.services.drafts import save_draft
from templates_app.services.publishing import publish
from templates_app.values import TemplateSource
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.make import AT, a_notification, a_tenant, recipients
from tests.orchestrator.meanwhile import meanwhile

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)  # what several threads are to see

NEVER = DigestWindow(seconds=86_400)
COMMENTS = {"in_app": {"title": "{{ count }} comments", "body": "{% for item in items %}{{ item.n }} {% endfor %}"}}


@pytest.fixture
def acme() -> Tenant:
    """A tenant with a type whose digests have words."""
    tenant = a_tenant()
    NotificationType.objects.create(tenant_id=tenant.id, key="comment", priority=2)
    word_it(tenant)
    return tenant


@pytest.fixture
def ana(acme: Tenant) -> UUID:
    return recipients(acme, "ana")["ana"]


@pytest.fixture
def joining(acme: Tenant, ana: UUID) -> Callable[..., Joining]:
    """`joining(n)`: Ana is to hear of comment n of a notification that is in the ledger."""

    def make(n: int, *, policy: DigestPolicy | None = None, key: str = "", **facts: Any) -> Joining:
        row = a_notification(acme, {"ana": ana}, type="comment", content=COMMENTS, data={"n": n}, due_at=None)
        policy = policy or DigestPolicy(window=NEVER)
        place = Place(acme.id, ana, "live", "comment", policy.name, key)
        defaults: dict[str, Any] = {
            "notification_id": row.id,
            "policy": policy,
            "at": datetime.now(UTC),
            "zone": "UTC",
            "priority": 2,
            "expires_at": None,
            "data": {"n": n},
        }
        return Joining(place, **{**defaults, **facts})

    return make


def joined(*asked: Joining) -> list[Joined]:
    with transaction.atomic():
        found = join(asked)
    return [found[one] for one in asked]


def make_due() -> None:
    Digest.objects.exclude(state="closed").update(closes_at=datetime.now(UTC) - timedelta(hours=1))


def told() -> list[dict[str, Any]]:
    """The data of everything that was accepted by closing digests."""
    return [row.data for row in Notification.objects.filter(actor="digest").order_by("id")]


def numbers(data: dict[str, Any]) -> list[int]:
    return [item["n"] for item in data["items"]]


def word_it(tenant: Tenant) -> None:
    """Publish words for digests of comments and let the type name them."""
    source = TemplateSource(parts=COMMENTS, example_data={"count": 1, "items": [{"n": 1}]})
    with tenant_scope(tenant.id):
        save_draft("comments", tenant_id=tenant.id, name="", source=source, actor="test", at=AT)
        publish("comments", tenant_id=tenant.id, note="", actor="test", at=AT)
        NotificationType.objects.update(template="comments")


def test_messages_to_one_place_share_a_digest_and_others_do_not(joining: Callable[..., Joining]) -> None:
    here, there = joined(joining(1), joining(2, key="other"))
    (again,) = joined(joining(3))

    assert again.digest_id == here.digest_id != there.digest_id
    assert dict(Digest.objects.values_list("key", "count")) == {"": 2, "other": 1}


def test_a_digest_is_told_once_with_its_items_in_the_order_of_their_acceptance(
    joining: Callable[..., Joining],
) -> None:
    first, second, third = joining(1), joining(2), joining(3)
    joined(third)
    joined(second, first)
    make_due()

    assert (close_due(), close_due()) == (1, 0)

    (data,) = told()
    assert (numbers(data), data["count"], data["first"]["n"]) == ([1, 2, 3], 3, 1)
    digest, row = Digest.objects.get(), Notification.objects.get(actor="digest")
    assert (digest.state, digest.outcome, digest.notification_id) == ("closed", "together", row.id)
    assert (row.type, row.template, row.status, row.metadata) == (
        "comment",
        "comments",
        "queued",
        {"digest": str(digest.id)},
    )
    assert telling([row.id, first.notification_id]) == {row.id}


def test_a_sliding_window_moves_with_what_joins_and_never_beyond_its_maximum(joining: Callable[..., Joining]) -> None:
    sliding = DigestPolicy(window=DigestWindow(mode="sliding", seconds=600, max_seconds=900))
    start = datetime.now(UTC)

    closing = [
        joined(joining(minutes, policy=sliding, at=start + timedelta(minutes=minutes)))[0].closes_at - start
        for minutes in (0, 4, 2, 9)
    ]

    assert closing == [timedelta(minutes=minutes) for minutes in (10, 14, 14, 15)]


def test_a_full_digest_closes_at_once_and_the_next_one_opens(joining: Callable[..., Joining]) -> None:
    threes = DigestPolicy(window=NEVER, max_items=3)

    joined(joining(1, policy=threes))
    joined(*(joining(n, policy=threes) for n in range(2, 9)))

    assert list(Digest.objects.order_by("opened_at", "id").values_list("state", "count")) == [
        ("closing", 3),
        ("closing", 3),
        ("open", 2),
    ]
    close_due()
    assert sorted(numbers(data) for data in told()) == [[1, 2, 3], [4, 5, 6]]


def test_who_comes_after_the_window_opens_the_next_one_even_if_nobody_closed_it_yet(
    joining: Callable[..., Joining],
) -> None:
    (first,) = joined(joining(1))
    make_due()

    (second,) = joined(joining(2))
    close_due()

    assert second.digest_id != first.digest_id
    assert [numbers(data) for data in told()] == [[1]]
    assert Digest.objects.get(state="open").count == 1


def test_the_first_goes_out_at_once_when_the_policy_leads_with_it(joining: Callable[..., Joining]) -> None:
    leading = DigestPolicy(window=NEVER, leading=True)

    found = joined(joining(1, policy=leading)) + joined(joining(2, policy=leading), joining(3, policy=leading))
    make_due()
    close_due()

    assert [one.leads for one in found] == [True, False, False]
    assert [numbers(data) for data in told()] == [[2, 3]]


def test_a_window_in_which_nothing_followed_the_first_is_closed_without_a_word(joining: Callable[..., Joining]) -> None:
    joined(joining(1, policy=DigestPolicy(leading=True)))
    make_due()

    assert close_due() == 1
    assert (told(), Digest.objects.get().outcome) == ([], "nothing")


def test_too_few_are_sent_one_by_one_as_they_were_asked_for(joining: Callable[..., Joining]) -> None:
    asked = [joining(n, policy=DigestPolicy(min_items=3)) for n in (1, 2)]
    joined(*asked)
    make_due()

    close_due()

    assert told() == [{"n": 1}, {"n": 2}]
    rows = list(Notification.objects.filter(actor="digest").order_by("id"))
    assert [(row.content, row.recipients, row.status) for row in rows] == [
        (COMMENTS, [{"id": str(one.place.recipient_id)}], "queued") for one in asked
    ]
    assert list(DigestItem.objects.order_by("notification_id").values_list("sent_as", flat=True)) == [
        r.id for r in rows
    ]
    assert telling([row.id for row in rows]) == {row.id for row in rows}


def test_what_cannot_be_worded_as_one_is_sent_one_by_one(joining: Callable[..., Joining]) -> None:
    joined(*(joining(n, policy=DigestPolicy(template="never-written")) for n in (1, 2)))
    make_due()

    close_due()

    assert (told(), Digest.objects.get().outcome) == ([{"n": 1}, {"n": 2}], "one_by_one")


def test_what_expired_or_was_cancelled_meanwhile_is_left_out_and_says_why(joining: Callable[..., Joining]) -> None:
    gone, cancelled, good = joining(1, expires_at=datetime.now(UTC) - timedelta(hours=1)), joining(2), joining(3)
    joined(gone, cancelled, good)
    Notification.objects.filter(id=cancelled.notification_id).update(reason="cancelled")
    make_due()

    close_due()

    assert [numbers(data) for data in told()] == [[3]]
    closed = Event.objects.filter(kind="digest.closed").values_list("notification_id", "reason", "detail__told_by")
    told_by = str(Digest.objects.get().notification_id)
    assert sorted(closed) == sorted(
        [
            (gone.notification_id, "expired", None),
            (cancelled.notification_id, "cancelled", None),
            (good.notification_id, "", told_by),
        ]
    )
    assert dict(DigestItem.objects.values_list("notification_id", "left_out")) == {
        gone.notification_id: "expired",
        cancelled.notification_id: "cancelled",
        good.notification_id: "",
    }


def test_the_most_urgent_item_decides_how_urgent_the_digest_is(joining: Callable[..., Joining]) -> None:
    joined(joining(1, priority=3), joining(2, priority=1), joining(3, priority=2))
    make_due()

    close_due()

    assert Notification.objects.get(actor="digest").priority == 1


@committed
def test_two_planners_at_once_join_one_digest(joining: Callable[..., Joining]) -> None:
    asked = [joining(n) for n in range(8)]

    at_once([lambda one=one: joined(one) for one in asked])

    assert [(digest.state, digest.count) for digest in Digest.objects.all()] == [("open", 8)]
    assert DigestItem.objects.count() == 8


@committed
def test_of_closing_twice_at_once_one_tells_it(joining: Callable[..., Joining]) -> None:
    joined(joining(1), joining(2))
    make_due()

    at_once([close_due] * 4)

    assert [numbers(data) for data in told()] == [[1, 2]]


@committed
def test_who_joins_while_another_does_waits_and_finds_the_same_digest(joining: Callable[..., Joining]) -> None:
    one, other = joining(1), joining(2)

    meanwhile(lambda: join([one]), lambda: joined(other))

    assert [(digest.state, digest.count) for digest in Digest.objects.all()] == [("open", 2)]


@committed
def test_who_joins_while_it_is_being_closed_waits_and_opens_the_next(joining: Callable[..., Joining]) -> None:
    late = joining(2)
    joined(joining(1))
    make_due()

    meanwhile(close_due, lambda: joined(late))

    assert [numbers(data) for data in told()] == [[1]]
    assert sorted(Digest.objects.values_list("state", "count")) == [("closed", 1), ("open", 1)]


@committed
def test_who_closes_while_another_does_leaves_it_alone(joining: Callable[..., Joining]) -> None:
    joined(joining(1), joining(2))
    make_due()

    meanwhile(close_due, close_due)

    assert [numbers(data) for data in told()] == [[1, 2]]


@committed
def test_joining_and_closing_at_once_tells_every_item_exactly_once(joining: Callable[..., Joining]) -> None:
    """Whoever comes while a digest is closed is in it or in the next one."""
    policy = DigestPolicy(window=NEVER, max_items=2)
    asked = [joining(n, policy=policy) for n in range(12)]

    at_once([*(lambda one=one: joined(one) for one in asked), *[close_due] * 4])
    make_due()
    while close_due():
        pass

    assert sorted(n for data in told() for n in numbers(data)) == list(range(12))
    assert {data["count"] for data in told()} == {2}


@committed
def test_what_dies_before_its_commit_was_never_there(joining: Callable[..., Joining]) -> None:
    one = joining(1)
    with pytest.raises(Died):
        dying(lambda: join([one]))
    assert Digest.objects.count() == DigestItem.objects.count() == 0

    joined(one)
    make_due()
    with pytest.raises(Died):
        dying(close_due)
    assert told() == []

    close_due()
    assert [numbers(data) for data in told()] == [[1]]


@committed
def test_one_that_cannot_be_closed_waits_and_does_not_hold_up_the_others(joining: Callable[..., Joining]) -> None:
    joined(joining(1, key="good"), joining(2, key="bad"))
    Digest.objects.filter(key="bad").update(policy={"min_items": "broken"})
    make_due()

    close_due()

    assert [numbers(data) for data in told()] == [[1]]
    bad = Digest.objects.get(key="bad")
    assert bad.state == "open"
    assert bad.closes_at > datetime.now(UTC)


def test_closed_digests_are_forgotten_with_their_items_after_a_month(joining: Callable[..., Joining]) -> None:
    joined(joining(1, key="old"), joining(2, key="open"))
    Digest.objects.filter(key="old").update(closes_at=datetime.now(UTC) - timedelta(hours=1))
    close_due()
    now = datetime.now(UTC)

    assert purge(at=now + timedelta(days=29), limit=10) == 0
    assert purge(at=now + timedelta(days=31), limit=10) == 1
    assert list(Digest.objects.values_list("key", flat=True)) == ["open"]
    assert DigestItem.objects.count() == 1


def test_joining_takes_as_many_statements_for_many_as_for_one(joining: Callable[..., Joining]) -> None:
    one, many = [joining(0)], [joining(n, key=str(n % 5)) for n in range(1, 30)]

    counts = []
    for asked in (one, many):
        with CaptureQueriesContext(connection) as captured, transaction.atomic():
            join(asked)
        counts.append(len([q for q in captured if "orchestrator_" in q["sql"]]))

    assert counts == [4, 4]


class Died(Exception):
    """A worker's end, after its writes and before its commit."""


def dying(call: Callable[[], object]) -> None:
    with transaction.atomic():
        call()
        raise Died


def at_once(calls: list[Callable[[], object]]) -> None:
    """Run all of `calls` at the same time, each in a thread with a connection of its own."""
    barrier = threading.Barrier(len(calls))
    troubles: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            barrier.wait()
            call()
        except BaseException as trouble:  # noqa: BLE001 - whatever it is, the test fails of it
            troubles.append(trouble)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
