"""Numbers, money and moments are written as the reader is used to."""

from typing import Any

import pytest

from templates_app.children import Children
from templates_app.rules.batch import render_with
from templates_app.rules.context import build_context
from templates_app.rules.formats import locale_for
from templates_app.rules.liquid import check, render_batch, render_content
from templates_app.values import Job, RenderError
from tests.make import AT
from tests.templates_app.speaking import Words

DATA: dict[str, Any] = {
    "total": 1234.5,
    "text": "1234.50",
    "none": None,
    "share": 0.25,
    "at": "2026-12-03T17:05:00Z",
    "day": "2026-12-03",
}
SOME_LOCALES = (
    "en", "fr", "de", "ar", "es", "it", "pt", "nl", "pl", "cs", "sv", "fi", "el", "tr", "ru", "uk", "he", "hi", "ja",
    "ko", "zh-Hans", "zh-Hant", "th", "vi", "de-AT", "de-CH", "en-GB", "en-IN", "fr-CA", "pt-BR", "es-MX", "ar-EG",
)  # fmt: skip


def context_of(reader: str, timezone: str = "Europe/Paris", **data: Any) -> dict[str, Any]:
    """What templates speak of to somebody of this locale."""
    recipient = {"id": "u", "locale": reader, "timezone": timezone, "attributes": {}}
    return build_context(data=DATA | data, recipient=recipient, notification={"id": "n", "type": "t"}, now=AT)


def said(text: str, *, reader: str, words: str = "", timezone: str = "Europe/Paris", **data: Any) -> str:
    """A text filled in for somebody, with every kind of blank as a blank and without marks of direction."""
    context = context_of(reader, timezone, **data) | {"locale": words}
    found: str = render_content("email", Words(text=text), context).text
    return found.translate({0xA0: " ", 0x202F: " ", 0x200F: None, 0x200E: None})


@pytest.mark.parametrize(
    ("text", "en", "fr", "de", "ar"),
    [
        ("{{ total | money: 'EUR' }}", "€1,234.50", "1 234,50 €", "1.234,50 €", "1,234.50 €"),
        ("{{ text | money: 'USD' }}", "$1,234.50", "1 234,50 $US", "1.234,50 $", "1,234.50 US$"),
        ("{{ 1234 | money: 'JPY' }}", "¥1,234", "1 234 JPY", "1.234 ¥", "1,234 JP¥"),
        ("{{ -5 | money: 'EUR' }}", "-€5.00", "-5,00 €", "-5,00 €", "-5.00 €"),
        ("{{ total | number }}", "1,234.5", "1 234,5", "1.234,5", "1,234.5"),
        ("{{ total | number: 2 }}", "1,234.50", "1 234,50", "1.234,50", "1,234.50"),
        ("{{ total | number: 0 }}", "1,234", "1 234", "1.234", "1,234"),
        ("{{ share | percent }}", "25%", "25 %", "25 %", "25%"),
        ("{{ at | date: 'short' }}", "12/3/26", "03/12/2026", "03.12.26", "3/12/2026"),
        ("{{ at | date: 'long' }}", "December 3, 2026", "3 décembre 2026", "3. Dezember 2026", "3 ديسمبر 2026"),
        ("{{ at | time }}", "6:05 PM", "18:05", "18:05", "6:05 م"),
        (
            "{{ at | datetime }}",
            "Dec 3, 2026, 6:05 PM",
            "3 déc. 2026, 18:05",
            "03.12.2026, 18:05",
            "03/12/2026، 6:05 م",
        ),
        ("{{ at | date: '%H:%M' }}", "18:05", "18:05", "18:05", "18:05"),
    ],
)
def test_in_the_languages_of_the_starter_set(text: str, en: str, fr: str, de: str, ar: str) -> None:
    assert {reader: said(text, reader=reader) for reader in ("en", "fr", "de", "ar")} == {
        "en": en, "fr": fr, "de": de, "ar": ar,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "reader", "expected"),
    [
        pytest.param("de", "de-AT", "de-AT", id="the reader's own kind of the language"),
        pytest.param("en", "de-AT", "en", id="words in another language"),
        pytest.param("", "fr-CH", "fr-CH", id="words in nobody knows which"),
        pytest.param("fr", "", "fr", id="a reader nobody knows"),
        pytest.param("", "", "en", id="nothing is known"),
        pytest.param("de-CH", "DE", "DE", id="whatever the case"),
    ],
)
def test_whose_habits_count(words: str, reader: str, expected: str) -> None:
    assert locale_for(words=words, reader=reader) == expected


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ("de-AT", "€ 1.234,50"),
        ("de-XX", "1.234,50 €"),
        ("en-IN", "€1,234.50"),
        ("pt-BR", "€ 1.234,50"),
        ("tlh", "€1,234.50"),
        ("../../etc/passwd", "€1,234.50"),
        ("x" * 5000, "€1,234.50"),
    ],
)
def test_regions_and_what_is_no_locale(reader: str, expected: str) -> None:
    assert said("{{ total | money: 'EUR' }}", reader=reader) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ at | time }} {{ at | date: 'short' }}", "02:05 04.12.26"),
        ("{{ day | date: 'short' }}", "03.12.26"),
        ("{{ 'now' | datetime: 'short' }}", "20.11.26, 21:00"),
    ],
)
def test_aware_moments_are_told_in_the_reader_s_zone(text: str, expected: str) -> None:
    assert said(text, reader="de", timezone="Asia/Tokyo") == expected


PLURAL = "{{ n | plural: one: 'a bell', few: '{count} bells (few)', other: '{count} bells' }}"


@pytest.mark.parametrize(
    ("reader", "n", "expected"),
    [
        ("en", 1, "a bell"),
        ("en", 3, "3 bells"),
        ("pl", 3, "3 bells (few)"),
        ("ar", 3, "3 bells (few)"),
        ("fr", 0, "a bell"),
        ("ja", 1, "1 bells"),
        ("en", "1", "a bell"),
        ("en", "many", "many bells"),
    ],
)
def test_plural_forms_are_those_of_the_language(reader: str, n: Any, expected: str) -> None:
    assert said(PLURAL, reader=reader, n=n) == expected


@pytest.mark.parametrize("text", ["{{ none | money: 'EUR' }}", "{{ none | number }}", "{{ none | time }}"])
def test_nothing_is_written_as_nothing(text: str) -> None:
    assert said(text, reader="en") == ""


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'much' | money: 'EUR' }}",
        "{{ total | money: 'EURO' }}",
        "{{ total | money: total }}",
        "{{ '1e999999999' | number }}",
        "{{ total | number: 11 }}",
        "{{ total | number: -1 }}",
        "{{ total | number: '#,##0' }}",
        "{{ true | percent }}",
        "{{ at | datetime: 'HH:mm' }}",
        "{{ huge | money: 'EUR' }}",
        "{{ total | plural: one: 'one' }}",
        "{{ total | plural: some: 'some', other: 'other' }}",
        "{{ total | plural: other: '{name}' }}",
        "{{ endless | number }}",
    ],
)
def test_what_cannot_be_written_is_refused(text: str) -> None:
    with pytest.raises(RenderError) as refused:
        said(text, reader="en", huge=10**300, endless=float("inf"))

    assert refused.value.code == "template_failed"


@pytest.mark.parametrize("text", ["{{ total | money }}", "{{ total | money: 'EUR', 'USD' }}"])
def test_the_wrong_number_of_arguments_is_refused(text: str) -> None:
    with pytest.raises(RenderError):
        said(text, reader="en")


def test_written_numbers_cannot_smuggle_markup() -> None:
    with pytest.raises(RenderError):
        render_content("email", Words(html="{{ total | money: 'EUR' }}"), context_of("en", total="1<b>"))


def test_what_is_counted_is_escaped() -> None:
    words = Words(html="{{ n | plural: other: '{count} <i>' }}")

    assert "<" not in render_content("email", words, context_of("en", n="<b>")).html


def test_many_of_them_are_paid_for() -> None:
    text = "{% for i in (1..5000) %}{{ i | money: 'EUR' }}{% endfor %}"
    assert check("email", Words(text=text)) == ()

    with pytest.raises(RenderError) as refused:
        said(text, reader="fr")

    assert refused.value.code == "template_too_expensive"


def test_a_render_child_writes_them_too() -> None:
    text = "{{ total | money: 'EUR' }} {{ share | percent }} {{ at | datetime: 'full' }} {{ at | date: 'long' }}"
    jobs = [Job("email", Words(text=text), context_of(reader)) for reader in SOME_LOCALES]
    children = Children()
    try:
        found = render_with(children.fill, jobs)
    finally:
        children.close()

    assert found == render_batch(jobs)
    assert len({content.text for content in found}) > len(SOME_LOCALES) // 2
