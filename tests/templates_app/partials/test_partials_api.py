"""Partials through the API: written, published, taken into templates, and taken anew."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from templates_app.models import PartialVersion
from templates_app.services.partials import publish_partial, save_partial
from templates_app.values import PartialSource
from tenants.models import AuditEntry
from tenants.scope import platform_scope
from tests.templates_app.asking import ORDER, Api, errors, said
from tests.templates_app.partials.buttons import BUTTON, put_partial

pytestmark = pytest.mark.django_db

MAIL: dict[str, Any] = ORDER | {
    "parts": {
        "email": {
            "subject": "Order {{ order_id }}",
            "html": "<p>Thank you, {{ name }}!</p>\n{% render 'button', url: 'https://shop.example', label: name %}",
        }
    },
    "locales": {},
}


def html_of(api: Api, key: str = "order", **asked: Any) -> str:
    (part,) = said(api("POST", f"/templates/{key}/preview", {"channel": "email", "version": "live"} | asked))["parts"]
    assert part["error"] is None
    html: str = part["content"]["html"]
    return html


def test_a_partial_is_written_published_and_listed(api: Api) -> None:
    written = api("PUT", "/partials/button", BUTTON)
    published = said(api("POST", "/partials/button/publish", {"note": "First"}))

    assert written.status_code == 201
    assert written.headers["ETag"] == '"r1"'
    assert (published["version"], published["live"], published["note"], published["outdated"]) == (1, True, "First", [])
    (head,) = said(api("GET", "/partials"))["results"]
    assert (head["key"], head["origin"], head["live_version"], head["has_draft"]) == ("button", "tenant", 1, False)
    shown = said(api("GET", "/partials/button"))
    assert {name: shown[name] for name in BUTTON} == BUTTON
    assert said(api("GET", "/partials/button/versions/1"))["html"] == BUTTON["html"]
    assert [one["note"] for one in said(api("GET", "/partials/button/versions"))["results"]] == ["First"]


def test_a_template_takes_its_words_and_they_are_escaped_as_its_own(api: Api) -> None:
    put_partial(api)
    api.put_template(**MAIL)
    api.publish()

    assert html_of(api) == '<p>Thank you, Ana &lt;3!</p>\n<a href="https://shop.example">Ana &lt;3</a>'


def test_what_is_in_use_stays_when_a_partial_changes_until_it_is_published_again(api: Api) -> None:
    put_partial(api)
    api.put_template(**MAIL)
    api.publish()

    published = put_partial(api, html='<b href="{{ url }}">{{ label }}</b>')

    assert published["outdated"] == ["order"]
    assert '<a href="https://shop.example">' in html_of(api)
    assert '<b href="https://shop.example">' in html_of(api, template=MAIL)
    (use,) = said(api("GET", "/partials/button"))["uses"]
    assert use == {"template": "order", "version": 1, "partial_version": 1, "outdated": True}
    (head,) = said(api("GET", "/partials"))["results"]
    assert (head["used_by"], head["outdated"]) == (1, 1)

    again = said(api("POST", "/partials/button/republish", {"note": "New button"}))

    assert [(one["template"], one["version"], one["code"]) for one in again["results"]] == [("order", 2, None)]
    assert '<b href="https://shop.example">' in html_of(api)
    assert '<a href="https://shop.example">' in html_of(api, version=1)
    assert said(api("GET", "/templates/order"))["live"]["note"] == "New button"
    assert said(api("POST", "/partials/button/republish"))["results"] == []
    assert said(api("GET", "/templates/order/versions/1"))["partials"] == [
        {"key": "button", "version": 1, "outdated": True}
    ]


def test_rolling_back_brings_the_partial_of_that_day(api: Api) -> None:
    put_partial(api)
    api.put_template(**MAIL)
    api.publish()
    put_partial(api, html='<b href="{{ url }}">{{ label }}</b>')
    api("POST", "/partials/button/republish")

    api("POST", "/templates/order/rollback", {"version": 1})

    assert '<a href="https://shop.example">' in html_of(api)
    assert said(api("GET", "/partials/button"))["uses"][0]["partial_version"] == 1


def test_one_that_cannot_be_published_again_keeps_its_words_and_stops_nobody(api: Api) -> None:
    put_partial(api)
    for key in ("order", "parcel"):
        api.put_template(key, **MAIL)
        api.publish(key)
    parameters = {"properties": {"url": {"type": "string"}}, "required": ["url"]}
    put_partial(api, html='<a href="{{ url }}">Go</a>', text="{{ url }}", mjml="", parameters=parameters)
    api.put_template("parcel", **MAIL | {"parts": {"sms": {"body": "A draft"}}})

    results = said(api("POST", "/partials/button/republish", {"templates": ["order"]}))["results"]

    assert [(one["template"], one["version"], one["code"]) for one in results] == [("order", None, "invalid")]
    assert [(one["code"], one["line"]) for one in results[0]["errors"]] == [("unknown_parameter", 2)]
    assert said(api("GET", "/templates/order"))["live_version"] == 1
    assert said(api("GET", "/templates/parcel"))["parts"] == {"sms": {"body": "A draft"}}


def test_what_is_published_is_never_changed(api: Api) -> None:
    put_partial(api)
    row = PartialVersion.objects.get()

    with pytest.raises(DatabaseError, match="version 1 of partial"), transaction.atomic():
        PartialVersion.objects.filter(id=row.id).update(source={})
    with pytest.raises(DatabaseError, match="version 1 of partial"), transaction.atomic():
        row.delete()


def test_the_words_of_a_tenant_come_before_those_of_the_platform(api: Api, at: datetime) -> None:
    with platform_scope():
        for name in ("button", "rule"):
            save_partial(name, tenant_id=None, name=name, source=PartialSource(html=f"<i>{name}</i>"), actor="x", at=at)
            publish_partial(name, tenant_id=None, note="", actor="y", at=at)
    put_partial(api)
    html = "{% render 'rule' %}{% render 'button', url: 'https://a.example', label: name %}"
    api.put_template(**MAIL | {"parts": {"email": {"subject": "x", "html": html}}})

    api.publish()

    assert html_of(api) == '<i>rule</i><a href="https://a.example">Ana &lt;3</a>'
    heads = said(api("GET", "/partials"))["results"]
    assert [(one["key"], one["origin"]) for one in heads] == [("button", "tenant"), ("rule", "platform")]
    assert api("DELETE", "/partials/rule").status_code == 404


def test_nobody_gets_or_sees_the_partials_of_another_tenant(
    api: Api, api_of: Callable[..., Api], other_tenant_id: UUID
) -> None:
    put_partial(api)
    api.put_template(**MAIL)
    api.publish()
    theirs = api_of(other_tenant_id, "admin", "send", "manage")

    assert errors(theirs("PUT", "/templates/order", MAIL)) == [("/parts/email/html", "unknown_partial")]
    for method, path in (
        ("GET", "/partials/button"), ("DELETE", "/partials/button"), ("DELETE", "/partials/button/draft"),
        ("GET", "/partials/button/versions"), ("GET", "/partials/button/versions/1"),
        ("POST", "/partials/button/preview"), ("POST", "/partials/button/republish"),
    ):  # fmt: skip
        assert theirs(method, path).status_code == 404, path
    assert said(theirs("GET", "/partials"))["results"] == []
    assert theirs("POST", "/partials/button/publish").status_code == 409

    put_partial(theirs, html="<em>{{ label }}</em>")

    assert said(api("GET", "/partials/button"))["uses"][0]["outdated"] is False


def test_a_partial_that_something_names_stays(api: Api) -> None:
    put_partial(api)
    api.put_template(**MAIL)
    api("PUT", "/layouts/letter", {"html": "{{ content }}{% render 'button', url: 'x:', label: brand.name %}"})
    put_partial(api, "card", html="{% render 'button', url: 'https://a.example', label: 'A' %}", **NOTHING)

    answer = api("DELETE", "/partials/button")

    assert answer.status_code == 409
    assert "the draft of template order, layout letter, partial card" in said(answer)["detail"]
    assert api("DELETE", "/partials/card").status_code == 204
    assert api("GET", "/partials/card").status_code == 404


NOTHING: dict[str, Any] = {"mjml": "", "text": "", "parameters": {}, "example_data": {}}


def test_a_draft_is_discarded_and_another_hand_is_noticed(api: Api) -> None:
    put_partial(api)
    api("PUT", "/partials/button", BUTTON | {"html": "<i>{{ label }}</i>"})

    assert api("PUT", "/partials/button", BUTTON, If_Match='"r7"').status_code == 412
    assert api("DELETE", "/partials/button/draft").status_code == 204
    assert api("DELETE", "/partials/button/draft").status_code == 204
    assert said(api("GET", "/partials/button"))["html"] == BUTTON["html"]
    assert api("POST", "/partials/button/publish").status_code == 409


def test_four_eyes_look_at_partials_too(api: Api, api_of: Callable[..., Api], tenant_id: UUID) -> None:
    api("PUT", "/template-settings", {"four_eyes": True})
    api("PUT", "/partials/button", BUTTON)

    assert said(api("POST", "/partials/button/publish"))["code"] == "four_eyes"
    assert api_of(tenant_id, "manage")("POST", "/partials/button/publish").status_code == 200


def test_a_reader_reads_and_writes_nothing(api: Api, api_of: Callable[..., Api], tenant_id: UUID) -> None:
    put_partial(api)
    reader = api_of(tenant_id, "read")

    assert reader("GET", "/partials/button").status_code == 200
    assert reader("POST", "/partials/button/preview").status_code == 200
    for method, path in (
        ("PUT", "/partials/button"), ("DELETE", "/partials/button"), ("DELETE", "/partials/button/draft"),
        ("POST", "/partials/button/publish"), ("POST", "/partials/button/republish"),
    ):  # fmt: skip
        assert reader(method, path).status_code == 403, path


def test_a_preview_shows_every_form_and_what_is_wrong(api: Api) -> None:
    shown = said(api("POST", "/partials/new/preview", {"partial": BUTTON, "data": {"url": "https://b.example"}}))
    wrong = said(api("POST", "/partials/new/preview", {"partial": BUTTON | {"html": "{{ colour }}"}}))

    assert shown["text"] == "Have a look: https://b.example"
    assert shown["html"] == '<a href="https://b.example">Have a look</a>'
    assert 'href="https://b.example"' in shown["mjml"]
    assert shown["mjml"].startswith("<!doctype html>")
    assert [(one["pointer"], one["code"]) for one in wrong["findings"]] == [("/html", "unknown_variable")]
    assert wrong["html"] == ""


def test_every_change_is_in_the_trail(api: Api, tenant_id: UUID) -> None:
    put_partial(api)
    api("PUT", "/partials/button", BUTTON)
    api("DELETE", "/partials/button/draft")
    api("DELETE", "/partials/button")

    actions = AuditEntry.objects.filter(tenant_id=tenant_id, action__startswith="partial.").order_by("id")

    assert list(actions.values_list("action", flat=True)) == [
        "partial.saved", "partial.published", "partial.saved", "partial.draft_discarded", "partial.archived",
    ]  # fmt: skip


def test_the_list_asks_the_same_of_the_database_for_many_as_for_one(api: Api) -> None:
    put_partial(api)
    api.put_template(**MAIL)
    api.publish()
    api("GET", "/partials")
    with CaptureQueriesContext(connection) as one:
        api("GET", "/partials")
    for number in range(4):
        put_partial(api, f"button{number}")
        api.put_template(f"order{number}", **MAIL)
        api.publish(f"order{number}")

    with CaptureQueriesContext(connection) as many:
        assert len(said(api("GET", "/partials"))["results"]) == 5

    assert len(many) == len(one)
