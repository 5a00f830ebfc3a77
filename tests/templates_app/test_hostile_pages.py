"""Pages that would end the process that makes them: one clear error, and whoever asked goes on as before."""

import time

import pytest

from templates_app.rules.compile import compile_content
from templates_app.rules.mjml import BadMjml, compile_mjml
from templates_app.rules.page import BadPage, inline_styles
from templates_app.rules.plain_text import text_of
from tests.templates_app.asking import Api, errors
from tests.templates_app.speaking import Words

DEEP = 40_000  # characters of one tag within the other are all it takes
BEFORE, AFTER = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>",
    "</mj-text></mj-column></mj-section></mj-body></mjml>",
)
STYLED = "<style>b{color:red}</style>"

MJML = {
    "elements without end": BEFORE + "<b>" * DEEP + AFTER,
    "elements within each other": BEFORE + "<b>" * (DEEP // 2) + "x" + "</b>" * (DEEP // 2) + AFTER,
    "raw elements within each other": "<mjml><mj-body><mj-raw>" + "<i>" * DEEP + "</mj-raw></mj-body></mjml>",
    "comments that never end": BEFORE + "<!--" * 30_000 + AFTER,
}
PAGES = {
    "elements without end": STYLED + "<b>" * DEEP,
    "formats that come again in every paragraph": STYLED + "".join(f"<p><b id=a{n}>" for n in range(9_000)),
    "many rules for many elements": "<style>" + "p{color:red}" * 30_000 + "</style>" + "<p>x</p>" * 30_000,
}


@pytest.mark.parametrize("piece", ["<a ", "<a", '<a "', "<a '", "<a href=", '<b style="'])
def test_tags_without_end_are_told_before_anything_looks_for_their_end(piece: str) -> None:
    page = "<p title='{{ a > b }}'>Hello</p>\n" + piece * (120_000 // len(piece))
    began = time.process_time()

    _, (found,) = compile_content(Words(html=page))

    assert (found.code, found.pointer, found.line) == ("template_syntax", "/html", 2)
    assert time.process_time() - began < 3  # it was half a minute


@pytest.mark.parametrize("name", MJML)
def test_mjml_that_cannot_be_made_is_told(name: str) -> None:
    with pytest.raises(BadMjml, match=r"more time or memory than a page may|the compiler of MJML says"):
        compile_mjml(MJML[name])

    assert ">Hello<" in compile_mjml(f"{BEFORE}Hello{AFTER}")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_cannot_be_made_is_told(name: str) -> None:
    with pytest.raises(BadPage, match="more time or memory than a page may"):
        inline_styles(PAGES[name])

    assert inline_styles(f"{STYLED}<b>x</b>").endswith("</b></body></html>")


@pytest.mark.parametrize("name", PAGES)
def test_a_plain_text_is_made_of_any_page(name: str) -> None:
    assert text_of(PAGES[name]) is not None


def test_a_big_page_that_means_no_harm_is_made() -> None:
    rows = "".join(f"<tr><td class='n'>{n}</td><td>Teapot</td></tr>" for n in range(5_000))

    made = inline_styles(f"<style>.n {{ color: red }} td {{ padding: 4px }}</style><table>{rows}</table>")

    assert made.count("color: red") >= 5_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "body", "found"),
    [
        pytest.param(
            "PUT", "/templates/bomb", {"parts": {"email": {"subject": "x", "mjml": BEFORE + "<b>" * 30_000 + AFTER}}},
            ("/parts/email/mjml", "invalid_mjml"), id="template",
        ),
        pytest.param(
            "PUT", "/layouts/bomb", {"html": STYLED + "{{ content }}" + "<b>" * 25_000},
            ("/html", "invalid_html"), id="layout",
        ),
        pytest.param("PUT", "/partials/bomb", {"mjml": "<b>" * 10_000}, ("/mjml", "invalid_mjml"), id="partial"),
        pytest.param(
            "POST", "/notifications",
            {"recipients": [{"id": "a", "email": "a@example.org"}], "channels": ["email"],
             "content": {"email": {"subject": "x", "html": PAGES["elements without end"]}}},
            ("/content/email/html", "invalid_html"), id="words in a request",
        ),
    ],
)  # fmt: skip
def test_every_door_answers_and_stays_open(
    api: Api, method: str, path: str, body: dict[str, object], found: tuple[str, str]
) -> None:

    assert errors(api(method, path, body))[0] == found
    assert api("GET", "/templates").status_code == 200
