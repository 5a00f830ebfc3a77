"""Who says no is heard, in many words and languages; who says something else is not silenced (S13)."""

import itertools

import pytest

from preferences.rules.opt_out_words import MANDATORY, meaning_of
from tests.preferences.opt_out_corpus import OPT_OUT, ORDINARY

CASES = (str.upper, str.lower, str.title, lambda word: "".join(c.upper() if n % 2 else c for n, c in enumerate(word)))
AROUND = (
    "{}",
    " {} ",
    "{}.",
    "{}!",
    "{}!!!",
    "{}?",
    "{}…",
    '"{}"',
    "'{}'",
    "“{}”",
    "({})",
    "*{}*",
    "\n{}\n",
    "{} 🛑",
    "{},",
)
WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})  # as a Japanese keyboard types it


@pytest.mark.parametrize("word", MANDATORY)
def test_the_words_that_must_work_always_do(word: str) -> None:
    spellings = {word, word.replace(" ", "-"), word.replace(" ", ""), word.replace(" ", "  "), word.translate(WIDE)}
    said = [frame.format(case(s)) for s, case, frame in itertools.product(spellings, CASES, AROUND)]

    assert [text for text in said if meaning_of(text) != "stop"] == []


def test_the_corpora_are_large_and_apart() -> None:
    assert len(set(OPT_OUT)) >= 300
    assert len(set(ORDINARY)) >= 300
    assert not set(OPT_OUT) & set(ORDINARY)


def test_nearly_every_way_of_saying_no_is_heard() -> None:
    missed = [text for text in OPT_OUT if meaning_of(text) != "stop"]

    assert len(missed) <= len(OPT_OUT) * 0.01, missed


def test_hardly_anything_else_is_taken_for_a_no() -> None:
    false = [text for text in ORDINARY if meaning_of(text) == "stop"]

    assert len(false) <= len(ORDINARY) * 0.01, false


@pytest.mark.parametrize(
    "word", ["START", "start", "UNSTOP", "Subscribe", "opt in", "Opt-In", "resume", "Старт", "Reprendre"]
)
def test_who_wants_to_hear_again_is_heard(word: str) -> None:
    assert meaning_of(word) == "start"


@pytest.mark.parametrize("word", ["HELP", "help?", "Info", "AIDE", "Hilfe", "ayuda", "مساعدة", "помощь"])
def test_who_asks_for_help_is_heard(word: str) -> None:
    assert meaning_of(word) == "help"


def test_ordinary_replies_start_nothing_and_ask_for_no_help() -> None:
    assert [text for text in ORDINARY if meaning_of(text) in ("start", "help")] == []


@pytest.mark.parametrize(
    "text", ["", " ", "…", "\x00", "🛑", "a" * 100_000, "stop " * 20_000, "no " * 50_000, "don't " * 9_000]
)
def test_no_text_is_too_strange_or_too_long(text: str) -> None:
    meaning_of(text)
