"""The front door over real PostgreSQL: all or nothing of each request, as many statements for a thousand as for one."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from ledger_api import a_request

from audience.models import Endpoint, Recipient
from audience.services import change_members, save_segment
from events.models import Event
from notifications import catalogue
from notifications.fields import AT_ONCE
from notifications.models import Notification, NotificationType
from notifications.services import accept as accept_module
from notifications.services.accept import Door, accept
from notifications.values import Accepted, Answer, NotificationRequest, Refused
from templates_app.rules.liquid import check
from tenants.models import IdempotencyRecord, Tenant
from tenants.scope import tenant_scope
from tests import make

AT = make.AT


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bells that rang."""
    lanes: list[str] = []
    monkeypatch.setattr("events.bells.ring", lambda wanted: lanes.extend(sorted(wanted)))
    return lanes


def accept_all(door: Door, *requests: NotificationRequest, at: datetime = AT) -> list[Answer]:
    return accept(door=door, requests=requests, at=at)


def troubles(answer: Answer) -> list[tuple[str, str]]:
    assert isinstance(answer, Refused), answer
    return [(trouble.pointer, trouble.code) for trouble in answer.troubles]


def statements(door: Door, requests: Sequence[NotificationRequest]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert all(isinstance(answer, Accepted) for answer in accept_all(door, *requests))
    return len(captured)


def test_an_accepted_request_is_a_row_an_event_and_an_answer(door: Door, people: dict[str, UUID]) -> None:
    asked = a_request(
        recipients=["ana", {"id": "bob", "data": {"first_name": "Bob"}}],
        data={"order_id": "123"},
        priority="high",
        channels=["in_app"],
        correlation_id="c-1",
        cancellation_key="cart-1",
        idempotency_key="order:1",
        tags=["checkout", 'with "quotes", \\ and {braces}'],
        metadata={"deep": {"list": [1, None, "ä"]}},
        dedup={"key": "order-1"},
    )

    (answer,) = accept_all(replace(door, traceparent="00-1-2-01"), asked)

    assert isinstance(answer, Accepted)
    row = Notification.objects.get()
    assert json.loads(answer.body) == {
        "id": str(row.id),
        "status": "queued",
        "type": None,
        "priority": "high",
        "strategy": "smart",
        "recipient_count": 2,
        "scheduled_at": None,
        "expires_at": "2026-11-23T12:00:00Z",
        "created_at": "2026-11-20T12:00:00Z",
        "correlation_id": "c-1",
        "links": {
            "self": f"/api/v1/notifications/{row.id}",
            "deliveries": f"/api/v1/notifications/{row.id}/deliveries",
            "timeline": f"/api/v1/notifications/{row.id}/timeline",
            "cancel": f"/api/v1/notifications/{row.id}/cancel",
        },
    }
    assert row.id == answer.id
    assert row.recipients == [{"id": str(people["ana"])}, {"id": str(people["bob"]), "data": {"first_name": "Bob"}}]
    assert row.tags == asked.tags
    assert row.metadata == asked.metadata
    assert row.dedup == {"key": "order-1"}
    assert row.due_at == AT_ONCE
    assert (row.cancellation_key, row.idempotency_key, row.channels) == ("cart-1", "order:1", ["in_app"])
    assert (row.actor, row.traceparent, row.mode) == ("key:test", "00-1-2-01", "live")
    assert row.content == {"in_app": {"title": "Hello", "body": "World"}}
    event = Event.objects.get(notification_id=row.id)
    assert (event.kind, event.actor, event.detail) == (
        "notification.accepted",
        "key:test",
        {"recipients": 2, "type": "", "strategy": "smart"},
    )


def test_the_type_fills_in_what_the_request_does_not_say(door: Door, tenant: Tenant, people: dict[str, UUID]) -> None:
    NotificationType.objects.create(
        tenant_id=tenant.id,
        key="order",
        category="transactional",
        priority=0,
        strategy="immediate",
        channels=["in_app"],
        ttl_seconds=300,
        unknown_policy="at_most_once",
    )

    accept_all(door, a_request(type="order"), a_request(type="order", priority="low", strategy="sequential"))

    first, second = Notification.objects.order_by("priority")
    assert (first.category, first.priority, first.strategy, first.channels) == (
        "transactional",
        0,
        "immediate",
        ["in_app"],
    )
    assert (first.expires_at, first.unknown_policy) == (AT + timedelta(seconds=300), "at_most_once")
    assert (second.priority, second.strategy) == (3, "sequential")


def test_people_given_as_objects_are_created_and_known_ones_only_added_to(door: Door, people: dict[str, UUID]) -> None:
    told = [{"id": "ana", "phone": "+33612345678"}, {"id": "new", "email": "New@EXAMPLE.org", "locale": "fr"}]

    accept_all(door, a_request(recipients=told))

    assert sorted(Endpoint.objects.filter(recipient_id=people["ana"]).values_list("channel", "address")) == [
        ("email", "ana@example.org"),
        ("sms", "+33612345678"),
    ]
    new = Recipient.objects.get(external_id="new")
    assert new.locale == "fr"
    assert Endpoint.objects.get(recipient=new).address == "New@example.org"
    assert Notification.objects.get().recipients == [{"id": str(people["ana"])}, {"id": str(new.id)}]


def test_a_person_named_twice_is_one_recipient_and_the_object_tells_more(door: Door, people: dict[str, UUID]) -> None:
    accept_all(door, a_request(recipients=["ana", {"id": "ana", "data": {"a": 1}}, "ana", "bob"]))

    row = Notification.objects.get()
    assert row.recipients == [{"id": str(people["ana"]), "data": {"a": 1}}, {"id": str(people["bob"])}]
    assert row.recipient_count == 2


def test_requests_count_in_order_so_one_may_introduce_people_to_the_next(door: Door) -> None:
    first, second, third = accept_all(
        door,
        a_request(recipients=["later"]),
        a_request(recipients=[{"id": "later"}]),
        a_request(recipients=["later"]),
    )

    assert troubles(first) == [("/recipients/0", "recipient_not_found")]
    assert isinstance(second, Accepted)
    assert isinstance(third, Accepted)


def test_a_refused_request_introduces_nobody(door: Door, people: dict[str, UUID]) -> None:
    refused, after = accept_all(
        door,
        a_request(recipients=[{"id": "new"}], strategy="nonsense"),
        a_request(recipients=["new"]),
    )

    assert troubles(refused) == [("/strategy", "unknown_strategy")]
    assert troubles(after) == [("/recipients/0", "recipient_not_found")]
    assert not Recipient.objects.filter(external_id="new").exists()
    assert not Notification.objects.exists()
    assert not Event.objects.exists()


def test_every_trouble_is_told_at_once(door: Door) -> None:
    (answer,) = accept_all(
        door,
        a_request(
            type="nobody-knows",
            recipients=["nobody", {"id": "x", "email": "no address", "timezone": "Mars/Olympus"}],
            content={"email": {"subject": "Hi"}},
            channels=["fax", "sms"],
            strategy="nonsense",
            scheduled_at="2026-12-25T10:00:00Z",
            scheduled_local="2026-12-25T10:00:00",
            expires_at="2026-11-19T10:00:00Z",
            recurrence="FREQ=SECONDLY",
        ),
    )

    assert troubles(answer) == [
        ("/recipients/0", "recipient_not_found"),
        ("/channels/0", "unknown_channel"),
        ("/channels/1", "content_missing"),
        ("/strategy", "unknown_strategy"),
        ("/scheduled_local", "conflict"),
        ("/recurrence", "conflict"),
        ("/expires_at", "expires_too_early"),
        ("/recurrence", "invalid_recurrence"),
        ("/content/email", "body_missing"),
        ("/recipients/1/email", "invalid_email"),
        ("/recipients/1/timezone", "unknown_timezone"),
    ]


def test_a_template_that_cannot_be_read_is_told_where_it_stands(door: Door, people: dict[str, UUID]) -> None:
    content = {
        "email": {"subject": "Hello {{ name", "text": "{% if x %}"},
        "in_app": {"title": "Hi", "body": "{{ ok }}"},
    }

    (answer,) = accept_all(door, a_request(content=content))

    assert troubles(answer) == [
        ("/content/email/subject", "template_syntax"),
        ("/content/email/text", "template_syntax"),
    ]


def test_a_segment_is_resolved_to_its_id_and_counted(door: Door, tenant: Tenant, people: dict[str, UUID]) -> None:
    with tenant_scope(tenant.id):
        segment, _ = save_segment(tenant_id=tenant.id, key="vip", name="VIP", at=AT)
        change_members(segment, add=["ana", "bob"], remove=[], at=AT)

    known, unknown = accept_all(
        door, a_request(recipients=None, segment="vip"), a_request(recipients=None, segment="nope")
    )

    assert isinstance(known, Accepted)
    row = Notification.objects.get()
    assert (row.segment_id, row.recipient_count, row.recipients) == (segment.id, 2, [])
    assert troubles(unknown) == [("/segment", "unknown_segment")]


def test_people_segments_and_types_of_another_tenant_are_unknown(
    door: Door, stranger: Tenant, people: dict[str, UUID]
) -> None:
    NotificationType.objects.create(tenant_id=stranger.id, key="theirs", template="t")
    with tenant_scope(stranger.id):
        save_segment(tenant_id=stranger.id, key="theirs", name="", at=AT)
    outside = Door(stranger.id)

    first, second = accept_all(
        door, a_request(type="theirs", content=None), a_request(recipients=None, segment="theirs")
    )
    (third,) = accept_all(outside, a_request(recipients=["ana"]))

    assert troubles(first) == [("/type", "unknown_type")]
    assert troubles(second) == [("/segment", "unknown_segment")]
    assert troubles(third) == [("/recipients/0", "recipient_not_found")]


@pytest.mark.parametrize(
    ("said", "due_at", "expires_at"),
    [
        pytest.param({}, AT_ONCE, AT + timedelta(days=3), id="at once, for three days"),
        pytest.param({"scheduled_at": "2026-11-20T11:00:00Z"}, AT_ONCE, AT + timedelta(days=3), id="the past is now"),
        pytest.param(
            {"scheduled_at": "2026-12-25T10:00:00+02:00"},
            datetime(2026, 12, 25, 8, tzinfo=UTC),
            datetime(2026, 12, 28, 8, tzinfo=UTC),
            id="a moment, in UTC",
        ),
        pytest.param(
            {"scheduled_local": "2026-12-25T10:00:00"},
            datetime(2026, 12, 24, 20, tzinfo=UTC),
            datetime(2026, 12, 28, 22, tzinfo=UTC),
            id="wall clocks: planned for the first zone, expired after the last",
        ),
        pytest.param(
            {"expires_at": "9999-12-31T23:59:59Z"},
            AT_ONCE,
            datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
            id="never expires, as people write it",
        ),
    ],
)
def test_when_it_is_due_and_how_long_it_is_worth_sending(
    door: Door, people: dict[str, UUID], said: dict[str, Any], due_at: datetime, expires_at: datetime
) -> None:
    accept_all(door, a_request(**said))

    row = Notification.objects.get()
    assert (row.due_at, row.expires_at) == (due_at, expires_at)
    assert row.status == ("queued" if due_at == AT_ONCE else "scheduled")


def test_bells_ring_once_per_lane_when_the_transaction_commits(
    door: Door, people: dict[str, UUID], rung: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    requests = [a_request(priority=p) for p in ("high", "high", "critical")] + [
        a_request(priority="low", scheduled_at="2026-12-25T10:00:00Z")
    ]

    with django_capture_on_commit_callbacks(execute=True):
        accept_all(door, *requests)
        assert rung == []

    assert rung == ["plan.critical", "plan.high"]


def test_the_alarm_is_set_for_what_is_due_first(
    door: Door, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms: list[datetime] = []
    monkeypatch.setattr(catalogue, "_alarms", [alarms.append])

    accept_all(
        door,
        a_request(scheduled_at="2026-12-26T10:00:00Z"),
        a_request(scheduled_at="2026-12-25T10:00:00Z"),
        a_request(),
    )

    assert alarms == [datetime(2026, 12, 25, 10, tzinfo=UTC)]


def test_it_takes_as_many_statements_for_a_thousand_as_for_one(
    door: Door, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.selectors.RELOAD_SECONDS", 3600.0)

    def batch(size: int, *, tag: str, by_object: bool) -> list[NotificationRequest]:
        return [
            a_request(
                type="unheard-of",
                recipients=[{"id": f"{tag}{i}", "email": f"u{i}@example.org"} if by_object else "ana"],
                idempotency_key=f"{tag}-{i}",
            )
            for i in range(size)
        ]

    accept_all(door, a_request())  # strategies are read once in a while

    found = {
        (size, by_object): statements(door, batch(size, tag=f"{size}{by_object}", by_object=by_object))
        for size in (1, 64, 1000)
        for by_object in (False, True)
    }

    assert found == {(size, by_object): 13 if by_object else 10 for size, by_object in found}
    assert Notification.objects.count() == 2131


def test_in_process_use_joins_the_callers_transaction(
    door: Door, people: dict[str, UUID], rung: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    class Oops(Exception):
        pass

    def order_fails() -> None:
        with transaction.atomic():
            Recipient.objects.filter(external_id="bob").update(locale="de")
            accept_all(door, a_request(recipients=["ana", {"id": "new"}], idempotency_key="k"))
            raise Oops

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(Oops):
        order_fails()

    assert not Notification.objects.exists()
    assert not Event.objects.filter(kind="notification.accepted").exists()
    assert not IdempotencyRecord.objects.exists()
    assert not Recipient.objects.filter(external_id="new").exists()
    assert rung == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role'), current_setting('carillon.tenant', true)")
        role, scope = cursor.fetchone()
    assert (role, scope or "") == ("carillon_tester", "")


def test_the_same_key_and_request_again_gives_the_same_bytes_and_no_new_row(
    door: Door, people: dict[str, UUID]
) -> None:
    (first,) = accept_all(door, a_request(idempotency_key="k", data={"a": 1, "b": 2}))

    (again,) = accept_all(door, a_request(idempotency_key="k", data={"b": 2, "a": 1}), at=AT + timedelta(hours=1))

    assert isinstance(first, Accepted)
    assert again == Accepted(first.id, first.body, replayed=True)
    assert Notification.objects.count() == 1
    assert Event.objects.filter(kind="notification.accepted").count() == 1


@pytest.mark.parametrize(
    ("other", "mode"),
    [
        pytest.param({"data": {"a": 2}}, "live", id="other data"),
        pytest.param({"recipients": ["bob"]}, "live", id="other people"),
        pytest.param({}, "test", id="a test key asks for something else"),
    ],
)
def test_the_same_key_for_another_request_is_refused(
    door: Door, people: dict[str, UUID], other: dict[str, Any], mode: str
) -> None:
    accept_all(door, a_request(idempotency_key="k"))

    (refused,) = accept_all(replace(door, mode=mode), a_request(idempotency_key="k", **other))

    assert isinstance(refused, Refused)
    assert (refused.status, refused.code) == (422, "idempotency_key_reused")
    assert Notification.objects.count() == 1


def test_keys_are_the_tenants_own_and_forgotten_after_a_week(
    door: Door, stranger: Tenant, people: dict[str, UUID]
) -> None:
    make.recipients(stranger, "ana")
    (mine,) = accept_all(door, a_request(idempotency_key="k"))

    (theirs,) = accept_all(Door(stranger.id), a_request(idempotency_key="k"))
    (later,) = accept_all(door, a_request(idempotency_key="k"), at=AT + timedelta(days=7))

    answers = [mine, theirs, later]
    assert all(isinstance(answer, Accepted) and not answer.replayed for answer in answers)
    assert Notification.objects.count() == 3


def test_only_successes_are_remembered(door: Door, people: dict[str, UUID]) -> None:
    (refused,) = accept_all(door, a_request(idempotency_key="k", recipients=["nobody"]))
    make.recipients(Tenant.objects.get(), "nobody")

    (accepted,) = accept_all(door, a_request(idempotency_key="k", recipients=["nobody"]))

    assert isinstance(refused, Refused)
    assert isinstance(accepted, Accepted)
    assert not accepted.replayed


def test_twins_in_one_batch_are_one_notification(door: Door, people: dict[str, UUID]) -> None:
    twin, other = a_request(idempotency_key="k"), a_request(idempotency_key="k", data={"x": 1})

    first, unkeyed, second, third = accept_all(door, twin, a_request(), twin, other)

    assert isinstance(first, Accepted)
    assert isinstance(unkeyed, Accepted)
    assert second == Accepted(first.id, first.body, replayed=True)
    assert isinstance(third, Refused)
    assert third.code == "idempotency_key_reused"
    assert Notification.objects.count() == 2


def test_the_twin_of_a_refused_request_is_refused_alike(door: Door) -> None:
    twin = a_request(idempotency_key="k", recipients=["nobody"])

    first, second = accept_all(door, twin, twin)

    assert isinstance(first, Refused)
    assert second == first


def test_a_field_that_a_later_version_adds_changes_no_fingerprint(door: Door) -> None:
    class Later(NotificationRequest, kw_only=True, omit_defaults=True):
        novelty: str = ""

    now, later = (
        a_request(),
        Later(**{name: getattr(a_request(), name) for name in NotificationRequest.__struct_fields__}),
    )

    assert accept_module._fingerprint(door, now) == accept_module._fingerprint(door, later)


def test_nothing_asked_is_nothing_done(door: Door) -> None:
    assert accept_all(door) == []


def test_words_that_were_fine_are_judged_once_and_bad_ones_each_time(
    door: Door, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def look(channel: str, content: Any) -> Any:
        looked.append(channel)
        return check(channel, content)

    monkeypatch.setattr("notifications.services.judging.check", look)
    good = {"in_app": {"title": "Judged once", "body": "{{ recipient.id }}"}}
    bad = {"in_app": {"title": "Judged each time", "body": "{{ recipient.id"}}

    answers = accept_all(door, *(a_request(content=content) for content in (good, bad, good, bad)))

    assert [type(answer) for answer in answers] == [Accepted, Refused, Accepted, Refused]
    assert troubles(answers[1]) == troubles(answers[3]) != []
    assert looked == ["in_app"] * 3
