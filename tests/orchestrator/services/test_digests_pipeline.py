"""Digests from the request to the inbox: what is gathered is skipped with its reason, and told as one later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audience.models import InboxItem
from channels_app.accounts import forget_accounts
from events.models import Event
from notifications.models import Delivery, Notification, NotificationType
from orchestrator import pipeline
from orchestrator.models import Digest
from orchestrator.services.ledger_checks import findings
from orchestrator.timekeeper import look
from templates_app.starter.loading import load_starter_set
from tenants.scope import platform_scope
from tests.make import AT, a_notification, a_tenant, recipients
from tests.templates_app.asking import Api, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db

COMMENTS: dict[str, Any] = {
    "parts": {"in_app": {"title": "{{ count }} of {{ key }}", "body": "{% for i in items %}{{ i.n }}.{% endfor %}"}},
    "example_data": {"count": 2, "key": "a", "items": [{"n": 1}]},
}
DAILY = {"mode": "calendar", "every": "day", "at": "08:00"}


@pytest.fixture(autouse=True)
def _no_mail(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()


@pytest.fixture(autouse=True)
def comments(api: Api) -> None:  # noqa: F811
    """A type whose messages are told once a day per project, in words of their own."""
    api("PUT", "/templates/comments", COMMENTS)
    api.publish("comments")
    with_policy(api, digests=[{"key": "project", "window": DAILY, "template": "comments"}])


def with_policy(api: Api, **policy: Any) -> None:  # noqa: F811
    answer = api("PUT", "/types/comment", {"policy": policy, "priority": "high", "ttl_seconds": 604_800})
    assert answer.status_code in (200, 201), answer.content


def comment(api: Api, n: int, **facts: Any) -> dict[str, Any]:  # noqa: F811
    body = {
        "type": "comment",
        "recipients": [{"id": "ana"}],
        "content": {"in_app": {"title": "Comment {{ n }}", "body": "by somebody"}},
        "data": {"n": n, "project": "Tower"},
    }
    answer = api("POST", "/notifications", body | facts)
    assert answer.status_code == 202, answer.content
    found: dict[str, Any] = said(answer)
    return found


def work() -> None:
    for priority in range(4):
        while pipeline.plan(priority) or pipeline.send(priority):
            pass


def close() -> None:
    Digest.objects.exclude(state="closed").update(closes_at=datetime.now(UTC) - timedelta(hours=1))
    assert look().lanes.count("digests") == 1
    pipeline.work("digests")


def inbox() -> list[tuple[str, str]]:
    return [(item.title, item.body) for item in InboxItem.objects.order_by("id")]


def test_several_values_make_a_key_on_the_clock_of_each_person(api: Api) -> None:  # noqa: F811
    api("PUT", "/recipients/ana", {"timezone": "Asia/Kolkata"})
    key = [{"path": "project", "as": "lower"}, {"path": "made_at", "as": "day"}]
    with_policy(api, digests=[{"key": key, "window": DAILY, "template": "comments"}])
    for n, project, moment in (
        (1, "Tower", "20T20:00:00Z"),
        (2, "TOWER", "21T10:00:00Z"),
        (3, "Tower", "21T20:00:00Z"),
    ):
        comment(api, n, data={"n": n, "project": project, "made_at": f"2026-11-{moment}"})
    work()

    close()
    work()

    assert sorted(inbox()) == [("1 of tower|2026-11-22", "3."), ("2 of tower|2026-11-21", "1.2.")]


def test_comments_of_a_day_are_told_as_one_per_project(api: Api) -> None:  # noqa: F811
    rows = [comment(api, 1), comment(api, 2), comment(api, 3, data={"n": 3, "project": "Bridge"})]
    work()

    skipped = Delivery.objects.values_list("state", "reason", "channel")
    assert (inbox(), set(skipped)) == ([], {("skipped", "digest", "in_app")})
    planned = Event.objects.get(kind="delivery.planned", notification_id=rows[0]["id"])
    digest = Digest.objects.get(key="Tower")
    assert (planned.detail["digest"], planned.detail["closes_at"]) == (str(digest.id), digest.closes_at.isoformat())
    assert said(api("GET", f"/notifications/{rows[0]['id']}"))["status"] == "completed"

    close()
    work()

    assert sorted(inbox()) == [("1 of Bridge", "3."), ("2 of Tower", "1.2.")]
    hour = timedelta(hours=1)
    assert findings(datetime.now(UTC) - hour, datetime.now(UTC) + hour) == []


def test_what_is_critical_goes_out_at_once(api: Api) -> None:  # noqa: F811
    comment(api, 1, priority="critical")
    work()

    assert inbox() == [("Comment 1", "by somebody")]


def test_what_cannot_be_sent_anyway_is_not_gathered(api: Api) -> None:  # noqa: F811
    api("PUT", "/recipients/ana", {})
    api("PUT", "/recipients/ana/preferences", {"types": {"comment": False}})

    comment(api, 1)
    work()

    assert list(Delivery.objects.values_list("state", "reason")) == [("skipped", "preference_off")]
    assert not Digest.objects.exists()


def test_who_turned_it_off_meanwhile_is_not_told(api: Api) -> None:  # noqa: F811
    comment(api, 1)
    work()
    api("PUT", "/recipients/ana/preferences", {"types": {"comment": False}})

    close()
    work()

    assert inbox() == []
    assert Digest.objects.get().outcome == "nothing"
    closed = Event.objects.get(kind="digest.closed")
    assert (closed.reason, closed.detail["rule"]) == ("preference_off", "recipient.types.comment")


def test_the_first_goes_out_at_once_and_the_rest_is_gathered(api: Api) -> None:  # noqa: F811
    with_policy(api, digests=[{"template": "comments", "leading": True}])

    for n in (1, 2, 3):
        comment(api, n)
        work()
    assert inbox() == [("Comment 1", "by somebody")]
    close()
    work()

    assert sorted(inbox()) == [("2 of", "2.3."), ("Comment 1", "by somebody")]


def test_one_channel_gathers_while_the_other_speaks_at_once(api: Api) -> None:  # noqa: F811
    with_policy(api, digests=[{"channels": ["email"], "template": "comments"}])
    content = {"email": {"subject": "Hi", "text": "Hi"}, "in_app": {"title": "Comment", "body": "Hi"}}

    comment(api, 1, content=content, recipients=[{"id": "ana", "email": "ana@example.org"}])
    work()

    assert dict(Delivery.objects.values_list("channel", "state")) == {"email": "skipped", "in_app": "delivered"}


def test_a_preview_tells_the_digest_and_leaves_none_behind(api: Api) -> None:  # noqa: F811
    body = {"type": "comment", "recipients": [{"id": "ana"}], "content": {"in_app": {"title": "x", "body": "y"}}}

    answer = said(api("POST", "/notifications/preview", body))

    assert [(no["reason"], no["rule"]) for no in answer["results"][0]["skipped"]] == [("digest", "digest")]
    assert not Digest.objects.exists()


def test_a_person_who_wants_a_weekly_summary_gets_it_in_the_common_words(api: Api) -> None:  # noqa: F811
    with platform_scope():
        load_starter_set(at=AT)
    api("PUT", "/types/order_update", {"ttl_seconds": 30 * 86_400, "priority": "high"})
    api("PUT", "/recipients/ana", {"email": "ana@example.org", "timezone": "Asia/Kolkata"})
    wish = {"frequency": {"type:order_update": {"mode": "digest", "every": "week", "on": "mon", "at": "09:00"}}}
    assert api("PUT", "/recipients/ana/preferences", wish).status_code == 200
    content = {"email": {"subject": "Order", "text": "On its way"}}

    for title in ("Order 4711 is on its way", "Order 4712 was packed"):
        comment(api, 1, type="order_update", content=content, data={"title": title})
    work()
    digest = Digest.objects.get()
    assert (digest.count, digest.closes_at.strftime("%a %H:%M")) == (2, "Mon 03:30")
    close()
    pipeline.plan(1)

    told = Notification.objects.get(id=Digest.objects.get().notification_id)
    assert (told.template, [item["title"] for item in told.data["items"]]) == (
        "digest",
        ["Order 4711 is on its way", "Order 4712 was packed"],
    )
    delivery = Delivery.objects.get(notification_id=told.id)
    assert (delivery.channel, delivery.state, delivery.template_version_id is not None) == ("email", "pending", True)


def test_the_timekeeper_knows_when_the_next_digest_closes(api: Api) -> None:  # noqa: F811
    comment(api, 1)
    work()

    found = look()

    assert "digests" not in found.lanes
    assert found.next_seconds is not None
    assert found.next_seconds <= 86_400


def test_planning_takes_as_many_statements_for_many_digests_as_for_one() -> None:
    def statements(people: int) -> int:
        tenant = a_tenant(f"tenant-{people}")
        names = recipients(tenant, *(f"p{n}" for n in range(people)))
        NotificationType.objects.create(tenant_id=tenant.id, key="comment", policy={"digests": [{}]})
        row = a_notification(tenant, names, type="comment", priority=1, content={"in_app": {"title": "x", "body": "y"}})
        with CaptureQueriesContext(connection) as captured:
            pipeline.plan(1)
        assert Digest.objects.filter(tenant_id=tenant.id).count() == people
        assert Delivery.objects.filter(notification_id=row.id, reason="digest").count() == people
        return len(captured)

    assert statements(40) == statements(1)
