"""The starter set says what its golden files say, in every language and on every channel, and says it well."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from channels_app.rules.segments import segments
from tests.templates_app.starter.goldens import GOLDEN, TEMPLATES, as_yaml, compare, filled, findings, made

LOCALES = {"en", "fr", "de", "ar"}
MOST_SEGMENTS = 2
CLIPPED_BYTES = 100 * 1024  # Gmail shows no more: "message clipped"
VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))
MARKETING = {"flash_sale"}

each_template = pytest.mark.parametrize("key", sorted(TEMPLATES))


@each_template
def test_every_part_reads_as_its_golden_file_says(key: str) -> None:
    pages: dict[str, str] = {}
    words: dict[str, dict[str, Any]] = {}
    for locale, channel, content in filled(key):
        pages |= {locale: content.pop("html")} if channel == "email" else {}
        words.setdefault(locale, {})[channel] = content

    for locale in sorted(words):
        compare(GOLDEN / key / f"{locale}.yaml", as_yaml(words[locale]))
        compare(GOLDEN / key / f"{locale}.html", pages[locale])


@each_template
def test_every_part_is_written_in_every_language(key: str) -> None:
    offers = made(key).offers

    for channel, locales in offers.items():
        expected = {""} if channel == "webhook" else {""} | LOCALES - {"en"}
        assert set(locales) == expected, channel


@each_template
def test_nothing_is_to_be_said_against_it(key: str) -> None:
    assert [(one.severity, one.code, one.pointer, one.message) for one in findings(key)] == []


@each_template
def test_what_the_schema_requires_is_enough(key: str) -> None:
    source = TEMPLATES[key].source
    required = {name: source.example_data[name] for name in source.variables["required"]}

    for locale, channel, content in filled(key, data=required, brand={}):
        shown = str(content)
        assert not re.search(r"\{[{%]", shown), (locale, channel)
        assert 'href=""' not in shown, (locale, channel)
        assert not re.search(r"\(\s*\)|\bNone\b", content.get("text", "")), (locale, channel)


@each_template
def test_a_text_message_is_two_segments_at_most(key: str) -> None:
    for locale, channel, content in filled(key):
        if channel == "sms":
            assert segments(content["body"]) <= MOST_SEGMENTS, (locale, content["body"])


@each_template
def test_mails_are_well_formed_small_and_readable_to_all(key: str) -> None:
    for locale, channel, content in filled(key):
        if channel != "email":
            continue
        page = Page(content["html"])
        assert page.faults == [], locale
        assert page.images_without_alt == 0, locale
        assert page.languages == {locale}
        assert page.directions == ({"rtl"} if locale == "ar" else set())
        assert len(content["html"].encode()) < CLIPPED_BYTES
        assert "http://" not in re.sub(r"http://www\.w3\.org/\S+", "", content["html"])
        assert "fonts.googleapis" not in content["html"]
        assert content["preheader"]
        assert content["text"].count("\n") > 3


@pytest.mark.parametrize("key", sorted(MARKETING))
def test_offers_say_who_sends_them_and_how_to_leave(key: str) -> None:
    source = TEMPLATES[key].source

    for brand, address in (({}, source.example_data["postal_address"]), ({"postal_address": "1 Way"}, "1 Way")):
        for _, channel, content in filled(key, brand=brand):
            if channel == "email":
                assert address in content["html"]
                assert address in content["text"]
                assert source.example_data["unsubscribe_url"] in content["html"]
            if channel == "sms":
                assert "STOP" in content["body"]


class Page(HTMLParser):
    """What an HTML page is made of, and whether what opens also closes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.images_without_alt = 0
        self.languages: set[str] = set()
        self.directions: set[str] = set()
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self._open.append(tag)
        if tag == "img" and not given.get("alt"):
            self.images_without_alt += 1
        if tag in ("h1", "p", "table") and given.get("lang"):
            self.languages.add(str(given["lang"]))
            self.directions |= {str(given["dir"])} if "dir" in given else set()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> where {self._open[-1:] or 'nothing'} is open")
        else:
            self._open.pop()
