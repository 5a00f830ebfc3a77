"""A template speaks: from what was written over HTTP to what lies in an inbox."""

from typing import Any
from uuid import UUID

import pytest

from audience.models import InboxItem
from notifications.models import Delivery
from orchestrator import pipeline
from tests.templates_app.asking import Api, errors, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

HIGH = 1
WELCOME: dict[str, Any] = {
    "parts": {
        "in_app": {"title": "Welcome, {{ name }}", "body": "You have {{ 'points' | t: count: points }}."},
    },
    "locales": {"de": {"in_app": {"title": "Willkommen, {{ name }}", "body": "{{ 'points' | t: count: points }}"}}},
    "variables": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "points": {"type": "integer", "default": 0}},
    },
    "example_data": {"name": "Ana", "points": 3},
}


@pytest.fixture(autouse=True)
def written(api: Api) -> None:  # noqa: F811
    """A published template in two languages, and the type that names it."""
    for locale, one, other in (("en", "{count} point", "{count} points"), ("de", "{count} Punkt", "{count} Punkte")):
        answer = api("PUT", f"/translations/{locale}", {"messages": {"points": {"one": one, "other": other}}})
        assert answer.status_code == 201, answer.content
    api("PUT", "/template-settings", {"default_locale": "en"})
    assert api("PUT", "/templates/welcome", WELCOME).status_code == 201
    api("PUT", "/types/welcome", {"template": "welcome", "priority": "high"})


def notify(api: Api, **changes: Any) -> Any:  # noqa: F811
    body = {"type": "welcome", "recipients": [{"id": "ana", "locale": "de-AT"}], "data": {"name": "Ana", "points": 1}}
    return api("POST", "/notifications", body | changes)


def work() -> None:
    while pipeline.plan(HIGH) or pipeline.send(HIGH):
        pass


def items() -> list[tuple[str, str]]:
    return [(item.title, item.body) for item in InboxItem.objects.order_by("id")]


def test_each_person_gets_the_words_in_their_language(api: Api) -> None:  # noqa: F811
    api.publish("welcome")
    people = [{"id": "ana", "locale": "de-AT"}, {"id": "bob", "locale": "pt"}, {"id": "eve", "data": {"points": 5}}]

    accepted = notify(api, recipients=people)
    work()

    assert accepted.status_code == 202
    assert sorted(items()) == [
        ("Welcome, Ana", "You have 1 point."),
        ("Welcome, Ana", "You have 5 points."),
        ("Willkommen, Ana", "1 Punkt"),
    ]
    rows = said(api("GET", f"/notifications/{said(accepted)['id']}/deliveries"))["results"]
    assert {row["recipient"]: row["template"] for row in rows} == {
        "ana": {"key": "welcome", "version": 1, "locale": "de"},
        "bob": {"key": "welcome", "version": 1, "locale": "en"},
        "eve": {"key": "welcome", "version": 1, "locale": "en"},
    }


def test_words_that_come_along_win_over_the_template(api: Api) -> None:  # noqa: F811
    api.publish("welcome")

    notify(api, content={"in_app": {"title": "Own", "body": "words"}})
    work()

    assert items() == [("Own", "words")]
    assert Delivery.objects.get().template_version_id is None


def test_a_type_whose_template_was_never_published_is_refused(api: Api) -> None:  # noqa: F811
    assert errors(notify(api)) == [("/type", "unknown_template")]


def test_a_request_may_name_a_version_or_the_draft(api: Api) -> None:  # noqa: F811
    api.publish("welcome")
    changed = WELCOME | {"parts": {"in_app": {"title": "Draft", "body": "b"}}, "locales": {}}
    api("PUT", "/templates/welcome", changed)

    notify(api, template="welcome@draft")
    work()

    assert items() == [("Draft", "b")]
    assert errors(notify(api, template="welcome@7")) == [("/template", "unknown_template")]


def test_a_template_held_back_lets_messages_wait_until_it_is_released(api: Api) -> None:  # noqa: F811
    api.publish("welcome")
    held = api("POST", "/templates/welcome/quarantine", {"reason": "wrong price"})

    notify(api)
    work()

    assert said(held)["quarantine_reason"] == "wrong price"
    assert items() == []
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.wait_reason) == ("pending", "template_quarantined")

    assert api("DELETE", "/templates/welcome/quarantine").status_code == 204
    work()

    assert items() == [("Willkommen, Ana", "1 Punkt")]


def test_what_waits_goes_out_with_the_words_that_take_their_place(api: Api) -> None:  # noqa: F811
    api.publish("welcome")
    api("POST", "/templates/welcome/quarantine", {"reason": "wrong price"})
    notify(api)
    work()
    api("PUT", "/templates/welcome", WELCOME | {"parts": {"in_app": {"title": "Better", "body": "b"}}, "locales": {}})
    api.publish("welcome")

    work()

    assert items() == [("Better", "b")]
    shown = said(api("GET", "/deliveries"))["results"][0]["template"]
    assert (shown["version"], shown["locale"]) == (2, None)


def test_a_template_that_a_type_names_is_not_taken_away(api: Api, tenant_id: UUID) -> None:  # noqa: F811
    refused = api("DELETE", "/templates/welcome")

    assert (refused.status_code, said(refused)["code"]) == (409, "template_in_use")
    api("DELETE", "/types/welcome")
    assert api("DELETE", "/templates/welcome").status_code == 204
    assert api("GET", "/templates/welcome").status_code == 404
