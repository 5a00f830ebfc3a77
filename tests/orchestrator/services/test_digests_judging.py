"""What is gathered is judged once more when its digest closes, item by item, by what people have said since."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audience.models import InboxItem
from channels_app.accounts import forget_accounts
from events.models import Event
from notifications.models import Delivery, Notification
from orchestrator import pipeline
from orchestrator.models import Digest, DigestItem
from orchestrator.services.digests_closing import close_due
from preferences.consent_requirements import forget_requirements
from tests.templates_app.asking import Api, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db

WORDS: dict[str, Any] = {
    "in_app": {"title": "{{ count }}", "body": "{% for item in items %}{{ item.n }} {% endfor %}"},
    "email": {"subject": "{{ count }}", "text": "{% for item in items %}{{ item.n }} {% endfor %}"},
}
# What preferences, addresses, suppressions and consent are read from, each of them once.
JUDGED = ("preferences_preferences", "FROM audience_endpoint", "preferences_suppression", "FROM preferences_consent\n")
CONTENT = {"in_app": {"title": "Comment {{ n }}", "body": "x"}, "email": {"subject": "{{ n }}", "text": "x"}}


@pytest.fixture(autouse=True)
def comments(api: Api, settings: Settings) -> None:  # noqa: F811
    """A type that is gathered on both channels in words of its own; mail leads nowhere."""
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()
    forget_requirements()
    api("PUT", "/templates/comments", {"parts": WORDS, "example_data": {"count": 1, "items": [{"n": 1}]}})
    api.publish("comments")
    a_type(api)


def a_type(api: Api, *, category: str = "", channels: tuple[str, ...] = ()) -> None:  # noqa: F811
    digest = {"window": {"seconds": 86_400}, "template": "comments", "channels": channels}
    body = {"policy": {"digests": [digest]}, "category": category, "strategy": "immediate", "priority": "high"}
    answer = api("PUT", "/types/comment", body)
    assert answer.status_code in (200, 201), answer.content


def comment(api: Api, n: int, *, to: str = "ana", **facts: Any) -> None:  # noqa: F811
    person = {"id": to, "email": f"{to}@example.org"}
    body = {"type": "comment", "recipients": [person], "content": CONTENT, "data": {"n": n}}
    answer = api("POST", "/notifications", body | facts)
    assert answer.status_code == 202, answer.content


def plan() -> None:
    while pipeline.plan(1):
        pass


def close() -> None:
    Digest.objects.exclude(state="closed").update(closes_at=datetime.now(UTC) - timedelta(hours=1))
    pipeline.work("digests")
    plan()


def prefer(api: Api, document: dict[str, Any]) -> None:  # noqa: F811
    assert api("PUT", "/recipients/ana/preferences", document).status_code == 200


def left_out() -> dict[int, str]:
    rows = DigestItem.objects.exclude(left_out="")
    return {data["n"]: reason for data, reason in rows.values_list("data", "left_out")}


def told() -> list[list[int]]:
    """What each notification that came of the digest tells, in order."""
    rows = Notification.objects.filter(actor="digest").order_by("id")
    return [[item["n"] for item in row.data["items"]] if "items" in row.data else [row.data["n"]] for row in rows]


def test_what_was_muted_meanwhile_leaves_and_says_why(api: Api) -> None:  # noqa: F811
    for n in (1, 2, 3):
        comment(api, n)
    plan()
    prefer(api, {"conditions": [{"mute": {"path": "data.n", "equals": 2}}]})

    close()

    assert (told(), left_out()) == ([[1, 3]], {2: "preference_off"})
    closed = Event.objects.get(kind="digest.closed", reason="preference_off")
    assert (closed.detail["rule"], "told_by" in closed.detail) == ("recipient.conditions", False)
    shown = said(api("GET", f"/digests/{Digest.objects.get().id}"))
    assert [item["left_out"] for item in shown["items"]] == ["", "preference_off", ""]


def test_a_digest_whose_items_meet_a_threshold_is_sent(api: Api) -> None:  # noqa: F811
    """The data of the digest itself says nothing of it."""
    a_type(api, channels=("in_app",))
    for n in (4, 5, 6):
        comment(api, n, channels=["in_app"])
    plan()
    prefer(api, {"conditions": [{"only_if": {"path": "data.n", "op": ">=", "value": 5}}]})

    close()
    while pipeline.send(1):
        pass

    assert (told(), left_out()) == ([[5, 6]], {4: "preference_off"})
    assert [(item.title, item.body) for item in InboxItem.objects.all()] == [("2", "5 6 ")]


def test_a_digest_of_which_nothing_is_wanted_any_more_is_not_sent(api: Api) -> None:  # noqa: F811
    comment(api, 1)
    comment(api, 2)
    plan()
    Digest.objects.update(closes_at=datetime.now(UTC) - timedelta(hours=1))
    pipeline.work("digests")
    prefer(api, {"conditions": [{"mute": {"path": "data.n", "op": "<", "value": 3}}]})
    plan()

    rows = Delivery.objects.exclude(reason="digest").values_list("channel", "state", "reason")
    assert sorted(rows) == [("email", "skipped", "preference_off"), ("in_app", "skipped", "preference_off")]


def test_an_item_of_a_category_that_was_switched_off_leaves(api: Api) -> None:  # noqa: F811
    a_type(api, category="offers")
    comment(api, 1)
    plan()
    a_type(api, category="orders")
    comment(api, 2)
    plan()
    prefer(api, {"categories": {"offers": False}})

    close()

    assert (told(), left_out()) == ([[2]], {1: "preference_off"})


def test_an_item_leaves_when_its_consent_was_taken_back(api: Api) -> None:  # noqa: F811
    a_type(api, category="marketing")
    comment(api, 1)
    plan()
    a_type(api, category="orders")
    comment(api, 2)
    plan()
    word = {"purpose": "marketing", "channel": "all", "state": "withdrawn"}
    assert api("POST", "/recipients/ana/consents", {"consents": [word]}).status_code == 201
    forget_requirements()  # that of which people speak is noticed within a second

    close()

    assert (told(), left_out()) == ([[2]], {1: "consent_missing"})


def test_an_item_leaves_when_its_address_was_suppressed(api: Api) -> None:  # noqa: F811
    a_type(api, category="offers", channels=("email",))
    comment(api, 1)
    plan()
    a_type(api, category="orders", channels=("email",))
    comment(api, 2)
    plan()
    ban = {"channel": "email", "address": "ana@example.org", "scope": "category:offers"}
    answer = api("POST", "/suppressions", ban)
    assert answer.status_code == 201, answer.content

    close()

    assert (told(), left_out()) == ([[2]], {1: "suppressed"})


def test_what_was_muted_on_one_channel_goes_out_by_itself_on_the_other(api: Api) -> None:  # noqa: F811
    for n in (1, 2, 3):
        comment(api, n)
    plan()
    prefer(api, {"conditions": [{"mute": {"path": "data.n", "equals": 2, "channel": "email"}}]})

    close()

    assert (sorted(told()), left_out()) == ([[1, 3], [2]], {})
    alone = DigestItem.objects.exclude(sent_as=None).get()
    rows = Delivery.objects.filter(notification_id=alone.sent_as).values_list("channel", "state", "reason")
    assert sorted(rows) == [("email", "skipped", "preference_off"), ("in_app", "pending", "")]


def test_judging_takes_as_many_statements_for_many_digests_as_for_one(api: Api) -> None:  # noqa: F811
    def statements(people: int) -> list[str]:
        for number in range(people):
            for n in (1, 2):
                comment(api, n, to=f"p{people}-{number}")
        plan()
        Digest.objects.exclude(state="closed").update(closes_at=datetime.now(UTC) - timedelta(hours=1))
        forget_requirements()
        with CaptureQueriesContext(connection) as captured:
            assert close_due() == people
        return [table for query in captured for table in JUDGED if table in query["sql"]]

    a_type(api, category="marketing")
    api("PUT", "/recipients/ana", {})
    word = {"purpose": "marketing", "channel": "all", "state": "given"}
    assert api("POST", "/recipients/ana/consents", {"consents": [word]}).status_code == 201

    assert statements(8) == statements(1)
    assert sorted(statements(2)) == sorted(JUDGED)
