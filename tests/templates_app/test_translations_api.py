"""Translations: plural forms by language, and templates that name them."""

from typing import Any

import pytest

from templates_app.rules.translate import BadMessage, plural_form, say
from tests.templates_app.asking import Api, errors, said

pytestmark = pytest.mark.django_db
ITEMS = {
    "en": {"one": "{count} item", "other": "{count} items"},
    "pl": {"one": "{count} rzecz", "few": "{count} rzeczy", "many": "{count} rzeczy!", "other": "{count} rzeczy?"},
    "ar": {form: f"{form} {{count}}" for form in ("zero", "one", "two", "few", "many", "other")},
}


@pytest.mark.parametrize(
    ("locale", "count", "said"),
    [
        ("en", 1, "1 item"),
        ("en", 2, "2 items"),
        ("pl", 1, "1 rzecz"),
        ("pl", 3, "3 rzeczy"),
        ("pl", 5, "5 rzeczy!"),
        ("ar", 0, "zero 0"),
        ("ar", 2, "two 2"),
        ("ar", 11, "many 11"),
    ],
)
def test_each_language_has_its_own_forms(locale: str, count: int, said: str) -> None:
    assert say([locale, ITEMS[locale]], {"count": count}) == said


def test_what_is_no_number_and_an_unknown_language() -> None:
    assert plural_form("en", "many") == "other"
    assert plural_form("xx-unheard", 1) == "one"
    with pytest.raises(BadMessage, match="needs a count"):
        say(["en", ITEMS["en"]], {})
    with pytest.raises(BadMessage, match="asks for 'name'"):
        say(["en", "Hi {name}"], {})


@pytest.mark.parametrize(
    ("locale", "message", "found"),
    [
        ("pl", {"one": "a", "other": "b"}, "the plural form 'few' is missing"),
        ("en", {"one": "a", "few": "b", "other": "c"}, "no plural form 'few' in en"),
        ("en", "x" * 2001, "more than 2,000 characters"),
    ],
)
def test_messages_are_judged(api: Api, locale: str, message: Any, found: str) -> None:
    answer = api("PUT", f"/translations/{locale}", {"messages": {"a/b": message}})

    assert errors(answer) == [("/messages/a~1b", "bad_message")]
    assert found in said(answer)["errors"][0]["message"]


def test_a_locale_is_written_in_its_one_way(api: Api) -> None:
    answer = api("PUT", "/translations/de-at", {"messages": {}})

    assert errors(answer) == [("/locale", "invalid_locale")]
    assert "de-AT would do" in said(answer)["errors"][0]["message"]


def test_one_part_speaks_every_language_that_has_all_its_messages(api: Api) -> None:
    for locale, message in ITEMS.items():
        api("PUT", f"/translations/{locale}", {"messages": {"items": message, "hi": f"{locale} {{name}}"}})
    api("PUT", "/translations/fr", {"messages": {"hi": "fr {name}"}})
    api("PUT", "/template-settings", {"default_locale": "en"})
    body = "{{ 'hi' | t: name: name }}: {{ 'items' | t: count: count }}"

    written = api(
        "PUT", "/templates/cart", {"parts": {"sms": {"body": body}}, "example_data": {"name": "<A>", "count": 2}}
    )
    shown = said(api("POST", "/templates/cart/preview"))

    assert written.status_code == 201, written.content
    assert {part["locale"]: part["content"]["body"] for part in shown["parts"]} == {
        "": "en <A>: 2 items",
        "ar": "ar <A>: two 2",
        "en": "en <A>: 2 items",
        "pl": "pl <A>: 2 rzeczy",
    }


def test_what_is_not_translated_is_told_with_its_line(api: Api) -> None:
    body = "Hi\n{{ 'nothing' | t }} {{ name | t }}"

    answer = api("PUT", "/templates/cart", {"parts": {"sms": {"body": body}}})

    assert sorted(errors(answer)) == [
        ("/parts/sms/body", "dynamic_translation"),
        ("/parts/sms/body", "unknown_translation"),
    ]
    assert all("line 2" in error["message"] for error in said(answer)["errors"])
