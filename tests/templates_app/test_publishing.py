"""What publishing makes of a source: MJML in a layout, translations, examples; frozen from then on."""

from typing import Any

import pytest

from templates_app.models import TemplateVersion
from tests.templates_app.asking import Api, errors, said

pytestmark = pytest.mark.django_db

SECTION = "<mj-section><mj-column>\n<mj-text>Hi {{ name }}</mj-text>\n</mj-column></mj-section>"
LAYOUT = {
    "mjml": "<mjml><mj-body>\n{{ content }}\n<mj-section><mj-column><mj-text>{{ brand.address }}</mj-text></mj-column>"
    "</mj-section></mj-body></mjml>",
    "text": "{{ content }}\n--\n{{ brand.address }}",
}
MAIL: dict[str, Any] = {
    "parts": {"email": {"subject": "Hi {{ name }}", "mjml": SECTION}},
    "layout": "letter",
    "variables": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    "example_data": {"name": "Ana"},
}


@pytest.fixture
def letter(api: Api) -> None:
    assert api("PUT", "/layouts/letter", LAYOUT).status_code == 201
    api("PUT", "/template-settings", {"brand": {"address": "1 Quay St"}})


def shown(api: Api, **asked: Any) -> dict[str, Any]:
    (part,) = said(api("POST", "/templates/mail/preview", asked))["parts"]
    assert part["error"] is None
    content: dict[str, Any] = part["content"]
    return content


def test_mjml_in_a_layout_becomes_a_page_with_a_text(api: Api, letter: None) -> None:
    assert api("PUT", "/templates/mail", MAIL).status_code == 201
    api.publish("mail")

    mail = shown(api)

    assert mail["subject"] == "Hi Ana"
    assert mail["html"].startswith("<!doctype html>")
    assert ">Hi Ana</div>" in mail["html"]
    assert ">1 Quay St</div>" in mail["html"]
    assert "fonts.googleapis" not in mail["html"]
    assert mail["text"] == "Hi Ana\n\n1 Quay St"


def test_a_text_of_ones_own_is_framed_as_well(api: Api, letter: None) -> None:
    parts = {"email": MAIL["parts"]["email"] | {"text": "Dear {{ name }}"}}
    api("PUT", "/templates/mail", MAIL | {"parts": parts})

    assert shown(api)["text"] == "Dear Ana\n--\n1 Quay St"


def test_what_is_published_keeps_its_layout(api: Api, letter: None) -> None:
    api("PUT", "/templates/mail", MAIL)
    api.publish("mail")
    api("PUT", "/layouts/letter", {"mjml": LAYOUT["mjml"].replace("<mj-body>", "<mj-body>\n<mj-raw>NEW</mj-raw>")})

    published = TemplateVersion.objects.get()

    assert published.layout["mjml"] == LAYOUT["mjml"]
    assert "NEW" not in published.compiled["contents"][""]["email"]["html"]


@pytest.mark.parametrize(
    ("mjml", "pointer", "message"),
    [
        (SECTION.replace("</mj-text>", "</mj-txt>"), "/parts/email/mjml", "email, line 2: no element <mj-txt> in MJML"),
        ("<mj-section>", "/parts/email/mjml", "email, line 1: "),
        ("<mj-include path='/etc/passwd'/>", "/parts/email/mjml", "email, line 1: mj-include is not offered"),
    ],
)
def test_a_mistake_in_mjml_is_told_with_its_line(api: Api, letter: None, mjml: str, pointer: str, message: str) -> None:
    answer = api("PUT", "/templates/mail", MAIL | {"parts": {"email": {"subject": "x", "mjml": mjml}}})

    assert errors(answer) == [(pointer, "invalid_mjml")]
    assert said(answer)["errors"][0]["message"].startswith(message)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"example_data": {}}, [("/example_data", "example_data_wrong")]),
        ({"example_data": {"name": 5}}, [("/example_data/name", "example_data_wrong")]),
        ({"example_data": {}, "variables": {}}, [("/parts/email/subject", "missing_variable")]),
    ],
)
def test_publishing_needs_example_data_that_fills_everything_in(
    api: Api, letter: None, change: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert api("PUT", "/templates/mail", MAIL | change).status_code == 201

    answer = api("POST", "/templates/mail/publish")

    assert errors(answer)[:1] == found
    assert said(api("GET", "/templates/mail"))["has_draft"] is True


def test_a_missing_variable_may_be_nothing(api: Api, letter: None) -> None:
    api("PUT", "/templates/mail", MAIL | {"missing": "default", "variables": {}, "example_data": {}})
    api.publish("mail")

    assert shown(api, data={})["subject"] == "Hi"


def test_defaults_of_the_schema_are_filled_in(api: Api, letter: None) -> None:
    variables = {"type": "object", "properties": {"name": {"type": "string", "default": "friend"}}}
    api("PUT", "/templates/mail", MAIL | {"variables": variables, "example_data": {}})
    api.publish("mail")

    assert shown(api, data={})["subject"] == "Hi friend"


def test_layouts_are_judged(api: Api) -> None:
    assert errors(api("PUT", "/layouts/bad", {})) == [("", "layout_empty")]
    assert errors(api("PUT", "/layouts/bad", {"html": "<p>nothing</p>"})) == [("/html", "layout_slot")]
    assert errors(api("PUT", "/layouts/bad", {"html": "{{ content }}{{ content }}"})) == [("/html", "layout_slot")]
    assert errors(api("PUT", "/layouts/bad", {"mjml": "<mjml>\n<mj-body>{{ content }}</mjml>"})) == [
        ("/mjml", "invalid_mjml")
    ]
    assert errors(api("PUT", "/layouts/bad", {"html": "{{ content }}{% if %}"})) == [("/html", "template_syntax")]


def test_a_layout_that_a_draft_names_stays(api: Api, letter: None) -> None:
    api("PUT", "/templates/mail", MAIL)

    refused = api("DELETE", "/layouts/letter")

    assert (refused.status_code, said(refused)["code"]) == (409, "layout_in_use")
    api.publish("mail")
    assert api("DELETE", "/layouts/letter").status_code == 204


def test_an_unknown_layout_is_told(api: Api) -> None:
    answer = api("PUT", "/templates/mail", MAIL | {"layout": "none"})

    assert ("/layout", "unknown_layout") in errors(answer)
