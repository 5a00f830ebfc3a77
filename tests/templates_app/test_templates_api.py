"""Writing, publishing and looking at templates over HTTP."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import ProgrammingError

from templates_app.models import TemplateVersion
from tenants.models import AuditEntry
from tenants.scope import platform_scope
from tests.templates_app.asking import ORDER, Api, errors, said

pytestmark = pytest.mark.django_db


def test_a_draft_is_written_and_read_again(api: Api) -> None:
    answer = api("PUT", "/templates/order", ORDER)

    assert (answer.status_code, answer["Location"], answer["ETag"]) == (201, "/api/v1/templates/order", '"r1"')
    read = said(api("GET", "/templates/order"))
    assert {name: read[name] for name in ORDER} == ORDER
    assert (read["live_version"], read["has_draft"], read["revision"], read["origin"]) == (None, True, 1, "tenant")
    assert read["offers"] == {"email": [""], "sms": ["", "de"]}


def test_publishing_puts_the_draft_into_use_and_takes_it_away(api: Api) -> None:
    api.put_template()

    published = api.publish(note="First words")

    assert (published["version"], published["live"], published["note"]) == (1, True, "First words")
    read = said(api("GET", "/templates/order"))
    assert (read["live_version"], read["has_draft"], read["parts"]) == (1, False, ORDER["parts"])
    again = api("POST", "/templates/order/publish", {"note": ""})
    assert (again.status_code, said(again)["code"]) == (409, "no_draft")


def test_a_draft_with_errors_is_refused_with_place_and_advice(api: Api) -> None:
    broken = ORDER | {
        "parts": {
            "email": {"subject": "Order {{ order_id }", "text": "x"},
            "sms": {"body": "one\ntwo {{ oder_id }}"},
            "fax": {"body": "x"},
        },
        "locales": {},
    }

    answer = api("PUT", "/templates/order", broken)

    assert errors(answer) == [
        ("/parts/email/subject", "template_syntax"),
        ("/parts/fax", "unknown_channel"),
        ("/parts/sms/body", "unknown_variable"),
    ]
    messages = [error["message"] for error in said(answer)["errors"]]
    assert messages[2] == "sms, line 2: 'oder_id' is not among the variables; did you mean 'order_id'?"
    assert api("GET", "/templates/order").status_code == 404


def test_what_is_published_cannot_be_changed_even_by_hand(api: Api) -> None:
    api.put_template()
    api.publish()

    for change in (lambda rows: rows.update(note="other"), lambda rows: rows.delete()):
        with pytest.raises(ProgrammingError, match="is published"), platform_scope():
            change(TemplateVersion.objects.filter(number=1))


def test_a_stale_revision_is_refused(api: Api) -> None:
    api.put_template()
    api.put_template(name="Second")

    stale = api("PUT", "/templates/order", ORDER, If_Match='"r1"')
    fresh = api("PUT", "/templates/order", ORDER, If_Match='"r2"')
    new = api("PUT", "/templates/order", ORDER, If_None_Match="*")

    assert (stale.status_code, fresh.status_code, new.status_code) == (412, 200, 412)
    assert fresh["ETag"] == '"r3"'


def test_rolling_back_publishes_old_words_anew(api: Api) -> None:
    api.put_template()
    api.publish()
    api.put_template(parts=ORDER["parts"] | {"sms": {"body": "Other {{ order_id }}"}})
    api.publish()

    back = said(api("POST", "/templates/order/rollback", {"version": 1, "note": "better"}))

    assert (back["version"], back["rolled_back_from"], back["live"]) == (3, 1, True)
    assert said(api("GET", "/templates/order"))["parts"] == ORDER["parts"]
    versions = said(api("GET", "/templates/order/versions"))["results"]
    assert [(v["version"], v["live"]) for v in versions] == [(3, True), (2, False), (1, False)]
    assert api("POST", "/templates/order/rollback", {"version": 9}).status_code == 404


def test_a_diff_shows_each_text_that_differs(api: Api) -> None:
    api.put_template()
    api.publish()
    api.put_template(parts=ORDER["parts"] | {"sms": {"body": "Other {{ order_id }}"}}, locales={})
    api.publish()

    found = said(api("GET", "/templates/order/versions/2/diff?against=1"))

    assert [(entry["pointer"], entry["change"]) for entry in found["entries"]] == [
        ("/locales/de/sms/body", "removed"),
        ("/parts/sms/body", "changed"),
    ]
    assert [(line["sign"], line["text"]) for line in found["entries"][1]["lines"]] == [
        ("-", "Order {{ order_id }} is on its way."),
        ("+", "Other {{ order_id }}"),
    ]


def test_nobody_sees_or_changes_the_templates_of_others(
    api: Api, other_tenant_id: UUID, api_of: Callable[..., Api]
) -> None:
    api.put_template()
    stranger = api_of(other_tenant_id, "manage")

    assert stranger("GET", "/templates/order").status_code == 404
    assert stranger("POST", "/templates/order/publish").status_code == 409
    assert said(stranger("GET", "/templates"))["results"] == []
    assert stranger.put_template()["revision"] == 1
    assert said(api("GET", "/templates/order"))["revision"] == 1


def test_every_change_is_in_the_trail(api: Api, tenant_id: UUID) -> None:
    api.put_template()
    api.publish(note="Go")
    api("POST", "/templates/order/rollback", {"version": 1})
    api("DELETE", "/templates/order")

    trail = AuditEntry.objects.filter(tenant_id=tenant_id, object="template:order").order_by("id")
    assert [entry.action for entry in trail] == [
        "template.saved",
        "template.published",
        "template.rolled_back",
        "template.archived",
    ]


def test_with_four_eyes_the_author_does_not_publish(api: Api, tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    api("PUT", "/template-settings", {"four_eyes": True})
    api.put_template()

    own = api("POST", "/templates/order/publish")
    other = api_of(tenant_id, "manage")("POST", "/templates/order/publish")

    assert (own.status_code, said(own)["code"]) == (409, "four_eyes")
    assert other.status_code == 200


def test_a_preview_shows_every_part_in_every_locale(api: Api) -> None:
    api.put_template()

    shown = said(api("POST", "/templates/order/preview"))

    assert {(part["channel"], part["locale"]): part["content"] for part in shown["parts"]} == {
        ("email", ""): {
            "subject": "Order 123",
            "html": "<p>Thank you, Ana &lt;3!</p>",
            "text": "Thank you, Ana <3!",
        },
        ("sms", ""): {"body": "Order 123 is on its way."},
        ("sms", "de"): {"body": "Bestellung 123 ist unterwegs."},
    }


def test_a_preview_of_unsaved_words_keeps_nothing(api: Api) -> None:
    words = ORDER | {"parts": {"sms": {"body": "Hi {{ nam }}"}}, "locales": {}}

    api.put_template()
    shown = said(api("POST", "/templates/order/preview", {"template": words}))

    assert [finding["code"] for finding in shown["findings"]] == ["unknown_variable"]
    assert shown["parts"][0]["error"]["code"] == "missing_variable"
    assert said(api("GET", "/templates/order"))["revision"] == 1
