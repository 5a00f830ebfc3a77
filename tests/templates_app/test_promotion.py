"""Mail that promotes something says how to leave and who sent it: at publishing, and at the latest when it is sent."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.channels.email import EmailContent
from templates_app.rules.context import build_context
from templates_app.rules.directions import direction_of
from templates_app.rules.promotion import with_footer
from tests.templates_app.asking import Api, errors, said
from tests.templates_app.speaking import AT

URL = "https://mail.example/u/abc-1?a=1&b=2"
BRAND = {"postal_address": "1 Quay St\nLisbon & Tagus"}
BOTH = '<p>{{ brand.postal_address }} <a href="{{ unsubscribe_url }}">Leave</a></p>'

MAYBE = BOTH.replace("{{ brand.postal_address }}", "{% if brand.postal_address %}{{ brand.postal_address }}{% endif %}")
LINK, SENDER = "unsubscribe_missing", "postal_address_missing"


def news(html: str, text: str = "") -> dict[str, Any]:
    return {"parts": {"email": {"subject": "News", "html": html, "text": text}, "sms": {"body": "News"}}}


@pytest.fixture
def marketing(api: Api) -> None:
    """The type whose words are judged, made before them."""
    api("PUT", "/templates/news", news("<p>Sale</p>"))
    api.publish("news")
    assert api("PUT", "/types/news", {"template": "news", "category": "marketing"}).status_code in (200, 201)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("brand", "words", "found"),
    [
        pytest.param(BRAND, news(BOTH), [], id="both"),
        pytest.param(BRAND, news(BOTH, "{{ brand.postal_address }} {{ unsubscribe_url }}"), [], id="in the text too"),
        pytest.param(BRAND, news(BOTH, "Sale"), [f"text {LINK}", f"text {SENDER}"], id="text"),
        pytest.param(BRAND, news("<p>Sale</p>"), [f"html {LINK}", f"html {SENDER}", f"text {LINK}", f"text {SENDER}"],
                     id="neither"),
        pytest.param({}, news(MAYBE), [f"html {SENDER}", f"text {SENDER}"], id="no address known"),
        pytest.param(
            {}, news('<p>{{ postal_address }}<a href="{{ unsubscribe_url }}">x</a></p>')
            | {"example_data": {"postal_address": "1 Quay St"}}, [], id="an address in the data",
        ),
    ],
)  # fmt: skip
def test_marketing_mail_is_not_published_without_them(
    api: Api, marketing: None, brand: Mapping[str, Any], words: dict[str, Any], found: list[str]
) -> None:
    api("PUT", "/template-settings", {"brand": brand})

    saved = api("PUT", "/templates/news", words)
    published = api("POST", "/templates/news/publish")

    expected = [(f"/parts/email/{place}", code) for place, code in (one.split() for one in found)]
    warned = [(one["pointer"], one["code"]) for one in said(saved)["warnings"]]
    assert saved.status_code == 200
    assert [one for one in warned if one[1].endswith("_missing")] == expected
    if expected:
        assert errors(published) == expected
    else:
        assert published.status_code == 200, published.content


@pytest.mark.django_db
def test_other_mail_is_left_alone_and_the_tenant_says_what_promotes(api: Api, marketing: None) -> None:
    api("PUT", "/types/news", {"template": "news", "category": "offers"})
    api("PUT", "/templates/news", news("<p>Sale now</p>"))
    free = api("POST", "/templates/news/publish")
    settings = api("PUT", "/template-settings", {"promotional": ["offers"]})
    api("PUT", "/templates/news", news("<p>Sale again</p>"))
    bound = api("POST", "/templates/news/publish")

    assert free.status_code == 200
    assert said(settings)["promotional"] == ["offers"]
    assert bound.status_code == 422


@pytest.mark.parametrize(
    ("page", "added"),
    [
        ("<p>Sale</p>", True),
        (f'<p>Sale</p><a href="{URL.replace("&", "&amp;")}">x</a>1 Quay St\nLisbon &amp; Tagus', False),
        (f'<p>Sale</p><a href="{URL}">x</a>1 Quay St\nLisbon & Tagus', False),
    ],
)
def test_a_footer_is_added_where_something_is_missing(page: str, added: bool) -> None:
    content = EmailContent(subject="Sale", html=f"<html><body>{page}</body></html>")

    found = with_footer(content, unsubscribe_url=URL, brand=BRAND, locale="de-AT")

    assert (found != content) is added
    if added:
        assert found.html.endswith("</div></body></html>")
        assert "1 Quay St<br>Lisbon &amp; Tagus<br>" in found.html
        assert ">Abmelden</a>" in found.html
        assert "data-notrack" in found.html


def test_the_plain_text_gets_one_too_in_the_direction_of_the_language() -> None:
    content = EmailContent(subject="Sale", html="<p>x</p>", text="Sale")

    found = with_footer(content, unsubscribe_url=URL, brand={}, locale="ar")

    assert found.text == f"Sale\n\n-- \nإلغاء الاشتراك: {URL}"
    assert '<div dir="rtl"' in found.html


def test_there_is_nothing_to_add_where_nothing_can_be_left_and_nobody_is_known() -> None:
    content = EmailContent(subject="Sale", html="<p>x</p>")

    assert with_footer(content, unsubscribe_url="", brand={}, locale="") is content


words = st.text(alphabet=st.sampled_from("ab<>&\"'\n </body>"), max_size=40)


@given(html=words, text=words, url=st.just("") | st.just(URL), address=words, locale=st.sampled_from(["", "de", "ar"]))
def test_adding_twice_changes_nothing(html: str, text: str, url: str, address: str, locale: str) -> None:
    brand = {"postal_address": address}
    once = with_footer(EmailContent(subject="x", html=html, text=text), unsubscribe_url=url, brand=brand, locale=locale)

    assert with_footer(once, unsubscribe_url=url, brand=brand, locale=locale) == once


@pytest.mark.parametrize(
    ("locale", "direction"),
    [("ar", "rtl"), ("ar-EG", "rtl"), ("he", "rtl"), ("uz-Arab", "rtl"), ("az-Latn-IR", "ltr"), ("de-AT", "ltr"),
     ("", "ltr"), ("ar-Latn", "ltr")],
)  # fmt: skip
def test_which_way_a_language_is_read(locale: str, direction: str) -> None:
    assert direction_of(locale) == direction


@pytest.mark.parametrize(
    ("given", "brought", "found"), [(URL, "https://own.example", URL), ("", "https://own.example", "https://own.example"),
                                    ("", "", None)],
)  # fmt: skip
def test_the_link_is_ours_before_the_datas_and_nothing_when_there_is_none(
    given: str, brought: str, found: str | None
) -> None:
    context = build_context(
        data={"unsubscribe_url": brought}, recipient={}, notification={}, now=AT, locale="ar", unsubscribe_url=given
    )

    assert (context["unsubscribe_url"], context["locale"], context["dir"]) == (found, "ar", "rtl")


@pytest.mark.django_db
def test_layouts_know_the_language_of_the_words(api: Api) -> None:
    layout = {"html": '<html lang="{{ locale }}" dir="{{ dir }}"><body>{{ content }}</body></html>'}
    api("PUT", "/layouts/page", layout)
    api("PUT", "/template-settings", {"default_locale": "en"})
    parts = {"email": {"subject": "x", "html": "<p>Hi</p>"}}
    arabic = {"ar": {"email": {"subject": "x", "html": "<p>مرحبا</p>"}}}
    api("PUT", "/templates/hi", {"parts": parts, "locales": arabic, "layout": "page"})

    shown = said(api("POST", "/templates/hi/preview"))["parts"]

    heads = {part["locale"]: part["content"]["html"].partition(">")[0] for part in shown}
    assert heads == {"": '<html lang="en" dir="ltr"', "ar": '<html lang="ar" dir="rtl"'}
