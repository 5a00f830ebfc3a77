"""The first story of the requirements: an order is placed, and its buyer hears of it."""

from collections.abc import Callable
from typing import Any

from tests.stack import Api, Sandbox, Stack, text
from tests.stack.talking import ask
from tests.stack.waiting import ended

Someone = Callable[..., dict[str, Any]]
WRITTEN = ("notifications_notification", "notifications_delivery", "events_event", "audience_recipient")
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def order(person: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "order_confirmation",
        "recipients": [person],
        "channels": ["email", "in_app"],
        "data": {"order_id": "123", "total": "99.99"},
        "content": {
            "email": {"subject": "Order {{ order_id }}", "html": "<p>{{ total }} €</p>", "text": "{{ total }} €"},
            "in_app": {"title": "Order {{ order_id }}", "body": "It is on its way.", "url": "/orders/123"},
        },
        "correlation_id": "checkout-7",
        **more,
    }


def test_an_order_ends_as_a_mail_an_inbox_item_and_a_complete_timeline(
    api: Api, sandbox: Sandbox, someone: Someone
) -> None:
    buyer = someone()

    answer = api("POST", "/notifications", order(buyer), traceparent=TRACEPARENT)

    accepted = answer.json
    assert (answer.status, answer.headers["Location"]) == (202, accepted["links"]["self"])
    assert (accepted["status"], accepted["priority"], accepted["recipient_count"]) == ("queued", "high", 1)

    detail = ended(api, accepted)
    assert detail["status"] == "completed"
    assert {name: n for name, n in detail["deliveries"].items() if n} == {"total": 2, "sent": 1, "delivered": 1}
    by_channel = {d["channel"]: d for d in api.deliveries(accepted)}
    assert (by_channel["email"]["status"], by_channel["in_app"]["status"]) == ("sent", "delivered")

    (mail,) = sandbox.messages(to=buyer["email"])
    assert (mail["subject"], mail["text"].strip(), mail["html"].strip()) == ("Order 123", "99.99 €", "<p>99.99 €</p>")
    assert mail["delivery_id"] == by_channel["email"]["id"]
    assert mail["headers"]["Message-ID"] == by_channel["email"]["provider_message_id"]
    assert by_channel["email"]["id"] in mail["headers"]["Message-ID"]
    assert mail["headers"]["X-Carillon-Traceparent"].split("-")[1] == TRACEPARENT.split("-")[1]

    assert story(api.timeline(accepted)) == {
        None: ["notification.accepted", "notification.completed"],
        by_channel["email"]["id"]: ["delivery.planned", "claimed>sending", "sending>sent"],
        by_channel["in_app"]["id"]: ["delivery.planned", "claimed>sending", "sending>sent", "sent>delivered"],
    }


def story(timeline: list[dict[str, Any]]) -> dict[str | None, list[str]]:
    """What happened, in order, to the notification (`None`) and to each of its deliveries."""
    told: dict[str | None, list[str]] = {}
    for entry in timeline:
        moved = entry["kind"] == "delivery.moved"
        what = f"{entry['detail']['from']}>{entry['detail']['to']}" if moved else entry["kind"]
        told.setdefault(entry["delivery_id"], []).append(what)
    return told


def test_the_timeline_is_in_order_and_begins_with_acceptance_and_ends_with_completion(
    api: Api, someone: Someone
) -> None:
    accepted = api.notify(**order(someone()))
    ended(api, accepted)

    timeline = api.timeline(accepted)

    assert [entry["at"] for entry in timeline] == sorted(entry["at"] for entry in timeline)
    assert (timeline[0]["kind"], timeline[-1]["kind"]) == ("notification.accepted", "notification.completed")
    assert timeline[0]["actor"].startswith("key:")


def test_the_buyer_sees_the_item_with_a_token_of_their_own_and_nobody_else_does(
    stack: Stack, api: Api, someone: Someone
) -> None:
    buyer, other = someone(), someone()
    accepted = api.notify(**order(buyer))
    api.put(f"/recipients/{other['id']}", {"email": other["email"]})
    ended(api, accepted)

    inboxes = {}
    for person in (buyer, other):
        token = api.post(f"/recipients/{person['id']}/token", {}, status=201)["token"]
        headers = {"Authorization": f"Bearer {token}"}
        inboxes[person["id"]] = ask(stack.api.url, "GET", "/api/v1/inbox", headers=headers).json["results"]

    (item,) = inboxes[buyer["id"]]
    assert (item["title"], item["body"], item["url"]) == ("Order 123", "It is on its way.", "/orders/123")
    assert inboxes[other["id"]] == []


def test_a_test_key_goes_the_whole_way_to_the_sandbox(stack: Stack, sandbox: Sandbox, someone: Someone) -> None:
    person = someone()

    accepted = stack.test_api.notify(recipients=[person], content=text("Only a test"))

    assert ended(stack.test_api, accepted)["mode"] == "test"
    assert [mail["subject"] for mail in sandbox.messages(to=person["email"])] == ["Only a test"]


def test_what_cannot_reach_a_person_says_why_and_nobody_calls_that_a_failure(api: Api, someone: Someone) -> None:
    nobody = {"id": someone()["id"]}
    content = {**text(), "sms": {"body": "Hello"}, "in_app": {"title": "Hello", "body": "World"}}

    accepted = api.notify(recipients=[nobody], content=content)

    assert ended(api, accepted)["status"] == "completed"
    assert {d["channel"]: (d["status"], d["reason"]) for d in api.deliveries(accepted)} == {
        "email": ("skipped", "no_endpoint"),
        "sms": ("skipped", "no_endpoint"),
        "in_app": ("delivered", None),
    }


def test_a_preview_says_what_then_happens_and_leaves_nothing_behind(
    stack: Stack, api: Api, sandbox: Sandbox, someone: Someone
) -> None:
    reachable, unreachable = someone(), {"id": someone()["id"]}
    request = {"recipients": [reachable, unreachable], "content": text("Soon")}
    before = [stack.sql(f"SELECT count(*) FROM {table}") for table in WRITTEN]

    previewed = api.post("/notifications/preview", request, status=200)["results"]

    assert [stack.sql(f"SELECT count(*) FROM {table}") for table in WRITTEN] == before
    assert sandbox.messages(to=reachable["email"]) == []
    told = {
        one["recipient"]: ([step["channel"] for step in one["steps"]], [skip["reason"] for skip in one["skipped"]])
        for one in previewed
    }
    assert told == {reachable["id"]: (["email"], []), unreachable["id"]: ([], ["no_endpoint"])}

    accepted = api.notify(**request)
    ended(api, accepted)
    assert {d["recipient"]: (d["status"], d["reason"]) for d in api.deliveries(accepted)} == {
        reachable["id"]: ("sent", None),
        unreachable["id"]: ("skipped", "no_endpoint"),
    }
