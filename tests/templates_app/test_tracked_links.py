"""Links are led elsewhere, and nothing else of a message changes."""

import time
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_app.rules.tracked_links import with_links, with_short_links

PIXEL = '<img src="https://t.example/o/1">'


def elsewhere(address: str, number: int) -> str:
    return f"https://t.example/{number}"


def seen(page: str) -> list[str]:
    """The addresses that would be led elsewhere."""
    found: list[str] = []
    with_links(page, lambda address, _: found.append(address))
    return found


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param('<a href="https://a.example/x">x</a>', ["https://a.example/x"], id="double quotes"),
        pytest.param("<a href='https://a.example/x'>x</a>", ["https://a.example/x"], id="single quotes"),
        pytest.param("<a href=https://a.example/x>x</a>", ["https://a.example/x"], id="no quotes"),
        pytest.param('<A\nclass="b"\nHREF = "HTTPS://a.example/">x</A>', ["HTTPS://a.example/"], id="any case"),
        pytest.param('<a/href="https://a.example/">x</a>', ["https://a.example/"], id="a slash for a blank"),
        pytest.param('<map><area href="http://a.example/"></map>', ["http://a.example/"], id="image maps"),
        pytest.param('<a href=" https://a.example/\n">x</a>', ["https://a.example/"], id="blanks around"),
        pytest.param('<a href="https://a.example/a\nb">x</a>', ["https://a.example/ab"], id="line ends inside"),
        pytest.param('<a href="https://a.example/?a=1&amp;b=2">x</a>', ["https://a.example/?a=1&b=2"], id="escaped"),
        pytest.param(
            '<a href="https://a.example/?a=1&copy=2&section=3">x</a>',
            ["https://a.example/?a=1&copy=2&section=3"],
            id="what only looks escaped",
        ),
        pytest.param('<a href="https://a.example/&#x2F;&#65;">x</a>', ["https://a.example//A"], id="by number"),
        pytest.param('<a href="https://a.example/1" href="https://b.example/">x', ["https://a.example/1"], id="twice"),
        pytest.param('<a title="a > b" href="https://a.example/">x</a>', ["https://a.example/"], id="> in a value"),
        pytest.param(
            "<p title=it's><a href='https://a.example/'>x</a>", ["https://a.example/"], id="a lone quote in a value"
        ),
        pytest.param("<p>1 < 2, 3 <4</p><a href='https://a.example/'>x</a>", ["https://a.example/"], id="a lone <"),
        pytest.param("<!--[if !mso]><!--><a href='https://a.example/'>x</a><!--<![endif]-->", ["https://a.example/"],
                     id="for everybody but Outlook"),
        pytest.param("<!--[if mso]><a href='https://a.example/'>x</a><![endif]-->", [], id="for Outlook alone"),
        pytest.param("<!-- <a href='https://a.example/'> -->", [], id="in a comment"),
        pytest.param("<!-- open > <a href='https://a.example/'>", [], id="in a comment without an end"),
        pytest.param("<!--><a href='https://a.example/'>", ["https://a.example/"], id="after a comment cut short"),
        pytest.param("<style>a:after { content: \"<a href='https://a.example/'>\" }</style>", [], id="in a style"),
        pytest.param("<textarea><a href='https://a.example/'></textarea>", [], id="in a text field"),
        pytest.param("<img alt=\"<a href='https://a.example/'>\">", [], id="in another attribute"),
        pytest.param("<a data-href='https://a.example/'>x</a>", [], id="another name"),
        pytest.param("<abbr href='https://a.example/'>x</abbr>", [], id="another tag"),
        pytest.param('<a href="https://a.example/" data-notrack>x</a>', [], id="not to be tracked"),
        pytest.param('<a DATA-NOTRACK="" href="https://a.example/">x</a>', [], id="not to be tracked, in front"),
        pytest.param('<a href="mailto:a@example.org">x</a><a href="tel:+33">y</a><a href="sms:+33">z</a>', [],
                     id="mail and telephone"),
        pytest.param('<a href="#top">x</a><a href="/orders">y</a><a href="">z</a><a href>q</a><a name="n">', [],
                     id="anchors and paths"),
        pytest.param('<a href="//a.example/">x</a>', [], id="without a scheme"),
        pytest.param('<a href="javascript:alert(1)">x</a>', [], id="scripts"),
        pytest.param('<a href="https://a.example/', [], id="cut off in a value"),
    ],
)  # fmt: skip
def test_what_is_a_link_to_the_web(page: str, expected: list[str]) -> None:
    assert seen(page) == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param(
            '<p><a class=b href="https://a.example/?a&amp;b" style="x">one</a> <a href=\'https://b.example\'>two</a></p>',
            '<p><a class=b href="https://t.example/1" style="x">one</a> <a href=\'https://t.example/2\'>two</a></p>',
            id="only the values of href change",
        ),
        pytest.param(
            '<a href="https://a.example/" data-notrack>1</a><a href="https://b.example/">2</a>',
            '<a href="https://a.example/" data-notrack>1</a><a href="https://t.example/2">2</a>',
            id="numbers count those left alone",
        ),
    ],
)
def test_the_page_afterwards(page: str, expected: str) -> None:
    assert with_links(page, elsewhere) == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param("<p>x</p>", f"<p>x</p>{PIXEL}", id="no body"),
        pytest.param("<body>x</body></html>", f"<body>x{PIXEL}</body></html>", id="before the end of the body"),
        pytest.param("<body>x</BODY >", f"<body>x{PIXEL}</BODY >", id="any case"),
        pytest.param("<body>x</body><!-- </body> -->", f"<body>x{PIXEL}</body><!-- </body> -->", id="not in a comment"),
        pytest.param(
            '<body><a href="https://a.example/">x</a></body>',
            f'<body><a href="https://t.example/1">x</a>{PIXEL}</body>',
            id="after a link",
        ),
    ],
)
def test_the_last_words_are_the_end_of_the_body(page: str, expected: str) -> None:
    assert with_links(page, elsewhere, last_words=PIXEL) == expected


class _Told(HTMLParser):
    """Everything a page says, its links as `[link]`."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.said: list[object] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        web = ("http://", "https://")
        self.said.append((tag, [(n, "[link]" if n == "href" and (v or "").startswith(web) else v) for n, v in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.said.append(tag)

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def handle_comment(self, data: str) -> None:
        self.said.append(data)

    def handle_entityref(self, name: str) -> None:
        self.said.append(name)


PIECES = (
    "<p>", "</p>", "<br/>", "text ", "&amp;", "&nbsp;", "<td width='1' align=center>", "</a>", "</body>",
    '<a href="https://a.example/?x=1&amp;y=2">', "<a class='b' href='http://b.example/'>", "<a href=https://c.example/>",
    '<a href="#x" title="a > b">', '<a data-notrack href="https://d.example/">',
    "<!-- <a href='https://e.example/'> -->",
    "<!--[if mso]><v:rect href='https://f.example/'></v:rect><![endif]-->", "<style>a > b {}</style>",
    "<title>a</title>",
    "<img alt='<a href=\"https://g.example/\">' src='https://h.example/i.png'>", "<!doctype html>", "é \U0001f600 ",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_nothing_but_links_is_different_afterwards(page: str) -> None:
    assert _Told(with_links(page, elsewhere)).said == _Told(page).said


SCRAPS = (
    "<a", "<A ", "<area ", "<p", "</a>", "</p>", "<br/>", "<b>", " href=", "HREF", " href='https://z.example/'",
    " title=", "=", "https://x.example/", "https://y.example/?a&amp;b", '"', "'", ">", " ", "/", "\n", "x", "-",
    "&amp;", "<!--", "-->", "--!>", "<!", "<?", "</", "<style>", "</style>", "<title>", "</title>", "<textarea>",
    "</textarea>",
)  # fmt: skip


def links_of_a_browser(page: str) -> set[str]:
    """The web addresses of links as html5ever, the parser of a browser, reads the page."""
    found: set[str] = set()

    def note(tag: str, attribute: str, value: str) -> str:
        if tag in ("a", "area") and attribute == "href":
            found.add(value.strip().replace("\n", ""))
        return value

    kept = {"a": {"href"}, "area": {"href"}}
    nh3.clean(page, tags=set(kept), attributes=kept, attribute_filter=note, link_rel=None)
    return {address for address in found if address.startswith(("http://", "https://"))}


@settings(max_examples=300)
@given(st.lists(st.sampled_from(SCRAPS), max_size=15).map("".join))
def test_what_browsers_take_for_a_link_is_one_however_broken_the_page(page: str) -> None:
    assert set(seen(page)) == links_of_a_browser(page)


@given(st.text(alphabet="<>a=\"'/!- \nhref&;x", max_size=60))
def test_any_text_survives_untouched_when_nothing_is_led_elsewhere(page: str) -> None:
    assert with_links(page, lambda _, __: None) == page


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_doing_it_twice_is_doing_it_once(page: str) -> None:
    def lead(address: str, number: int) -> str | None:
        return None if address.startswith("https://t.example/") else elsewhere(address, number)

    once = with_links(page, lead)

    assert with_links(once, lead) == once


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<a " * 150_000, id="tags without an end"),
        pytest.param('<a "' * 120_000 + ">", id="quotes"),
        pytest.param("<a href=x" + " " * 500_000 + ">", id="blanks at the end"),
        pytest.param("<a" + " =" * 250_000 + ">", id="equals signs"),
        pytest.param("<!--" * 120_000, id="comments without an end"),
        pytest.param("<style>" * 70_000, id="styles without an end"),
        pytest.param("<!-- -" * 80_000, id="nearly comments"),
        pytest.param("</" * 250_000, id="ends of nothing"),
        pytest.param("<a href='https://a.example/?" + "&a" * 200_000 + "'>", id="references"),
    ],
)
def test_hostile_pages_cost_no_more_than_long_ones(page: str) -> None:
    began = time.process_time()

    with_links(page, elsewhere)

    assert time.process_time() - began < 2  # quadratic ones take minutes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("See https://shop.example/orders/123.", "See https://t.example/1.", id="at the end of a sentence"),
        pytest.param("(https://shop.example/orders/123)", "(https://t.example/1)", id="in brackets"),
        pytest.param("https://en.example.org/wiki/Bell_(a)", "https://t.example/1", id="a bracket of its own"),
        pytest.param("https://a.example/very/long?x=1&y=2, http://b.example/also/long", "https://t.example/1, https://t.example/2",
                     id="two"),
        pytest.param("http://a.example", "http://a.example", id="short enough as it is"),
        pytest.param("a.example/orders", "a.example/orders", id="no scheme, no link"),
        pytest.param("انظر https://shop.example/orders/123، شكرا", "انظر https://t.example/1، شكرا", id="Arabic comma"),
    ],
)  # fmt: skip
def test_links_in_a_text_become_short(text: str, expected: str) -> None:
    assert with_short_links(text, elsewhere) == expected
