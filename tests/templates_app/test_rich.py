"""HTML out of data: cleaned once and for all, and nothing in it runs (RELIABILITY 6.2, S6)."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_app.rules.liquid import render_content
from templates_app.rules.rich import ATTRIBUTES, SCHEMES, TAGS, clean, words_of
from templates_app.values import RenderError
from tests.templates_app.speaking import Words, make_context

# cure53/DOMPurify and the OWASP XSS cheat sheet, 2026-11: mutations that other cleaners let through.
MUTATIONS = (
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;&#97;vascript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<img src=x onerror=alert(1)>",
    "<img src='javascript:alert(1)'>",
    "<img srcset='javascript:alert(1) 1x'>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<p onclick=alert(1)>x</p>",
    "<iframe src='https://x'></iframe>",
    "<object data='x'></object><embed src='x'>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<svg/onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<xmp><p title='</xmp><svg/onload=alert(1)>'>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<a xlink:href='javascript:alert(1)'>x</a>",
    "<input autofocus onfocus=alert(1)>",
    "<style>@import 'javascript:alert(1)';</style>",
)

names = st.sampled_from(
    ["p", "a", "img", "script", "svg", "math", "style", "table", "td", "form", "iframe", "b", "noscript", "template"]
)
attributes = st.sampled_from(
    ["href='javascript:x'", "href='https://a.example'", "onclick=x", "src=x onerror=y", "style='x'", "title='<b>'", ""]
)
pieces = st.one_of(
    st.text(max_size=20),
    st.builds("<{} {}>".format, names, attributes),
    st.builds("</{}>".format, names),
    st.sampled_from(MUTATIONS),
    st.sampled_from(["<!--", "-->", "&lt;", "&#60;", "<![CDATA[", "]]>", "\0"]),
)
pages = st.lists(pieces, max_size=12).map("".join)


class Reader(HTMLParser):
    """Everything in a page that is not allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()) | ATTRIBUTES["*"] | {"rel"}:
                self.wrong.append(f"{tag} {name}")
            scheme, colon, _ = (value or "").strip().lower().partition(":")
            if name in ("href", "src") and colon and scheme not in SCHEMES and "/" not in scheme and "?" not in scheme:
                self.wrong.append(f"{tag} {name}={value}")


def wrong_in(page: str) -> list[str]:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader.wrong


@settings(max_examples=1500, deadline=None)
@given(pages)
def test_cleaning_what_is_clean_changes_nothing_and_nothing_in_it_runs(page: str) -> None:
    once = clean(page)

    assert clean(once) == once
    assert wrong_in(once) == []


@pytest.mark.parametrize("page", MUTATIONS)
def test_a_known_mutation_is_harmless(page: str) -> None:
    assert wrong_in(clean(page)) == []
    assert wrong_in(clean(clean(page))) == []


def test_plain_markup_stays() -> None:
    page = '<p>Hello <b>you</b>, <a href="https://shop.example/?a=1">look</a></p><ul><li>one</li></ul>'

    assert clean(page) == page.replace('a=1">', 'a=1" rel="noopener noreferrer">')
    assert words_of(page) == "Hello you, lookone"


def test_a_page_shows_rich_values_cleaned_and_a_text_their_words() -> None:
    words = Words(html="{{ note | rich }}|{{ note }}", text="{{ note | rich }}")

    said = render_content("email", words, make_context({"note": "<b onclick=x>A &amp; B</b><script>x</script>"}))

    assert said.html.split("|")[0] == "<b>A &amp; B</b>"
    assert "<script>" not in said.html
    assert said.text == "A & B"


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://shop.example/", True),
        ("/orders/1", True),
        ("mailto:a@shop.example", True),
        ("tel:+33612345678", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("java\tscript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("\u200bjavascript:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("file:///etc/passwd", False),
    ],
)
def test_data_cannot_lead_a_link_anywhere(address: str, fine: bool) -> None:
    words = Words(html='<a class="b" href="{{ url }}">x</a>')

    try:
        render_content("email", words, make_context({"url": address}))
        code = ""
    except RenderError as trouble:
        code = trouble.code

    assert code == ("" if fine else "unsafe_link")
