"""What lint says of templates: code, place and line of each finding."""

from typing import Any

import msgspec
import pytest

from orchestrator.services.shapes import shapes
from templates_app.rules.lint import lint
from templates_app.rules.making import make
from templates_app.values import Finding, LayoutSource, TemplateSource

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "items": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
    },
}


def said(layout: str = "", **source: Any) -> list[Finding]:
    read = msgspec.convert({"variables": SCHEMA, **source}, type=TemplateSource)
    made = make(read, shapes=shapes(), layout=LayoutSource(mjml=layout), catalogue={}, default_locale="")
    assert made.findings == ()
    return list(lint(made))


def codes(**email: Any) -> list[str]:
    return [one.code for one in said(parts={"email": {"subject": "Hello", "text": "Hello", **email}})]


def mjml(inside: str) -> str:
    return f"<mjml>\n<mj-body>\n<mj-section><mj-column>\n{inside}\n</mj-column></mj-section></mj-body></mjml>"


def test_a_careful_template_gets_no_finding() -> None:
    fine = mjml(
        '<mj-image src="https://cdn.shop.example/a.png" alt="Lamp"/><mj-text>Hi {{ name }}</mj-text>'
        '<mj-button href="{{ data.items[0].sku }}" background-color="#0a58ca" color="white">Go</mj-button>'
    )

    assert said(parts={"email": {"subject": "Hello {{ name }}", "mjml": fine}}) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ nam }}", "'nam' is not among the variables; did you mean 'name'?"),
        ("{{ xyzzy.a }}", "'xyzzy.a' is not among the variables; add it to variables"),
        ("{{ items[0].price }}", "'items.0.price' is not among the variables; add it to variables"),
        ("{{ recipient.email }}", "recipient has no 'email'; it has id, locale, timezone, attributes"),
        ("{{ data.nam }}", "'data.nam' is not among the variables; did you mean 'name'?"),
        ("{% for item in items %}{{ item.sku }}{{ forloop.index }}{% endfor %}", ""),
        ("{{ items.size }} {{ items.first.sku }} {{ brand.logo }} {{ now | date: '%Y' }} {{ name.size }}", ""),
        ("{% assign x = name %}{{ x }}", ""),
        ("{{ nam | default: 'x' }}", "'nam' is not among the variables; did you mean 'name'?"),
    ],
)
def test_variables_are_those_of_the_schema(text: str, message: str) -> None:
    found = said(parts={"sms": {"body": f"Hello\n{text}"}})

    assert [(one.message, one.pointer, one.line, one.severity) for one in found] == (
        [(message, "/parts/sms/body", 2, "error")] if message else []
    )


def test_without_a_schema_every_variable_is_fine() -> None:
    assert said(parts={"sms": {"body": "{{ whatever.it.is }}"}}, variables={}) == []


def test_a_finding_in_mjml_tells_the_line_it_was_written_in() -> None:
    found = said(parts={"email": {"subject": "Hi", "mjml": mjml("\n<mj-text>{{ nam }}</mj-text>")}})

    assert [(one.code, one.pointer, one.line) for one in found] == [("unknown_variable", "/parts/email/mjml", 5)]


def test_everybody_needs_a_part() -> None:
    webhook, words = {"webhook": {"body": {"a": 1}}}, {"in_app": {"title": "a", "body": "b"}}

    found = said(parts=webhook | words, locales={"de": {"sms": {"body": "Hallo"}}, "fr": words})

    assert [(one.code, one.part, one.locale, one.severity) for one in found] == [
        ("default_part_missing", "sms", "", "error"),
        ("locale_part_missing", "in_app", "de", "warning"),
        ("locale_part_missing", "sms", "fr", "warning"),
    ]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("a" * 300, []),
        ("a" * 320, [("long_sms", "warning")]),
        ("é€" * 20 + "☃" * 100, [("long_sms", "warning")]),
        ("a" * 1600, [("too_many_segments", "error")]),
    ],
)
def test_segments_of_an_sms_are_paid_for(body: str, found: list[tuple[str, str]]) -> None:
    assert [(one.code, one.severity) for one in said(parts={"sms": {"body": body}})] == found


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ('<a href="https://shop.example/a?b=1">x</a>', ""),
        ('<a href="{{ name }}">x</a>', ""),
        ('<a href="https://shop.example/{{ name }}">x</a>', ""),
        ('<a href="javascript:alert(1)">x</a>', "unsafe_link"),
        ('<a href=" JAVAscript:alert(1)">x</a>', "unsafe_link"),
        ('<a href="">x</a>', "empty_link"),
        ('<a href="#">x</a>', "empty_link"),
        ('<a href="http:/shop.example">x</a>', "broken_link"),
        ('<a href="https://shop.example/a b">x</a>', "broken_link"),
        ('<a href="www.shop.example">x</a>', "broken_link"),
        ('<a href="//cdn.shop.example/x">x</a>', "link_without_scheme"),
        ('<a href="http://localhost:8000/">x</a>', "unreachable_link"),
        ('<img src="https://shop.example/a.png">', "image_without_alt"),
        ('<img src="https://shop.example/a.png" alt="">', ""),
        ('<a href="/x" style="background:#fff;color:#eee">x</a>', "low_contrast"),
        ('<a href="/x" style="background:#000;color:rgb(250, 250, 250)">x</a>', ""),
        ('<p style="color:#000">x</p>', "dark_on_nothing"),
        ('<p style="color:#000;background:white">x</p>', ""),
        ("<html><head><title>x</title></head><body>x</body></html>", "no_color_scheme"),
    ],
)
def test_links_images_and_colours(html: str, code: str) -> None:
    assert codes(html=html) == ([code] if code else [])


def test_a_faint_button_in_mjml() -> None:
    found = said(
        parts={
            "email": {"subject": "x", "mjml": mjml('<mj-button href="/x" background-color="#eeeeee">Go</mj-button>')}
        }
    )

    assert [(one.code, one.line) for one in found] == [("low_contrast", 4)]


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("Your order {{ name }} is on its way", ""),
        ("READ THIS NOW", "looks_unwanted"),
        ("Hurry!!", "looks_unwanted"),
        ("Make $$$", "looks_unwanted"),
        ("Re: your order", "looks_unwanted"),
        ("A risk-free offer", "looks_unwanted"),
        ("F R E E gift", "looks_unwanted"),
        ("W I N N E R S", "looks_unwanted"),
        ("x" * 79, "long_subject"),
    ],
)
def test_subjects_that_look_unwanted(subject: str, code: str) -> None:
    assert [one for one in codes(subject=subject) if one == code or not code] == ([code] if code else [])


def test_a_mail_of_pictures_alone_and_a_mail_too_big() -> None:
    pictures = said(parts={"email": {"subject": "x", "html": '<img src="https://shop.example/a.png" alt="">'}})
    big = said(parts={"email": {"subject": "x", "html": "<p>" + "x" * 110_000 + "</p>"}})

    assert [one.code for one in pictures] == ["plain_text_missing"]
    assert [(one.code, one.pointer) for one in big] == [("mail_too_big", "/parts/email/html")]
